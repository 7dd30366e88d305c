//! A search for many values at once, in whatever case their letters are.

use aho_corasick::{AhoCorasick, MatchKind};

use crate::text::Span;

/// A value is found by so many of its first bytes; the rest is then compared. It bounds what the search costs.
const LEAD: usize = 32;

/// A search for some values at once.
#[derive(Debug)]
pub(super) struct Search {
    leads: AhoCorasick,
    /// The whole values, by the number of their lead; of several with one lead the longest comes first.
    values: Vec<Vec<Vec<u8>>>,
}

impl Search {
    /// The search for `values`, which come in order; `None` where there are none.
    pub(super) fn new<'a>(values: impl Iterator<Item = &'a Vec<u8>>) -> Option<Self> {
        let (mut leads, mut by_lead): (Vec<Vec<u8>>, Vec<Vec<Vec<u8>>>) = (Vec::new(), Vec::new());
        for value in values {
            let lead = value[..value.len().min(LEAD)].to_owned();
            // The values come in order, so those of one lead come together.
            if leads.last() == Some(&lead) {
                by_lead
                    .last_mut()
                    .into_iter()
                    .for_each(|known| known.insert(0, value.clone()));
            } else {
                leads.push(lead);
                by_lead.push(vec![value.clone()]);
            }
        }
        if leads.is_empty() {
            return None;
        }
        let leads = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            .build(&leads);
        leads.ok().map(|leads| Self { leads, values: by_lead })
    }

    /// Adds where they stand in `bytes` as far as the place `is_kept`, in order, none overlapping another.
    pub(super) fn find(&self, bytes: &[u8], is_kept: impl Fn(usize, usize) -> bool, found: &mut Vec<Span>) {
        let mut at = 0;
        for lead in self.leads.find_iter(bytes) {
            if lead.start() < at {
                continue;
            }
            let rest = &bytes[lead.end()..];
            let more = self.values[lead.pattern().as_usize()].iter().map(|value| {
                let tail = &value[value.len().min(LEAD)..];
                tail.iter()
                    .zip(rest)
                    .take_while(|(a, b)| a.eq_ignore_ascii_case(b))
                    .count()
            });
            let end = lead.end() + more.max().unwrap_or(0);
            if is_kept(lead.start(), end) {
                found.push(Span::new(lead.start(), end));
                at = end;
            }
        }
    }
}
