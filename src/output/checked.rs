//! What a run checked, what it counted, and the sentences in which every format for people says so.
//!
//! Each is built whole here; a format only lays them out.

use std::path::PathBuf;

use super::{Base, shown_path};
use crate::catalog::Release;
use crate::inputs::directory::NotRead;
use crate::lint::{By, EditWindow, FailOn, Finding, SettingsFile, Severity, Suppressed};
use crate::plain;

/// What was checked: the first lines of every report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The files that were read, each once.
    pub paths: Vec<PathBuf>,
    /// Whether the files are listed in reports for people: they are more than the one that was named.
    pub is_listed: bool,
    /// What lies beside them in the directories that were named.
    pub not_read: Vec<NotRead>,
    /// What may run today, each with how many stacks are of it; most first.
    pub compared: Vec<Compared>,
    /// The release to come.
    pub to: Release,
    /// What says which release runs today.
    pub why: String,
    /// The releases that the files must serve at once; empty where there is an upgrade.
    pub valid_in: Vec<Release>,
    /// The settings that were read.
    pub settings: Option<SettingsFile>,
    /// Where paths start in reports for other programs.
    pub base: Base,
    /// From which severity on findings count.
    pub fail_on: FailOn,
    /// Which rules were asked, a clause; `None` where all were.
    pub asked: Option<String>,
    /// The services that the files were said to serve.
    pub served: Option<String>,
}

/// Stacks that are compared alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The oldest release that may run today.
    pub oldest: Release,
    /// The newest one: the upgrade is compared from it.
    pub newest: Release,
    /// Whether an upgrade is compared, or only the release to come judged.
    pub is_compared: bool,
    /// What says so: `said`, `installed` or `options`.
    pub evidence: &'static str,
    /// How many stacks.
    pub stacks: usize,
}

/// So many files are listed in reports for people.
pub const LISTED: usize = 20;
/// More than so many are not, on a first screen.
pub const LISTED_FIRST: usize = 3;

/// How many findings of each severity there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Good to know.
    pub infos: usize,
}

impl Counts {
    /// Counts `findings`.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            counts.add(finding.severity);
        }
        counts
    }

    /// Counts one more.
    pub fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Info => self.infos += 1,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            errors: self.errors + other.errors,
            warnings: self.warnings + other.warnings,
            infos: self.infos + other.infos,
        }
    }

    /// All together.
    #[must_use]
    pub fn total(self) -> usize {
        self.errors + self.warnings + self.infos
    }

    /// How many there are at `severity` or above.
    #[must_use]
    pub fn at_or_above(self, severity: Severity) -> usize {
        match severity {
            Severity::Info => self.total(),
            Severity::Warning => self.errors + self.warnings,
            Severity::Error => self.errors,
        }
    }

    /// `1 error, 2 warnings`; `nothing found` where there is none.
    #[must_use]
    pub fn in_words(self) -> String {
        let counted = [(self.errors, "error"), (self.warnings, "warning"), (self.infos, "note")];
        let words: Vec<String> = counted
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| counted_word(count, word))
            .collect();
        if words.is_empty() {
            "nothing found".to_owned()
        } else {
            words.join(", ")
        }
    }
}

/// `1 file`, `2 files`.
#[must_use]
pub fn counted_word(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

impl Checked {
    /// The releases an upgrade stops at, the first and the last of it included; empty where it is one hop or none, or
    /// where not every stack is of one release.
    #[must_use]
    pub fn stops(&self) -> Vec<Release> {
        let [Compared { newest: from, .. }] = self.compared[..] else {
            return Vec::new();
        };
        let hops = from.hops(self.to);
        if hops.len() < 2 {
            return Vec::new();
        }
        std::iter::once(from).chain(hops).collect()
    }

    /// Of how many stacks no upgrade was compared.
    #[must_use]
    pub fn not_compared(&self) -> usize {
        let stacks = self.compared.iter().filter(|compared| !compared.is_compared);
        stacks.map(|compared| compared.stacks).sum()
    }

    /// Whether no upgrade was compared at all.
    #[must_use]
    pub fn compares_nothing(&self) -> bool {
        self.compared.iter().all(|compared| !compared.is_compared)
    }

    /// The line that opens a report.
    #[must_use]
    pub fn line(&self) -> String {
        let files = counted_word(self.paths.len(), "file");
        let (to, why) = (self.to, &self.why);
        if !self.valid_in.is_empty() {
            let releases: Vec<String> = self.valid_in.iter().map(ToString::to_string).collect();
            return format!(
                "checked {files} for {} at once, as a rolling upgrade needs it",
                releases.join(", ")
            );
        }
        if self.compares_nothing() {
            return plain::line(&format!("checked {files} for {to}; no upgrade was compared: {why}")).into_owned();
        }
        let from = match &self.compared[..] {
            [only] if only.newest == self.to => {
                return plain::line(&format!("checked {files} for {to}; {why}")).into_owned();
            }
            [only] => only.newest.to_string(),
            many => {
                let words = many
                    .iter()
                    .map(|compared| format!("{} ({})", compared.newest.short(), compared.stacks));
                words.collect::<Vec<_>>().join(", ")
            }
        };
        let rest = match self.not_compared() {
            0 => String::new(),
            count => format!("; no upgrade was compared for {count} of them"),
        };
        plain::line(&format!("checked {files}: upgrade from {from} to {to}; {why}{rest}")).into_owned()
    }

    /// The settings, the files that were read and what was not, a line each; empty where the one file that was named is
    /// all. Of many files no more than `most` that were read are named.
    #[must_use]
    pub fn listing(&self, most: usize) -> String {
        let mut out = self.settings.as_ref().map_or_else(String::new, settings_line);
        if let Some(asked) = &self.asked {
            out.push_str(&format!("rules: {asked}\n"));
        }
        if self.is_listed && most > 0 {
            let paths = self.paths.iter().map(|path| shown_path(path));
            out.push_str(&listed("files", paths.collect(), most, 0));
        }
        if !self.not_read.is_empty() {
            // What somebody left out is no news: a few of it are named.
            let (excluded, mut left): (Vec<&NotRead>, Vec<&NotRead>) =
                self.not_read.iter().partition(|left| left.is_excluded);
            let most = left.len().min(LISTED) + excluded.len().min(LISTED_FIRST);
            let beyond = left.len().saturating_sub(LISTED);
            left.truncate(LISTED);
            let named = left.into_iter().chain(excluded);
            let named = named.map(|left| format!("{} ({})", shown_path(&left.path), plain::line(&left.why)));
            out.push_str(&listed("not read", named.collect(), most, beyond));
        }
        out
    }

    /// What to edit when, a row each: before the upgrade, on the way, with which hop, and the options; empty where one hop
    /// is all. No step may come twice.
    #[must_use]
    pub fn timetable(&self, steps: &[(EditWindow, String)]) -> Vec<(String, String)> {
        if self.stops().is_empty() {
            return Vec::new();
        }
        let mut times: Vec<EditWindow> = Vec::new();
        for (edited, _) in steps {
            if !times.contains(edited) {
                times.push(*edited);
            }
        }
        times.sort_by_key(|edited| match *edited {
            EditWindow::Before => (None, false),
            EditWindow::With(release) => (Some(release), false),
            EditWindow::Between(after, _) => (Some(after), true),
        });
        let row = |time: EditWindow| {
            let at_that_time = steps.iter().filter(|(edited, _)| *edited == time);
            let options: Vec<&str> = at_that_time.map(|(_, option)| option.as_str()).collect();
            (in_words(time), options.join(", "))
        };
        times.into_iter().map(row).collect()
    }
}

/// When to edit, in words.
fn in_words(time: EditWindow) -> String {
    match time {
        EditWindow::Before => "before the upgrade".to_owned(),
        EditWindow::With(release) => format!("with the hop to {}", release.short()),
        EditWindow::Between(after, before) => format!(
            "after the hop to {}, before the one to {}",
            after.short(),
            before.short()
        ),
    }
}

/// `settings: ./novamend.toml (fail-on never, 2 ignores)`.
fn settings_line(file: &SettingsFile) -> String {
    let says = match &file.says[..] {
        [] => "changes nothing".to_owned(),
        says => says.join(", "),
    };
    format!("settings: {} ({says})\n", shown_path(&file.path))
}

fn listed(what: &str, mut words: Vec<String>, most: usize, beyond: usize) -> String {
    let rest = words.len().saturating_sub(most) + beyond;
    words.truncate(most);
    let more = match rest {
        0 => String::new(),
        count => format!(" and {count} more (`--format json` lists all)"),
    };
    format!("{what}: {}{more}\n", words.join(", "))
}

/// What the last line of a report says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Findings by severity.
    pub counts: Counts,
    /// How many `fix` can do, and how many more with `--unsafe-fixes`.
    pub fixable: (usize, usize),
    /// How many findings are not reported.
    pub suppressed: SuppressedCounts,
    /// How many stacks were left when the run was to end, and of how many.
    pub left: (usize, usize),
}

impl Summary {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            counts: self.counts.plus(other.counts),
            fixable: (self.fixable.0 + other.fixable.0, self.fixable.1 + other.fixable.1),
            suppressed: self.suppressed.plus(other.suppressed),
            left: self.left.max(other.left),
        }
    }

    /// The line, with its line end.
    #[must_use]
    pub fn line(&self, checked: &Checked) -> String {
        let is_silent = self.counts == Counts::default();
        let mut words = Vec::new();
        if let (left @ 1.., all) = self.left {
            words.push(format!("interrupted: {left} of {all} were not checked"));
        }
        if !is_silent || !checked.compares_nothing() {
            words.push(self.counts.in_words());
        }
        let (safe, risky) = self.fixable;
        if safe > 0 {
            words.push(format!("{safe} can be fixed by `novamend fix`"));
        }
        if risky > 0 {
            words.push(format!("{risky} more with `--unsafe-fixes`"));
        }
        words.extend(self.suppressed.in_words(checked));
        if checked.compares_nothing() {
            words.push("no upgrade was compared: pass `--from` with the release that runs today".to_owned());
        }
        format!("{}\n", words.join("; "))
    }
}

/// How many findings are not reported, or reported as less bad, by whose word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SuppressedCounts {
    /// By an ignore of `novamend.toml`.
    pub settings: usize,
    /// By a comment in the file.
    pub comments: usize,
    /// As their rule is off.
    pub off: usize,
    /// Reported, but as less bad than the rule has it.
    pub lowered: usize,
}

impl SuppressedCounts {
    /// Counts `suppressed`, and what is lowered of `findings`.
    #[must_use]
    pub fn of(suppressed: &[Suppressed], findings: &[Finding]) -> Self {
        let mut counts = Self {
            lowered: findings.iter().filter(|finding| finding.lowered_from.is_some()).count(),
            ..Self::default()
        };
        for suppressed in suppressed {
            match suppressed.by {
                By::Comment { .. } => counts.comments += 1,
                By::Settings { .. } => counts.settings += 1,
                By::RuleOff => counts.off += 1,
            }
        }
        counts
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            settings: self.settings + other.settings,
            comments: self.comments + other.comments,
            off: self.off + other.off,
            lowered: self.lowered + other.lowered,
        }
    }

    /// How many are not reported.
    #[must_use]
    pub fn total(self) -> usize {
        self.settings + self.comments + self.off
    }

    /// `2 hidden by ./novamend.toml (1 by ignores, 1 by rules that are off)`, what it lowers, and what comments hide.
    #[must_use]
    pub fn in_words(self, checked: &Checked) -> Vec<String> {
        let mut words = Vec::new();
        let file = checked.settings.as_ref();
        let file = file.map_or_else(|| "the settings".to_owned(), |file| shown_path(&file.path));
        let counted = [(self.settings, "by ignores"), (self.off, "by rules that are off")];
        let by = counted.iter().filter(|(count, _)| *count > 0);
        let by: Vec<String> = by.map(|(count, by)| format!("{count} {by}")).collect();
        if !by.is_empty() {
            words.push(format!(
                "{} hidden by {file} ({})",
                self.settings + self.off,
                by.join(", ")
            ));
        }
        if self.lowered > 0 {
            words.push(format!("{} made less severe by {file}", self.lowered));
        }
        if self.comments > 0 {
            words.push(format!("{} hidden by comments in the files", self.comments));
        }
        words
    }
}
