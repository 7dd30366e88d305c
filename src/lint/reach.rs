//! What else moves when an option moves: every option whose value refers to it, and whatever refers to those.
//!
//! It says what a fix must announce; whether a value really moves, the proof of the fix finds out.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::finding::Announced;
use crate::catalog::{self, readers};
use crate::nova::View;
use crate::oslo::stack::Site;
use crate::oslo::substitution::{self, Reference};

/// Options, and the options whose values or defaults refer to them.
#[derive(Debug, Default)]
pub(super) struct Reach {
    referring: HashMap<Announced, BTreeSet<Announced>>,
}

impl Reach {
    /// What refers to what in the stack of these views, as their releases read it.
    pub(super) fn of(views: [&View<'_>; 2]) -> Self {
        let mut reach = Self::default();
        for view in views {
            for facts in catalog::with_referring_default(view.release()) {
                if let Some(default) = facts.default_text() {
                    reach.add(view, &Announced::new(facts.group(), facts.name()), default);
                }
            }
            for place in view.stack().places() {
                let value = view.stack().value(Site::File(place));
                if !value.contains('$') {
                    continue;
                }
                for option in readers(view.stack().group(place), &view.stack().key(place), view.release()) {
                    reach.add(view, &Announced::new(option.group(), option.name()), &value);
                }
            }
        }
        reach
    }

    fn add(&mut self, view: &View<'_>, option: &Announced, value: &str) {
        let mut known = HashSet::new();
        for reference in substitution::references(value) {
            // A value may refer to one option a million times.
            if known.insert(reference.name.clone())
                && let Some(target) = target(view, &option.group, &reference)
            {
                self.referring.entry(target).or_default().insert(option.clone());
            }
        }
    }

    /// `names` and everything that refers to them, each once, in the order found.
    pub(super) fn closure(&self, names: Vec<Announced>) -> Vec<Announced> {
        let mut seen: HashSet<Announced> = HashSet::new();
        let mut found: Vec<Announced> = Vec::with_capacity(names.len());
        let mut waiting = names;
        waiting.reverse();
        while let Some(name) = waiting.pop() {
            if seen.insert(name.clone()) {
                waiting.extend(self.referring.get(&name).into_iter().flatten().cloned());
                found.push(name);
            }
        }
        found
    }
}

/// The option that a reference in a value of `group` leads to; `None` where there is none.
fn target(view: &View<'_>, group: &str, reference: &Reference) -> Option<Announced> {
    let (named, name) = reference.target();
    let asked = |group: &str| catalog::by_any_name(group, name, view.release());
    let facts = match named {
        Some(named) => asked(named),
        None => asked(group).or_else(|| asked("DEFAULT")),
    }?
    .option;
    Some(Announced::new(facts.group(), facts.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Release;
    use crate::oslo::Document;
    use crate::oslo::stack::Stack;
    use crate::text::Source;

    #[test]
    fn whatever_refers_to_an_option_moves_with_it() {
        let text = "[vnc]\nserver_listen = $my_ip\n[libvirt]\nlive_migration_inbound_addr = ${vnc.server_listen}\n";
        let stack = Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())));
        let view = View::new(&stack, Release::STEIN);
        let found = Reach::of([&view, &view]).closure(vec![Announced::new("DEFAULT", "my_ip")]);
        for (group, name) in [
            ("vnc", "server_listen"),
            ("libvirt", "live_migration_inbound_addr"),
            ("DEFAULT", "my_block_storage_ip"),
        ] {
            assert!(found.contains(&Announced::new(group, name)), "{name}: {found:?}");
        }
        assert_eq!(found.len(), found.iter().collect::<HashSet<_>>().len());
    }
}
