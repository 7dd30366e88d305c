//! `novamend option GROUP.NAME`: the life of one option, release by release, and the rules about it.
//!
//! It reads no file.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{Failure, Outcome};
use crate::terminal::Terminal;
use novamend::catalog::fate::{Fate, fate};
use novamend::catalog::{self, OptionFacts, Release, moves};
use novamend::inputs::arguments::ExtraArguments;
use novamend::oslo::names::normal_group;
use novamend::output::{facts, json as report, table};
use novamend::redact;
use novamend::rules::RULES;

/// Show the history of an option: type, default and limits release by release, old names, the rules about it
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// `group.name`, such as `libvirt.virt_type`
    #[arg(value_name = "OPTION")]
    option: String,
    #[command(flatten)]
    extra: ExtraArguments,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
}

/// How a life is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Pretty,
    /// For programs (docs/json.md)
    Json,
}

impl Arguments {
    /// Prints the life of the option: `group.name`, `[group] name`, or a name that only one group has.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        self.extra.add()?;
        let (group, name) = resolve(&self.option).map_err(Failure::Refused)?;
        let life = Life::of(&group, &name);
        match self.format {
            Format::Json => terminal.print(&format!("{}\n", report::text(&life.json())))?,
            Format::Pretty => terminal.print(&life.text())?,
        }
        Ok(Outcome::Clean)
    }
}

/// The group and name that `words` mean.
fn resolve(words: &str) -> Result<(String, String), String> {
    let words = words.trim();
    let split = words
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .or_else(|| words.rsplit_once('.'));
    let Some((group, name)) = split else {
        return by_name(words);
    };
    let (group, name) = (&*normal_group(group.trim()), name.trim());
    if catalog::is_known_anywhere(group, name) {
        return Ok((group.to_owned(), name.to_owned()));
    }
    if moves::gone(group, name).is_some_and(|entry| entry.is_early) {
        return Ok((group.to_owned(), name.to_owned()));
    }
    let near = catalog::did_you_mean(group, name, Release::NEWEST, |_| true);
    let hint = near.map_or(String::new(), |near| {
        format!("; did you mean `{}.{}`?", near.group(), near.name())
    });
    Err(format!("unknown option `[{group}] {name}`: no release has it{hint}"))
}

fn by_name(name: &str) -> Result<(String, String), String> {
    let mut groups: Vec<&str> = Release::all()
        .flat_map(|release| catalog::groups_with(name, release))
        .collect();
    groups.sort_unstable();
    groups.dedup();
    match groups[..] {
        [] => Err(format!(
            "unknown option `{name}`; use GROUP.NAME, such as `libvirt.virt_type`"
        )),
        [only] => Ok((only.to_owned(), name.to_owned())),
        _ => {
            let all: Vec<String> = groups.iter().map(|group| format!("`{group}.{name}`")).collect();
            Err(format!("`{name}` is ambiguous; use one of {}", all.join(", ")))
        }
    }
}

struct Life {
    group: String,
    name: String,
    spans: Vec<OptionFacts>,
    /// The options it is or was an old name of.
    old_name_of: Vec<OptionFacts>,
}

impl Life {
    fn of(group: &str, name: &str) -> Self {
        Self {
            group: group.to_owned(),
            name: name.to_owned(),
            spans: catalog::life(group, name),
            old_name_of: catalog::life_as_alias(group, name),
        }
    }

    /// The rules whose page names the option.
    fn rules(&self) -> Vec<&'static str> {
        let names = |doc: &str| {
            doc.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .any(|word| word == self.name)
        };
        // A name like `enabled` stands on pages that mean another one.
        let is_telling = self.name.contains('_');
        let rules = RULES.iter().filter(|rule| is_telling && names(rule.doc));
        rules.map(|rule| rule.id).collect()
    }

    fn text(&self) -> String {
        let mut out = format!("[{}] {}\n", self.group, self.name);
        if !self.spans.is_empty() {
            let mut rows = vec![
                ["releases", "type", "default", "limits", "remarks"]
                    .map(str::to_owned)
                    .to_vec(),
            ];
            rows.extend(self.spans.iter().map(|facts| row(*facts)));
            out.push_str(&format!("\n{}", table::aligned(&rows)));
        }
        if let Some(last) = self.spans.last().and_then(OptionFacts::until) {
            out.push_str(&format!("\nremoved in {}\n", last.next().map_or("", Release::short)));
        }
        for line in self.old_names() {
            out.push_str(&format!("\n{line}\n"));
        }
        for line in self.notes() {
            out.push_str(&format!("\n{line}\n"));
        }
        let rules = self.rules();
        if !rules.is_empty() {
            out.push_str(&format!(
                "\nrules about it: {} (`novamend explain RULE-ID`)\n",
                rules.join(", ")
            ));
        }
        out
    }

    /// What it is an old name of, and how long that counts.
    fn old_names(&self) -> Vec<String> {
        let mut targets: Vec<(&str, &str)> = self.old_name_of.iter().map(|f| (f.group(), f.name())).collect();
        targets.sort_unstable();
        targets.dedup();
        let lines = targets.iter().map(|(group, name)| {
            let spans: Vec<&OptionFacts> = self
                .old_name_of
                .iter()
                .filter(|facts| (facts.group(), facts.name()) == (*group, *name))
                .collect();
            let since = spans.iter().map(|facts| facts.since()).min().unwrap_or(Release::OLDEST);
            let until = if spans.iter().any(|facts| facts.until().is_none()) {
                None
            } else {
                spans.iter().filter_map(|facts| facts.until()).max()
            };
            format!("an old name of [{group}] {name} ({})", releases(since, until))
        });
        lines.collect()
    }

    /// What the lists cannot say, each with its source.
    fn notes(&self) -> Vec<String> {
        let known = moves::moves();
        let is_it = |group: &str, name: &str| group == self.group && name == self.name;
        let mut lines = Vec::new();
        let is_gone = !matches!(
            fate(&self.group, &self.name, Release::NEWEST),
            Fate::Known(_) | Fate::Old(_)
        );
        if let Some(gone) = moves::gone(&self.group, &self.name).filter(|_| is_gone) {
            let instead = if gone.instead.is_empty() {
                String::new()
            } else {
                format!("; instead, {}", gone.instead)
            };
            lines.push(format!("{}{instead}\n  {}", gone.why, gone.source));
        }
        for entry in known.meanings.iter().filter(|entry| is_it(&entry.group, &entry.name)) {
            let (release, why) = (entry.release.short(), &entry.why);
            lines.push(format!("from {release} on {why}\n  {}", entry.source));
        }
        let defaults = known.defaults.iter().filter(|entry| is_it(&entry.group, &entry.name));
        for entry in defaults.filter(|entry| !entry.why.is_empty()) {
            let (release, why) = (entry.release.short(), &entry.why);
            lines.push(format!("with the default of {release} {why}\n  {}", entry.source));
        }
        lines
    }

    fn json(&self) -> Value {
        let spans: Vec<Value> = self.spans.iter().map(|facts| span(*facts)).collect();
        let old: Vec<Value> = self.old_name_of.iter().map(|facts| span(*facts)).collect();
        let mut document = report::head();
        document["option"] = json!({
            "group": self.group,
            "name": self.name,
            "life": spans,
            "old_name_of": old,
            "notes": self.notes(),
            "rules": self.rules(),
        });
        document
    }
}

/// `stein (19)`, `stein (19) to train (20)`, `stein (19) on`.
fn releases(since: Release, until: Option<Release>) -> String {
    match until {
        None => format!("{} ({}) on", since.short(), since.number()),
        Some(until) if until == since => format!("{} ({})", since.short(), since.number()),
        Some(until) => format!(
            "{} ({}) to {} ({})",
            since.short(),
            since.number(),
            until.short(),
            until.number()
        ),
    }
}

fn row(option: OptionFacts) -> Vec<String> {
    let mut remarks = facts::marks(option);
    remarks.extend(
        option
            .aliases()
            .map(|old| format!("old name [{}] {}", old.group, old.name)),
    );
    let limits = facts::limits(option);
    let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    vec![
        releases(option.since(), option.until()),
        facts::kind(option),
        facts::default(option),
        or_dash(limits.join("; ")),
        remarks.join("; "),
    ]
}

fn span(option: OptionFacts) -> Value {
    let default = option.default_text();
    let default = default.map(|text| redact::shown(option.name(), &text).into_owned());
    let aliases: Vec<Value> = option
        .aliases()
        .map(|old| json!({"group": old.group, "name": old.name}))
        .collect();
    json!({
        "group": option.group(),
        "name": option.name(),
        "since": option.since().number(),
        "until": option.until().map(Release::number),
        "type": option.kind(),
        "default": default,
        "host_dependent": option.is_host_dependent(),
        "limits": facts::limits(option),
        "choices": option.choices(),
        "mutable": option.is_mutable(),
        "secret": option.is_secret(),
        "deprecated_for_removal": option.is_deprecated_for_removal(),
        "deprecated_since": option.deprecated_since(),
        "old_names": aliases,
        "source": option.source(),
    })
}
