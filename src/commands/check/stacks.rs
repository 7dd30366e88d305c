//! One stack after the other: what is found in each, and how it is said. Of files that hold the same only the first is looked at.

use std::sync::Arc;

use super::{Checked, Request, proposed};
use crate::commands::alike::{Alike, Key};
use crate::commands::documents::Renderers;
use novamend::fix;
use novamend::inputs::load::LoadError;
use novamend::inputs::survey::Reading;
use novamend::lint::{self, Context, Found};
use novamend::nova::today::Today;
use novamend::oslo::stack::Stack;
use novamend::output::{self, Findings};
use novamend::rules::{ACROSS, LIVE_MIGRATION, RULES};

/// What is asked for, what is checked, and who renders it.
pub(super) type Asked<'a> = (&'a Request, &'a output::Checked, &'a Renderers);

/// What was found in files that others may be like: as it is said where that is the same for each, else what it is.
#[derive(Default)]
pub(super) struct Known {
    said: Alike<Checked>,
    found: Alike<Found>,
}

/// Checks one stack; of files that hold the same, where there are many, only the first.
pub(super) fn check(target: Reading, asked: Asked<'_>, known: &Known) -> Result<Checked, LoadError> {
    let request = asked.0;
    let alone = match target.stack {
        None if request.finds_equal_alike() => request.sources.alone(&target.target),
        _ => None,
    };
    let today = target.today.clone();
    let Some(mut alone) = alone.transpose()? else {
        let stack = target.into_stack(&request.sources)?;
        let context = request.context(&stack, &today);
        return Ok(show(&context, &request.find(&context, &today), asked));
    };
    let path = alone.path.clone();
    let key = Key::new(&path, std::mem::take(&mut alone.bytes), &today);
    if let Some(said) = known.said.find(&key) {
        return Ok(said.of(&path));
    }
    alone.bytes = key.bytes().to_vec();
    let stack = request.sources.stack_of(alone);
    let context = request.context(&stack, &today);
    if let Some(found) = known.found.find(&key) {
        return Ok(show(&context, &found, asked));
    }
    let found = request.find(&context, &today);
    let checked = show(&context, &found, asked);
    let name = output::shown_path(&path);
    if request.says_equal_once() {
        if !checked.pieces.name(&name) {
            known.said.keep(key, Arc::new(checked.clone()));
        }
    } else if !found.names(&name) {
        known.found.keep(key, Arc::new(found));
    }
    Ok(checked)
}

/// What is said of what was `found`.
fn show(context: &Context<'_>, found: &Found, (request, checked, renderers): Asked<'_>) -> Checked {
    let proposed = match context.today {
        Some(today) if request.formats.have_edits() && request.settings.valid_in.is_empty() => {
            proposed::of(context.stack, today, request, &found.findings)
        }
        _ => Vec::new(),
    };
    let findings = Findings {
        checked,
        context,
        findings: &found.findings,
        suppressed: &found.suppressed,
        proposed: &proposed,
    };
    Checked::new(&findings, found, request.is_baseline, renderers)
}

impl Request {
    /// What a rule sees of `stack`.
    fn context<'s>(&'s self, stack: &'s Stack, today: &'s Today) -> Context<'s> {
        Context::of_today(stack, today, self.to, &self.settings)
    }

    /// What is found under `context`, graded.
    fn find(&self, context: &Context<'_>, today: &Today) -> Found {
        let mut found = if self.settings.valid_in.is_empty() {
            lint::run_today(RULES, LIVE_MIGRATION, context, today)
        } else {
            lint::run_valid_in(RULES, ACROSS, context, &self.settings.valid_in)
        };
        fix::grade(context, &mut found.findings);
        found
    }

    /// Whether the same is found in files that hold the same, wherever they lie.
    fn finds_equal_alike(&self) -> bool {
        self.settings.ignores.is_empty()
    }

    /// Whether the report says equal findings once, and nothing that is asked for hangs on where a file lies.
    pub(super) fn says_equal_once(&self) -> bool {
        self.formats.fold() && !self.is_verbose && !self.is_baseline && self.finds_equal_alike()
    }
}
