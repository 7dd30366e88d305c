//! `novamend check`: what an upgrade breaks.
//!
//! It writes no configuration file; its baseline is `novamend.toml`'s.

mod proposed;

use std::collections::HashSet;
use std::path::Path;

use super::documents::{Formats, Pieces, Renderers};
use super::{EXIT_CODES, Failure, Outcome, ReportArguments, stream};
use crate::terminal::Terminal;
use clap::Args;
use novamend::catalog::Release;
use novamend::fix;
use novamend::inputs::Sources;
use novamend::inputs::directory::NotRead;
use novamend::inputs::load::LoadError;
use novamend::inputs::survey::{Reading, Survey};
use novamend::lint::{self, Context, EditWindow, FailOn, Finding, Found, Ignore, Safety, Settings};
use novamend::oslo::stack::Layer;
use novamend::output::envelope::Kind;
use novamend::output::{self, Base, CheckTotal, Counts, Findings, Head, Part, Summary, SuppressedCounts, Tail};
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
    formats: Formats,
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
            formats: self.report.formats.of(Kind::Check)?,
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
    pieces: Pieces,
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
    unread: Vec<NotRead>,
}

/// Runs the check and returns, besides the outcome, one ignore per finding where a baseline is asked for.
fn check(request: &Request, survey: Survey, terminal: &mut Terminal<'_>) -> Result<(Outcome, Vec<Ignore>), Failure> {
    if survey.targets.is_empty() {
        return Ok((Outcome::Failed, Vec::new()));
    }
    let root = &request.sources.root;
    let checked = output::Checked {
        base: Base::new((!root.is_host()).then(|| root.path())),
        fail_on: request.fail_on,
        ..output::Checked::of(&survey, request.to, &request.settings)
    };
    let (mut documents, text) = request.formats.begin(terminal.style, &Head::Check(&checked));
    documents.print(terminal, text)?;
    let mut total = Total {
        unread: survey.errors.iter().map(NotRead::of).collect(),
        ..Total::default()
    };
    let renderers = documents.renderers();
    stream::in_order(
        survey.targets,
        |target| check_stack(target, request, &checked, &renderers),
        |outcome| {
            match outcome {
                Ok(result) => {
                    let texts = documents.add(total.add(result));
                    documents.print(terminal, texts)?;
                }
                Err(error) => {
                    total.unread.push(NotRead::of(&error));
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
        rules: RULES,
        unread: &total.unread,
    };
    documents.end(terminal, &Tail::Check(&tail))?;
    let outcome = if !total.unread.is_empty() {
        Outcome::Failed
    } else {
        Outcome::of(total.summary.counts, request.fail_on)
    };
    Ok((outcome, total.ignorable))
}

impl Total {
    /// Counts `result` in, and gives what is printed of it.
    fn add(&mut self, result: Checked) -> Pieces {
        self.summary = self.summary.plus(result.summary);
        self.ignorable.extend(result.ignorable);
        // Each once: a fleet says the same ten thousand times.
        let known = &mut self.known_steps;
        let steps = result.steps.into_iter().filter(|step| known.insert(step.clone()));
        self.steps.extend(steps);
        result.pieces
    }
}

fn check_stack(
    target: Reading,
    request: &Request,
    checked: &output::Checked,
    renderers: &Renderers,
) -> Result<Checked, LoadError> {
    let today = target.today.clone();
    let stack = target.into_stack(&request.sources)?;
    let context = Context::of_today(&stack, &today, request.to, &request.settings);
    let mut found = lint::run_today(RULES, LIVE_MIGRATION, &context, &today);
    fix::grade(&context, &mut found.findings);
    let proposed = if request.formats.have_edits() {
        proposed::of(&stack, &today, request, &found.findings)
    } else {
        Vec::new()
    };
    let findings = Findings {
        checked,
        context: &context,
        findings: &found.findings,
        suppressed: &found.suppressed,
        proposed: &proposed,
    };
    Ok(Checked::new(&findings, &found, request.is_baseline, renderers))
}

impl Checked {
    fn new(shown: &Findings<'_, '_>, found: &Found, is_baseline: bool, renderers: &Renderers) -> Self {
        let (context, findings) = (shown.context, &found.findings);
        let ignorable = findings.iter().filter(|_| is_baseline);
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
