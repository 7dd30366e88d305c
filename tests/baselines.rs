//! Baselines and ignores of a fleet: what is written covers what was found and nothing more, until its day.

#[path = "oracle/run.rs"]
mod run;

use std::fs;
use std::path::Path;

use run::{Run, run};

const CONF: &str = "[libvirt]\nno_such_option_of_nova = 1\n";
const UPGRADE: [&str; 4] = ["--from", "33", "--to", "33"];

fn fleet() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for host in ["a", "b", "c", "d"] {
        let host = directory.path().join("fleet").join(host);
        fs::create_dir_all(&host).expect("a directory");
        fs::write(host.join("nova.conf"), CONF).expect("a file");
    }
    directory
}

fn check(at: &Path, words: &[&str]) -> Run {
    run(
        at,
        &[&["check"], words, &UPGRADE[..], &["--format", "short"]].concat(),
        "",
    )
}

fn text(at: &Path, name: &str) -> String {
    fs::read_to_string(at.join(name)).expect("a file")
}

#[test]
fn equal_findings_of_a_fleet_are_one_ignore() {
    let at = fleet();
    let written = check(at.path(), &["fleet", "--write-ignores", "new.toml"]);
    assert_eq!(written.code, 0, "{}", written.err);
    assert!(
        written.err.contains("added 1 ignore to new.toml for 4 findings"),
        "{}",
        written.err
    );
    let baseline = text(at.path(), "new.toml");
    assert!(
        baseline.contains("file = \"fleet/*/nova.conf\"") && baseline.contains("count = 1\n"),
        "{baseline}"
    );
    let again = check(at.path(), &["fleet", "--settings", "new.toml"]);
    assert_eq!(again.code, 0, "{}", again.out);
    assert!(
        again.out.contains("nothing found; 4 hidden by new.toml (4 by ignores)"),
        "{}",
        again.out
    );
    // Written once more, nothing is added.
    let twice = check(at.path(), &["fleet", "--write-ignores", "new.toml"]);
    assert!(
        twice.err.contains("added 0 ignores") && text(at.path(), "new.toml") == baseline,
        "{}",
        twice.err
    );
}

#[test]
fn one_more_of_the_same_is_new() {
    let at = fleet();
    check(at.path(), &["fleet", "--write-ignores", "new.toml"]);
    fs::write(
        at.path().join("fleet/b/nova.conf"),
        "[libvirt]\nno_such_option_of_nova = 1\nno_such_option_of_nova = 2\n",
    )
    .expect("a file");
    let more = check(at.path(), &["fleet", "--settings", "new.toml"]);
    assert_eq!(more.code, 1, "{}", more.out);
    assert!(
        more.out.contains("fleet/b/nova.conf:3:1: warning[unknown-option]"),
        "{}",
        more.out
    );
    assert!(
        !more.out.contains("fleet/b/nova.conf:2:1: warning[unknown-option]"),
        "{}",
        more.out
    );
}

#[test]
fn a_glob_covers_no_other_file_of_the_run() {
    let at = fleet();
    fs::write(at.path().join("fleet/d/nova.conf"), "[libvirt]\nvirt_type = kvm\n").expect("a file");
    check(at.path(), &["fleet", "--write-ignores", "new.toml"]);
    let baseline = text(at.path(), "new.toml");
    assert!(
        !baseline.contains('*') && baseline.contains("\"fleet/a/nova.conf\",\n"),
        "{baseline}"
    );
    fs::write(at.path().join("fleet/d/nova.conf"), CONF).expect("a file");
    assert_eq!(check(at.path(), &["fleet", "--settings", "new.toml"]).code, 1);
}

#[test]
fn the_settings_that_are_named_are_made() {
    let at = fleet();
    let written = check(at.path(), &["fleet", "--settings", "made.toml", "--write-ignores"]);
    assert_eq!(written.code, 0, "{}", written.err);
    assert!(text(at.path(), "made.toml").contains("[[ignore]]"));
    // Without the flag what is named must be there.
    assert_eq!(check(at.path(), &["fleet", "--settings", "other.toml"]).code, 2);
    let conf = check(at.path(), &["--write-ignores", "fleet/a/nova.conf"]);
    assert_eq!(
        (conf.code, &*text(at.path(), "fleet/a/nova.conf")),
        (0, CONF),
        "{}",
        conf.err
    );
}

#[test]
fn an_ignore_ends_with_its_day() {
    let at = fleet();
    let settings = |until: &str| {
        let text =
            format!("[[ignore]]\nrule = \"unknown-option\"\nfile = \"a/nova.conf\"\nuntil = {until}\nreason = \"x\"\n");
        fs::write(at.path().join("novamend.toml"), text).expect("settings");
        check(at.path(), &["fleet/a/nova.conf"])
    };
    assert_eq!(settings("2999-12-31").code, 0);
    let past = settings("2001-02-03");
    assert_eq!(past.code, 1, "{}", past.out);
    assert!(
        past.out.contains("nova.conf:2:1: warning[unknown-option]"),
        "{}",
        past.out
    );
    assert!(
        past.out.contains(
            "novamend.toml:1:1: warning[unused-ignore]: the ignore of `unknown-option` expired after 2001-02-03"
        ),
        "{}",
        past.out
    );
    assert_eq!(settings("2001-02-30").code, 2);
}

#[test]
fn an_ignore_that_hides_nothing_is_found_where_it_could_have() {
    let at = fleet();
    let unused = |file: &str| {
        let text = format!("[[ignore]]\nrule = \"inline-comment\"\n{file}reason = \"x\"\n");
        fs::write(at.path().join("novamend.toml"), text).expect("settings");
        let run = check(at.path(), &["fleet/a/nova.conf"]);
        let line = run
            .out
            .lines()
            .find(|line| line.contains("unused-ignore"))
            .map(str::to_owned);
        line.unwrap_or_default()
    };
    assert!(unused("file = \"fleet/*/nova.conf\"\n").contains(" warning["));
    assert!(unused("").contains(" info["), "a run over all files would have to tell");
    assert_eq!(unused("file = \"lab/nova.conf\"\n"), "", "it is for another run");
}

#[test]
fn two_names_for_two_releases_are_read_alike() {
    let at = tempfile::tempdir().expect("a directory");
    let found = |text: &str, releases: &str| {
        fs::write(at.path().join("nova.conf"), text).expect("a file");
        let run = run(
            at.path(),
            &["check", "nova.conf", "--valid-in", releases, "--format", "short"],
            "",
        );
        let lines = run.out.lines().filter(|line| line.contains("[read-differently]"));
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    for (text, releases, count) in [
        ("[libvirt]\nvirt_type = kvm\n", "rocky,stein", 0),
        ("[libvirt]\nno_such_option_of_nova = 1\n", "rocky,stein", 0),
        ("[libvirt]\nlive_migration_progress_timeout = 5\n", "stein,rocky", 1),
        (
            "[libvirt]\nlive_migration_progress_timeout = 5\n",
            "pike,queens,rocky",
            0,
        ),
    ] {
        let lines = found(text, releases);
        assert_eq!(lines.len(), count, "{text} {releases}: {lines:?}");
    }
    for words in [
        &["--valid-in", "rocky"][..],
        &["--valid-in", "rocky,stein", "--from", "rocky"],
        &["--valid-in", "rocky,rocki"],
    ] {
        assert_eq!(
            run(at.path(), &[&["check", "nova.conf"], words].concat(), "").code,
            2,
            "{words:?}"
        );
    }
}
