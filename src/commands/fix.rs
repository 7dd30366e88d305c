//! `novamend fix`: fixes in memory, shows the diff, and writes only when told to.
//!
//! What is fixed is up to the rules, how it is checked and written to [`novamend::fix`].

mod fleet;
mod job;
mod kept;
mod report;
mod writing;

use super::documents::Formats;
use super::{EXIT_CODES, Failure, Outcome, ReportArguments, WritingArguments};
use crate::terminal::Terminal;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use novamend::catalog::Release;
use novamend::catalog::release::UnknownRelease;
use novamend::fix::{Applied, Until};
use novamend::inputs::Sources;
use novamend::inputs::survey::{Survey, Upgrade};
use novamend::lint::{ActionChoice, FailOn, Settings};
use novamend::nova::today::Today;
use novamend::oslo::stack::Stack;
use novamend::output::envelope::Kind;
use novamend::output::{Base, Checked};
use novamend::rules::RULES;
use novamend::settings::Scope;
use novamend::write::Options;

use report::Report;

// Each flag is one on the command line, and they mean nothing together.
/// Show the fixes as a diff, or apply them
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    inputs: novamend::inputs::Arguments,
    #[command(flatten)]
    report: ReportArguments,
    /// The `live_migration_timeout_action` to write; `auto` keeps what the old settings meant
    #[arg(long, value_name = "ACTION", default_value = "auto", value_parser = action())]
    action: ActionChoice,
    /// Write the action even where the default is the same
    #[arg(long)]
    explicit: bool,
    /// Test the action on this host by real migrations, and write only what works here (needs novamend-verify)
    #[arg(long)]
    verify: bool,
    /// Show the diff and change nothing (the default)
    #[arg(long, conflicts_with = "write")]
    diff: bool,
    /// Replace the files
    #[arg(long)]
    write: bool,
    /// Which edits to make: `now`, those that change nothing for today's release; `upgrade`, also those that belong to the
    /// upgrade; a release, those up to the hop to it
    #[arg(long, value_name = "WHEN", default_value = "now", value_parser = until)]
    when: Until,
    /// Also apply fixes that change what nova does or that depend on the host
    #[arg(long)]
    unsafe_fixes: bool,
    /// Also write what the second parser cannot confirm because it reads the file differently than nova
    #[arg(long, requires = "write")]
    allow_unwitnessed: bool,
    #[command(flatten)]
    writing: WritingArguments,
}

fn action() -> impl TypedValueParser<Value = ActionChoice> {
    let words = [
        PossibleValue::new("auto").help("What keeps the meaning of the old settings"),
        PossibleValue::new("abort").help("Cancel the migration"),
        PossibleValue::new("force_complete")
            .alias("force-complete")
            .help("Post-copy where permitted, else a pause"),
    ];
    PossibleValuesParser::new(words).try_map(|word| ActionChoice::parse(&word).ok_or("no action"))
}

fn until(word: &str) -> Result<Until, UnknownRelease> {
    match word {
        "now" => Ok(Until::Now),
        "upgrade" => Ok(Until::Upgrade),
        name => Release::parse(name).map(Until::Hop),
    }
}

/// What becomes of the new texts.
#[derive(Clone, Debug)]
enum Mode {
    /// The diff is shown; nothing is written.
    Diff,
    /// The files are replaced.
    Write(Options),
}

/// What to fix.
#[derive(Clone, Debug)]
struct Request {
    /// Which files.
    sources: Sources,
    /// The upgrade, as it was asked for.
    upgrade: Upgrade,
    /// The release to come.
    to: Release,
    /// What the operator wants.
    settings: Settings,
    /// How to print.
    formats: Formats,
    /// When to fail.
    fail_on: FailOn,
    /// Show or write.
    mode: Mode,
    /// Up to which moment edits are made.
    until: Until,
    /// Whether unsafe fixes are applied too.
    unsafe_fixes: bool,
    /// Whether a text may be written that the independent parser cannot read.
    allow_unwitnessed: bool,
    /// Whether the result is tried on this host before it counts.
    verify: bool,
}

impl Arguments {
    /// Fixes every stack, prints what changes and what is left, and writes where that is asked for.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let request = self.request()?;
        // Trials have their own way to end, and nothing is written before them.
        let survey = if request.verify {
            Survey::of(&request.sources, request.upgrade)
        } else {
            terminal.survey(&request.sources, request.upgrade)
        };
        for message in survey.complaints(&request.sources) {
            terminal.complain(&message);
        }
        fix(&request, survey, terminal)
    }

    fn request(self) -> Result<Request, Failure> {
        let scope = Scope::of(&self.inputs, RULES)?;
        let to = scope.to;
        if self.action != ActionChoice::Auto && to < Release::STEIN {
            return Err(Failure::Refused(format!(
                "`--action` cannot be used with {to}: `live_migration_timeout_action` came with stein (19)"
            )));
        }
        let mode = if self.write {
            Mode::Write(self.writing.options(&scope.sources.root))
        } else {
            Mode::Diff
        };
        let mut settings = Settings {
            explicit: self.explicit,
            action: self.action,
            ..scope.file.settings
        };
        self.report.settle(&mut settings);
        Ok(Request {
            sources: scope.sources,
            upgrade: scope.upgrade,
            to,
            settings,
            formats: self.report.formats.of(Kind::Fix)?,
            fail_on: self.report.fail_on.or(scope.file.fail_on).unwrap_or_default(),
            mode,
            until: self.when,
            unsafe_fixes: self.unsafe_fixes,
            allow_unwitnessed: self.allow_unwitnessed,
            verify: self.verify,
        })
    }
}

/// What `fix` without more arguments would write of `stack`, fix by fix, and of each whether its edits would show a secret; `None`
/// where it would not write at all.
pub(super) fn would_write(
    stack: &Stack,
    today: &Today,
    (sources, upgrade): (&Sources, Upgrade),
    settings: &Settings,
) -> Option<(Vec<Applied>, Vec<bool>)> {
    let request = Request {
        sources: sources.clone(),
        upgrade,
        to: upgrade.to?,
        settings: settings.clone(),
        formats: Formats::none(),
        fail_on: FailOn::Never,
        mode: Mode::Diff,
        until: Until::Now,
        unsafe_fixes: false,
        allow_unwitnessed: false,
        verify: false,
    };
    let job = job::Job::new(stack.clone(), today.clone(), &request);
    if !job.is_accepted() {
        return None;
    }
    let shows_secret = job.written.applied.iter().map(|fix| report::shows_secret(&job, fix));
    let shows_secret = shows_secret.collect();
    Some((job.written.applied, shows_secret))
}

/// Fixes every stack, prints what changes and what is left, and writes where the request says so.
fn fix(request: &Request, survey: Survey, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
    if survey.targets.is_empty() {
        return Ok(Outcome::Failed);
    }
    let is_wanting = survey.is_wanting();
    let checked = Checked {
        base: Base::new(&request.sources.root),
        fail_on: request.fail_on,
        ..Checked::of(&survey, request.to, &request.settings)
    };
    let report = Report {
        request,
        checked: &checked,
    };
    let (sum, is_failed) = match &request.mode {
        Mode::Diff => fleet::show(report, survey.targets, terminal)?,
        Mode::Write(options) => writing::write(report, survey.targets, (options, is_wanting), terminal)?,
    };
    if is_wanting || is_failed || (sum.is_rejected && matches!(request.mode, Mode::Write(_))) {
        return Ok(Outcome::Failed);
    }
    let rejected = if sum.is_rejected {
        Outcome::Findings
    } else {
        Outcome::Clean
    };
    Ok(Outcome::of(sum.counts, request.fail_on).max(rejected))
}
