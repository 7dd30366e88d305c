//! `novamend check`: what an upgrade breaks.
//!
//! It writes no configuration file; its baseline is `novamend.toml`'s.

use std::collections::HashSet;
use std::io;

use rayon::prelude::*;

use super::{FailOn, Outcome, Sources, Terminal, outcome};
use crate::catalog::Release;
use crate::commands::sources::{Survey, Surveyed};
use crate::conf::layers::Layer;
use crate::conf::load::LoadError;
use crate::lint::{self, Context, Edited, Finding, Safety, Settings};
use crate::output::{Counts, Format, Style, json, pretty, short};
use crate::rules::RULES;

/// So many stacks are checked at once; the results of one batch are in memory, not of all.
const BATCH: usize = 256;

/// What to check.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which files.
    pub sources: Sources,
    /// The release of today; `None`: inferred.
    pub from: Option<Release>,
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

/// The results of one stack, printed but not yet written.
struct Checked {
    text: String,
    counts: Counts,
    fixable: (usize, usize),
    is_empty: bool,
    ignorable: Vec<lint::Ignore>,
    steps: Vec<(Edited, String)>,
}

/// Runs the check and returns, besides the outcome, one ignore per finding where a baseline is asked for.
///
/// # Errors
/// The writer's.
pub fn run(request: &Request, terminal: &mut Terminal<'_>) -> io::Result<(Outcome, Vec<lint::Ignore>)> {
    let survey = Survey::of(&request.sources, request.from, Some(request.to));
    survey.complain(&request.sources, terminal);
    let mut failed = !survey.errors.is_empty() || survey.targets.is_empty();
    if survey.targets.is_empty() {
        return Ok((Outcome::Failed, Vec::new()));
    }
    let checked = survey.checked(request.to, request.from);
    match request.format {
        Format::Pretty => terminal.print(&pretty::header(&checked))?,
        Format::Short => terminal.print(&format!("{}\n", checked.line()))?,
        Format::Json => terminal.print(&json::open(&checked))?,
    }
    let style = terminal.style;
    let (mut counts, mut fixable, mut ignorable) = (Counts::default(), (0, 0), Vec::new());
    let (mut steps, mut known_steps) = (Vec::new(), HashSet::new());
    let mut is_first = true;
    let mut targets = survey.targets.into_iter();
    loop {
        let batch: Vec<Surveyed> = targets.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        for outcome in check_batch(batch, request, style) {
            match outcome {
                Ok(result) => {
                    if request.format == Format::Json && !result.is_empty {
                        terminal.print(if is_first { "\n" } else { ",\n" })?;
                        is_first = false;
                    }
                    terminal.print(&result.text)?;
                    counts = counts.plus(result.counts);
                    fixable = (fixable.0 + result.fixable.0, fixable.1 + result.fixable.1);
                    ignorable.extend(result.ignorable);
                    // Each once: a fleet says the same ten thousand times.
                    steps.extend(result.steps.into_iter().filter(|step| known_steps.insert(step.clone())));
                }
                Err(error) => {
                    failed = true;
                    terminal.complain(&error);
                }
            }
        }
    }
    match request.format {
        Format::Pretty => {
            terminal.print(&pretty::plan(&checked, &steps))?;
            terminal.print(&pretty::summary(counts, fixable))?;
        }
        Format::Short => terminal.print(&pretty::summary(counts, fixable))?,
        Format::Json => terminal.print(&json::close(counts))?,
    }
    let outcome = if failed {
        Outcome::Failed
    } else {
        outcome(counts, request.fail_on)
    };
    Ok((outcome, ignorable))
}

fn check_batch(batch: Vec<Surveyed>, request: &Request, style: Style) -> Vec<Result<Checked, LoadError>> {
    let check = |target: Surveyed| {
        let from = target.from;
        let stack = target.into_stack(&request.sources)?;
        let context = Context::new(&stack, from, request.to, &request.settings);
        let findings = lint::run(RULES, &context);
        Ok(Checked::new(&context, &findings, request, style))
    };
    if batch.len() > 1 {
        batch.into_par_iter().map(check).collect()
    } else {
        batch.into_iter().map(check).collect()
    }
}

impl Checked {
    fn new(context: &Context<'_>, findings: &[Finding], request: &Request, style: Style) -> Self {
        let format = request.format;
        let in_baseline = findings.iter().filter(|_| request.is_baseline);
        let texts: Vec<String> = findings
            .iter()
            .map(|finding| match format {
                Format::Pretty => pretty::finding(context.stack, finding, style),
                Format::Short => short::finding(context.stack, finding),
                Format::Json => json::finding(context, finding).to_string(),
            })
            .collect();
        let count = |safety| {
            findings
                .iter()
                .filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == safety))
                .count()
        };
        Self {
            text: texts.join(if format == Format::Json { ",\n" } else { "" }),
            counts: Counts::of(findings),
            fixable: (count(Safety::Safe), count(Safety::Unsafe)),
            is_empty: findings.is_empty(),
            ignorable: in_baseline.map(|finding| ignore(context, finding)).collect(),
            steps: findings.iter().filter_map(|finding| step(context, finding)).collect(),
        }
    }
}

/// When to edit which option, of a finding that a hop brings about.
fn step(context: &Context<'_>, finding: &Finding) -> Option<(Edited, String)> {
    let step = finding.step.filter(|step| step.hop.is_some())?;
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
