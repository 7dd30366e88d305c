//! Markdown by its parts: only what is escaped gets into a page, so no text of a file can be more than text there.
//!
//! It is GitHub's dialect: tables, fences.

use crate::plain;

/// Text that Markdown shows as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Escaped(String);

/// What may be more than itself within a line; at its start, [`LEADING`] too.
const SPECIAL: &str = "\\`*_~|<>[]&#";
const LEADING: &str = "-+=";

impl Escaped {
    /// `text` as it is, on one line.
    pub(super) fn text(text: &str) -> Self {
        let text = plain::line(text).replace('\t', " ");
        let mut out = String::with_capacity(text.len() + 8);
        for (at, c) in text.char_indices() {
            if SPECIAL.contains(c) || (at == 0 && LEADING.contains(c)) {
                out.push('\\');
            }
            out.push(c);
        }
        Self(out)
    }

    /// `text` as code, on one line; as text where it holds what ends code or a cell of a table.
    pub(super) fn code(text: &str) -> Self {
        let line = plain::line(text);
        if line.trim().is_empty() || line.contains(['`', '|', '\\']) {
            return Self::text(text);
        }
        Self(format!("`{}`", line.trim()))
    }

    /// A sentence of novamend's: what stands between two backquotes is code.
    pub(super) fn prose(text: &str) -> Self {
        let parts: Vec<&str> = text.split('`').collect();
        if parts.len().is_multiple_of(2) {
            return Self::text(text);
        }
        let each = parts.iter().enumerate().map(|(number, part)| {
            if number.is_multiple_of(2) {
                Self::text(part)
            } else {
                Self::code(part)
            }
        });
        Self(each.map(|part| part.0).collect())
    }

    /// Both, one after the other.
    pub(super) fn and(self, other: &Self) -> Self {
        Self(self.0 + &other.0)
    }
}

/// A page, block by block, a blank line between two of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Page(String);

impl Page {
    /// A heading of this level.
    pub(super) fn heading(&mut self, level: usize, title: &Escaped) {
        self.block(&format!("{} {}\n", "#".repeat(level), title.0));
    }

    /// A paragraph.
    pub(super) fn paragraph(&mut self, text: &Escaped) {
        if !text.0.is_empty() {
            self.block(&format!("{}\n", text.0));
        }
    }

    /// A list; none where it is empty.
    pub(super) fn list(&mut self, items: &[Escaped]) {
        let lines: Vec<String> = items.iter().map(|item| format!("* {}\n", item.0)).collect();
        self.block(&lines.concat());
    }

    /// A table; none where it has no rows.
    pub(super) fn table(&mut self, columns: &[&str], rows: &[Vec<Escaped>]) {
        if rows.is_empty() {
            return;
        }
        let rule = "| --- ".repeat(columns.len());
        let mut text = format!("| {} |\n{rule}|\n", columns.join(" | "));
        for row in rows {
            let cells: Vec<&str> = row.iter().map(|cell| cell.0.as_str()).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        self.block(&text);
    }

    /// `text`, line for line, as it is, between fences that it cannot close.
    pub(super) fn fence(&mut self, language: &str, text: &str) {
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let text = plain::lines(text);
        self.block(&format!(
            "{fence}{language}\n{}\n{fence}\n",
            text.trim_end_matches('\n')
        ));
    }

    /// What is Markdown already, of novamend's own.
    pub(super) fn own(&mut self, text: &'static str) {
        self.block(text);
    }

    fn block(&mut self, text: &str) {
        if !text.is_empty() && !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(text);
    }

    /// The whole text.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_more_than_text() {
        let text = |text: &str| Escaped::text(text).0;
        assert_eq!(
            text("a|b`c`*d*_e_<f>[g](h)&amp;"),
            "a\\|b\\`c\\`\\*d\\*\\_e\\_\\<f\\>\\[g\\](h)\\&amp;"
        );
        assert_eq!(text("- a\nb"), "\\- a\\\\nb");
        assert_eq!(text("\u{1b}[2J\\"), "\\\\u{1b}\\[2J\\\\");
    }

    #[test]
    fn code_cannot_be_left() {
        let code = |text: &str| Escaped::code(text).0;
        assert_eq!(code("[libvirt] x_y"), "`[libvirt] x_y`");
        for text in ["a`b", "a|b", "a\\", "a\\|b", "a\nb"] {
            assert!(!code(text).starts_with('`'), "{text:?}");
        }
        assert_eq!(Escaped::prose("use `a_b` and c_d").0, "use `a_b` and c\\_d");
        assert_eq!(Escaped::prose("a ` b").0, "a \\` b");
    }

    #[test]
    fn a_fence_is_longer_than_any_in_its_text() {
        let mut page = Page::default();
        page.fence("diff", "+````\n+b\n");
        assert_eq!(page.into_text(), "`````diff\n+````\n+b\n`````\n");
    }

    #[test]
    fn a_row_has_as_many_cells_as_there_are_columns() {
        let mut page = Page::default();
        page.table(&["a", "b"], &[vec![Escaped::text("x | y"), Escaped::code("p|q\\|r")]]);
        let text = page.into_text();
        let row = text.lines().last().unwrap();
        let bars = row.match_indices('|').filter(|(at, _)| {
            let escapes = row[..*at].bytes().rev().take_while(|&byte| byte == b'\\').count();
            escapes % 2 == 0
        });
        assert_eq!(bars.count(), 3, "{row}");
    }
}
