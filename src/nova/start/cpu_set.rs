//! Sets of host CPUs as nova reads them: `0-3,^2,8` (`parse_cpu_spec` of `nova/virt/hardware.py`, the same since Ocata).

use std::collections::BTreeSet;

use super::python::quoted_text;

/// So many CPUs are counted one by one; a range that is longer is none that a host has.
const MOST: i64 = 1 << 16;

/// Why a text is no set of CPUs, in nova's words but for the text itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CpuSetError {
    /// `a-b` whose ends are no numbers, or the wrong way round.
    #[error("Invalid range expression {}", quoted_text(.0))]
    Range(String),
    /// `^` with no number behind it.
    #[error("Invalid exclusion expression {}", quoted_text(.0))]
    Exclusion(String),
    /// No number.
    #[error("Invalid inclusion expression {}", quoted_text(.0))]
    Inclusion(String),
}

/// The CPUs that `text` names, without those it excludes; a range beyond what a host has is cut.
///
/// # Errors
/// The first piece that nova rejects.
pub fn parse(text: &str) -> Result<BTreeSet<i64>, CpuSetError> {
    let (mut taken, mut excluded) = (BTreeSet::new(), BTreeSet::new());
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
            set.extend(first..=last.min(first.saturating_add(MOST)));
        } else if let Some(excluding) = piece.strip_prefix('^') {
            let number = whole(excluding).ok_or_else(|| CpuSetError::Exclusion(piece.to_owned()))?;
            excluded.insert(number);
        } else {
            taken.insert(whole(piece).ok_or_else(|| CpuSetError::Inclusion(piece.to_owned()))?);
        }
    }
    taken.retain(|cpu| !excluded.contains(cpu));
    Ok(taken)
}

/// A whole number as Python's `int` takes it: spaces around, one sign, single underscores between digits.
pub(super) fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty()
        && !digits.starts_with('_')
        && !digits.ends_with('_')
        && !digits.contains("__")
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !is_number {
        return None;
    }
    let number: i64 = digits.replace('_', "").parse().unwrap_or(i64::MAX);
    Some(if text.starts_with('-') { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_as_nova_reads_them() {
        let cpus = |text| parse(text).unwrap().into_iter().collect::<Vec<_>>();
        assert_eq!(cpus("0-3,^2,8"), [0, 1, 3, 8]);
        assert_eq!(cpus(" 1 , ,2 "), [1, 2]);
        assert_eq!(cpus("0-7,^1-6"), [0, 7]);
        assert!(cpus("1,^1").is_empty());
        assert!(cpus(",").is_empty());
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
