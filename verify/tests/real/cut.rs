//! Migrations that are broken in post-copy, in a sandbox whose daemons have a network: every way comes out of one command as
//! libvirt, QEMU and nova have it, and no way without saying that it is meant.

use serde_json::{Value, json};

use crate::ground::{Ground, NOBODY, has_kvm, need_real, userfaultfd_is_open};
use crate::harness::{Test, tests};

const POST_COPY: &str = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true";

/// A state and libvirt's number of its reason.
type Seen = (&'static str, i64);

/// What is to be seen of each: state and reason at the source and at the destination after the cut, and how nova ends.
const ROWS: [(&str, Seen, Seen, &str); 6] = [
    ("reset", ("paused", 13), ("running", 11), "waits_on"),
    ("reset_and_resume", ("paused", 13), ("running", 11), "completed"),
    ("link_down", ("paused", 12), ("running", 10), "completed"),
    ("destination_qemu", ("paused", 13), ("off", 3), "waits_on"),
    ("source_daemon", ("paused", 12), ("running", 10), "error"),
    ("destination_daemon", ("paused", 13), ("running", 10), "completed"),
];

fn every_way_comes_out_of_one_command() {
    need_real();
    let ground = Ground::new(POST_COPY, "root");
    let words = if has_kvm() { "" } else { "--emulate" };
    // the ground has a blank in its name, and words are parted there
    let kept = tempfile::tempdir_in("/var/tmp").unwrap();
    let page = kept.path().join("cut.html");
    let ran = ground.verify(
        &format!("--cut --yes-cut-the-test-guest --report {} {words}", page.display()),
        None,
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    the_page_has_every_row(&std::fs::read_to_string(page).unwrap());
    assert!(ran.headline().starts_with("recovery works here: "), "{ran:?}");
    let report = ran.report();
    assert_eq!(report["session"]["trials"], json!([]));
    let cuts = report["session"]["cuts"].as_array().unwrap();
    let names: Vec<_> = cuts.iter().map(|cut| cut["cut"].as_str().unwrap()).collect();
    assert_eq!(names, ROWS.map(|(name, ..)| name));
    for (cut, (name, source, destination, nova)) in cuts.iter().zip(ROWS) {
        let after = &cut["story"]["after_cut"];
        for (end, (state, reason)) in [("source", source), ("destination", destination)] {
            let (seen, why) = (after[end]["state"].as_str(), after[end]["reason"].as_i64());
            // on a slow machine the guest may have arrived before a daemon that was started again answers
            let has_arrived = name.ends_with("_daemon")
                && [(Some("off"), Some(4)), (Some("running"), Some(2))].contains(&(seen, why));
            assert!(
                has_arrived || (seen, why) == (Some(state), Some(reason)),
                "{name}: {end}: {after}"
            );
        }
        assert_eq!(cut["nova"], nova, "{name}: {cut}");
        assert_eq!(cut["signs"]["beats_whole"], true, "{name}: {cut}");
        let is_whole = !["reset", "destination_qemu"].contains(&name);
        assert_eq!(
            cut["signs"]["memory_whole"],
            if is_whole { json!(true) } else { Value::Null },
            "{name}: {cut}"
        );
    }
    // the link was down until libvirt itself had given up
    let down = &cuts[2]["story"];
    let at = |what: &str| down[what].as_f64().unwrap_or_else(|| panic!("{what}: {down}"));
    assert!(
        at("cut") < at("call_ended") && at("call_ended") <= at("restored"),
        "{down}"
    );
    assert_eq!(down["after_call"]["source"]["reason"], 13, "{down}");
}

/// Each cut has a section, with how both ends stood, what nova makes of it, and when it was cut.
fn the_page_has_every_row(page: &str) {
    let sections: Vec<&str> = page.split("<section><h2>").skip(1).collect();
    assert_eq!(sections.len(), ROWS.len(), "{page}");
    for (section, (name, ..)) in sections.iter().zip(ROWS) {
        for wanted in ["source", "destination", "the call", "nova", "at the end", "the guest"] {
            let row = format!("<th scope=\"row\">{wanted}</th>");
            assert!(section.contains(&row), "{name}: {wanted}: {section}");
        }
        assert_eq!(section.matches("<td>cuts: ").count(), 1, "{name}: {section}");
        let resumed = section.contains("asks libvirt to resume the migration (POSTCOPY_RESUME)");
        assert_eq!(resumed, name == "reset_and_resume", "{name}: {section}");
    }
}

fn what_is_not_said_to_be_meant_is_refused() {
    let ground = Ground::new(POST_COPY, "root");
    let ran = ground.verify("--cut --emulate", None);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("--yes-cut-the-test-guest"), "{ran:?}");
    let ran = ground.verify("--cut=everything --yes-cut-the-test-guest", None);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("reset_and_resume"), "{ran:?}");
    let hosts = "--source qemu+unix:///system?socket=/nonexistent --dest qemu+unix:///system?socket=/nonexistent \
                 --guest-image /nonexistent";
    let ran = ground.verify(&format!("--cut=link_down --yes-cut-the-test-guest {hosts}"), None);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("other guests and the hosts themselves use the link"),
        "{ran:?}"
    );
}

fn an_ordinary_user_cuts_too_where_post_copy_is_allowed() {
    need_real();
    let ground = Ground::new(POST_COPY, "root");
    let ran = ground.verify(
        "--cut=reset_and_resume --yes-cut-the-test-guest --emulate",
        Some(NOBODY),
    );
    ran.needed_user_namespaces();
    let report = ran.report();
    let cut = &report["session"]["cuts"][0];
    if userfaultfd_is_open() {
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(cut["nova"], "completed", "{ran:?}");
        assert_eq!(cut["signs"]["memory_whole"], true, "{ran:?}");
    } else {
        // what cannot be cut is not told as if it had been
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert_eq!(cut["story"]["cut"], Value::Null, "{ran:?}");
        assert!(ran.headline().contains("fails here before it can be cut"), "{ran:?}");
    }
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    every_way_comes_out_of_one_command,
    what_is_not_said_to_be_meant_is_refused,
    an_ordinary_user_cuts_too_where_post_copy_is_allowed,
];
