//! `novamend option GROUP.NAME`: the life of one option, release by release, and the rules about it.
//!
//! It reads no file.

use clap::Args;

use super::documents::FormatArguments;
use super::{Failure, Outcome};
use crate::terminal::Terminal;
use novamend::catalog::{self, Release, moves};
use novamend::inputs::arguments::ExtraArguments;
use novamend::oslo::names::normal_group;
use novamend::output::envelope::Kind;
use novamend::output::life::Life;
use novamend::output::{Head, Part};
use novamend::rules::RULES;

/// Show the history of an option: type, default and limits release by release, old names, the rules about it
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// `group.name`, such as `libvirt.virt_type`
    #[arg(value_name = "OPTION")]
    option: String,
    #[command(flatten)]
    extra: ExtraArguments,
    #[command(flatten)]
    formats: FormatArguments,
}

impl Arguments {
    /// Prints the life of the option: `group.name`, `[group] name`, or a name that only one group has.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        self.extra.add()?;
        let (group, name) = resolve(&self.option).map_err(Failure::Refused)?;
        let life = Life::of(&group, &name, rules(&name));
        self.formats
            .of(Kind::Option)?
            .print(terminal, &Head::Option, [Part::Life(&life)])?;
        Ok(Outcome::Clean)
    }
}

/// The group and name that `words` mean.
fn resolve(words: &str) -> Result<(String, String), String> {
    let (group, name) = named(words, |words| words.rsplit_once('.'))?;
    let (group, name) = (&*group, &*name);
    if catalog::is_known_anywhere(group, name) {
        return Ok((group.to_owned(), name.to_owned()));
    }
    if moves::gone(group, name).is_some_and(|entry| entry.is_early) {
        return Ok((group.to_owned(), name.to_owned()));
    }
    let near = catalog::spelling::did_you_mean(group, name, Release::newest(), |_| true);
    let hint = near.map_or(String::new(), |near| {
        format!("; did you mean `{}.{}`?", near.group(), near.name())
    });
    Err(format!("unknown option `[{group}] {name}`: no release has it{hint}"))
}

/// The group, as oslo.config knows it, and the name of `[group] name`, of two words that `split` parts, or of a name that only one
/// group of nova has; whether there is such an option is not asked.
///
/// # Errors
/// A name that no group has, or several.
pub(super) fn named(words: &str, split: impl Fn(&str) -> Option<(&str, &str)>) -> Result<(String, String), String> {
    let words = words.trim();
    let bracketed = words.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match bracketed.or_else(|| split(words)) {
        Some((group, name)) => Ok((normal_group(group.trim()).into_owned(), name.trim().to_owned())),
        None => by_name(words),
    }
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

/// The rules whose page names the option `name`.
fn rules(name: &str) -> Vec<&'static str> {
    let names = |doc: &str| {
        doc.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .any(|word| word == name)
    };
    // A name like `enabled` stands on pages that mean another one.
    let is_telling = name.contains('_');
    let rules = RULES.iter().filter(|rule| is_telling && names(rule.doc));
    rules.map(|rule| rule.id).collect()
}
