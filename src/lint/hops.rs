//! When an edit belongs to an upgrade of several hops: before it, with a hop, or between two.

use super::finding::{EditWindow, Step};
use crate::catalog::Release;

/// The hop of an upgrade that leads over `release`; `None` where it lies behind or beyond.
#[must_use]
pub fn hop_over(from: Release, to: Release, release: Release) -> Option<(Release, Release)> {
    let mut start = from;
    for stop in from.hops(to) {
        if start < release && release <= stop {
            return Some((start, stop));
        }
        start = stop;
    }
    None
}

/// The step that brings what begins with `first`, to be edited before the upgrade; none ahead where that is `None`.
#[must_use]
pub fn beginning(from: Release, to: Release, first: Option<Release>) -> Step {
    Step {
        hop: first.and_then(|release| hop_over(from, to, release)),
        edited: EditWindow::Before,
    }
}

/// When to edit for what `changed` brings, given which releases read the new text as it is meant.
#[must_use]
pub fn step(from: Release, to: Release, changed: Release, reads_new: impl Fn(Release) -> bool) -> Step {
    let hop = hop_over(from, to, changed);
    if reads_new(from) {
        return Step {
            hop,
            edited: EditWindow::Before,
        };
    }
    let stops = from.hops(to);
    let first = stops.iter().copied().find(|&stop| reads_new(stop)).unwrap_or(to);
    let next = stops.iter().copied().find(|&stop| stop > first);
    let edited = match (hop, next) {
        // The hop that matters comes later: there is time between.
        (Some((_, end)), _) if first < end => EditWindow::Between(first, end),
        (None, Some(next)) if changed > to => EditWindow::Between(first, next),
        _ => EditWindow::With(first),
    };
    Step { hop, edited }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(number: u32) -> Release {
        Release::from_number(number).unwrap()
    }

    #[test]
    fn a_hop_over_a_release_starts_before_it_and_ends_there_or_later() {
        assert_eq!(
            hop_over(release(29), release(33), release(30)),
            Some((release(29), release(31)))
        );
        assert_eq!(
            hop_over(release(18), release(20), release(19)),
            Some((release(18), release(19)))
        );
        assert_eq!(hop_over(release(18), release(20), release(18)), None);
        assert_eq!(hop_over(release(18), release(20), release(21)), None);
    }

    #[test]
    fn an_edit_is_made_before_between_or_with_a_hop() {
        let edited =
            |since: u32, changed: u32| step(release(18), release(22), release(changed), |r| r >= release(since)).edited;
        assert_eq!(edited(16, 20), EditWindow::Before);
        assert_eq!(edited(19, 21), EditWindow::Between(release(19), release(21)));
        assert_eq!(edited(20, 20), EditWindow::With(release(20)));
    }
}
