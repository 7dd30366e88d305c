//! Text that others wrote, made fit for a terminal, a log and a JSON document: what rules a terminal, turns the direction
//! of writing, cannot be seen, or starts a command of a CI runner comes as an escape that can be seen.
//!
//! It hides nothing: every character that goes can be read in its escape, such as `\u{1b}`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use crate::text;

/// Whether `c` never goes out raw: control characters (C0, DEL, C1), line ends of Unicode, bidirectional controls, and
/// characters without any width. Line feed and tab are among them.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// `text` of several lines: line feeds and tabs stay, all else that [`is_unsafe`] is escaped.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_unsafe(c) && c != '\n' && c != '\t')
}

/// `text` as a part of one line: a tab stays, line ends and all else that [`is_unsafe`] are escaped.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_unsafe(c) && c != '\t')
}

/// A path on one line, written as [`text::of_path`] has it.
#[must_use]
pub fn path(path: &Path) -> String {
    line(&text::of_path(path)).into_owned()
}

/// Whether `text` is of letters, digits and signs of ASCII, blanks and line feeds alone, as nearly all of it is: nothing
/// then has to be looked at character by character.
fn is_plain(text: &str) -> bool {
    are_all(text, |byte| matches!(byte, b' '..=b'~' | b'\n'))
}

/// Whether every byte of `text` is such; without a way out in between, so that many bytes are looked at in one step.
fn are_all(text: &str, is_such: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(true, |are_all, byte| are_all & is_such(byte))
}

fn escaped(text: &str, goes: impl Fn(char) -> bool) -> Cow<'_, str> {
    if are_all(text, |byte| matches!(byte, b' '..=b'~')) || !text.contains(&goes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if goes(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// What a whole output may hold at last, whatever its parts were: [`lines`], colours where `with_color` says so
/// (`ESC [ 1;31 m` and its like, nothing else that starts with ESC), and no line that a CI runner takes for a command.
#[must_use]
pub fn output(text: &str, with_color: bool) -> Cow<'_, str> {
    output_with(
        text,
        Escapes {
            with_color,
            links: None,
        },
    )
}

/// Which escape sequences pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Escapes {
    /// Colours.
    pub with_color: bool,
    /// Links (OSC 8) to addresses that begin so and go on with a rule's id: no text of somebody else's can be one.
    pub links: Option<&'static str>,
}

/// As [`output`], with links where they are wanted.
#[must_use]
pub fn output_with(text: &str, passing: Escapes) -> Cow<'_, str> {
    let is_harmless = |c: char| !is_unsafe(c) || c == '\n' || c == '\t';
    let has_command = text.contains("##") || text.contains("::");
    if !has_command && (is_plain(text) || text.chars().all(is_harmless)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        without_command(&without_unsafe(line, passing), &mut out);
    }
    Cow::Owned(out)
}

/// As [`output`], without colours, for a report that GitHub Actions is to take for commands: a line that shows something
/// (`::error `, `::warning `, `::notice ` at its start) stays one, and no other is one.
#[must_use]
pub fn commands(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let shows = ["::error ", "::warning ", "::notice "]
            .iter()
            .find(|word| line.starts_with(**word));
        let word = shows.map_or("", |word| word);
        out.push_str(word);
        // Behind the word nothing starts a line any more.
        let rest = lines(&line[word.len()..]);
        if word.is_empty() {
            without_command(&rest, &mut out);
        } else {
            out.push_str(&without_marks(&rest));
        }
    }
    out
}

fn without_unsafe(text: &str, passing: Escapes) -> Cow<'_, str> {
    if passing == Escapes::default() {
        return lines(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find('\u{1b}') {
        out.push_str(&lines(&rest[..start]));
        let behind = &rest[start..];
        let of_color = color(behind).filter(|_| passing.with_color);
        let length = of_color.or_else(|| link(behind, passing.links?));
        match length {
            Some(length) => out.push_str(&rest[start..start + length]),
            None => out.push_str("\\u{1b}"),
        }
        rest = &rest[start + length.unwrap_or(1)..];
    }
    out.push_str(&lines(rest));
    Cow::Owned(out)
}

/// The length of the colour that `text` starts with.
fn color(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let length = parameters
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b';')
        .count();
    parameters[length..].starts_with('m').then_some(length + 3)
}

/// The length of the start of a link to a page below `links`, or of a link's end, that `text` starts with.
fn link(text: &str, links: &str) -> Option<usize> {
    const START: &str = "\u{1b}]8;;";
    const END: &str = "\u{1b}\\";
    let address = text.strip_prefix(START)?;
    if address.starts_with(END) {
        return Some(START.len() + END.len());
    }
    let rule = address.strip_prefix(links)?;
    let length = rule
        .bytes()
        .take_while(|byte| byte.is_ascii_lowercase() || *byte == b'-')
        .count();
    let end = rule[length..].strip_prefix(".md")?;
    end.starts_with(END)
        .then_some(START.len() + links.len() + length + ".md".len() + END.len())
}

/// GitHub takes a line that starts with `::` for a command, and `##[` anywhere; Azure takes `##vso[`.
fn without_command(line: &str, out: &mut String) {
    let start = line.len() - without_lead(line).len();
    let rest = &line[start..];
    out.push_str(&line[..start]);
    let rest = match rest.strip_prefix("::") {
        Some(rest) => {
            out.push_str("\\u{3a}:");
            rest
        }
        None => rest,
    };
    out.push_str(&without_marks(rest));
}

fn without_marks(text: &str) -> Cow<'_, str> {
    if !text.contains("##") {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("##[", "#\\u{23}[").replace("##vso[", "#\\u{23}vso["))
}

/// `line` behind its blanks and colours.
fn without_lead(line: &str) -> &str {
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        match color(rest) {
            Some(length) => rest = &rest[length..],
            None => return rest,
        }
    }
}

/// `document`, which is JSON, with every character that [`is_unsafe`] as `\u00XX`, as well as what starts a command of a CI
/// runner; what lies between values (line feeds) stays. It is the same JSON.
#[must_use]
pub fn json(document: &str) -> Cow<'_, str> {
    let goes = |c: char| is_unsafe(c) && c != '\n';
    if (is_plain(document) || !document.contains(goes)) && !document.contains("##") {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len() + 16);
    let mut is_behind_hash = false;
    for c in document.chars() {
        if goes(c) || (is_behind_hash && c == '#') {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
        is_behind_hash = c == '#';
    }
    Cow::Owned(out)
}

/// Makes a panic say where it happened, and nothing of the text that it happened at, which may be a secret or rule a
/// terminal.
pub fn keep_panics_quiet(program: &'static str) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        eprintln!("{program}: internal error{place}; please report it with the command line and the versions");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rules_a_terminal_comes_as_an_escape() {
        let text = "a\u{1b}[2J\r\n\u{9b}31m\u{202e}x\u{200b}\u{2028}\u{feff}\u{e0041}\ttab";
        assert_eq!(
            lines(text),
            "a\\u{1b}[2J\\r\n\\u{9b}31m\\u{202e}x\\u{200b}\\u{2028}\\u{feff}\\u{e0041}\ttab"
        );
        assert_eq!(line("a\nb"), "a\\nb");
        assert!(matches!(lines("äöü → 中 \n"), Cow::Borrowed(_)));
    }

    #[test]
    fn only_colours_pass_and_only_where_colours_are_wanted() {
        let text = "\u{1b}[1;31mred\u{1b}[0m \u{1b}[2J \u{1b}]0;title\u{7}";
        assert_eq!(
            output(text, true),
            "\u{1b}[1;31mred\u{1b}[0m \\u{1b}[2J \\u{1b}]0;title\\u{7}"
        );
        assert!(!output(text, false).contains('\u{1b}'));
    }

    #[test]
    fn only_links_to_the_pages_of_rules_pass_and_only_where_links_are_wanted() {
        let ours = "\u{1b}]8;;file://h/rules/left-behind-pin.md\u{1b}\\left\u{1b}]8;;\u{1b}\\";
        let links = Some("file://h/rules/");
        let with = |links| Escapes {
            with_color: false,
            links,
        };
        assert_eq!(output_with(ours, with(links)), ours);
        assert!(!output_with(ours, with(None)).contains('\u{1b}'));
        for others in [
            "\u{1b}]8;;https://evil/\u{1b}\\left",
            "\u{1b}]8;;file://h/rules/../../etc/passwd\u{1b}\\x",
            "\u{1b}]8;;file://h/rules/a.md\u{7}x",
            "\u{1b}]0;title\u{7}",
            "\u{1b}[31mred",
        ] {
            assert!(!output_with(others, with(links)).contains('\u{1b}'), "{others:?}");
        }
    }

    #[test]
    fn no_line_is_a_command_of_a_ci_runner() {
        for text in [
            "::error::x\n",
            "  ::set-env name=a::b\n",
            " \u{1b}[31m ::stop-commands::x\n",
        ] {
            assert!(
                !output(text, true).contains(" ::") && !output(text, true).starts_with("::"),
                "{text}"
            );
        }
        assert_eq!(
            output("a ##vso[x] ##[error] b::c\n", false),
            "a #\\u{23}vso[x] #\\u{23}[error] b::c\n"
        );
    }

    #[test]
    fn of_a_report_for_github_only_what_shows_something_is_a_command() {
        let text = "::error file=a::x ##[error] ::y\n ::error file=a::x\n::set-env name=a::b\n::stop-commands::x\n";
        let said = commands(text);
        let commands: Vec<&str> = said
            .lines()
            .filter(|line| line.trim_start().starts_with("::"))
            .collect();
        assert_eq!(commands, ["::error file=a::x #\\u{23}[error] ::y"]);
    }

    #[test]
    fn json_stays_the_same_document() {
        let value = serde_json::json!({"a\u{9b}": "x\u{202e}\u{e0041}\u{7f}##[error]\n"});
        let text = value.to_string();
        let clean = json(&text);
        assert!(!clean.contains(is_unsafe) && !clean.contains("##["), "{clean}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&clean).unwrap(), value);
    }
}
