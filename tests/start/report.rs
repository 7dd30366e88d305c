//! Disagreements between nova and novamend: what kind they are, and a report of each kind with its smallest file.

use std::collections::BTreeMap;

use novamend::catalog::Release;

use super::ours::Ours;
use super::real::{Asked, Real, Refusal, Verdict};

/// How the two stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Case {
    /// They agree.
    Agreed,
    /// Nova refuses, and novamend has no error.
    Missed,
    /// Nova starts, and novamend says that it does not.
    FalseAlarm,
}

impl Case {
    /// What a file comes to.
    fn of(nova: &Verdict, ours: &Ours) -> Self {
        match (&nova.refusal, ours.errors.is_empty()) {
            (Some(_), false) | (None, true) => Self::Agreed,
            (Some(_), true) => Self::Missed,
            (None, false) => Self::FalseAlarm,
        }
    }
}

/// One of them.
#[derive(Clone)]
pub(crate) struct Disagreement {
    case: Case,
    release: Release,
    /// What was asked.
    pub(crate) asked: Asked,
    /// What nova says.
    pub(crate) nova: String,
    /// What novamend says.
    pub(crate) ours: String,
    /// What tells one kind from another.
    kind: String,
}

impl Disagreement {
    /// The disagreement, unless they agree.
    pub(crate) fn of(asked: &Asked, release: Release, nova: &Verdict, ours: &Ours) -> Option<Self> {
        let case = Case::of(nova, ours);
        let rules: Vec<&str> = ours.errors.iter().map(|error| error.rule).collect();
        let words: Vec<String> = ours
            .errors
            .iter()
            .map(|error| format!("{}: {}", error.rule, error.words))
            .collect();
        let kind = match (&nova.refusal, case) {
            (_, Case::Agreed) => return None,
            (Some(refusal), _) => masked(&refusal.words()),
            (None, _) => format!("{rules:?} {}", masked(&words.join(" "))),
        };
        let said = |refusal: &Refusal| format!("{}: {}", refusal.check, refusal.words());
        let nova = if let Some(refusal) = &nova.refusal {
            format!("refuses: {}", said(refusal))
        } else {
            let later: Vec<String> = nova.later.iter().map(said).collect();
            format!("starts; later: {}", later.join("; "))
        };
        Some(Self {
            case,
            release,
            asked: asked.clone(),
            nova,
            ours: words.join("\n             "),
            kind,
        })
    }

    /// Whether `other` is of the same kind.
    fn is_like(&self, other: &Self) -> bool {
        (self.case, &self.kind) == (other.case, &other.kind)
    }
}

/// A message without what differs from file to file: numbers, and what stands in quotes.
pub(crate) fn masked(message: &str) -> String {
    let mut out = String::new();
    let mut quote = None;
    for c in message.chars() {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => continue,
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None if c.is_numeric() => continue,
            None => {}
        }
        out.push(c);
    }
    out.chars().take(120).collect()
}

/// A line or more for each kind of `found`, the most frequent first.
pub(crate) fn lines(real: &mut Real<'_>, found: Vec<Disagreement>) -> Vec<String> {
    let mut kinds: BTreeMap<(Case, String), Vec<Disagreement>> = BTreeMap::new();
    for one in found {
        kinds.entry((one.case, one.kind.clone())).or_default().push(one);
    }
    let mut kinds: Vec<Vec<Disagreement>> = kinds.into_values().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.len()));
    let of_kind = |kind: Vec<Disagreement>| {
        let shortest = kind.iter().min_by_key(|one| one.asked.conf.len()).expect("one");
        let smallest = smallest(real, shortest);
        format!(
            "== {:?}, {} times in {} ({}, {})\n{}\n  nova:      {}\n  novamend:  {}\n",
            smallest.case,
            kind.len(),
            smallest.release.short(),
            smallest.asked.family,
            smallest.asked.program,
            indented(&smallest.asked.conf),
            smallest.nova,
            smallest.ours
        )
    };
    kinds.into_iter().map(of_kind).collect()
}

fn indented(conf: &str) -> String {
    conf.lines().flat_map(|line| ["    ", line, "\n"]).collect()
}

/// `whole` with only the lines that matter.
fn smallest(real: &mut Real<'_>, whole: &Disagreement) -> Disagreement {
    let mut best = whole.clone();
    let mut at = 0;
    while at < best.asked.conf.lines().count() {
        let kept = best.asked.conf.lines().enumerate().filter(|(index, _)| *index != at);
        let asked = best.asked.with(kept.flat_map(|(_, line)| [line, "\n"]).collect());
        let nova = real.ask(std::slice::from_ref(&asked)).remove(0);
        let ours = Ours::of(&asked, best.release);
        match Disagreement::of(&asked, best.release, &nova, &ours) {
            Some(less) if !nova.is_skipped && less.is_like(&best) => best = less,
            _ => at += 1,
        }
    }
    best
}
