//! What of a file may be shown: the lines with every secret replaced by `***`; a line stays a line.
//!
//! What is secret, [`super::names`] and [`super::scan`] say; how the lines are laid out, [`crate::output`].

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::harmless::is_closed;
use super::{MASK, Secrets, forms, names, scan, signs};
use crate::oslo::document::{Assignment, Document, Item, ItemKind, Malformed};
use crate::oslo::lexer;
use crate::text::{Span, line_end, line_start};

/// So many items back a rejected line is looked at as the continuation of a secret; in a file of nothing but rejected
/// lines the search would cost their square.
const FAR: usize = 64;
/// So many comment lines back a comment line is looked at as the continuation of a secret.
const COMMENTS_BACK: usize = 8;
/// So many lines without a secret are kept of a document at most, a power of two.
const MOST_IDLE: usize = 4096;
/// A lone word of so many letters and digits is taken for a key.
const KEY_LENGTH: usize = 20;

/// Whether the value of `assignment` must not be shown.
pub(super) fn is_secret(document: &Document, assignment: &Assignment) -> bool {
    names::is_secret(&document.key(assignment), &document.value(assignment))
}

/// The parts of the lines in `range` that must not be shown, in order, none overlapping another; `range` is whole lines.
/// What is secret elsewhere, `known` says.
#[must_use]
pub fn secrets(document: &Document, range: Span, known: &Secrets) -> Vec<Span> {
    let bytes = range.of(document.source().bytes());
    let shifted = |span: Span| Span::new(span.start + range.start, span.end + range.start);
    let found = known.spans(bytes).into_iter().map(shifted);
    let scanned = scan::secrets(bytes).into_iter();
    let scanned = scanned.map(|secret| shifted(Span::new(secret.span.start, secret.line_end)));
    with_items(document, range, found.collect(), scanned)
}

/// A whole file of which some lines are shown: each as if all of them were.
#[derive(Debug)]
pub struct Shown<'a> {
    document: &'a Document,
    known: &'a Secrets,
    /// The lines of private keys, in order: nothing else reaches over several lines, no secret value either.
    keys: Vec<Span>,
}

impl<'a> Shown<'a> {
    /// The lines of `document`; what is secret elsewhere, `known` says.
    #[must_use]
    pub fn new(document: &'a Document, known: &'a Secrets) -> Self {
        let bytes = document.source().bytes();
        let keys = forms::private_keys(bytes).into_iter();
        let keys = keys.map(|key| lexer::strip(bytes, Span::new(key.start, key.end)));
        Self {
            document,
            known,
            keys: keys.collect(),
        }
    }

    /// The parts of the lines in `range`, which is whole lines, that must not be shown: in order, none overlapping another.
    #[must_use]
    pub fn secrets(&self, range: Span) -> Vec<Span> {
        let bytes = self.document.source().bytes();
        let first = self.keys.partition_point(|key| key.end <= range.start);
        let keys = self.keys[first..].iter().copied();
        let known = self.known.spans(range.of(bytes)).into_iter();
        let known = known.map(|span| Span::new(span.start + range.start, span.end + range.start));
        let found = keys.take_while(|key| key.start < range.end).chain(known).collect();
        let scanned = scan::secrets_on(bytes, range.start..range.end).into_iter();
        let scanned = scanned.map(|secret| Span::new(secret.span.start, secret.line_end));
        with_items(self.document, range, found, scanned)
    }
}

/// `found`, what is `scanned` without the blanks around it, and what the items in `range` hide.
fn with_items(
    document: &Document,
    range: Span,
    mut found: Vec<Span>,
    scanned: impl Iterator<Item = Span>,
) -> Vec<Span> {
    let bytes = document.source().bytes();
    found.extend(scanned.map(|span| lexer::strip(bytes, span)));
    let items = document.items();
    let first = items.partition_point(|item| item.span().end <= range.start);
    for (index, item) in items.iter().enumerate().skip(first) {
        if item.span().start >= range.end {
            break;
        }
        in_item(document, index, item, range, &mut found);
    }
    found.retain(|span| !span.is_empty());
    super::known::merged(found)
}

/// What is secret in the item of the number `index`: as a whole, where it is a comment or no line of the configuration, and among
/// other things. What is `idle` of the same document is passed over.
pub(super) fn of_item<'a>(document: &'a Document, index: usize, idle: &mut Idle<'a>) -> (Vec<Span>, Vec<scan::Secret>) {
    let (item, bytes) = (&document.items()[index], document.source().bytes());
    let (mut own, mut among) = (Vec::new(), Vec::new());
    if let ItemKind::Malformed(_) = item.kind() {
        in_item(document, index, item, Span::new(0, bytes.len()), &mut own);
    }
    let is_comment = item.kind() == ItemKind::Comment;
    for (_, line) in document.lines_of(item) {
        let text = line.of(bytes);
        if is_comment && idle.has(text) {
            continue;
        }
        let found = own.len() + among.len();
        let holds = signs::held(text);
        if is_comment {
            own.extend(in_comment(document, item, line, holds));
        }
        scan::in_line(bytes, line.start..line.end, holds, &mut among);
        if is_comment && own.len() + among.len() == found {
            idle.keep(text);
        }
    }
    (own, among)
}

/// Lines of a document's comments that hold no secret wherever they stand: many come again and again.
pub(super) struct Idle<'a> {
    /// Each at the place that its hash says, of a power of two, in the place of one before.
    lines: Vec<&'a [u8]>,
    hashes: RandomState,
}

impl<'a> Idle<'a> {
    /// For a document of so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        let places = (bytes / 64).next_power_of_two().min(MOST_IDLE);
        Self {
            lines: vec![&[]; places],
            hashes: RandomState::default(),
        }
    }

    fn has(&self, line: &[u8]) -> bool {
        !line.is_empty() && self.lines[self.place(line)] == line
    }

    /// Keeps `line`, in which nothing was found, unless that hangs on the lines before or behind it.
    fn keep(&mut self, line: &'a [u8]) {
        if is_closed(line) && !is_continuation(body(line, Span::new(0, line.len())).of(line)) {
            let place = self.place(line);
            self.lines[place] = line;
        }
    }

    fn place(&self, line: &[u8]) -> usize {
        self.hashes.hash_one(line) as usize & (self.lines.len() - 1)
    }
}

fn in_item(document: &Document, index: usize, item: &Item, range: Span, found: &mut Vec<Span>) {
    match item.kind() {
        ItemKind::Blank | ItemKind::Header(_) => {}
        ItemKind::Assignment(at) => in_assignment(document, at, item, range, found),
        ItemKind::Comment => in_comments(document, item, range, found),
        ItemKind::Template => {
            found.extend(lines_in(document, item, range).filter_map(|line| in_unread(document, line)));
        }
        ItemKind::Malformed(at) => found.extend(in_malformed(document, index, &document.malformed()[at])),
    }
}

/// The lines of `item` that lie in `range`, which starts at a line.
fn lines_in<'a>(document: &'a Document, item: &Item, range: Span) -> impl Iterator<Item = Span> + 'a {
    let (mut at, end) = (item.span().start.max(range.start), item.span().end.min(range.end));
    let mut is_over = at >= end;
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let (text_end, next) = line_end(document.source().bytes(), at);
        let line = Span::new(at, text_end);
        (at, is_over) = (next, next >= end);
        Some(line)
    })
}

/// The value of a secret assignment, line by line, so that the lines stay what they are.
fn in_assignment(document: &Document, at: usize, item: &Item, range: Span, found: &mut Vec<Span>) {
    let assignment = &document.assignments()[at];
    if !is_secret(document, assignment) {
        return;
    }
    let bytes = document.source().bytes();
    found.push(assignment.first());
    let first_line = line_end(bytes, assignment.separator()).1;
    let rest = Span::new(range.start.max(first_line), range.end.max(first_line));
    found.extend(lines_in(document, item, rest).map(|line| lexer::strip(bytes, line)));
}

/// A commented assignment hides its value, and what continues it.
fn in_comments(document: &Document, item: &Item, range: Span, found: &mut Vec<Span>) {
    let bytes = document.source().bytes();
    let lines = lines_in(document, item, range);
    found.extend(lines.filter_map(|line| in_comment(document, item, line, signs::held(line.of(bytes)))));
}

/// What is secret as a whole of the comment `line`, which holds what `holds` says.
pub(super) fn in_comment(document: &Document, item: &Item, line: Span, holds: signs::Held) -> Option<Span> {
    let value = holds.may_assign().then(|| commented_value(document, line)).flatten();
    value.or_else(|| continued(document, item, line))
}

/// What of the comment `line` continues a secret that was assigned in a comment before it.
fn continued(document: &Document, item: &Item, line: Span) -> Option<Span> {
    let bytes = document.source().bytes();
    if matches!(line.of(bytes), [_, b' ', next, ..] if !matches!(next, b' ' | b'\t')) {
        return None; // Nearly every comment.
    }
    let mut body = body(bytes, line);
    if !is_continuation(body.of(bytes)) {
        return None;
    }
    let (mut start, mut steps) = (line.start, 0);
    while is_continuation(body.of(bytes)) && start > item.span().start && steps < COMMENTS_BACK {
        let end = start - 1;
        let end = end - usize::from(bytes[end] == b'\n' && end > item.span().start && bytes[end - 1] == b'\r');
        start = line_start(bytes, item.span().start, end);
        let before = Span::new(start, end);
        if commented_value(document, before).is_some() || is_open_name(document, before) {
            return Some(lexer::strip(bytes, self::body(bytes, line)));
        }
        body = self::body(bytes, before);
        steps += 1;
    }
    None
}

/// A comment's text behind its signs.
fn body(bytes: &[u8], line: Span) -> Span {
    // Offsets are those of the bytes: a lossy text is longer wherever the file is not UTF-8.
    let signs = line
        .of(bytes)
        .iter()
        .take_while(|&&byte| matches!(byte, b'#' | b';'))
        .count();
    Span::new(line.start + signs, line.end)
}

fn is_continuation(body: &[u8]) -> bool {
    matches!(body, [b'\t', ..] | [b' ', b' ' | b'\t', ..])
}

/// Whether a comment names a secret whose value is to come.
fn is_open_name(document: &Document, line: Span) -> bool {
    let body = body(document.source().bytes(), line);
    if !matches!(
        body.of(document.source().bytes()).trim_ascii_end(),
        [.., b'=' | b':' | b'\x0b' | 0x80..]
    ) {
        return false; // Nearly every comment.
    }
    let text = document.text(body);
    let text = text.trim();
    text.ends_with(['=', ':']) && names::is_secret_name(text.trim_end_matches(['=', ':', ' ']))
}

fn commented_value(document: &Document, line: Span) -> Option<Span> {
    let bytes = document.source().bytes();
    let body = body(bytes, line);
    let separator = memchr::memchr2(b':', b'=', body.of(bytes))?;
    let key = Span::new(body.start, body.start + separator);
    let value = Span::new(key.end + 1, body.end);
    if value.of(bytes).trim_ascii().is_empty() || !names::may_be_secret(key.of(bytes).trim_ascii()) {
        return None; // Nearly every comment.
    }
    let key = document.text(key);
    let text = document.text(value);
    let is_secret = !text.trim().is_empty() && names::is_secret_by_name(&key, &text);
    is_secret.then(|| lexer::strip(bytes, value))
}

/// Of a line oslo.config rejects nobody knows what it is: all behind a secret word goes, what may continue a secret, and
/// what looks like a key.
fn in_malformed(document: &Document, index: usize, malformed: &Malformed) -> Option<Span> {
    let bytes = document.source().bytes();
    let text = document.text(malformed.span);
    let is_masked = speaks_of_a_secret(&text)
        || is_key(text.trim())
        || (!is_known_line(&text) && may_continue_a_secret(document, index));
    is_masked.then(|| lexer::strip(bytes, malformed.span))
}

/// Whether a line is a header, or starts with the name of an option: no part of the value before it.
fn is_known_line(text: &str) -> bool {
    let text = text.trim_end();
    let name = text
        .split(|c: char| c.is_whitespace() || c == '=' || c == ':')
        .next()
        .unwrap_or_default();
    text.starts_with('[') || (!name.is_empty() && super::known::is_name_of_nova(name))
}

/// Whether a lone word mixes letters and digits as only keys do.
fn is_key(word: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_');
    let has = |is_kind: fn(&u8) -> bool| word.bytes().any(|byte| is_kind(&byte));
    word.len() >= KEY_LENGTH && word.chars().all(is_sign) && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
}

/// A line of a template that is no line of the configuration may say anything too.
fn in_unread(document: &Document, line: Span) -> Option<Span> {
    speaks_of_a_secret(&document.text(line)).then(|| lexer::strip(document.source().bytes(), line))
}

fn speaks_of_a_secret(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.any(names::is_secret_name) || names::holds_secret(text)
}

/// Whether what stands before item `index` holds a secret; also where that is so far up that the search is not worth it.
fn may_continue_a_secret(document: &Document, index: usize) -> bool {
    let nearest = index.saturating_sub(FAR)..index;
    let is_whole = nearest.start == 0;
    let before = document.items()[nearest]
        .iter()
        .rev()
        .find_map(|item| match item.kind() {
            ItemKind::Assignment(at) => Some(is_secret_or_open(document, &document.assignments()[at])),
            ItemKind::Comment => {
                let last = document.lines_of(item).last().map(|(_, line)| line)?;
                let is_secret = commented_value(document, last).is_some() || is_open_name(document, last);
                is_secret.then_some(true)
            }
            ItemKind::Header(at) => {
                let name = document.text(document.sections()[at].name);
                Some(names::is_secret_name(&name))
            }
            ItemKind::Malformed(at) => {
                let text = document.text(document.malformed()[at].span);
                speaks_of_a_secret(&text).then_some(true)
            }
            _ => None,
        });
    before.unwrap_or(!is_whole)
}

/// Whether a value is secret, or would be if it stood there.
fn is_secret_or_open(document: &Document, assignment: &Assignment) -> bool {
    let is_empty = document.value(assignment).trim().is_empty();
    is_secret(document, assignment) || (is_empty && names::is_secret_name(&document.key(assignment)))
}

/// `text`, a line of a file that need be no nova.conf, with its secrets masked.
#[must_use]
pub fn unknown_line(text: &str) -> String {
    let body = text.trim_start_matches([' ', '\t', '#', ';']);
    let lead = &text[..text.len() - body.len()];
    if let Some((key, value)) = body.split_once(['=', ':']) {
        let bare = key.trim().trim_matches(['"', '\'']);
        if !value.trim().is_empty() && names::is_secret_by_name(bare, value.trim()) {
            return format!("{lead}{}{}{MASK}", key, &body[key.len()..=key.len()]);
        }
    }
    if is_key(body.trim()) {
        format!("{lead}{MASK}")
    } else {
        scan::hidden(text)
    }
}

/// The text of `line` with its secrets masked; bytes that are not UTF-8 come as U+FFFD.
#[must_use]
pub fn masked_line(document: &Document, line: Span, secrets: &[Span]) -> String {
    let bytes = document.source().bytes();
    let mut out = String::with_capacity(line.len());
    let mut at = line.start;
    for secret in secrets.iter().filter(|s| s.start < line.end && s.end > line.start) {
        let (start, end) = (secret.start.max(line.start), secret.end.min(line.end));
        if start > at {
            out.push_str(&String::from_utf8_lossy(&bytes[at..start]));
        }
        out.push_str(MASK);
        at = end.max(at);
    }
    out.push_str(&String::from_utf8_lossy(&bytes[at.min(line.end)..line.end]));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn masked(text: impl AsRef<[u8]>) -> String {
        let text = text.as_ref();
        let document = Document::parse(Source::new("nova.conf", text.to_vec()));
        let whole = Span::new(0, text.len());
        let found = secrets(&document, whole, &Secrets::of_document(&document));
        let lines: Vec<String> = (1..=document.source().line_count())
            .filter_map(|number| document.source().line(number))
            .map(|line| masked_line(&document, line, &found))
            .collect();
        lines.join("\n")
    }

    #[test]
    fn values_comments_and_continuation_lines_are_masked() {
        let text = "[DEFAULT]\nadmin_password = hunter2\n  more\n# metadata_proxy_shared_secret = x\nhost = a\n#see rabbit://u:p@h/\ntransport_url=rabbit://u:p@h/";
        assert_eq!(
            masked(text),
            "[DEFAULT]\nadmin_password = ***\n  ***\n# metadata_proxy_shared_secret = ***\nhost = a\n#see ***\ntransport_url=***"
        );
    }

    proptest::proptest! {
        /// The comments that are passed over hold nothing that a look at every line would find.
        #[test]
        fn comments_that_are_passed_over_hide_nothing(
            text in "(\n|\r\n|\r)?((#|;)(#|;| |  |\t)?(password|key|a|b=1)?(=|:| = |: |)(  |\t)?(hush|x;y|#|)(\n|\r\n|\r)){0,12}",
        ) {
            let document = Document::parse(Source::new("nova.conf", text.clone().into_bytes()));
            let whole = Span::new(0, text.len());
            for item in document.items().iter().filter(|item| item.kind() == ItemKind::Comment) {
                let mut found = Vec::new();
                in_comments(&document, item, whole, &mut found);
                let one_by_one = lines_in(&document, item, whole)
                    .filter_map(|line| commented_value(&document, line).or_else(|| continued(&document, item, line)));
                found.sort_unstable();
                proptest::prop_assert_eq!(found, one_by_one.collect::<Vec<_>>());
            }
        }

        /// Lines that come again hold nothing that a look at each of them would find.
        #[test]
        fn lines_that_come_again_hide_nothing(
            text in "((#|;)(#|;| |  |\t)?(password|key|a|the token is|token|\"password\"|is|-p)?(=|:| = |: | |)(  |\t)?(hush|x1y2z3|\"hush\"|#|)\n){0,12}",
            places in 0_usize..400,
        ) {
            let document = Document::parse(Source::new("nova.conf", text.repeat(2).into_bytes()));
            let bytes = document.source().bytes();
            let mut idle = Idle::new(places);
            for (index, item) in document.items().iter().enumerate() {
                if item.kind() != ItemKind::Comment {
                    continue;
                }
                let (mut own, mut among) = (Vec::new(), Vec::new());
                for (_, line) in document.lines_of(item) {
                    let holds = signs::held(line.of(bytes));
                    own.extend(in_comment(&document, item, line, holds));
                    scan::in_line(bytes, line.start..line.end, holds, &mut among);
                }
                proptest::prop_assert_eq!(of_item(&document, index, &mut idle), (own, among));
            }
        }

        /// A part of a file is shown as it is where all of it is.
        #[test]
        fn a_line_that_is_shown_by_itself_has_the_masks_it_has_among_all_others(
            text in "(password|admin_password = |token|\"password\":|hunter2|ab|x|nova|  |#|;|=|\n|\r\n|\n  |\n# |\n\\[x\\]\n|\
                     -----BEGIN PRIVATE KEY-----|-----END PRIVATE KEY-----|aGVsbG8=|\"hush\"|a://u:|@h|is|\u{e9}){0,40}",
        ) {
            let document = Document::parse(Source::new("nova.conf", text.clone().into_bytes()));
            let known = Secrets::of_document(&document);
            let whole = secrets(&document, Span::new(0, text.len()), &known);
            let shown = Shown::new(&document, &known);
            let source = document.source();
            let lines: Vec<Span> = (1..=source.line_count()).filter_map(|number| source.line(number)).collect();
            for (number, first) in lines.iter().enumerate() {
                for last in &lines[number..lines.len().min(number + 3)] {
                    let end = crate::text::line_end(text.as_bytes(), last.end).1;
                    let found = shown.secrets(Span::new(first.start, end));
                    for line in lines.iter().filter(|line| first.start <= line.start && line.end <= last.end) {
                        let (own, all) = (masked_line(&document, *line, &found), masked_line(&document, *line, &whole));
                        proptest::prop_assert_eq!(own, all);
                    }
                }
            }
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_do_not_move_the_mask() {
        let shown = masked(b"#\xff\xff\xff\xff\xff\xff\xff\xff\xff password=hush\n# password = \xff\xffhush\n");
        assert!(!shown.contains("hush"), "{shown}");
        assert_eq!(shown.matches("password").count(), 2);
    }

    #[test]
    fn lines_that_oslo_config_rejects_give_nothing_away() {
        let text = "[DEFAULT]\npassword hunter2\npassword = x\n\n  hunter2\nhost a";
        assert_eq!(masked(text), "[DEFAULT]\n***\npassword = ***\n\n  ***\nhost a");
    }
}
