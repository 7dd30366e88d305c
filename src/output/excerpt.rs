//! The lines around a place, masked and cut to a width a person can read.
//!
//! How they are framed is up to the format.

use crate::oslo::document::Document;
use crate::plain;
use crate::redact::{self, MASK, Secrets};
use crate::text::Span;
use unicode_width::UnicodeWidthChar;

/// So many of the columns that there are stay before the place in a line that is cut: one of so many.
const LEAD: usize = 4;
/// The most lines of the place itself.
const TALLEST: usize = 8;

/// Lines of a file as they may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Number of the first line, from 1.
    pub first_line: usize,
    /// The lines, joined by `\n`.
    pub text: String,
    /// Byte range in `text` of the place the excerpt is about.
    pub label: (usize, usize),
}

/// The lines of `span` and `context` lines before and after it, without any of the secrets `known`, each of at most `widest` columns.
#[must_use]
pub fn excerpt(document: &Document, span: Span, context: usize, known: &Secrets, widest: usize) -> Excerpt {
    let source = document.source();
    let first = source.position(span.start).line;
    let last = source.position(span.end.max(span.start + 1) - 1).line;
    let last = last.min(first + TALLEST - 1);
    let (from, to) = (
        first.saturating_sub(context).max(1),
        (last + context).min(source.line_count().max(1)),
    );
    let lines: Vec<Span> = (from..=to).filter_map(|number| source.line(number)).collect();
    let range = Span::new(
        lines.first().map_or(0, |line| line.start),
        lines.last().map_or(0, |line| line.end),
    );
    let secrets = redact::lines::secrets(document, range, known);
    let mut out = Excerpt {
        first_line: from,
        text: String::new(),
        label: (0, 0),
    };
    let mut label: Option<(usize, usize)> = None;
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.text.push('\n');
        }
        let shown = cut(shown_line(document, *line, &secrets, span), widest);
        let base = out.text.len();
        if let Some((start, end)) = shown.label {
            let end = base + end;
            label = Some(label.map_or((base + start, end), |(first, _)| (first, end)));
        }
        out.text.push_str(&shown.text);
    }
    out.label = label.unwrap_or((0, 0));
    out
}

struct ShownLine {
    text: String,
    label: Option<(usize, usize)>,
}

/// One line, masked and cut; `label` is the part of it that lies in `span`.
fn shown_line(document: &Document, line: Span, secrets: &[Span], span: Span) -> ShownLine {
    let bytes = document.source().bytes();
    let mut text = String::with_capacity(line.len());
    let (mut start, mut end) = (None, None);
    let mut at = line.start;
    let inside = |offset: usize| span.start <= offset && offset < span.end.max(span.start + 1);
    let mut copy = |text: &mut String, from: usize, to: usize| {
        // Cut at the ends of the place, so that both are found again in the shown text.
        let mut cuts: Vec<usize> = [from, span.start, span.end, to]
            .into_iter()
            .filter(|&cut| from <= cut && cut <= to)
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        for pair in cuts.windows(2) {
            if inside(pair[0]) {
                start.get_or_insert(text.len());
            }
            text.push_str(&visible(&String::from_utf8_lossy(&bytes[pair[0]..pair[1]])));
            if inside(pair[0]) {
                end = Some(text.len());
            }
        }
    };
    let mut masked: Vec<(usize, usize)> = Vec::new();
    for secret in secrets.iter().filter(|s| s.start < line.end && s.end > line.start) {
        let (from, to) = (secret.start.max(line.start), secret.end.min(line.end));
        copy(&mut text, at, from.max(at));
        masked.push((from, text.len()));
        text.push_str(MASK);
        at = to.max(at);
    }
    copy(&mut text, at.min(line.end), line.end);
    for (offset, shown) in masked {
        if inside(offset) || (offset <= span.start && span.start < line.end && start.is_none()) {
            start = Some(start.map_or(shown, |known: usize| known.min(shown)));
            end = Some(end.map_or(shown + MASK.len(), |known: usize| known.max(shown + MASK.len())));
        }
    }
    let label = start.zip(end).or_else(|| {
        // A place at the very end of a line: the caret stands behind its last character.
        (line.start <= span.start && span.start == line.end).then_some((text.len(), text.len()))
    });
    ShownLine { text, label }
}

/// Control characters as they can be seen; a tab stays.
fn visible(text: &str) -> String {
    let picture = |c: char| match c {
        '\u{0}'..='\u{1f}' if c != '\t' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        c => c,
    };
    plain::line(&text.chars().map(picture).collect::<String>()).into_owned()
}

/// Cuts a line of more than `widest` columns to what stands around its label; a tab may take four.
fn cut(line: ShownLine, widest: usize) -> ShownLine {
    let columns = |c: char| if c == '\t' { 4 } else { c.width().unwrap_or(0) };
    let wide = |text: &str| text.chars().map(columns).sum::<usize>();
    let ShownLine { text, label } = line;
    if wide(&text) <= widest {
        return ShownLine { text, label };
    }
    // Behind so many columns of `text`, a mark of what is left out being one itself.
    let offset = |text: &str, most: usize| {
        let mut taken = 0;
        let mut fit = text.char_indices().skip_while(|(_, c)| {
            taken += columns(*c);
            taken <= most
        });
        fit.next().map_or(text.len(), |(at, _)| at)
    };
    let before = label.map_or(0, |(start, _)| wide(&text[..start]));
    let lead = widest / LEAD;
    let from = if before > lead { offset(&text, before - lead) } else { 0 };
    let to = from + offset(&text[from..], widest.saturating_sub(2));
    let head = if from > 0 { "…" } else { "" };
    let tail = if to < text.len() { "…" } else { "" };
    let moved = |at: usize| at.clamp(from, to) - from + head.len();
    ShownLine {
        label: label.map(|(start, end)| (moved(start), moved(end))),
        text: format!("{head}{}{tail}", &text[from..to]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn shown(text: &str, needle: &str) -> (Excerpt, String) {
        let document = Document::parse(Source::new("nova.conf", text.as_bytes().to_vec()));
        let start = text.find(needle).unwrap();
        let excerpt = excerpt(
            &document,
            Span::new(start, start + needle.len()),
            1,
            &Secrets::of_document(&document),
            160,
        );
        let label = excerpt.text[excerpt.label.0..excerpt.label.1].to_owned();
        (excerpt, label)
    }

    #[test]
    fn the_place_is_found_again_in_the_masked_lines() {
        let text = "[a]\nadmin_password = hunter2\nx = é1\ntransport_url = rabbit://u:p@h/\ny = 2\n";
        let (excerpt, label) = shown(text, "x = é1");
        assert_eq!((excerpt.first_line, label.as_str()), (2, "x = é1"));
        assert_eq!(excerpt.text, "admin_password = ***\nx = é1\ntransport_url = ***");
        let (_, label) = shown(text, "admin_password = hunter2");
        assert_eq!(label, "admin_password = ***");
        let (_, label) = shown(text, "hunter2");
        assert_eq!(label, "***");
    }

    #[test]
    fn a_line_of_a_megabyte_is_cut_around_the_place() {
        let text = format!("[a]\nx = {}needle{}\n", "é".repeat(500_000), "b".repeat(500_000));
        let (excerpt, label) = shown(&text, "needle");
        assert_eq!(label, "needle");
        assert!(excerpt.text.len() < 1000);
    }
}
