//! What a rule is given: the stack, the releases, and nova's view of both.
//!
//! It answers questions of many rules and asks none of its own.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::blocks::{self, Block};
use super::finding::{Announced, AssignmentId, Finding, Fix, LayerEdit, Safety};
use super::reach::Reach;
use super::references::References;
use super::settings::{ActionChoice, Settings};
use super::uses::{self, NamedUse};
use crate::catalog::readers;
use crate::catalog::{self, OptionFacts, Release};
use crate::nova::migration::intent::{self, Intent};
use crate::nova::migration::settings::{LIBVIRT, WrittenAction};
use crate::nova::migration::{self, TimeoutAction};
use crate::nova::nature::Nature;
use crate::nova::start::values::{self, Found};
use crate::nova::start::{self, Refused, Written};
use crate::nova::today::Today;
use crate::nova::{Setting, View};
use crate::oslo::edit;
use crate::oslo::names::normal_group;
use crate::oslo::stack::{Site, Stack};
use crate::redact::Secrets;
use crate::text::Edit;

/// What a rule is given.
#[derive(Debug)]
pub struct Context<'a> {
    /// The files and the environment.
    pub stack: &'a Stack,
    /// The stack as the release of today reads it.
    pub from: View<'a>,
    /// The oldest release that may run today: that of `from`, or before it where the files do not tell it.
    pub today_oldest: Release,
    /// What may run today and what says so, where that is known.
    pub today: Option<&'a Today>,
    /// The stack as the release to come reads it.
    pub to: View<'a>,
    /// What the operator wants.
    pub settings: &'a Settings,
    before: OnceCell<migration::Settings>,
    after: Rc<OnceCell<migration::Settings>>,
    written_action: OnceCell<WrittenAction>,
    seen: OnceCell<Vec<NamedUse<'a>>>,
    references: Rc<OnceCell<References>>,
    reach: OnceCell<Reach>,
    blocks: Rc<OnceCell<Vec<Block>>>,
    lines_of_blocks: Rc<OnceCell<HashSet<AssignmentId, RandomState>>>,
    written: Rc<OnceCell<Written>>,
    refused: Rc<OnceCell<Vec<Refused>>>,
    values: Rc<OnceCell<Vec<Found>>>,
    pub(super) natures: Rc<OnceCell<Vec<Nature>>>,
    pub(super) secrets: Rc<OnceCell<Arc<Secrets>>>,
}

/// So many other places a finding names, and the one that takes effect.
const RELATED: usize = 20;

impl<'a> Context<'a> {
    /// A context for an upgrade of `stack` from one release to another, or for one release where they are equal.
    #[must_use]
    pub fn new(stack: &'a Stack, from: Release, to: Release, settings: &'a Settings) -> Self {
        let (from, to) = (View::new(stack, from), View::new(stack, to));
        Self {
            stack,
            from,
            today_oldest: from.release(),
            today: None,
            to,
            settings,
            before: OnceCell::new(),
            after: Rc::default(),
            written_action: OnceCell::new(),
            seen: OnceCell::new(),
            references: Rc::default(),
            reach: OnceCell::new(),
            blocks: Rc::default(),
            lines_of_blocks: Rc::default(),
            written: Rc::default(),
            refused: Rc::default(),
            values: Rc::default(),
            natures: Rc::default(),
            secrets: Rc::default(),
        }
    }

    /// A context for an upgrade of `stack` from whatever may run today; it is compared from the newest of that.
    #[must_use]
    pub fn of_today(stack: &'a Stack, today: &'a Today, to: Release, settings: &'a Settings) -> Self {
        Self {
            today_oldest: today.oldest,
            today: Some(today),
            ..Self::new(stack, today.newest, to, settings)
        }
    }

    /// The same upgrade from another release; what does not depend on where it starts is not looked up again.
    pub(super) fn starting_at(&self, from: Release) -> Self {
        Self {
            after: Rc::clone(&self.after),
            references: Rc::clone(&self.references),
            blocks: Rc::clone(&self.blocks),
            lines_of_blocks: Rc::clone(&self.lines_of_blocks),
            written: Rc::clone(&self.written),
            refused: Rc::clone(&self.refused),
            values: Rc::clone(&self.values),
            natures: Rc::clone(&self.natures),
            secrets: Rc::clone(&self.secrets),
            ..Self::new(self.stack, from, self.to.release(), self.settings)
        }
    }

    /// The same, with the secrets of the stack as they are known already.
    #[must_use]
    pub fn knowing(self, secrets: Option<Arc<Secrets>>) -> Self {
        if let Some(secrets) = secrets {
            let _ = self.secrets.set(secrets);
        }
        self
    }

    /// Every run of lines under a header not their own, in reading order.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        self.blocks.get_or_init(|| blocks::blocks(self))
    }

    /// The lines of all of them.
    #[must_use]
    pub fn lines_of_blocks(&self) -> &HashSet<AssignmentId, RandomState> {
        self.lines_of_blocks.get_or_init(|| {
            let places = self.blocks().iter().map(|block| &block.places);
            places.flatten().copied().collect()
        })
    }

    /// Which options of the release to come the stack writes.
    #[must_use]
    pub fn written(&self) -> &Written {
        self.written.get_or_init(|| Written::of(&self.to))
    }

    /// All that the release to come refuses of the stack.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        self.refused.get_or_init(|| {
            let may_lack = |program| self.settings.programs.wholly(&self.to, program).is_some();
            start::refusals(&self.to, self.written(), may_lack)
        })
    }

    /// All values that the release to come deprecates or does not have.
    #[must_use]
    pub fn doubtful_values(&self) -> &[Found] {
        self.values.get_or_init(|| values::found(&self.to, self.written()))
    }

    /// Every release that may run today, oldest first.
    pub fn releases_of_today(&self) -> impl DoubleEndedIterator<Item = Release> + use<> {
        let (oldest, newest) = (self.today_oldest, self.from.release());
        Release::all().filter(move |&release| oldest <= release && release <= newest)
    }

    /// Every written name that the rules about single options share, looked up once.
    #[must_use]
    pub fn named_uses(&self) -> &[NamedUse<'a>] {
        self.seen.get_or_init(|| uses::survey(&self.from, &self.to))
    }

    /// Every reference in the stack, found once.
    #[must_use]
    pub fn references(&self) -> &References {
        self.references.get_or_init(|| References::of(self.stack))
    }

    /// Whether some value, or some default of today's release, may refer to `name` of `group`, or by another name to the
    /// option that it sets.
    #[must_use]
    pub fn is_referred_to(&self, group: &str, name: &str) -> bool {
        let is_named = |group: &str, name: &str| {
            self.references().is_referred_to(self.stack, group, name) || self.is_in_default(name)
        };
        let options = readers(group, name, self.from.release());
        let mut names = options.iter().flat_map(OptionFacts::lookup_names);
        is_named(group, name) || names.any(|(group, name)| is_named(&normal_group(group), name))
    }

    /// Whether some default of today's release refers to `name`: what happens to it happens to others.
    #[must_use]
    pub fn is_in_default(&self, name: &str) -> bool {
        catalog::is_in_default(name, self.from.release())
    }

    /// Whether the upgrade leads over `release`: it is not reached yet, and will be.
    #[must_use]
    pub fn crosses(&self, release: Release) -> bool {
        self.from.release() < release && release <= self.to.release()
    }

    /// The live-migration settings of the release of today, read once.
    #[must_use]
    pub fn before(&self) -> &migration::Settings {
        self.before.get_or_init(|| migration::Settings::read(&self.from))
    }

    /// The live-migration settings of the release to come, read once.
    #[must_use]
    pub fn after(&self) -> &migration::Settings {
        self.after.get_or_init(|| migration::Settings::read(&self.to))
    }

    /// The timeout action that is written, whether or not a release here reads it.
    #[must_use]
    pub fn written_action(&self) -> WrittenAction {
        *self.written_action.get_or_init(|| WrittenAction::read(self.stack))
    }

    /// Whether the upgrade takes the automatic post-copy away, and nothing written says what comes instead.
    #[must_use]
    pub fn loses_auto_post_copy(&self) -> bool {
        self.crosses(Release::STEIN) && self.before().post_copy && !self.written_action().is_written()
    }

    /// What the old settings meant.
    #[must_use]
    pub fn intent(&self) -> Intent {
        intent::decide(self.before(), self.to.release(), self.written_action())
    }

    /// The action to write: what `--action` asks for, else what keeps the meaning; and why.
    #[must_use]
    pub fn chosen_action(&self) -> (TimeoutAction, String) {
        match self.settings.action {
            ActionChoice::Fixed(action) => (action, format!("`--action {action}` asks for it")),
            ActionChoice::Auto => {
                let intent = self.intent();
                (intent.action, intent.reason)
            }
        }
    }

    /// The action of the release to come once the fixes are in: what `--action` asks for, else what is written, else what
    /// must be written to keep the meaning. `None` where nothing valid is written and nova's default counts.
    #[must_use]
    pub fn coming_action(&self) -> Option<TimeoutAction> {
        if self.to.release() < Release::STEIN {
            return None;
        }
        match self.settings.action {
            ActionChoice::Fixed(action) => Some(action),
            ActionChoice::Auto if self.written_action().is_written() => self.written_action().valid(),
            ActionChoice::Auto => {
                let intent = self.intent();
                let is_written_by_fix = intent.must_be_written && !self.keeps_memory_in_files();
                is_written_by_fix.then_some(intent.action)
            }
        }
    }

    /// Whether guests have their memory in files in the release to come: post-copy is then no way to finish a migration.
    #[must_use]
    pub fn keeps_memory_in_files(&self) -> bool {
        self.after().file_backed > 0
    }

    /// Whether a file sets `name` in `[libvirt]`, or the environment may: a cheap question before a dear one.
    #[must_use]
    pub fn may_be_set(&self, name: &str) -> bool {
        !self.stack.environment().is_empty() || self.stack.places_of(LIBVIRT, name).next().is_some()
    }

    /// The assignments of exactly `key` in `group` in every file, in reading order.
    pub fn places_of(&self, group: &'a str, key: &'a str) -> impl DoubleEndedIterator<Item = AssignmentId> + 'a {
        self.stack.places_of(group, key)
    }

    /// Adds to `finding` every other place that sets `setting`, and says which of them counts.
    #[must_use]
    pub fn with_sites(&self, mut finding: Finding, setting: &Setting) -> Finding {
        let winner = setting.winner();
        // Of a line that stands there ten thousand times, ten thousand findings need not name ten thousand places each.
        let near = setting.found.sites.iter().take(RELATED);
        let last = winner
            .iter()
            .filter(|site| !setting.found.sites.iter().take(RELATED).any(|near| near == *site));
        for &site in near.chain(last) {
            let location = self.site_location(site);
            if location == finding.location {
                continue;
            }
            let note = if Some(site) == winner {
                "this one takes effect"
            } else {
                "set here too, without effect"
            };
            finding = finding.with_related(location, note);
        }
        finding
    }

    /// A fix that removes the assignments at `places` with their continuation lines.
    #[must_use]
    pub fn removal(&self, title: impl Into<String>, safety: Safety, places: &[AssignmentId]) -> Fix {
        Fix {
            title: title.into(),
            safety,
            edits: places.iter().map(|&place| self.removal_of(place)).collect(),
            announces: places.iter().map(|&place| self.name_at(place)).collect(),
        }
    }

    /// A fix that leaves `name` of `[libvirt]` at its default: every assignment of it goes. `None` where the environment
    /// sets it, which no edit can change, or nothing does.
    #[must_use]
    pub fn dropping(&self, title: impl Into<String>, safety: Safety, name: &str) -> Option<Fix> {
        let setting = self.to.setting(LIBVIRT, name)?;
        let mut places = Vec::new();
        for &site in &setting.found.sites {
            match site {
                Site::File(place) => places.push(place),
                Site::Environment(_) => return None,
            }
        }
        (!places.is_empty()).then(|| self.removal(title, safety, &places))
    }

    /// The edit that removes the assignment at `place` with its continuation lines.
    #[must_use]
    pub fn removal_of(&self, place: AssignmentId) -> LayerEdit {
        LayerEdit {
            layer: place.layer,
            edit: Edit::delete(self.stack.assignment(place).span()),
        }
    }

    /// The edit that gives the assignment at `place` another value, its continuation lines included.
    #[must_use]
    pub fn replacement_of(&self, place: AssignmentId, value: &str) -> LayerEdit {
        LayerEdit {
            layer: place.layer,
            edit: edit::replace_value(self.stack.document(place), self.stack.assignment(place), value),
        }
    }

    /// The option written at `place`, as a fix announces it.
    #[must_use]
    pub fn name_at(&self, place: AssignmentId) -> Announced {
        Announced::new(self.stack.group(place), self.stack.key(place))
    }

    /// All that may move when lines `key = …` of these groups and keys come, go or change: those names as written, the
    /// options that read them in either release, and every option that refers to one of them.
    #[must_use]
    pub fn moved_by<'b>(&self, lines: impl IntoIterator<Item = (&'b str, &'b str)>) -> Vec<Announced> {
        let mut names = Vec::new();
        for (group, key) in lines {
            names.push(Announced::new(group, key));
            for release in [self.from.release(), self.to.release()] {
                let options = readers(group, key, release).into_iter();
                names.extend(options.map(|option| Announced::new(option.group(), option.name())));
            }
        }
        self.reach
            .get_or_init(|| Reach::of([&self.from, &self.to]))
            .closure(names)
    }

    /// A fix that makes `value` the effective value of an option: where something in a file sets it, there; else as a new
    /// line beside its relatives, `beside` above all. `None` where the environment sets it, which no edit can change.
    #[must_use]
    pub fn setting_to(
        &self,
        title: impl Into<String>,
        safety: Safety,
        (group, name, value): (&str, &str, &str),
        beside: Option<AssignmentId>,
    ) -> Option<Fix> {
        let setting = self.to.setting(group, name);
        let edit = match setting.as_ref().and_then(Setting::winner) {
            Some(Site::Environment(_)) => return None,
            Some(Site::File(place)) => self.replacement_of(place, value),
            None => {
                let (layer, edit) = edit::insert_option(self.stack, group, name, value, beside)?;
                LayerEdit { layer, edit }
            }
        };
        Some(Fix {
            title: title.into(),
            safety,
            edits: vec![edit],
            announces: vec![Announced::new(group, name)],
        })
    }
}
