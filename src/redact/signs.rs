//! Signs in a line near which a secret may stand: most words of prose are not looked at for them.
//!
//! What is behind a word is a secret's value for a sign right behind the word (`password = x`, `password%3dx`), before it
//! (`<password>`), within its name (`--password`), or in what stands behind a blank (`password x1y2`, `sshpass -p x`). What is so for
//! words alone, the caller finds out.

use super::words::is_word;

/// What a line holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// `@` or `%`.
    pub(super) at: bool,
    /// A sign near which a secret may stand.
    pub(super) sign: bool,
}

/// So many bytes are looked at in one step.
const STEP: usize = 16;

/// What `line` holds; `;` counts for a sign too.
pub(super) fn held(line: &[u8]) -> Held {
    let (steps, rest) = line.as_chunks();
    let mut last = [0; STEP];
    last[..rest.len()].copy_from_slice(rest);
    let found = steps.iter().fold(held_in(&last), |found, step| found | held_in(step));
    Held {
        at: found & 2 != 0,
        sign: found & 1 != 0,
    }
}

/// Without a way out in between, so that all of them are looked at at once.
#[allow(clippy::needless_bitwise_bool)] // so it is without branches
fn held_in(step: &[u8; STEP]) -> u8 {
    step.iter().fold(0, |found, &byte| {
        let is_sign = matches!(byte, b'0'..=b'=') | (byte == b'-') | (byte == b'%');
        let is_at = (byte == b'@') | (byte == b'%');
        found | u8::from(is_sign) | (u8::from(is_at) << 1)
    })
}

/// Words of a line, by their places in it.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// Where those begin that are near a sign, in order.
    pub(super) starts: Vec<usize>,
    /// Where the first word of the line begins.
    pub(super) first: Option<usize>,
}

const WORD: u8 = 1;
const BLANK: u8 = 2;
/// What may stand between a word and the sign of an assignment.
const CLOSER: u8 = 4;
const DIGIT: u8 = 8;
const SIGN: u8 = 16;

/// What each byte is.
const KINDS: [u8; 256] = {
    let mut all = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let of = byte as u8;
        all[byte] = match of {
            b'0'..=b'9' => WORD | DIGIT,
            b'-' => WORD | SIGN,
            b':' | b'=' | b'%' | b'<' => SIGN,
            b'"' | b'\'' | b'`' | b']' | b')' | b'}' | b'\\' => CLOSER,
            b' ' | b'\t' => BLANK | CLOSER,
            of if of.is_ascii_whitespace() => BLANK,
            of if is_word(of) => WORD,
            _ => 0,
        };
        byte += 1;
    }
    all
};

fn is(byte: u8, kind: u8) -> bool {
    KINDS[usize::from(byte)] & kind != 0
}

/// What stands behind a blank counts from this length on.
const SHORTEST: usize = 5;

/// The words of `line` near signs: all behind which a secret may stand for a sign, and some more.
pub(super) fn words_near(line: &[u8]) -> Near {
    let mut starts = Vec::with_capacity(8);
    let mut words = Words {
        line,
        looked: 0,
        latest: [None; 2],
    };
    // What stands between the same blanks, the two words before it, and whether its digits have been seen.
    let (mut part, mut before, mut has_digits) = (0..0, [None; 2], false);
    let mut from = 0;
    while let Some(length) = line[from..].iter().position(|&byte| is(byte, SIGN | DIGIT)) {
        let at = from + length;
        from = at + 1;
        if part.end <= at {
            let is_blank = |&byte: &u8| is(byte, BLANK);
            let start = line[part.end..at]
                .iter()
                .rposition(is_blank)
                .map_or(part.end, |blank| part.end + blank + 1);
            let end = line[at..]
                .iter()
                .position(is_blank)
                .map_or(line.len(), |length| at + length);
            (part, before, has_digits) = (start..end, words.before(start), false);
        }
        let is_in_word = at > 0 && is(line[at - 1], WORD);
        match line[at] {
            b'<' => starts.extend(line.get(at + 1).filter(|&&byte| is(byte, WORD)).map(|_| at + 1)),
            b'-' if is_in_word => {}
            b'-' => starts.extend([Some(at)].into_iter().chain(words.before(at)).flatten()),
            b'0'..=b'9' => {
                if !std::mem::replace(&mut has_digits, true) && part.len() >= SHORTEST {
                    starts.extend(before.into_iter().flatten());
                }
            }
            _ => {
                let closers = line[..at].iter().rev().take_while(|&&byte| is(byte, CLOSER)).count();
                let length = line[..at - closers]
                    .iter()
                    .rev()
                    .take_while(|&&byte| is(byte, WORD))
                    .count();
                starts.extend((length > 0).then_some(at - closers - length));
                starts.extend(before.into_iter().flatten());
            }
        }
    }
    starts.sort_unstable();
    starts.dedup();
    let first = line.iter().position(|&byte| is(byte, WORD));
    Near { starts, first }
}

/// The words of a line before places in it, each asked for behind the one before, so that no part is looked through twice.
struct Words<'a> {
    line: &'a [u8],
    /// The latest place; no word goes on over it.
    looked: usize,
    /// The two words before it.
    latest: [Option<usize>; 2],
}

impl Words<'_> {
    /// Where the two words before `at` begin, the nearer first.
    fn before(&mut self, at: usize) -> [Option<usize>; 2] {
        let is_word = |&byte: &u8| is(byte, WORD);
        let (mut found, mut end) = ([None; 2], at);
        for found in &mut found {
            let part = &self.line[self.looked..end];
            let Some(last) = part.iter().rposition(is_word) else {
                break;
            };
            let length = part[..last].iter().rev().take_while(|byte| is_word(byte)).count();
            end = self.looked + last - length;
            *found = Some(end);
        }
        self.latest = match found {
            [Some(_), Some(_)] => found,
            [Some(_), None] => [found[0], self.latest[0]],
            [None, _] => self.latest,
        };
        self.looked = at;
        self.latest
    }
}
