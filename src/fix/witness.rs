//! The rewritten text read by a parser that is not ours (rust-ini): only the keys that the fixes announced may differ.
//!
//! It is no second opinion on what nova reads: rust-ini does not know the dialect, so texts on which the two part ways
//! are not witnessed, and the reason is said. It never shows a value.
//!
//! How rust-ini is asked: no escapes, no quotes, indented lines continue a value, CRLF read as LF. What it sees less of
//! is the same on both sides: `[ libvirt ]` and `[libvirt]` are one section to it, and line ends around a value are gone.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use ini::{Ini, ParseOption};

use crate::catalog::{self, Release};
use crate::lint::Announced;

/// What the witness says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witnessed {
    /// The other parser sees no difference but the announced ones.
    Agrees,
    /// The other parser cannot read one of the texts as oslo.config does; nothing is said against the change.
    NotWitnessed(Unreadable),
    /// The other parser sees another value of this key, which nothing announced.
    Contradicted {
        /// The section, as oslo.config matches it.
        section: String,
        /// The key as written.
        key: String,
    },
}

/// Why a text is beyond the other parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Bytes that are not UTF-8.
    Encoding,
    /// A byte-order mark, which rust-ini takes for a part of the first name.
    ByteOrderMark,
    /// A carriage return without a line feed, which ends no line for rust-ini.
    LoneCarriageReturn,
    /// The line with this number ends in a backslash, with which rust-ini joins the next.
    Backslash(usize),
    /// The line with this number is one oslo.config rejects, and rust-ini takes for something else.
    Line(usize),
    /// rust-ini itself gives up on this line.
    Rejected(usize),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => out.write_str("the file is not UTF-8"),
            Self::ByteOrderMark => out.write_str("the file starts with a byte-order mark"),
            Self::LoneCarriageReturn => out.write_str("the file has a carriage return without a line feed"),
            Self::Backslash(line) => write!(
                out,
                "line {line} has a backslash that the other parser reads differently"
            ),
            Self::Line(line) => write!(out, "line {line} is read differently by the other parser"),
            Self::Rejected(line) => write!(out, "the other parser stops at line {line}"),
        }
    }
}

impl fmt::Display for Witnessed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agrees => out.write_str("confirmed: an independent parser sees only the announced changes"),
            Self::NotWitnessed(reason) => write!(out, "not confirmed: {reason}"),
            Self::Contradicted { section, key } => {
                write!(out, "an independent parser sees another value of `[{section}] {key}`")
            }
        }
    }
}

/// A section, and a key in it.
type Name = (String, String);

/// The values of each key of each section, in the order they are written.
type Values = BTreeMap<Name, Vec<String>>;

/// Compares `before` and `after` as rust-ini reads them.
///
/// A key may differ where `announced` holds it as written, or holds the option that one of `releases` takes it for.
#[must_use]
pub fn witness(before: &[u8], after: &[u8], announced: &[Announced], releases: [Release; 2]) -> Witnessed {
    let (old, new) = match (text_of(before), text_of(after)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(reason), _) | (_, Err(reason)) => return Witnessed::NotWitnessed(reason),
    };
    let is_announced = |(section, key): &Name| is_announced(section, key, announced, releases);
    match compared(differing(&old, &new), is_announced) {
        Witnessed::Agrees => Witnessed::Agrees,
        // What exactly is wrong the whole texts tell.
        _ => compared((&old, &new), is_announced),
    }
}

/// What rust-ini says of two texts, but for the names that may differ.
fn compared((old, new): (&str, &str), may_differ: impl Fn(&Name) -> bool) -> Witnessed {
    let (old, new) = match (values(old), values(new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(reason), _) | (_, Err(reason)) => return Witnessed::NotWitnessed(reason),
    };
    let names = old.keys().chain(new.keys());
    let mut differing = names.filter(|name| old.get(*name) != new.get(*name));
    match differing.find(|name| !may_differ(name)) {
        None => Witnessed::Agrees,
        Some((section, key)) => Witnessed::Contradicted {
            section: section.clone(),
            key: key.clone(),
        },
    }
}

/// Whether the other parser reads `text` as oslo.config does.
///
/// # Errors
/// Why it does not.
pub fn reads(text: &[u8]) -> Result<(), Unreadable> {
    values(&text_of(text)?).map(|_| ())
}

fn is_announced(section: &str, key: &str, announced: &[Announced], releases: [Release; 2]) -> bool {
    // `[DEFAULT ]` is matched as `default ` by oslo.config, and is `DEFAULT` to the other parser.
    let is_same =
        |own: &str, group: &str| own == group || (own.trim() != own && own.trim().eq_ignore_ascii_case(group));
    let holds = |group: &str, name: &str| announced.iter().any(|a| a.name == name && is_same(&a.group, group));
    let is_meant = |release| {
        let named = catalog::by_any_name(section, key, release);
        named.is_some_and(|named| holds(named.option.group(), named.option.name()))
    };
    holds(section, key) || releases.into_iter().any(is_meant)
}

/// The text of a file that rust-ini reads as oslo.config does, with LF for every line end.
fn text_of(bytes: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::Encoding)?;
    if text.starts_with('\u{feff}') {
        return Err(Unreadable::ByteOrderMark);
    }
    let text = match memchr::memchr(b'\r', bytes) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.replace("\r\n", "\n")),
    };
    if memchr::memchr(b'\r', text.as_bytes()).is_some() {
        return Err(Unreadable::LoneCarriageReturn);
    }
    refuse_what_is_read_differently(&text)?;
    Ok(text)
}

/// What is left of two texts without the whole sections that both begin with and those that both end with.
///
/// A header ends whatever is open before it, so what is left out is the same to any parser on both sides.
fn differing<'a>(old: &'a str, new: &'a str) -> (&'a str, &'a str) {
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let head = same(a, b, |text, from, length| text.get(from..from + length));
    // Both go on with a header there.
    let head = memchr::memmem::rfind(&a[..head], b"\n[").map_or(0, |end| end + 1);
    let (a, b) = (&a[head..], &b[head..]);
    let tail = same(a, b, |text, from, length| {
        text.get(text.len().checked_sub(from + length)?..text.len() - from)
    });
    let first = memchr::memmem::find(&a[a.len() - tail..], b"\n[").map_or(tail, |end| end + 1);
    let tail = tail - first;
    (&old[head..old.len() - tail], &new[head..new.len() - tail])
}

/// How far two texts are the same from the end that `part` counts from: it gives a part of that length behind so many bytes.
fn same(a: &[u8], b: &[u8], part: impl Fn(&[u8], usize, usize) -> Option<&[u8]>) -> usize {
    let is_same =
        |from: usize, length: usize| part(a, from, length).is_some_and(|of| part(b, from, length) == Some(of));
    let mut at = 0;
    for length in [4096, 64, 1] {
        while is_same(at, length) {
            at += length;
        }
    }
    at
}

/// What rust-ini reads.
fn values(text: &str) -> Result<Values, Unreadable> {
    let options = ParseOption {
        enabled_quote: false,
        enabled_escape: false,
        enabled_indented_mutiline_value: true,
        enabled_preserve_key_leading_whitespace: false,
    };
    let parsed = Ini::load_from_str_opt(text, options).map_err(|error| Unreadable::Rejected(error.line))?;
    let mut values = Values::new();
    for (section, properties) in &parsed {
        let section = section.unwrap_or_default();
        let group = if section == "DEFAULT" {
            section.to_owned()
        } else {
            section.to_lowercase()
        };
        for (key, value) in properties {
            // The other parser leaves what Python takes for white space and nobody else does.
            let key = key.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c));
            let name = (group.clone(), key.to_owned());
            values.entry(name).or_default().push(value.to_owned());
        }
    }
    Ok(values)
}

/// Finds the first line that rust-ini would take for something else than oslo.config does, or for a part of another one.
fn refuse_what_is_read_differently(text: &str) -> Result<(), Unreadable> {
    let mut is_open = false;
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    let mut start = 0;
    for (number, end) in (1..).zip(ends) {
        let line = &text[start..end];
        start = end + 1;
        if line.starts_with(['#', ';']) {
            is_open = false;
            continue; // Most lines.
        }
        let content = line.trim_end();
        match content.bytes().next() {
            None if !line.bytes().all(|byte| byte == b' ' || byte == b'\t') => return Err(Unreadable::Line(number)),
            None => is_open = false,
            Some(b' ' | b'\t') => {
                if !is_open {
                    return Err(Unreadable::Line(number));
                }
            }
            Some(b'[') => {
                is_open = false;
                let name = content[1..].strip_suffix(']').map(str::trim);
                if name.is_none_or(|name| name.is_empty() || name.contains([']', '\\'])) {
                    return Err(Unreadable::Line(number));
                }
            }
            Some(_) if line.starts_with(char::is_whitespace) => return Err(Unreadable::Line(number)),
            Some(_) => {
                is_open = true;
                match content.split_once(['=', ':']) {
                    Some((key, _)) if key.contains('\\') => return Err(Unreadable::Backslash(number)),
                    Some((key, _)) if !key.trim().is_empty() => {}
                    _ => return Err(Unreadable::Line(number)),
                }
            }
        }
        if is_open && line.ends_with('\\') {
            return Err(Unreadable::Backslash(number));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oslo::Document;
    use crate::text::Source;

    fn witnessed(before: &str, after: &str, announced: &[(&str, &str)]) -> Witnessed {
        let announced: Vec<Announced> = announced.iter().map(|(g, n)| Announced::new(*g, *n)).collect();
        let releases = [Release::ROCKY, Release::STEIN];
        witness(before.as_bytes(), after.as_bytes(), &announced, releases)
    }

    fn contradicted(section: &str, key: &str) -> Witnessed {
        Witnessed::Contradicted {
            section: section.into(),
            key: key.into(),
        }
    }

    const FILE: &str = "[DEFAULT]\ndebug = true\n# c\nhosts = a,\n  b\n\n[libvirt]\nvirt_type: kvm # no comment\n";

    #[test]
    fn an_announced_change_is_witnessed() {
        let after = FILE.replace("kvm", "qemu").replace("debug = true\n", "");
        let all = [("libvirt", "virt_type"), ("DEFAULT", "debug")];
        assert_eq!(witnessed(FILE, &after, &all), Witnessed::Agrees);
        assert_eq!(witnessed(FILE, FILE, &[]), Witnessed::Agrees);
    }

    #[test]
    fn a_change_nothing_announced_is_contradicted_by_name_only() {
        let said = witnessed(FILE, &FILE.replace("kvm", "qemu"), &[("DEFAULT", "debug")]);
        assert_eq!(said, contradicted("libvirt", "virt_type"));
        assert!(!said.to_string().contains("qemu") && !said.to_string().contains("kvm"));
        for (old, new, key) in [
            ("  b\n", "", "hosts"),
            ("  b\n", "  c\n", "hosts"),
            ("debug = true\n", "", "debug"),
        ] {
            assert_eq!(
                witnessed(FILE, &FILE.replace(old, new), &[]),
                contradicted("DEFAULT", key)
            );
        }
    }

    #[test]
    fn a_line_that_lands_in_another_section_or_value_is_seen() {
        let moved = FILE.replace("[libvirt]\n", "").replace("# c\n", "[libvirt]\n");
        assert!(matches!(witnessed(FILE, &moved, &[]), Witnessed::Contradicted { .. }));
        // A removed key whose continuation line stays behind would grow the key above it.
        let orphan = "[x]\na = 1\nb = 2\n  3\n";
        assert_eq!(
            witnessed(orphan, "[x]\na = 1\n  3\n", &[("x", "b")]),
            contradicted("x", "a")
        );
    }

    #[test]
    fn repeated_keys_and_sections_are_lists_in_order() {
        let before = "[x]\na = 1\n[y]\nb = 1\n[X]\na = 2\n";
        assert_eq!(
            witnessed(before, "[x]\na = 1\na = 2\n[y]\nb = 1\n", &[]),
            Witnessed::Agrees
        );
        assert_eq!(
            witnessed(before, "[x]\na = 2\na = 1\n[y]\nb = 1\n", &[]),
            contradicted("x", "a")
        );
        assert_eq!(
            witnessed(before, "[x]\na = 2\n[y]\nb = 1\n", &[]),
            contradicted("x", "a")
        );
        assert_eq!(
            witnessed("[DEFAULT]\na = 1\n", "[default]\na = 1\n", &[]),
            contradicted("DEFAULT", "a")
        );
    }

    #[test]
    fn an_old_name_counts_as_the_option_it_stands_for() {
        let before = "[DEFAULT]\nnotify_on_state_change = vm_state\n";
        let announced = [("notifications", "notify_on_state_change")];
        assert_eq!(witnessed(before, "[DEFAULT]\n", &announced), Witnessed::Agrees);
        assert_eq!(
            witnessed(before, "[DEFAULT]\n", &[]),
            contradicted("DEFAULT", "notify_on_state_change")
        );
    }

    #[test]
    fn a_name_in_front_of_white_space_that_only_python_knows_is_the_options() {
        let (old, new) = (b"[DEFAULT]\nflag \x1c = x\n", b"[DEFAULT]\n");
        let flag = [Announced::new("DEFAULT", "flag")];
        assert_eq!(witness(old, new, &flag, [Release::ROCKY; 2]), Witnessed::Agrees);
    }

    proptest::proptest! {
        /// Where rust-ini is trusted, it must see the sections, the keys and the order that oslo.config sees.
        #[test]
        fn what_is_not_refused_is_read_alike(text in "([a=:\\[\\]#; \t\\\\\"'\r\n\u{b}\u{85}\u{a0}]|\\[x\\]\n|a=|\n  \
                                                      |\n# ){0,24}") {
            if let Ok(theirs) = text_of(text.as_bytes()).and_then(|text| values(&text)) {
                let document = Document::parse(Source::new("x", text.clone().into_bytes()));
                let mut ours = Values::new();
                for assignment in document.assignments() {
                    let group = document.group(assignment).trim().to_owned();
                    let name = (group, document.key(assignment).trim().to_owned());
                    let value = assignment.value_span(text.as_bytes()).of(text.as_bytes());
                    ours.entry(name).or_default().push(plain(&String::from_utf8_lossy(value)));
                }
                let theirs: Values = theirs
                    .into_iter()
                    .map(|(name, values)| (name, values.iter().map(|value| plain(value)).collect()))
                    .collect();
                proptest::prop_assert_eq!(ours, theirs);
            }
        }
    }

    proptest::proptest! {
        /// What is left out of the comparison decides nothing, and what is not refused rust-ini takes.
        #[test]
        fn the_sections_that_differ_tell_as_much_as_the_whole_texts(
            parts in proptest::collection::vec("(\\[[xy]\\]\n|[ab] ?= ?[12]\n|  c\n|\n|# d\n){0,5}", 5),
            other in "(\\[[xy]\\]\n|[ab] = 3\n|  c\n|\n|# d\n){0,4}",
            at in 0..5_usize,
        ) {
            let before = parts.concat();
            let after: String = parts.iter().enumerate().map(|(n, part)| if n == at { &*other } else { &**part }).collect();
            if let (Ok(old), Ok(new)) = (text_of(before.as_bytes()), text_of(after.as_bytes())) {
                let (part, whole) = (compared(differing(&old, &new), |_| false), compared((&old, &new), |_| false));
                proptest::prop_assert!(!matches!(whole, Witnessed::NotWitnessed(_)));
                proptest::prop_assert_eq!(part == Witnessed::Agrees, whole == Witnessed::Agrees);
            }
        }
    }

    /// A value without the white space about which the two differ.
    fn plain(value: &str) -> String {
        value.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn quotes_backslashes_and_comment_signs_in_values_are_text() {
        let before = "[x]\na = \"1\nb = C:\\dir\\n\nc = 'x' # y\nd = [z]\n";
        for (old, new, key) in [
            ("\"1", "1", "a"),
            ("\\n\n", "\n", "b"),
            (" # y", "", "c"),
            ("[z]", "z", "d"),
        ] {
            let after = before.replace(old, new);
            assert_ne!(before, after);
            assert_eq!(witnessed(before, &after, &[]), contradicted("x", key));
            assert_eq!(witnessed(before, &after, &[("x", key)]), Witnessed::Agrees);
        }
    }

    #[test]
    fn line_ends_do_not_matter_where_both_parsers_know_them() {
        assert_eq!(witnessed(FILE, &FILE.replace('\n', "\r\n"), &[]), Witnessed::Agrees);
    }

    #[test]
    fn what_the_other_parser_cannot_read_is_not_witnessed() {
        let cases: [(&[u8], Unreadable); 14] = [
            (b"[x]\na = \xff\n", Unreadable::Encoding),
            (b"\xef\xbb\xbf[x]\na = 1\n", Unreadable::ByteOrderMark),
            (b"[x]\ra = 1\r", Unreadable::LoneCarriageReturn),
            (b"[x]\na = 1, \\\n  2\n", Unreadable::Backslash(2)),
            (b"[x]\na = 1,\n  2\\\nb = 1\n", Unreadable::Backslash(3)),
            (b"[x]\na\\=1 = 1\n", Unreadable::Backslash(2)),
            (b"[x]\n  a = 1\n", Unreadable::Line(2)),
            (b"[x]\na = 1\n\n  b\n", Unreadable::Line(4)),
            (b"[x]\na = 1\n# c\n  b\n", Unreadable::Line(4)),
            (b"[x] # c\na = 1\n", Unreadable::Line(1)),
            (b"[x]]\na = 1\n", Unreadable::Line(1)),
            (b"[]\na = 1\n", Unreadable::Line(1)),
            (b"[x]\nword\na = 1\n", Unreadable::Line(2)),
            (b"[x]\n= 1\n", Unreadable::Line(2)),
        ];
        for (text, reason) in cases {
            let said = witness(text, text, &[], [Release::ROCKY, Release::STEIN]);
            assert_eq!(
                said,
                Witnessed::NotWitnessed(reason),
                "{}",
                String::from_utf8_lossy(text)
            );
        }
    }

    #[test]
    fn a_name_with_blanks_around_it_is_announced_as_oslo_config_matches_it() {
        let (before, after) = ("[DEFAULT ]\na = 1\n", "[DEFAULT ]\na = 2\n");
        assert_eq!(witnessed(before, after, &[("default ", "a")]), Witnessed::Agrees);
        assert_eq!(
            witnessed(before, after, &[("default", "a")]),
            contradicted("DEFAULT", "a")
        );
    }

    #[test]
    fn a_backslash_in_a_comment_is_no_hindrance() {
        let text = "[x]\n# see C:\\\na = 1\n";
        assert_eq!(witnessed(text, text, &[]), Witnessed::Agrees);
        assert_eq!(witnessed(text, &text.replace('1', "2"), &[]), contradicted("x", "a"));
    }
}
