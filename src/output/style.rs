//! How text looks where it is printed: colours, characters, columns, and how much of it.
//!
//! What the terminal can do is found out by the program; the formats only ask.

/// How text looks on this terminal.
#[allow(clippy::struct_excessive_bools)] // what a terminal can do, each by itself
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colours are used.
    pub color: bool,
    /// Whether lines may be drawn with characters beyond ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
    /// Whether tables wrap at `width`: on a terminal, and not in a pipe, where a row is a line.
    pub wraps: bool,
    /// Whether lines of a file, as a diff has them, are broken at `width`: on a terminal alone, as a pipe may take them for a patch.
    pub breaks: bool,
    /// How the addresses of the rules' pages begin, where a terminal makes links of them.
    pub links: Option<&'static str>,
    /// How much is said.
    pub detail: Detail,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            unicode: true,
            width: 100,
            wraps: false,
            breaks: false,
            links: None,
            detail: Detail::default(),
        }
    }
}

/// How much a report for people says.
#[allow(clippy::struct_excessive_bools)] // flags of the command line, each by itself
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Each finding by itself, with its lines, why it matters and what to do.
    pub is_verbose: bool,
    /// Also each line that nova ignores already.
    pub ignored: bool,
    /// Also each default that changes.
    pub defaults: bool,
    /// Counts per rule, and no finding.
    pub statistics: bool,
}

impl Style {
    /// `text` in `style`, where colours are used.
    #[must_use]
    pub fn paint(self, style: anstyle::Style, text: &str) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// `text` as a link to the page of `rule`, where the terminal makes links.
    #[must_use]
    pub fn linked(self, rule: &str, text: &str) -> String {
        match self.links {
            Some(start) => format!("\u{1b}]8;;{start}{rule}.md\u{1b}\\{text}\u{1b}]8;;\u{1b}\\"),
            None => text.to_owned(),
        }
    }
}
