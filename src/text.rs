//! Bytes with a name, spans of them, and edits: the ground everything else stands on.
//!
//! It knows no file format: what a line of nova.conf means is up to [`crate::oslo`].

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A path as text: itself where it is UTF-8, else with every other byte as `\xNN` and its backslashes doubled, so that two
/// paths never look alike among those.
#[must_use]
pub fn of_path(path: &Path) -> Cow<'_, str> {
    let bytes = path.as_os_str().as_bytes();
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    Cow::Owned(text)
}

/// `bytes` as text; what is not UTF-8 comes as U+FFFD.
#[must_use]
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    // Nearly everything is UTF-8, and to see that takes a fifth of what a search for what is not takes.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The longest text in bytes that a [`Source`] can hold: a place in it takes four bytes.
pub const LONGEST: u64 = u32::MAX as u64;

/// A half-open range of byte offsets into one [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// The range `start..end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// An empty span: a place to insert at.
    #[must_use]
    pub fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether it covers no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The bytes it covers; a span of another source panics or lies.
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start..self.end]
    }
}

/// A line and column, both counted from 1; the column counts characters (bytes where the text is not UTF-8), a byte order mark
/// is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, ended by LF, CRLF or a lone CR as in Python's universal newlines.
    pub line: usize,
    /// The character within the line.
    pub column: usize,
}

/// What some editors put before a text to say that it is UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a [`Source`] holds.
#[derive(Debug)]
enum Content {
    /// UTF-8: nearly every file; no part of it need be looked through once more to see it.
    Text(String),
    Other(Vec<u8>),
}

/// A file's bytes under the name they were read by. The bytes never change.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    content: Content,
    /// Where each line starts, in order; one that is empty ends the list where the text ends with a line end.
    lines: OnceLock<Vec<u32>>,
}

impl Source {
    /// A source named `path`; nothing is read or checked.
    ///
    /// # Panics
    /// `bytes` is longer than [`LONGEST`]. [`crate::bounded`] reads nothing that is, and [`apply_edits`] makes none.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        assert!(bytes.len() as u64 <= LONGEST, "a text of {} bytes", bytes.len());
        Self {
            path: path.into(),
            content: String::from_utf8(bytes).map_or_else(|other| Content::Other(other.into_bytes()), Content::Text),
            lines: OnceLock::new(),
        }
    }

    /// Spares it the search for its lines, which start at `starts`.
    pub(crate) fn know_lines(&mut self, mut starts: Vec<u32>) {
        if starts.is_empty() || matches!(self.bytes().last(), Some(b'\n' | b'\r')) {
            starts.push(self.bytes().len() as u32);
        }
        self.lines = OnceLock::from(starts);
    }

    /// The name it was read by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All its bytes.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Text(text) => text.as_bytes(),
            Content::Other(bytes) => bytes,
        }
    }

    /// What stands in `span`; what is not UTF-8 comes as U+FFFD.
    #[must_use]
    pub fn text(&self, span: Span) -> Cow<'_, str> {
        match &self.content {
            // Where it begins or ends within a letter, it is no text of its own.
            Content::Text(text) => text
                .get(span.start..span.end)
                .map_or_else(|| lossy(span.of(text.as_bytes())), Cow::Borrowed),
            Content::Other(bytes) => lossy(span.of(bytes)),
        }
    }

    /// Where `offset` lies; an offset past the end is the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.bytes().len());
        let (line, start) = self.line_at(offset);
        let mut before = &self.bytes()[start..offset];
        if line == 1 {
            // No editor shows it, and none counts it.
            before = before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before);
        }
        let column = std::str::from_utf8(before).map_or(before.len(), |text| text.chars().count()) + 1;
        Position { line, column }
    }

    /// The bytes of line `number` (from 1) without its line end; `None` past the last line.
    #[must_use]
    pub fn line(&self, number: usize) -> Option<Span> {
        let starts = self.line_starts().get(number.checked_sub(1)?..)?;
        let start = *starts.first()? as usize;
        let end = starts.get(1).map_or(self.bytes().len(), |&next| next as usize);
        Some(Span::new(start, end - end_length(&self.bytes()[start..end])))
    }

    /// The lines from that of number `first` (from 1) on that start before `end`, without their line ends; an empty one behind the last
    /// line end is none.
    pub(crate) fn lines(&self, first: usize, end: usize) -> impl Iterator<Item = Span> + '_ {
        let mut starts = self.line_starts().get(first.saturating_sub(1)..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (&start, rest) = starts.split_first()?;
            let next = rest.first().map_or(self.bytes().len(), |&next| next as usize);
            let start = start as usize;
            starts = rest;
            (start < end && start < next).then(|| Span::new(start, next - end_length(&self.bytes()[start..next])))
        })
    }

    /// How many lines there are; a missing final newline still ends a line, an empty file has none.
    #[must_use]
    pub fn line_count(&self) -> usize {
        let starts = self.line_starts();
        starts.len() - usize::from(starts.last() == Some(&(self.bytes().len() as u32)))
    }

    /// The number of the line in which `offset` lies, and where that starts.
    fn line_at(&self, offset: usize) -> (usize, usize) {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start as usize <= offset);
        (line, starts[line - 1] as usize)
    }

    fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let (mut starts, mut at) = (vec![0], 0);
            while at < self.bytes().len() {
                let (end, next) = line_end(self.bytes(), at);
                starts.extend((end < next).then_some(next as u32));
                at = next;
            }
            starts
        })
    }
}

/// How many bytes of `line` are its line end: LF, CRLF or a lone CR.
fn end_length(line: &[u8]) -> usize {
    match line {
        [.., b'\r', b'\n'] => 2,
        [.., b'\r' | b'\n'] => 1,
        _ => 0,
    }
}

/// The end of the text and of the line end of the line that starts at `start`: LF, CRLF and lone CR end a line.
#[must_use]
#[inline]
pub fn line_end(bytes: &[u8], start: usize) -> (usize, usize) {
    match memchr::memchr2(b'\n', b'\r', &bytes[start..]) {
        None => (bytes.len(), bytes.len()),
        Some(found) => {
            let end = start + found;
            let crlf = bytes[end] == b'\r' && bytes.get(end + 1) == Some(&b'\n');
            (end, end + 1 + usize::from(crlf))
        }
    }
}

/// A text of which every line end is looked for, which takes less where it holds no CR.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineEnds<'a> {
    bytes: &'a [u8],
    has_returns: bool,
}

impl<'a> LineEnds<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        let has_returns = memchr::memchr(b'\r', bytes).is_some();
        Self { bytes, has_returns }
    }

    /// As [`line_end`].
    #[inline]
    pub(crate) fn of_line(self, start: usize) -> (usize, usize) {
        if self.has_returns {
            return line_end(self.bytes, start);
        }
        match memchr::memchr(b'\n', &self.bytes[start..]) {
            None => (self.bytes.len(), self.bytes.len()),
            Some(found) => (start + found, start + found + 1),
        }
    }
}

/// Where the line starts in which `at` lies, `from` at the earliest.
#[must_use]
pub(crate) fn line_start(bytes: &[u8], from: usize, at: usize) -> usize {
    memchr::memrchr2(b'\n', b'\r', &bytes[from..at]).map_or(from, |end| from + end + 1)
}

/// The bytes of `word` that are `byte`: the highest bit of the first of them is set, and none of one before it.
#[must_use]
#[inline]
pub(crate) fn bytes_equal(word: u64, byte: u8) -> u64 {
    let differences = word ^ u64::from_ne_bytes([byte; 8]);
    differences.wrapping_sub(u64::from_ne_bytes([0x01; 8])) & !differences & u64::from_ne_bytes([0x80; 8])
}

/// Replaces `span` by `text`; an empty span inserts, an empty text deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes instead.
    pub text: Vec<u8>,
}

impl Edit {
    /// Takes `span` away.
    #[must_use]
    pub fn delete(span: Span) -> Self {
        Self { span, text: Vec::new() }
    }

    /// Puts `text` at `offset`.
    #[must_use]
    pub fn insert(offset: usize, text: impl Into<Vec<u8>>) -> Self {
        Self {
            span: Span::at(offset),
            text: text.into(),
        }
    }

    /// Puts `text` in the place of `span`.
    #[must_use]
    pub fn replace(span: Span, text: impl Into<Vec<u8>>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }
}

/// Why a set of edits was refused; nothing was changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EditError {
    /// Two edits claim the same bytes.
    #[error("two edits overlap at byte {0}")]
    Overlap(usize),
    /// An edit reaches past the end of the text.
    #[error("an edit reaches past the end of the text, to byte {0}")]
    OutOfBounds(usize),
    /// The outcome would be longer than [`LONGEST`], in bytes.
    #[error("with these edits the text would be {0} bytes long")]
    TooLong(usize),
}

/// `original` with every edit applied; bytes outside the edits are the original's. Inserts at one offset keep their order.
///
/// # Errors
/// [`EditError`] where edits overlap or leave the text, or make it too long.
pub fn apply_edits(original: &[u8], edits: &[Edit]) -> Result<Vec<u8>, EditError> {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| edit.span);
    let grown: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = Vec::with_capacity(original.len() + grown);
    let mut at = 0;
    for edit in ordered {
        if edit.span.start < at {
            return Err(EditError::Overlap(edit.span.start));
        }
        if edit.span.end > original.len() || edit.span.start > edit.span.end {
            return Err(EditError::OutOfBounds(edit.span.end));
        }
        out.extend_from_slice(&original[at..edit.span.start]);
        out.extend_from_slice(&edit.text);
        at = edit.span.end;
    }
    out.extend_from_slice(&original[at..]);
    if out.len() as u64 > LONGEST {
        return Err(EditError::TooLong(out.len()));
    }
    Ok(out)
}

/// `bytes` as they are written in the path of a URI.
#[must_use]
pub fn encoded(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_no_utf8_is_text_that_no_other_such_path_has() {
        use std::ffi::OsStr;
        let text = |bytes: &[u8]| of_path(Path::new(OsStr::from_bytes(bytes))).into_owned();
        assert_eq!(text("é\\x.conf".as_bytes()), "é\\x.conf");
        assert_eq!(text(b"a\xff\xfe.conf"), "a\\xff\\xfe.conf");
        assert_eq!(text(b"a\\xff\xfe.conf"), "a\\\\xff\\xfe.conf");
    }

    #[test]
    fn a_position_counts_characters_and_every_kind_of_line_end() {
        let source = Source::new("x", "a\r\nb\rcé=1\nd".as_bytes().to_vec());
        let at = |offset| {
            let p = source.position(offset);
            (p.line, p.column)
        };
        assert_eq!((at(0), at(3), at(5), at(8)), ((1, 1), (2, 1), (3, 1), (3, 3)));
        assert_eq!(at(99), (4, 2));
        // Looked for in this text, and told by who has read it.
        let mut told = Source::new("x", source.bytes().to_vec());
        told.know_lines(vec![0, 3, 5, 11]);
        for offset in 0..=source.bytes().len() {
            let alone = Source::new("x", source.bytes().to_vec()).position(offset);
            assert_eq!(alone, source.position(offset), "{offset}");
            assert_eq!(told.position(offset), source.position(offset), "{offset}");
        }
        assert_eq!(source.line_count(), 4);
        assert_eq!(
            source.line(1).map(|s| s.of(source.bytes()).to_vec()),
            Some(b"a".to_vec())
        );
        assert_eq!(
            source.line(2).map(|s| s.of(source.bytes()).to_vec()),
            Some(b"b".to_vec())
        );
    }

    #[test]
    fn an_empty_text_has_no_line_and_a_final_newline_starts_none() {
        assert_eq!(Source::new("x", vec![]).line_count(), 0);
        assert_eq!(Source::new("x", b"a\n".to_vec()).line_count(), 1);
        assert_eq!(Source::new("x", b"a\n\r".to_vec()).line_count(), 2);
    }

    #[test]
    fn edits_that_overlap_are_refused() {
        let edits = [Edit::delete(Span::new(0, 3)), Edit::delete(Span::new(2, 4))];
        assert_eq!(apply_edits(b"abcdef", &edits), Err(EditError::Overlap(2)));
        assert_eq!(
            apply_edits(b"ab", &[Edit::delete(Span::new(1, 3))]),
            Err(EditError::OutOfBounds(3))
        );
    }

    #[test]
    fn edits_apply_in_the_order_of_the_text() {
        let edits = [
            Edit::insert(3, "!"),
            Edit::replace(Span::new(0, 1), "AA"),
            Edit::insert(3, "?"),
        ];
        assert_eq!(apply_edits(b"abc", &edits).unwrap(), b"AAbc!?");
    }
}
