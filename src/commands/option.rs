//! `novamend option GROUP.NAME`: the life of one option, release by release, and the rules about it.
//!
//! It reads no file.

use std::io;

use super::{Outcome, Terminal};
use crate::catalog::{self, Release, moves};
use crate::oslo::names::normal_group;
use crate::output::life::Life;
use crate::output::{self, Format, Head, Part};
use crate::rules::RULES;

/// Prints the life of the option called `name`: `group.name`, `[group] name`, or a name that only one group has.
///
/// # Errors
/// The writer's.
pub fn run(name: &str, format: Format, terminal: &mut Terminal<'_>) -> io::Result<Outcome> {
    let (group, name) = match resolve(name) {
        Ok(found) => found,
        Err(message) => {
            terminal.complain(&message);
            return Ok(Outcome::Failed);
        }
    };
    let life = Life::of(&group, &name, rules(&name));
    let text = output::document(format, terminal.style, &Head::Option, [Part::Life(&life)]);
    terminal.print(&text)?;
    Ok(Outcome::Clean)
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
    let near = catalog::spelling::did_you_mean(group, name, Release::NEWEST, |_| true);
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
