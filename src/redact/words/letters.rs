//! Whether a name may speak of a secret, whatever its spelling: nearly every name, and nearly every word of a comment, is ruled out
//! by its letters alone.

use super::{GLUED, GLUED_ENDS, MISSPELT, SECRET_WORDS};

/// The letters of a text, a bit each.
pub(super) type Letters = u32;

/// What no letter has: the sign parts words.
const PARTS: Letters = 1 << 30;
/// What no letter has: the sign may stand for a letter, for nothing, or part words.
const UNSURE: Letters = 1 << 31;

/// What no letter has: what is in a name otherwise than it is looked up, or may be read as a letter.
const OTHERWISE: Letters = 1 << 28;

/// What each byte stands for: itself, or the letter that it is read as.
const OF_BYTE: [Letters; 256] = {
    let mut all = [PARTS; 256];
    let mut byte = 0;
    while byte < 256 {
        all[byte] = match byte as u8 {
            letter @ b'a'..=b'z' => bit(letter),
            letter @ b'A'..=b'Z' => bit(letter) | OTHERWISE,
            b'0' => bit(b'o') | OTHERWISE,
            b'1' => bit(b'i') | OTHERWISE,
            b'3' => bit(b'e') | OTHERWISE,
            b'4' => bit(b'a') | OTHERWISE,
            b'5' => bit(b's') | OTHERWISE,
            b'2' | b'6'..=b'9' => OTHERWISE,
            b'@' | b'$' | ..b' ' | 0x7f.. => UNSURE,
            _ => PARTS,
        };
        byte += 1;
    }
    all
};

/// What no letter has: the sign is none of a name.
const OUTSIDE: Letters = 1 << 29;

/// As [`OF_BYTE`], for names within a text.
const IN_TEXT: [Letters; 256] = {
    let (mut all, mut byte) = (OF_BYTE, 0);
    while byte < 256 {
        if !is_word(byte as u8) {
            all[byte] = OUTSIDE;
        }
        byte += 1;
    }
    all
};

/// What a name in a text is made of.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@' | b'$') || byte >= 0x80
}

/// Whether [`is_word`], by a look.
pub(in crate::redact) fn is_in_word(byte: u8) -> bool {
    IN_TEXT[usize::from(byte)] & OUTSIDE == 0
}

/// Those of each of the words that make a name secret, and of the endings that do.
const WORDS: [Letters; SECRET_WORDS.len() + GLUED_ENDS.len()] = {
    let (words, ends) = (of_all(SECRET_WORDS), of_all(GLUED_ENDS));
    let (mut all, mut at) = ([0; SECRET_WORDS.len() + GLUED_ENDS.len()], 0);
    while at < all.len() {
        all[at] = if at < words.len() {
            words[at]
        } else {
            ends[at - words.len()]
        };
        at += 1;
    }
    all
};
/// Those of the words that count wherever they stand, signs between their letters or not.
const ANYWHERE: [Letters; GLUED.len()] = of_all(GLUED);
/// Which of them, a bit each, have a letter at their first, second and third place.
const BEGINNINGS: [[u16; 256]; 3] = {
    let mut all = [[0; 256]; 3];
    let mut at = 0;
    while at < GLUED.len() {
        let mut place = 0;
        while place < all.len() {
            all[place][GLUED[at].as_bytes()[place] as usize] |= 1 << at;
            place += 1;
        }
        at += 1;
    }
    all
};
/// Stands for what is passed over between letters.
const SIGN: usize = 1;
/// What a byte is to those words: a letter in lower case, [`SIGN`], or anything else.
const AS_WRITTEN: [u8; 256] = {
    let (mut all, mut byte) = ([0; 256], 0);
    while byte < 256 {
        let of = byte as u8;
        all[byte] = if of.is_ascii_alphanumeric() {
            of.to_ascii_lowercase()
        } else if of.is_ascii() {
            SIGN as u8
        } else {
            0
        };
        byte += 1;
    }
    all
};
/// The same with the digits that stand for letters.
const AS_READ: [u8; 256] = {
    let mut all = AS_WRITTEN;
    let (digits, letters) = (b"01345", b"oieas");
    let mut at = 0;
    while at < digits.len() {
        all[digits[at] as usize] = letters[at];
        at += 1;
    }
    all
};
/// Those of the words that people misspell.
const NEAR: [Letters; MISSPELT.len()] = {
    let (mut all, mut at) = ([0; MISSPELT.len()], 0);
    while at < all.len() {
        all[at] = of(MISSPELT[at].0.as_bytes());
        at += 1;
    }
    all
};
/// Of each of these every letter, where but one of its letters may be missing and not two.
const ONLY_ONE: [Letters; MISSPELT.len()] = {
    let (mut all, mut at) = ([0; MISSPELT.len()], 0);
    while at < all.len() {
        assert!(matches!(MISSPELT[at].1, 1 | 2));
        all[at] = if MISSPELT[at].1 == 1 { Letters::MAX } else { 0 };
        at += 1;
    }
    all
};

const fn bit(letter: u8) -> Letters {
    1 << (letter & 31)
}

/// The letters of `word`; another sign counts for one of them.
pub(super) const fn of(word: &[u8]) -> Letters {
    let (mut letters, mut at) = (0, 0);
    while at < word.len() {
        letters |= bit(word[at]);
        at += 1;
    }
    letters
}

const fn of_all<const N: usize>(words: [&str; N]) -> [Letters; N] {
    let (mut all, mut at) = ([0; N], 0);
    while at < N {
        all[at] = of(words[at].as_bytes());
        at += 1;
    }
    all
}

/// Whether a word that makes a name secret may be in `name`, whatever its spelling; `false` says that it speaks of none.
pub(in crate::redact) fn may_speak(name: &[u8]) -> bool {
    look(name, &OF_BYTE).1
}

/// Whether one of the words that count wherever they stand is in `text`, with signs between its letters or not.
pub(super) fn has_glued(text: &[u8]) -> bool {
    may_have_glued(of_bytes(text)) && has(text, &AS_WRITTEN)
}

/// Whether a word with these `letters` is written as it is looked up, and can be read in no other way.
pub(super) fn is_plain(letters: Letters) -> bool {
    letters & (OTHERWISE | UNSURE) == 0
}

/// Those of `text` as it is read.
pub(super) fn of_bytes(text: &[u8]) -> Letters {
    text.iter()
        .fold(0, |letters, &byte| letters | OF_BYTE[usize::from(byte)])
}

fn may_have_glued(whole: Letters) -> bool {
    let has = |wanted: &Letters| wanted & !whole == 0;
    whole & SOME_OF != 0 && ANYWHERE.iter().any(has)
}

/// As [`has_glued`], of letters that are read as `read` says.
///
/// What is passed over between letters, each look behind a beginning passes over once more: a dozen times at most.
fn has(text: &[u8], read: &[u8; 256]) -> bool {
    let [first, second, third] = &BEGINNINGS;
    let (mut a, mut b) = (0, 0);
    for (at, &byte) in text.iter().enumerate() {
        let c = usize::from(read[usize::from(byte)]);
        if c == SIGN {
            continue;
        }
        let words = first[a] & second[b] & third[c];
        if words != 0 && begins_with(words, &text[at + 1..], read) {
            return true;
        }
        (a, b) = (b, c);
    }
    false
}

/// Whether what is behind the first three letters of one of `words`, a bit each, begins `rest`.
fn begins_with(words: u16, rest: &[u8], read: &[u8; 256]) -> bool {
    let letters = || {
        rest.iter()
            .map(|&byte| read[usize::from(byte)])
            .filter(|&letter| usize::from(letter) != SIGN)
    };
    let mut words = GLUED
        .iter()
        .enumerate()
        .filter(|(number, _)| words & (1 << number) != 0);
    words.any(|(_, word)| {
        let mut letters = letters();
        word.bytes().skip(3).all(|letter| letters.next() == Some(letter))
    })
}

/// The length of the word that `text` begins with, and whether it may speak of a secret, as [`may_speak`].
pub(in crate::redact) fn at_word(text: &[u8]) -> (usize, bool) {
    look(text, &IN_TEXT)
}

/// As [`at_word`], as far as `kinds` says that a word reaches.
fn look(text: &[u8], kinds: &[Letters; 256]) -> (usize, bool) {
    let (mut whole, mut is_of_word, mut start) = (0, false, 0);
    let length = loop {
        let (mut word, mut end_kind) = (0, OUTSIDE);
        let length = text[start..].iter().position(|&byte| {
            let letters = kinds[usize::from(byte)];
            let is_end = letters & (PARTS | OUTSIDE) != 0;
            if is_end {
                end_kind = letters;
            } else {
                word |= letters;
            }
            is_end
        });
        let end = length.map_or(text.len(), |length| start + length);
        is_of_word = is_of_word || (has_letters_of_word(word) && super::may_be_secret_word(&text[start..end], word));
        whole |= word;
        if end_kind & OUTSIDE != 0 {
            break end;
        }
        start = end + 1;
    };
    let is_glued = || may_have_glued(whole) && has(&text[..length], &AS_READ);
    (length, is_of_word || whole & UNSURE != 0 || is_glued())
}

/// The word of those that make a name secret, by its number, whether all its letters are in `word`.
pub(super) fn has_all(word: Letters, number: usize) -> bool {
    WORDS[number] & !word == 0
}

/// How many letters of a word that people misspell, by its number, are not in `word`: 0, 1, 2 or, for more, 3.
pub(super) fn missing(word: Letters, number: usize) -> usize {
    let without_one = |letters: Letters| letters & letters.wrapping_sub(1);
    let missing = NEAR[number] & !word;
    let (but_one, but_two) = (without_one(missing), without_one(without_one(missing)));
    usize::from(missing != 0) + usize::from(but_one != 0) + usize::from(but_two != 0)
}

/// Each of the words has one of these letters, and so has what is near to one of them.
const SOME_OF: Letters = bit(b'p') | bit(b'k') | bit(b't') | bit(b'c') | bit(b'b');

/// Whether `word`, the letters of one, are those of a word that makes a name secret, or nearly.
#[allow(clippy::needless_bitwise_bool)] // so it is without branches
pub(super) fn has_letters_of_word(word: Letters) -> bool {
    if word & SOME_OF == 0 {
        return false; // Many.
    }
    // Without a way out in between, so that many are looked at at once.
    let found = WORDS.iter().fold(false, |found, wanted| found | (wanted & !word == 0));
    // One edit of a word takes one of its letters away at most.
    let near = NEAR.iter().zip(&ONLY_ONE).fold(false, |found, (meant, only_one)| {
        let missing = meant & !word;
        let but_one = missing & missing.wrapping_sub(1);
        let too_many = (but_one & but_one.wrapping_sub(1)) | (but_one & only_one);
        found | (too_many == 0)
    });
    found | near
}
