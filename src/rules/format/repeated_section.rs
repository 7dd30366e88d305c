//! Sections that one file opens more than once: oslo.config reads them as one.
//!
//! What that does to an option in both of them is up to `repeated-option`; names such as `[default]` are
//! `section-name-ignored`'s.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use crate::catalog;
use crate::lint::{Context, Effect, Finding, Location, Rule, Severity};
use crate::oslo::document::Section;
use crate::text::Span;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "repeated-section",
    severity: Severity::Info,
    effect: Effect::ToPlan,
    summary: "a section that the same file opened before",
    doc: include_str!("../../../docs/rules/repeated-section.md"),
    check,
    yields_to: &[],
};

/// So many headers of one group are named; a file of a hundred thousand would say no more.
const SHOWN: usize = 8;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (layer, file) in context.stack.layers().iter().enumerate() {
        let mut firsts: HashMap<&str, &Section, RandomState> = HashMap::default();
        let mut groups: BTreeMap<&str, Vec<&Section>> = BTreeMap::new();
        for section in file.document.sections().iter().filter(|section| !section.malformed) {
            match firsts.entry(&*section.group) {
                Entry::Vacant(first) => drop(first.insert(section)),
                Entry::Occupied(first) => {
                    let sections = groups.entry(&section.group).or_insert_with(|| vec![*first.get()]);
                    sections.push(section);
                }
            }
        }
        for (group, sections) in groups {
            if let [first, second, others @ ..] = &sections[..]
                && catalog::spelling::group_meant(group).is_none()
            {
                let location = |section: &Section| Location::File {
                    layer,
                    span: Span::new(section.name.start - 1, section.name.end + 1),
                };
                let times = if others.is_empty() {
                    "again".to_owned()
                } else {
                    format!("{} times", sections.len())
                };
                let message = format!("`[{group}]` is opened {times}; it first opens in line {}", first.line);
                let mut finding = Finding::new(&RULE, location(second), message)
                    .with_reason(
                        "oslo.config reads all sections of one name as one, and a reader may see only the first",
                    )
                    .with_help("put their lines together under one header")
                    .with_related(location(first), "it first opens here");
                for section in others.iter().take(SHOWN) {
                    finding = finding.with_related(location(section), "and is continued here");
                }
                findings.push(finding);
            }
        }
    }
}
