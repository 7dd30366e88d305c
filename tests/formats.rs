//! Every verb prints in every format; JSON is what docs/json.md says of it, and a short report is one line for each thing.

#[path = "oracle/run.rs"]
mod run;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use novamend::output::Format;
use serde_json::Value;

use run::run;

/// Something of everything: fixes now and later, a suppressed finding, one with other places, one that no line holds.
const CONF: &str = "[DEFAULT]\nmy_ip = 192.0.2.1\ncompute_driver = libvirt.LibvirtDriver\n[libvirt]\n\
    live_migration_permit_post_copy = true\nlive_migration_progress_timeout = 0\nlive_migration_completion_timeout = 0\n\
    # novamend: ignore[unknown-option] known here\nmy_own_name = 1\nlive_migration_bandwidth = 1\nlive_migration_bandwidth = 2\n\
    connection_uri = qemu:///system # a note\n";

/// Each verb with arguments that make it print something.
fn verbs() -> Vec<(&'static str, Vec<&'static str>)> {
    let upgrade = ["nova.conf", "--from", "rocky", "--to", "34"];
    let of = |first: &[&'static str]| [first, &upgrade].concat();
    vec![
        ("check", of(&["check", "--fail-on", "never"])),
        ("fix", of(&["fix", "--fail-on", "never", "--unsafe-fixes"])),
        ("where", vec!["where", "--all", "nova.conf"]),
        ("where", vec!["where", "libvirt.live_migration_bandwidth", "nova.conf"]),
        ("option", vec!["option", "libvirt.live_migration_progress_timeout"]),
        ("option", vec!["option", "neutron.url"]),
        ("upgrade", vec!["upgrade", "stein", "ussuri"]),
        ("rules", vec!["rules"]),
        ("explain", vec!["explain", "inline-comment"]),
    ]
}

/// A directory with `text` as its nova.conf.
fn with(text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("nova.conf"), text).expect("a file");
    directory
}

fn printed(at: &Path, arguments: &[&str], format: Format) -> String {
    let run = run(at, &[arguments, &["--format", format.as_str()]].concat(), "");
    assert_eq!(run.code, 0, "{arguments:?}: {}", run.err);
    run.out
}

#[test]
fn every_verb_prints_something_else_in_every_format() {
    let at = with(CONF);
    for (kind, arguments) in verbs() {
        let formats: Vec<Format> = Format::ALL
            .into_iter()
            .filter(|format| kind == "check" || !format.is_of_findings())
            .collect();
        let texts: BTreeSet<String> = formats
            .iter()
            .map(|format| printed(at.path(), &arguments, *format))
            .collect();
        // The page of a rule is Markdown, for people too.
        let different = formats.len() - usize::from(kind == "explain");
        assert_eq!(texts.len(), different, "{arguments:?}: {texts:?}");
        assert!(texts.iter().all(|text| text.ends_with('\n')), "{arguments:?}");
    }
}

#[test]
fn every_json_document_opens_with_the_same_head() {
    let at = with(CONF);
    for (kind, arguments) in verbs() {
        let text = printed(at.path(), &arguments, Format::Json);
        let version = env!("CARGO_PKG_VERSION");
        let head = format!("{{\"schema\":\"novamend\",\"kind\":\"{kind}\",\"version\":2,\"novamend\":\"{version}\",");
        assert!(text.starts_with(&head), "{text}");
        serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"));
    }
}

#[test]
fn json_lines_are_the_objects_of_json() {
    let at = with(CONF);
    for (kind, arguments) in verbs() {
        let text = printed(at.path(), &arguments, Format::Jsonl);
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object a line"))
            .collect();
        let whole: Value = serde_json::from_str(&printed(at.path(), &arguments, Format::Json)).expect("JSON");
        assert_eq!(lines[0]["record"], "head");
        assert_eq!(lines[0]["schema"], whole["schema"]);
        let of = |record: &str| -> Vec<Value> {
            let own = lines.iter().filter(|line| line["record"] == record).cloned();
            own.map(|mut line| {
                line.as_object_mut().expect("an object").remove("record");
                line
            })
            .collect()
        };
        let (record, list) = match kind {
            "check" => ("finding", "findings"),
            "fix" => ("stack", "stacks"),
            "where" => ("assignment", "assignments"),
            "upgrade" => ("hop", "hops"),
            "option" => ("option", "option"),
            "rules" => ("rule", "rules"),
            _ => ("rule", "rule"),
        };
        let expected = whole[list]
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![whole[list].clone()]);
        assert_eq!(of(record), expected, "{arguments:?}");
        if kind == "check" {
            assert_eq!(of("suppressed"), *whole["suppressed"].as_array().expect("a list"));
            assert_eq!(of("end")[0]["summary"], whole["summary"]);
        }
    }
}

#[test]
fn a_format_of_findings_is_refused_where_there_are_none() {
    let at = with(CONF);
    for (kind, arguments) in verbs().into_iter().filter(|(kind, _)| *kind != "check") {
        let run = run(at.path(), &[&arguments[..], &["--format", "sarif"]].concat(), "");
        assert_eq!((run.code, &*run.out), (2, ""), "{kind}");
        assert!(
            run.err.contains("`sarif` is a format of `novamend check`"),
            "{}",
            run.err
        );
    }
}

#[test]
fn several_reports_of_one_run_say_what_each_says_alone() {
    let at = with(CONF);
    let (_, check) = verbs().remove(0);
    let files: Vec<String> = Format::ALL
        .into_iter()
        .map(|format| format!("{0}={0}.report", format.as_str()))
        .collect();
    let words: Vec<&str> = files.iter().flat_map(|file| ["--format", file]).collect();
    let all = [&check[..], &words, &["--format", "short", "--output", "main.report"]].concat();
    // The second run replaces its own reports.
    for _ in 0..2 {
        let run = run(at.path(), &all, "");
        assert_eq!((run.code, &*run.out), (0, ""), "{}", run.err);
    }
    let read = |name: &str| fs::read_to_string(at.path().join(name)).expect("a report");
    assert_eq!(read("main.report"), printed(at.path(), &check, Format::Short));
    for format in Format::ALL {
        let name = format!("{}.report", format.as_str());
        assert_eq!(read(&name), printed(at.path(), &check, format), "{name}");
    }
}

#[test]
fn a_report_replaces_no_file_that_is_none() {
    let at = with(CONF);
    std::os::unix::fs::symlink("nova.conf", at.path().join("link")).expect("a link");
    let (_, check) = verbs().remove(0);
    for format in Format::ALL {
        for file in ["nova.conf", "link", "no/such/directory", "."] {
            let asked = format!("{}={file}", format.as_str());
            let run = run(at.path(), &[&check[..], &["--format", &asked]].concat(), "");
            assert_eq!((run.code, &*run.out), (2, ""), "{asked}: nothing is checked first");
            assert!(run.err.contains("the report cannot be written"), "{asked}: {}", run.err);
        }
    }
    assert_eq!(fs::read_to_string(at.path().join("nova.conf")).expect("the file"), CONF);
    for words in [
        &["--format", "json", "--format", "short"][..],
        &["--format", "json=a", "--output", "a"],
    ] {
        assert_eq!(run(at.path(), &[&check[..], words].concat(), "").code, 2, "{words:?}");
    }
}

#[test]
fn a_list_that_is_empty_is_one_in_json() {
    let at = with("");
    for arguments in [
        &["check", "nova.conf", "--from", "33", "--to", "33", "--fail-on", "never"][..],
        &["where", "--all", "nova.conf"],
    ] {
        let document: Value = serde_json::from_str(&printed(at.path(), arguments, Format::Json)).expect("JSON");
        let list = document.get("findings").or_else(|| document.get("assignments"));
        assert_eq!(list, Some(&Value::Array(Vec::new())), "{document}");
    }
}

#[test]
fn a_short_fix_is_one_line_for_each_fix_file_and_finding() {
    let at = with(CONF);
    let (_, fix) = &verbs()[1];
    let text = printed(at.path(), fix, Format::Short);
    let document: Value = serde_json::from_str(&printed(at.path(), fix, Format::Json)).expect("JSON");
    let count = |name: &str| document["stacks"][0][name].as_array().map_or(0, Vec::len);
    let lines = |what: &str| text.lines().filter(|line| line.contains(what)).count();
    assert!(count("applied") > 0 && count("left") > 0, "{document}");
    assert_eq!(lines("nova.conf: fix["), count("applied") + count("later"), "{text}");
    assert_eq!(
        lines("nova.conf: file changes"),
        count("changed") + count("changed_later"),
        "{text}"
    );
    let left = ["error[", "warning[", "info["]
        .iter()
        .map(|word| lines(word))
        .sum::<usize>();
    assert_eq!(left, count("left"), "{text}");
}

/// The names of all fields below `value`.
fn fields(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
        Value::Object(object) => {
            for (name, value) in object {
                found.insert(name.clone());
                fields(value, found);
            }
        }
        _ => {}
    }
}

/// The section of docs/json.md about `title`; the text before all sections for `""`.
fn section(title: &str) -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md")).expect("the page");
    let mut sections = page.split("\n## ");
    let found = if title.is_empty() {
        sections.next()
    } else {
        sections.find(|section| section.lines().next() == Some(title))
    };
    found.unwrap_or_else(|| panic!("no section about {title}")).to_owned()
}

/// Every word in backquotes of `text`, each part of `a.b` for itself.
fn quoted(text: &str) -> BTreeSet<String> {
    let without_blocks: String = text.split("```").step_by(2).collect();
    let words = without_blocks.split('`').skip(1).step_by(2);
    let parts = words.flat_map(|word| word.trim_start_matches('.').split('.'));
    parts.map(str::to_owned).collect()
}

/// The fields that the tables of `text` name in their first columns.
fn tabled(text: &str) -> BTreeSet<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.flat_map(|row| quoted(&format!("`{}", row.split(" | ").next().unwrap_or_default())))
        .collect()
}

#[test]
fn the_page_about_json_names_every_field_and_none_that_there_is_not() {
    let at = with(CONF);
    // It has two formats, not all of them.
    let catalog = [vec!["catalog"], vec!["catalog", "rocky", "stein"]];
    let catalog = catalog.map(|arguments| ("catalog", arguments));
    for kind in [
        "check", "fix", "where", "option", "upgrade", "catalog", "rules", "explain",
    ] {
        let mut found = BTreeSet::new();
        let all = verbs().into_iter().chain(catalog.clone());
        for (_, arguments) in all.filter(|(other, _)| *other == kind) {
            let text = printed(at.path(), &arguments, Format::Json);
            fields(&serde_json::from_str(&text).expect("JSON"), &mut found);
        }
        let own = section(kind);
        // The findings of `fix` are those of `check`, a page of `explain` belongs to one of the `rules`.
        let base = match kind {
            "fix" => section("check"),
            "explain" => section("rules"),
            _ => String::new(),
        };
        let named = quoted(&[section(""), base, own.clone()].concat());
        let missing: Vec<&String> = found.difference(&named).collect();
        assert!(missing.is_empty(), "docs/json.md does not name, of {kind}: {missing:?}");
        // A variable stands in the place of a line only where the environment is read.
        let rare = BTreeSet::from(["variable".to_owned()]);
        let gone = &(&tabled(&own) - &found) - &rare;
        assert!(
            gone.is_empty(),
            "docs/json.md names, of {kind}, what is not there: {gone:?}"
        );
    }
}

/// Of files that hold the same only the first is looked at; each is reported as it is where it is checked alone.
#[test]
fn equal_files_of_a_fleet_are_reported_each_under_its_own_name() {
    let at = tempfile::tempdir().expect("a directory");
    let names: Vec<String> = (10..90).map(|number| format!("host-{number}.conf")).collect();
    for name in &names {
        fs::write(at.path().join(name), CONF).expect("a file");
    }
    let upgrade = ["--from", "rocky", "--to", "34", "--fail-on", "never"];
    for (format, sign) in [(Format::Short, "NAME:"), (Format::Jsonl, "\"file\":\"NAME\"")] {
        let of = |text: &str, name: &str| -> Vec<String> {
            let lines = text.lines().map(|line| line.replace(name, "NAME"));
            lines.filter(|line| line.contains(sign)).collect()
        };
        let alone = printed(at.path(), &[&["check", &names[0]], &upgrade[..]].concat(), format);
        let alone = of(&alone, &names[0]);
        assert!(alone.len() > 4, "{alone:#?}");
        let all = printed(at.path(), &[&["check", "."], &upgrade[..]].concat(), format);
        for name in &names {
            assert_eq!(of(&all, name), alone, "{format:?} {name}");
        }
    }
}
