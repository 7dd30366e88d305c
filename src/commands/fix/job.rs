//! One stack on its way through `fix`: what is to be written, what waits for the upgrade, and what speaks against it.
//!
//! It prints nothing and writes nothing.

use std::path::Path;
use std::sync::Arc;

use super::Request;
use crate::host_trial::{self, HostTrialError};
use novamend::catalog::Release;
use novamend::fix::gate::{self, Permissions, Refusal};
use novamend::fix::witness::{self, Witnessed};
use novamend::fix::{self, FixPlan, FixedStack, Known, Until};
use novamend::handover::Verdict;
use novamend::lint::{self, ActionChoice, Context, Finding, Suppressed};
use novamend::nova::migration::TimeoutAction;
use novamend::nova::today::Today;
use novamend::oslo::stack::Stack;
use novamend::output::{Counts, SuppressedCounts, shown_path};
use novamend::redact::{self, Secrets};
use novamend::rules::{LIVE_MIGRATION, RULES};
use novamend::write::{Links, Planned};

/// One stack, fixed and checked.
pub(super) struct Job {
    pub(super) before: Stack,
    /// With the edits up to the moment asked for: what `--write` writes.
    pub(super) written: FixedStack,
    /// With those on top that belong to a later hop of the upgrade.
    pub(super) later: FixedStack,
    pub(super) today: Today,
    /// How many findings the stack has as it is.
    pub(super) counts: Counts,
    /// How many of them are not reported, or lowered, by the operator's word.
    pub(super) hidden: SuppressedCounts,
    /// What the stack as it is would have had reported but for the operator's word.
    pub(super) suppressed: Vec<Suppressed>,
    /// Per file that is written: its layer, and what the witness says.
    pub(super) changed: Vec<(usize, Witnessed)>,
    /// The same, from what is written to what comes later.
    pub(super) changed_later: Vec<(usize, Witnessed)>,
    /// Per file that must not be written: its layer, and why.
    pub(super) refusals: Vec<(usize, Refusal)>,
    /// The secrets of the texts as they were and as they will be.
    pub(super) secrets: Arc<Secrets>,
    /// What this host does with the new texts; `None` where it was not tried.
    pub(super) proven: Option<Verdict>,
    /// The action that was asked for, or taken as the other one failed.
    pub(super) action: ActionChoice,
}

impl Job {
    pub(super) fn new(before: Stack, today: Today, request: &Request) -> Self {
        redact::expect_again();
        let plan = |until| FixPlan {
            rules: RULES,
            today: &today,
            to: request.to,
            settings: &request.settings,
            unsafe_fixes: request.unsafe_fixes,
            until,
        };
        let asked = plan(request.until);
        let context = asked.context(&before);
        let certain = Known::of(lint::run_whole(RULES, &context), &context);
        let found = lint::with_older(certain.found.clone(), RULES, LIVE_MIGRATION, &context, &today);
        let mut written = gate::fix_stack(&before, &asked, certain);
        let later = if gate::needs_repair(&before) {
            // What else is to be done shows once the file can be read.
            FixedStack::unchanged(&written.stack)
        } else {
            fix::fix_known(&written.stack, &plan(Until::Upgrade), written.known().cloned())
        };
        let conditional = if written.applied.is_empty() || today.is_one() {
            conditional(found.findings.clone())
        } else {
            let secrets = written.known().map(|known| Arc::clone(&known.secrets));
            let context = asked.context(&written.stack).knowing(secrets);
            let known = written.known().map(|known| known.found.clone());
            let known = known.unwrap_or_else(|| lint::run_whole(RULES, &context));
            conditional(lint::with_older(known, RULES, LIVE_MIGRATION, &context, &today).findings)
        };
        written.findings.extend(conditional);
        let releases = [today.newest, request.to];
        let written_files = changed(&before, &written, releases);
        let allowed = Permissions {
            repairs: request.unsafe_fixes,
            unwitnessed: request.allow_unwitnessed,
        };
        let secrets = if written.applied.is_empty() && later.applied.is_empty() {
            Arc::clone(context.secrets())
        } else {
            let of_fixed = [&written, &later].into_iter().filter_map(FixedStack::known);
            let known: Vec<&Secrets> = of_fixed
                .map(|known| &*known.secrets)
                .chain([&**context.secrets()])
                .collect();
            Arc::new(Secrets::of_all([&before, &written.stack, &later.stack], &known))
        };
        Self {
            counts: Counts::of(&found.findings),
            hidden: SuppressedCounts::of(&found.suppressed, &found.findings),
            suppressed: found.suppressed,
            refusals: gate::refusals(&before, &written.stack, &written_files, allowed),
            changed: written_files,
            changed_later: changed(&written.stack, &later, releases),
            secrets,
            before,
            written,
            later,
            today,
            proven: None,
            action: request.settings.action,
        }
    }

    /// Tries the new texts on this host; where the action was free to choose and fails, the other one.
    pub(super) fn tried(mut self, request: &Request) -> Result<Self, HostTrialError> {
        self.proven = Some(host_trial::run(&self.later.stack, self.today.newest, request.to)?);
        if self.works_here() || request.settings.action != ActionChoice::Auto || request.to < Release::STEIN {
            return Ok(self);
        }
        let context = Context::new(&self.before, self.today.newest, request.to, &request.settings);
        let (chosen, _) = context.chosen_action();
        let Some(other) = TimeoutAction::ALL.into_iter().find(|action| *action != chosen) else {
            return Ok(self);
        };
        let mut instead = request.clone();
        instead.settings.action = ActionChoice::Fixed(other);
        let mut second = Self::new(self.before.clone(), self.today.clone(), &instead);
        second.proven = Some(host_trial::run(&second.later.stack, second.today.newest, request.to)?);
        Ok(if second.works_here() { second } else { self })
    }

    fn works_here(&self) -> bool {
        self.proven.as_ref().is_none_or(Verdict::works)
    }

    /// Whether nothing speaks against what is written.
    pub(super) fn is_accepted(&self) -> bool {
        let is_contradicted = |(_, witnessed): &(usize, Witnessed)| matches!(witnessed, Witnessed::Contradicted { .. });
        self.works_here()
            && self.refusals.is_empty()
            && self.written.refused.is_empty()
            && !self.changed.iter().any(is_contradicted)
    }

    /// Everything that speaks against a change, a line each.
    pub(super) fn objections(&self) -> Vec<String> {
        let refused = self
            .written
            .refused
            .iter()
            .chain(&self.later.refused)
            .map(|refused| format!("fix rejected: {}: {}", refused.title, refused.moved));
        let files = self.changed.iter().chain(&self.changed_later);
        let contradicted = files.filter_map(|(layer, witnessed)| match witnessed {
            Witnessed::Contradicted { section, key } => Some(format!(
                "fix rejected: {}: a second, independent parser reads another value of `[{section}] {key}`",
                self.path(*layer)
            )),
            _ => None,
        });
        let failed = self.proven.iter().filter(|proven| !proven.works()).map(|proven| {
            let remedy = proven.remedy.iter().map(|remedy| format!("; {remedy}"));
            format!(
                "not shown to work on this host: {}{}",
                proven.headline,
                remedy.collect::<String>()
            )
        });
        let kept = self
            .refusals
            .iter()
            .map(|(layer, refusal)| format!("not written: {}: {refusal}", self.path(*layer)));
        let all = kept.chain(refused).chain(contradicted).chain(failed);
        let mut all: Vec<String> = all.map(|text| self.secrets.hide(&text).into_owned()).collect();
        all.dedup();
        all
    }

    /// What is left for a person: found in the text that is written, and not answered by an edit that comes later.
    pub(super) fn left(&self) -> impl Iterator<Item = &Finding> {
        let is_answered = |finding: &Finding| {
            let title = finding.fix.as_ref().map(|fix| &fix.title);
            let mut later = self.later.applied.iter();
            title.is_some_and(|title| {
                later.any(|applied| applied.rule == Some(finding.rule.id) && applied.title == *title)
            })
        };
        self.written
            .findings
            .iter()
            .filter(move |finding| !is_answered(finding))
    }

    pub(super) fn path(&self, layer: usize) -> String {
        shown_path(self.before.layers()[layer].document.source().path())
    }

    /// The files.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.before.layers().iter().map(|layer| layer.document.source().path())
    }

    /// The files that are written.
    pub(super) fn changing(&self) -> impl Iterator<Item = &Path> {
        let layers = self.changed.iter();
        layers.map(|(layer, _)| self.before.layers()[*layer].document.source().path())
    }

    /// The files that are written, with their texts.
    pub(super) fn planned(&self) -> impl Iterator<Item = Planned> + '_ {
        self.changed.iter().map(|&(layer, _)| {
            let (old, new) = (&self.before.layers()[layer], &self.written.stack.layers()[layer]);
            Planned {
                path: old.document.source().path().to_owned(),
                before: Some(old.document.source().bytes().to_vec()),
                after: new.document.source().bytes().to_vec(),
                links: Links::Follow,
            }
        })
    }
}

/// What holds only for an older release of today than the one the upgrade is compared from.
fn conditional(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|finding| finding.condition.is_some());
    findings
}

/// The layers whose texts differ, each with the witness's word.
fn changed(before: &Stack, fixed: &FixedStack, releases: [Release; 2]) -> Vec<(usize, Witnessed)> {
    let layers = before.layers().iter().zip(fixed.stack.layers()).enumerate();
    layers
        .filter(|(_, (old, new))| !Arc::ptr_eq(&old.document, &new.document))
        .map(|(layer, (old, new))| (layer, old.document.source().bytes(), new.document.source().bytes()))
        .filter(|(_, old, new)| old != new)
        .map(|(layer, old, new)| (layer, witness::witness(old, new, &fixed.announced, releases)))
        .collect()
}
