//! Each report is read by what it is for: the schema of OASIS, the parser of GitHub's runner, nova's own table.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Test, tests};
use crate::python::{Oracle, here};
use crate::run::run;

pub(crate) const TESTS: &[Test] = tests![
    every_report_says_what_json_says,
    a_file_that_cannot_be_read_is_in_every_report,
    the_table_and_the_json_are_those_of_nova_status,
    nova_status_codes_are_for_its_users,
];

/// Of everything, and what a format may stumble over.
const CONF: &str = "[DEFAULT]\nmy_ip = 192.0.2.1\ncompute_driver = libvirt.LibvirtDriver\nno_such & <option>, \"é\": 100% = 1\n\
    [libvirt]\nlive_migration_permit_post_copy = true\nlive_migration_progress_timeout = 0\n\
    # novamend: ignore[unknown-option] known here\nmy_own_name = 1\nlive_migration_bandwidth = 1\nlive_migration_bandwidth = 2\n\
    connection_uri = qemu:///system # a note\n=cmd = 1\ncpu_mode = a\u{ffff}\u{1f600}\n";

const FORMATS: [&str; 6] = ["sarif", "junit", "gitlab", "github", "checkstyle", "csv"];

/// The schema of SARIF, which the crate carries that novamend prints it with.
fn schema() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let about = Command::new(&cargo).arg("-vV").output().expect("cargo runs").stdout;
    let about = String::from_utf8(about).expect("UTF-8");
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    // What only other platforms need may never have been fetched.
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform"])
        .arg(host.expect("a host"))
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo's JSON");
    let mut packages = metadata["packages"].as_array().expect("packages").iter();
    let package = packages
        .find(|package| package["name"] == "serde-sarif")
        .expect("the crate");
    let manifest = package["manifest_path"].as_str().expect("a path");
    Path::new(manifest).with_file_name("src").join("schema.json")
}

/// A directory with files that have findings, that have none, and that stand at a name with blanks.
fn fleet() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in [("a, b: 100%.conf", CONF), ("clean.conf", ""), ("nova.conf", CONF)] {
        fs::write(directory.path().join(name), text).expect("a file");
    }
    directory
}

const ARGUMENTS: [&str; 8] = ["check", ".", "--from", "rocky", "--to", "34", "--fail-on", "warning"];

/// The words of JSON's severities in `format`.
fn severity<'a>(format: &str, finding: &'a Value) -> &'a str {
    let severity = finding["severity"].as_str().expect("a word");
    match (format, severity) {
        ("sarif", "info") => "note",
        ("github", "info") => "notice",
        ("gitlab", "error") if finding["effect"] == "stops-service" => "blocker",
        ("gitlab", "error") => "critical",
        ("gitlab", "warning") => "major",
        _ => severity,
    }
}

/// What a reader of `format` is to find: file, line, severity, rule.
fn expected(format: &str, findings: &[Value]) -> Vec<Value> {
    let is_seen = |finding: &&Value| format != "junit" || finding["severity"] != "info";
    let each = findings.iter().filter(is_seen).map(|finding| {
        let has_line = finding["line"].is_u64();
        let file = finding["file"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches("./")
            .to_owned();
        let encoded = || {
            file.replace('%', "%25")
                .replace(' ', "%20")
                .replace(',', "%2C")
                .replace(':', "%3A")
        };
        let (severity, rule) = (severity(format, finding), &finding["rule"]);
        match format {
            _ if !has_line => json!([severity, rule]),
            "sarif" => json!([encoded(), finding["line"], severity, rule]),
            "junit" => json!([file, "Failure", severity, rule]),
            _ => json!([file, finding["line"], severity, rule]),
        }
    });
    each.collect()
}

/// The same of what was read; of what no line can be blamed for only severity and rule are compared.
fn comparable(format: &str, read: &[Value], lineless: &BTreeSet<String>) -> Vec<Value> {
    let each = read.iter().map(|one| {
        let is_lineless = lineless.contains(one[3].as_str().unwrap_or_default());
        let has_no_line = one[1].is_null() || (one[1] == 1 && is_lineless) || (format == "junit" && is_lineless);
        if has_no_line {
            json!([one[2], one[3]])
        } else {
            one.clone()
        }
    });
    each.collect()
}

fn every_report_says_what_json_says() {
    let mut reader = Oracle::start("reports", "../reports/read.py");
    let (at, schema) = (fleet(), schema());
    let whole = run(at.path(), &[&ARGUMENTS[..], &["--format", "json"]].concat(), "");
    let whole: Value = serde_json::from_str(&whole.out).expect("JSON");
    let findings = whole["findings"].as_array().expect("a list");
    assert!(findings.len() > 10, "{whole}");
    let lineless = findings.iter().filter(|finding| !finding["line"].is_u64());
    let lineless: BTreeSet<String> = lineless
        .filter_map(|finding| finding["rule"].as_str().map(str::to_owned))
        .collect();
    let in_order = |mut all: Vec<Value>| {
        all.sort_by_key(ToString::to_string);
        all
    };
    for format in FORMATS {
        let run = run(at.path(), &[&ARGUMENTS[..], &["--format", format]].concat(), "");
        assert_eq!(run.code, 1, "{format}: {}", run.err);
        let path = at.path().join("report");
        fs::write(&path, &run.out).expect("a report");
        let answer = &reader.ask(&[json!({"format": format, "path": path, "schema": schema})])[0];
        let read = answer["read"]
            .as_array()
            .unwrap_or_else(|| panic!("{format}: {}\n{}", answer["wrong"], run.out));
        let read = comparable(format, read, &lineless);
        assert_eq!(in_order(read), in_order(expected(format, findings)), "{format}");
    }
}

fn a_file_that_cannot_be_read_is_in_every_report() {
    let mut reader = Oracle::start("reports", "../reports/read.py");
    let (at, schema) = (fleet(), schema());
    for format in FORMATS {
        let words = [
            "check",
            "missing.conf",
            "clean.conf",
            "--from",
            "33",
            "--to",
            "34",
            "--format",
            format,
        ];
        let run = run(at.path(), &words, "");
        assert_eq!(run.code, 2, "{format}");
        let path = at.path().join("report");
        fs::write(&path, &run.out).expect("a report");
        let answer = &reader.ask(&[json!({"format": format, "path": path, "schema": schema})])[0];
        let read = answer["read"]
            .as_array()
            .unwrap_or_else(|| panic!("{format}: {}\n{}", answer["wrong"], run.out));
        assert!(run.out.contains("missing.conf"), "{format}: {}", run.out);
        let is_empty = format == "sarif";
        // Where nothing at all could be read, the report of an earlier run does not stay.
        let asked = format!("{format}=kept.report");
        let alone = crate::run::run(at.path(), &["check", "missing.conf", "--format", &asked], "");
        assert_eq!((alone.code, &*alone.out), (2, ""), "{format}");
        let kept = fs::read_to_string(at.path().join("kept.report")).expect("a report");
        assert!(kept.contains("missing.conf"), "{format}: {kept}");
        fs::remove_file(at.path().join("kept.report")).expect("the report");
        assert_eq!(read.len(), usize::from(!is_empty), "{format}: {read:?}");
        assert!(
            !is_empty || run.out.contains("\"executionSuccessful\":false"),
            "{}",
            run.out
        );
    }
}

fn the_table_and_the_json_are_those_of_nova_status() {
    let mut nova = Oracle::start("nova-34", "../reports/nova_status.py");
    let at = fleet();
    let cases = [
        vec!["check", "clean.conf", "--from", "34", "--to", "34"],
        vec!["check", "nova.conf", "--from", "rocky", "--to", "34"],
        vec!["check", ".", "--from", "rocky", "--to", "stein", "--fail-on", "info"],
        vec!["check", "nova.conf", "missing.conf", "--from", "rocky", "--to", "34"],
    ];
    for case in cases {
        let printed = |format: &str| {
            run(
                at.path(),
                &[&case[..], &["--format", format, "--exit-style", "nova"]].concat(),
                "",
            )
        };
        let (document, table) = (printed("nova-status-json"), printed("nova-status"));
        let checks: Value = serde_json::from_str(&document.out).expect("JSON");
        let answer = &nova.ask(&[checks])[0];
        assert_eq!(answer["table"], table.out, "{case:?}");
        let same = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        assert_eq!(
            same(answer["json"].as_str().expect("a text")),
            same(&document.out),
            "{case:?}"
        );
        let code = if case.contains(&"missing.conf") {
            255
        } else {
            answer["code"].as_i64().expect("a code")
        };
        assert_eq!(i64::from(table.code), code, "{case:?}");
    }
    // What is wrapped is wrapped as Python does it.
    let texts = [
        "x".repeat(61),
        "a-b nova-compute ".repeat(9),
        "one--two ---three four-5 -six- ".repeat(7),
        "é世 ".repeat(50),
    ];
    let dashes = (1..70).map(|length| format!("{}-compute-host {}--no", "n".repeat(length), "y".repeat(length)));
    for text in texts.into_iter().chain(dashes) {
        let name = format!(
            "{}.conf",
            text.trim().replace(' ', "_").chars().take(60).collect::<String>()
        );
        fs::write(at.path().join(&name), format!("[libvirt]\nno_such_option = 1\n{CONF}")).expect("a file");
        let words = |format| {
            [
                &["check", &name, "--from", "rocky", "--to", "stein", "--format"][..],
                &[format],
            ]
            .concat()
        };
        let document = run(at.path(), &words("nova-status-json"), "");
        let answer = &nova.ask(&[serde_json::from_str(&document.out).expect("JSON")])[0];
        assert_eq!(answer["table"], run(at.path(), &words("nova-status"), "").out, "{name}");
        fs::remove_file(at.path().join(&name)).expect("the file");
    }
}

fn nova_status_codes_are_for_its_users() {
    let at = tempfile::tempdir().expect("a directory");
    let warning = "[libvirt]\nno_such_option_of_nova = 1\n";
    let error = "[libvirt]\ncpu_mode = nonsense\n";
    for (name, text) in [("clean.conf", ""), ("warning.conf", warning), ("error.conf", error)] {
        fs::write(at.path().join(name), text).expect("a file");
    }
    let code = |words: &[&str]| {
        let upgrade = ["--from", "33", "--to", "34", "--exit-style", "nova"];
        run(at.path(), &[&["check"], words, &upgrade[..]].concat(), "").code
    };
    assert_eq!(code(&["clean.conf"]), 0);
    assert_eq!(code(&["warning.conf"]), 1);
    assert_eq!(code(&["error.conf"]), 2);
    assert_eq!(code(&["warning.conf", "--fail-on", "error"]), 0);
    for accident in [
        &["missing.conf"][..],
        &["clean.conf", "--no-such-flag"],
        &["clean.conf", "--settings", "none.toml"],
    ] {
        assert_eq!(code(accident), 255, "{accident:?}");
    }
    assert_eq!(run(at.path(), &["check", "--help", "--exit-style=nova"], "").code, 0);
    assert!(here().exists());
}
