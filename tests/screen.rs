//! What a person sees first: errors before all else, equal findings once, on terminals of 60, 80 and 120 columns.

#[path = "oracle/ground.rs"]
mod ground;
#[path = "oracle/run.rs"]
mod run;
#[path = "screen/terminal.rs"]
mod terminal;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ground::{pipe, with};
use run::{Run, run};
use rustix::process::{Pid, Signal, kill_process};
use terminal::{On, said, start};
use unicode_width::UnicodeWidthStr;

/// Somebody whom modes of files hold.
const NOBODY: u32 = 65_534;
const WIDTHS: [&str; 3] = ["60", "80", "120"];
/// Errors of several effects, lines that nova ignores, a misspelt one, defaults that change.
const MANY: &str = include_str!("screen/many.conf");
/// Little, and yet more of it than a pipe takes.
const TRAP: &str =
    "[libvirt]\nlive_migration_permit_post_copy = true\nlive_migration_progress_timeout = 7\nno_such_name = 1\n";
const UPGRADE: [&str; 4] = ["--from", "rocky", "--to", "2025.1"];

/// `check` on so many columns.
fn check(directory: &Path, arguments: &[&str], columns: &str) -> Run {
    let arguments = [&["check"], arguments].concat();
    run::with_variables(directory, &arguments, &[("COLUMNS", columns)])
}

fn widest(text: &str) -> usize {
    text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// The labels that lines begin with: `error[rule]`.
fn labels(text: &str) -> Vec<&str> {
    let words = text.lines().filter_map(|line| line.split(' ').next());
    words.filter(|word| word.ends_with(']') && word.contains('[')).collect()
}

fn fleet(files: usize, text: &str) -> tempfile::TempDir {
    let at = tempfile::tempdir().expect("a directory");
    for number in 0..files {
        fs::write(at.path().join(format!("c{number:04}.conf")), text).expect("a file");
    }
    at
}

#[test]
fn a_thousand_equal_files_fit_in_forty_lines() {
    let at = fleet(1000, MANY);
    for columns in WIDTHS {
        let run = check(at.path(), &[&["."], &UPGRADE[..]].concat(), columns);
        let lines = run.out.lines().count();
        assert!(run.code == 1 && lines <= 40, "{lines} lines at {columns}:\n{}", run.out);
        assert!(widest(&run.out) <= columns.parse().expect("a number"), "{}", run.out);
        let glued = run.out.replace("\n  ", " ");
        assert!(
            glued.contains("in 1,000 files: ./c0000.conf, ./c0001.conf, ./c0002.conf …"),
            "{glued}"
        );
    }
}

#[test]
fn all_errors_stand_on_the_first_screen_and_before_all_else() {
    let at = with(&[("nova.conf", MANY)]);
    for columns in WIDTHS {
        let run = check(at.path(), &[&["nova.conf"], &UPGRADE[..]].concat(), columns);
        let is_error = |label: &&&str| label.starts_with("error[");
        let first = run.out.lines().take(24).collect::<Vec<_>>().join("\n");
        let all = labels(&run.out);
        let errors = all.iter().filter(is_error).count();
        assert_eq!(all.iter().take_while(is_error).count(), errors, "{}", run.out);
        let short = check(
            at.path(),
            &[&["nova.conf", "--format", "short"], &UPGRADE[..]].concat(),
            columns,
        );
        let mut each = short
            .out
            .lines()
            .filter_map(|line| line.split_once(": error["))
            .peekable();
        assert!(each.peek().is_some(), "{}", short.out);
        for (place, text) in each {
            let rule = text.split(']').next().unwrap_or_default();
            assert!(first.contains(&format!("error[{rule}]")), "{rule}: {}", run.out);
            let line = place.split(':').nth(1).unwrap_or_default();
            assert!(line.is_empty() || first.contains(line), "{place}: {}", run.out);
        }
        assert!(widest(&run.out) <= columns.parse().expect("a number"), "{}", run.out);
    }
}

#[test]
fn what_stops_a_service_comes_before_what_stops_migrations_and_what_means_something_else() {
    let text = "[DEFAULT]\nmy_ip = 192.0.2.1\n[libvirt]\nlive_migration_permit_post_copy = true\n\
        live_migration_tunnelled = true\nlive_migration_completion_timeout = soon\n";
    let at = with(&[("b.conf", text), ("a.conf", text)]);
    let run = check(
        at.path(),
        &["b.conf", "a.conf", "--from", "rocky", "--to", "stein"],
        "100",
    );
    let errors: Vec<&str> = labels(&run.out)
        .into_iter()
        .filter(|label| label.starts_with("error["))
        .collect();
    assert_eq!(
        errors,
        [
            "error[invalid-value]",
            "error[post-copy-with-tunnelled]",
            "error[lost-auto-post-copy]"
        ],
        "{}",
        run.out
    );
    assert!(run.out.contains("in 2 files: b.conf, a.conf\n"), "{}", run.out);
}

#[test]
fn five_and_thirty_findings_take_no_more_than_a_hundred_and_twenty_lines() {
    let mut text = MANY.to_owned();
    for name in ["cpu_allocation_ration", "instance_path", "reserved_host_disk", "debugg"] {
        text.push_str(&format!("{name} = 1\n"));
    }
    let at = with(&[("nova.conf", &text)]);
    for columns in WIDTHS {
        for flags in [&[][..], &["--show", "ignored,defaults"]] {
            let run = check(at.path(), &[&["nova.conf"], flags, &UPGRADE[..]].concat(), columns);
            let lines = run.out.lines().count();
            assert!(lines <= 120, "{lines} lines at {columns}:\n{}", run.out);
        }
    }
}

#[test]
fn what_nova_ignores_already_and_defaults_that_change_are_a_line_each() {
    let text = "[DEFAULT]\nno_such_name = 1\nnor_this = 1\nnor_this = 2\n[libvirt]\nvirt_type = kvm\n\
        live_migration_bandwith = 7\n";
    let at = fleet(3, text);
    let stein = ["--from", "rocky", "--to", "stein"];
    let run = check(at.path(), &[&["."], &stein[..]].concat(), "100");
    assert!(
        run.out.contains("\n9 lines nova ignores already; `--show ignored`\n"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("\n2 defaults change; `--show defaults`\n"),
        "{}",
        run.out
    );
    // Somebody meant something by a name that is nearly right.
    assert!(labels(&run.out).contains(&"warning[unknown-option]"), "{}", run.out);
    let shown = check(at.path(), &[&[".", "--show", "ignored"], &stein[..]].concat(), "100");
    assert!(
        !shown.out.contains("ignores already") && shown.out.contains("no_such_name"),
        "{}",
        shown.out
    );
    let shown = check(at.path(), &[&[".", "--show", "defaults"], &stein[..]].concat(), "100");
    assert!(shown.out.contains("[changed-default]"), "{}", shown.out);
    // Whom a default does not concern is not bothered with it.
    let of = |program: &str| check(at.path(), &[&[".", "--program", program], &stein[..]].concat(), "100").out;
    assert!(
        of("nova-compute").contains("defaults change for nova-compute"),
        "{}",
        of("nova-compute")
    );
    assert!(!of("nova-scheduler").contains("default"), "{}", of("nova-scheduler"));
}

#[test]
fn the_last_lines_name_the_errors_and_the_next_command() {
    let at = with(&[("a b.conf", "[libvirt]\nlive_migration_permit_post_copy = true\n")]);
    let run = check(at.path(), &["a b.conf", "--from", "rocky", "--to", "stein"], "100");
    let last: Vec<&str> = run.out.lines().rev().take(3).collect();
    assert_eq!(last[2], "errors: lost-auto-post-copy", "{}", run.out);
    assert_eq!(
        last[0], "next: `novamend fix --from rocky --to stein 'a b.conf'`",
        "{}",
        run.out
    );
    let of = |text: &str| {
        let at = with(&[("nova.conf", text)]);
        let run = check(at.path(), &["nova.conf", "--from", "rocky", "--to", "stein"], "100");
        run.out.lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(
        of("[libvirt]\nvirt_type kvm\n"),
        "next: `novamend explain malformed-line`"
    );
    assert_eq!(of("[a]\n"), "nothing found");
}

#[test]
fn statistics_count_each_rule_and_rules_can_be_chosen() {
    let at = fleet(
        3,
        "[libvirt]\nlive_migration_progress_timeout = 7\nlive_migration_bandwith = 7\n",
    );
    let stein = ["--from", "rocky", "--to", "stein", "--fail-on", "never"];
    let of = |flags: &[&str]| check(at.path(), &[&["."], flags, &stein[..]].concat(), "100");
    for format in ["pretty", "short"] {
        let counted = of(&["--statistics", "--format", format]).out;
        let line = counted.lines().find(|line| line.contains("removed-progress-timeout"));
        let line = line.unwrap_or_else(|| panic!("{counted}"));
        assert!(line.starts_with("3 ") && line.ends_with("3 warnings"), "{counted}");
        assert!(!counted.contains('['), "{counted}");
    }
    assert_eq!(of(&["--statistics", "--format", "json"]).code, 2);
    let selected = of(&["--select", "unknown-option,removed-option"]);
    assert_eq!(labels(&selected.out), ["warning[unknown-option]"], "{}", selected.out);
    assert!(
        selected.out.contains("rules: only unknown-option, removed-option\n"),
        "{}",
        selected.out
    );
    let ignored = of(&["--ignore", "unknown-option"]);
    assert!(!ignored.out.contains("[unknown-option]"), "{}", ignored.out);
    let slip = of(&["--select", "unknown-optoin"]);
    assert!(
        slip.code == 2 && slip.err.contains("did you mean `unknown-option`?"),
        "{}",
        slip.err
    );
    // A comment that suppresses what is not asked for is of use all the same.
    let text = "[libvirt]\n# novamend: ignore[unknown-option] known\nlive_migration_bandwith = 7\n";
    let at = with(&[("nova.conf", text)]);
    for flags in [["--ignore", "unknown-option"], ["--select", "unused-suppression"]] {
        let run = check(at.path(), &[&["nova.conf"], &flags[..], &stein[..]].concat(), "100");
        assert!(labels(&run.out).is_empty(), "{}", run.out);
    }
}

#[test]
fn what_is_excluded_is_not_read_and_the_report_says_so() {
    let at = with(&[
        ("a/nova.conf", "[a]\n"),
        ("lab/nova.conf", "x\n"),
        ("a/old.bak.conf", "x\n"),
    ]);
    let of = |paths: &[&str], globs: &[&str]| {
        let globs = globs.iter().flat_map(|glob| ["--exclude", glob]);
        let all: Vec<&str> = paths.iter().copied().chain(globs).chain(["--from", "rocky"]).collect();
        check(at.path(), &all, "100")
    };
    let all = of(&["."], &[]);
    assert_eq!(labels(&all.out).len(), 1, "{}", all.out);
    let run = of(&["."], &["lab", "*.bak.conf"]);
    assert_eq!((run.code, labels(&run.out).len()), (0, 0), "{}", run.out);
    assert!(run.out.contains("./lab (is excluded by `--exclude`)"), "{}", run.out);
    let named = of(&["a/nova.conf", "lab/nova.conf"], &["lab/*"]);
    assert!(
        named.code == 0 && named.out.contains("lab/nova.conf (is excluded"),
        "{}",
        named.out
    );
    // Nothing left is nothing checked.
    assert_eq!(of(&["."], &["*.conf"]).code, 2);
    assert_eq!(of(&["."], &["[a"]).code, 2);
}

#[test]
fn every_flag_may_be_a_variable_that_the_command_line_overrules() {
    let at = fleet(2, "[libvirt]\nlive_migration_progress_timeout = 7\n");
    let of = |arguments: &[&str], variables: &[(&str, &str)]| {
        run::with_variables(at.path(), &[&["check", "."], arguments].concat(), variables)
    };
    let upgrade = [("NOVAMEND_FROM", "rocky"), ("NOVAMEND_TO", "stein")];
    let with = |more: &[(&'static str, &'static str)]| [&upgrade[..], more].concat();
    let plain = of(&[], &upgrade);
    assert!(
        plain.code == 1 && plain.out.contains("from rocky (18) to stein (19)"),
        "{}{}",
        plain.out,
        plain.err
    );
    assert_eq!(of(&[], &with(&[("NOVAMEND_FAIL_ON", "error")])).code, 0);
    assert_eq!(
        of(&["--fail-on", "warning"], &with(&[("NOVAMEND_FAIL_ON", "error")])).code,
        1
    );
    let json = of(&[], &with(&[("NOVAMEND_FORMAT", "json")]));
    assert!(json.out.starts_with('{'), "{}", json.out);
    let rules = of(
        &[],
        &with(&[("NOVAMEND_IGNORE", "removed-progress-timeout,changed-default")]),
    );
    assert_eq!(labels(&rules.out), ["info[new-behaviour]"; 0], "{}", rules.out);
    let excluded = of(&[], &with(&[("NOVAMEND_EXCLUDE", "c0000*")]));
    assert!(excluded.out.contains("checked 1 file"), "{}", excluded.out);
    let excluded = of(&[], &with(&[("NOVAMEND_EXCLUDE", "c0000*,c0001*")]));
    assert!(!excluded.out.contains("removed-progress-timeout"), "{}", excluded.out);
    let verbose = of(&[], &with(&[("NOVAMEND_VERBOSE", "1")]));
    assert!(verbose.out.contains("why: "), "{}", verbose.out);
    for no in ["0", "false", ""] {
        let quiet = of(&[], &with(&[("NOVAMEND_VERBOSE", no)]));
        assert!(!quiet.out.contains("why: "), "{no}: {}", quiet.out);
    }
    let colored = of(&[], &with(&[("NOVAMEND_COLOR", "always")]));
    assert!(colored.out.contains('\u{1b}'), "{}", colored.out);
    assert_eq!(of(&[], &[("NOVAMEND_FROM", "rocki")]).code, 2);
    // Files of one stack keep their order, and so do those of a variable.
    let stack = run::with_variables(
        at.path(),
        &["where", "libvirt.live_migration_progress_timeout", "--from", "rocky"],
        &[("NOVAMEND_CONFIG_FILE", "c0001.conf")],
    );
    assert!(
        stack.code == 0 && stack.out.contains("c0001.conf:2"),
        "{}{}",
        stack.out,
        stack.err
    );
}

#[test]
fn nothing_is_wider_than_the_terminal_in_any_verb() {
    let at = with(&[("a-directory-with-quite-a-long-name/nova-compute-of-rack-7.conf", MANY)]);
    let path = "a-directory-with-quite-a-long-name/nova-compute-of-rack-7.conf";
    let verbs: [&[&str]; 8] = [
        &["check", path, "--from", "rocky"],
        &["check", path, "--from", "rocky", "--verbose"],
        &["check", path, "--statistics"],
        &["where", "libvirt.virt_type", path],
        &["option", "libvirt.live_migration_progress_timeout"],
        &["upgrade", "rocky", "stein"],
        &["rules"],
        &["explain", "lost-auto-post-copy"],
    ];
    for arguments in verbs {
        for columns in [60, 80, 120] {
            let text = said(at.path(), arguments, &[("NO_COLOR", "1")], columns);
            assert!(!text.contains('\u{1b}'), "{text:?}");
            // An example in a page is text to be copied.
            let examples = text.split("```").skip(1).step_by(2).collect::<String>();
            let wide: Vec<&str> = text
                .lines()
                .filter(|line| line.width() > usize::from(columns) && !examples.contains(line))
                .collect();
            assert!(wide.is_empty(), "{arguments:?} at {columns}: {wide:#?}");
        }
    }
}

#[test]
fn a_terminal_gets_colours_and_links_in_every_verb_and_a_dumb_one_gets_none() {
    let at = with(&[(
        "nova.conf",
        "[libvirt]\nlive_migration_progress_timeout = \u{1b}]0;x\u{7}\nx = 1\n",
    )]);
    let verbs: [&[&str]; 7] = [
        &["check", "nova.conf", "--from", "rocky"],
        &["fix", "nova.conf", "--from", "rocky", "--when", "upgrade"],
        &[
            "where",
            "libvirt.live_migration_progress_timeout",
            "nova.conf",
            "--from",
            "rocky",
        ],
        &["option", "libvirt.live_migration_progress_timeout"],
        &["upgrade", "rocky", "stein"],
        &["rules"],
        &["explain", "inline-comment"],
    ];
    for arguments in verbs {
        let text = said(at.path(), arguments, &[], 80);
        assert!(text.contains("\u{1b}["), "{arguments:?}: {text}");
        for (name, value) in [
            ("NO_COLOR", "1"),
            ("CLICOLOR", "0"),
            ("TERM", "dumb"),
            ("FORCE_COLOR", "0"),
        ] {
            let text = said(at.path(), arguments, &[(name, value)], 80);
            assert!(!text.contains('\u{1b}'), "{arguments:?} {name}: {text:?}");
        }
        let linked = said(at.path(), arguments, &[("FORCE_HYPERLINK", "1")], 80);
        let others = without_ours(&linked);
        assert!(
            !others.contains('\u{1b}') && !others.contains('\u{7}'),
            "{arguments:?}: {others:?}"
        );
    }
    let check = said(at.path(), verbs[0], &[("FORCE_HYPERLINK", "1")], 80);
    let (_, link) = check.split_once("\u{1b}]8;;file://").expect("a link");
    let (address, rest) = link.split_once("\u{1b}\\").expect("its end");
    let path = &address[address.find('/').expect("a path")..];
    assert!(fs::read_to_string(path).expect("a page").starts_with("# "), "{address}");
    assert!(rest.starts_with("removed-progress-timeout\u{1b}]8;;\u{1b}\\"), "{rest}");
}

/// `text` without colours and links.
fn without_ours(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        let behind = &rest[at..];
        let color = behind
            .strip_prefix("\u{1b}[")
            .and_then(|codes| codes.find('m').map(|end| (codes, end)))
            .filter(|(codes, end)| codes[..*end].bytes().all(|byte| byte.is_ascii_digit() || byte == b';'))
            .map(|(_, end)| end + 3);
        let link = behind
            .strip_prefix("\u{1b}]8;;")
            .and_then(|address| address.find("\u{1b}\\"))
            .map(|end| end + "\u{1b}]8;;".len() + 2);
        if let Some(length) = color.or(link) {
            rest = &behind[length..];
        } else {
            out.push('\u{1b}');
            rest = &behind[1..];
        }
    }
    out + rest
}

/// A bar comes with the first file that is done half a second after the start: the test holds the program that long, by a file whose
/// text comes late. The time counts from its opening, before which a busy machine may leave the program waiting.
#[test]
fn a_long_run_shows_on_standard_error_how_far_it_is_and_takes_it_away() {
    let at = fleet(200, MANY);
    for (verb, done) in [
        (&["check", "--fail-on", "never"][..], "of 201 checked"),
        (&["fix", "--fail-on", "never"], "of 201 fixed"),
        (&["where", "--all"], "of 201 looked at"),
    ] {
        let late = at.path().join("late");
        pipe(&late);
        let arguments = [verb, &[".", "late", "--from", "rocky"]].concat();
        let (mut child, screen) = start(at.path(), &arguments, &[], (80, On::Messages));
        let mut open = fs::File::options().write(true).open(&late).expect("it is read");
        std::thread::sleep(Duration::from_millis(600));
        open.write_all(b"[a]\n").expect("it is read");
        drop(open);
        let text = screen.whole();
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{text}");
        assert!(text.contains(done), "{text:?}");
        assert!(text.trim_end_matches(['\r', '\n']).ends_with("\u{1b}[2K"), "{text:?}");
        fs::remove_file(&late).expect("it is there");
    }
    // Where nobody looks there is none.
    let quiet = run(at.path(), &["check", ".", "--from", "rocky", "--fail-on", "never"], "");
    assert_eq!(quiet.err, "");
}

/// A run whose results nobody takes: it stands still in the middle once its pipe is full.
fn standing(at: &Path, arguments: &[&str]) -> (std::process::Child, std::process::ChildStdout) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_novamend"))
        .args(arguments)
        .current_dir(at)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("novamend starts");
    let out = child.stdout.take().expect("a pipe");
    (child, out)
}

#[test]
fn ctrl_c_in_the_middle_ends_with_what_is_done_and_says_what_is_not() {
    let at = fleet(1000, TRAP);
    let flags = ["--from", "rocky", "--fail-on", "never"];
    for format in [&["--format", "short"][..], &["--verbose"]] {
        let arguments = [&["check", "."], format, &flags].concat();
        let (mut child, mut out) = standing(at.path(), &arguments);
        let mut text = vec![0; 1 << 10];
        out.read_exact(&mut text).expect("it prints");
        kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
        out.read_to_end(&mut text).expect("it ends");
        let mut err = String::new();
        child
            .stderr
            .take()
            .expect("a pipe")
            .read_to_string(&mut err)
            .expect("messages");
        assert_eq!(child.wait().expect("it ends").code(), Some(2), "{err}");
        assert!(
            err.contains("interrupted: ") && err.contains(" of 1000 were not looked at"),
            "{err}"
        );
        let text = String::from_utf8(text).expect("UTF-8");
        let last = text.lines().rev().take(3).collect::<String>();
        assert!(
            last.contains("interrupted: ") && last.contains(" of 1000 were not checked"),
            "{last}"
        );
    }
}

#[test]
fn a_closed_pipe_and_a_full_disk_hang_nothing() {
    let at = fleet(300, TRAP);
    let flags = ["--from", "rocky", "--fail-on", "never"];
    for format in ["pretty", "short", "json"] {
        let arguments = [&["check", ".", "--format", format], &flags[..]].concat();
        let (mut child, out) = standing(at.path(), &arguments);
        drop(out);
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{format}");
        let full = fs::File::options().write(true).open("/dev/full").expect("a full disk");
        let output = Command::new(env!("CARGO_BIN_EXE_novamend"))
            .args(&arguments)
            .current_dir(at.path())
            .stdout(full)
            .output()
            .expect("novamend runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{format}: {err}");
        assert!(err.contains("the result could not be written"), "{format}: {err}");
    }
}

/// Of so many the system is asked, and none is opened ahead.
#[test]
fn what_cannot_be_read_of_very_many_files_is_known_before_the_report() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let at = fleet(600, "[libvirt]\nvirt_type = kvm\n");
    fs::set_permissions(at.path().join("c0007.conf"), fs::Permissions::from_mode(0o000)).expect("permissions");
    fs::write(at.path().join("long.conf"), "#".repeat(1 << 20)).expect("a file");
    symlink("c0001.conf", at.path().join("link.conf")).expect("a link");
    symlink("nowhere", at.path().join("lost.conf")).expect("a link");
    let files = fs::read_dir(at.path()).expect("a directory").flatten();
    let mut files: Vec<String> = files.filter_map(|file| file.file_name().into_string().ok()).collect();
    files.push("none.conf".to_owned());
    files.sort_unstable();
    let mut arguments = vec!["check", "--from", "rocky", "--format", "short", "--max-size", "64K"];
    arguments.extend(files.iter().map(String::as_str));
    let Run { code, out, err } = run::as_user(NOBODY, at.path(), &arguments);
    assert_eq!(code, 2, "{out}{err}");
    assert!(out.starts_with("checked 599 files"), "{out}");
    for unread in [
        "`c0007.conf` cannot be read by this user",
        "`long.conf` is longer than 65536 bytes",
        "`lost.conf` is a symbolic link to `nowhere`",
        "`none.conf` does not exist",
    ] {
        assert!(err.contains(unread), "{unread}: {err}");
    }
}

#[test]
fn an_unreadable_directory_among_good_ones_is_named_and_the_rest_is_checked() {
    use std::os::unix::fs::PermissionsExt;

    let at = with(&[
        ("good/nova.conf", "[a]\n"),
        ("shut/nova.conf", "[a]\n"),
        ("good2/nova.conf", "x\n"),
    ]);
    let closed = fs::Permissions::from_mode(0o000);
    fs::set_permissions(at.path().join("shut"), closed).expect("permissions");
    let Run { code, out, err } = run::as_user(NOBODY, at.path(), &["check", ".", "--from", "rocky"]);
    assert_eq!(code, 2, "{out}{err}");
    assert!(err.contains("`./shut` cannot be read by this user"), "{err}");
    assert!(
        out.contains("checked 2 files") && out.contains("error[malformed-line]"),
        "{out}"
    );
}

#[test]
fn two_runs_at_once_say_the_same() {
    let at = fleet(200, MANY);
    let arguments = ["check", ".", "--from", "rocky", "--fail-on", "never"];
    let both: Vec<_> = (0..2).map(|_| standing(at.path(), &arguments)).collect();
    let texts: Vec<String> = both
        .into_iter()
        .map(|(mut child, mut out)| {
            let mut text = String::new();
            out.read_to_string(&mut text).expect("results");
            assert_eq!(child.wait().expect("it ends").code(), Some(0));
            text
        })
        .collect();
    assert_eq!(texts[0], texts[1]);
}
