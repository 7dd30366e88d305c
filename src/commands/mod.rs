//! The command line: one file a verb, which holds its arguments and what it does with them.
//!
//! A new verb is its file and its line in each of the lists here.

mod again;
mod alike;
mod catalog;
mod check;
mod completions;
mod documents;
mod explain;
mod fix;
mod handed_over;
mod locate;
mod manual;
mod option;
mod rules;
mod stream;
mod undo;
mod upgrade;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, ColorChoice, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use novamend::bounded::Root;
use novamend::catalog::spelling::hint;
use novamend::inputs::arguments::{CatalogArguments, ColorArguments, with_variables};
use novamend::lint::settings::Asked;
use novamend::lint::{FailOn, Rule, Settings};
use novamend::output::Detail;
use novamend::rules::{self as known_rules, RULES};
use novamend::write::Options;

pub(crate) use completions::complete;

use crate::outcome::{Failure, Outcome};
use crate::terminal::{Terminal, color_of_help};
use documents::FormatArguments;

/// What the exit codes mean; the same words stand in README (`tests/docs.rs` holds them together).
const EXIT_CODES: &str = "\
Exit codes:
  0  nothing at or above --fail-on (default: warning)
  1  findings at or above --fail-on
  2  could not run: bad arguments, nothing to read, a file that cannot be read or must not be written, no such release

Results go to standard output, everything else to standard error.";

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Reads nova.conf as nova does, reports what an upgrade breaks, and fixes it without losing a byte
#[derive(Debug, Parser)]
#[command(name = "novamend", version, styles = STYLES, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) color: ColorArguments,
    // Read before the others are: `CatalogArguments::of`.
    #[command(flatten)]
    _catalog: CatalogArguments,
    /// With --version: which releases the program knows, and of which day
    #[arg(long, requires = "version", hide_short_help = true)]
    verbose: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl Cli {
    /// What `arguments` ask for, the program's name first.
    ///
    /// Nine of ten verbs are not asked for: where one is named right behind the program, its own arguments are all that is made
    /// ready, which is most of what a start costs. Everything else (help, mistakes) is answered by the whole of them.
    ///
    /// # Errors
    /// clap's: what was asked for wrongly, or the help that was asked for.
    pub(crate) fn read(arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        let arguments = check::with_baseline_joined(arguments);
        let named = arguments.get(1).and_then(|verb| verb.to_str());
        match named.and_then(|verb| Self::of_one_verb(verb, &arguments)) {
            Some(cli) => Ok(cli),
            None => Self::whole(&arguments).or_else(|error| {
                let is_verbose = arguments.iter().any(|word| word == "--verbose");
                match error.kind() {
                    ErrorKind::DisplayVersion if is_verbose => Ok(Self::verbose_version()),
                    _ => Err(error),
                }
            }),
        }
    }

    fn whole(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let command = with_variables(Self::command()).color(color_of_help());
        Self::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    fn verbose_version() -> Self {
        Self {
            color: ColorArguments {
                color: ColorChoice::Auto,
            },
            _catalog: CatalogArguments::default(),
            verbose: true,
            verb: Verb::Catalog(catalog::Arguments::default()),
        }
    }

    fn of_one_verb(verb: &str, arguments: &[OsString]) -> Option<Self> {
        match verb {
            "check" => Self::of("check", arguments, Verb::Check),
            "fix" => Self::of("fix", arguments, Verb::Fix),
            "undo" => Self::of("undo", arguments, Verb::Undo),
            "where" => Self::of("where", arguments, Verb::Where),
            "option" => Self::of("option", arguments, Verb::Option),
            "probe" => Self::of("probe", arguments, Verb::Probe),
            _ => None,
        }
    }

    fn of<A: Args>(verb: &'static str, arguments: &[OsString], made: fn(A) -> Verb) -> Option<Self> {
        let one = Command::new("novamend").subcommand(A::augment_args(Command::new(verb)));
        let one = with_variables(CatalogArguments::augment_args(ColorArguments::augment_args(one)));
        let matches = one.try_get_matches_from(arguments).ok()?;
        let (_, of_verb) = matches.subcommand()?;
        Some(Self {
            color: ColorArguments::from_arg_matches(&matches).ok()?,
            _catalog: CatalogArguments::default(),
            verbose: false,
            verb: made(A::from_arg_matches(of_verb).ok()?),
        })
    }
}

/// Every verb; what it is for is said at its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Check(check::Arguments),
    Fix(fix::Arguments),
    Undo(undo::Arguments),
    Where(locate::Arguments),
    Option(option::Arguments),
    Upgrade(upgrade::Arguments),
    Catalog(catalog::Arguments),
    Explain(explain::Arguments),
    Rules(rules::Arguments),
    /// Report what this host can do for live migration; starts no guest (needs novamend-verify)
    Probe(handed_over::Arguments),
    /// Run real test migrations on this host and report what a nova.conf will do (needs novamend-verify)
    Verify(handed_over::Arguments),
    /// Bring back guests whose live migration broke in post-copy; only looks without --yes (needs novamend-verify)
    Rescue(handed_over::Arguments),
    Completions(completions::Arguments),
    Man(manual::Arguments),
}

impl Verb {
    /// Does what the arguments ask for.
    pub(crate) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        match self {
            Self::Check(arguments) => arguments.run(terminal),
            Self::Fix(arguments) => arguments.run(terminal),
            Self::Undo(arguments) => arguments.run(terminal),
            Self::Where(arguments) => arguments.run(terminal),
            Self::Option(arguments) => arguments.run(terminal),
            Self::Upgrade(arguments) => arguments.run(terminal),
            Self::Catalog(arguments) => arguments.run(terminal),
            Self::Explain(arguments) => arguments.run(terminal),
            Self::Rules(arguments) => arguments.run(terminal),
            Self::Probe(arguments) => arguments.run("probe", terminal),
            Self::Verify(arguments) => arguments.run("verify", terminal),
            Self::Rescue(arguments) => arguments.run("rescue", terminal),
            Self::Completions(arguments) => arguments.run(terminal),
            Self::Man(arguments) => arguments.run(terminal),
        }
    }
}

/// How findings are reported.
#[derive(Debug, Args)]
struct ReportArguments {
    #[command(flatten)]
    formats: FormatArguments,
    /// Exit with 1 on findings of at least this severity [default: warning]
    #[arg(long, value_name = "SEVERITY", value_parser = fail_on())]
    fail_on: Option<FailOn>,
    /// Also report commented-out sample lines
    #[arg(long)]
    pedantic: bool,
    /// Report only what these rules find
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule())]
    select: Vec<&'static Rule>,
    /// Report nothing that these rules find
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule())]
    ignore: Vec<&'static Rule>,
}

impl ReportArguments {
    /// What the arguments change in the settings.
    fn settle(&self, settings: &mut Settings) {
        settings.pedantic = self.pedantic;
        settings.asked = Asked::new(&self.select, &self.ignore);
    }
}

/// How much `check` says.
#[derive(Debug, Args)]
struct DetailArguments {
    /// Show every finding by itself, with its lines, why it matters and what to do
    #[arg(long, short)]
    verbose: bool,
    /// Also show each of what is said on one line: lines that nova ignores already, defaults that change
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = ["ignored", "defaults"])]
    show: Vec<String>,
    /// Show how many findings there are of each rule, and no finding (pretty, short)
    #[arg(long, conflicts_with_all = ["verbose", "show"])]
    statistics: bool,
}

impl DetailArguments {
    fn detail(&self) -> Detail {
        let is_shown = |what: &str| self.show.iter().any(|shown| shown == what);
        Detail {
            is_verbose: self.verbose,
            ignored: is_shown("ignored"),
            defaults: is_shown("defaults"),
            statistics: self.statistics,
        }
    }
}

/// The rule that an argument names.
fn rule() -> impl TypedValueParser<Value = &'static Rule> {
    clap::builder::StringValueParser::new().try_map(|id| {
        known_rules::by_id(&id).ok_or_else(|| {
            let hint = hint(&id, RULES.iter().map(|rule| rule.id));
            format!("no such rule; {hint}`novamend rules` lists all rules")
        })
    })
}

fn fail_on() -> impl TypedValueParser<Value = FailOn> {
    let words = [
        PossibleValue::new("info").help("Any finding"),
        PossibleValue::new("warning").help("Probably not what you intended"),
        PossibleValue::new("error").help("Harmful: nova fails, or migrations do"),
        PossibleValue::new("never").help("No finding"),
    ];
    PossibleValuesParser::new(words).try_map(|word| FailOn::parse(&word).ok_or("no severity"))
}

/// How files are written.
#[derive(Debug, Args)]
struct WritingArguments {
    /// Write a file that has hard links or is a mount point in place; a reader may see it half written
    #[arg(long)]
    in_place: bool,
    /// Keep no backup
    #[arg(long)]
    no_backup: bool,
    /// Keep backups in DIR, and look for them there, instead of beside the file
    #[arg(long, value_name = "DIR", conflicts_with = "no_backup")]
    backup_dir: Option<PathBuf>,
}

impl WritingArguments {
    fn options(&self, root: &Root) -> Options {
        Options {
            root: (!root.is_host()).then(|| root.clone()),
            in_place: self.in_place,
            backup: !self.no_backup,
            backup_directory: self.backup_dir.clone(),
        }
    }
}
