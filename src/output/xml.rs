//! What may stand in XML 1.0: every other character comes as an escape that can be seen.

use crate::plain;

/// `text` on one line, without what XML cannot hold at all.
pub(super) fn text(text: &str) -> String {
    let line = plain::line(text);
    let is_none = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}');
    if !line.contains(is_none) {
        return line.into_owned();
    }
    let escaped = line.chars().map(|c| {
        if is_none(c) {
            c.escape_unicode().to_string()
        } else {
            c.to_string()
        }
    });
    escaped.collect()
}

/// `several` lines, each as [`text`].
pub(super) fn lines(several: &str) -> String {
    let lines: Vec<String> = several.split('\n').map(text).collect();
    lines.join("\n")
}
