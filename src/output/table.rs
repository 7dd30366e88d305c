//! Columns for people, as wide as their widest cell is on a terminal; where they are wider than it, cells wrap at words.

use unicode_width::UnicodeWidthStr;

use super::Style;

/// Blanks between two columns.
const GAP: usize = 2;
/// A column is not made narrower than its longest word, and of a longer one than this, or than a quarter of what there is.
const NARROWEST: usize = 24;

/// `rows` in columns; a cell that has to wrap goes on below itself.
#[must_use]
pub fn aligned(rows: &[Vec<String>], style: Style) -> String {
    let widths = widths(rows, style.wraps.then_some(style.width));
    let mut out = String::new();
    for row in rows {
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| wrapped(cell, width))
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut text = String::new();
            for (cell, &width) in cells.iter().zip(&widths) {
                let part = cell.get(line).map_or("", String::as_str);
                text.push_str(part);
                text.extend(std::iter::repeat_n(' ', (width + GAP).saturating_sub(part.width())));
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
    }
    out
}

/// The widths of the columns: those of the widest cells, the widest column narrowed first until all fit in `limit`.
fn widths(rows: &[Vec<String>], limit: Option<usize>) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let widest = |column: usize| cells(column).map(|cell| cell.width()).max().unwrap_or(0);
    let narrowest = limit.map_or(NARROWEST, |limit| NARROWEST.min(limit / 4));
    let longest_word = |column: usize| {
        let words = cells(column).flat_map(|cell| cell.split(' '));
        words.map(UnicodeWidthStr::width).max().unwrap_or(0).min(narrowest)
    };
    let mut widths: Vec<usize> = (0..columns).map(widest).collect();
    let least: Vec<usize> = (0..columns).map(longest_word).collect();
    let Some(limit) = limit else { return widths };
    let room = limit.saturating_sub(GAP * columns.saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        let narrowed = widths.iter_mut().zip(&least).filter(|(width, least)| **width > **least);
        match narrowed.max_by_key(|(width, _)| **width) {
            Some((width, _)) => *width -= 1,
            None => break,
        }
    }
    widths
}

/// How many columns of a terminal `text` takes.
#[must_use]
pub fn columns(text: &str) -> usize {
    // what is printable ASCII takes one each, and is nearly all there is
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        text.len()
    } else {
        text.width()
    }
}

/// `text` on lines of at most `width` columns, broken at blanks, within a word only where it is longer than a line.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    wrapped_below(text, width, width)
}

/// The same, with `width` columns on the first line and so many on those `below`.
#[must_use]
pub fn wrapped_below(text: &str, mut width: usize, below: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let of_word = columns(word);
        if !line.is_empty() && columns(&line) + 1 + of_word > width {
            lines.push(std::mem::take(&mut line));
            width = below;
        } else if !line.is_empty() {
            line.push(' ');
        }
        if of_word <= width {
            line.push_str(word);
            continue;
        }
        for c in word.chars() {
            let mut buffer = [0; 4];
            if !line.is_empty() && line.width() + c.encode_utf8(&mut buffer).width() > width.max(1) {
                lines.push(std::mem::take(&mut line));
                width = below;
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        let row = |row: &&[&str]| row.iter().map(|&cell| cell.to_owned()).collect();
        rows.iter().map(row).collect()
    }

    #[test]
    fn columns_are_as_wide_as_they_look() {
        let rows = rows(&[&["中文", "b", "c"], &["e\u{301}", "bb", ""]]);
        assert_eq!(aligned(&rows, Style::default()), "中文  b   c\ne\u{301}     bb\n");
    }

    #[test]
    fn what_is_wider_than_the_terminal_wraps_at_words_and_a_pipe_gets_one_line_a_row() {
        let rows = rows(&[&[
            "removed",
            "[libvirt] x",
            "one two three four five six seven eight nine ten",
        ]]);
        let style = Style {
            width: 40,
            wraps: true,
            ..Style::default()
        };
        let text = aligned(&rows, style);
        assert!(text.lines().all(|line| line.width() <= 40), "{text}");
        assert!(text.lines().count() > 1 && text.contains("removed  "), "{text}");
        assert_eq!(aligned(&rows, Style { wraps: false, ..style }).lines().count(), 1);
        assert_eq!(wrapped("aaaaaa b", 4), ["aaaa", "aa b"]);
    }
}
