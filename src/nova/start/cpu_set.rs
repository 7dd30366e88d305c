//! Sets of host CPUs as nova reads them: `0-3,^2,8` (`parse_cpu_spec` of `nova/virt/hardware.py`, the same since Ocata).

use super::python;
use crate::nova::repr::repr;

/// Why a text is no set of CPUs, in nova's words but for the text itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CpuSetError {
    /// `a-b` whose ends are no numbers, or the wrong way round.
    #[error("Invalid range expression {}", repr(.0))]
    Range(String),
    /// `^` with no number behind it.
    #[error("Invalid exclusion expression {}", repr(.0))]
    Exclusion(String),
    /// No number.
    #[error("Invalid inclusion expression {}", repr(.0))]
    Inclusion(String),
}

/// A set of CPUs, as ranges of numbers: in order, with a gap between any two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CpuSet(Vec<(i64, i64)>);

impl CpuSet {
    /// Those of `ranges`, first and last each, in any order.
    fn of(mut ranges: Vec<(i64, i64)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// Those that `other` does not have.
    fn without(&self, other: &Self) -> Self {
        let (mut left, mut others) = (Vec::new(), other.0.iter().peekable());
        for &(first, last) in &self.0 {
            let mut first = Some(first);
            while others
                .next_if(|(_, end)| first.is_some_and(|first| *end < first))
                .is_some()
            {}
            while let Some((start, end)) = others.peek().filter(|(start, _)| *start <= last) {
                if let Some(first) = first.filter(|first| first < start) {
                    left.push((first, start - 1));
                }
                first = end.checked_add(1).filter(|next| *next <= last);
                if *end > last {
                    break;
                }
                others.next();
            }
            left.extend(first.map(|first| (first, last)));
        }
        Self(left)
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether none of its CPUs is one of `other`.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.without(other) == *self
    }
}

/// The CPUs that `text` names, without those it excludes.
///
/// # Errors
/// The first piece that nova rejects.
pub fn parse(text: &str) -> Result<CpuSet, CpuSetError> {
    let (mut taken, mut excluded) = (Vec::new(), Vec::new());
    for piece in text.split(',').map(str::trim).filter(|piece| !piece.is_empty()) {
        if let Some((first, last)) = piece.split_once('-') {
            let (set, first) = match first.strip_prefix('^') {
                Some(first) => (&mut excluded, first),
                None => (&mut taken, first),
            };
            let wrong = || CpuSetError::Range(piece.to_owned());
            let (first, last) = (whole(first).ok_or_else(wrong)?, whole(last).ok_or_else(wrong)?);
            if first > last {
                return Err(wrong());
            }
            set.push((first, last));
        } else if let Some(excluding) = piece.strip_prefix('^') {
            let number = whole(excluding).ok_or_else(|| CpuSetError::Exclusion(piece.to_owned()))?;
            excluded.push((number, number));
        } else {
            let number = whole(piece).ok_or_else(|| CpuSetError::Inclusion(piece.to_owned()))?;
            taken.push((number, number));
        }
    }
    Ok(CpuSet::of(taken).without(&CpuSet::of(excluded)))
}

/// A whole number as Python's `int` takes it, of ASCII's digits alone: what counts here is its value. One beyond 64 bits is held
/// at the end of the range.
pub(super) fn whole(text: &str) -> Option<i64> {
    let number = python::whole(text).filter(|_| python::strip(text).is_ascii())?;
    Some(number.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_as_nova_reads_them() {
        let cpus = |text| -> Vec<i64> {
            let ranges = parse(text).unwrap().0;
            ranges.into_iter().flat_map(|(first, last)| first..=last).collect()
        };
        assert_eq!(cpus("0-3,^2,8"), [0, 1, 3, 8]);
        assert_eq!(cpus(" 1 , ,2 "), [1, 2]);
        assert_eq!(cpus("0-7,^1-6"), [0, 7]);
        assert!(cpus("1,^1").is_empty());
        assert!(cpus(",").is_empty());
        assert_eq!(cpus("8,0-3,2-5,^9,^3-4,^8"), [0, 1, 2, 5]);
        assert_eq!(cpus("0-9,^0-2,^4,^8-20"), [3, 5, 6, 7]);
    }

    #[test]
    fn ranges_come_to_what_single_numbers_come_to() {
        use std::collections::BTreeSet;

        let mut random = fastrand::Rng::with_seed(14);
        let mut made = || {
            let (mut pieces, mut taken, mut excluded) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
            for _ in 0..random.usize(1..6) {
                let first = random.i64(0..20);
                let last = first + random.i64(0..6);
                let is_excluded = random.bool();
                pieces.push(format!("{}{first}-{last}", if is_excluded { "^" } else { "" }));
                if is_excluded { &mut excluded } else { &mut taken }.extend(first..=last);
            }
            (pieces.join(","), &taken - &excluded)
        };
        for _ in 0..2_000 {
            let ((one, singles), (other, others)) = (made(), made());
            let (set, second) = (parse(&one).unwrap(), parse(&other).unwrap());
            let numbers: BTreeSet<i64> = set.0.iter().flat_map(|&(first, last)| first..=last).collect();
            assert_eq!(numbers, singles, "{one}");
            assert_eq!(
                set.is_disjoint(&second),
                singles.is_disjoint(&others),
                "{one} and {other}"
            );
        }
    }

    #[test]
    fn sets_are_compared_however_large_they_are() {
        let set = |text| parse(text).unwrap();
        assert!(set("0-3,8-99999999999").is_disjoint(&set("4-7")));
        assert!(!set("0-99999999999").is_disjoint(&set("5-99999999998")));
        assert!(set("0-99999999999,^0-99999999999").is_empty());
        let many: Vec<String> = (0..30_000)
            .map(|first| format!("{first}-{}", first + 100_000))
            .collect();
        assert!(!set(&many.join(",")).is_disjoint(&set("99999")));
    }

    #[test]
    fn what_nova_rejects_is_said_in_its_words() {
        for (text, words) in [
            ("a", "Invalid inclusion expression 'a'"),
            ("^", "Invalid exclusion expression '^'"),
            ("3-1", "Invalid range expression '3-1'"),
            ("1-", "Invalid range expression '1-'"),
            ("0-3;5", "Invalid range expression '0-3;5'"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), words);
        }
    }
}
