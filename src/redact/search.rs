//! A search for many values at once, in whatever case their letters are.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Match, MatchKind, packed};

use crate::text::Span;

/// A value is found by so many of its first bytes; the rest is then compared. It bounds what the search costs.
const LEAD: usize = 32;

/// So many bytes are searched through by what is made quickly. What takes longer to make than most files to be checked, and is linear
/// whatever they hold, is made for more.
const QUICKLY: usize = 1 << 16;

/// So many leads are searched for quickly.
const FEW: usize = 64;

/// A search for some values at once.
#[derive(Debug)]
pub(super) struct Search {
    /// In order, in lower case.
    leads: Vec<Vec<u8>>,
    /// The whole values, by the number of their lead; of several with one lead the longest comes first.
    values: Vec<Vec<Vec<u8>>>,
    searched: AtomicUsize,
    quick: OnceLock<Option<packed::Searcher>>,
    thorough: OnceLock<Option<AhoCorasick>>,
}

impl Search {
    /// The search for `values`, which come in order and in lower case; `None` where there are none.
    pub(super) fn new<'a>(values: impl Iterator<Item = &'a Vec<u8>>) -> Option<Self> {
        let (mut leads, mut by_lead): (Vec<Vec<u8>>, Vec<Vec<Vec<u8>>>) = (Vec::new(), Vec::new());
        for value in values {
            let lead = &value[..value.len().min(LEAD)];
            // The values come in order, so those of one lead come together.
            if leads.last().is_some_and(|last| last == lead) {
                by_lead
                    .last_mut()
                    .into_iter()
                    .for_each(|known| known.insert(0, value.clone()));
            } else {
                leads.push(lead.to_owned());
                by_lead.push(vec![value.clone()]);
            }
        }
        (!leads.is_empty()).then_some(Self {
            leads,
            values: by_lead,
            searched: AtomicUsize::new(0),
            quick: OnceLock::new(),
            thorough: OnceLock::new(),
        })
    }

    /// Adds where they stand in `bytes` as far as the place `is_kept`, in order, none overlapping another.
    pub(super) fn find(&self, bytes: &[u8], is_kept: impl Fn(usize, usize) -> bool, found: &mut Vec<Span>) {
        let before = self.searched.fetch_add(bytes.len(), Ordering::Relaxed);
        let is_quick = self.leads.len() <= FEW && before.saturating_add(bytes.len()) <= QUICKLY;
        match is_quick.then(|| self.quick()).flatten() {
            Some(search) => self.find_quickly(search, bytes, is_kept, found),
            None => self.find_thoroughly(bytes, is_kept, found),
        }
    }

    fn quick(&self) -> Option<&packed::Searcher> {
        let make = || {
            let mut config = packed::Config::new();
            let config = config.match_kind(packed::MatchKind::LeftmostLongest);
            config.builder().extend(&self.leads).build()
        };
        // There is none where the processor cannot do it.
        self.quick.get_or_init(make).as_ref()
    }

    fn find_quickly(
        &self,
        search: &packed::Searcher,
        bytes: &[u8],
        is_kept: impl Fn(usize, usize) -> bool,
        found: &mut Vec<Span>,
    ) {
        let lower = bytes.to_ascii_lowercase();
        self.add(search.find_iter(&lower), bytes, is_kept, found);
    }

    fn find_thoroughly(&self, bytes: &[u8], is_kept: impl Fn(usize, usize) -> bool, found: &mut Vec<Span>) {
        let make = || {
            let mut builder = AhoCorasick::builder();
            let builder = builder
                .match_kind(MatchKind::LeftmostLongest)
                .ascii_case_insensitive(true)
                .kind(Some(AhoCorasickKind::NoncontiguousNFA));
            builder.build(&self.leads).ok()
        };
        if let Some(search) = self.thorough.get_or_init(make) {
            self.add(search.find_iter(bytes), bytes, is_kept, found);
        }
    }

    /// Adds the values that the `leads` begin.
    fn add(
        &self,
        leads: impl Iterator<Item = Match>,
        bytes: &[u8],
        is_kept: impl Fn(usize, usize) -> bool,
        found: &mut Vec<Span>,
    ) {
        let mut at = 0;
        for lead in leads {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    proptest::proptest! {
        /// Whichever of them it is, the search finds the same.
        #[test]
        fn what_is_made_quickly_finds_the_same(
            values in proptest::collection::btree_set("[ab1\u{e9}-]{1,6}|[ab]{30,40}", 1..12),
            text in "([abAB1-]|\u{e9}| |[aA]{20,40}){0,40}",
        ) {
            let values: BTreeSet<Vec<u8>> = values.into_iter().map(String::into_bytes).collect();
            let search = Search::new(values.iter()).unwrap();
            let (mut quick, mut thorough) = (Vec::new(), Vec::new());
            if let Some(packed) = search.quick() {
                search.find_quickly(packed, text.as_bytes(), |_, _| true, &mut quick);
                search.find_thoroughly(text.as_bytes(), |_, _| true, &mut thorough);
                proptest::prop_assert_eq!(quick, thorough);
            }
        }
    }

    #[test]
    fn however_much_is_searched_through_a_value_is_found() {
        let values = [b"hunter2".to_vec()];
        let search = Search::new(values.iter()).unwrap();
        let text = format!("{}Hunter2", "x ".repeat(QUICKLY / 5));
        for _ in 0..5 {
            let mut found = Vec::new();
            search.find(text.as_bytes(), |_, _| true, &mut found);
            assert_eq!(found, [Span::new(text.len() - 7, text.len())]);
        }
        assert!(search.thorough.get().is_some());
    }
}
