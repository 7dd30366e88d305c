//! `novamend check`: what an upgrade breaks.
//!
//! It writes no configuration file; its baseline is `novamend.toml`'s.

use std::collections::HashSet;
use std::io;

use rayon::prelude::*;

use super::{FailOn, Outcome, Sources, Terminal, outcome};
use crate::catalog::Release;
use crate::commands::sources::{Survey, Surveyed, Upgrade};
use crate::fix;
use crate::inputs::load::LoadError;
use crate::lint::{self, Context, Edited, Finding, Found, Safety, Settings};
use crate::oslo::stack::Layer;
use crate::output::{
    CheckTotal, Counts, Findings, Format, Head, Part, Piece, Printer, Summary, SuppressedCounts, Tail,
};
use crate::rules::{LIVE_MIGRATION, RULES};

/// So many stacks are checked at once; the results of one batch are in memory, not of all.
const BATCH: usize = 256;

/// What to check.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which files.
    pub sources: Sources,
    /// The upgrade, as it was asked for.
    pub upgrade: Upgrade,
    /// The release to come.
    pub to: Release,
    /// What the operator wants.
    pub settings: Settings,
    /// How to print.
    pub format: Format,
    /// When to fail.
    pub fail_on: FailOn,
    /// Whether what is found goes into a baseline.
    pub is_baseline: bool,
}

/// The results of one stack, rendered but not yet printed.
struct Checked {
    piece: Piece,
    summary: Summary,
    ignorable: Vec<lint::Ignore>,
    steps: Vec<(Edited, String)>,
}

/// What all stacks have come to so far.
#[derive(Default)]
struct Total {
    summary: Summary,
    ignorable: Vec<lint::Ignore>,
    steps: Vec<(Edited, String)>,
    known_steps: HashSet<(Edited, String)>,
    is_failed: bool,
}

/// Runs the check and returns, besides the outcome, one ignore per finding where a baseline is asked for.
///
/// # Errors
/// The writer's.
pub fn run(request: &Request, terminal: &mut Terminal<'_>) -> io::Result<(Outcome, Vec<lint::Ignore>)> {
    let survey = Survey::of(&request.sources, request.upgrade);
    survey.complain(&request.sources, terminal);
    if survey.targets.is_empty() {
        return Ok((Outcome::Failed, Vec::new()));
    }
    let checked = survey.checked(request.to, &request.settings);
    let (mut printer, text) = Printer::begin(request.format, terminal.style, &Head::Check(&checked));
    terminal.print(&text)?;
    let mut total = Total {
        is_failed: !survey.errors.is_empty(),
        ..Total::default()
    };
    let mut targets = survey.targets.into_iter();
    loop {
        let batch: Vec<Surveyed> = targets.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        for outcome in check_batch(batch, request, &printer) {
            match outcome {
                Ok(result) => terminal.print(&printer.add(total.add(result)))?,
                Err(error) => {
                    total.is_failed = true;
                    terminal.complain(&error);
                }
            }
        }
    }
    let tail = CheckTotal {
        checked: &checked,
        summary: total.summary,
        steps: &total.steps,
    };
    terminal.print(&printer.end(&Tail::Check(&tail)))?;
    let outcome = if total.is_failed {
        Outcome::Failed
    } else {
        outcome(total.summary.counts, request.fail_on)
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

fn check_batch(batch: Vec<Surveyed>, request: &Request, printer: &Printer) -> Vec<Result<Checked, LoadError>> {
    let check = |target: Surveyed| {
        let today = target.today.clone();
        let stack = target.into_stack(&request.sources)?;
        let context = Context::of_today(&stack, &today, request.to, &request.settings);
        let mut found = lint::run_today(RULES, LIVE_MIGRATION, &context, &today);
        fix::grade(&context, &mut found.findings);
        Ok(Checked::new(&context, &found, request.is_baseline, printer))
    };
    if batch.len() > 1 {
        batch.into_par_iter().map(check).collect()
    } else {
        batch.into_iter().map(check).collect()
    }
}

impl Checked {
    fn new(context: &Context<'_>, found: &Found, is_baseline: bool, printer: &Printer) -> Self {
        let findings = &found.findings;
        let ignorable = findings.iter().filter(|_| is_baseline);
        let count = |safety| {
            findings
                .iter()
                .filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == safety))
                .count()
        };
        Self {
            piece: printer.piece(&Part::Findings(&Findings {
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
fn step(context: &Context<'_>, finding: &Finding) -> Option<(Edited, String)> {
    let is_certain = finding.condition.is_none();
    let step = finding.step.filter(|step| is_certain && step.hop.is_some())?;
    let option = context.option_of(finding.location)?;
    Some((step.edited, option))
}

/// What would keep `finding` out of the next report.
fn ignore(context: &Context<'_>, finding: &Finding) -> lint::Ignore {
    let path = |layer: &Layer| layer.document.source().path().to_owned();
    let layers = context.stack.layers();
    let file = match finding.location {
        lint::Location::File { layer, .. } => Some(path(&layers[layer])),
        // Of several files none can be blamed for what none of them sets.
        lint::Location::Stack if layers.len() == 1 => Some(path(&layers[0])),
        _ => None,
    };
    lint::Ignore {
        rule: finding.rule.id.to_owned(),
        file,
        option: context.subject(finding),
        reason: String::new(),
    }
}
