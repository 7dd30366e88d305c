//! Which fixes can go into one round: those that touch neither the same bytes nor the same options.
//!
//! Whether they hold together is checked later.

use std::collections::{BTreeMap, HashMap};

use crate::lint::{Announced, Fix, LayerEdit};

/// The fixes taken so far, by what they touch.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Layer, start and end of every edit, and whether its fix only takes lines away.
    edits: BTreeMap<(usize, usize, usize), bool>,
    /// Every option announced, and whether all fixes that do only take lines away.
    options: HashMap<Announced, bool>,
}

impl Round {
    /// Takes `fix` unless it collides with one taken before. Two that only take lines away may name the same option and
    /// lie side by side: a stack may say the same a thousand times, and there are not as many rounds.
    pub(super) fn takes(&mut self, fix: &Fix) -> bool {
        let deletes = fix.edits.iter().all(|edit| edit.edit.text.is_empty());
        let is_named = |name| self.options.get(name).is_some_and(|others| !(deletes && *others));
        if fix.announces.iter().any(is_named) || fix.edits.iter().any(|edit| self.is_touched(edit, deletes)) {
            return false;
        }
        for LayerEdit { layer, edit } in &fix.edits {
            self.edits.insert((*layer, edit.span.start, edit.span.end), deletes);
        }
        for name in &fix.announces {
            let all = self.options.entry(name.clone()).or_insert(deletes);
            *all = *all && deletes;
        }
        true
    }

    fn is_touched(&self, LayerEdit { layer, edit }: &LayerEdit, deletes: bool) -> bool {
        let (start, end) = (edit.span.start, edit.span.end);
        let up_to_its_end = self.edits.range((*layer, 0, 0)..=(*layer, end, usize::MAX)).rev();
        // Edits of one round do not overlap, so the first that ends before this one starts is the last to look at.
        up_to_its_end
            .take_while(|((_, _, other_end), _)| *other_end >= start)
            .any(|((_, other_start, other_end), others)| {
                !(deletes && *others) || (*other_start < end && start < *other_end)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Safety;
    use crate::text::{Edit, Span};

    fn fix(start: usize, end: usize, text: &str, option: &str) -> Fix {
        let span = Span::new(start, end);
        Fix {
            title: String::new(),
            safety: Safety::Safe,
            edits: vec![LayerEdit {
                layer: 0,
                edit: Edit::replace(span, text),
            }],
            announces: vec![Announced::new("libvirt", option)],
        }
    }

    #[test]
    fn what_touches_the_same_bytes_waits() {
        let mut round = Round::default();
        assert!(round.takes(&fix(10, 20, "x", "a")));
        for (start, end) in [(5, 10), (5, 12), (12, 15), (20, 20), (20, 30), (0, 40)] {
            assert!(!round.takes(&fix(start, end, "y", "b")), "{start}..{end}");
        }
        assert!(round.takes(&fix(21, 30, "y", "b")));
        assert!(round.takes(&fix(0, 9, "y", "c")));
    }

    #[test]
    fn lines_of_one_option_side_by_side_are_taken_away_together() {
        let mut round = Round::default();
        assert!(round.takes(&fix(0, 10, "", "a")));
        assert!(round.takes(&fix(10, 20, "", "a")));
        assert!(!round.takes(&fix(15, 25, "", "a")));
        assert!(!round.takes(&fix(30, 40, "x", "a")));
        assert!(!round.takes(&fix(20, 20, "x", "b")));
    }
}
