//! Nothing is said without a reason: a right file of a release is silent, an upgrade speaks only of what it changes, and
//! what is said of files as deployments have them has been read line by line.
//!
//! `fixtures/deployments/NAME.conf` opens with `# read as: RELEASE`; `NAME.out` is what was read.

#[path = "harness/defaults.rs"]
mod defaults;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use novamend::catalog::Release;
use novamend::catalog::changes::changes;
use novamend::lint::{self, Context, Finding, Location, Settings};
use novamend::nova::nature::{Nature, nature};
use novamend::oslo::Document;
use novamend::oslo::stack::Stack;
use novamend::rules::{LIVE_MIGRATION, RULES};
use novamend::text::Source;

use defaults::all_defaults;

/// Whether a rule is about single options: those about live migration speak of what values mean together, defaults too.
fn is_ours(finding: &Finding) -> bool {
    LIVE_MIGRATION.iter().all(|rule| rule.id != finding.rule.id)
}

fn stack(text: &str) -> Stack {
    Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())))
}

/// What the rules about single options find, as `rule: message`, and the option it is about.
fn findings(stack: &Stack, from: Release, to: Release) -> Vec<(String, Option<String>)> {
    let settings = Settings::default();
    let context = Context::new(stack, from, to, &settings);
    let found = lint::run(RULES, &context);
    let ours = found.iter().filter(|finding| is_ours(finding));
    ours.map(|finding| {
        let words = format!("{}: {}", finding.rule.id, finding.message);
        (words, context.option_of(finding.location))
    })
    .collect()
}

#[test]
fn a_file_of_defaults_is_silent_in_its_own_release() {
    for release in Release::all().filter(|release| release.is_complete()) {
        let stack = stack(&all_defaults(release));
        let lines: Vec<String> = findings(&stack, release, release)
            .into_iter()
            .map(|(words, _)| words)
            .collect();
        assert!(lines.is_empty(), "{release}:\n{}", lines.join("\n"));
    }
}

#[test]
fn a_file_of_defaults_is_a_nova_conf_and_no_template_whatever_it_is_called() {
    for release in Release::all().filter(|release| release.is_complete()) {
        let text = all_defaults(release).into_bytes();
        for name in ["nova.conf", "x.conf", "cinder.conf", "<stdin>"] {
            let document = Document::parse(Source::new(name, text.clone()));
            assert!(document.template().is_none(), "{release}");
            assert_eq!(nature(&document), Nature::Nova, "{release}: {name}");
        }
    }
}

#[test]
fn an_upgrade_speaks_only_of_options_that_it_changes() {
    for from in Release::all().filter(|release| release.is_complete()) {
        let Some(to) = from.next() else { continue };
        let changed: BTreeSet<String> = changes(from, to)
            .iter()
            .map(|change| {
                let (group, name) = change.subject();
                format!("{group}.{name}")
            })
            .collect();
        for (words, option) in findings(&stack(&all_defaults(from)), from, to) {
            // What nothing sets has no place: the option is the first that the message names.
            let named = words
                .split('`')
                .nth(1)
                .map(|title| title.replacen('[', "", 1).replacen("] ", ".", 1));
            let option = option.or(named).unwrap_or_default();
            // A default that the hop calls deprecated is a change of the hop, too, and so is what a fact of the hop says.
            let of_facts = [
                "changed-meaning: ",
                "conflicting-settings: ",
                "deprecated-value: ",
                "new-behaviour: ",
            ];
            let is_changed = changed.contains(&option) || of_facts.iter().any(|rule| words.starts_with(rule));
            assert!(is_changed, "{from} to {to}: {words}");
        }
    }
}

/// The files, and the release that each is of.
fn deployments() -> Vec<(PathBuf, Release)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/deployments");
    let paths = fs::read_dir(directory).expect("the deployments");
    let mut paths: Vec<PathBuf> = paths.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "conf"));
    paths.sort();
    let released = paths.into_iter().map(|path| {
        let text = fs::read_to_string(&path).expect("a file");
        let first = text.lines().next().and_then(|line| line.strip_prefix("# read as: "));
        let release = Release::parse(first.expect("it says of which release it is")).expect("a release");
        (path, release)
    });
    released.collect()
}

fn line(stack: &Stack, finding: &Finding) -> String {
    let number = match finding.location {
        Location::File { layer, span } => stack.layers()[layer].document.source().position(span.start).line,
        _ => 0,
    };
    format!("{number}\t{}\t{}", finding.rule.id, finding.message)
}

#[test]
fn what_is_said_of_deployments_has_been_read() {
    let is_blessed = std::env::var_os("NOVAMEND_BLESS").is_some();
    let (mut wrong, mut lines) = (Vec::new(), 0);
    for (path, release) in deployments() {
        let name = path.file_name().expect("a name").to_string_lossy();
        let stack = Stack::of(Document::parse(Source::new(&*name, fs::read(&path).expect("a file"))));
        let settings = Settings::default();
        let mut text = String::new();
        for finding in lint::run(RULES, &Context::new(&stack, release, release, &settings)) {
            writeln!(text, "{}", line(&stack, &finding)).expect("a String takes it");
            lines += 1;
        }
        let out = path.with_extension("out");
        if is_blessed {
            fs::write(&out, &text).expect("the findings are written");
        }
        let read = fs::read_to_string(&out).unwrap_or_default();
        if text != read {
            wrong.push(format!("{name} was\n{read}and is\n{text}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n`NOVAMEND_BLESS=1 cargo test --test noise` writes it, to be read",
        wrong.join("\n")
    );
    assert!(lines > 80, "only {lines} findings: the deployments are gone");
}
