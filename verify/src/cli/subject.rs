//! From the arguments to what is tried: each nova.conf as nova reads it, its files, and the releases.
//!
//! What nova itself would stop at is refused before anything is tried.

use std::io::{self, Write};
use std::path::PathBuf;

use novamend::catalog::Release;
use novamend::inputs::Arguments;
use novamend::inputs::load::{self, Input};
use novamend::inputs::survey::Reading;
use novamend::nova::migration::Settings;
use novamend::nova::today::Today;
use novamend::nova::{Setting, View};
use novamend::oslo::stack::{Stack, Variable};
use novamend::redact::Secrets;
use novamend::rules::RULES;
use novamend::settings::Scope;
use novamend_verify::host::HostRequirements;
use novamend_verify::readable;
use novamend_verify::report;
use novamend_verify::shown;

use super::Failure;

/// One nova.conf.
pub(super) struct Subject {
    /// What nova reads.
    pub(super) stack: Stack,
    /// The files' names.
    pub(super) files: Vec<String>,
    /// What runs today.
    pub(super) today: report::Today,
    /// What is to be said of today; nothing where nobody said what runs.
    today_in_words: Option<String>,
    /// The release that nova.conf is for.
    pub(super) release: Release,
}

/// What the arguments name, stack by stack; without a name the files where nova looks, be there none.
pub(super) fn subjects(arguments: &Arguments) -> Result<Vec<Subject>, Failure> {
    let scope = Scope::of(arguments, RULES)?;
    let survey = scope.survey();
    if survey.targets.is_empty() && !survey.is_wanting() {
        let stack = Stack::new(Vec::new(), scope.sources.environment.clone());
        let said = scope.upgrade.from.map(Today::said);
        let today = said.unwrap_or_else(|| Today::of_options(&stack, scope.upgrade.to));
        return Ok(vec![Subject::of(stack, &[], &today, &scope)?]);
    }
    let complaints = survey.complaints(&scope.sources).join("\n");
    if survey.is_wanting() {
        return Err(complaints.into());
    }
    if !complaints.is_empty() {
        let _ = writeln!(io::stderr(), "{}", shown::text(&complaints));
    }
    let read = |reading: Reading| -> Result<Subject, Failure> {
        let (files, today) = (reading.files.clone(), reading.today.clone());
        Subject::of(reading.into_stack(&scope.sources)?, &files, &today, &scope)
    };
    survey.targets.into_iter().map(read).collect()
}

/// The one nova.conf of this host as the release that runs today reads it; where there is no file, nova's defaults.
pub(super) fn today(arguments: &Arguments) -> Result<Subject, Failure> {
    let mut scope = Scope::of(arguments, RULES)?;
    let mut survey = scope.survey();
    if survey.is_wanting() {
        return Err(survey.complaints(&scope.sources).join("\n").into());
    }
    let Some(reading) = survey.targets.drain(..).next() else {
        let stack = Stack::new(Vec::new(), scope.sources.environment.clone());
        let today = Today::of_options(&stack, None);
        return Subject::of(stack, &[], &today, &scope);
    };
    let (files, today) = (reading.files.clone(), reading.today.clone());
    scope.to = today.newest;
    Subject::of(reading.into_stack(&scope.sources)?, &files, &today, &scope)
}

impl Subject {
    fn of(stack: Stack, files: &[PathBuf], today: &Today, scope: &Scope) -> Result<Self, Failure> {
        accept(&stack, scope.to)?;
        let is_said = scope.upgrade.from.is_some();
        Ok(Self {
            stack,
            files: files.iter().map(|path| novamend::plain::path(path)).collect(),
            today: report::Today::of(today),
            today_in_words: is_said.then(|| format!("{} runs today, {} is to come", today.newest, scope.to)),
            release: scope.to,
        })
    }

    /// What `release` makes of it.
    pub(super) fn view(&self) -> View<'_> {
        View::new(&self.stack, self.release)
    }

    /// Its files in a few words.
    pub(super) fn name(&self) -> String {
        if self.files.is_empty() {
            "no file, nova's defaults".to_owned()
        } else {
            self.files.join(", ")
        }
    }

    /// The lines over what is said of it: its name where it is one of several, and what runs today where somebody said so.
    pub(super) fn heading(&self, is_one_of_several: bool) -> String {
        let name = is_one_of_several.then(|| self.name());
        let lines = name.into_iter().chain(self.today_in_words.clone());
        lines.map(|line| line + "\n").collect()
    }

    /// What nova.conf asks of the host.
    pub(super) fn asked(&self) -> HostRequirements {
        let view = &self.view();
        let settings = Settings::read(view);
        HostRequirements {
            tls: settings.tls,
            transport: settings.transport().map(str::to_owned),
            address: settings.inbound,
            host: view
                .setting("DEFAULT", "host")
                .filter(Setting::is_set)
                .and_then(|setting| view.text(&setting).ok().flatten()),
        }
    }
}

/// Remembers the secrets of `stack`, and refuses what nova of `release` would stop at.
fn accept(stack: &Stack, release: Release) -> Result<(), Failure> {
    shown::remember(Secrets::of(stack));
    let refused = readable::refused(stack, release);
    if refused.is_empty() {
        return Ok(());
    }
    let (list, release) = (refused.join("\n  "), release.short());
    Err(format!("nova of {release} does not start with this nova.conf:\n  {list}").into())
}

/// The stack of the files and directories of `--dest-config` as nova of `release` reads it, and their names.
pub(super) fn destination(paths: &[PathBuf], release: Release) -> Result<(Stack, Vec<String>), Failure> {
    let inputs: Vec<Input> = paths.iter().map(|path| Input::of(path)).collect();
    let names = load::list(&inputs)?
        .into_iter()
        .map(|(path, _)| novamend::plain::path(&path))
        .collect();
    let stack = load::load(&inputs, Vec::<Variable>::new())?;
    accept(&stack, release)?;
    Ok((stack, names))
}
