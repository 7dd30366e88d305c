//! What `check` says on one screen: errors first, equal findings once, and at the end what to do next.
//!
//! As much of why it matters and what to do is said as there is room for; `--verbose` says all of it.

use std::sync::Arc;

use anstyle::AnsiColor;

use super::lines::{bold, dim, label, labelled, wrapped};
use super::tail::{folded, last_lines, number, plan, statistics, unicode};
use crate::lint::Severity;
use crate::output::fold::{Entry, Fold, Kind, LINES, NAMED, Text};
use crate::output::{CheckTotal, Detail, Style};
use crate::plain;

/// The lines of a terminal that nobody has made larger: all errors are to be seen on them.
const SCREEN: usize = 24;
/// So many options are named of one rule.
const OPTIONS: usize = 10;
/// The most lines of a report on files that are all alike.
const ALIKE: usize = 39;
/// The most lines of a report that says of what is no error what to do.
const ROOM: usize = 60;
/// The most lines of a report that says each finding by itself which is no error.
const EACH: usize = 118;

/// How much is said of each finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// What is found, why it matters, what to do.
    Whole,
    /// What is found and what to do.
    Help,
    /// What is found.
    Brief,
    /// Which rule found it, where, and about what.
    ByRule,
    /// Which rules found something.
    Names,
}

/// Those at which a finding is said by itself or with those of its rule, the fullest first.
const LEVELS: [Level; 4] = [Level::Whole, Level::Help, Level::Brief, Level::ByRule];

/// One finding and where it is.
type Item<'f> = (&'f Text, &'f Entry);

/// Whether findings of `kind` are said on one line together.
pub(super) fn folds(kind: Kind, detail: Detail) -> bool {
    match kind {
        Kind::Usual => false,
        Kind::Ignored => !detail.is_verbose && !detail.ignored,
        Kind::Default => !detail.is_verbose && !detail.defaults,
    }
}

/// What is said behind the `above` lines that are printed already.
pub(super) fn end(fold: &Fold, total: &CheckTotal<'_>, above: usize, style: Style) -> String {
    let detail = style.detail;
    let served = total.checked.served.as_deref();
    let mut parts = Vec::new();
    let mut tail = vec![plan(total, false, style), last_lines(fold, total, 1, style)];
    if detail.statistics {
        parts.push(statistics(fold, style));
    } else if !detail.is_verbose {
        let found = Found::of(fold, style);
        tail.insert(0, folded(fold, served, style));
        if found.is_alike && above + height(&tail) + found.least() > ALIKE {
            tail[1] = plan(total, true, style);
            tail[2] = last_lines(fold, total, found.files(), style);
        }
        parts.push(found.text(above, height(&tail)));
    }
    parts.extend(tail);
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// How many lines `parts` take, a blank one before each.
fn height(parts: &[String]) -> usize {
    let there = parts.iter().filter(|part| !part.is_empty());
    there.map(|part| part.lines().count() + 1).sum()
}

/// All findings that are said by themselves.
struct Found<'f> {
    fold: &'f Fold,
    errors: Vec<Item<'f>>,
    rest: Vec<Item<'f>>,
    /// Whether there are several files, and each holds the same.
    is_alike: bool,
    style: Style,
}

impl<'f> Found<'f> {
    fn of(fold: &'f Fold, style: Style) -> Self {
        let all: Vec<Item<'f>> = fold.entries().collect();
        let is_alike = all.first().is_some_and(|(_, first)| {
            let is_where = |entry: &Entry| entry.is_where(first) && entry.lines_are_alike();
            first.files > 1 && all.iter().all(|(_, entry)| is_where(entry))
        });
        let (errors, rest) = all.into_iter().partition(|(text, _)| text.severity == Severity::Error);
        Self {
            fold,
            errors,
            rest,
            is_alike,
            style,
        }
    }

    /// The lines of the errors with so much of each, and what the rest follows.
    fn errors_at(&self, level: Level) -> (Vec<String>, Headings<'f>) {
        let mut headings = Headings::default();
        let lines = headings.block(&self.errors, level, self.style);
        (lines, headings)
    }

    /// The lines of the rest behind `headings`, with so much of each.
    fn rest_at(&self, level: Level, mut headings: Headings<'f>) -> Vec<String> {
        headings.block(&self.rest, level, self.style)
    }

    /// How many files there are, each with the same.
    fn files(&self) -> usize {
        let first = self.errors.first().or(self.rest.first());
        first.map_or(1, |(_, entry)| entry.files.max(1))
    }

    /// How many lines they take at least.
    fn least(&self) -> usize {
        let (lines, headings) = self.errors_at(Level::ByRule);
        lines.len() + self.rest_at(Level::Names, headings).len()
    }

    /// The errors, between the `above` lines and those `around`, with as much of each as there is room for.
    fn errors(&self, above: usize, around: usize) -> (Level, Vec<String>, Headings<'f>) {
        let fitting = LEVELS.into_iter().find_map(|level| {
            let (lines, headings) = self.errors_at(level);
            let leaves_room = || around + lines.len() + self.rest_at(Level::Names, headings).len() <= ALIKE;
            let fits = above + lines.len() <= SCREEN && (!self.is_alike || leaves_room());
            fits.then_some((level, lines, headings))
        });
        fitting.unwrap_or_else(|| {
            let (lines, headings) = self.errors_at(Level::ByRule);
            (Level::ByRule, lines, headings)
        })
    }

    /// The rest behind them, all other lines being so many.
    fn rest(&self, others: usize, headings: Headings<'f>) -> (Level, Vec<String>) {
        let fitting = LEVELS.into_iter().find_map(|level| {
            let most = match level {
                _ if self.is_alike => ALIKE,
                Level::Whole | Level::Help => ROOM,
                _ => EACH,
            };
            let lines = self.rest_at(level, headings);
            (others + lines.len() <= most).then_some((level, lines))
        });
        fitting.unwrap_or_else(|| (Level::Names, self.rest_at(Level::Names, headings)))
    }

    /// All of them, between the `above` lines and those `below`.
    fn text(&self, above: usize, below: usize) -> String {
        let around = above + below + 1;
        let (errors_at, mut lines, headings) = self.errors(above, around);
        let (rest_at, rest) = self.rest(around + lines.len(), headings);
        lines.extend(rest);
        let has_less = |items: &[Item<'_>], at: Level| at != Level::Whole && !items.is_empty();
        if has_less(&self.errors, errors_at) || has_less(&self.rest, rest_at) {
            let hint = wrapped("`--verbose` says why each matters and what to do", 2, self.style);
            lines.extend(hint.iter().map(|line| self.style.paint(dim(), line)));
        }
        if self.errors.iter().chain(&self.rest).any(|(_, entry)| entry.is_varied) {
            let hint = wrapped(
                "`--format short` lists each, where one stands for others",
                2,
                self.style,
            );
            lines.extend(hint.iter().map(|line| self.style.paint(dim(), line)));
        }
        let beyond: usize = self.fold.beyond.values().sum();
        if beyond > 0 {
            let rules = self.fold.beyond.iter();
            let rules: Vec<String> = rules
                .map(|(rule, count)| format!("{rule} {}", number(*count)))
                .collect();
            let (count, rules) = (number(beyond), rules.join(", "));
            let text = format!("{count} more: {rules}; `--format short` lists each");
            lines.extend(wrapped(&text, 2, self.style));
        }
        lines.into_iter().map(|line| line + "\n").collect()
    }
}

/// Where findings are, said once for all that follow each other.
#[derive(Clone, Copy, Default)]
struct Headings<'f> {
    last: Option<&'f Entry>,
}

impl<'f> Headings<'f> {
    fn block(&mut self, items: &[Item<'f>], level: Level, style: Style) -> Vec<String> {
        let mut out = Vec::new();
        if matches!(level, Level::ByRule | Level::Names) {
            let is_where = |first: &Entry| items.iter().all(|(_, entry)| entry.is_where(first));
            if let Some((_, first)) = items.first()
                && is_where(first)
                && !self.last.is_some_and(|last| last.is_where(first))
            {
                out.extend(heading(first, style));
                self.last = Some(first);
            }
            out.extend(match level {
                Level::Names => names(items, style),
                _ => by_rule(items, style),
            });
            return out;
        }
        for (text, entry) in items {
            let is_same = self
                .last
                .is_some_and(|last| last.is_where(entry) && last.lines_are_alike() && entry.lines_are_alike());
            if !is_same {
                out.extend(heading(entry, style));
            }
            self.last = Some(entry);
            out.extend(item(text, entry, level, style));
        }
        out
    }
}

/// The files of a finding; with their lines, where these differ.
fn heading(entry: &Entry, style: Style) -> Vec<String> {
    let name = |(file, lines): &(Arc<str>, Vec<usize>)| match lines.first() {
        Some(line) if !entry.lines_are_alike() => format!("{file}:{line}"),
        _ => file.to_string(),
    };
    let names: Vec<String> = entry.first.iter().map(name).collect();
    let text = match entry.files {
        1 => names.concat(),
        files => {
            let more = if files > NAMED { " …" } else { "" };
            format!("in {} files: {}{more}", number(files), names.join(", "))
        }
    };
    let lines = wrapped(&unicode(&text, style), 2, style).into_iter();
    lines.map(|line| style.paint(bold(), &line)).collect()
}

/// One finding: its label, the lines, what is found; below it what there is room for.
fn item(text: &Text, entry: &Entry, level: Level, style: Style) -> Vec<String> {
    let place = match entry.first.first() {
        Some((_, lines)) if entry.lines_are_alike() => line_numbers(lines, entry.count / entry.files.max(1)),
        _ => String::new(),
    };
    let whole = if entry.is_varied {
        format!("{}, such as: {}", place.trim_end_matches(": "), text.message)
    } else {
        format!("{place}{}", text.message)
    };
    let whole = whole.trim_start_matches(", ");
    let mut out = labelled(text.severity, text.rule, whole, style);
    let arrow = unicode("→", style);
    let more = match level {
        Level::Whole => vec![text.why.clone(), help(text, arrow.as_ref())],
        Level::Help => vec![help(text, arrow.as_ref())],
        Level::Brief | Level::ByRule | Level::Names => Vec::new(),
    };
    for text in more.iter().filter(|text| !text.is_empty()) {
        let lines = wrapped(&format!("  {text}"), 4, style).into_iter();
        out.extend(lines.map(|line| style.paint(AnsiColor::Cyan.on_default(), &line)));
    }
    out
}

fn help(text: &Text, arrow: &str) -> String {
    if text.help.is_empty() {
        return String::new();
    }
    format!("{arrow} {}", text.help)
}

/// `line 6: `, `lines 9, 26: `; empty where it is about no line.
fn line_numbers(lines: &[usize], count: usize) -> String {
    let shown: Vec<String> = lines.iter().take(LINES).map(usize::to_string).collect();
    match &shown[..] {
        [] => String::new(),
        [only] if count < 2 => format!("line {only}: "),
        _ if count > shown.len() => {
            let more = number(count - shown.len());
            format!("lines {} and {more} more: ", shown.join(", "))
        }
        _ => format!("lines {}: ", shown.join(", ")),
    }
}

/// Findings by rule, in their order.
fn rules<'f>(items: &[Item<'f>]) -> Vec<(Severity, &'static str, Vec<Item<'f>>)> {
    let mut rules: Vec<(Severity, &str, Vec<Item<'f>>)> = Vec::new();
    for &(text, entry) in items {
        let is_same = |(severity, rule, _): &&mut (Severity, &str, Vec<Item<'f>>)| {
            (*severity, *rule) == (text.severity, text.rule)
        };
        match rules.iter_mut().find(is_same) {
            Some((.., items)) => items.push((text, entry)),
            None => rules.push((text.severity, text.rule, vec![(text, entry)])),
        }
    }
    rules
}

/// A line for each rule, with the lines and what they are about.
fn by_rule(items: &[Item<'_>], style: Style) -> Vec<String> {
    let mut out = Vec::new();
    for (severity, rule, items) in rules(items) {
        if let [(text, entry)] = items[..] {
            out.extend(item(text, entry, Level::Brief, style));
            continue;
        }
        let is_alike = items.iter().all(|(_, entry)| entry.lines_are_alike());
        let lines = items.iter().filter_map(|(_, entry)| entry.first.first());
        let mut lines: Vec<usize> = lines.flat_map(|(_, lines)| lines.iter().copied()).collect();
        lines.sort_unstable();
        lines.dedup();
        let place = if is_alike {
            line_numbers(&lines, lines.len())
        } else {
            String::new()
        };
        let text = unicode(&format!("{place}{}", about(&items)), style);
        out.extend(labelled(severity, rule, &text, style));
    }
    out
}

/// The options that `items` are about, or the first message.
fn about(items: &[Item<'_>]) -> String {
    let mut options: Vec<&str> = items.iter().filter_map(|(text, _)| text.option.as_deref()).collect();
    options.dedup();
    let more = options.len().saturating_sub(OPTIONS);
    options.truncate(OPTIONS);
    match (&options[..], more) {
        ([], _) => {
            let (text, count) = (&items[0].0.message, number(items.len()));
            format!("{count} such as: {text}")
        }
        (options, 0) => plain::line(&options.join(", ")).into_owned(),
        (options, more) => format!("{} … {} more", plain::line(&options.join(", ")), number(more)),
    }
}

/// All rules on one line, with how often each found something in a file.
fn names(items: &[Item<'_>], style: Style) -> Vec<String> {
    if items.is_empty() {
        return Vec::new();
    }
    let named = rules(items)
        .into_iter()
        .map(|(severity, rule, items)| match items.len() {
            1 => label(severity, rule),
            count => format!("{} ({})", label(severity, rule), number(count)),
        });
    wrapped(&named.collect::<Vec<_>>().join(", "), 2, style)
}
