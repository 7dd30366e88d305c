//! `novamend upgrade FROM TO`: what an upgrade changes for any file, hop by hop, as a table to read beforehand.
//!
//! It reads no file; what it means for one, `check` says.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{Failure, Outcome};
use crate::terminal::Terminal;
use novamend::catalog::changes::{Change, changes};
use novamend::catalog::moves::NewMeaning;
use novamend::catalog::release::Version;
use novamend::catalog::{Release, moves, options};
use novamend::output::{facts, json as report, table};

/// Show what an upgrade changes, release by release, whatever the file
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The release that runs today: number, series or date (18, rocky, 2025.1)
    #[arg(value_name = "FROM", value_parser = Release::parse)]
    from: Release,
    /// The release to come
    #[arg(value_name = "TO", value_parser = Release::parse)]
    to: Release,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
}

/// How the table is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns
    Pretty,
    /// For programs (docs/json.md)
    Json,
    /// A page for a wiki
    Markdown,
}

impl Arguments {
    /// Prints what every hop changes.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let Self { from, to, format } = self;
        if from >= to {
            return Err(Failure::Refused(format!(
                "{from} is not older than {to}: name the release that runs today first, then the release to come"
            )));
        }
        if !from.is_complete() {
            let first = Release::FIRST_COMPLETE;
            return Err(Failure::Refused(format!(
                "only the live-migration options are known of releases before {first}"
            )));
        }
        let stops = from.hops(to);
        let starts = std::iter::once(from).chain(stops.iter().copied());
        let hops: Vec<Hop> = starts.zip(&stops).map(|(from, &to)| Hop::new(from, to)).collect();
        let text = match format {
            Format::Pretty => hops.iter().map(Hop::pretty).collect::<Vec<_>>().join("\n"),
            Format::Markdown => markdown(from, to, &hops),
            Format::Json => {
                let mut document = report::head();
                document["from"] = release(from);
                document["to"] = release(to);
                document["hops"] = hops.iter().map(Hop::json).collect();
                format!("{}\n", report::text(&document))
            }
        };
        terminal.print(&text)?;
        Ok(Outcome::Clean)
    }
}

fn release(release: Release) -> Value {
    json!({"release": release.number(), "series": release.series(), "date": release.date()})
}

struct Hop {
    from: Release,
    to: Release,
    changes: Vec<Change>,
    /// Options that keep their names and mean something else.
    meanings: Vec<&'static NewMeaning>,
}

impl Hop {
    fn new(from: Release, to: Release) -> Self {
        let meanings = moves::moves().meanings.iter();
        Self {
            from,
            to,
            changes: changes(from, to),
            meanings: meanings
                .filter(|meaning| from < meaning.release && meaning.release <= to)
                .collect(),
        }
    }

    fn title(&self) -> String {
        let skips = if self.is_skip() { ", skipping one" } else { "" };
        format!("{} to {}{skips}", self.from, self.to)
    }

    /// Whether the hop leads from one SLURP release to the next, over another.
    fn is_skip(&self) -> bool {
        self.from.next() != Some(self.to)
    }

    /// What the host needs that it did not need before.
    fn host(&self) -> Option<String> {
        let (old, new) = (self.from.host_minima()?, self.to.host_minima()?);
        let needs = |name: &str, was: Version, is: Version| {
            (was != is).then(|| format!("{name} {}.{}.{} or later", is.0, is.1, is.2))
        };
        let words = [
            needs("libvirt", old.libvirt, new.libvirt),
            needs("QEMU", old.qemu, new.qemu),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(" and "))
    }

    /// Whether no option changes, in what it means as little as in the lists.
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.meanings.is_empty()
    }

    /// A row a change; one for a group that goes as a whole. New meanings come first: no list shows them.
    fn rows(&self) -> Vec<Vec<String>> {
        let meanings = self.meanings.iter().map(|meaning| {
            let title = format!("[{}] {}", meaning.group, meaning.name);
            vec!["meaning".to_owned(), title, meaning.why.clone()]
        });
        let (mut rows, mut folded): (Vec<Vec<String>>, Vec<&str>) = (meanings.collect(), Vec::new());
        for change in &self.changes {
            let (group, name) = change.subject();
            let mut title = format!("[{group}] {name}");
            if let Change::Removed(_) = change {
                if folded.contains(&group) {
                    continue;
                }
                let count = self.removed_of(group);
                if count > 2 && !options(self.to).any(|option| option.group() == group) {
                    folded.push(group);
                    title = format!("[{group}], all {count} options");
                }
            }
            rows.push(vec![
                change.kind().to_owned(),
                title,
                detail(change, self.from, self.to),
            ]);
        }
        rows
    }

    fn removed_of(&self, group: &str) -> usize {
        let removed = self
            .changes
            .iter()
            .filter(|change| matches!(change, Change::Removed(_)));
        removed.filter(|change| change.subject().0 == group).count()
    }

    fn pretty(&self) -> String {
        let mut out = format!("{}\n", self.title());
        if let Some(host) = self.host() {
            out.push_str(&format!("hosts need {host}\n"));
        }
        if self.is_empty() {
            out.push_str("no option changes\n");
        }
        out.push_str(&table::aligned(&self.rows()));
        out
    }

    fn markdown(&self) -> String {
        let mut out = format!("## {}\n\n", self.title());
        if let Some(host) = self.host() {
            out.push_str(&format!("Hosts need {host}.\n\n"));
        }
        if self.is_empty() {
            out.push_str("No option changes.\n");
            return out;
        }
        out.push_str("| change | option | detail |\n| --- | --- | --- |\n");
        for row in self.rows() {
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            out.push_str(&format!("| {} | `{}` | {} |\n", cells[0], cells[1], cells[2]));
        }
        out
    }

    fn json(&self) -> Value {
        let meanings = self.meanings.iter().map(|meaning| {
            json!({
                "change": "meaning",
                "group": meaning.group,
                "name": meaning.name,
                "becomes": Value::Null,
                "detail": meaning.why,
            })
        });
        let changes: Vec<Value> = meanings
            .chain(self.changes.iter().map(|change| {
                let (group, name) = change.subject();
                let after = change
                    .after()
                    .filter(|after| (after.group(), after.name()) != (group, name));
                json!({
                    "change": change.kind(),
                    "group": group,
                    "name": name,
                    "becomes": after.map(|after| json!({"group": after.group(), "name": after.name()})),
                    "detail": detail(change, self.from, self.to),
                })
            }))
            .collect();
        json!({
            "from": self.from.number(),
            "to": self.to.number(),
            "skips": self.is_skip(),
            "host": self.host(),
            "changes": changes,
        })
    }
}

fn markdown(from: Release, to: Release, hops: &[Hop]) -> String {
    let parts: Vec<String> = hops.iter().map(Hop::markdown).collect();
    format!("# Nova from {from} to {to}\n\n{}", parts.join("\n"))
}

/// What there is to say of a change besides what it is.
fn detail(change: &Change, from: Release, to: Release) -> String {
    match change {
        Change::Removed(option) => match moves::gone(option.group(), option.name()) {
            Some(gone) if gone.instead.is_empty() => gone.why.clone(),
            Some(gone) => format!("{}; instead, {}", gone.why, gone.instead),
            None => match option.deprecated_since() {
                Some(since) => format!("deprecated for removal since {since}"),
                None => String::new(),
            },
        },
        Change::Renamed(_, new) | Change::Moved(_, new) => format!("now {}; the old name is still read", new.title()),
        Change::Dropped(_, _, new) => format!("only {} is read from now on", new.title()),
        Change::Limits(old, new) => format!("{} → {}", limits(*old), limits(*new)),
        Change::Default(old, new) => {
            let values = format!("{} → {}", facts::default(*old), facts::default(*new));
            match moves::new_default(new.group(), new.name(), from, to) {
                Some(known) if !known.why.is_empty() => format!("{values}: {}", known.why),
                Some(_) => format!("{values}: same effect"),
                None => values,
            }
        }
        Change::Deprecated(option) => match moves::gone(option.group(), option.name()) {
            Some(gone) if !gone.instead.is_empty() => format!("deprecated for removal; instead, {}", gone.instead),
            _ => "deprecated for removal".to_owned(),
        },
        Change::New(option) => {
            let default = facts::default(*option);
            format!("{}, default {default}", facts::kind(*option))
        }
    }
}

fn limits(option: novamend::catalog::OptionFacts) -> String {
    let mut words = vec![facts::kind(option)];
    words.extend(facts::limits(option));
    words.join(", ")
}
