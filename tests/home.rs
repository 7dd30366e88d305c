//! What makes novamend at home on a host: completions that real shells take, pages for man, and releases that came later.

#[path = "harness/mod.rs"]
mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use harness::tests;

const CATALOG: &str = "fixtures/catalog/nova-35.catalog";
const KEY: &str = "fixtures/catalog/key.pub";

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_novamend"))
}

fn novamend(arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).output().expect("novamend runs")
}

fn printed(arguments: &[&str]) -> String {
    let output = novamend(arguments);
    assert!(
        output.status.code().is_some_and(|code| code < 2),
        "{arguments:?}: {output:?}"
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What `novamend` refuses `arguments` with, exit code 2 and not a word on standard output.
fn refusal(arguments: &[&str]) -> String {
    let output = novamend(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).expect("UTF-8")
}

/// `PATH` with the program's directory first.
fn path() -> String {
    let own = program().parent().expect("a directory").display();
    format!("{own}:{}", std::env::var("PATH").unwrap_or_default())
}

/// What a shell prints for `script`.
fn shell(name: &str, script: &str) -> String {
    let shell = Command::new(name).arg("-c").arg(script).env("PATH", path()).output();
    let Ok(output) = shell else {
        harness::skip(&format!("{name} is not installed"))
    };
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{name}: {output:?}"
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What bash completes the last of `words` to.
fn bash(words: &[&str]) -> Vec<String> {
    let last = words.len() - 1;
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "source <(novamend completions bash); COMP_WORDS=({}) COMP_CWORD={last} COMP_TYPE=9; \
         _clap_complete_novamend novamend '{}' '{}' 2>/dev/null; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        words[last],
        words[last.saturating_sub(1)],
    );
    let text = shell("bash", &script);
    text.split(['\n', '\u{b}'])
        .filter(|word| !word.is_empty())
        .map(|word| word.trim().to_owned())
        .collect()
}

fn bash_completes_verbs_flags_options_rules_and_releases() {
    let cases: [(&[&str], &str); 8] = [
        (&["novamend", "ch"], "check"),
        (&["novamend", "check", "--pedan"], "--pedantic"),
        (&["novamend", "check", "--format", "sar"], "sarif"),
        (&["novamend", "check", "--from", "roc"], "rocky"),
        (
            &["novamend", "option", "libvirt.live_migration_timeout"],
            "libvirt.live_migration_timeout_action",
        ),
        (
            &["novamend", "where", "live_migration_timeout"],
            "live_migration_timeout_action",
        ),
        (&["novamend", "explain", "lost-auto"], "lost-auto-post-copy"),
        (&["novamend", "check", "--select", "lost-auto"], "lost-auto-post-copy"),
    ];
    for (words, wanted) in cases {
        assert_eq!(bash(words), [wanted], "{words:?}");
    }
    assert!(bash(&["novamend", "option", "no.such.option"]).is_empty());
    let programs = bash(&["novamend", "check", "--program", "nova-api,nova-sch"]);
    assert_eq!(programs, ["nova-api,nova-scheduler"]);
    let rules = bash(&["novamend", "check", "--ignore", "flagfile,lost-auto"]);
    assert_eq!(rules, ["flagfile,lost-auto-post-copy"]);
}

fn fish_completes_with_what_each_is_for() {
    let script = "novamend completions fish | source; complete -C 'novamend explain lost-auto'";
    let text = shell("fish", script);
    assert!(text.starts_with("lost-auto-post-copy\t"), "{text}");
}

fn zsh_takes_the_script_as_a_file_of_its_functions() {
    let at = tempfile::tempdir().expect("a directory");
    fs::write(at.path().join("_novamend"), printed(&["completions", "zsh"])).expect("a file");
    let script = format!(
        "fpath=({} $fpath); autoload -Uz compinit; compinit -u -d {}/dump; print $_comps[novamend]; \
         compdef() {{ : }}; _describe() {{ print ${{(P)3}} }}; words=(novamend explain lost-auto); CURRENT=3; _novamend",
        at.path().display(),
        at.path().display(),
    );
    let text = shell("zsh", &script);
    assert!(
        text.starts_with("_novamend\n") && text.contains("lost-auto-post-copy"),
        "{text}"
    );
}

fn the_variable_alone_answers_nothing() {
    let output = Command::new(program())
        .args(["check", "fixtures/conf/rocky-trap.conf", "--to", "stein"])
        .env("_NOVAMEND_COMPLETE", "bash")
        .output()
        .expect("novamend runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

fn every_verb_has_its_page_with_all_its_flags() {
    let help = printed(&["--help"]);
    let verbs = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let verbs: Vec<&str> = verbs
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|verb| !["", "help"].contains(verb))
        .collect();
    assert!(verbs.contains(&"check") && verbs.contains(&"catalog"), "{verbs:?}");
    let listed = printed(&["man", "--list"]);
    for verb in verbs {
        assert!(
            listed.lines().any(|page| page == format!("novamend-{verb}.1")),
            "{verb}: {listed}"
        );
        let page = printed(&["man", verb]);
        assert!(page.contains(&format!(".TH novamend-{verb} 1")), "{page}");
        if matches!(verb, "verify" | "probe" | "rescue") {
            // their flags are novamend-verify's, and so is the page that has them
            let whole = format!("\\fBnovamend\\-verify\\-{verb}\\fR(8), which has all its flags");
            assert!(page.contains(&whole), "{page}");
            continue;
        }
        let help = printed(&[verb, "--help"]);
        let flags = help.split_whitespace().filter_map(|word| word.strip_prefix("--"));
        for flag in flags.map(|word| word.trim_end_matches(|c: char| !c.is_ascii_lowercase())) {
            let escaped = flag.replace('-', "\\-");
            assert!(page.contains(&escaped), "the page of {verb} lacks --{flag}");
        }
    }
    assert!(refusal(&["man", "chek"]).contains("did you mean `check`?"));
}

fn the_pages_are_what_man_reads() {
    let at = tempfile::tempdir().expect("a directory");
    for page in printed(&["man", "--list"]).lines() {
        let verb = page.strip_suffix(".1").and_then(|page| page.strip_prefix("novamend-"));
        let text = match verb {
            Some(verb) => printed(&["man", verb]),
            None => printed(&["man"]),
        };
        let file = at.path().join(page);
        fs::write(&file, text).expect("a file");
        let Ok(output) = Command::new("mandoc")
            .args(["-T", "lint", "-W", "error"])
            .arg(&file)
            .output()
        else {
            harness::skip("mandoc is not installed")
        };
        assert!(
            output.status.success(),
            "{page}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

fn an_old_program_says_how_old_it_is() {
    let text = printed(&["--version", "--verbose"]);
    assert_eq!(text, printed(&["--verbose", "--version"]));
    assert!(
        text.starts_with(&format!("novamend {}", env!("CARGO_PKG_VERSION"))),
        "{text}"
    );
    for release in novamend::catalog::Release::all().filter(|release| release.is_complete()) {
        let source = novamend::catalog::source(release).expect("every release has its nova");
        assert!(
            source.nova.starts_with(&format!("{}.", release.number())),
            "{release}: {}",
            source.nova
        );
        let line = text.lines().find(|line| line.starts_with(&release.to_string()));
        assert!(
            line.is_some_and(|line| line.contains(source.nova) && line.contains(source.day)),
            "{release}: {text}"
        );
    }
    assert!(refusal(&["--verbose", "rules"]).contains("--version"));
}

fn two_releases_are_compared_option_by_option() {
    let text = printed(&["catalog", "rocky", "stein"]);
    assert!(text.contains("\n+ [libvirt] live_migration_timeout_action\n"), "{text}");
    assert!(
        text.contains("\n- [libvirt] live_migration_progress_timeout\n"),
        "{text}"
    );
    assert!(refusal(&["catalog", "newton", "stein"]).contains("15"));
}

fn what_is_installed_is_whole() {
    let at = tempfile::tempdir().expect("a directory");
    let programs = program().parent().expect("a directory");
    let output = Command::new("packaging/install")
        .args([Path::new("novamend"), programs, at.path(), Path::new("/opt/novamend")])
        .output()
        .expect("packaging/install runs");
    assert!(output.status.success(), "{output:?}");
    let root = at.path().join("opt/novamend");
    let docs = root.join("share/doc/novamend");
    let readme = fs::read_to_string(docs.join("README.md")).expect("README");
    let links = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next());
    for link in links.filter(|link| !link.contains("://") && !link.starts_with("docs/pictures.d/")) {
        assert!(docs.join(link).exists(), "README links {link}, which is not installed");
    }
    for page in printed(&["man", "--list"]).lines() {
        assert!(root.join("share/man/man1").join(page).is_file(), "{page}");
    }
    let installed = Command::new(root.join("bin/novamend"))
        .args(["explain", "flagfile"])
        .output();
    let installed = installed.expect("what is installed runs");
    let page = fs::read(docs.join("docs/rules/flagfile.md")).expect("the page");
    assert_eq!(installed.stdout, page);
}

/// The flags that bring release 35.
const NEW: [&str; 4] = ["--catalog-update", CATALOG, "--catalog-key", KEY];

fn a_release_that_came_later_is_checked_by_its_file() {
    let at = tempfile::tempdir().expect("a directory");
    let conf = at.path().join("nova.conf");
    fs::write(
        &conf,
        "[libvirt]\nlive_migration_tunnelled = true\nlive_migration_made_up = true\n",
    )
    .expect("a file");
    let conf = conf.to_string_lossy().into_owned();
    let check = ["check", &conf, "--format", "short", "--from", "34", "--to", "ibex"];
    assert!(refusal(&check).contains("unknown nova release `ibex`"));
    let output = novamend(&[&check[..], &NEW].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("upgrade from 2026.2 hibiscus (34) to 2027.1 ibex (35)"),
        "{text}{said}"
    );
    assert!(
        text.contains("live_migration_tunnelled` was removed in 2027.1"),
        "{text}"
    );
    assert!(
        !text.contains("[unknown-option]: `live_migration_made_up` is unknown in 2027.1"),
        "{text}"
    );
    assert!(
        said.contains("the options are known") && said.contains("2026.2 hibiscus (34)"),
        "{said}"
    );
    let compared = printed(&[&["catalog", "34", "35"], &NEW[..]].concat());
    for line in [
        "+ [libvirt] live_migration_made_up",
        "- [libvirt] live_migration_tunnelled",
        "~ [libvirt] live_migration_permit_post_copy: default false → true",
    ] {
        assert!(compared.lines().any(|printed| printed == line), "{compared}");
    }
    let version = printed(&[&["--version", "--verbose"], &NEW[..]].concat());
    assert!(
        version.contains("2027.1 ibex (35)         nova 35.0.0   2027-03-31"),
        "{version}"
    );
}

/// A copy of the file, its signature beside it, `changed` before it is written.
fn copy(at: &Path, changed: impl FnOnce(String) -> String) -> PathBuf {
    let path = at.join("list.catalog");
    fs::write(&path, changed(fs::read_to_string(CATALOG).expect("the file"))).expect("a file");
    let signature = format!("{CATALOG}.minisig");
    fs::copy(signature, at.join("list.catalog.minisig")).expect("a file");
    path
}

fn what_the_key_has_not_signed_is_refused_and_named() {
    let with = |path: &Path, key: &str| {
        let path = path.to_string_lossy().into_owned();
        refusal(&["catalog", "--catalog-update", &path, "--catalog-key", key])
    };
    let at = tempfile::tempdir().expect("a directory");
    let changed = copy(at.path(), |text| text.replace("default=true", "default=false"));
    let said = with(&changed, KEY);
    assert!(
        said.contains("list.catalog`") && said.contains("the signature is not by this key"),
        "{said}"
    );
    let said = with(Path::new(CATALOG), "fixtures/catalog/other.pub");
    assert!(
        said.contains("other.pub`") && said.contains("the signature is not by this key"),
        "{said}"
    );
    let said = with(Path::new(CATALOG), "Cargo.toml");
    assert!(said.contains("the key is not a public key"), "{said}");
    fs::remove_file(at.path().join("list.catalog.minisig")).expect("removed");
    let said = with(&changed, KEY);
    assert!(said.contains("list.catalog.minisig` could not be read"), "{said}");
    let said = with(Path::new(CATALOG), "/nowhere/key.pub");
    assert!(said.contains("/nowhere/key.pub` could not be read"), "{said}");
}

/// Whether the program file asks for a loader of libraries (an entry `PT_INTERP`, 3, in its table of segments; 64 bits, little-endian).
fn asks_for_a_loader(program: &[u8]) -> bool {
    let number = |at: usize, width: usize| {
        program[at..at + width]
            .iter()
            .rev()
            .fold(0, |all, byte| all << 8 | usize::from(*byte))
    };
    let (table, size, count) = (number(0x20, 8), number(0x36, 2), number(0x38, 2));
    (0..count).any(|entry| number(table + entry * size, 4) == 3)
}

fn the_program_needs_no_library_of_the_host() {
    let found = Command::new("cc").arg("-print-file-name=libc.a").output();
    let is_there = found.is_ok_and(|found| found.stdout.starts_with(b"/"));
    let is_ordinary =
        std::env::var_os("RUSTFLAGS").is_none() && cfg!(all(target_env = "gnu", target_pointer_width = "64"));
    if !is_there || !is_ordinary {
        harness::skip("the archive of the C library, or the usual way to link, is missing");
    }
    assert!(!asks_for_a_loader(&fs::read(program()).expect("the program")));
    let libvirt = program().with_file_name("novamend-verify");
    if let Ok(other) = fs::read(libvirt) {
        assert!(asks_for_a_loader(&other), "it calls libvirt's library");
    }
}

fn main() -> ExitCode {
    harness::run(&[tests![
        bash_completes_verbs_flags_options_rules_and_releases,
        fish_completes_with_what_each_is_for,
        zsh_takes_the_script_as_a_file_of_its_functions,
        the_variable_alone_answers_nothing,
        every_verb_has_its_page_with_all_its_flags,
        the_pages_are_what_man_reads,
        what_is_installed_is_whole,
        an_old_program_says_how_old_it_is,
        two_releases_are_compared_option_by_option,
        a_release_that_came_later_is_checked_by_its_file,
        what_the_key_has_not_signed_is_refused_and_named,
        the_program_needs_no_library_of_the_host,
    ]])
}
