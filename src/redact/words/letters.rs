//! Whether the letters of a name allow it to speak of a secret: nearly every name, and nearly every word of a comment, is
//! ruled out by them alone.

use super::{GLUED, GLUED_ENDS, MISSPELT, SECRET_WORDS};

/// The letters of a text, a bit each.
pub(super) type Letters = u32;

/// What no letter has: the sign parts words.
const PARTS: Letters = 1 << 30;
/// What no letter has: the sign may stand for a letter or part words.
const UNSURE: Letters = 1 << 31;

/// What each byte stands for: itself, or the letter that it is read as.
const OF_BYTE: [Letters; 256] = {
    let mut all = [PARTS; 256];
    let mut byte = 0;
    while byte < 256 {
        all[byte] = match byte as u8 {
            letter @ (b'a'..=b'z' | b'A'..=b'Z') => bit(letter),
            b'0' => bit(b'o'),
            b'1' => bit(b'i'),
            b'3' => bit(b'e'),
            b'4' => bit(b'a'),
            b'5' => bit(b's'),
            b'2' | b'6'..=b'9' => 0,
            b'@' | b'$' | 0x80.. => UNSURE,
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
pub(in crate::redact) const fn is_word(byte: u8) -> bool {
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
/// Those of the words that people misspell.
const NEAR: [Letters; MISSPELT.len()] = {
    let (mut all, mut at) = ([0; MISSPELT.len()], 0);
    while at < all.len() {
        all[at] = of(MISSPELT[at].0);
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
pub(super) const fn of(word: &str) -> Letters {
    let (bytes, mut letters, mut at) = (word.as_bytes(), 0, 0);
    while at < bytes.len() {
        letters |= bit(bytes[at]);
        at += 1;
    }
    letters
}

const fn of_all<const N: usize>(words: [&str; N]) -> [Letters; N] {
    let (mut all, mut at) = ([0; N], 0);
    while at < N {
        all[at] = of(words[at]);
        at += 1;
    }
    all
}

/// Whether `name` has the letters of a word that makes it secret; `false` says that it speaks of none.
pub(in crate::redact) fn may_speak(name: &[u8]) -> bool {
    let mut look = Look::default();
    for &byte in name {
        look.add(byte);
    }
    look.may_speak()
}

/// A look at the letters of a name, byte after byte.
#[derive(Default)]
pub(in crate::redact) struct Look {
    whole: Letters,
    word: Letters,
    is_of_word: bool,
}

impl Look {
    /// The length of the word that `text` begins with, and the look at it.
    pub(in crate::redact) fn at_word(text: &[u8]) -> (usize, Self) {
        let mut look = Self::default();
        for (length, &byte) in text.iter().enumerate() {
            let letters = IN_TEXT[usize::from(byte)];
            if letters & (PARTS | OUTSIDE) == 0 {
                look.word |= letters;
            } else if letters == PARTS {
                look.end_word();
            } else {
                return (length, look);
            }
        }
        (text.len(), look)
    }

    fn add(&mut self, byte: u8) {
        let letters = OF_BYTE[usize::from(byte)];
        if letters == PARTS {
            self.end_word();
        } else {
            self.word |= letters;
        }
    }

    fn end_word(&mut self) {
        self.is_of_word |= is_of_word(self.word);
        self.whole |= self.word;
        self.word = 0;
    }

    /// As [`may_speak`], of all that was added.
    pub(in crate::redact) fn may_speak(mut self) -> bool {
        self.end_word();
        let has = |wanted: &Letters| wanted & !self.whole == 0;
        self.is_of_word || self.whole & UNSURE != 0 || (self.whole & SOME_OF != 0 && ANYWHERE.iter().any(has))
    }
}

/// Each of the words has one of these letters, and so has what is near to one of them.
const SOME_OF: Letters = bit(b'p') | bit(b'k') | bit(b't') | bit(b'c') | bit(b'b');

#[allow(clippy::needless_bitwise_bool)] // so it is without branches
fn is_of_word(word: Letters) -> bool {
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
