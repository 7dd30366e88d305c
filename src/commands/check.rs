//! `novamend check`: what an upgrade breaks.
//!
//! It writes no configuration file; its baseline is `novamend.toml`'s.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use super::{EXIT_CODES, Failure, Outcome, ReportArguments, stream};
use crate::terminal::Terminal;
use clap::Args;
use novamend::catalog::Release;
use novamend::fix;
use novamend::inputs::Sources;
use novamend::inputs::load::LoadError;
use novamend::inputs::survey::{Reading, Survey};
use novamend::lint::{self, Context, EditWindow, FailOn, Finding, Found, Ignore, Safety, Settings};
use novamend::oslo::stack::Layer;
use novamend::output::{
    self, CheckTotal, Counts, Findings, Format, Head, Part, Piece, Printer, Report, Summary, SuppressedCounts, Tail,
};
use novamend::rules::{LIVE_MIGRATION, RULES};
use novamend::settings::{self, Scope};

/// Report what an upgrade breaks
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    inputs: novamend::inputs::Arguments,
    #[command(flatten)]
    report: ReportArguments,
    /// Add the current findings to novamend.toml as ignores, so that only new ones are reported from now on
    #[arg(long)]
    write_ignores: bool,
}

/// What to check.
struct Request {
    /// Which files.
    sources: Sources,
    /// The release to come.
    to: Release,
    /// What the operator wants.
    settings: Settings,
    /// How to print.
    format: Format,
    /// When to fail.
    fail_on: FailOn,
    /// Whether what is found goes into a baseline.
    is_baseline: bool,
}

impl Arguments {
    /// Checks every stack, and writes the baseline where one is asked for.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let place = self.write_ignores.then(|| settings::place(&self.inputs.settings));
        let place = place.transpose()?;
        let scope = Scope::of(&self.inputs, RULES)?;
        let survey = scope.survey();
        for message in survey.complaints(&scope.sources) {
            terminal.complain(&message);
        }
        let mut settings = scope.file.settings;
        settings.pedantic = self.report.pedantic;
        let request = Request {
            sources: scope.sources,
            to: scope.to,
            settings,
            format: self.report.format,
            fail_on: self.report.fail_on.or(scope.file.fail_on).unwrap_or_default(),
            is_baseline: place.is_some(),
        };
        let (outcome, ignores) = check(&request, survey, terminal)?;
        Ok(match place {
            Some(place) => write_ignores(&place, &ignores, outcome, terminal),
            None => outcome,
        })
    }
}

/// Adds `ignores` to the settings at `place`; what is found is then known, and only what could not be listed still counts.
fn write_ignores(place: &Path, ignores: &[Ignore], outcome: Outcome, terminal: &mut Terminal<'_>) -> Outcome {
    let baseline = match settings::add_ignores(place, ignores) {
        Ok(baseline) => baseline,
        Err(error) => {
            terminal.complain(&error);
            return Outcome::Failed;
        }
    };
    terminal.complain(&format!(
        "added {} to {}",
        output::counted_word(baseline.added, "ignore"),
        output::shown_path(&baseline.path)
    ));
    if baseline.unfit > 0 {
        terminal.complain(&format!(
            "not added: {} about an option or a file whose name no option or file of nova can have; fix the file first",
            output::counted_word(baseline.unfit, "finding")
        ));
    }
    if outcome == Outcome::Failed || baseline.unfit > 0 {
        outcome
    } else {
        Outcome::Clean
    }
}

/// The results of one stack, rendered but not yet printed.
struct Checked {
    piece: Piece,
    summary: Summary,
    ignorable: Vec<Ignore>,
    steps: Vec<(EditWindow, String)>,
}

/// What all stacks have come to so far.
#[derive(Default)]
struct Total {
    summary: Summary,
    ignorable: Vec<Ignore>,
    steps: Vec<(EditWindow, String)>,
    known_steps: HashSet<(EditWindow, String)>,
    is_failed: bool,
}

/// Runs the check and returns, besides the outcome, one ignore per finding where a baseline is asked for.
fn check(request: &Request, survey: Survey, terminal: &mut Terminal<'_>) -> io::Result<(Outcome, Vec<Ignore>)> {
    if survey.targets.is_empty() {
        return Ok((Outcome::Failed, Vec::new()));
    }
    let checked = output::Checked::of(&survey, request.to, &request.settings);
    let (mut printer, text) = Printer::begin(request.format, terminal.style, &Head::Check(&checked));
    terminal.print(&text)?;
    let mut total = Total {
        is_failed: !survey.errors.is_empty(),
        ..Total::default()
    };
    let report = printer.report();
    stream::in_order(
        survey.targets,
        |target| check_stack(target, request, &*report),
        |outcome| {
            match outcome {
                Ok(result) => terminal.print(&printer.add(total.add(result)))?,
                Err(error) => {
                    total.is_failed = true;
                    terminal.complain(&error);
                }
            }
            Ok(())
        },
    )?;
    let tail = CheckTotal {
        checked: &checked,
        summary: total.summary,
        steps: &total.steps,
    };
    terminal.print(&printer.end(&Tail::Check(&tail)))?;
    let outcome = if total.is_failed {
        Outcome::Failed
    } else {
        Outcome::of(total.summary.counts, request.fail_on)
    };
    Ok((outcome, total.ignorable))
}

impl Total {
    /// Counts `result` in, and gives what is printed of it.
    fn add(&mut self, result: Checked) -> Piece {
        self.summary = self.summary.plus(result.summary);
        self.ignorable.extend(result.ignorable);
        // Each once: a fleet says the same ten thousand times.
        let known = &mut self.known_steps;
        let steps = result.steps.into_iter().filter(|step| known.insert(step.clone()));
        self.steps.extend(steps);
        result.piece
    }
}

fn check_stack(target: Reading, request: &Request, report: &dyn Report) -> Result<Checked, LoadError> {
    let today = target.today.clone();
    let stack = target.into_stack(&request.sources)?;
    let context = Context::of_today(&stack, &today, request.to, &request.settings);
    let mut found = lint::run_today(RULES, LIVE_MIGRATION, &context, &today);
    fix::grade(&context, &mut found.findings);
    Ok(Checked::new(&context, &found, request.is_baseline, report))
}

impl Checked {
    fn new(context: &Context<'_>, found: &Found, is_baseline: bool, report: &dyn Report) -> Self {
        let findings = &found.findings;
        let ignorable = findings.iter().filter(|_| is_baseline);
        let count = |safety| {
            findings
                .iter()
                .filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == safety))
                .count()
        };
        Self {
            piece: report.stack(&Part::Findings(&Findings {
                context,
                findings,
                suppressed: &found.suppressed,
            })),
            summary: Summary {
                counts: Counts::of(findings),
                fixable: (count(Safety::Safe), count(Safety::Unsafe)),
                suppressed: SuppressedCounts::of(&found.suppressed, findings),
            },
            ignorable: ignorable.map(|finding| ignore(context, finding)).collect(),
            steps: findings.iter().filter_map(|finding| step(context, finding)).collect(),
        }
    }
}

/// When to edit which option, of a finding that a hop brings about.
fn step(context: &Context<'_>, finding: &Finding) -> Option<(EditWindow, String)> {
    let is_certain = finding.condition.is_none();
    let step = finding.step.filter(|step| is_certain && step.hop.is_some())?;
    let option = context.option_of(finding.location)?;
    Some((step.edited, option))
}

/// What would keep `finding` out of the next report.
fn ignore(context: &Context<'_>, finding: &Finding) -> Ignore {
    let path = |layer: &Layer| layer.document.source().path().to_owned();
    let layers = context.stack.layers();
    let file = match finding.location {
        lint::Location::File { layer, .. } => Some(path(&layers[layer])),
        // Of several files none can be blamed for what none of them sets.
        lint::Location::Stack if layers.len() == 1 => Some(path(&layers[0])),
        _ => None,
    };
    Ignore {
        rule: finding.rule.id.to_owned(),
        file,
        option: context.subject(finding),
        reason: String::new(),
    }
}
