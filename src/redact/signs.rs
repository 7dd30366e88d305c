//! Signs for which a secret may stand in a line: most lines of prose have none of them.
//!
//! What is behind a word is a secret's value for a sign right behind the word (`password = x`, `password%3dx`), before it
//! (`<password>`), within its name (`--password`), or in what stands behind a blank (`password x1y2`, `sshpass -p x`). What is so for
//! words alone, the caller finds out.

use std::ops::Range;

use super::words::is_in_word;

/// Before which a password may stand: `@`, or `%` of one that is encoded.
const AT: u8 = 1;
/// What assigns, begins a tag or an encoded sign, but for the colon.
const SIGN: u8 = 2;
const COLON: u8 = 4;
const DIGIT: u8 = 8;
/// One that begins a word counts for a sign; that is looked for where there is any.
const DASH: u8 = 16;
const LETTER: u8 = 32;
const BLANK: u8 = 64;
/// What may stand between a word and the sign of an assignment, blanks aside.
const CLOSER: u8 = 128;

/// What `byte` is as a sign, without branches.
#[allow(clippy::needless_bitwise_bool)]
const fn sign(byte: u8) -> u8 {
    bit((byte == b'@') | (byte == b'%'), AT)
        | bit(matches!(byte, b'<'..=b'=') | (byte == b'%'), SIGN)
        | bit(byte == b':', COLON)
        | bit(byte.is_ascii_digit(), DIGIT)
        | bit(byte == b'-', DASH)
}

const fn bit(is_there: bool, bit: u8) -> u8 {
    if is_there { bit } else { 0 }
}

/// The signs that a line holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held(u8);

/// So many bytes are looked at in one step.
const STEP: usize = 16;

/// What `line` holds.
pub(super) fn held(line: &[u8]) -> Held {
    let (steps, rest) = line.as_chunks();
    let mut last = [0; STEP];
    last[..rest.len()].copy_from_slice(rest);
    Held(steps.iter().fold(held_in(&last), |found, step| found | held_in(step)))
}

/// Without a way out in between, so that all of them are looked at at once.
fn held_in(step: &[u8; STEP]) -> u8 {
    step.iter().fold(0, |found, &byte| found | sign(byte))
}

impl Held {
    /// Whether a password may be in it before `@`.
    pub(super) fn has_at(self) -> bool {
        self.0 & AT != 0
    }

    /// Whether a value may be assigned in it.
    pub(super) fn may_assign(self) -> bool {
        self.0 & (SIGN | COLON) != 0
    }

    /// Whether `line`, of which this is what it holds, has a sign for which a secret may stand in it.
    pub(super) fn has_sign(self, line: &[u8]) -> bool {
        self.0 & (SIGN | DIGIT) != 0
            || (self.0 & COLON != 0 && !is_open(line))
            || (self.0 & DASH != 0 && begins_with_dash(line))
    }
}

/// Whether the only colon of `line` ends it: `Possible values:` has no value there, but a name in quotes may have it on the next line.
fn is_open(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    match memchr::memchr(b':', line) {
        Some(at) if at + 1 == line.len() => line[..at].last().is_none_or(|&byte| kind(byte) & CLOSER == 0),
        _ => false,
    }
}

/// What each byte is.
const KINDS: [u8; 256] = {
    let mut all = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let of = byte as u8;
        let other = match of {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'"' | b'\'' | b'`' | b']' | b')' | b'}' | b'\\' => CLOSER,
            of if of.is_ascii_whitespace() => BLANK,
            _ => 0,
        };
        all[byte] = sign(of) | other;
        byte += 1;
    }
    all
};

fn kind(byte: u8) -> u8 {
    KINDS[usize::from(byte)]
}

/// What stands behind a blank and mixes letters and digits counts from this length on.
const MIXED: usize = 5;
/// And digits alone behind a scheme from this one.
const DIGITS: usize = 8;

/// The parts of `line` in which all words are behind which a secret may stand for a sign, in order; they begin and end where no word does.
pub(super) fn parts_near(line: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let (mut at, mut done) = (0, 0);
    // Where the two words before begin, the nearer last, with all that is of the same part.
    let mut before = [0; 2];
    std::iter::from_fn(move || {
        while at < line.len() {
            let mut kinds = 0;
            let length = line[at..].iter().position(|&byte| {
                kinds |= kind(byte);
                kind(byte) & BLANK != 0
            });
            let part = at..length.map_or(line.len(), |length| at + length);
            at = part.end + 1;
            let shortest = if kinds & LETTER != 0 { MIXED } else { DIGITS };
            let is_near = kinds & (SIGN | COLON) != 0
                || (kinds & DIGIT != 0 && part.len() >= shortest)
                || (kinds & DASH != 0 && begins_with_dash(&line[part.clone()]));
            let found = is_near.then(|| before[0].max(done)..part.end);
            if kinds & !(BLANK | CLOSER) != 0 {
                before = [before[1], part.start];
            }
            if let Some(found) = found {
                done = found.end;
                return Some(found);
            }
        }
        None
    })
}

/// Whether a word of `text` begins with a dash.
fn begins_with_dash(text: &[u8]) -> bool {
    let mut dashes = memchr::memchr_iter(b'-', text);
    dashes.any(|at| at == 0 || !is_in_word(text[at - 1]))
}
