//! Where a report goes: what may not be written is known before a trial starts, and nothing else is overwritten.

#[path = "../../tests/harness/mod.rs"]
mod harness;
mod made;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::Duration;

use novamend::catalog::Release;
use novamend::handover;
use novamend::nova::migration::Ending;
use novamend::nova::today;
use novamend::output::envelope::{Envelope, Kind};
use novamend_verify::report::{Machine, Report, Roles, Stacks, Today, html};
use novamend_verify::shown;
use novamend_verify::trial::migrate::Sample;
use novamend_verify::verdict::draw;
use tempfile::TempDir;

use harness::{skip, tests};

fn ground() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("nova.conf"), "[libvirt]\n").unwrap();
    directory
}

/// `verify --report r.html`; refused before the trials, it needs neither libvirt nor root.
fn verify(at: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_novamend-verify"))
        .args(["verify", "--report", "r.html", "nova.conf"])
        .current_dir(at)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// That it is refused with `words`, at once, and that nothing is left.
fn refused(at: &Path, words: &str) {
    let names = || {
        let mut names: Vec<_> = fs::read_dir(at)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let before = names();
    let output = verify(at);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("the report cannot be written") && said.contains(words),
        "{said}"
    );
    assert!(output.stdout.is_empty(), "a trial was made");
    assert_eq!(names(), before);
}

fn what_a_link_leads_to_is_not_overwritten() {
    for name in ["r.html", "r.json"] {
        let ground = ground();
        let victim = ground.path().join("victim");
        symlink("victim", ground.path().join(name)).unwrap();
        refused(ground.path(), "symbolic link");
        assert!(!victim.exists());
        fs::write(&victim, "{\"schema\":\"novamend\",\"kind\":\"verify\",\"version\":2}").unwrap();
        refused(ground.path(), "symbolic link");
        assert_eq!(
            fs::read_to_string(&victim).unwrap(),
            "{\"schema\":\"novamend\",\"kind\":\"verify\",\"version\":2}"
        );
    }
}

fn a_file_beside_that_is_no_report_is_not_overwritten() {
    for text in [
        "{\"mine\": 1}",
        "",
        "{\"schema\":\"novamend\",\"kind\":\"probe\"}",
        "not json",
    ] {
        let ground = ground();
        fs::write(ground.path().join("r.json"), text).unwrap();
        refused(ground.path(), "not a report of novamend verify");
        assert_eq!(fs::read_to_string(ground.path().join("r.json")).unwrap(), text);
    }
}

fn a_fifo_and_a_directory_are_refused_and_not_waited_for() {
    for name in ["r.html", "r.json"] {
        let ground = ground();
        let made = Command::new("mkfifo").arg(ground.path().join(name)).status().unwrap();
        assert!(made.success());
        refused(ground.path(), "a FIFO");
        fs::remove_file(ground.path().join(name)).unwrap();
        fs::create_dir(ground.path().join(name)).unwrap();
        refused(ground.path(), "a directory");
    }
}

fn a_directory_that_is_not_there_is_said_before_the_trials() {
    let ground = ground();
    let output = Command::new(env!("CARGO_BIN_EXE_novamend-verify"))
        .args(["verify", "--report", "no/such/r.html", "nova.conf"])
        .current_dir(ground.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{said}");
    assert!(said.contains("does not exist"), "{said}");
}

fn what_belongs_to_another_user_is_not_replaced() {
    if !rustix::process::geteuid().is_root() {
        skip("giving files away needs root");
    }
    for name in ["r.html", "r.json"] {
        let ground = ground();
        let path = ground.path().join(name);
        fs::write(&path, "{\"schema\":\"novamend\",\"kind\":\"verify\",\"version\":2}").unwrap();
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        refused(ground.path(), "belongs to user 65534");
    }
}

fn what_others_wrote_stays_text_on_the_page() {
    const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x>&amp;";
    let mut plan = made::plan("live_migration_timeout_action = force_complete");
    for line in &mut plan.excerpt {
        HOSTILE.clone_into(&mut line.value);
    }
    let mut trials = vec![
        made::trial(Ending::Abort, false, Some(HOSTILE)),
        made::trial(Ending::PostCopy, true, None),
    ];
    trials[1].trace.samples = vec![Sample {
        at: Duration::from_secs(2),
        remaining: 12 << 20,
        disk_remaining: 0,
        iteration: 1,
    }];
    let mut session = made::session(&plan, None, trials);
    session.conditions.why_emulated = Some(HOSTILE.to_owned());
    session.left = Some(format!("`{HOSTILE}` is left"));
    let mut verdict = draw(&plan, &made::host(), &session);
    for text in [&mut verdict.headline, &mut verdict.shown[0]] {
        *text = format!("{HOSTILE} `{HOSTILE}`");
    }
    verdict.remedy = Some(HOSTILE.to_owned());
    verdict.not_proven.push(HOSTILE.to_owned());
    let files = [HOSTILE.to_owned()];
    let mut machine = Machine::of(&made::host(), &session);
    HOSTILE.clone_into(&mut machine.host);
    machine.libvirt = Some(HOSTILE.to_owned());
    let page = html::page(&Report {
        verdict: &verdict,
        plan: &plan,
        made_at: HOSTILE.to_owned(),
        files: &files,
        today: &Today::of(&today::Today::said(Release::ROCKY)),
        roles: Roles::of(&files, &session),
        machine,
        session: &session,
    })
    .unwrap();
    assert!(
        page.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count() > 12,
        "{page}"
    );
    for markup in ["<script", "<img", "\"'>", "&amp;amp;amp;"] {
        assert!(!page.contains(markup), "{markup}");
    }
}

fn novamend_reads_the_verdict_out_of_what_is_printed() {
    let plan = made::plan("live_migration_timeout_action = abort");
    let session = made::session(&plan, None, vec![made::trial(Ending::Abort, false, None)]);
    let verdict = draw(&plan, &made::host(), &session);
    let files = ["nova.conf".to_owned()];
    let today = Today::of(&today::Today::said(Release::ROCKY));
    let printed = |count| {
        let stacks = (0..count).map(|_| Report {
            verdict: &verdict,
            plan: &plan,
            made_at: String::new(),
            files: &files,
            today: &today,
            roles: Roles::of(&files, &session),
            machine: Machine::of(&made::host(), &session),
            session: &session,
        });
        let stacks: Vec<_> = stacks.map(|report| serde_json::to_value(report).unwrap()).collect();
        shown::json(&Envelope::new(Kind::Verify, Stacks { stacks })).unwrap()
    };
    let read = handover::verdict(printed(1).as_bytes()).unwrap();
    assert_eq!((&read.headline, &read.remedy), (&verdict.headline, &verdict.remedy));
    assert_eq!(read.works(), verdict.exit_code() == 0);
    assert!(
        handover::verdict(printed(2).as_bytes()).is_err(),
        "whose verdict is it?"
    );
}

fn main() -> ExitCode {
    harness::run(&[tests![
        what_a_link_leads_to_is_not_overwritten,
        a_file_beside_that_is_no_report_is_not_overwritten,
        a_fifo_and_a_directory_are_refused_and_not_waited_for,
        a_directory_that_is_not_there_is_said_before_the_trials,
        what_belongs_to_another_user_is_not_replaced,
        what_others_wrote_stays_text_on_the_page,
        novamend_reads_the_verdict_out_of_what_is_printed,
    ]])
}
