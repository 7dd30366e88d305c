//! From arguments and `novamend.toml` to requests: an argument beats the file, the file beats the default.
//!
//! It knows clap only by what `cli` declares, and runs nothing.

use std::io;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use jiff::Timestamp;
use novamend::bounded::{self, Refused, Root};
use novamend::catalog::{self, Release, extra};
use novamend::commands::sources::Upgrade;
use novamend::commands::{FailOn, Outcome, Sources, Terminal, check, fix as mend, places as place};
use novamend::inputs::load::{self, Input};
use novamend::lint::{ActionChoice, Ignore, Severity};
use novamend::nova::migration::TimeoutAction;
use novamend::rules::RULES;
use novamend::settings::{self, FileSettings};
use novamend::write::{self, Links, Options, Planned};

use crate::cli::{
    self, ActionArgument, CheckArguments, FixArguments, From, ReportArguments, StackArguments, UndoArguments,
    UpgradeArguments, WhereArguments, WritingArguments,
};

pub(crate) fn check(arguments: CheckArguments, matches: Option<&ArgMatches>) -> Result<check::Request, String> {
    let file = file_settings(&arguments.report)?;
    let (upgrade, to) = releases(&arguments.upgrade, &file)?;
    let (format, fail_on) = (arguments.report.format, fail_on(&arguments.report, &file));
    let mut settings = file.settings;
    settings.pedantic = arguments.report.pedantic;
    if arguments.write_ignores && arguments.report.no_settings {
        return Err(
            "`--write-ignores` cannot be used with `--no-settings`: the ignores are written to the settings".to_owned(),
        );
    }
    Ok(check::Request {
        sources: sources(arguments.sources.paths, &arguments.sources.stack, matches)?,
        upgrade,
        to,
        settings,
        format,
        fail_on,
        is_baseline: arguments.write_ignores,
    })
}

pub(crate) fn fix(arguments: FixArguments, matches: Option<&ArgMatches>) -> Result<mend::Request, String> {
    let file = file_settings(&arguments.report)?;
    let (upgrade, to) = releases(&arguments.upgrade, &file)?;
    let (format, fail_on) = (arguments.report.format, fail_on(&arguments.report, &file));
    let mut settings = file.settings;
    settings.pedantic = arguments.report.pedantic;
    settings.explicit = arguments.explicit;
    settings.action = match arguments.action {
        ActionArgument::Auto => ActionChoice::Auto,
        ActionArgument::Abort => ActionChoice::Fixed(TimeoutAction::Abort),
        ActionArgument::ForceComplete => ActionChoice::Fixed(TimeoutAction::ForceComplete),
    };
    if settings.action != ActionChoice::Auto && to < Release::STEIN {
        return Err(format!(
            "`--action` cannot be used with {to}: `live_migration_timeout_action` came with stein (19)"
        ));
    }
    let sources = sources(arguments.sources.paths, &arguments.sources.stack, matches)?;
    let mode = if arguments.write {
        mend::Mode::Write(options(&arguments.writing, &sources.root))
    } else {
        mend::Mode::Diff
    };
    Ok(mend::Request {
        sources,
        upgrade,
        to,
        settings,
        format,
        fail_on,
        mode,
        until: arguments.when,
        unsafe_fixes: arguments.unsafe_fixes,
        allow_unwitnessed: arguments.allow_unwitnessed,
        verify: arguments.verify,
    })
}

pub(crate) fn places(arguments: WhereArguments, matches: Option<&ArgMatches>) -> Result<place::Request, String> {
    let mut paths = arguments.paths;
    let mut option = arguments.option;
    if arguments.all {
        // With `--all` there is no option to name, so the first word is a path as well.
        if let Some(first) = option.take() {
            paths.insert(0, PathBuf::from(first));
        }
    }
    Ok(place::Request {
        sources: sources(paths, &arguments.stack, matches)?,
        // What is not UTF-8 is no option, and the message says so.
        option: option.map(|option| option.to_string_lossy().into_owned()),
        release: arguments.release,
        format: arguments.format,
        show_secrets: arguments.show_secrets,
    })
}

/// Adds the options in `paths` to the catalog.
pub(crate) fn add_extra(paths: &[PathBuf]) -> Result<(), String> {
    let mut rows = String::new();
    for path in paths {
        let shown = novamend::output::shown_path(path);
        let text = bounded::read_text(path, bounded::LIMIT).map_err(|error| match error {
            Refused::Io(error) => format!("`{shown}` could not be read: {error}"),
            error => format!("`{shown}` {error}"),
        })?;
        rows.push_str(&extra::read(&text).map_err(|error| format!("`{shown}` is not a valid option list: {error}"))?);
        rows.push('\n');
    }
    if !rows.is_empty() {
        catalog::add_extra(rows);
    }
    Ok(())
}

pub(crate) fn options(writing: &WritingArguments, root: &Root) -> Options {
    Options {
        root: (!root.is_host()).then(|| root.clone()),
        in_place: writing.in_place,
        backup: !writing.no_backup,
        backup_directory: writing.backup_dir.clone(),
    }
}

/// How `undo` writes; one backup for several files is refused.
pub(crate) fn undo(arguments: &UndoArguments) -> Result<Options, String> {
    if arguments.backup.is_some() && arguments.paths.len() > 1 {
        return Err("`--backup` restores one file; name exactly one PATH".to_owned());
    }
    Ok(options(&arguments.writing, &root(&arguments.root)?))
}

fn fail_on(report: &ReportArguments, file: &FileSettings) -> FailOn {
    match report.fail_on {
        Some(cli::FailOn::Info) => Some(Severity::Info),
        Some(cli::FailOn::Warning) => Some(Severity::Warning),
        Some(cli::FailOn::Error) => Some(Severity::Error),
        Some(cli::FailOn::Never) => None,
        None => file.fail_on.unwrap_or(Some(Severity::Warning)),
    }
}

/// The upgrade as it was asked for, and the release it leads to.
fn releases(upgrade: &UpgradeArguments, file: &FileSettings) -> Result<(Upgrade, Release), String> {
    let from = match upgrade.from {
        Some(From::Release(release)) => Some(release),
        Some(From::Auto) => None,
        None => file.from,
    };
    let said = upgrade.to.or(file.to);
    let to = said.unwrap_or(Release::NEWEST);
    match from {
        Some(from) if from > to => Err(format!(
            "`--from` {from} is newer than `--to` {to}: an upgrade cannot go back"
        )),
        _ => Ok((Upgrade { from, to: said }, to)),
    }
}

fn file_settings(report: &ReportArguments) -> Result<FileSettings, String> {
    let found = match &report.settings {
        _ if report.no_settings => Ok(None),
        Some(path) => settings::read(path, RULES).map(Some),
        None => settings::find(RULES),
    };
    Ok(found.map_err(|error| error.to_string())?.unwrap_or_default())
}

impl ReportArguments {
    /// Where a baseline goes: the settings that are read, else a new file where they would be looked for.
    pub(crate) fn clone_settings_path(&self) -> PathBuf {
        let named = self.settings.clone().filter(|_| !self.no_settings);
        named.unwrap_or_else(|| PathBuf::from(settings::FILE_NAME))
    }
}

/// The text of the settings at `path`, if there are any.
fn settings_text(path: &Path) -> Result<Option<String>, String> {
    let shown = novamend::output::shown_path(path);
    match bounded::read_text(path, bounded::LIMIT) {
        Ok(text) => Ok(Some(text)),
        Err(Refused::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(Refused::Io(error)) => Err(format!("`{shown}` could not be read: {error}; no ignores were written")),
        Err(why) => Err(format!("`{shown}` {why}; no ignores were written")),
    }
}

/// Adds `ignores` to the settings at `path`.
pub(crate) fn write_ignores(path: &Path, ignores: &[Ignore], outcome: Outcome, terminal: &mut Terminal<'_>) -> Outcome {
    let before = match settings_text(path) {
        Ok(before) => before,
        Err(message) => {
            terminal.complain(&message);
            return Outcome::Failed;
        }
    };
    let (fit, unfit): (Vec<Ignore>, Vec<Ignore>) = ignores.iter().cloned().partition(settings::can_be_listed);
    let reason = format!("baseline of {}", today());
    let text = before.as_deref().unwrap_or_default();
    let (after, added) = match settings::with_baseline(text, &fit, &reason) {
        Ok(changed) => changed,
        Err(error) => {
            terminal.complain(&format!("{error}; no ignores were written"));
            return Outcome::Failed;
        }
    };
    if added > 0 {
        let planned = Planned {
            path: path.to_owned(),
            links: if before.is_some() { Links::Follow } else { Links::Refuse },
            before: before.map(String::into_bytes),
            after: after.into_bytes(),
        };
        if let Err(error) = write::write_all(&[planned], &Options::without_backup()) {
            terminal.complain(&error.with_state());
            return Outcome::Failed;
        }
    } else {
        write::tidy(None, [path]);
    }
    terminal.complain(&format!(
        "added {} to {}",
        novamend::output::counted_word(added, "ignore"),
        novamend::output::shown_path(path)
    ));
    if !unfit.is_empty() {
        terminal.complain(&format!(
            "not added: {} about an option or a file whose name no option or file of nova can have; fix the file first",
            novamend::output::counted_word(unfit.len(), "finding")
        ));
    }
    // What is found is now known; only what could not be done or listed still counts.
    if outcome == Outcome::Failed || !unfit.is_empty() {
        outcome
    } else {
        Outcome::Clean
    }
}

/// Today's date, UTC, as `2026-11-23`.
fn today() -> String {
    Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn sources(paths: Vec<PathBuf>, stack: &StackArguments, matches: Option<&ArgMatches>) -> Result<Sources, String> {
    let environment = if stack.env {
        load::environment(std::env::vars_os())
    } else {
        Vec::new()
    };
    let root = root(&stack.root)?;
    Ok(Sources {
        paths,
        ordered: ordered(stack, matches),
        program: stack.program.clone(),
        environment,
        // Whose home it would be below another root nobody can tell.
        home: root.is_host().then(load::home),
        root,
        max_size: stack.max_size,
    })
}

/// `--root`, opened once for the whole run.
pub(crate) fn root(path: &Path) -> Result<Root, String> {
    Root::open(path).map_err(|error| format!("`--root {}` {error}", novamend::output::shown_path(path)))
}

/// `--config-file` and `--config-dir` in the order they stand on the command line.
fn ordered(stack: &StackArguments, matches: Option<&ArgMatches>) -> Vec<Input> {
    let indices = |id: &str| -> Vec<usize> {
        matches
            .and_then(|matches| matches.indices_of(id))
            .map_or_else(Vec::new, Iterator::collect)
    };
    let files = stack.config_file.iter().cloned().map(Input::File);
    let directories = stack.config_dir.iter().cloned().map(Input::Directory);
    let mut all: Vec<(usize, Input)> = indices("config_file").into_iter().zip(files).collect();
    all.extend(indices("config_dir").into_iter().zip(directories));
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, input)| input).collect()
}
