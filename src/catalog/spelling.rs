//! What a person meant by a word that is not quite one: `[ libvirt ]`, `Live-Migration-Uri`, `vrit_type`, `my_ip` in a section.
//!
//! It knows words and the names of the catalog; what is made of a guess the rules say.

use super::known::Via;
use super::lookup::{by_any_name, called, groups_with, is_group_known, option};
use super::table::table;
use super::{OptionFacts, Release, before_ocata};
use crate::oslo::names::{normal_group, without_hyphens};

/// A word without what people add by habit: in lower case, `-` made `_`.
#[must_use]
pub fn plain(word: &str) -> String {
    without_hyphens(&word.to_lowercase()).into_owned()
}

/// Whether a name is written as nova's are, in lower case and without hyphens: nearly every one is.
#[must_use]
pub fn is_plain(name: impl AsRef<[u8]>) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
    name.as_ref().iter().all(is_plain)
}

/// What a person who wrote the unknown `key` in `group` may have meant: the mistyped name in this group first, then the
/// right name of another; of those that `fits` only. `None` for what a nova before Ocata knew by that name.
#[must_use]
pub fn did_you_mean(
    group: &str,
    key: &str,
    release: Release,
    fits: impl Fn(OptionFacts) -> bool,
) -> Option<OptionFacts> {
    let wanted = plain(key.trim());
    let here = normal_group(group.trim());
    if here == "DEFAULT" && before_ocata::had(&wanted) {
        return None; // No slip of the pen, but a name of old.
    }
    let known = |group: &str, name: &str| option(group, name, release).filter(|option| fits(*option));
    if let Some(found) = known(&here, &wanted) {
        return Some(found);
    }
    // `group.name` in [DEFAULT], as the options are called in texts.
    if let Some((group, name)) = wanted.split_once('.')
        && let Some(found) = known(group, name)
    {
        return Some(found);
    }
    let names = table().rows_in(&here).of(release);
    let is_known = |name: &str| known(&here, name).is_some();
    if let Some(name) = mistyped_fitting(&wanted, names.map(|facts| facts.name()), is_known) {
        return known(&here, name);
    }
    match groups_with(&wanted, release)[..] {
        [] => return old_name_of(&here, &wanted, release).filter(|option| fits(*option)),
        // One word in two groups of their own is mostly two things.
        [only] if here == "DEFAULT" || only == "DEFAULT" || wanted.contains('_') => return known(only, &wanted),
        _ => {}
    }
    let near_group = nearest(&here.to_lowercase(), table().groups_of(release))?;
    known(near_group, &wanted)
}

/// The option of `release` that `wanted`, which is no option's own name, is an old name of: in another group, or without the
/// word for its group (`default_filters` in `[filter_scheduler]`), or with it (`libvirt_virt_type` in `[libvirt]`).
fn old_name_of(here: &str, wanted: &str, release: Release) -> Option<OptionFacts> {
    let only = |name: &str| {
        let mut options: Vec<OptionFacts> = called(name)
            .filter(|(_, via)| *via == Via::Deprecated)
            .filter_map(|(facts, _)| option(facts.group(), facts.name(), release))
            .collect();
        options.sort_by_key(|facts| (facts.group(), facts.name()));
        options.dedup_by_key(|facts| (facts.group(), facts.name()));
        match options[..] {
            [one] => Some(one),
            _ => None,
        }
    };
    if wanted.contains('_')
        && let Some(found) = only(wanted)
    {
        return Some(found);
    }
    let bare = wanted.strip_prefix(here).and_then(|rest| rest.strip_prefix('_'));
    if let Some(found) = bare.and_then(|bare| option(here, bare, release)) {
        return Some(found);
    }
    let words = std::iter::successors(Some(here), |rest| Some(rest.split_once('_')?.1));
    let mut whole = words.filter_map(|words| only(&format!("{words}_{wanted}")));
    whole.find(|found| found.group() == here)
}

/// What people write in a group whose options have other names for it than all others, and the option that does it there.
const CONFUSED: [(&str, &str, &str); 7] = [
    ("cinder", "interface", "catalog_info"),
    ("cinder", "valid_interfaces", "catalog_info"),
    ("cinder", "endpoint_type", "catalog_info"),
    ("cinder", "service_type", "catalog_info"),
    ("cinder", "service_name", "catalog_info"),
    ("cinder", "region_name", "os_region_name"),
    ("cinder", "endpoint_override", "endpoint_template"),
];

/// The option that does in `group` what `key` does in others, whatever its value looks like.
#[must_use]
pub fn confused(group: &str, key: &str, release: Release) -> Option<OptionFacts> {
    let group = normal_group(group);
    let mut pairs = CONFUSED.iter();
    let (_, _, name) = pairs.find(|(here, wrong, _)| *here == group && *wrong == key)?;
    option(&group, name, release)
}

/// The group that a section called `name` was plainly meant for, though oslo.config reads another one.
///
/// `None` where nova knows the group as written, and where it knows neither.
#[must_use]
pub fn group_meant(name: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.bytes().all(is_plain) && !name.eq_ignore_ascii_case("default") {
        return None; // Nearly every name; a group of nova's holds no other letters.
    }
    let bare = name.trim_matches(|c: char| c.is_whitespace() || "[]\"'".contains(c));
    let lower = bare.to_lowercase();
    let meant = if lower == "default" { "DEFAULT" } else { &*lower };
    let read = normal_group(name);
    if *read == *meant && !meant.contains('-') || is_group_known(&read) {
        return None;
    }
    let with_underscores = without_hyphens(meant);
    [meant, &*with_underscores]
        .into_iter()
        .find(|group| is_group_known(group))
        .map(str::to_owned)
}

/// The name that `key` in `group` was plainly meant for in `release`, though oslo.config looks for it in vain.
///
/// `None` where the release takes `key` as written, and where it knows neither.
#[must_use]
pub fn key_meant(group: &str, key: &str, release: Release) -> Option<String> {
    if !key.contains(|c: char| c == '-' || c.is_uppercase()) || is_read(group, key, release) {
        return None;
    }
    let meant = plain(key);
    by_any_name(group, &meant, release).map(|_| meant)
}

/// Whether the release finds a line `key = …`; an old name counts with hyphens only where it was declared with them.
fn is_read(group: &str, key: &str, release: Release) -> bool {
    let Some(named) = by_any_name(group, key, release) else {
        return false;
    };
    named.via == Via::Current || !key.contains('-') || named.option.aliases().any(|alias| alias.name == key)
}

/// The one of `choices` that `value` differs from by case, hyphens or outer space only.
#[must_use]
pub fn choice_meant<'a>(value: &str, choices: &'a [String]) -> Option<&'a String> {
    let value = plain(value.trim());
    choices.iter().find(|choice| plain(choice.trim()) == value)
}

/// What `word` was meant for: one of `names` whatever stands between its letters, a word that means one (`others`, letters
/// only), or a name that it is near to.
#[must_use]
pub fn word_meant<T: Copy>(word: &str, names: &[(&str, T)], others: &[(&str, T)]) -> Option<T> {
    let word = word.trim().to_lowercase();
    let letters = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
    let wanted = letters(&word);
    let among = |known: &[(&str, T)]| -> Option<T> {
        let mut known = known.iter();
        known
            .find(|(name, _)| letters(name) == wanted)
            .map(|(_, meaning)| *meaning)
    };
    among(names).or_else(|| among(others)).or_else(|| {
        let near = nearest(&word, names.iter().map(|(name, _)| *name))?;
        let mut names = names.iter();
        names.find(|(name, _)| *name == near).map(|(_, meaning)| *meaning)
    })
}

/// The reference that was meant by one to `name` that leads nowhere: `${my_ip}.` by `$my_ip.`, `${my_ip}` by `$MY_IP` or
/// `${DEFAULT.my_ip}`. `leads` says of a name whether a reference to it leads to an option, `is_own` whether the group in
/// which it stands has one of that name.
pub fn reference_meant(
    (name, is_braced): (&str, bool),
    leads: impl Fn(&str) -> bool,
    is_own: impl Fn(&str) -> bool,
) -> Option<String> {
    if let Some((first, rest)) = name.split_once('.') {
        if first == "DEFAULT" && leads(rest) && !is_own(rest) {
            return Some(format!("${{{rest}}}"));
        }
        let is_plain = !is_braced && leads(first);
        return is_plain.then(|| format!("${{{first}}}.{rest}"));
    }
    let lower = name.to_lowercase();
    (lower != name && leads(&lower)).then(|| format!("${{{lower}}}"))
}

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
    let kinds = kinds(wanted);
    words
        .filter(|word| word.len().abs_diff(wanted.len()) <= most)
        .filter(|word| letters.is_none() || may_share(kinds, word, most))
        .filter(|word| letters.as_ref().is_none_or(|letters| may_be_near(letters, word, most)))
        .filter_map(|word| Some((distance(wanted, word, most)?, word)))
        .filter(|(_, word)| fits(word))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, word)| word)
}

/// Which bytes stand in a word, a bit each, bytes with the same last five bits counted as one.
fn kinds(word: &str) -> u32 {
    word.bytes().fold(0, |kinds, byte| kinds | 1 << (byte & 31))
}

/// Whether the kinds of bytes allow `word` to be near: an edit of one ASCII letter brings one kind and takes one at most.
fn may_share(wanted: u32, word: &str, most: usize) -> bool {
    (kinds(word) ^ wanted).count_ones() as usize <= 2 * most || !word.is_ascii()
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
    Some(strsim::osa_distance(from, to)).filter(|&edits| edits <= most)
}

/// "did you mean `near`? " where one of `words` is near enough to `wanted`; otherwise empty.
#[must_use]
pub fn hint<'a>(wanted: &str, words: impl Iterator<Item = &'a str>) -> String {
    nearest(wanted, words).map_or_else(String::new, |near| format!("did you mean `{near}`? "))
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

    #[test]
    fn an_option_is_meant_in_the_only_other_group_that_has_it_or_by_an_old_name() {
        let meant = |group, key| {
            let found = did_you_mean(group, key, Release::NEWEST, |_| true);
            found.map(|option| option.title())
        };
        for (group, key, expected) in [
            ("os_vif_ovs", "hw_disk_discard", Some("[libvirt] hw_disk_discard")),
            ("DEFAULT", "images_type", Some("[libvirt] images_type")),
            (
                "filter_scheduler",
                "default_filters",
                Some("[filter_scheduler] enabled_filters"),
            ),
            (
                "libvirt",
                "scheduler_default_filters",
                Some("[filter_scheduler] enabled_filters"),
            ),
            ("libvirt", "libvirt_virt_type", Some("[libvirt] virt_type")),
            ("libvirt", "auth_url", None),
            ("libvirt", "proxies", None),
            ("libvirt", "no_such_thing", None),
        ] {
            assert_eq!(meant(group, key).as_deref(), expected, "[{group}] {key}");
        }
        let confused = confused("cinder", "interface", Release::NEWEST).map(|option| option.title());
        assert_eq!(confused.as_deref(), Some("[cinder] catalog_info"));
    }

    #[test]
    fn a_group_is_meant_through_spaces_case_and_brackets() {
        for (written, meant) in [
            ("default", Some("DEFAULT")),
            ("Default", Some("DEFAULT")),
            ("DEFAULT ", Some("DEFAULT")),
            (" libvirt ", Some("libvirt")),
            ("libvirt]", Some("libvirt")),
            ("[libvirt", Some("libvirt")),
            ("\"vnc\"", Some("vnc")),
            ("oslo-concurrency", Some("oslo_concurrency")),
            ("DEFAULT", None),
            ("LibVirt", None),
            ("libvirt", None),
            ("mine", None),
            (" mine ", None),
            ("", None),
        ] {
            assert_eq!(group_meant(written).as_deref(), meant, "{written:?}");
        }
    }

    #[test]
    fn a_name_is_meant_through_hyphens_and_case() {
        let of = |key| key_meant("libvirt", key, Release::STEIN);
        assert_eq!(
            of("live-migration-timeout-action").as_deref(),
            Some("live_migration_timeout_action")
        );
        assert_eq!(
            of("Live_Migration_Timeout_Action").as_deref(),
            Some("live_migration_timeout_action")
        );
        for key in ["live_migration_timeout_action", "no-such-thing", "Other", ""] {
            assert_eq!(of(key), None, "{key}");
        }
    }

    #[test]
    fn an_old_name_that_was_declared_with_hyphens_takes_them_from_pike_on() {
        let of = |key, release| key_meant("DEFAULT", key, Release::from_number(release).unwrap());
        assert_eq!(of("log-config", 16), None);
        assert_eq!(of("log-config", 15).as_deref(), Some("log_config"));
        assert_eq!(of("log-dir", 16).as_deref(), Some("log_dir"));
        assert_eq!(of("osapi-max-limit", 16).as_deref(), Some("osapi_max_limit"));
        assert_eq!(
            key_meant("DATABASE", "sql-connection", Release::STEIN).as_deref(),
            Some("sql_connection")
        );
    }
}
