//! Edits made one after the other, as edits of the text as it was: what programs need that know no order.

use std::collections::BTreeSet;

use super::Applied;
use crate::lint::LayerEdit;
use crate::text::{Edit, Span};

/// Fixes whose edits cannot be told apart, and their edits of the texts as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// The fixes, by their numbers.
    pub fixes: Vec<usize>,
    /// Their edits; those of all that are composed together do not overlap, and no two start at one byte with nothing taken
    /// away by the first.
    pub edits: Vec<LayerEdit>,
}

/// A stretch of a text on its way.
#[derive(Clone, Debug)]
enum Stretch {
    /// Of the text as it was.
    Kept(Span),
    /// What was there and went, and by which fixes.
    Gone(Span, BTreeSet<usize>),
    /// What came, and by which fixes.
    New(Vec<u8>, BTreeSet<usize>),
}

impl Stretch {
    /// Its length in the text as it is now.
    fn len(&self) -> usize {
        match self {
            Self::Kept(span) => span.len(),
            Self::Gone(..) => 0,
            Self::New(text, _) => text.len(),
        }
    }

    /// Both sides of its byte `at`.
    fn split(self, at: usize) -> [Self; 2] {
        match self {
            Self::Kept(Span { start, end }) => [
                Self::Kept(Span::new(start, start + at)),
                Self::Kept(Span::new(start + at, end)),
            ],
            Self::New(mut text, fixes) if at > 0 && at < text.len() => {
                let rest = text.split_off(at);
                [Self::New(text, fixes.clone()), Self::New(rest, fixes)]
            }
            whole if at == 0 && whole.len() > 0 => [Self::New(Vec::new(), BTreeSet::new()), whole],
            whole => [whole, Self::New(Vec::new(), BTreeSet::new())],
        }
    }

    /// What is left of it when `fix` takes it away.
    fn taken(self, fix: usize) -> Self {
        match self {
            Self::Kept(span) => Self::Gone(span, BTreeSet::from([fix])),
            Self::New(_, mut fixes) => {
                fixes.insert(fix);
                Self::New(Vec::new(), fixes)
            }
            gone @ Self::Gone(..) => gone,
        }
    }
}

/// The edits of `applied` as edits of the texts as they were, which have so many bytes: `lengths`, layer by layer.
#[must_use]
pub fn compose(applied: &[Applied], lengths: &[usize]) -> Vec<Composed> {
    let mut changes: Vec<(BTreeSet<usize>, LayerEdit)> = Vec::new();
    for (layer, &length) in lengths.iter().enumerate() {
        let mut text = vec![Stretch::Kept(Span::new(0, length))];
        for (fix, applied) in applied.iter().enumerate() {
            for edit in applied.edits.iter().filter(|edit| edit.layer == layer) {
                text = edited(text, &edit.edit, fix);
            }
        }
        let replaced = replacements(text).into_iter();
        changes.extend(replaced.map(|(fixes, edit)| (fixes, LayerEdit { layer, edit })));
    }
    joined(changes)
}

/// `text` after `edit` of `fix`.
fn edited(text: Vec<Stretch>, edit: &Edit, fix: usize) -> Vec<Stretch> {
    let (mut out, mut at, mut is_in) = (Vec::with_capacity(text.len() + 3), 0, false);
    let new = || Stretch::New(edit.text.clone(), BTreeSet::from([fix]));
    for stretch in text {
        let (start, end) = (at, at + stretch.len());
        at = end;
        if !is_in && end <= edit.span.start {
            out.push(stretch);
            continue;
        }
        let mut rest = stretch;
        if !is_in {
            let [head, tail] = rest.split(edit.span.start - start);
            out.extend([head, new()]);
            (rest, is_in) = (tail, true);
        }
        let begin = start.max(edit.span.start);
        let cut = edit.span.end.clamp(begin, end) - begin;
        let [gone, tail] = rest.split(cut);
        out.extend([if cut > 0 { gone.taken(fix) } else { gone }, tail]);
    }
    if !is_in {
        out.push(new());
    }
    out.retain(|stretch| !matches!(stretch, Stretch::Kept(span) if span.is_empty()));
    out.retain(|stretch| !matches!(stretch, Stretch::New(text, fixes) if text.is_empty() && fixes.is_empty()));
    out
}

/// A replacement on its way: whose it is, what goes, what comes.
struct Change {
    fixes: BTreeSet<usize>,
    gone: Option<Span>,
    new: Vec<u8>,
}

/// What differs from the text as it was, by the fixes that did it.
fn replacements(text: Vec<Stretch>) -> Vec<(BTreeSet<usize>, Edit)> {
    let (mut out, mut between, mut at) = (Vec::new(), Vec::new(), 0);
    for stretch in text {
        match stretch {
            Stretch::Kept(span) => {
                out.extend(told_apart(std::mem::take(&mut between), at));
                at = span.end;
            }
            Stretch::Gone(span, fixes) => between.push(Change {
                fixes,
                gone: Some(span),
                new: Vec::new(),
            }),
            Stretch::New(new, fixes) => between.push(Change { fixes, gone: None, new }),
        }
    }
    out.extend(told_apart(between, at));
    out
}

/// What lies between two stretches that were kept, the first of which ends at `at`: a replacement for each of the fixes, where
/// each takes something away; else one for all of them.
fn told_apart(changes: Vec<Change>, at: usize) -> Vec<(BTreeSet<usize>, Edit)> {
    let mut groups: Vec<Change> = Vec::new();
    for change in changes {
        match groups.last_mut() {
            Some(last) if last.fixes == change.fixes => last.join(change),
            _ => groups.push(change),
        }
    }
    let has_own = |group: &Change| group.gone.is_some();
    let is_apart = {
        let mut seen: Vec<&BTreeSet<usize>> = Vec::new();
        groups.iter().all(|group| {
            let is_new = !seen.contains(&&group.fixes);
            seen.push(&group.fixes);
            is_new && has_own(group)
        })
    };
    if !is_apart {
        groups = groups
            .into_iter()
            .reduce(|mut all, next| {
                all.join(next);
                all
            })
            .into_iter()
            .collect();
    }
    let edits = groups.into_iter().map(|group| {
        let span = group.gone.unwrap_or(Span::at(at));
        (group.fixes, Edit::replace(span, group.new))
    });
    edits
        .filter(|(_, edit)| !edit.span.is_empty() || !edit.text.is_empty())
        .collect()
}

impl Change {
    fn join(&mut self, next: Self) {
        self.fixes.extend(next.fixes);
        self.new.extend(next.new);
        self.gone = match (self.gone, next.gone) {
            (Some(own), Some(next)) => Some(Span::new(own.start, next.end)),
            (own, next) => own.or(next),
        };
    }
}

/// `changes` by fixes; those that share a change are one.
fn joined(changes: Vec<(BTreeSet<usize>, LayerEdit)>) -> Vec<Composed> {
    let mut groups: Vec<(BTreeSet<usize>, Vec<LayerEdit>)> = Vec::new();
    for (mut fixes, edit) in changes {
        let mut edits = vec![edit];
        let (same, other): (Vec<_>, Vec<_>) = std::mem::take(&mut groups)
            .into_iter()
            .partition(|(known, _)| !known.is_disjoint(&fixes));
        for (known, mut of_known) in same {
            fixes.extend(known);
            of_known.append(&mut edits);
            edits = of_known;
        }
        groups = other;
        groups.push((fixes, edits));
    }
    groups.sort_by_key(|(fixes, _)| fixes.first().copied());
    let composed = groups.into_iter().map(|(fixes, edits)| Composed {
        fixes: fixes.into_iter().collect(),
        edits,
    });
    composed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{Moment, Safety};
    use crate::text::apply_edits;
    use proptest::prelude::*;

    fn fix(edits: Vec<Edit>) -> Applied {
        let edits = edits.into_iter().map(|edit| LayerEdit { layer: 0, edit });
        Applied {
            rule: None,
            title: String::new(),
            safety: Safety::Safe,
            moment: Moment::Now,
            edits: edits.collect(),
        }
    }

    /// From the end to the start, as a stranger's tool would.
    fn applied(text: &[u8], composed: &[Composed]) -> Vec<u8> {
        let mut edits: Vec<Edit> = composed
            .iter()
            .flat_map(|one| &one.edits)
            .map(|edit| edit.edit.clone())
            .collect();
        edits.sort_by_key(|edit| std::cmp::Reverse((edit.span.start, edit.span.end)));
        let mut text = text.to_vec();
        for edit in edits {
            text.splice(edit.span.start..edit.span.end, edit.text);
        }
        text
    }

    #[test]
    fn fixes_side_by_side_stay_apart_and_those_of_one_place_are_one() {
        let fixes = [
            fix(vec![Edit::delete(Span::new(0, 2))]),
            fix(vec![Edit::delete(Span::new(0, 2))]),
            fix(vec![Edit::replace(Span::new(2, 3), "X")]),
            fix(vec![Edit::replace(Span::new(2, 3), "Y")]),
        ];
        let composed = compose(&fixes, &[8]);
        let numbers: Vec<&[usize]> = composed.iter().map(|one| &one.fixes[..]).collect();
        assert_eq!(numbers, [&[0][..], &[1], &[2, 3]]);
        assert_eq!(applied(b"aabbccdd", &composed), b"ccYd");
    }

    proptest! {
        #[test]
        fn composed_edits_give_what_the_edits_one_by_one_give(
            steps in prop::collection::vec((0usize..40, 0usize..8, "[a-z]{0,4}", any::<bool>()), 1..12)
        ) {
            let before: Vec<u8> = (b'A'..=b'Z').collect();
            let (mut text, mut fixes): (Vec<u8>, Vec<Applied>) = (before.clone(), Vec::new());
            for (start, length, new, is_own) in steps {
                let start = start.min(text.len());
                let edit = Edit::replace(Span::new(start, (start + length).min(text.len())), new);
                text = apply_edits(&text, std::slice::from_ref(&edit)).unwrap();
                match fixes.last_mut() {
                    Some(last) if !is_own => last.edits.push(LayerEdit { layer: 0, edit }),
                    _ => fixes.push(fix(vec![edit])),
                }
            }
            let composed = compose(&fixes, &[before.len()]);
            prop_assert_eq!(applied(&before, &composed), text);
        }
    }
}
