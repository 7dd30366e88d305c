//! The command line: what may be written, and the help that says so.
//!
//! It has no logic: [`super::main`] makes requests of it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use novamend::catalog::Release;
use novamend::fix::Until;
use novamend::output::Format;

/// How results are told to a shell; the same words stand in README (`tests/docs.rs` holds them together).
pub(crate) const EXIT_CODES: &str = "\
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
    /// Use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to use colours; `NO_COLOR` and `CLICOLOR_FORCE` are heeded under `auto`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Report what an upgrade breaks
    #[command(after_help = EXIT_CODES)]
    Check(CheckArguments),
    /// Show the fixes as a diff, or apply them
    #[command(after_help = EXIT_CODES)]
    Fix(FixArguments),
    /// Restore what `fix --write` replaced
    #[command(after_help = EXIT_CODES)]
    Undo(UndoArguments),
    /// Show every place that sets an option, which takes effect, and why
    #[command(after_help = EXIT_CODES)]
    Where(WhereArguments),
    /// Show the history of an option: type, default and limits release by release, old names, the rules about it
    Option {
        /// `group.name`, such as `libvirt.virt_type`
        #[arg(value_name = "OPTION")]
        option: String,
        /// Options of drivers that are not part of nova, as for `check`
        #[arg(long, value_name = "FILE")]
        extra_catalog: Vec<PathBuf>,
        /// Output format
        #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = formats())]
        format: Format,
    },
    /// Show what an upgrade changes, release by release, whatever the file
    Upgrade {
        /// The release that runs today: number, series or date (18, rocky, 2025.1)
        #[arg(value_name = "FROM", value_parser = parse_release)]
        from: Release,
        /// The release to come
        #[arg(value_name = "TO", value_parser = parse_release)]
        to: Release,
        /// Output format
        #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = formats())]
        format: Format,
    },
    /// Show the page of a rule
    Explain {
        /// The rule's id, as reports show it
        #[arg(value_name = "RULE-ID")]
        rule: String,
        /// Output format
        #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = formats())]
        format: Format,
    },
    /// List every rule on one line
    Rules {
        /// Output format
        #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = formats())]
        format: Format,
    },
    /// Report what this host can do for live migration; starts no guest (needs novamend-verify)
    #[command(disable_help_flag = true)]
    Probe(HandedOver),
    /// Run real test migrations on this host and report what a nova.conf will do (needs novamend-verify)
    #[command(disable_help_flag = true)]
    Verify(HandedOver),
}

/// Arguments of `novamend-verify`, which explains them itself.
#[derive(Debug, Args)]
pub(crate) struct HandedOver {
    /// Arguments of novamend-verify; `--help` shows them
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct SourceArguments {
    /// Files, directories (every *.conf in and below them), or `-` for standard input, each file checked by itself;
    /// default: where nova looks
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) stack: StackArguments,
}

#[derive(Debug, Args)]
pub(crate) struct StackArguments {
    /// Config file as passed to nova; later files win
    #[arg(long, value_name = "FILE", help_heading = "Files as nova reads them")]
    pub(crate) config_file: Vec<PathBuf>,
    /// Directory of *.conf files as passed to nova, read after the files named before it
    #[arg(long, value_name = "DIR", help_heading = "Files as nova reads them")]
    pub(crate) config_dir: Vec<PathBuf>,
    /// The nova service whose default files are read where none is named
    #[arg(
        long,
        value_name = "NAME",
        default_value = "nova-compute",
        help_heading = "Files as nova reads them"
    )]
    pub(crate) program: String,
    /// Also read `OS_<GROUP>__<OPTION>` variables from the environment (nova does since Stein)
    #[arg(long, help_heading = "Files as nova reads them")]
    pub(crate) env: bool,
    /// Options of drivers that are not part of nova: the output of oslo-config-generator as yaml or json, or a list as
    /// docs/catalog.md describes it
    #[arg(long, value_name = "FILE")]
    pub(crate) extra_catalog: Vec<PathBuf>,
    /// Look for default files, and for the nova that is installed, under this directory instead of /; no link leads out of
    /// it, not even a link in a path that is named below it
    #[arg(
        long,
        value_name = "DIR",
        default_value = "/",
        help_heading = "Files as nova reads them"
    )]
    pub(crate) root: PathBuf,
    /// Refuse files longer than this: bytes, or a number with K, M or G
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = novamend::bounded::parse_size)]
    pub(crate) max_size: u64,
}

#[derive(Debug, Args)]
pub(crate) struct UpgradeArguments {
    /// The release that runs today: number, series or date (18, rocky, 2025.1), or `auto`: the nova that is installed
    /// where the files are this host's, otherwise inferred from the options in the files [default: auto]
    #[arg(long, value_name = "REL", value_parser = parse_from)]
    pub(crate) from: Option<From>,
    /// The release to come [default: the newest known]
    #[arg(long, value_name = "REL", value_parser = parse_release)]
    pub(crate) to: Option<Release>,
}

/// `--from`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    Auto,
    Release(Release),
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = formats())]
    pub(crate) format: Format,
    /// Exit with 1 on findings of at least this severity [default: warning]
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<FailOn>,
    /// Also report commented-out sample lines
    #[arg(long)]
    pub(crate) pedantic: bool,
    /// Settings file [default: novamend.toml in the current directory, if there is one]
    #[arg(long, value_name = "FILE", conflicts_with = "no_settings")]
    pub(crate) settings: Option<PathBuf>,
    /// Read no novamend.toml
    #[arg(long)]
    pub(crate) no_settings: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FailOn {
    /// Any finding
    Info,
    /// Probably not what you intended
    Warning,
    /// Harmful: nova fails, or migrations do
    Error,
    /// No finding
    Never,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) sources: SourceArguments,
    #[command(flatten)]
    pub(crate) upgrade: UpgradeArguments,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
    /// Add the current findings to novamend.toml as ignores, so that only new ones are reported from now on
    #[arg(long)]
    pub(crate) write_ignores: bool,
}

// Each flag is one on the command line, and they mean nothing together.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Args)]
pub(crate) struct FixArguments {
    #[command(flatten)]
    pub(crate) sources: SourceArguments,
    #[command(flatten)]
    pub(crate) upgrade: UpgradeArguments,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
    /// The `live_migration_timeout_action` to write; `auto` keeps what the old settings meant
    #[arg(long, value_name = "ACTION", default_value = "auto")]
    pub(crate) action: ActionArgument,
    /// Write the action even where the default is the same
    #[arg(long)]
    pub(crate) explicit: bool,
    /// Test the action on this host by real migrations, and write only what works here (needs novamend-verify)
    #[arg(long)]
    pub(crate) verify: bool,
    /// Show the diff and change nothing (the default)
    #[arg(long, conflicts_with = "write")]
    pub(crate) diff: bool,
    /// Replace the files
    #[arg(long)]
    pub(crate) write: bool,
    /// Which edits to make: `now`, those that change nothing for today's release; `upgrade`, also those that belong to the
    /// upgrade; a release, those up to the hop to it
    #[arg(long, value_name = "WHEN", default_value = "now", value_parser = parse_until)]
    pub(crate) when: Until,
    /// Also apply fixes that change what nova does or that depend on the host
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
    /// Also write what the second parser cannot confirm because it reads the file differently than nova
    #[arg(long, requires = "write")]
    pub(crate) allow_unwitnessed: bool,
    #[command(flatten)]
    pub(crate) writing: WritingArguments,
}

#[derive(Debug, Args)]
pub(crate) struct WritingArguments {
    /// Write a file that has hard links or is a mount point in place; a reader may see it half written
    #[arg(long)]
    pub(crate) in_place: bool,
    /// Keep no backup
    #[arg(long)]
    pub(crate) no_backup: bool,
    /// Keep backups in DIR, and look for them there, instead of beside the file
    #[arg(long, value_name = "DIR", conflicts_with = "no_backup")]
    pub(crate) backup_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// The files to restore
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Restore this file instead of the newest backup; it is kept, and only one PATH may be named
    #[arg(long, value_name = "FILE")]
    pub(crate) backup: Option<PathBuf>,
    /// Follow no link out of this directory for paths below it, as `fix --root`
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(crate) root: PathBuf,
    #[command(flatten)]
    pub(crate) writing: WritingArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ActionArgument {
    /// What keeps the meaning of the old settings
    Auto,
    /// Cancel the migration
    #[value(name = "abort")]
    Abort,
    /// Post-copy where permitted, else a pause
    #[value(name = "force_complete", alias = "force-complete")]
    ForceComplete,
}

#[derive(Debug, Args)]
pub(crate) struct WhereArguments {
    /// `group.name`, such as `libvirt.live_migration_timeout_action`; with --all the first PATH
    #[arg(value_name = "OPTION", required_unless_present = "all")]
    pub(crate) option: Option<OsString>,
    /// Files, directories (every *.conf in and below them), or `-`; default: where nova looks
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Every assignment, in reading order
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) stack: StackArguments,
    /// The release that reads the files: number, series or date [default: what is installed, or the newest the
    /// options in them allow]
    #[arg(long, value_name = "REL", value_parser = parse_release)]
    pub(crate) release: Option<Release>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = formats())]
    pub(crate) format: Format,
    /// Show passwords, tokens and URLs that hold them
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

/// The formats, with what each is for.
fn formats() -> impl TypedValueParser<Value = Format> {
    let value = |format: Format| PossibleValue::new(format.as_str()).help(format.summary());
    let values = PossibleValuesParser::new(Format::ALL.map(value));
    values.map(|word| Format::parse(&word).unwrap_or_default())
}

fn parse_release(name: &str) -> Result<Release, String> {
    Release::parse(name).map_err(|error| error.to_string())
}

fn parse_from(name: &str) -> Result<From, String> {
    if name == "auto" {
        return Ok(From::Auto);
    }
    parse_release(name).map(From::Release)
}

fn parse_until(word: &str) -> Result<Until, String> {
    match word {
        "now" => Ok(Until::Now),
        "upgrade" => Ok(Until::Upgrade),
        name => parse_release(name).map(Until::Hop),
    }
}
