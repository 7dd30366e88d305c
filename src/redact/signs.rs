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

/// What stands behind a blank counts from this length on.
const SHORTEST: usize = 5;

/// The words of `line` near signs: all behind which a secret may stand for a sign, and some more.
pub(super) fn words_near(line: &[u8]) -> Near {
    let mut near = Near::default();
    // The starts of the latest word, and of the two before it.
    let mut words: [Option<usize>; 3] = [None; 3];
    // The two words before what stands between the same blanks, and whether its digits have been seen.
    let (mut before, mut has_digits) = ([None; 2], false);
    let (mut is_in_word, mut is_right_behind, mut is_behind_blank, mut is_tag) = (false, false, true, false);
    for (at, &byte) in line.iter().enumerate() {
        let kind = KINDS[usize::from(byte)];
        if kind & BLANK != 0 {
            (is_in_word, is_behind_blank) = (false, true);
            is_right_behind &= kind & CLOSER != 0;
            is_tag = false;
            continue;
        }
        if is_behind_blank {
            (before, has_digits, is_behind_blank) = ([words[0], words[1]], false, false);
        }
        let is_start = kind & WORD != 0 && !is_in_word;
        if is_start {
            words = [Some(at), words[0], words[1]];
            near.first = near.first.or(Some(at));
            if std::mem::take(&mut is_tag) {
                near.starts.push(at);
            }
        }
        if kind & DIGIT != 0 && !has_digits {
            has_digits = true;
            let length = line[at..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
            let start = line[..at]
                .iter()
                .rev()
                .take_while(|byte| !byte.is_ascii_whitespace())
                .count();
            if start + length >= SHORTEST {
                near.starts.extend(before.into_iter().flatten());
            }
        }
        if kind & SIGN != 0 {
            match byte {
                b'<' => is_tag = true,
                b'-' if is_start => near.starts.extend([words[0], words[1], words[2]].into_iter().flatten()),
                b'-' => {}
                _ => {
                    near.starts.extend(words[0].filter(|_| is_right_behind || is_in_word));
                    near.starts.extend(before.into_iter().flatten());
                }
            }
        } else if kind & WORD == 0 {
            is_tag = false;
        }
        (is_in_word, is_right_behind) = (
            kind & WORD != 0,
            kind & WORD != 0 || (is_right_behind && kind & CLOSER != 0),
        );
    }
    near.starts.sort_unstable();
    near.starts.dedup();
    near
}
