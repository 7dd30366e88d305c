//! The lines that version control puts into a file where two changes did not go together.
//!
//! It finds them; what to say of them the rules know.

use crate::oslo::Document;
use crate::oslo::document::ItemKind;
use crate::oslo::lexer;
use crate::text::Span;

/// One conflict: the line that opens it and all of its markers, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) struct Conflict {
    /// Its markers, without their line ends; at least two.
    pub(in crate::rules) markers: Vec<Span>,
}

impl Conflict {
    /// From the first byte of the first marker to the last of the last.
    pub(in crate::rules) fn span(&self) -> Span {
        let (first, last) = (self.markers[0], self.markers[self.markers.len() - 1]);
        Span::new(first.start, last.end)
    }
}

/// Which part of a conflict a marker opens or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    Start,
    Middle,
    End,
}

/// The conflicts in `document`. A row of seven `=` alone is none, since people underline with them.
pub(in crate::rules) fn conflicts(document: &Document) -> Vec<Conflict> {
    let bytes = document.source().bytes();
    let mut found: Vec<Conflict> = Vec::new();
    let mut open: Vec<Span> = Vec::new();
    for item in document.items() {
        // Markers stand in the first column: each is a line of its own, or the first of an assignment.
        if !matches!(item.kind(), ItemKind::Malformed(_) | ItemKind::Assignment(_)) {
            continue;
        }
        let Some((_, line)) = document.lines_of(item).next() else {
            continue;
        };
        let line = Span::new(line.start, lexer::strip_end(bytes, line));
        match marker(line.of(bytes)) {
            Some(Marker::Start) => {
                found.extend(closed(&mut open));
                open.push(line);
            }
            Some(Marker::Middle) if !open.is_empty() => open.push(line),
            Some(Marker::End) => {
                open.push(line);
                found.extend(closed(&mut open));
            }
            _ => {}
        }
    }
    found.extend(closed(&mut open));
    found
}

/// What is open as a conflict, if there is anything.
fn closed(open: &mut Vec<Span>) -> Option<Conflict> {
    let markers = std::mem::take(open);
    (!markers.is_empty()).then_some(Conflict { markers })
}

/// What `line` marks: seven of a sign, alone or before a blank.
fn marker(line: &[u8]) -> Option<Marker> {
    let (head, rest) = line.split_at_checked(7)?;
    let is_apart = rest.first().is_none_or(|byte| *byte == b' ');
    let sign = head[0];
    if !is_apart || head.iter().any(|byte| *byte != sign) {
        return None;
    }
    match sign {
        b'<' => Some(Marker::Start),
        b'|' => Some(Marker::Middle),
        b'=' if rest.is_empty() => Some(Marker::Middle),
        b'>' => Some(Marker::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    /// How many markers each conflict of `text` has.
    fn of(text: &str) -> Vec<usize> {
        let document = Document::parse(Source::new("nova.conf", text.as_bytes().to_vec()));
        conflicts(&document).iter().map(|found| found.markers.len()).collect()
    }

    #[test]
    fn a_conflict_is_found_with_all_its_markers() {
        assert_eq!(
            of("[DEFAULT]\n<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> theirs: a\n"),
            [3]
        );
        assert_eq!(
            of("[DEFAULT]\n<<<<<<< a\n||||||| b\n=======\n>>>>>>> c\n<<<<<<< a\n"),
            [4, 1]
        );
    }

    #[test]
    fn what_only_looks_like_a_marker_is_none() {
        for text in [
            "[DEFAULT]\n=======\n",
            "[DEFAULT]\n<<<<<<<<\n",
            "[DEFAULT]\n<<<<<< a\n",
            "a = <<<<<<< b\n",
        ] {
            assert_eq!(of(text), [] as [usize; 0], "{text}");
        }
    }
}
