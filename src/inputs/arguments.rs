//! The flags that say which files are read, for which upgrade, with which settings: flattened by both command lines.

mod later;

use std::io;
use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{ArgAction, ArgMatches, Args, ColorChoice, Command, FromArgMatches};

pub use later::CatalogArguments;

use super::exclude::Exclude;
use super::home::home;
use super::load::{self, Input};
use super::sources::Sources;
use crate::bounded::{self, ReadRefusal, Root, RootError};
use crate::catalog::extra::{self, ExtraError};
use crate::catalog::release::UnknownRelease;
use crate::catalog::update::UpdateError;
use crate::catalog::{self, Release};
use crate::nova::start::programs::Programs;
use crate::plain;

/// Where the key lies that signs catalogs, if nobody names another.
const KEY: &str = "/etc/novamend/catalog.pub";
/// The heading of [`StackArguments`] in the help.
const HEADING: &str = "Files as nova reads them";

/// When results have colours, in every verb.
#[derive(Clone, Copy, Debug, Args)]
#[group(skip)]
pub struct ColorArguments {
    /// Use colours; on a terminal under `auto`, which heeds `NO_COLOR`, `FORCE_COLOR` and `CLICOLOR`
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

/// How the names of the variables begin that stand for flags.
pub const PREFIX: &str = "NOVAMEND_";

/// `command` and its verbs, each flag of which may also be given as a variable: `--fail-on` as `NOVAMEND_FAIL_ON`. What stands on
/// the command line overrules the variable.
#[must_use]
pub fn with_variables(command: Command) -> Command {
    let command = command.mut_args(|argument| match argument.get_long() {
        // What goes with another flag alone (`--version --verbose`) is hidden from the short help.
        Some(long) if !(argument.is_hide_set() || long == "verbose" && argument.is_hide_short_help_set()) => {
            let name = long.replace('-', "_").to_uppercase();
            let name = format!("{PREFIX}{name}");
            let is_list = is_list(&name);
            let argument = argument.env(name).hide_env(true);
            match argument.get_action() {
                ArgAction::SetTrue => argument.value_parser(FalseyValueParser::new()),
                ArgAction::Append if is_list => argument.value_delimiter(','),
                _ => argument,
            }
        }
        _ => argument,
    });
    command.mut_subcommands(with_variables)
}

/// Whether the variable `name` holds a list; a comma between braces is one of a pattern.
fn is_list(name: &str) -> bool {
    let value = std::env::var_os(name).unwrap_or_default();
    let bytes = value.as_encoded_bytes();
    bytes.contains(&b',') && !bytes.contains(&b'{')
}

/// What `check`, `fix`, `where`, `probe` and `verify` take alike.
#[derive(Clone, Debug, Args)]
#[group(skip)]
pub struct Arguments {
    /// Files, directories (every *.conf in and below them), or `-` for standard input, each file a stack of its own;
    /// default: where nova looks
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Leave out files and directories of PATH that match: a name (`*.bak.conf`), or a path with `/` in it (`lab/**`)
    #[arg(long, value_name = "GLOB", value_parser = Exclude::parse)]
    pub exclude: Vec<Exclude>,
    /// The files of one stack.
    #[command(flatten)]
    pub stack: StackArguments,
    /// The upgrade.
    #[command(flatten)]
    pub upgrade: UpgradeArguments,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingsArguments,
}

/// Files as nova reads them.
#[derive(Clone, Debug, Args)]
#[group(skip)]
pub struct StackArguments {
    /// `--config-file` and `--config-dir`.
    #[command(flatten)]
    pub ordered: Ordered,
    /// The nova services that the files are for, separated by commas, or `all`; the first one's default files are read where
    /// none is named [default: nova-compute's files; whom they serve is guessed from what they set]
    #[arg(long, value_name = "NAMES", value_parser = programs, help_heading = HEADING)]
    pub program: Option<Programs>,
    /// Also read `OS_<GROUP>__<OPTION>` variables from the environment (nova does since Stein)
    #[arg(long, help_heading = HEADING)]
    pub env: bool,
    /// Look for default files, and for the nova that is installed, under this directory instead of /; no link leads out of
    /// it, not even a link in a path that is named below it
    #[arg(long, value_name = "DIR", default_value = "/", help_heading = HEADING)]
    pub root: PathBuf,
    /// Refuse files longer than this: bytes, or a number with K, M or G
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = bounded::parse_size)]
    pub max_size: u64,
    /// Options of drivers that are not part of nova.
    #[command(flatten)]
    pub extra: ExtraArguments,
}

/// `--extra-catalog`.
#[derive(Clone, Debug, Args)]
#[group(skip)]
pub struct ExtraArguments {
    /// Options of drivers that are not part of nova: the output of oslo-config-generator as yaml or json, or a list as
    /// docs/catalog.md describes it
    #[arg(long, value_name = "FILE")]
    pub extra_catalog: Vec<PathBuf>,
}

/// `--config-file` and `--config-dir`, in the order in which they stand on the command line.
#[derive(Clone, Debug, Default)]
pub struct Ordered {
    /// The files and directories of one stack.
    pub inputs: Vec<Input>,
}

/// The two flags as clap reads them, each by itself.
#[derive(Args)]
#[group(skip)]
struct Flags {
    /// Config file as passed to nova; later files win
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    config_file: Vec<PathBuf>,
    /// Directory of *.conf files as passed to nova, read after the files named before it
    #[arg(long, value_name = "DIR", help_heading = HEADING)]
    config_dir: Vec<PathBuf>,
}

impl FromArgMatches for Ordered {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let flags = Flags::from_arg_matches(matches)?;
        // What a variable says has no place, and comes first.
        let places = |id: &str| matches.indices_of(id).into_iter().flatten().chain(std::iter::repeat(0));
        let files = places("config_file").zip(flags.config_file.into_iter().map(Input::File));
        let directories = places("config_dir").zip(flags.config_dir.into_iter().map(Input::Directory));
        let mut inputs: Vec<(usize, Input)> = files.chain(directories).collect();
        inputs.sort_by_key(|(place, _)| *place);
        let inputs = inputs.into_iter().map(|(_, input)| input).collect();
        Ok(Self { inputs })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Ordered {
    fn augment_args(command: Command) -> Command {
        Flags::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Flags::augment_args_for_update(command)
    }
}

/// The release that runs today and the one to come.
#[derive(Clone, Copy, Debug, Default, Args)]
#[group(skip)]
pub struct UpgradeArguments {
    /// The release that runs today: number, series or date (18, rocky, 2025.1), or `auto`: the nova that is installed
    /// where the files are this host's, otherwise inferred from the options in the files [default: auto]
    #[arg(long, value_name = "REL", value_parser = Start::parse)]
    pub from: Option<Start>,
    /// The release to come [default: the newest known]
    #[arg(long, value_name = "REL", value_parser = Release::parse)]
    pub to: Option<Release>,
}

/// Where an upgrade starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// What is installed, or what the options in the files leave.
    Auto,
    /// The release that was named.
    Release(Release),
}

impl Start {
    /// Reads `auto`, or a release by number, series or date.
    ///
    /// # Errors
    /// There is no such release.
    pub fn parse(word: &str) -> Result<Self, UnknownRelease> {
        match word {
            "auto" => Ok(Self::Auto),
            name => Release::parse(name).map(Self::Release),
        }
    }

    /// The release, where one was named.
    #[must_use]
    pub fn release(self) -> Option<Release> {
        match self {
            Self::Auto => None,
            Self::Release(release) => Some(release),
        }
    }
}

/// Which `novamend.toml` is read.
#[derive(Clone, Debug, Default, Args)]
#[group(skip)]
pub struct SettingsArguments {
    /// Settings file [default: novamend.toml in the current directory, if there is one]
    #[arg(long, value_name = "FILE", conflicts_with = "no_settings")]
    pub settings: Option<PathBuf>,
    /// Read no novamend.toml
    #[arg(long)]
    pub no_settings: bool,
    /// Whether the settings file that is named is made where it is not there: a verb says so that writes it.
    #[arg(skip)]
    pub is_made: bool,
}

/// Why nothing can be read as the arguments ask.
#[derive(Debug, thiserror::Error)]
pub enum ArgumentsError {
    /// The directory of `--root`.
    #[error("`--root {}` {why}", plain::path(path))]
    Root {
        /// The directory.
        path: PathBuf,
        /// Why nothing is looked up in it.
        #[source]
        why: RootError,
    },
    /// The home directory.
    #[error("`HOME` is relative, and the current directory cannot be found out: {0}")]
    Home(#[source] io::Error),
    /// A file of `--extra-catalog` that is not read.
    #[error("`{}` {}", plain::path(path), not_read(why))]
    ExtraRefused {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        why: ReadRefusal,
    },
    /// A file of `--catalog-update`, its signature or the key that is not read.
    #[error(
        "`{}` {}; a catalog needs its signature, FILE.minisig beside it, and the key that signed it: {KEY}, or what `--catalog-key` names",
        plain::path(path),
        not_read(why)
    )]
    UpdateRefused {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        why: ReadRefusal,
    },
    /// A key that others may have put there.
    #[error("`{}` can be written by others than root and you: a key there is nobody's word; name one by `--catalog-key`", plain::path(.0))]
    Key(PathBuf),
    /// A file of `--catalog-update` that is not taken.
    #[error(
        "`{}` is not used as a catalog, with the key of `{}`: {why}",
        plain::path(path),
        plain::path(key)
    )]
    Update {
        /// The file.
        path: PathBuf,
        /// Whose signature it needs.
        key: PathBuf,
        /// Why.
        #[source]
        why: UpdateError,
    },
    /// A file of `--extra-catalog` that is no list.
    #[error("`{}` is not a valid option list: {why}", plain::path(path))]
    Extra {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        why: ExtraError,
    },
}

/// What `--program` says.
fn programs(text: &str) -> Result<Programs, String> {
    let programs = Programs::parse(text);
    let is_name = |name: &String| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    match &programs {
        Programs::Named(names) if names.is_empty() || !names.iter().all(is_name) => {
            Err("write the names of nova's programs, such as nova-compute, separated by commas, or `all`".to_owned())
        }
        _ => match programs.unknown() {
            // Whom nothing concerns all is well for: a slip here must not be a clean bill.
            Some((name, Some(near))) => Err(format!("nova has no program `{name}`; did you mean `{near}`?")),
            Some((name, None)) => Err(format!("nova has no program `{name}`")),
            None => Ok(programs),
        },
    }
}

impl StackArguments {
    /// Whom the files serve.
    #[must_use]
    pub fn programs(&self) -> Programs {
        self.program.clone().unwrap_or_default()
    }
}

impl Arguments {
    /// Where the files come from.
    ///
    /// # Errors
    /// The root cannot be opened, or the home directory not be found out.
    pub fn sources(&self) -> Result<Sources, ArgumentsError> {
        let stack = &self.stack;
        let root = open_root(&stack.root)?;
        // Whose home it would be below another root nobody can tell.
        let home = root.is_host().then(home).transpose().map_err(ArgumentsError::Home)?;
        let environment = stack.env.then(|| load::environment(std::env::vars_os()));
        Ok(Sources {
            paths: self.paths.clone(),
            exclude: self.exclude.clone(),
            ordered: stack.ordered.inputs.clone(),
            program: stack.programs().first().to_owned(),
            environment: environment.unwrap_or_default(),
            home,
            root,
            max_size: stack.max_size,
        })
    }
}

/// Opens `--root`, once for the whole run.
///
/// # Errors
/// It is no directory, or the kernel cannot keep lookups inside of it.
pub fn open_root(path: &Path) -> Result<Root, ArgumentsError> {
    let path = path.to_owned();
    Root::open(&path).map_err(|why| ArgumentsError::Root { path, why })
}

impl ExtraArguments {
    /// Adds the options in the files to the catalog.
    ///
    /// # Errors
    /// A file that cannot be read, or is no list of options.
    pub fn add(&self) -> Result<(), ArgumentsError> {
        let mut rows = String::new();
        for path in &self.extra_catalog {
            let text = bounded::read_text(path, bounded::LIMIT).map_err(|why| ArgumentsError::ExtraRefused {
                path: path.clone(),
                why,
            })?;
            let read = extra::read(&text).map_err(|why| ArgumentsError::Extra {
                path: path.clone(),
                why,
            })?;
            rows.push_str(&read);
            rows.push('\n');
        }
        if !rows.is_empty() {
            catalog::add_extra(&rows);
        }
        Ok(())
    }
}

fn not_read(why: &ReadRefusal) -> String {
    match why {
        ReadRefusal::Io(error) => format!("could not be read: {error}"),
        why => why.to_string(),
    }
}
