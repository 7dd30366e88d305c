//! Text in lines of 60 characters, broken where Python's textwrap breaks it: at blanks, behind the hyphen of a compound, at
//! dashes, and a word that is longer than a line wherever the line ends.

/// Characters in a line.
const WIDTH: usize = 60;
/// What every line but the first starts with.
const INDENT: &str = "  ";

/// `text` in lines.
pub(super) fn wrap(text: &str) -> Vec<String> {
    let mut chunks: Vec<Vec<char>> = chunks(text);
    chunks.reverse();
    let mut lines: Vec<String> = Vec::new();
    while !chunks.is_empty() {
        let indent = if lines.is_empty() { "" } else { INDENT };
        let width = WIDTH - indent.len();
        let (mut line, mut length): (Vec<Vec<char>>, usize) = (Vec::new(), 0);
        if !lines.is_empty() && chunks.last().is_some_and(|chunk| is_blank(chunk)) {
            chunks.pop();
        }
        while let Some(chunk) = chunks.pop_if(|chunk| length + chunk.len() <= width) {
            length += chunk.len();
            line.push(chunk);
        }
        if let Some(long) = chunks.pop_if(|chunk| chunk.len() > width) {
            let (head, rest) = broken(&long, width - length);
            line.push(head);
            chunks.push(rest);
        }
        if line.last().is_some_and(|chunk| is_blank(chunk)) {
            line.pop();
        }
        if !line.is_empty() {
            let text: String = line.concat().into_iter().collect();
            lines.push(format!("{indent}{text}"));
        }
    }
    lines
}

/// What of a chunk that is longer than a line still goes on this one, `room` characters of which are left, and the rest.
fn broken(chunk: &[char], room: usize) -> (Vec<char>, Vec<char>) {
    let hyphen = chunk[..room].iter().rposition(|&c| c == '-');
    let hyphen = hyphen.filter(|&at| chunk[..at].iter().any(|&c| c != '-'));
    let end = hyphen.map_or(room, |at| at + 1);
    (chunk[..end].to_vec(), chunk[end..].to_vec())
}

fn is_blank(chunk: &[char]) -> bool {
    chunk.iter().all(|c| c.is_whitespace())
}

/// `text` in pieces between which a line may end.
fn chunks(text: &str) -> Vec<Vec<char>> {
    let is_space = |c: &char| matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ');
    let chars: Vec<char> = text.chars().map(|c| if is_space(&c) { ' ' } else { c }).collect();
    let mut chunks = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_chunk(&chars, at);
        chunks.push(chars[at..end].to_vec());
        at = end;
    }
    chunks
}

/// Where the piece ends that starts at `start`.
fn end_of_chunk(chars: &[char], start: usize) -> usize {
    if chars[start] == ' ' {
        return start + run(chars, start, |c| c == ' ');
    }
    if is_dash(chars, start) {
        return start + run(chars, start, |c| c == '-');
    }
    let ends = |end: &usize| {
        let end = *end;
        end == chars.len() || chars[end] == ' ' || is_behind_hyphen(chars, start, end) || is_dash(chars, end)
    };
    (start + 1..=chars.len()).find(ends).unwrap_or(chars.len())
}

fn run(chars: &[char], start: usize, is_in: impl Fn(char) -> bool) -> usize {
    chars[start..].iter().take_while(|&&c| is_in(c)).count()
}

/// Whether a dash of two hyphens or more stands at `at`, between words.
fn is_dash(chars: &[char], at: usize) -> bool {
    let length = run(chars, at, |c| c == '-');
    let is_behind_word = at > 0 && is_word_or_sign(chars[at - 1]);
    length >= 2 && is_behind_word && chars.get(at + length).is_some_and(|&c| is_word(c))
}

/// Whether `end` is behind the hyphen of a compound that started at `start` or later.
fn is_behind_hyphen(chars: &[char], start: usize, end: usize) -> bool {
    let before = |back: usize| end.checked_sub(back).map(|at| chars[at]);
    if before(1) != Some('-') || end < start + 2 {
        return false;
    }
    let is = |c: Option<char>, what: fn(char) -> bool| c.is_some_and(what);
    let is_compound = (is(before(2), is_letter) && is(before(3), is_letter))
        || (is(before(2), is_letter) && before(3) == Some('-') && is(before(4), is_letter));
    let next = |at: usize| chars.get(end + at).copied();
    let goes_on =
        is(next(0), is_letter) && (is(next(1), is_letter) || (next(1) == Some('-') && is(next(2), is_letter)));
    is_compound && goes_on
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_word_or_sign(c: char) -> bool {
    is_word(c) || "!\"'&.,?".contains(c)
}

fn is_letter(c: char) -> bool {
    is_word(c) && !c.is_numeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_blanks_behind_hyphens_and_within_what_is_too_long() {
        let text = format!("{} nova-compute does not start", "x".repeat(50));
        assert_eq!(
            wrap(&text),
            [
                format!("{} nova-", "x".repeat(50)),
                "  compute does not start".to_owned()
            ]
        );
        let long = "y".repeat(130);
        let lines: Vec<usize> = wrap(&long).iter().map(String::len).collect();
        assert_eq!(lines, [60, 60, 14]);
        assert!(wrap("").is_empty());
    }
}
