//! The nearest of several words: what a person who mistyped one may have meant.
//!
//! It knows words only, neither releases nor options.

/// The word nearest to `wanted`, if one is near enough to be worth naming: at most a third of its letters differ.
#[must_use]
pub fn nearest<'a>(wanted: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    within((wanted.chars().count() / 3).min(4), wanted, words, |_| true)
}

/// The word that `wanted` is a slip of the pen for, if there is one: one letter of eight differs, two at most, and no whole
/// part between underscores came, went or is another.
#[must_use]
pub fn mistyped<'a>(wanted: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    mistyped_fitting(wanted, words, |_| true)
}

/// As [`mistyped`], of the words that `fits`, which is asked of near ones alone.
#[must_use]
pub fn mistyped_fitting<'a>(
    wanted: &str,
    words: impl Iterator<Item = &'a str>,
    fits: impl Fn(&str) -> bool,
) -> Option<&'a str> {
    let length = wanted.chars().count();
    let most = (length / 8).clamp(usize::from(length > 3), 2);
    within(most, wanted, words, |word| has_same_parts(wanted, word) && fits(word))
}

/// Whether each part of one name is at least nearly that of the other: `live_migraton_uri`, `livemigration_uri`.
fn has_same_parts(wanted: &str, word: &str) -> bool {
    let joined = |name: &str| name.replace('_', "");
    if joined(wanted) == joined(word) {
        return true;
    }
    let swallows_something =
        |(a, b): (&str, &str)| a == b || distance(a, b, (a.len().max(b.len()) / 3).clamp(1, 2)).is_some();
    wanted.split('_').count() == word.split('_').count()
        && wanted.split('_').zip(word.split('_')).all(swallows_something)
}

/// The word nearest to `wanted` of those that differ in `most` letters or fewer and fit.
fn within<'a>(
    most: usize,
    wanted: &str,
    words: impl Iterator<Item = &'a str>,
    fits: impl Fn(&str) -> bool,
) -> Option<&'a str> {
    // Nearly all words are ruled out by their letters alone.
    let letters = wanted.is_ascii().then(|| letters(wanted));
    words
        .filter(|word| word.len().abs_diff(wanted.len()) <= most)
        .filter(|word| letters.as_ref().is_none_or(|letters| may_be_near(letters, word, most)))
        .filter_map(|word| Some((distance(wanted, word, most)?, word)))
        .filter(|(_, word)| fits(word))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, word)| word)
}

/// How often each byte stands in a word, bytes with the same last five bits counted as one.
fn letters(word: &str) -> [i32; 32] {
    let mut counts = [0; 32];
    for byte in word.bytes() {
        counts[usize::from(byte & 31)] += 1;
    }
    counts
}

/// Whether the letters alone allow `word` to be near: an edit of one ASCII letter changes two counts by one at most.
fn may_be_near(wanted: &[i32; 32], word: &str, most: usize) -> bool {
    let apart: i32 = letters(word).iter().zip(wanted).map(|(a, b)| (a - b).abs()).sum();
    !word.is_ascii() || apart as usize <= 2 * most
}

/// Edits (insert, delete, replace, swap of neighbours) that make one word the other; `None` above `most`.
fn distance(from: &str, to: &str, most: usize) -> Option<usize> {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for i in 1..=from.len() {
        let mut row = vec![i; to.len() + 1];
        for j in 1..=to.len() {
            let replaced = last[j - 1] + usize::from(from[i - 1] != to[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        if row.iter().all(|&edits| edits > most) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|&edits| edits <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let words = ["live_migration_uri", "live_migration_bandwidth", "virt_type"];
        assert_eq!(
            nearest("live_migraton_uri", words.into_iter()),
            Some("live_migration_uri")
        );
        assert_eq!(nearest("vrit_type", words.into_iter()), Some("virt_type"));
        assert_eq!(nearest("wholly_different", words.into_iter()), None);
        assert_eq!(nearest("", words.into_iter()), None);
    }

    #[test]
    fn a_slip_of_the_pen_is_told_from_another_name() {
        let slip = |wanted: &str, word: &'static str| mistyped(wanted, std::iter::once(word)).is_some();
        for (wanted, word) in [
            ("debgu", "debug"),
            ("vrit_type", "virt_type"),
            ("tracks_instance_changes", "track_instance_changes"),
            ("live_migraton_uri", "live_migration_uri"),
            ("livemigration_uri", "live_migration_uri"),
        ] {
            assert!(slip(wanted, word), "{wanted}");
        }
        for (wanted, word) in [
            ("fixed_range", "fixed_range_v6"),
            ("volume_driver", "compute_driver"),
            ("osapi_volume_listen_port", "osapi_compute_listen_port"),
            ("ip", "my_ip"),
            ("rpc", "rdp"),
        ] {
            assert!(!slip(wanted, word), "{wanted}");
        }
    }
}
