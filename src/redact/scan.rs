//! Secrets in a text that is no single value: URLs with a password, `password = x` in any clothing, private keys.
//!
//! Every scan is linear in the text. What a name must be to be secret, [`super::names`] says.

use std::ops::Range;

use super::tokens::{in_tokens, is_limit, slashes};
use super::words::{at_word, is_in_word};
use super::{forms, names, signs};
use crate::text::{line_start, lossy};

/// A name is looked at by so many of its last bytes.
const LONGEST_NAME: usize = 128;

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The secret itself, as far as it can be told from what stands behind it.
    pub span: Range<usize>,
    /// The end of its line: how far it reaches at most.
    pub line_end: usize,
    /// Parts of the span that may be the secret by themselves, where it is not plain where it begins or ends.
    pub parts: Vec<Range<usize>>,
    /// Whether no sign says that it is one, only the words before it: it may be a word of a sentence.
    pub is_guess: bool,
}

/// Every secret in `text`, by its place; spans may overlap.
#[must_use]
pub fn secrets(text: &[u8]) -> Vec<Secret> {
    let mut found = Vec::new();
    for line in lines(text) {
        let holds = signs::held(&text[line.clone()]);
        in_line(text, line, holds, &mut found);
    }
    found.extend(private_keys(text));
    found.sort_by_key(|secret| (secret.span.start, secret.span.end));
    found
}

/// Those of [`secrets`] on the lines of `range`, without private keys; `range` is whole lines of `text`.
fn secrets_in(text: &[u8], range: Range<usize>) -> Vec<Secret> {
    let mut found = Vec::new();
    for line in lines(&text[range.clone()]) {
        let line = line.start + range.start..line.end + range.start;
        in_line(text, line.clone(), signs::held(&text[line]), &mut found);
    }
    found
}

/// The lines of private keys.
pub(super) fn private_keys(text: &[u8]) -> impl Iterator<Item = Secret> {
    forms::private_keys(text).into_iter().map(|span| Secret {
        line_end: span.end,
        parts: Vec::new(),
        span,
        is_guess: false,
    })
}

/// Those of [`secrets`] that lie in `range`, which is whole lines of `text`, without private keys.
pub(super) fn secrets_on(text: &[u8], range: Range<usize>) -> Vec<Secret> {
    // The value of a name that ends its line may stand on the next line that is not blank.
    let before = text[..range.start].trim_ascii_end().len();
    let start = line_start(text, 0, before);
    let mut found = secrets_in(text, start..range.end);
    found.retain(|secret| range.start < secret.line_end && secret.span.start < range.end);
    found
}

/// `text` with every secret in it, but nothing else, replaced by the mask.
#[must_use]
pub fn hidden(text: &str) -> String {
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    for secret in secrets(text.as_bytes()) {
        let (start, end) = (secret.span.start.max(at), secret.span.end);
        if start < end {
            out.extend_from_slice(&text.as_bytes()[at..start]);
            out.extend_from_slice(super::MASK.as_bytes());
            at = end;
        }
    }
    out.extend_from_slice(&text.as_bytes()[at..]);
    String::from_utf8_lossy(&out).into_owned()
}

/// The lines of `text` without their ends.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let ends = memchr::memchr2_iter(b'\n', b'\r', text).chain(std::iter::once(text.len()));
    ends.scan(0, |start, end| {
        let line = *start..end;
        *start = end + 1;
        Some(line)
    })
}

/// Adds those of [`secrets`] on the one `line`, which holds what `holds` says.
pub(super) fn in_line(text: &[u8], line: Range<usize>, holds: signs::Held, found: &mut Vec<Secret>) {
    if holds.has_at() {
        in_tokens(text, &line, found);
    }
    match Shape::of(&text[line.clone()]) {
        Shape::Named => in_words(text, &line, found),
        Shape::Prose if holds.has_sign(&text[line.clone()]) => near_signs(text, &line, found),
        Shape::Empty | Shape::Prose => {}
    }
}

/// What the words of a line are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// There is none, or but one that nothing is assigned to: nothing can be its value.
    Empty,
    /// The last may be secret for the words before it alone: there are but two, or it is said what it is.
    Named,
    /// Any other: a secret stands there for a sign.
    Prose,
}

impl Shape {
    fn of(line: &[u8]) -> Self {
        let line = line.trim_ascii_end();
        // No line end is in it.
        let last = memchr::memrchr3(b' ', b'\t', b'\x0c', line);
        let before = line[..last.unwrap_or(0)].trim_ascii_end();
        let is_said = before.ends_with(b"is") || before.ends_with(b"was");
        let has_word = |bytes: &[u8]| bytes.iter().any(|&byte| is_in_word(byte));
        let blank = before.iter().rposition(u8::is_ascii_whitespace);
        if !is_said && blank.is_some_and(|blank| has_word(&before[..blank])) {
            return Self::Prose; // Nearly every line.
        }
        let Some(first) = line.iter().position(|&byte| is_in_word(byte)) else {
            return Self::Empty;
        };
        let length = line[first..].iter().take_while(|&&byte| is_in_word(byte)).count();
        let behind = line[first + length..].trim_ascii_start();
        if matches!(behind, [] | [b'=' | b':']) {
            return Self::Empty;
        }
        if is_said || !behind.iter().any(u8::is_ascii_whitespace) {
            Self::Named
        } else {
            Self::Prose
        }
    }
}

/// `password = x`, `"password": "x"`, `--password x`, `?token=x`, `password is x`.
fn in_words(text: &[u8], line: &Range<usize>, found: &mut Vec<Secret>) {
    Words::of(text, line).behind(line.clone(), found);
}

/// As [`in_words`], where the last word is no secret for the words before it alone: only what stands near a sign can be one.
fn near_signs(text: &[u8], line: &Range<usize>, found: &mut Vec<Secret>) {
    let mut words = Words::of(text, line);
    for part in signs::parts_near(&text[line.clone()]) {
        words.behind(line.start + part.start..line.start + part.end, found);
    }
}

/// The words of a line, to be looked at in order.
struct Words<'a> {
    text: &'a [u8],
    line_end: usize,
    /// Where the first of them begins.
    first: Option<usize>,
    ahead: Ahead,
}

impl<'a> Words<'a> {
    fn of(text: &'a [u8], line: &Range<usize>) -> Self {
        Self {
            text,
            line_end: line.end,
            first: next_word(text, line),
            ahead: Ahead::default(),
        }
    }

    /// Adds the secrets behind the words of `part` of the line.
    fn behind(&mut self, mut part: Range<usize>, found: &mut Vec<Secret>) {
        while let Some(start) = next_word(self.text, &part) {
            let (length, may_speak) = at_word(&self.text[start..self.line_end]);
            let word = start..start + length;
            let name = &self.text[word.clone()];
            if may_speak || is_worth_a_look(name) {
                let is_first = self.first == Some(start);
                found.extend(behind_name(self.text, &word, self.line_end, is_first, &mut self.ahead));
            }
            part.start = word.end.min(part.end);
        }
    }
}

/// Where the first word of `part` begins.
fn next_word(text: &[u8], part: &Range<usize>) -> Option<usize> {
    let length = text[part.clone()].iter().position(|&byte| is_in_word(byte))?;
    Some(part.start + length)
}

/// Whether a secret may stand behind a word whose letters speak of none: nearly no word.
fn is_worth_a_look(word: &[u8]) -> bool {
    let name = &word[word.len().saturating_sub(LONGEST_NAME)..];
    names::may_be_marked(name) || is_flag_of_user(word) || forms::is_scheme(word)
}

fn is_flag_of_user(word: &[u8]) -> bool {
    matches!(word, b"-u" | b"--user")
}

/// What was looked for further on in a line: a name in every word must not look through the rest of it every time.
#[derive(Default)]
struct Ahead {
    limit: Option<Range<usize>>,
    sign: Option<Range<usize>>,
}

impl Ahead {
    /// Where a value without quotes that starts at `from` ends.
    fn limit(&mut self, line: &[u8], from: usize) -> usize {
        Self::next(&mut self.limit, line, from, is_limit)
    }

    /// Where the first sign is that may part it from the next setting in the same word.
    fn sign(&mut self, line: &[u8], from: usize) -> usize {
        let is_sign = |byte: u8| matches!(byte, b'&' | b',' | b';' | b'|' | b')' | b'}' | b']' | b'%');
        Self::next(&mut self.sign, line, from, is_sign)
    }

    fn next(known: &mut Option<Range<usize>>, line: &[u8], from: usize, is_it: impl Fn(u8) -> bool) -> usize {
        match known {
            Some(known) if known.start <= from && from <= known.end => known.end,
            _ => {
                let end = line[from..].iter().position(|&byte| is_it(byte));
                let end = end.map_or(line.len(), |length| from + length);
                *known = Some(from..end);
                end
            }
        }
    }
}

fn behind_name(text: &[u8], word: &Range<usize>, line_end: usize, is_first: bool, ahead: &mut Ahead) -> Option<Secret> {
    let line = &text[..line_end];
    let skip = |from: usize, is_skipped: fn(u8) -> bool| {
        let rest = line.get(from..).unwrap_or_default();
        from + rest.iter().take_while(|&&byte| is_skipped(byte)).count()
    };
    let closers = |byte: u8| matches!(byte, b'"' | b'\'' | b'`' | b']' | b')' | b'}' | b'\\' | b' ' | b'\t');
    let behind = skip(word.end, closers);
    let separator = line.get(behind..)?;
    let separator = match separator {
        [b'=' | b':', ..] => 1,
        [b'%', b'3', b'd' | b'D' | b'a' | b'A', ..] => 3,
        _ => 0,
    };
    let is_tag = is_tag_end(text, word);
    let is_before_blank = line.get(word.end).is_some_and(u8::is_ascii_whitespace);
    if (!is_tag && separator == 0 && !is_before_blank) || forms::is_name_of_file(text, word) {
        return None;
    }
    if is_tag {
        let is_secret = names::is_secret_name(&String::from_utf8_lossy(&text[word.clone()]));
        return is_secret.then(|| value(text, word.end + 1, line_end, ahead)).flatten();
    }
    if is_flag_of_user(&text[word.clone()]) {
        return user_and_password(text, behind + separator, line_end, ahead);
    }
    if separator == 0 && forms::is_scheme(&text[word.clone()]) {
        return value(text, behind, line_end, ahead).filter(|found| forms::is_credential(&text[found.span.clone()]));
    }
    // What a name means is asked last: nearly every word of prose comes here.
    let name_start = word.start.max(word.end.saturating_sub(LONGEST_NAME));
    let name = || lossy(&text[name_start..word.end]);
    if separator == 0 {
        return behind_blank(text, word, line_end, is_first, ahead).filter(|_| names::is_secret_name(&name()));
    }
    let secret = behind_sign(text, word, (behind + separator, line_end), ahead)?;
    let shown = &text[secret.span.clone()];
    let shown = lossy(&shown[..shown.len().min(LONGEST_NAME)]);
    let name = name();
    (names::is_secret_name(&name) && names::is_secret_by_name(&name, &shown)).then_some(secret)
}

/// The value behind the sign of an assignment to `word`, from `behind` up to `line_end`.
fn behind_sign(
    text: &[u8],
    word: &Range<usize>,
    (behind, line_end): (usize, usize),
    ahead: &mut Ahead,
) -> Option<Secret> {
    let line = &text[..line_end];
    if slashes(line, behind.min(line_end)) > 0 && line[behind - 1] == b':' {
        return None;
    }
    let is_expression = |text: &[u8]| {
        [&b"{{"[..], b"{%", b"<%"]
            .iter()
            .any(|sign| text.trim_ascii_start().starts_with(sign))
    };
    let rest = line.get(behind..).unwrap_or_default();
    if is_expression(rest) {
        // What a template puts in is not there yet.
        return None;
    }
    let is_opener = |byte: &&u8| matches!(byte, b'=' | b'>' | b':' | b' ' | b'\t' | b'\\' | b'(' | b'[' | b'{');
    let start = behind + rest.iter().take_while(is_opener).count();
    let is_quoted = matches!(text.get(word.end), Some(b'"' | b'\''));
    match value(text, start, line_end, ahead) {
        None if is_quoted && start == line_end => on_next_line(text, line_end),
        found => found,
    }
}

/// `<password>`: its value stands behind it.
fn is_tag_end(text: &[u8], word: &Range<usize>) -> bool {
    word.len() <= LONGEST_NAME && text[..word.start].ends_with(b"<") && text[word.end..].starts_with(b">")
}

/// The quoted value on the line behind that of its name, as JSON over several lines has it.
fn on_next_line(text: &[u8], line_end: usize) -> Option<Secret> {
    let rest = text.get(line_end..)?;
    let start = line_end + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let next = text[start..].iter().position(|&byte| matches!(byte, b'\n' | b'\r'));
    let next = next.map_or(text.len(), |length| start + length);
    let is_quoted = matches!(text.get(start), Some(b'"' | b'\''));
    is_quoted
        .then(|| value(text, start, next, &mut Ahead::default()))
        .flatten()
}

/// `-u user:password`
fn user_and_password(text: &[u8], start: usize, line_end: usize, ahead: &mut Ahead) -> Option<Secret> {
    let both = value(text, start, line_end, ahead)?;
    let colon = memchr::memchr(b':', &text[both.span.clone()])?;
    let span = both.span.start + colon + 1..both.span.end;
    (!span.is_empty()).then_some(Secret {
        span,
        parts: Vec::new(),
        ..both
    })
}

/// The value at `start`: within its quotes, else up to a blank; `Bearer x` and `Basic x` are two words.
fn value(text: &[u8], start: usize, line_end: usize, ahead: &mut Ahead) -> Option<Secret> {
    let line = &text[..line_end];
    // `u'x'` in what Python wrote.
    let is_prefixed = matches!(line.get(start..), Some([b'a'..=b'z' | b'A'..=b'Z', b'"' | b'\'', ..]));
    let start = start + usize::from(is_prefixed);
    let quote = line
        .get(start)
        .copied()
        .filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let start = start + usize::from(quote.is_some());
    if start >= line_end {
        return None;
    }
    let mut end = match quote {
        Some(quote) => memchr::memchr(quote, &line[start..]).map_or(line_end, |length| start + length),
        None => ahead.limit(line, start),
    };
    let scheme = &line[start..end.min(start + 8)];
    if [&b"bearer"[..], b"basic", b"token", b"digest"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(scheme))
    {
        let blanks = line[end..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        end = ahead.limit(line, end + blanks);
    }
    if end == start {
        return None;
    }
    // Where several settings stand in one word, each ends at its sign.
    let first = ahead.sign(line, start).min(end);
    let is_part = start < first && first < end;
    Some(Secret {
        span: start..end,
        line_end,
        parts: is_part.then_some(start..first).into_iter().collect(),
        is_guess: false,
    })
}

/// What stands behind a secret name and a blank: the value of a flag, a lone second word, or what looks like no word of a
/// sentence.
fn behind_blank(
    text: &[u8],
    word: &Range<usize>,
    line_end: usize,
    is_first: bool,
    ahead: &mut Ahead,
) -> Option<Secret> {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace();
    let next = |from: usize| {
        let start = from + text[from..line_end].iter().take_while(|byte| is_blank(byte)).count();
        let end = start + text[start..line_end].iter().take_while(|byte| !is_blank(byte)).count();
        start..end
    };
    let mut second = next(word.end);
    if text[second.clone()].starts_with(b"-") && second.len() == 2 {
        // `sshpass -p x`
        return value(text, next(second.end).start, line_end, ahead);
    }
    let is_said = matches!(&text[second.clone()], b"is" | b"was");
    if is_said {
        second = next(second.end);
    }
    let shown = &text[second.clone()];
    let is_last = text[second.end..line_end].iter().all(is_blank);
    let has = |is_kind: fn(&u8) -> bool| shown.iter().any(is_kind);
    let is_mixed = shown.len() > 4 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    let is_flag = text[word.start] == b'-' && !shown.starts_with(b"-");
    let is_path = shown.trim_ascii_start().starts_with(b"/") || shown.starts_with(b"'/") || shown.starts_with(b"\"/");
    if is_path && !is_flag {
        return None;
    }
    let is_value = is_flag || is_mixed || (is_last && (is_first || is_said));
    if is_value {
        let found = value(text, second.start, line_end, ahead)?;
        Some(Secret {
            is_guess: !is_flag,
            ..found
        })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_any_clothing_are_hidden_and_nothing_else() {
        for (text, shown) in [
            ("a rabbit://nova:hush@h:1/ b", "a rabbit://nova:***@h:1/ b"),
            ("rabbit://a:hush1@h1,b:hush2@h2/x", "rabbit://a:***@h2/x"),
            ("http://h:5000/,http://u:hush@h", "http://h:***@h"),
            ("u:hush@host", "u:***@host"),
            (
                "rabbit://u:hush%40word@[fd00::1]:5672/",
                "rabbit://u:***@[fd00::1]:5672/",
            ),
            ("http%3A%2F%2Fu%3Ahush%40h", "http%3A%2F%2Fu%3A***%40h"),
            ("http:\\/\\/u:hush@h", "http:\\/\\/u:***@h"),
            ("mysql://u:hush hush@h/x", "mysql://u:***@h/x"),
            ("kvm # admin_password = hush", "kvm # admin_password = ***"),
            (
                "key '/a b1/server-key.pem': Error while",
                "key '/a b1/server-key.pem': Error while",
            ),
            ("the key /a1/b.key: No such file", "the key /a1/b.key: No such file"),
            ("user=x&password=hush", "user=x&password=***"),
            ("http://h/?token=hush", "http://h/?token=***"),
            ("run --password hush --host a", "run --password *** --host a"),
            (
                "{\"password\": \"hush hush\", \"a\": 1}",
                "{\"password\": \"***\", \"a\": 1}",
            ),
            ("{\\\"password\\\": \\\"hush\\\"}", "{\\\"password\\\": \\\"***\"}"),
            ("username=a,password=hush", "username=a,password=***"),
            ("password%3Dhush", "password%3D***"),
            ("the passwrd is hush", "the passwrd is ***"),
            ("password hush", "password ***"),
            ("the password hunter2 is old", "the password *** is old"),
            ("Authorization: Bearer hush", "Authorization: ***"),
            ("auth = Basic aHVzaDpodXNo==", "auth = Basic ***"),
            ("Basic authentication is used", "Basic authentication is used"),
            ("{'auth_token': u'hush'}", "{'auth_token': u'***'}"),
            ("<password>hush</password>", "<password>***</password>"),
            ("sshpass -p hush ssh h", "sshpass -p *** ssh h"),
            ("curl -u user:hush h", "curl -u user:*** h"),
            ("{\"password\":\n  \"hush\"}", "{\"password\":\n  \"***\"}"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\n  aGVsbG8=\n# aGVsbG8\n-----END RSA PRIVATE KEY-----\nhost = a",
                "***\n  ***\n# ***\n***\nhost = a",
            ),
        ] {
            assert_eq!(hidden(text), shown);
        }
    }

    proptest::proptest! {
        /// A line that is passed over holds nothing.
        #[test]
        fn what_is_passed_over_holds_no_secret(
            line in "(password|the|token|hush|is|was|basic|-u|-p|-|--|a:b|@|%40|%3d|=|:|<|>|\"|'| |  |\t|\\(|\\)|1|12345678|x1y2z3|aHVzaDpo==|,|\u{e9}){0,12}",
        ) {
            let text = line.as_bytes();
            let (mut quick, mut whole) = (Vec::new(), Vec::new());
            in_line(text, 0..text.len(), signs::held(text), &mut quick);
            in_tokens(text, &(0..text.len()), &mut whole);
            in_words(text, &(0..text.len()), &mut whole);
            proptest::prop_assert_eq!(quick, whole);
        }
    }

    #[test]
    fn what_holds_no_secret_stays() {
        for text in [
            "http://10.0.0.1:5000/v3",
            "qemu+ssh://nova@%s/system?keyfile=/root/.ssh/id",
            "http://h:80/ and a@b",
            "http://[fd00::1]:80/ and a@b",
            "inject_password = true",
            "the token of the request is checked",
            "[password]",
            "password =",
            "",
        ] {
            assert_eq!(hidden(text), text);
        }
    }

    #[test]
    fn a_line_of_anything_is_scanned_in_linear_time() {
        let began = std::time::Instant::now();
        for part in [
            "//a",
            "a:",
            "@",
            "a:b@",
            "//a:b ",
            "password ",
            "password=",
            "-----BEGIN PRIVATE KEY-----",
            "%40",
            "\\/",
            "a ",
            "= ",
            "(1",
            "(-a ",
            ") = ",
            "pas-",
            "password x1y2 ",
        ] {
            let _ = secrets(part.repeat((1 << 18) / part.len()).as_bytes());
            let _ = secrets(format!("{}@", part.repeat((1 << 18) / part.len())).as_bytes());
            let _ = secrets(format!("{}{}", " ".repeat(1 << 18), part.repeat((1 << 18) / part.len())).as_bytes());
        }
        assert!(
            began.elapsed() < std::time::Duration::from_secs(30),
            "{:?}",
            began.elapsed()
        );
    }
}
