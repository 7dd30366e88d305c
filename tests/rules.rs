//! Every rule on its fixtures: what `check` says, what `fix` writes, and that fixing again changes nothing.
//!
//! `fixtures/rules/<rule-id>/<case>.conf` opens with `# check: ARGUMENTS` (or has them in `<case>.args`); beside it
//! stand `<case>.out`, what `check --format short` prints, and `<case>.fixed`, what `fix --when upgrade --write` leaves
//! where it changes something; what is written now, `tests/today.rs` holds against real nova.
//! `NOVAMEND_BLESS=1 cargo test --test rules` writes both again, to be read before they are committed. Each case is a test of its
//! own: `cargo test --test rules -- unknown-option` runs those of one rule.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};
use novamend::rules::RULES;

struct Case {
    rule: String,
    path: PathBuf,
    arguments: Vec<String>,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules")
}

fn sorted(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for rule in sorted(&directory()) {
        for path in sorted(&rule) {
            if path.extension().is_some_and(|extension| extension == "conf") {
                let beside = fs::read_to_string(path.with_extension("args")).ok();
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                let line = beside.or_else(|| Some(text.lines().next()?.strip_prefix("# check:")?.to_owned()));
                let line = line.unwrap_or_else(|| panic!("{} says no arguments", path.display()));
                cases.push(Case {
                    rule: rule.file_name().unwrap().to_string_lossy().into_owned(),
                    path,
                    arguments: line.split_whitespace().map(str::to_owned).collect(),
                });
            }
        }
    }
    cases
}

/// Runs novamend in `directory` and returns its exit code and what it printed, both streams.
fn novamend(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_novamend"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn compare(path: &Path, actual: Option<&[u8]>, failures: &mut Vec<String>) {
    if std::env::var_os("NOVAMEND_BLESS").is_some() {
        match actual {
            Some(actual) => fs::write(path, actual).unwrap(),
            None => drop(fs::remove_file(path)),
        }
        return;
    }
    let expected = fs::read(path).ok();
    if expected.as_deref() != actual {
        let text = |bytes: Option<&[u8]>| bytes.map_or("(none)".into(), String::from_utf8_lossy).into_owned();
        failures.push(format!(
            "{}\n--- expected\n{}\n--- actual\n{}",
            path.display(),
            text(expected.as_deref()),
            text(actual)
        ));
    }
}

/// The case gives what is beside it, and to fix it again changes nothing.
fn holds(case: &Case) -> Result<(), Failed> {
    let mut failures = Vec::new();
    let name = case.path.file_name().unwrap().to_str().unwrap();
    let is_fix_only = |word: &&String| matches!(word.as_str(), "--unsafe-fixes" | "--explicit" | "--allow-unwitnessed");
    let mut check = vec!["check", "--format", "short", "--fail-on", "info", name];
    check.extend(
        case.arguments
            .iter()
            .filter(|word| !is_fix_only(word))
            .map(String::as_str),
    );
    let (code, out) = novamend(case.path.parent().unwrap(), &check);
    assert!(code < 2, "{}: {out}", case.path.display());
    compare(&case.path.with_extension("out"), Some(out.as_bytes()), &mut failures);

    let copy = tempfile::tempdir().unwrap();
    let before = fs::read(&case.path).unwrap();
    fs::write(copy.path().join(name), &before).unwrap();
    let mut fix = vec!["fix", "--write", "--no-backup", "--when", "upgrade", name];
    fix.extend(case.arguments.iter().map(String::as_str));
    let (code, out) = novamend(copy.path(), &fix);
    let after = fs::read(copy.path().join(name)).unwrap();
    // A file that must not be written ends with 2, the reason, and the file as it was.
    let is_refused = code == 2 && out.contains("nothing was written: not written: ") && after == before;
    assert!(code < 2 || is_refused, "{}: {out}", case.path.display());
    let changed = (before != after).then_some(&after[..]);
    compare(&case.path.with_extension("fixed"), changed, &mut failures);

    novamend(copy.path(), &fix);
    let again = fs::read(copy.path().join(name)).unwrap();
    if after != again {
        failures.push(format!("{}: fixing twice is not fixing once", case.path.display()));
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures.join("\n\n").into())
    }
}

fn every_rule_has_a_fixture_that_finds_it_and_one_that_does_not() {
    for rule in RULES {
        let of_rule: Vec<Case> = cases().into_iter().filter(|case| case.rule == rule.id).collect();
        let finds = |case: &Case| {
            let out = fs::read_to_string(case.path.with_extension("out")).unwrap_or_default();
            out.contains(&format!("[{}]", rule.id))
        };
        assert!(of_rule.iter().any(finds), "no fixture of {} is found", rule.id);
        assert!(
            of_rule.iter().any(|case| !finds(case)),
            "every fixture of {} is found",
            rule.id
        );
    }
}

fn every_fixture_directory_is_a_rule() {
    for path in sorted(&directory()) {
        let id = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(RULES.iter().any(|rule| rule.id == id), "{id} is no rule");
    }
}

fn an_option_that_is_announced_to_go_names_what_nova_names_in_its_place() {
    for (case, named) in [
        ("successors.conf", "[compute] cpu_dedicated_set"),
        ("successors.conf", "[libvirt] live_migration_inbound_addr"),
        ("successors.conf", "[libvirt] live_migration_with_native_tls"),
        ("successors.conf", "[glance] endpoint_override"),
        ("successors.conf", "[oslo_middleware] enable_proxy_headers_parsing"),
        ("stein.conf", "[neutron] default_floating_pool"),
        ("stein.conf", "[vmware] vnc_keymap"),
        ("stein.conf", "[xenserver] image_handler"),
    ] {
        let path = directory().join("deprecated-option").join(case);
        let text = fs::read_to_string(&path).unwrap();
        let arguments = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# check:"))
            .unwrap();
        let mut all = vec!["check", case, "--format", "json"];
        all.extend(arguments.split_whitespace());
        let (_, report) = novamend(path.parent().unwrap(), &all);
        assert!(report.contains(named), "{case}: {named} is not named");
        assert!(!report.contains("stop relying on it"), "{case}: {report}");
    }
}

fn main() -> ExitCode {
    let mut trials: Vec<Trial> = [
        (
            "every_rule_has_a_fixture_that_finds_it_and_one_that_does_not",
            every_rule_has_a_fixture_that_finds_it_and_one_that_does_not as fn(),
        ),
        ("every_fixture_directory_is_a_rule", every_fixture_directory_is_a_rule),
        (
            "an_option_that_is_announced_to_go_names_what_nova_names_in_its_place",
            an_option_that_is_announced_to_go_names_what_nova_names_in_its_place,
        ),
    ]
    .into_iter()
    .map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    })
    .collect();
    let all = cases();
    assert!(all.len() > 100, "the fixtures are gone");
    trials.extend(all.into_iter().map(|case| {
        let name = format!("{}::{}", case.rule, case.path.file_stem().unwrap().to_string_lossy());
        Trial::test(name, move || holds(&case))
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
