//! Completions: the script that a shell loads, and the answers to it, which the program itself gives at each press of TAB, so
//! that options of the catalog, rules and releases are completed as this very program knows them.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;

use clap::builder::ValueHint;
use clap::{Arg, Command, ValueEnum};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};

use crate::catalog::{self, Release};
use crate::nova::start::programs;
use crate::rules::RULES;

/// The variable by which a script asks: the name of its shell. `--` and the words of the command line follow as arguments.
pub const VARIABLE: &str = "_NOVAMEND_COMPLETE";

/// A shell for which there is a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Put it into `/etc/bash_completion.d`, or load it: `source <(novamend completions bash)`
    Bash,
    /// Put it into a directory of `$fpath`, called `_novamend`
    Zsh,
    /// Put it into `~/.config/fish/completions`, called `novamend.fish`
    Fish,
}

impl Shell {
    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &Bash,
            Self::Zsh => &Zsh,
            Self::Fish => &Fish,
        }
    }

    /// The script that makes the shell ask `program`, which it looks up in `PATH`.
    ///
    /// # Errors
    /// None that is known: it is written to memory.
    pub fn script(self, program: &str) -> io::Result<String> {
        let mut script = Vec::new();
        self.completer()
            .write_registration(VARIABLE, program, program, program, &mut script)?;
        let mut script = String::from_utf8_lossy(&script).trim_start().to_owned();
        if self == Self::Zsh {
            // A file of `$fpath` is run as the function itself when the first word is completed.
            let function = program.replace('-', "_");
            script.push_str(&format!(
                "\n[[ $funcstack[1] != _{program} ]] || _clap_dynamic_completer_{function} \"$@\"\n"
            ));
        }
        Ok(script)
    }
}

/// A question that a script asks.
#[derive(Debug)]
pub struct Question {
    shell: Shell,
    words: Vec<OsString>,
}

impl Question {
    /// The question that this process was started with, `arguments` being all of its own, its name first. Without both, the
    /// variable and a `--` right behind the name, it is a run like any other: a variable alone answers nothing.
    #[must_use]
    pub fn asked(arguments: &[OsString]) -> Option<Self> {
        let shell = env::var(VARIABLE).ok()?;
        let shell = Shell::from_str(&shell, false).ok()?;
        let words = arguments.get(2..)?.to_vec();
        let is_asked = arguments[1] == "--" && !words.is_empty();
        is_asked.then_some(Self { shell, words })
    }

    /// The first word behind the program's name.
    #[must_use]
    pub fn verb(&self) -> Option<&OsStr> {
        self.words.get(1).map(OsString::as_os_str)
    }

    /// Whether the cursor is behind the verb.
    #[must_use]
    pub fn is_behind_verb(&self) -> bool {
        self.words.len() > 2 || index().is_some_and(|index| index > 1)
    }

    /// The words as `program` would be asked for them.
    #[must_use]
    pub fn words_for(&self, program: &str) -> Vec<OsString> {
        let words = self.words.iter().skip(1).cloned();
        [OsString::from("--"), OsString::from(program)]
            .into_iter()
            .chain(words)
            .collect()
    }

    /// The answer, in the form that the shell's script reads.
    ///
    /// # Errors
    /// The words are none that can be completed.
    pub fn answer(self, command: Command) -> io::Result<Vec<u8>> {
        let Self { shell, mut words } = self;
        // bash says an index that may lie behind the last word
        if let Some(index) = index().filter(|index| *index >= words.len()) {
            words.resize(index.min(words.len()) + 1, OsString::new());
        }
        let here = env::current_dir().ok();
        let mut answer = Vec::new();
        let mut command = completed(command);
        shell
            .completer()
            .write_complete(&mut command, words, here.as_deref(), &mut answer)?;
        Ok(answer)
    }
}

/// Which word the cursor is in, as bash and zsh say it.
fn index() -> Option<usize> {
    env::var("_CLAP_COMPLETE_INDEX").ok()?.parse().ok()
}

/// `command` and its verbs, with what each value of an argument may be.
fn completed(command: Command) -> Command {
    command
        .mut_args(of_argument)
        .mut_subcommands(|verb| verb.mut_args(of_argument))
}

/// An argument with its values, by the word that the help has for them.
fn of_argument(argument: Arg) -> Arg {
    let word = argument
        .get_value_names()
        .and_then(|names| names.first())
        .map(ToString::to_string);
    match word.as_deref() {
        Some("OPTION") => argument.add(ArgValueCompleter::new(options)),
        Some("RULE") => argument.add(ArgValueCompleter::new(several_rules)),
        Some("RULE-ID") => argument.add(ArgValueCompleter::new(rules)),
        Some("REL" | "FROM" | "TO" | "WHEN") => argument.add(ArgValueCompleter::new(releases)),
        Some("NAMES") => argument.add(ArgValueCompleter::new(program_names)),
        Some("DIR") => argument.value_hint(ValueHint::DirPath),
        Some("FILE" | "PATH") => argument.value_hint(ValueHint::AnyPath),
        _ => argument,
    }
}

/// Every option of the catalog, `group.name`; behind three letters also names that one group alone has.
fn options(begun: &OsStr) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let mut found: Vec<CompletionCandidate> = Vec::new();
    let mut last = String::new();
    for facts in catalog::all() {
        let name = format!("{}.{}", facts.group(), facts.name());
        if name == last || !name.starts_with(&*begun) {
            continue;
        }
        let life = catalog::life(facts.group(), facts.name());
        found.push(CompletionCandidate::new(&name).help(Some(lived(&life).into())));
        last = name;
    }
    if found.is_empty() && begun.len() >= 3 && !begun.contains('.') {
        let mut names: Vec<&str> = catalog::all().map(|facts| facts.name()).collect();
        names.retain(|name| name.starts_with(&*begun));
        names.sort_unstable();
        names.dedup();
        found.extend(
            names
                .into_iter()
                .filter(|name| is_of_one_group(name))
                .map(CompletionCandidate::new),
        );
    }
    found
}

fn is_of_one_group(name: &str) -> bool {
    let mut groups: Vec<&str> = catalog::called(name).map(|(facts, _)| facts.group()).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.len() == 1
}

/// The releases that have the option: `rocky to 2025.1`, `since stein`.
fn lived(life: &[catalog::OptionFacts]) -> String {
    let since = life.first().map(catalog::OptionFacts::since);
    let until = life.last().and_then(catalog::OptionFacts::until);
    match (since, until) {
        (Some(since), None) => format!("since {}", since.short()),
        (Some(since), Some(until)) => format!("{} to {}", since.short(), until.short()),
        (None, _) => String::new(),
    }
}

fn rules(begun: &OsStr) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let rules = RULES.iter().filter(|rule| rule.id.starts_with(&*begun));
    rules
        .map(|rule| CompletionCandidate::new(rule.id).help(Some(rule.summary.into())))
        .collect()
}

/// The releases by the word that people call them by, newest first.
fn releases(begun: &OsStr) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let words = Release::all().rev().flat_map(|release| {
        let of = |word: &'static str| CompletionCandidate::new(word).help(Some(release.to_string().into()));
        [release.date().map(of), Some(of(release.series()))]
    });
    let words = words.flatten();
    words
        .filter(|word| word.get_value().to_string_lossy().starts_with(&*begun))
        .collect()
}

/// Nova's programs; the one behind the last comma.
fn program_names(begun: &OsStr) -> Vec<CompletionCandidate> {
    several(begun, programs::names().chain(["all"]))
}

/// Ids of rules joined by commas, the last one being completed.
fn several_rules(begun: &OsStr) -> Vec<CompletionCandidate> {
    several(begun, RULES.iter().map(|rule| rule.id))
}

/// Names joined by commas: what is complete stays, the last one is of `names`.
fn several<'a>(begun: &OsStr, names: impl Iterator<Item = &'a str>) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let (before, begun) = begun
        .rsplit_once(',')
        .map_or(("", &*begun), |(before, rest)| (before, rest));
    let comma = if before.is_empty() { "" } else { "," };
    let names = names.filter(|name| name.starts_with(begun));
    names
        .map(|name| CompletionCandidate::new(format!("{before}{comma}{name}")))
        .collect()
}
