//! Lines and columns: what a report points at is there, whatever the line ends, tabs and characters before it, and paths start at
//! `--root` or at the working directory.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Test, tests};
use crate::run::run;

pub(crate) const TESTS: &[Test] = tests![
    a_place_is_where_the_name_stands,
    a_byte_order_mark_is_no_column,
    no_format_for_programs_names_a_file_from_the_top,
    a_path_starts_at_the_root_or_at_the_working_directory,
];

/// The lines of a text as editors and Python have them, without a byte order mark.
fn lines(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .split('\n')
        .map(str::to_owned)
        .collect()
}

fn reported(directory: &Path, format: &str) -> Value {
    let arguments = [
        "check",
        "nova.conf",
        "--from",
        "rocky",
        "--to",
        "34",
        "--fail-on",
        "never",
        "--format",
        format,
    ];
    let run = run(directory, &arguments, "");
    assert_eq!(run.code, 0, "{}", run.err);
    serde_json::from_str(&run.out).expect("JSON")
}

/// What stands at the start of a region of one line.
fn text_at(lines: &[String], region: [&Value; 3]) -> String {
    let [line, start, end] = region.map(|number| usize::try_from(number.as_u64().expect("a number")).expect("small"));
    let line: Vec<char> = lines[line - 1].chars().collect();
    line[start - 1..end - 1].iter().collect()
}

fn a_place_is_where_the_name_stands() {
    for (end, mark) in [("\n", ""), ("\r\n", ""), ("\r", ""), ("\r\n", "\u{feff}")] {
        let directory = tempfile::tempdir().expect("a directory");
        let conf = [
            "# Grüße, 世界 \u{1f600}",
            "[libvirt]",
            "live_migration_progress_timeout\t=\t0",
            "live_migration_bandwidth = 5 # größer",
            "no_such_option_é = 1",
            "",
        ];
        let text = format!("{mark}{}", conf.join(end));
        fs::write(directory.path().join("nova.conf"), &text).expect("a file");
        let lines = lines(&text);
        let found = reported(directory.path(), "json");
        let mut seen = 0;
        for finding in found["findings"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|one| one["line"] == one["end_line"])
        {
            let option = finding["option"].as_str().unwrap_or_default();
            let (Some((_, name)), true) = (option.split_once('.'), finding["line"].is_u64()) else {
                continue;
            };
            let there = text_at(&lines, [&finding["line"], &finding["column"], &finding["end_column"]]);
            let is_comment = finding["rule"] == "inline-comment" && there == "# größer";
            assert!(
                is_comment || there.starts_with(name),
                "{end:?} {there:?} is not {name}: {finding}"
            );
            seen += 1;
        }
        assert!(seen >= 3, "{end:?}: {found}");
        let sarif = reported(directory.path(), "sarif");
        let results = sarif["runs"][0]["results"].as_array().expect("a list");
        let fixes = results
            .iter()
            .flat_map(|result| result["fixes"].as_array().cloned().unwrap_or_default());
        let replacements = fixes.flat_map(|fix| {
            fix["artifactChanges"][0]["replacements"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        });
        let mut seen = 0;
        for region in replacements.map(|one| one["deletedRegion"].clone()) {
            // The region in characters and the one in bytes are one.
            let at = |name: &str| usize::try_from(region[name].as_u64().expect("a number")).expect("small");
            let bytes = &text.as_bytes()[at("byteOffset")..at("byteOffset") + at("byteLength")];
            let before = &text.as_bytes()[..at("byteOffset")];
            let before = self::lines(std::str::from_utf8(before).expect("UTF-8"));
            assert_eq!(at("startLine"), before.len(), "{region}");
            assert_eq!(
                at("startColumn"),
                before.last().map_or(0, |line| line.chars().count()) + 1,
                "{region}"
            );
            assert!(std::str::from_utf8(bytes).is_ok());
            seen += 1;
        }
        // The second parser cannot confirm a file whose lines a lone CR ends, nova cannot read one with the mark: `fix` does not
        // write them.
        assert!(
            seen > 0 || end == "\r" || !mark.is_empty(),
            "{end:?}: no edits in {sarif}"
        );
    }
}

fn a_byte_order_mark_is_no_column() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(
        directory.path().join("nova.conf"),
        "\u{feff}no_section = 1\n[libvirt]\n",
    )
    .expect("a file");
    let found = reported(directory.path(), "json");
    let first = found["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["line"] == 1);
    let columns: Vec<u64> = first.map(|one| one["column"].as_u64().expect("a number")).collect();
    assert!(
        !columns.is_empty() && columns.iter().all(|column| *column == 1),
        "{found}"
    );
}

fn no_format_for_programs_names_a_file_from_the_top() {
    let directory = tempfile::tempdir().expect("a directory");
    let nova = directory.path().join("image/etc/nova");
    fs::create_dir_all(&nova).expect("a directory");
    fs::write(
        nova.join("nova.conf"),
        "[libvirt]\nlive_migration_progress_timeout = 0\nmultipath = maybe\n",
    )
    .expect("a file");
    let whole = nova.join("nova.conf").display().to_string();
    let of_findings = [
        "sarif",
        "junit",
        "github",
        "gitlab",
        "checkstyle",
        "nova-status",
        "nova-status-json",
    ];
    let of_all = ["json", "jsonl", "csv", "short", "markdown"];
    let checked = of_findings.iter().chain(&of_all).map(|format| ("check", *format));
    for (verb, format) in checked.chain(of_all.map(|format| ("fix", format))) {
        for (given, start) in [
            (&[&*whole][..], "image/"),
            (&["--root", "image"], ""),
            (&["--root", "image", &*whole], ""),
        ] {
            let shared = [
                "--from",
                "rocky",
                "--to",
                "stein",
                "--fail-on",
                "never",
                "--format",
                format,
            ];
            let run = run(directory.path(), &[&[verb], given, &shared[..]].concat(), "");
            // What people read on top of it names the files as they were given; and so does a diff.
            let is_head =
                |line: &&str| line.contains("files: ") || line.starts_with("--- ") || line.starts_with("+++ ");
            let text: Vec<&str> = run.out.lines().filter(|line| !is_head(line)).collect();
            let text = text
                .join("\n")
                .replace(&format!("--- {whole}"), "")
                .replace(&format!("+++ {whole}"), "");
            assert!(
                !text.contains(&*directory.path().to_string_lossy()),
                "{verb} {format} {given:?}: {text}"
            );
            let name = format!("{start}etc/nova/nova.conf");
            assert!(text.contains(&name), "{verb} {format} {given:?}: {text}");
        }
    }
}

fn a_path_starts_at_the_root_or_at_the_working_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let nova = directory.path().join("image/etc/nova");
    fs::create_dir_all(&nova).expect("a directory");
    fs::write(nova.join("nova.conf"), "[libvirt]\nno_such_option = 1\n").expect("a file");
    let whole = nova.join("nova.conf").display().to_string();
    let uris = |arguments: &[&str]| {
        let shared = ["--from", "33", "--to", "34", "--fail-on", "never", "--format", "sarif"];
        let run = run(directory.path(), &[&["check"], arguments, &shared[..]].concat(), "");
        let report: Value =
            serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err));
        let results = report["runs"][0]["results"].as_array().cloned().expect("a list");
        let places = results
            .into_iter()
            .map(|result| result["locations"][0]["physicalLocation"]["artifactLocation"].clone());
        places.collect::<Vec<Value>>()
    };
    for (arguments, uri) in [
        (&["image/etc/nova/nova.conf"][..], "image/etc/nova/nova.conf"),
        (&["./image/../image/etc/nova/nova.conf"], "image/etc/nova/nova.conf"),
        (&[&*whole], "image/etc/nova/nova.conf"),
        (&["--root", "image"], "etc/nova/nova.conf"),
        (&["--root", "image", &*whole], "etc/nova/nova.conf"),
    ] {
        let all = uris(arguments);
        assert!(!all.is_empty(), "{arguments:?}");
        for one in all {
            assert_eq!(
                (&one["uri"], &one["uriBaseId"]),
                (&uri.into(), &"%SRCROOT%".into()),
                "{arguments:?}"
            );
        }
    }
}
