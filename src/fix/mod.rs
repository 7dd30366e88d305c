//! From findings to new texts: fixes are chosen, applied, checked, and the outcome is checked again until nothing changes.
//!
//! It changes bytes in memory only; files are written in [`mod@crate::write`].

pub mod compose;
mod edited;
mod effort;
pub mod gate;
pub mod grade;
mod known;
pub mod proof;
mod round;
pub mod witness;

use std::collections::HashSet;
use std::sync::Arc;

use crate::catalog::Release;
use crate::lint::{self, ActionChoice, Announced, Context, Finding, Fix, LayerEdit, Moment, Rule, Safety, Settings};
use crate::nova::migration::settings::{ACTION, COMPLETION_TIMEOUT, LIBVIRT, POST_COPY};
use crate::nova::today::Today;
use crate::oslo::stack::Stack;

use effort::Effort;
use grade::Ground;
use known::Tried;
use proof::{Change, Moved};
use round::Round;

pub use grade::grade;
pub use known::Known;

/// How often a stack is checked again before the fixes count as chasing each other.
const MOST_ROUNDS: usize = 50;

/// Up to which moment edits are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Those that today's release reads alike.
    Now,
    /// Those too that belong to a hop up to this release.
    Hop(Release),
    /// Those too that belong to any hop of the upgrade.
    Upgrade,
}

impl Until {
    /// Whether an edit of `moment` is made.
    #[must_use]
    pub fn admits(self, moment: Moment) -> bool {
        match (self, moment) {
            (_, Moment::Now) | (Self::Upgrade, _) => true,
            (Self::Now, Moment::With(_)) => false,
            (Self::Hop(last), Moment::With(release)) => release <= last,
        }
    }
}

/// A fix that is in the new texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The rule whose finding it answers; `None` where the operator asked for it.
    pub rule: Option<&'static str>,
    /// What was done.
    pub title: String,
    /// Whether it needed `--unsafe-fixes`.
    pub safety: Safety,
    /// When it may be written.
    pub moment: Moment,
    /// Its edits, to be made one after the other: the span of each is of the text that all edits before it have left.
    pub edits: Vec<LayerEdit>,
}

/// A fix that was not applied because its proof failed: it would have moved a value it did not announce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedFix {
    /// The rule whose finding it answers; `None` where the operator asked for it.
    pub rule: Option<&'static str>,
    /// What would have been done.
    pub title: String,
    /// What would have moved.
    pub moved: Moved,
}

/// A stack after all fixes.
#[derive(Debug)]
pub struct FixedStack {
    /// The new texts; layer for layer the files of the old stack.
    pub stack: Stack,
    /// What was done, in order.
    pub applied: Vec<Applied>,
    /// What was not, because its proof failed.
    pub refused: Vec<RejectedFix>,
    /// What is found in the new texts, graded.
    pub findings: Vec<Finding>,
    /// Everything the applied fixes announced.
    pub announced: Vec<Announced>,
    /// What is known of the new texts; `None` where nobody has asked since the last edit.
    known: Option<Known>,
}

impl FixedStack {
    /// `stack` as it is.
    #[must_use]
    pub fn unchanged(stack: &Stack) -> Self {
        Self {
            stack: stack.clone(),
            applied: Vec::new(),
            refused: Vec::new(),
            findings: Vec::new(),
            announced: Vec::new(),
            known: None,
        }
    }

    /// What is known of the new texts; `None` where nobody has asked since the last edit.
    #[must_use]
    pub fn known(&self) -> Option<&Known> {
        self.known.as_ref()
    }
}

/// What to fix, and how far.
#[derive(Clone, Copy, Debug)]
pub struct FixPlan<'a> {
    /// The rules to run.
    pub rules: &'a [&'static Rule],
    /// What may run today.
    pub today: &'a Today,
    /// The release to come.
    pub to: Release,
    /// What the operator wants.
    pub settings: &'a Settings,
    /// Whether unsafe fixes are applied too.
    pub unsafe_fixes: bool,
    /// Up to which moment.
    pub until: Until,
}

impl FixPlan<'_> {
    /// `stack` as a rule sees it under this plan.
    #[must_use]
    pub fn context<'s>(&'s self, stack: &'s Stack) -> Context<'s> {
        Context::of_today(stack, self.today, self.to, self.settings)
    }
}

/// One fix on its way in.
struct Candidate {
    rule: Option<&'static str>,
    fix: Fix,
    moment: Moment,
}

/// Fixes `stack` in memory. Every fix is checked over the whole stack before it counts; see [`proof`].
///
/// Edits of an earlier moment come first, all of them, so that the list of what was done can be cut at any moment.
#[must_use]
pub fn fix_stack(stack: &Stack, plan: &FixPlan<'_>) -> FixedStack {
    fix_known(stack, plan, None)
}

/// As [`fix_stack`]; the first round takes what is `known` of `stack` under `plan`, or one that differs but in its moment.
#[must_use]
pub fn fix_known(stack: &Stack, plan: &FixPlan<'_>, known: Option<Known>) -> FixedStack {
    let mut fixed = FixedStack {
        known,
        ..FixedStack::unchanged(stack)
    };
    // How many fixes were in when the refused ones were last tried: another one may have cleared their way.
    let mut tried_with = 0;
    let mut effort = Effort::of(stack);
    for _ in 0..MOST_ROUNDS {
        let (known, batch) = {
            let known = fixed.known.take();
            let secrets = known.as_ref().map(|known| Arc::clone(&known.secrets));
            let context = plan.context(&fixed.stack).knowing(secrets);
            let mut known = known.unwrap_or_else(|| Known::of(lint::run_whole(plan.rules, &context), &context));
            fixed.findings = known.graded(&context, &mut effort);
            let batch = choose(&context, &fixed.findings, plan, &fixed.refused);
            (known, batch)
        };
        if batch.is_empty() && !fixed.refused.is_empty() && fixed.applied.len() > tried_with {
            tried_with = fixed.applied.len();
            fixed.refused.clear();
            fixed.known = Some(known);
            continue;
        }
        if batch.is_empty() {
            fixed.known = Some(known);
            break;
        }
        take(&mut fixed, (batch, known), plan, &mut effort);
    }
    fixed.announced.sort_unstable();
    fixed.announced.dedup();
    fixed
}

/// The fixes of one round, all of one moment, the earliest there is: those allowed and not refused before, of those that
/// touch the same bytes or options the first.
fn choose(context: &Context<'_>, findings: &[Finding], plan: &FixPlan<'_>, refused: &[RejectedFix]) -> Vec<Candidate> {
    let asked = requested(context).map(|fix| Candidate {
        rule: None,
        fix,
        moment: Moment::Now,
    });
    let found = findings.iter().filter_map(|finding| {
        let fix = finding.fix.clone()?;
        let rule = Some(finding.rule.id);
        let moment = finding.moment.unwrap_or(Moment::Now);
        (plan.unsafe_fixes || fix.safety == Safety::Safe).then_some(Candidate { rule, fix, moment })
    });
    let refused: HashSet<(Option<&str>, &str)> = refused.iter().map(|old| (old.rule, &*old.title)).collect();
    let all = asked.into_iter().chain(found);
    let mut allowed: Vec<Candidate> = all
        .filter(|candidate| plan.until.admits(candidate.moment))
        .filter(|candidate| !refused.contains(&(candidate.rule, &*candidate.fix.title)))
        .collect();
    let Some(first) = allowed.iter().map(|candidate| candidate.moment).min() else {
        return Vec::new();
    };
    let mut round = Round::default();
    allowed.retain(|candidate| candidate.moment == first && round.takes(&candidate.fix));
    allowed
}

/// What `--action` and `--explicit` ask for, where the stack does not hold it yet.
fn requested(context: &Context<'_>) -> Option<Fix> {
    if context.to.release() < Release::STEIN {
        return None;
    }
    let is_wanted = match context.settings.action {
        ActionChoice::Fixed(action) => context.written_action().valid() != Some(action),
        ActionChoice::Auto => context.settings.explicit && !context.written_action().is_written(),
    };
    if !is_wanted {
        return None;
    }
    let (action, reason) = context.chosen_action();
    let relative = [POST_COPY, COMPLETION_TIMEOUT]
        .iter()
        .find_map(|name| context.to.setting(LIBVIRT, name)?.winning_place());
    let title = format!("write `{ACTION} = {action}`: {reason}");
    context.setting_to(title, Safety::Safe, (LIBVIRT, ACTION, action.as_str()), relative)
}

/// Applies the whole batch where its proof holds, else one after the other, and refuses those whose proof fails. What is
/// `known` of the stack stays known where nothing is applied.
fn take(fixed: &mut FixedStack, (batch, known): (Vec<Candidate>, Known), plan: &FixPlan<'_>, effort: &mut Effort) {
    let all: Vec<&Candidate> = batch.iter().collect();
    let tried = known.tried();
    if let Ok(stack) = checked(&fixed.stack, &all, plan, tried) {
        accept(fixed, stack, batch);
        return;
    }
    for candidate in batch {
        if !effort.spend() {
            break;
        }
        match checked(&fixed.stack, &[&candidate], plan, tried) {
            Ok(stack) => {
                // The spans of the others speak of the old text: the next round finds them again.
                accept(fixed, stack, vec![candidate]);
                return;
            }
            Err(moved) => fixed.refused.push(RejectedFix {
                rule: candidate.rule,
                title: candidate.fix.title,
                moved,
            }),
        }
    }
    fixed.known = Some(known);
}

/// Takes `stack`, with the fixes of one batch, and notes them, their edits as they are made one after the other.
fn accept(fixed: &mut FixedStack, stack: Stack, batch: Vec<Candidate>) {
    (fixed.stack, fixed.known) = (stack, None);
    let mut made: Vec<LayerEdit> = Vec::new();
    for candidate in batch {
        let edits = candidate.fix.edits.iter().map(|edit| {
            let shifted = after_others(&made, edit);
            made.push(edit.clone());
            shifted
        });
        let edits = edits.collect();
        fixed.announced.extend(candidate.fix.announces);
        fixed.applied.push(Applied {
            rule: candidate.rule,
            title: candidate.fix.title,
            safety: candidate.fix.safety,
            moment: candidate.moment,
            edits,
        });
    }
}

/// `edit`, whose span is of the text that `made` are of too, as it is to be made after those.
fn after_others(made: &[LayerEdit], edit: &LayerEdit) -> LayerEdit {
    let before = made.iter().filter(|other| {
        // Inserts at one offset keep their order, and come before what starts there.
        other.layer == edit.layer && other.edit.span.end <= edit.edit.span.start
    });
    let (grown, gone) = before.fold((0, 0), |(grown, gone), other| {
        (grown + other.edit.text.len(), gone + other.edit.span.len())
    });
    let mut edit = edit.clone();
    edit.edit.span.start = edit.edit.span.start + grown - gone;
    edit.edit.span.end = edit.edit.span.end + grown - gone;
    edit
}

/// The stack with the fixes of `batch` applied, if nothing moves that may not.
///
/// What is written now may move nothing in any release of today, announced or not, unless its fix is unsafe; in every
/// release that comes after its moment only what it announces may move.
fn checked(stack: &Stack, batch: &[&Candidate], plan: &FixPlan<'_>, tried: Option<&Tried>) -> Result<Stack, Moved> {
    let fixes: Vec<&Fix> = batch.iter().map(|candidate| &candidate.fix).collect();
    let after = match tried.filter(|tried| tried.is_of(&fixes)) {
        Some(tried) => tried.after.clone(),
        None => edited::whole(stack, &fixes)?,
    };
    let ground = Ground::of(&plan.context(stack));
    let change = Change::new(stack, &after, &ground.referring);
    let announced_by = |is_counted: &dyn Fn(&Candidate) -> bool| {
        let counted = batch.iter().filter(|candidate| is_counted(candidate));
        let mut names: Vec<&Announced> = counted.flat_map(|candidate| &candidate.fix.announces).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let announced = announced_by(&|_| true);
    let moment = batch
        .iter()
        .map(|candidate| candidate.moment)
        .max()
        .unwrap_or(Moment::Now);
    let mut moved = change.rejected();
    if moment == Moment::Now {
        let excused = announced_by(&|candidate| candidate.fix.safety == Safety::Unsafe || candidate.rule.is_none());
        moved = moved.or_else(|| moved_today(&change, ground.today(), &excused));
    }
    let later = ground.after(moment);
    let moved = moved
        .or_else(|| {
            later
                .iter()
                .find_map(|&release| change.first_unannounced(release, &announced))
        })
        .or_else(|| change.first_unknown(&[plan.today.newest, plan.to], &announced));
    match moved {
        Some(moved) => Err(moved),
        None => Ok(after),
    }
}

/// The first option that a release of today would read otherwise, but for those `excused`.
fn moved_today(change: &Change<'_>, today: &[Release], excused: &[&Announced]) -> Option<Moved> {
    today.iter().find_map(|&release| {
        let moved = change.moved(release).into_iter();
        let mut unexcused = moved.filter(|facts| {
            let mut names = excused.iter();
            !names.any(|name| name.group == facts.group() && name.name == facts.name())
        });
        let facts = unexcused.next()?;
        Some(Moved::Value(Announced::new(facts.group(), facts.name())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{LayerEdit, Location, Severity};
    use crate::oslo::document::Document;
    use crate::rules::RULES;
    use crate::text::{Edit, Source};

    fn stack(text: &str) -> Stack {
        Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())))
    }

    fn text_of(stack: &Stack) -> String {
        String::from_utf8(stack.layers()[0].document.source().bytes().to_vec()).unwrap()
    }

    fn fixed(text: &str, settings: &Settings) -> FixedStack {
        let today = Today::said(Release::ROCKY);
        let plan = FixPlan {
            rules: RULES,
            today: &today,
            to: Release::STEIN,
            settings,
            unsafe_fixes: false,
            until: Until::Now,
        };
        fix_stack(&stack(text), &plan)
    }

    #[test]
    fn the_rocky_trap_is_mended_and_mending_again_changes_nothing() {
        let before = "[libvirt]\nlive_migration_progress_timeout = 0\nlive_migration_permit_post_copy = true\n";
        let after =
            "[libvirt]\nlive_migration_permit_post_copy = true\nlive_migration_timeout_action = force_complete\n";
        let once = fixed(before, &Settings::default());
        assert_eq!(text_of(&once.stack), after);
        assert!(once.refused.is_empty());
        let again = fixed(after, &Settings::default());
        assert_eq!((text_of(&again.stack).as_str(), again.applied.len()), (after, 0));
    }

    #[test]
    fn an_option_that_stands_there_a_hundred_times_goes_in_one_run() {
        let line = "live_migration_progress_timeout = 0\n";
        let before = format!("[libvirt]\n{}virt_type = kvm\n", line.repeat(100));
        assert_eq!(
            text_of(&fixed(&before, &Settings::default()).stack),
            "[libvirt]\nvirt_type = kvm\n"
        );
    }

    #[test]
    fn an_action_that_is_asked_for_is_written_even_where_none_is_needed() {
        let asked = Settings {
            action: ActionChoice::Fixed(crate::nova::migration::TimeoutAction::ForceComplete),
            ..Settings::default()
        };
        assert_eq!(
            text_of(&fixed("[libvirt]\nlive_migration_timeout_action=abort\n", &asked).stack),
            "[libvirt]\nlive_migration_timeout_action=force_complete\n"
        );
        let explicit = Settings {
            explicit: true,
            ..Settings::default()
        };
        assert_eq!(
            text_of(&fixed("[libvirt]\nvirt_type=kvm\n", &explicit).stack),
            "[libvirt]\nlive_migration_timeout_action=abort\nvirt_type=kvm\n"
        );
        assert_eq!(fixed("[libvirt]\nvirt_type=kvm\n", &Settings::default()).applied, []);
    }

    /// A rule whose fix says less than it does.
    static LIAR: Rule = Rule {
        id: "liar",
        severity: Severity::Error,
        effect: crate::lint::Effect::MeansOther,
        summary: "",
        doc: "",
        check: |context, findings| {
            let place = context.stack.places().next();
            let fix = place.map(|place| Fix {
                title: "lie".into(),
                safety: Safety::Safe,
                edits: vec![LayerEdit {
                    layer: 0,
                    edit: Edit::delete(context.stack.assignment(place).span()),
                }],
                announces: Vec::new(),
            });
            findings.push(Finding::new(&LIAR, Location::Stack, "lie").with_fix(fix));
        },
        yields_to: &[],
    };

    #[test]
    fn a_fix_that_moves_what_it_does_not_announce_is_refused_with_its_name() {
        let settings = Settings::default();
        let today = Today::said(Release::ROCKY);
        let plan = FixPlan {
            rules: &[&LIAR],
            today: &today,
            to: Release::STEIN,
            settings: &settings,
            unsafe_fixes: true,
            until: Until::Upgrade,
        };
        for text in ["[libvirt]\nvirt_type = qemu\n", "[mine]\nx = 1\n"] {
            let fixed = fix_stack(&stack(text), &plan);
            assert_eq!(text_of(&fixed.stack), text);
            assert!(fixed.applied.is_empty());
            assert!(matches!(&fixed.refused[0].moved, Moved::Value(_)));
        }
    }
}
