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

/// What is the same of files that hold the same.
pub(super) enum Likeness {
    /// What is said of each.
    Report(Checked),
    /// What is found in each, where that is said of each by itself.
    Findings(Found),
}

/// Checks one stack; of files that hold the same, where there are many, only the first.
pub(super) fn check(target: Reading, asked: Asked<'_>, alike: &Alike<Likeness>) -> Result<Checked, LoadError> {
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
    let known = alike.find(&key);
    if let Some(Likeness::Report(known)) = known.as_deref() {
        return Ok(known.of(&path));
    }
    let is_kept = known.is_none() && alike.has_room(&key);
    let (bytes, key) = key.into_bytes(is_kept);
    alone.bytes = bytes;
    let stack = request.sources.stack_of(alone);
    let context = request.context(&stack, &today);
    if let Some(Likeness::Findings(found)) = known.as_deref() {
        return Ok(show(&context, found, asked));
    }
    let found = request.find(&context, &today);
    let checked = show(&context, &found, asked);
    let Some(key) = key else {
        return Ok(checked);
    };
    let name = output::shown_path(&path);
    let likeness = if request.says_equal_once() {
        (!checked.pieces.name(&name)).then(|| Likeness::Report(checked.clone()))
    } else {
        (!found.names(&name)).then_some(Likeness::Findings(found))
    };
    if let Some(likeness) = likeness {
        alike.keep(key, Arc::new(likeness));
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
