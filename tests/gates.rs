//! A gate that is green means that it was checked: what is read, what is not and why, what is suppressed, and from which
//! release, in every format and by the exit code.

#[path = "oracle/ground.rs"]
mod ground;
#[path = "oracle/run.rs"]
mod run;

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use ground::{pipe, with};
use run::{Run, run};

const FORMATS: [&str; 3] = ["short", "pretty", "json"];
/// Nothing but the trap: post-copy, which Rocky started by itself.
const TRAP: &str = "[libvirt]\nlive_migration_permit_post_copy = true\n";
const QUIET: &str = "[libvirt]\nvirt_type = kvm\n";
const STEIN: [&str; 4] = ["--from", "rocky", "--to", "stein"];
/// `check` with `arguments`.
fn check(directory: &Path, arguments: &[&str]) -> Run {
    run(directory, &[&["check"], arguments].concat(), "")
}

/// `check` in JSON.
fn document(directory: &Path, arguments: &[&str]) -> Value {
    let run = check(directory, &[&["--format", "json"], arguments].concat());
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
}

/// The rules of the findings in a document, with their conditions' words.
fn rules(document: &Value) -> Vec<(&str, Option<&str>)> {
    let findings = document["findings"].as_array().expect("a list");
    findings
        .iter()
        .map(|finding| {
            let rule = finding["rule"].as_str().expect("a rule");
            (rule, finding["condition"]["words"].as_str())
        })
        .collect()
}

#[test]
fn nothing_read_is_a_failure_in_every_command_and_format() {
    let at = with(&[("empty/README", "x"), ("nova.conf", QUIET)]);
    for format in FORMATS {
        for command in ["check", "fix"] {
            for path in ["empty", "-", "empty/*.conf", "none.conf", "/dev/zero"] {
                let run = run(at.path(), &[command, path, "--format", format], "");
                assert_eq!((run.code, run.out.as_str()), (2, ""), "{command} {path}: {}", run.out);
                assert!(run.err.contains(path) || path == "-", "{}", run.err);
            }
        }
        // The rest is checked, and the run is no success all the same.
        let both = check(at.path(), &["nova.conf", "empty", "--format", format]);
        assert_eq!(both.code, 2, "{}", both.out);
        assert!(both.out.contains("checked"), "{}", both.out);
    }
    let none = run(at.path(), &["check", "--root", "empty"], "");
    assert_eq!(none.code, 2);
    assert!(none.err.contains("nothing to read"), "{}", none.err);
}

#[test]
fn a_file_named_twice_counts_once_by_whatever_name() {
    let at = with(&[("nova.conf", TRAP)]);
    symlink("nova.conf", at.path().join("link.conf")).expect("a link");
    let all = ["nova.conf", "./nova.conf", "link.conf", "nova.conf", "."];
    let document = document(at.path(), &[&all[..], &STEIN].concat());
    assert_eq!(document["checked"]["paths"], json!(["nova.conf"]));
    assert_eq!(document["summary"]["errors"], 1);
    let left = document["checked"]["not_read"].as_array().expect("a list");
    assert!(!left.is_empty());
    assert!(
        left.iter().all(|left| left["why"] == "is the same file as nova.conf"),
        "{left:?}"
    );
    for format in ["short", "pretty"] {
        let run = check(at.path(), &[&all[..], &STEIN, &["--format", format]].concat());
        assert!(run.out.starts_with("checked 1 file:"), "{}", run.out);
        assert!(
            run.out.contains("link.conf (is the same file as nova.conf)"),
            "{}",
            run.out
        );
    }
}

#[test]
fn a_directory_means_its_files_one_by_one_and_what_is_not_read_is_named() {
    let at = with(&[
        ("d/nova.conf", QUIET),
        // As one stack this would take effect for the other, and the trap would be gone.
        ("d/a/b/host.conf", TRAP),
        ("d/z.conf", "[libvirt]\nlive_migration_permit_post_copy = false\n"),
        ("d/.hidden.conf", TRAP),
        ("d/nova.conf.bak", TRAP),
    ]);
    pipe(&at.path().join("d/pipe.conf"));
    symlink("/dev/zero", at.path().join("d/zero.conf")).expect("a link");
    let files = ["d/a/b/host.conf", "d/nova.conf", "d/z.conf"];
    let left = [
        ("d/.hidden.conf", "is hidden"),
        ("d/nova.conf.bak", "is not a *.conf file"),
        ("d/pipe.conf", "is a pipe"),
        ("d/zero.conf", "is a device"),
    ];
    let arguments = [&["d"], &STEIN[..]].concat();
    let document = document(at.path(), &arguments);
    assert_eq!(document["checked"]["paths"], json!(files));
    let named: Vec<Value> = left
        .iter()
        .map(|(file, why)| json!({"file": file, "why": why}))
        .collect();
    assert_eq!(document["checked"]["not_read"], json!(named));
    let lost = &document["findings"].as_array().expect("a list")[0];
    assert_eq!(
        (&lost["rule"], &lost["file"]),
        (&json!("lost-auto-post-copy"), &json!(files[0]))
    );
    for format in ["short", "pretty"] {
        let run = check(at.path(), &[&arguments[..], &["--format", format]].concat());
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(
            run.out.contains(&format!("\nfiles: {}\n", files.join(", "))),
            "{}",
            run.out
        );
        let named = left.map(|(file, why)| format!("{file} ({why})")).join(", ");
        assert!(run.out.contains(&format!("\nnot read: {named}\n")), "{}", run.out);
    }
    // One stack is asked for by its own name: the last file has the last word there.
    let stack = check(
        at.path(),
        &[&["--config-dir", "d/a/b", "--config-file", "d/z.conf"], &STEIN[..]].concat(),
    );
    assert!(!stack.out.contains("lost-auto-post-copy"), "{}", stack.out);
}

#[test]
fn what_could_not_be_read_is_in_every_report() {
    let at = with(&[("nova.conf", QUIET), ("long.conf", &"#\n".repeat(2000))]);
    let arguments = [&["nova.conf", "none.conf", "long.conf", "--max-size", "1k"], &STEIN[..]].concat();
    let document = document(at.path(), &arguments);
    let left = document["checked"]["not_read"].to_string();
    assert!(left.contains("none.conf") && left.contains("does not exist"), "{left}");
    assert!(
        left.contains("long.conf") && left.contains("longer than 1024 bytes"),
        "{left}"
    );
    for format in ["short", "pretty"] {
        let run = check(at.path(), &[&arguments[..], &["--format", format]].concat());
        assert_eq!(run.code, 2);
        assert!(run.out.contains("none.conf (does not exist"), "{}", run.out);
    }
}

#[test]
fn only_files_and_pipes_with_a_writer_are_read_and_none_beyond_the_limit() {
    let at = with(&[("long.conf", &"# much\n".repeat(2000))]);
    pipe(&at.path().join("lonely"));
    for arguments in [
        &["lonely"][..],
        &["/dev/zero"],
        &["long.conf", "--max-size", "4k"],
        &["/dev/null"],
    ] {
        for command in ["check", "fix", "where"] {
            let option = ["libvirt.virt_type"];
            let option = if command == "where" { &option[..] } else { &[] };
            let run = run(at.path(), &[&[command], option, arguments].concat(), "");
            assert_eq!(run.code, 2, "{command} {arguments:?}: {}", run.out);
            assert!(run.err.contains(arguments[0]), "{}", run.err);
        }
    }
    let input = run(at.path(), &["check", "-", "--max-size", "4k"], &"# much\n".repeat(2000));
    assert_eq!(input.code, 2, "{}", input.out);
}

#[test]
fn a_pipe_with_a_writer_is_read_once_and_whole() {
    let at = with(&[]);
    let path = at.path().join("written");
    pipe(&path);
    let to = path.clone();
    let writer = thread::spawn(move || {
        // Opened for both ends it waits for nobody, and the reader finds a writer however early it comes.
        let mut both = fs::File::options().read(true).write(true).open(&to).expect("the pipe");
        both.write_all(TRAP.as_bytes()).expect("it fits the pipe");
        both
    });
    let both = writer.join().expect("the writer");
    // The reader reads to the end, which comes when this end is closed.
    let closing = thread::spawn({
        let at = at.path().to_owned();
        move || check(&at, &[&["written", "--format", "short"], &STEIN[..]].concat())
    });
    while rustix::io::ioctl_fionread(&both).expect("a length") > 0 {
        thread::yield_now();
    }
    drop(both);
    let run = closing.join().expect("the reader");
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("written:2:1: error[lost-auto-post-copy]"),
        "{}",
        run.out
    );
    let input = run::run(at.path(), &[&["check", "-"], &STEIN[..]].concat(), TRAP);
    assert_eq!(input.code, 1, "{}", input.out);
}

#[test]
fn what_is_installed_below_the_root_says_the_release() {
    let metadata = "Metadata-Version: 2.1\nName: nova\nVersion: 26.2.2\n";
    let status = "Package: nova-common\nStatus: install ok installed\nVersion: 2:26.2.2-1~deb12u3\n";
    for (place, text) in [
        ("usr/lib/python3/dist-packages/nova-26.2.2.dist-info/METADATA", metadata),
        ("usr/lib/python3/dist-packages/nova-26.2.2.egg-info/PKG-INFO", metadata),
        (
            "var/lib/kolla/venv/lib/python3.10/site-packages/nova-26.2.2.dist-info/METADATA",
            metadata,
        ),
        ("var/lib/dpkg/status", status),
    ] {
        let at = with(&[("etc/nova/nova.conf", TRAP), (place, text)]);
        for format in ["short", "pretty"] {
            let run = check(at.path(), &["--root", ".", "--format", format]);
            let line = run.out.lines().next().unwrap_or_default();
            assert!(
                line.contains("zed (26)") && line.contains("nova 26.2.2 is installed"),
                "{place}: {line}"
            );
        }
        let document = document(at.path(), &["--root", "."]);
        let from = &document["checked"]["from"][0];
        assert_eq!(
            (&from["oldest"], &from["newest"], &from["evidence"]),
            (&json!(26), &json!(26), &json!("installed"))
        );
        assert!(rules(&document).iter().all(|(_, condition)| condition.is_none()));
        // Of a file that lies elsewhere it tells nothing, and `--from` has the last word.
        let elsewhere = with(&[("nova.conf", QUIET)]);
        let root = at.path().to_str().expect("UTF-8");
        let other = check(elsewhere.path(), &["nova.conf", "--root", root, "--format", "short"]);
        assert!(other.out.contains("no upgrade was compared"), "{}", other.out);
        let said = check(at.path(), &["--root", ".", "--from", "xena", "--format", "short"]);
        assert!(
            said.out.contains("from xena (25)") || said.out.contains("from xena"),
            "{}",
            said.out
        );
    }
}

#[test]
fn two_novas_below_the_root_leave_a_range() {
    let venv = |version: &str| {
        format!("openstack/venvs/nova-{version}/lib/python3.10/site-packages/nova-{version}.dist-info/METADATA")
    };
    let at = with(&[
        ("etc/nova/nova.conf", TRAP),
        (&venv("18.1.0"), "Name: nova\nVersion: 18.1.0\n"),
        (&venv("19.0.1"), "Name: nova\nVersion: 19.0.1\n"),
    ]);
    let document = document(at.path(), &["--root", "."]);
    let from = &document["checked"]["from"][0];
    assert_eq!((&from["oldest"], &from["newest"]), (&json!(18), &json!(19)));
    assert!(
        rules(&document).contains(&("lost-auto-post-copy", Some("if this host runs rocky or earlier"))),
        "{document}"
    );
    let run = check(at.path(), &["--root", ".", "--format", "short"]);
    assert!(run.out.contains("nova 18.1.0 and 19.0.1 are installed"), "{}", run.out);
}

#[test]
fn no_link_below_the_root_leads_out_of_it() {
    let outside = with(&[("secret.conf", "[DEFAULT]\nmy_ip = 192.0.2.99\n")]);
    let at = with(&[
        ("etc/nova/nova.conf", QUIET),
        ("srv/inside.conf", "[DEFAULT]\nmy_ip = 192.0.2.1\n"),
        ("etc/nova/nova.conf.d/00.conf", QUIET),
    ]);
    let below = at.path().join("etc/nova/nova.conf.d");
    symlink("/srv/inside.conf", below.join("10.conf")).expect("a link");
    symlink("../../../srv/inside.conf", below.join("20.conf")).expect("a link");
    let root = at.path().to_str().expect("UTF-8");
    let run = run::run(at.path(), &["where", "--all", "--root", root, "--format", "json"], "");
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(run.out.matches("192.0.2.1\"").count(), 2, "{}", run.out);
    // The same path is nothing below the root, whatever lies there on this host.
    symlink(outside.path().join("secret.conf"), below.join("30.conf")).expect("a link");
    for command in [&["where", "--all"][..], &["check"], &["fix"]] {
        let run = run::run(at.path(), &[command, &["--root", root]].concat(), "");
        assert_eq!(run.code, 2, "{}", run.out);
        assert!(
            !run.out.contains("192.0.2.99") && run.err.contains("secret.conf"),
            "{}{}",
            run.out,
            run.err
        );
    }
}

#[test]
fn what_is_suppressed_is_counted_and_listed_with_by_whom() {
    let commented = "[libvirt]\n# novamend: ignore[removed-progress-timeout] it goes in spring\nlive_migration_progress_timeout = 0\n";
    let settings =
        "[severity]\nchanged-default = \"off\"\n\n[[ignore]]\nrule = \"lost-auto-post-copy\"\nreason = \"known\"\n";
    let at = with(&[
        ("comment.conf", commented),
        ("trap.conf", TRAP),
        ("novamend.toml", settings),
    ]);
    let arguments = [&["comment.conf", "trap.conf"], &STEIN[..]].concat();
    let document = document(at.path(), &arguments);
    assert_eq!(document["findings"], json!([]));
    let suppressed = document["suppressed"].as_array().expect("a list");
    let by = |word: &str| suppressed.iter().filter(|one| one["by"] == word).count();
    let (comments, ignores, off) = (by("comment"), by("settings"), by("rule-off"));
    assert_eq!((comments, ignores), (1, 1), "{document}");
    assert!(off > 0);
    assert_eq!(document["summary"]["suppressed"], json!(comments + ignores + off));
    for format in ["short", "pretty"] {
        let run = check(at.path(), &[&arguments[..], &["--format", format]].concat());
        let words = format!(
            "{} hidden by ./novamend.toml (1 by ignores, {off} by rules that are off); 1 hidden by comments in the files",
            ignores + off
        );
        assert_eq!(run.code, 0, "{}", run.out);
        assert!(run.out.contains(&words), "{}", run.out);
    }
}

#[test]
fn the_trap_alone_is_an_error_where_the_release_is_not_known() {
    let at = with(&[("nova.conf", TRAP), ("quiet.conf", QUIET)]);
    let document = document(at.path(), &["nova.conf"]);
    assert!(rules(&document).contains(&("lost-auto-post-copy", Some("if this host runs rocky or earlier"))));
    assert_eq!(document["checked"]["compared"], false);
    for format in FORMATS {
        let run = check(at.path(), &["nova.conf", "--format", format, "--fail-on", "error"]);
        assert_eq!(run.code, 1, "{}", run.out);
        assert!(run.out.contains("if this host runs rocky or earlier"), "{}", run.out);
    }
    for path in ["nova.conf", "quiet.conf"] {
        for format in ["short", "pretty"] {
            let run = check(at.path(), &[path, "--format", format]);
            let first = run.out.lines().next().unwrap_or_default();
            assert!(first.contains("no upgrade was compared"), "{first}");
            assert!(!run.out.contains("nothing found"), "{}", run.out);
        }
    }
    let compared = check(at.path(), &[&["quiet.conf", "--format", "short"], &STEIN[..]].concat());
    assert!(!compared.out.contains("no upgrade was compared"), "{}", compared.out);
}

#[test]
fn what_is_not_known_is_no_answer() {
    let at = with(&[("nova.conf", QUIET)]);
    for command in [
        &["check", "nova.conf", "--from", "liberty"][..],
        &["upgrade", "liberty", "stein"],
    ] {
        let run = run(at.path(), command, "");
        assert_eq!((run.code, run.out.as_str()), (2, ""));
        assert!(
            run.err.contains("is older than mitaka (13), the oldest release known"),
            "{}",
            run.err
        );
    }
    for arguments in [&[][..], &["--format", "json"]] {
        let run = run(
            at.path(),
            &[&["where", "libvirt.no_such_option", "nova.conf"], arguments].concat(),
            "",
        );
        assert_eq!(run.code, 2, "{}", run.out);
    }
}
