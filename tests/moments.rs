//! Every edit knows its moment: what is written now, what waits for the upgrade, and the list that others can follow.

#[path = "oracle/run.rs"]
mod run;

use std::fs;
use std::path::Path;

use serde_json::Value;

use run::run;

/// Runs novamend in `directory`: its exit code and its standard output.
fn novamend(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let run = run(directory, arguments, "");
    (run.code, run.out)
}

/// A directory with `nova.conf` of `text`.
fn with_file(text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("nova.conf"), text).expect("nova.conf");
    directory
}

/// What `fix --write` with `arguments` leaves of `text`, and what it prints.
fn fixed(text: &str, arguments: &[&str]) -> (String, String) {
    let directory = with_file(text);
    let all = [&["fix", "nova.conf", "--write", "--no-backup"], arguments].concat();
    let run::Run { code, out, err } = run(directory.path(), &all, "");
    assert!(code < 2, "{out}{err}");
    (
        fs::read_to_string(directory.path().join("nova.conf")).expect("nova.conf"),
        out,
    )
}

const ROCKY: &str = "[DEFAULT]\nuse_neutron = false\n[libvirt]\nlive_migration_progress_timeout = 150\n";

#[test]
fn what_rocky_still_reads_stays_until_the_upgrade() {
    let upgrade = ["--from", "rocky", "--to", "2026.1"];
    let (text, out) = fixed(ROCKY, &upgrade);
    assert_eq!(text, ROCKY);
    assert!(out.contains("with stein: removed-progress-timeout"), "{out}");
    assert!(out.contains("with ussuri: removed-option"), "{out}");
    assert!(
        out.contains("`novamend fix --from rocky --to 2026.1 --when upgrade --write nova.conf`"),
        "{out}"
    );
    let (text, _) = fixed(ROCKY, &[&upgrade[..], &["--when", "stein"]].concat());
    assert_eq!(text, "[DEFAULT]\nuse_neutron = false\n[libvirt]\n");
    let (text, out) = fixed(ROCKY, &[&upgrade[..], &["--when", "upgrade"]].concat());
    assert_eq!(text, "[DEFAULT]\n[libvirt]\n");
    assert!(!out.contains("left for the upgrade"), "{out}");
}

#[test]
fn a_line_that_says_the_default_of_today_may_go_now() {
    let text = "[libvirt]\nlive_migration_progress_timeout = 0\n";
    let upgrade = ["--from", "rocky", "--to", "stein"];
    assert_eq!(fixed(text, &upgrade).0, "[libvirt]\n");
    // Newton's default is 150.
    let newton = ["--from", "newton", "--to", "stein"];
    assert_eq!(fixed(text, &newton).0, text);
    // Of two files that set it the one whose value counts stays, and the other may go.
    let directory = with_file(text);
    let counts = "[libvirt]\nlive_migration_progress_timeout = 9\n";
    fs::write(directory.path().join("last.conf"), counts).expect("a file");
    let stack = ["--config-file", "nova.conf", "--config-file", "last.conf"];
    novamend(
        directory.path(),
        &[&["fix", "--write", "--no-backup"], &stack[..], &upgrade].concat(),
    );
    let after = |name: &str| fs::read_to_string(directory.path().join(name)).expect("a file");
    assert_eq!((&*after("nova.conf"), &*after("last.conf")), ("[libvirt]\n", counts));
}

#[test]
fn a_fix_that_changes_what_runs_today_is_not_safe() {
    for text in [
        "[DEFAULT]\nmy_ip = 10.0.0.1 # management\n",
        "[DEFAULT]\nlive_migration_permit_post_copy = true\n",
        "[os_vif_ovs]\nlive_migration_permit_post_copy = true\n[libvirt]\nvirt_type = kvm\n",
        "[DEFAULT]\nlive_migration_completion_timeout = 360\nlive_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true\n",
    ] {
        for upgrade in [
            ["--from", "rocky", "--to", "stein"],
            ["--from", "train", "--to", "2025.1"],
        ] {
            for when in ["now", "upgrade"] {
                let (after, out) = fixed(text, &[&upgrade[..], &["--when", when]].concat());
                assert_eq!(after, text, "{out}");
            }
        }
    }
}

#[test]
fn the_edits_in_json_make_the_new_text_one_after_the_other() {
    let text = "[DEFAULT]\nscheduler_default_filters = ComputeFilter\nuse_neutron = false\ndhcp_domain = x\n\
        transport_url = rabbit://u:hush@h/\n[libvirt]\nlive_migration_progress_timeout = 150\n\
        live_migration_permit_post_copy = true\n[pci]\npassthrough_whitelist = {}\n[vnc]\nvncserver_listen = ::\n\
        [compute]\nmonkey_patch = true\nuse_ipv6 = 1\n";
    let directory = with_file(text);
    let upgrade = ["--from", "rocky", "--to", "2026.1"];
    let (_, out) = novamend(
        directory.path(),
        &[&["fix", "nova.conf", "--format", "json"], &upgrade[..]].concat(),
    );
    let document: Value = serde_json::from_str(&out).expect("JSON");
    let stack = &document["stacks"][0];
    let mut bytes = text.as_bytes().to_vec();
    let mut follow = |part: &str, when: &str| {
        let applied = stack[part].as_array().expect("a list");
        assert!(!applied.is_empty(), "{part} is empty: {out}");
        for edit in applied.iter().flat_map(|fix| fix["edits"].as_array().expect("a list")) {
            assert_eq!(edit["moment"]["when"], when, "{edit}");
            assert!(
                edit["safety"] == "safe" && edit["file"] == "nova.conf" && edit["masked"] == false,
                "{edit}"
            );
            let at = |end: &str| edit["span"][end].as_u64().expect("an offset") as usize;
            bytes.splice(at("start")..at("end"), edit["text"].as_str().expect("a text").bytes());
        }
        String::from_utf8(bytes.clone()).expect("UTF-8")
    };
    let (now, _) = fixed(text, &upgrade);
    assert_eq!(follow("applied", "now"), now);
    let (whole, _) = fixed(text, &[&upgrade[..], &["--when", "upgrade"]].concat());
    assert_eq!(follow("later", "with"), whole);
    assert!(!out.contains("hush"));
}

#[test]
fn a_secret_that_moves_is_masked_in_the_list_of_edits() {
    let text = "[DEFAULT]\nneutron_admin_password = hush\nmetadata_proxy_shared_secret = hushhush\n\
        neutron_metadata_proxy_shared_secret = hushhush\n[neutron]\nurl_timeout = 1\n[cinder]\nos_region_name = r\n\
        [keystone_authtoken]\nadmin_password = hush\n[placement]\nos_region_name = r\n";
    let directory = with_file(text);
    let arguments = [
        "fix",
        "nova.conf",
        "--format",
        "json",
        "--from",
        "ocata",
        "--unsafe-fixes",
    ];
    let (_, out) = novamend(directory.path(), &arguments);
    assert!(!out.contains("hush"), "{out}");
}

#[test]
fn a_value_that_names_code_the_release_to_come_lacks_is_not_moved_as_safe() {
    let of = |filters: &str| format!("[DEFAULT]\nscheduler_default_filters = {filters}\n");
    let upgrade = ["--from", "wallaby", "--to", "2026.2", "--when", "upgrade"];
    let gone = of("RetryFilter,AvailabilityZoneFilter,RamFilter,ComputeFilter");
    let (text, out) = fixed(&gone, &upgrade);
    assert_eq!(text, gone, "{out}");
    let directory = with_file(&gone);
    let (_, out) = novamend(
        directory.path(),
        &["check", "nova.conf", "--from", "wallaby", "--to", "2026.2"],
    );
    let missing =
        "2026.2 has no filter `RetryFilter`, `AvailabilityZoneFilter`, `RamFilter`: nova-scheduler does not start";
    assert!(one_line(&out).contains(missing), "{out}");
    let moved = "[DEFAULT]\n\n[filter_scheduler]\nenabled_filters = ComputeFilter,IoOpsFilter\n";
    assert_eq!(fixed(&of("ComputeFilter,IoOpsFilter"), &upgrade).0, moved);
    // Zed has the filter for availability zones still.
    let to_zed = ["--from", "wallaby", "--to", "zed", "--when", "upgrade"];
    assert!(
        fixed(&of("AvailabilityZoneFilter"), &to_zed)
            .0
            .contains("[filter_scheduler]")
    );
}

#[test]
fn a_filter_of_ones_own_does_not_keep_a_fix_from_being_safe() {
    let text = "[DEFAULT]\nscheduler_default_filters = ComputeFilter,RetryFilter\n[filter_scheduler]\n\
        available_filters = nova.scheduler.filters.all_filters\navailable_filters = mine.RetryFilter\n";
    let upgrade = ["--from", "wallaby", "--to", "2026.2", "--when", "upgrade"];
    assert!(
        fixed(text, &upgrade)
            .0
            .contains("enabled_filters = ComputeFilter,RetryFilter")
    );
}

/// `text` as it is where it is not broken into lines.
fn one_line(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !matches!(*word, "│" | "|"));
    words.collect::<Vec<_>>().join(" ")
}
