//! Every document that is printed, and the settings as they are written, are valid by the schemas of `docs/schema`; what is wrong
//! is not.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Test, tests};
use crate::python::Oracle;
use crate::run::run;

pub(crate) const TESTS: &[Test] = tests![every_document_is_valid, settings_are_valid_where_they_are_read];

const CONF: &str = "[DEFAULT]\nmy_ip = 192.0.2.1\ncompute_driver = libvirt.LibvirtDriver\n[libvirt]\n\
    live_migration_permit_post_copy = true\nlive_migration_progress_timeout = 0\n\
    # novamend: ignore[unknown-option] known here\nmy_own_name = 1\nlive_migration_bandwidth = 1\nlive_migration_bandwidth = 2\n\
    connection_uri = qemu:///system # a note\n";

fn schema(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.schema.json"))
}

/// What is wrong with `document`; null where nothing is.
fn wrong(reader: &mut Oracle, kind: &str, path: &Path, format: &str) -> Value {
    reader.ask(&[json!({"format": format, "path": path, "schema": schema(kind)})])[0]["wrong"].clone()
}

fn every_document_is_valid() {
    let mut reader = Oracle::start("reports", "../reports/read.py");
    let at = tempfile::tempdir().expect("a directory");
    fs::write(at.path().join("nova.conf"), CONF).expect("a file");
    fs::write(at.path().join("rejected.conf"), "x\n").expect("a file");
    let upgrade = ["--from", "rocky", "--to", "34", "--fail-on", "never"];
    let of = |first: &[&'static str]| [first, &upgrade].concat();
    for arguments in [
        of(&["check", "nova.conf"]),
        of(&["check", "nova.conf", "rejected.conf"]),
        vec!["check", "nova.conf", "--fail-on", "never"],
        vec!["check", "nova.conf", "--valid-in", "rocky,stein", "--fail-on", "never"],
        of(&["fix", "nova.conf"]),
        of(&["fix", "nova.conf", "--unsafe-fixes", "--when", "upgrade"]),
        of(&["fix", "rejected.conf"]),
        vec!["where", "--all", "nova.conf"],
        vec!["where", "libvirt.live_migration_bandwidth", "nova.conf", "--env"],
        vec!["option", "libvirt.live_migration_progress_timeout"],
        vec!["option", "neutron.url"],
        vec!["upgrade", "rocky", "34"],
        vec!["rules"],
        vec!["catalog"],
        vec!["catalog", "rocky", "stein"],
        vec!["explain", "inline-comment"],
        of(&["fix", "nova.conf", "--write"]),
    ] {
        let run = run(at.path(), &[&arguments[..], &["--format", "json"]].concat(), "");
        assert!(run.code < 2, "{arguments:?}: {}", run.err);
        let path = at.path().join("document");
        fs::write(&path, &run.out).expect("a document");
        let kind = arguments[0];
        assert_eq!(wrong(&mut reader, kind, &path, "json"), Value::Null, "{arguments:?}");
        // A schema that takes everything would be worth nothing.
        let mut document: Value = serde_json::from_str(&run.out).expect("JSON");
        let last = document
            .as_object()
            .and_then(|fields| fields.keys().next_back().cloned())
            .expect("a field");
        document.as_object_mut().expect("an object").remove(&last);
        fs::write(&path, document.to_string()).expect("a document");
        assert_ne!(
            wrong(&mut reader, kind, &path, "json"),
            Value::Null,
            "{arguments:?} without {last}"
        );
    }
}

fn settings_are_valid_where_they_are_read() {
    let mut reader = Oracle::start("reports", "../reports/read.py");
    let at = tempfile::tempdir().expect("a directory");
    fs::write(at.path().join("nova.conf"), CONF).expect("a file");
    let rule = "[[ignore]]\nrule = \"unknown-option\"\nreason = \"x\"\n";
    for (text, is_right) in [
        ("from = 18\nto = \"stein\"\nfail-on = \"never\"\n".to_owned(), true),
        (
            "valid-in = [\"rocky\", 19]\n[severity]\nchanged-default = \"off\"\n".to_owned(),
            true,
        ),
        (
            format!("{rule}file = [\"a/*.conf\", \"b\"]\ncount = 2\nuntil = 2027-03-31\noption = \"a.b\"\n"),
            true,
        ),
        (format!("{rule}file = \"a\"\nuntil = \"2027-03-31\"\n"), true),
        (format!("{rule}until = \"soon\"\n"), false),
        (format!("{rule}count = 0\n"), false),
        (format!("{rule}files = \"a\"\n"), false),
        ("[[ignore]]\nrule = \"unknown-option\"\n".to_owned(), false),
        ("valid-in = [\"rocky\"]\n".to_owned(), false),
        ("fail-on = \"notice\"\n".to_owned(), false),
        ("[severity]\nchanged-default = \"none\"\n".to_owned(), false),
        ("form = 18\n".to_owned(), false),
    ] {
        let path = at.path().join("settings.toml");
        fs::write(&path, &text).expect("settings");
        let words = [
            "check",
            "nova.conf",
            "--settings",
            "settings.toml",
            "--fail-on",
            "never",
        ];
        assert_eq!(run(at.path(), &words, "").code, if is_right { 0 } else { 2 }, "{text}");
        let wrong = wrong(&mut reader, "settings", &path, "toml");
        assert_eq!(wrong.is_null(), is_right, "{text}: {wrong}");
    }
}
