//! Whatever characters stand in files, names, values, variables and arguments: what novamend prints rules no terminal,
//! forges no line, and starts no command of a CI runner.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::Command;

use novamend::output::Format;
use novamend::output::envelope::Kind;
use novamend::plain;
use proptest::prelude::*;

/// Characters that must not come out raw, and what starts a command.
const EVIL: [&str; 34] = [
    "\u{1b}[2J",
    "\u{1b}]0;t\u{7}",
    "\u{0}",
    "\u{7}",
    "\u{8}",
    "\r",
    "\u{b}",
    "\u{c}",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "\u{9b}31m",
    "\u{9d}0;x\u{9c}",
    "\u{61c}",
    "\u{200b}",
    "\u{200d}",
    "\u{200e}",
    "\u{200f}",
    "\u{2028}",
    "\u{2029}",
    "\u{202a}",
    "\u{202e}",
    "\u{2060}",
    "\u{2066}",
    "\u{2069}",
    "\u{feff}",
    "\u{ad}",
    "\u{e0001}",
    "\u{e0041}",
    "\u{3164}",
    "::error::x",
    " ::set-env name=x::y",
    "##[error]x",
    "##vso[task.x]y",
];

fn evil() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![prop::sample::select(EVIL.to_vec()), Just("a"), Just("é"), Just("`")],
        1..5,
    )
    .prop_map(|parts| parts.concat())
}

fn run(directory: &Path, name: &OsStr, variable: &str, arguments: &[&OsStr]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_novamend"))
        .args(arguments)
        .current_dir(directory)
        .env("OS_LIBVIRT__VIRT_TYPE", variable.replace('\0', ""))
        .env(format!("OS_LIBVIRT__X{}", variable.replace(['\0', '='], "")), "x")
        .output()
        .expect("novamend runs");
    let code = output.status.code();
    assert!(
        code.is_some_and(|code| code <= 2),
        "{} {arguments:?}: {output:?}",
        name.display()
    );
    [output.stdout, output.stderr].concat()
}

/// Whether `line` is one of the commands that show something, and as GitHub reads it one of novamend's alone.
fn shows(line: &str) -> bool {
    let rest = ["::error ", "::warning ", "::notice "]
        .iter()
        .find_map(|word| line.strip_prefix(word));
    let properties = rest.and_then(|rest| rest.split("::").next());
    let names = ["file", "line", "endLine", "col", "endColumn", "title"];
    let mut names_of = properties
        .iter()
        .flat_map(|text| text.split(','))
        .map(|one| one.split('=').next());
    properties.is_some() && names_of.all(|name| name.is_some_and(|name| names.contains(&name)))
}

fn assert_clean(said: &[u8], format: Format, about: &str) {
    let is_json = [
        Format::Json,
        Format::Jsonl,
        Format::Sarif,
        Format::Gitlab,
        Format::NovaStatusJson,
    ]
    .contains(&format);
    let text = std::str::from_utf8(said).unwrap_or_else(|error| panic!("{about}: not UTF-8: {error}"));
    let raw = text
        .chars()
        .find(|&c| plain::is_unsafe(c) && c != '\n' && (c != '\t' || is_json));
    assert!(raw.is_none(), "{about}: {raw:?} in {text:?}");
    for line in text.lines() {
        let is_command = line.trim_start().starts_with("::");
        assert!(
            !is_command || (format == Format::Github && shows(line)),
            "{about}: {line}"
        );
        assert!(!line.contains("##[") && !line.contains("##vso["), "{about}: {line}");
    }
}

/// Whatever stands in the files, a row of a table has as many cells as the table has columns, and no tag or link opens.
fn assert_markdown(said: &[u8], about: &str) {
    let text = String::from_utf8_lossy(said).into_owned();
    let (mut columns, mut fence) = (0, None);
    for line in text.lines() {
        let ticks = line.bytes().take_while(|&byte| byte == b'`').count();
        match fence {
            Some(open) if ticks >= open && line.len() == ticks => fence = None,
            None if ticks > 2 => fence = Some(ticks),
            _ => {}
        }
        if fence.is_some() || ticks > 2 || !line.starts_with('|') {
            columns = 0;
            continue;
        }
        let unescaped = |at: usize| line[..at].bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 0;
        let bars = line.match_indices('|').filter(|(at, _)| unescaped(*at)).count();
        assert!(
            columns == 0 || bars == columns,
            "{about}: {bars} and not {columns} bars in {line}"
        );
        columns = bars;
        let (mut is_escaped, mut is_code) = (false, false);
        for c in line.chars() {
            assert!(is_escaped || is_code || !"<[*_".contains(c), "{about}: {c} in {line}");
            is_code ^= c == '`' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped && !is_code;
        }
    }
}

/// A file name of `text`: no slash, no NUL, not too long.
fn file_name(text: &str) -> OsString {
    let mut bytes = text.replace(['/', '\0'], "").into_bytes();
    bytes.truncate(60);
    bytes.extend_from_slice(b"\x9b\n::error::.conf");
    OsString::from_vec(bytes)
}

fn conf(key: &str, value: &str, section: &str) -> Vec<u8> {
    let without_end = |text: &str| text.replace(['\n', '\r', '\0'], "");
    let (key, section) = (
        without_end(key).replace(['=', ':', '['], ""),
        without_end(section).replace([']', '['], ""),
    );
    let mut text = format!(
        "[libvirt]\nvirt_type = {value}\nlive_migration_progress_timeout = 0\nlive_migration_timeout_action = {value}\n\
         live_migration_scheme = {value}\nlive_migration_uri = qemu+{value}://h\nlive_migration_permit_post_copy = true\n\
         x{key} = ${value}\nlive_migration_bandwidth = 5 # {value}\n  {value}\n# {value}\n[a{section}]\nb{key} = {value}\n\
         [a{section}]\nb{key} = {value}\n[filter_scheduler]\nenabled_filters = A{value}\n"
    )
    .into_bytes();
    text.extend_from_slice(b"c\x9b = \x85\xff\x1b\n");
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_rules_a_terminal_comes_out_of_any_command(key in evil(), value in evil(), section in evil(), name in evil()) {
        let directory = tempfile::tempdir().expect("a directory");
        let file = file_name(&name);
        fs::write(directory.path().join(&file), conf(&key, &value, &section)).expect("a file");
        let settings = format!("to = \"{}\"\n", value.replace(['\0', '\n', '\r', '"', '\\'], ""));
        fs::write(directory.path().join("x.toml"), settings).expect("a file");
        let word = OsString::from(value.replace('\0', ""));
        let own = [&file, OsStr::new("--env"), OsStr::new("--from"), OsStr::new("rocky"), OsStr::new("--to"), OsStr::new("34")];
        let about = format!("{key:?} {value:?} {section:?} {name:?}");
        for format in Format::ALL {
            let format_words = [OsStr::new("--format"), OsStr::new(format.as_str())];
            let verbs = if format.is_of_findings() { 1 } else { 2 };
            for verb in [&["check", "--pedantic"][..], &["fix", "--unsafe-fixes", "--when", "upgrade"]].into_iter().take(verbs) {
                let verb: Vec<&OsStr> = verb.iter().map(OsStr::new).collect();
                let said = run(directory.path(), &file, &value, &[&verb, &own[..], &format_words].concat());
                assert_clean(&said, format, &about);
                if format == Format::Markdown {
                    assert_markdown(&said, &about);
                }
                if format == Format::Short && verb[0] == "check" {
                    let text = String::from_utf8_lossy(&said).into_owned();
                    let is_line = |line: &str| {
                        ["checked ", "novamend: ", "  ", "files: "].iter().any(|start| line.starts_with(start))
                            || line.contains("error[") || line.contains("warning[") || line.contains("info[") || line.contains("note")
                            || line.contains("suppressed") || line.contains("nothing found")
                    };
                    prop_assert!(text.lines().all(is_line), "{about}: {text}");
                }
            }
        }
        for format in Format::of(Kind::Where) {
            let format_words = [OsStr::new("--format"), OsStr::new(format.as_str())];
            for arguments in [
                &[OsStr::new("where"), OsStr::new("--all"), &file, OsStr::new("--env"), OsStr::new("--show-secrets")][..],
                &[OsStr::new("where"), OsStr::new("libvirt.virt_type"), &file, OsStr::new("--env")],
            ] {
                let said = run(directory.path(), &file, &value, &[arguments, &format_words].concat());
                assert_clean(&said, format, &format!("{about} by {arguments:?}"));
                if format == Format::Markdown {
                    assert_markdown(&said, &about);
                }
            }
        }
        for arguments in [
            &[OsStr::new("where"), OsStr::new("--all"), &file, OsStr::new("--env")][..],
            &[OsStr::new("where"), &word, &file],
            &[OsStr::new("option"), &word],
            &[OsStr::new("explain"), &word],
            &[OsStr::new("upgrade"), &word, OsStr::new("34")],
            &[OsStr::new("check"), &word],
            &[OsStr::new("check"), OsStr::new("."), OsStr::new("--from"), &word],
            &[OsStr::new("check"), OsStr::new("."), OsStr::new("--format"), &word],
            &[OsStr::new("check"), OsStr::new("--config-dir"), &word],
            &[OsStr::new("check"), OsStr::new("."), OsStr::new("--settings"), OsStr::new("x.toml")],
            &[OsStr::new("check"), OsStr::new("."), OsStr::new("--settings"), &file],
            &[OsStr::new("check"), OsStr::new("."), OsStr::new("--extra-catalog"), &file],
            &[&word],
            &[OsStr::new("check"), &file, OsStr::new("--from"), OsStr::new("rocky"), OsStr::new("--write-ignores")],
            &[OsStr::new("fix"), &file, OsStr::new("--from"), OsStr::new("rocky"), OsStr::new("--write"), OsStr::new("--unsafe-fixes")],
            &[OsStr::new("undo"), &file],
        ] {
            let said = run(directory.path(), &file, &value, arguments);
            assert_clean(&said, Format::Pretty, &format!("{about} by {arguments:?}"));
        }
        let json = run(directory.path(), &file, &value, &[&[OsStr::new("check")], &own[..], &[OsStr::new("--format"), OsStr::new("json")]].concat());
        let first = json.iter().position(|&byte| byte == b'{').expect("a document");
        let last = json.iter().rposition(|&byte| byte == b'}').expect("a document");
        serde_json::from_slice::<serde_json::Value>(&json[first..=last]).expect("it is JSON");
    }
}

#[test]
fn an_argument_that_is_refused_starts_no_command_of_a_runner() {
    let directory = tempfile::tempdir().expect("a directory");
    for word in ["a##vso[task.x]y", "##[error]x", "a\n::error::x"] {
        for arguments in [
            &["upgrade", word, "34"][..],
            &["check", ".", "--from", word],
            &["check", ".", "--format", word],
            &[word],
        ] {
            let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
            let said = run(directory.path(), OsStr::new("."), "", &arguments);
            assert!(!said.is_empty());
            assert_clean(&said, Format::Pretty, &format!("{arguments:?}"));
        }
    }
}

#[test]
fn colours_are_the_only_escapes_where_they_are_wanted() {
    let directory = tempfile::tempdir().expect("a directory");
    let value = "\u{1b}[2J\u{1b}[31mred\u{1b}[0m";
    fs::write(directory.path().join("nova.conf"), conf(value, value, value)).expect("a file");
    for verb in ["check", "fix"] {
        let arguments = [
            verb,
            "nova.conf",
            "--from",
            "rocky",
            "--to",
            "34",
            "--color",
            "always",
            "--unsafe-fixes",
        ];
        let arguments: Vec<&OsStr> = arguments[..if verb == "fix" { 9 } else { 8 }]
            .iter()
            .map(OsStr::new)
            .collect();
        let said = run(directory.path(), OsStr::new("nova.conf"), "x", &arguments);
        let text = String::from_utf8_lossy(&said).into_owned();
        assert!(
            !text.contains("\u{1b}[2J") && !text.contains("\u{1b}[31mred"),
            "{text:?}"
        );
    }
}

#[test]
fn a_name_that_is_not_utf_8_is_shown_as_text() {
    let directory = tempfile::tempdir().expect("a directory");
    let name = OsStr::from_bytes(b"\xff\x9b\x1b[2J.conf");
    fs::write(directory.path().join(name), "[libvirt]\nvirt_type = x\n").expect("a file");
    let arguments = [OsStr::new("check"), OsStr::new(".")];
    let said = run(directory.path(), name, "x", &arguments);
    assert_clean(&said, Format::Pretty, "a name that is not UTF-8");
}
