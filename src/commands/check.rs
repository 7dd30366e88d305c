//! `novamend check`: what an upgrade breaks.
//!
//! It writes no configuration file; its baseline is `novamend.toml`'s.

mod baseline;
mod proposed;
mod stacks;
mod unused;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::alike::Alike;
use super::documents::{Formats, Pieces, Renderers};
use super::{DetailArguments, EXIT_CODES, Failure, Outcome, ReportArguments, again, stream};
use crate::outcome::ExitStyle;
use crate::terminal::Terminal;
use clap::Args;
use novamend::catalog::Release;
use novamend::inputs::arguments::Start;
use novamend::inputs::directory::NotRead;
use novamend::inputs::survey::Survey;
use novamend::inputs::{Sources, Upgrade};
use novamend::lint::{By, Context, EditWindow, Effect, FailOn, Finding, Found, Safety, Settings, Severity, Suppressed};
use novamend::output::envelope::Kind;
use novamend::output::{self, Base, CheckTotal, Counts, Findings, Head, Part, Summary, SuppressedCounts, Tail};
use novamend::rules::RULES;
use novamend::settings::{self, Scope, ScopeError};

pub(super) use baseline::with_baseline_joined;

/// Report what an upgrade breaks
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    inputs: novamend::inputs::Arguments,
    #[command(flatten)]
    report: ReportArguments,
    #[command(flatten)]
    detail: DetailArguments,
    /// Add the current findings as ignores to FILE, whose name ends in `.toml`, so that only new ones are reported from now on
    /// [default: the settings]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, value_parser = baseline::file)]
    // The outer option says whether the flag is there, the inner one whether a file is.
    #[allow(clippy::option_option)]
    write_ignores: Option<Option<PathBuf>>,
    /// Say what these releases, separated by commas, do not read alike: for a file that serves all of them during a rolling
    /// upgrade
    #[arg(long, value_name = "REL,REL", conflicts_with_all = ["from", "to"], value_delimiter = ',', value_parser = Release::parse)]
    valid_in: Vec<Release>,
    /// Whose exit codes to end with: novamend's, or those of `nova-status upgrade check` (0 success, 1 warnings, 2 failures, 255
    /// where not everything could be checked)
    #[arg(long, value_name = "STYLE", default_value = "novamend", value_parser = ExitStyle::parse)]
    exit_style: ExitStyle,
}

/// What to check.
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
    /// Whether what is found goes into a baseline.
    is_baseline: bool,
    /// Whether each finding is said by itself.
    is_verbose: bool,
}

impl Arguments {
    /// Checks every stack, and writes the baseline where one is asked for.
    pub(super) fn run(mut self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let formats = self.report.formats.of(Kind::Check)?;
        if self.detail.statistics && !formats.count_rules() {
            return Err(Failure::Refused(
                "`--statistics` goes with `--format pretty` and `short`: the other formats are for programs, which count \
                 themselves"
                    .to_owned(),
            ));
        }
        let told = self.write_ignores.take();
        let place = told.map(|told| settings::place(&self.inputs.settings, told.as_deref()));
        let place = place.transpose()?;
        self.inputs.settings.is_made =
            self.inputs.settings.settings.is_some() && self.inputs.settings.settings == place;
        let mut scope = self.scope()?;
        if let Some(place) = &place {
            settings::add_known(&mut scope.file.settings, place, RULES).map_err(ScopeError::from)?;
        }
        let survey = terminal.survey(&scope.sources, scope.upgrade);
        for message in survey.complaints(&scope.sources) {
            terminal.complain(&message);
        }
        let mut settings = scope.file.settings;
        self.report.settle(&mut settings);
        terminal.style.detail = self.detail.detail();
        let request = Request {
            sources: scope.sources,
            upgrade: scope.upgrade,
            to: scope.to,
            settings,
            formats,
            fail_on: self.report.fail_on.or(scope.file.fail_on).unwrap_or_default(),
            is_baseline: place.is_some(),
            is_verbose: terminal.style.detail.is_verbose,
        };
        let baseline = place.map(|place| {
            let files = survey.targets.iter().flat_map(|target| target.files.clone());
            (place, files.collect::<Vec<PathBuf>>())
        });
        let (outcome, total) = check(&request, survey, terminal)?;
        let outcome = match baseline {
            Some((place, files)) => baseline::write(&place, &total.known, &files, outcome, terminal),
            None => outcome,
        };
        Ok(outcome.in_style(self.exit_style, total.summary.counts))
    }

    /// What is checked; with releases that the files must serve at once from the oldest of them to the newest.
    fn scope(&mut self) -> Result<Scope, Failure> {
        let mut asked = std::mem::take(&mut self.valid_in);
        asked.sort_unstable();
        asked.dedup();
        if asked.len() == 1 {
            let why = "`--valid-in` needs two releases or more, such as `--valid-in rocky,stein`";
            return Err(Failure::Refused(why.to_owned()));
        }
        let upgrade = &mut self.inputs.upgrade;
        if let (Some(oldest), Some(newest)) = (asked.first(), asked.last()) {
            (upgrade.from, upgrade.to) = (Some(Start::Release(*oldest)), Some(*newest));
        }
        let is_upgrade = asked.is_empty() && (upgrade.from.is_some() || upgrade.to.is_some());
        let mut scope = Scope::of(&self.inputs, RULES)?;
        let valid_in = &mut scope.file.settings.valid_in;
        if is_upgrade {
            // Who asks for an upgrade on the command line does not ask for what the settings say instead.
            valid_in.clear();
        } else if !asked.is_empty() {
            *valid_in = asked;
        } else if let (Some(oldest), Some(newest)) = (valid_in.first().copied(), valid_in.last().copied()) {
            scope.upgrade.from = Some(oldest);
            scope.upgrade.to = Some(newest);
            scope.to = newest;
        }
        if let Some(early) = scope
            .file
            .settings
            .valid_in
            .iter()
            .find(|release| !release.is_complete())
        {
            let why =
                format!("`--valid-in` compares releases whose options are all known, and those of {early} are not");
            return Err(Failure::Refused(why));
        }
        Ok(scope)
    }
}

/// The results of one stack, rendered but not yet printed.
#[derive(Clone)]
struct Checked {
    pieces: Pieces,
    summary: Summary,
    known: Vec<settings::Known>,
    steps: Vec<(EditWindow, String)>,
    /// The ignores of the settings that hid something.
    used: Vec<usize>,
    first_rule: Option<Worst>,
}

/// The rule of a finding: the first of them is that of the worst.
type Worst = (Reverse<Severity>, Effect, &'static str);

/// What all stacks have come to so far.
#[derive(Default)]
struct Total {
    summary: Summary,
    known: Vec<settings::Known>,
    steps: Vec<(EditWindow, String)>,
    known_steps: HashSet<(EditWindow, String)>,
    unread: Vec<NotRead>,
    used: HashSet<usize>,
    first_rule: Option<Worst>,
}

/// Runs the check and returns, besides the outcome, what all stacks came to.
fn check(request: &Request, survey: Survey, terminal: &mut Terminal<'_>) -> Result<(Outcome, Total), Failure> {
    let formats = if survey.targets.is_empty() {
        // A program that reads reports must not find the one of yesterday.
        request.formats.for_programs()
    } else {
        request.formats.clone()
    };
    let checked = output::Checked {
        base: Base::new(&request.sources.root),
        fail_on: request.fail_on,
        valid_in: request.settings.valid_in.clone(),
        ..output::Checked::of(&survey, request.to, &request.settings)
    };
    let (mut documents, text) = formats.begin(terminal.style, &Head::Check(&checked));
    documents.print(terminal, text)?;
    let mut total = Total {
        unread: unread(&survey, &request.sources),
        ..Total::default()
    };
    total.summary.left = (survey.left, survey.left + survey.targets.len());
    let renderers = documents.renderers();
    let (all, stop) = (survey.targets.len(), Arc::clone(&terminal.stop));
    let alike = Alike::default();
    let progress = terminal.progress("checked", all, !request.says_equal_once());
    let left = stream::in_order(
        survey.targets,
        &stop,
        |target| stacks::check(target, (request, &checked, &renderers), &alike),
        |outcome| {
            progress.step();
            match outcome {
                Ok(result) => {
                    documents.take(terminal, total.add(result))?;
                }
                Err(error) => {
                    total.unread.push(NotRead::of(&error));
                    progress.aside(|| terminal.complain(&error));
                }
            }
            Ok(())
        },
    )?;
    total.summary.left.0 += left;
    stream::ended(progress, (left, all), terminal);
    unused::report(request, &checked, &mut total, (&mut documents, terminal))?;
    let next = total.next(request, &checked);
    let tail = CheckTotal {
        checked: &checked,
        summary: total.summary,
        steps: &total.steps,
        rules: RULES,
        unread: &total.unread,
        next: next.as_deref(),
    };
    documents.end(terminal, &Tail::Check(&tail))?;
    let outcome = if total.unread.is_empty() && total.summary.left.0 == 0 {
        Outcome::of(total.summary.counts, request.fail_on)
    } else {
        Outcome::Failed
    };
    Ok((outcome, total))
}

/// What was to be checked and could not be; where nothing was, never empty.
fn unread(survey: &Survey, sources: &Sources) -> Vec<NotRead> {
    let mut unread: Vec<NotRead> = survey.errors.iter().map(NotRead::of).collect();
    if survey.targets.is_empty() && unread.is_empty() {
        let path = sources.paths.first().cloned();
        unread.push(NotRead {
            path: path.unwrap_or_else(|| PathBuf::from("nova.conf")),
            why: survey.refusal.clone().unwrap_or_else(|| "was not found".to_owned()),
            is_excluded: false,
        });
    }
    unread
}

impl Total {
    /// Counts `result` in, and gives what is printed of it.
    fn add(&mut self, result: Checked) -> Pieces {
        self.summary = self.summary.plus(result.summary);
        self.known.extend(result.known);
        self.used.extend(result.used);
        // Each once: a fleet says the same ten thousand times.
        for step in result.steps {
            if !self.known_steps.contains(&step) {
                self.known_steps.insert(step.clone());
                self.steps.push(step);
            }
        }
        self.first_rule = self.first_rule.into_iter().chain(result.first_rule).min();
        result.pieces
    }

    /// The command that goes on from here: the fix where there is one, else the page of what is worst, else the upgrade.
    fn next(&self, request: &Request, checked: &output::Checked) -> Option<String> {
        let command = |verb: &str, flags: &[&str]| again::command(verb, request.upgrade, &request.sources, flags);
        match (self.summary.fixable, self.first_rule) {
            ((0, 0), Some((.., rule))) => Some(format!("novamend explain {rule}")),
            ((0, _), _) if self.first_rule.is_some() => Some(command("fix", &["--unsafe-fixes"])),
            (_, Some(_)) => Some(command("fix", &[])),
            (_, None) => checked
                .compares_nothing()
                .then(|| command("check", &["--from", "RELEASE"])),
        }
    }
}

impl Checked {
    /// The same of the file at `path`, which holds the same.
    fn of(&self, path: &Path) -> Self {
        Self {
            pieces: self.pieces.of(&output::shown_path(path)),
            summary: self.summary,
            first_rule: self.first_rule,
            // Said by the first of them.
            known: Vec::new(),
            steps: Vec::new(),
            used: Vec::new(),
        }
    }

    fn new(shown: &Findings<'_, '_>, found: &Found, is_baseline: bool, renderers: &Renderers) -> Self {
        let (context, findings) = (shown.context, &found.findings);
        let known = findings.iter().filter(|_| is_baseline);
        let count = |safety| {
            findings
                .iter()
                .filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == safety))
                .count()
        };
        Self {
            pieces: renderers.render(&Part::Findings(shown)),
            summary: Summary {
                counts: Counts::of(findings),
                fixable: (count(Safety::Safe), count(Safety::Unsafe)),
                suppressed: SuppressedCounts::of(&found.suppressed, findings),
                ..Summary::default()
            },
            known: known.map(|finding| baseline::known(context, finding)).collect(),
            used: used(&found.suppressed),
            steps: findings.iter().filter_map(|finding| step(context, finding)).collect(),
            first_rule: findings
                .iter()
                .map(|finding| (Reverse(finding.severity), finding.effect, finding.rule.id))
                .min(),
        }
    }
}

fn used(suppressed: &[Suppressed]) -> Vec<usize> {
    let numbers = suppressed.iter().filter_map(|one| match one.by {
        By::Settings { number, .. } => Some(number),
        By::Comment { .. } | By::RuleOff => None,
    });
    let mut numbers: Vec<usize> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// When to edit which option, of a finding that a hop brings about.
fn step(context: &Context<'_>, finding: &Finding) -> Option<(EditWindow, String)> {
    let is_certain = finding.condition.is_none();
    let step = finding.step.filter(|step| is_certain && step.hop.is_some())?;
    let option = context.option_of(finding.location)?;
    Some((step.edited, option))
}
