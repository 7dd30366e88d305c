//! How a line under an old name becomes one under the new name, or goes because the new name beside it counts.
//!
//! What cannot be shown to keep every effective value is not offered as safe; which names are old, the catalog says.

use crate::catalog::readers;
use crate::catalog::{self, OptionFacts, Release, Via};
use crate::lint::NamedUse;
use crate::lint::context::Context;
use crate::lint::finding::{Announced, AssignmentId, Fix, LayerEdit, Safety};
use crate::oslo::edit;
use crate::oslo::names::normal_group;
use crate::oslo::stack::Site;
use crate::text::Edit;

/// What is to be done about a line under an old name.
#[derive(Debug)]
pub(in crate::rules) enum Renaming {
    /// The line has no effect beside the new name, or a later line, of the same file: it goes.
    Dead(Fix),
    /// The line takes the new name.
    Renamed(Fix),
    /// Nothing that can be proven; why.
    Shown(&'static str),
}

/// Edits, the options they may move besides the renamed one, and whether any reference among them leads nowhere today.
type Edits = (Vec<LayerEdit>, Vec<Announced>, bool);

/// What to do about the old name at `seen`, which `new` of the release to come replaces.
#[must_use]
pub(in crate::rules) fn rename(context: &Context<'_>, seen: &NamedUse<'_>, new: OptionFacts) -> Renaming {
    let Site::File(place) = seen.site else {
        return Renaming::Shown("it is set in the environment, not in a file");
    };
    let job = Renamer {
        context,
        seen,
        new,
        place,
    };
    job.decide()
}

struct Renamer<'c, 'a, 'b> {
    context: &'c Context<'a>,
    seen: &'c NamedUse<'b>,
    new: OptionFacts,
    place: AssignmentId,
}

impl Renamer<'_, '_, '_> {
    fn decide(&self) -> Renaming {
        if self.seen.before.is_some() && self.is_two_options_today() {
            return Renaming::Shown("today these are two options, each with its own value");
        }
        if self.context.is_in_default(&self.seen.key) {
            return Renaming::Shown("defaults of other options refer to the old name");
        }
        if self.new.is_multi() {
            return self.decide_multi();
        }
        let counting = self.counting();
        if counting != self.place {
            if self.is_other_today(counting) {
                return Renaming::Shown("two of today's options become one, and the other one's value takes effect");
            }
            let (stack, references) = (self.context.stack, self.context.references());
            let is_referred_to = |(group, key): &(String, String)| references.is_referred_to(stack, group, key);
            if self.old_names().iter().any(is_referred_to) {
                return Renaming::Shown("other values refer to the old name");
            }
            return Renaming::Dead(self.removal());
        }
        let title = self.title();
        match self.edits(&[self.place]) {
            Some(edits) => Renaming::Renamed(self.fix(title, edits)),
            None => Renaming::Shown("a reference to the old name cannot be rewritten"),
        }
    }

    /// Whether the release of today has both names as options of their own.
    fn is_two_options_today(&self) -> bool {
        let today = self.context.from.release();
        let is_own = matches!(self.seen.before, Some(named) if named.via == Via::Current);
        is_own && self.knows_new(today)
    }

    fn knows_new(&self, release: Release) -> bool {
        catalog::option(self.new.group(), self.new.name(), release).is_some()
    }

    /// Whether both releases take the old and the new name for one option.
    fn is_same_today(&self) -> bool {
        self.seen
            .before
            .is_some_and(|named| named.option.group() == self.new.group() && named.option.name() == self.new.name())
    }

    fn takes_old(&self) -> bool {
        matches!(self.seen.fate, catalog::Fate::Old(_))
    }

    /// Whether the line at `place` sets another option today than this one does.
    fn is_other_today(&self, place: AssignmentId) -> bool {
        let other = self.context.from.option_at(place).map(|named| named.option);
        let own = self.seen.before.map(|named| named.option);
        other.is_some() && own.is_some() && other != own
    }

    /// The line of this file that counts in the release to come: another than this one keeps it from counting.
    fn counting(&self) -> AssignmentId {
        let stack = self.context.stack;
        let in_file = |group: &str, name: &str| {
            stack
                .places_of(group, name)
                .rev()
                .find(|place| place.layer == self.place.layer)
        };
        if let Some(place) = in_file(self.new.group(), self.new.name()) {
            return place;
        }
        // Of several old names the first that is there counts, of that its last line.
        let facts = match self.seen.before {
            Some(named) if !self.takes_old() => named.option,
            _ => self.new,
        };
        let first = facts
            .lookup_names()
            .iter()
            .find_map(|(group, name)| in_file(&normal_group(group), name));
        first
            .or_else(|| in_file(&self.seen.group, &self.seen.key))
            .unwrap_or(self.place)
    }

    fn removal(&self) -> Fix {
        let title = format!("remove `{}`, which has no effect here", self.seen.title());
        let mut fix = self.context.removal(title, Safety::Safe, &[self.place]);
        fix.announces.extend(self.announced());
        fix
    }

    /// Every line of the option in this file, where renaming keeps their order; the values of a multi-valued option add up.
    fn decide_multi(&self) -> Renaming {
        let (stack, layer) = (self.context.stack, self.place.layer);
        let setting = self.context.to.setting_of(self.new);
        let mut old: Vec<AssignmentId> = stack.places_of(&self.seen.group, &self.seen.key).collect();
        old.retain(|place| place.layer == layer);
        let in_order: Vec<AssignmentId> = setting
            .found
            .effective
            .iter()
            .filter_map(|site| match site {
                Site::File(place) if place.layer == layer => Some(*place),
                _ => None,
            })
            .collect();
        if !self.takes_old() && !in_order.is_empty() {
            return Renaming::Shown("values under both names would add up");
        }
        let is_ordered = in_order.windows(2).all(|pair| pair[0] < pair[1]);
        let is_alone = in_order.len() == old.len() || !self.takes_old();
        let stays = in_order.iter().all(|&place| stack.group(place) == self.new.group());
        if !(is_ordered && (is_alone || stays)) {
            return Renaming::Shown("values under both names are mixed, and their order matters");
        }
        let all = if self.takes_old() { in_order } else { old };
        let mut lines = all.clone();
        lines.retain(|&place| !(stack.group(place) == self.new.group() && stack.key(place) == self.new.name()));
        if lines.is_empty() {
            return Renaming::Shown("the environment sets it and overrides every file");
        }
        match self.edits(&lines) {
            Some(edits) => Renaming::Renamed(self.fix(self.title(), edits)),
            None => Renaming::Shown("a reference to the old name cannot be rewritten"),
        }
    }

    fn stays_in_group(&self) -> bool {
        *self.seen.group == *self.new.group()
    }

    fn title(&self) -> String {
        if self.stays_in_group() {
            format!("rename `{}` to `{}`", self.seen.key, self.new.name())
        } else {
            format!("move `{}` to `{}`", self.seen.title(), self.new.title())
        }
    }

    /// The edits that give `places` the new name, and every reference to the old one with them.
    fn edits(&self, places: &[AssignmentId]) -> Option<Edits> {
        let stack = self.context.stack;
        let mut edits = Vec::new();
        let mut moved = String::new();
        for &place in places {
            let (document, assignment) = (stack.document(place), stack.assignment(place));
            if stack.group(place) == self.new.group() {
                let edit = Edit::replace(assignment.key(), self.new.name());
                let layer = place.layer;
                edits.push(LayerEdit { layer, edit });
                continue;
            }
            edits.push(self.context.removal_of(place));
            let raw = document.text(assignment.value_span(document.source().bytes()));
            if moved.is_empty() {
                moved = raw.into_owned();
            } else {
                let end = document.line_ending();
                moved.push_str(&format!("{end}{} = {raw}", self.new.name()));
            }
        }
        if let Some(first) = places.iter().find(|&&place| stack.group(place) != self.new.group()) {
            let (group, name) = (self.new.group(), self.new.name());
            let edit = edit::insert_option_in(stack, first.layer, group, name, &moved);
            let layer = first.layer;
            edits.push(LayerEdit { layer, edit });
        }
        let (referring, mut options, is_new) = self.references(places)?;
        edits.extend(referring);
        if !self.takes_old() {
            options.extend(self.woken()?);
        }
        Some((edits, options, is_new))
    }

    /// The options that refer to the new name already, which the release to come gives its value back.
    fn woken(&self) -> Option<Vec<Announced>> {
        let (stack, mut options) = (self.context.stack, Vec::new());
        let references = self.context.references();
        if references.may_be_outside(self.new.name()) {
            return None;
        }
        for referring in references.to(stack, self.new.group(), self.new.name()) {
            let (group, key) = (stack.group(referring.place), stack.key(referring.place));
            if self.context.is_referred_to(group, &key) {
                return None;
            }
            let readers = readers(group, &key, self.context.to.release());
            options.extend(
                readers
                    .iter()
                    .map(|option| Announced::new(option.group(), option.name())),
            );
        }
        Some(options)
    }

    /// Every name that leads to the option in one of the releases, but for its own to come.
    ///
    /// A reference by an old name is looked for under that name's group and the old names (`_get_opt_info` in
    /// `oslo_config/cfg.py`), so all of them lose their way when one line takes the new name.
    fn old_names(&self) -> Vec<(String, String)> {
        let today = self.seen.before.map(|named| named.option);
        let mut names = vec![(self.seen.group.to_string(), self.seen.key.to_string())];
        for option in today.into_iter().chain([self.new]) {
            let pairs = option.lookup_names().iter();
            names.extend(pairs.map(|(group, name)| (normal_group(group).into_owned(), name.clone())));
        }
        names.sort_unstable();
        names.dedup();
        names.retain(|(group, name)| !(group == self.new.group() && name == self.new.name()));
        names
    }

    /// Edits of every reference to an old name, the options they stand in, and whether any leads nowhere today.
    fn references(&self, moving: &[AssignmentId]) -> Option<Edits> {
        let stack = self.context.stack;
        let (mut edits, mut options, mut is_new) = (Vec::new(), Vec::new(), false);
        let references = self.context.references();
        for (group, key) in self.old_names() {
            if references.may_be_outside(&key) {
                return None;
            }
            for referring in references.to(stack, &group, &key) {
                let (place, own) = (referring.place, stack.group(referring.place));
                let is_own =
                    own != group && referring.group.is_none() && self.context.from.setting(own, &key).is_some();
                if is_own {
                    // It asks for an option of the same name in its own group.
                    continue;
                }
                if moving.contains(&place) {
                    return None;
                }
                let layer = place.layer;
                let edit = Edit::replace(referring.span, self.reference_from(own)?);
                edits.push(LayerEdit { layer, edit });
                is_new |= self.seen.before.is_none();
                let (own_key, from) = (stack.key(place), self.context.from.release());
                if !self.knows_new(from) && self.context.is_referred_to(own, &own_key) {
                    // What refers to this value in turn would lose its way today.
                    return None;
                }
                for release in [from, self.context.to.release()] {
                    let readers = readers(own, &own_key, release);
                    options.extend(
                        readers
                            .iter()
                            .map(|option| Announced::new(option.group(), option.name())),
                    );
                }
                options.push(self.context.name_at(place));
            }
        }
        Some((edits, options, is_new))
    }

    /// How a value in `own` refers to the new name; `None` where it would mean another option.
    fn reference_from(&self, own: &str) -> Option<String> {
        let (group, name) = (self.new.group(), self.new.name());
        if own == group {
            return Some(format!("${{{name}}}"));
        }
        if group != "DEFAULT" {
            return Some(format!("${{{group}.{name}}}"));
        }
        let is_hidden = self.context.to.setting(own, name).is_some() || self.context.from.setting(own, name).is_some();
        (!is_hidden).then(|| format!("${{{name}}}"))
    }

    fn fix(&self, title: String, (edits, referring, is_new): Edits) -> Fix {
        let wakes = self.seen.before.is_none() && !self.takes_old();
        let mut announces = self.announced();
        announces.extend(referring);
        Fix {
            title,
            safety: if wakes || is_new { Safety::Unsafe } else { Safety::Safe },
            edits,
            announces,
        }
    }

    /// The names whose lines change; where both releases take both names no value may move.
    fn announced(&self) -> Vec<Announced> {
        let mut names = vec![Announced::kept(self.seen.group.clone(), self.seen.key.clone())];
        if self.is_same_today() && self.takes_old() {
            names.push(Announced::kept(self.new.group(), self.new.name()));
            return names;
        }
        names.push(if self.takes_old() {
            Announced::kept(self.new.group(), self.new.name())
        } else {
            Announced::new(self.new.group(), self.new.name())
        });
        let today = readers(&self.seen.group, &self.seen.key, self.context.from.release());
        let others = today.iter().filter(|option| option.title() != self.new.title());
        names.extend(others.map(|option| Announced::new(option.group(), option.name())));
        names
    }
}
