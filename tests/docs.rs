//! The documentation is true: every rule has its page, and the examples of each page are run.
//!
//! A block that opens with ```` ```ini before ARGUMENTS ```` must be found by the rule of its page; the
//! ```` ```ini after ```` block that follows must be what `novamend fix ARGUMENTS --when upgrade --write` makes of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use novamend::rules::RULES;

/// Pages whose rule finds what no text of Markdown can hold, or what settings say; their fixtures show it.
const NOT_IN_MARKDOWN: &[&str] = &[
    "byte-order-mark",
    "read-differently",
    "undecodable-text",
    "unused-ignore",
];

struct Block {
    opening: String,
    text: String,
}

fn page(id: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/rules/{id}.md"))
}

/// The fenced blocks of a page, in order.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(opening), false) => {
                open = true;
                blocks.push(Block {
                    opening: opening.trim().to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let block = blocks.last_mut().expect("a block is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!open, "a block is not closed");
    blocks
}

fn novamend(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_novamend"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("novamend runs");
    assert!(
        output.status.code().is_some_and(|code| code < 2),
        "{arguments:?}: {output:?}"
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What is wrong with the examples of the page of `id`.
fn wrong_examples(id: &str, blocks: &[Block]) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("nova.conf");
    let mut wrong = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let Some(arguments) = block.opening.strip_prefix("ini before") else {
            continue;
        };
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let is_fix_only = |word: &&str| matches!(*word, "--unsafe-fixes" | "--allow-unwitnessed");
        let of_check = arguments.iter().copied().filter(|word| !is_fix_only(word));
        fs::write(&file, &block.text).expect("the directory is writable");
        let check: Vec<&str> = ["check", "nova.conf", "--format", "short"]
            .into_iter()
            .chain(of_check)
            .collect();
        let found = novamend(directory.path(), &check);
        if !found.contains(&format!("[{id}]")) {
            wrong.push(format!("{id}: the example is not found:\n{found}"));
        }
        let Some(after) = blocks.get(index + 1).filter(|next| next.opening == "ini after") else {
            continue;
        };
        let fix: Vec<&str> = ["fix", "nova.conf", "--write", "--no-backup", "--when", "upgrade"]
            .into_iter()
            .chain(arguments)
            .collect();
        novamend(directory.path(), &fix);
        let fixed = fs::read_to_string(&file).expect("the file is there");
        if fixed != after.text {
            wrong.push(format!("{id}: fix leaves\n{fixed}\nand not\n{}", after.text));
        }
    }
    wrong
}

#[test]
fn every_page_is_of_a_rule_and_begins_with_its_id() {
    let pages = fs::read_dir(page("x").parent().expect("a directory")).expect("the pages");
    let pages: BTreeSet<String> = pages
        .map(|entry| entry.expect("a page").path())
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    let rules: BTreeSet<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(pages, rules);
    for rule in RULES {
        assert!(rule.doc.starts_with(&format!("# {}\n", rule.id)), "{}", rule.id);
        assert!(
            rule.doc.contains("\n## Why it matters\n"),
            "{} does not say why",
            rule.id
        );
        assert!(
            rule.doc.contains("\n## What to do\n"),
            "{} does not say what to do",
            rule.id
        );
        assert!(
            rule.doc.lines().all(|line| line.chars().count() <= 120),
            "{} has a long line",
            rule.id
        );
    }
}

#[test]
fn the_examples_of_every_page_are_what_novamend_does() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let blocks = blocks(rule.doc);
        let has_example = blocks.iter().any(|block| block.opening.starts_with("ini before"));
        if !has_example && !NOT_IN_MARKDOWN.contains(&rule.id) {
            wrong.push(format!(
                "{}: no example is run: the page has no `ini before` block",
                rule.id
            ));
        }
        wrong.extend(wrong_examples(rule.id, &blocks));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_table_of_what_is_found_is_the_same_in_readme() {
    let read = |page: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("a page");
    let (readme, coverage) = (read("README.md"), read("docs/coverage.md"));
    let mut lines = coverage
        .lines()
        .filter(|line| line.starts_with("| all |") || line.starts_with("| release |"));
    let (heading, all) = (lines.next().expect("a heading"), lines.next().expect("a sum"));
    assert!(readme.contains(all), "README.md lacks {all}");
    assert!(
        readme.contains(heading.strip_prefix("| release ").expect("its first cell")),
        "{heading}"
    );
}

#[test]
fn rules_are_listed_with_the_words_of_the_program() {
    let listed = novamend(Path::new("."), &["rules"]);
    for (rule, line) in RULES.iter().zip(listed.lines()) {
        assert!(line.starts_with(rule.id) && line.ends_with(rule.summary), "{line}");
    }
    assert_eq!(listed.lines().count(), RULES.len());
}

/// The tests that the last column of the table of docs/security.md names, as `path/of/file.rs::name`.
fn promised() -> Vec<(String, String)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security.md")).expect("the page");
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let last = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    let named = last.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    named
        .filter_map(|name| name.split_once("::"))
        .map(|(file, test)| (file.to_owned(), test.to_owned()))
        .collect()
}

#[test]
fn every_promise_of_security_names_a_test_that_there_is() {
    let promised = promised();
    assert!(promised.len() > 30, "the table is gone");
    for (file, test) in promised {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let name = test.rsplit("::").next().unwrap_or(&test);
        assert!(source.contains(&format!("fn {name}(")), "{file} has no test {name}");
    }
}
