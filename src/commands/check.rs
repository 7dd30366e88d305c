//! `novamend check`: what an upgrade breaks.
//!
//! It writes no configuration file; its baseline is `novamend.toml`'s.

use std::collections::HashSet;
use std::io;

use rayon::prelude::*;
use serde_json::Value;

use super::{FailOn, Outcome, Sources, Terminal, outcome};
use crate::catalog::Release;
use crate::commands::sources::{Survey, Surveyed, Upgrade};
use crate::fix;
use crate::inputs::load::LoadError;
use crate::lint::{self, Context, Edited, Finding, Found, Safety, Settings};
use crate::oslo::stack::Layer;
use crate::output::{Counts, Format, Style, Summary, SuppressedCounts, json, pretty, short};
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

/// The results of one stack, printed but not yet written.
struct Checked {
    text: String,
    summary: Summary,
    is_empty: bool,
    ignorable: Vec<lint::Ignore>,
    steps: Vec<(Edited, String)>,
    /// What is suppressed, for the one format that lists it.
    suppressed: Vec<Value>,
}

/// What all stacks have come to so far.
#[derive(Default)]
struct Total {
    summary: Summary,
    ignorable: Vec<lint::Ignore>,
    steps: Vec<(Edited, String)>,
    known_steps: HashSet<(Edited, String)>,
    suppressed: Vec<Value>,
    is_failed: bool,
    is_begun: bool,
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
    match request.format {
        Format::Pretty => terminal.print(&pretty::header(&checked))?,
        Format::Short => terminal.print(&short::header(&checked))?,
        Format::Json => terminal.print(&json::open(&checked))?,
    }
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
        for outcome in check_batch(batch, request, terminal.style) {
            match outcome {
                Ok(result) => total.add(result, request.format, terminal)?,
                Err(error) => {
                    total.is_failed = true;
                    terminal.complain(&error);
                }
            }
        }
    }
    match request.format {
        Format::Pretty => {
            terminal.print(&pretty::plan(&checked, &total.steps))?;
            terminal.print(&total.summary.line(&checked))?;
        }
        Format::Short => terminal.print(&total.summary.line(&checked))?,
        Format::Json => terminal.print(&json::close(&total.summary, &total.suppressed))?,
    }
    let outcome = if total.is_failed {
        Outcome::Failed
    } else {
        outcome(total.summary.counts, request.fail_on)
    };
    Ok((outcome, total.ignorable))
}

impl Total {
    fn add(&mut self, result: Checked, format: Format, terminal: &mut Terminal<'_>) -> io::Result<()> {
        if format == Format::Json && !result.is_empty {
            terminal.print(if self.is_begun { ",\n" } else { "\n" })?;
            self.is_begun = true;
        }
        terminal.print(&result.text)?;
        self.summary = self.summary.plus(result.summary);
        self.ignorable.extend(result.ignorable);
        self.suppressed.extend(result.suppressed);
        // Each once: a fleet says the same ten thousand times.
        let known = &mut self.known_steps;
        let steps = result.steps.into_iter().filter(|step| known.insert(step.clone()));
        self.steps.extend(steps);
        Ok(())
    }
}

fn check_batch(batch: Vec<Surveyed>, request: &Request, style: Style) -> Vec<Result<Checked, LoadError>> {
    let check = |target: Surveyed| {
        let today = target.today.clone();
        let stack = target.into_stack(&request.sources)?;
        let context = Context::of_today(&stack, &today, request.to, &request.settings);
        let mut found = lint::run_today(RULES, LIVE_MIGRATION, &context, &today);
        fix::grade(&context, &mut found.findings);
        Ok(Checked::new(&context, &found, request, style))
    };
    if batch.len() > 1 {
        batch.into_par_iter().map(check).collect()
    } else {
        batch.into_iter().map(check).collect()
    }
}

impl Checked {
    fn new(context: &Context<'_>, found: &Found, request: &Request, style: Style) -> Self {
        let (format, findings) = (request.format, &found.findings);
        let in_baseline = findings.iter().filter(|_| request.is_baseline);
        let texts: Vec<String> = findings
            .iter()
            .map(|finding| match format {
                Format::Pretty => pretty::finding(context, finding, style),
                Format::Short => short::finding(context.stack, finding),
                Format::Json => json::text(&json::finding(context, finding)),
            })
            .collect();
        let listed = found.suppressed.iter().filter(|_| format == Format::Json);
        let count = |safety| {
            findings
                .iter()
                .filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == safety))
                .count()
        };
        Self {
            text: texts.join(if format == Format::Json { ",\n" } else { "" }),
            summary: Summary {
                counts: Counts::of(findings),
                fixable: (count(Safety::Safe), count(Safety::Unsafe)),
                suppressed: SuppressedCounts::of(&found.suppressed, findings),
            },
            is_empty: findings.is_empty(),
            ignorable: in_baseline.map(|finding| ignore(context, finding)).collect(),
            steps: findings.iter().filter_map(|finding| step(context, finding)).collect(),
            suppressed: listed.map(|suppressed| json::suppressed(context, suppressed)).collect(),
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
