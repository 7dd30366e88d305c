//! JSON as Python's `json.loads` reads it: what it takes beyond the standard, and its messages about what it does not take.

use std::collections::HashMap;

/// So deep may values be nested; Python's own limit is higher and hangs on its release.
const DEEPEST: usize = 200;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number, as it is written.
    Int(String),
    /// Any other number.
    Float(f64),
    /// A text; half a surrogate pair is the replacement character.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// Pairs in the order in which their keys first came; of a key that comes again the last value counts.
    Dict(Vec<(String, Json)>),
}

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// In Python's words.
    #[error("{0}")]
    Wrong(String),
    /// It is nested so deeply that what Python makes of it is not known.
    #[error("nested too deeply to say")]
    Deep,
}

impl Json {
    /// The value of `key`, where this is a dictionary that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Dict(pairs) => pairs.iter().find(|(own, _)| own == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Reads `text`.
    ///
    /// # Errors
    /// What Python says of it.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        let mut reader = Reader {
            chars: text.chars().collect(),
            at: 0,
            depth: 0,
        };
        if reader.peek() == Some('\u{feff}') {
            return Err(reader.wrong("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0));
        }
        reader.skip_space();
        let value = reader.value()?;
        reader.skip_space();
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err(reader.wrong("Extra data", reader.at)),
        }
    }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn takes(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        self.at += usize::from(is_next);
        is_next
    }

    /// Python's message with its place, counted in characters.
    fn wrong(&self, what: &str, at: usize) -> JsonError {
        let before = &self.chars[..at.min(self.chars.len())];
        let line = before.iter().filter(|&&c| c == '\n').count() + 1;
        let column = match before.iter().rposition(|&c| c == '\n') {
            Some(end) => at - end,
            None => at + 1,
        };
        JsonError::Wrong(format!("{what}: line {line} column {column} (char {at})"))
    }

    fn value(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        match self.peek() {
            Some('"') => {
                self.at += 1;
                return self.text().map(Json::Text);
            }
            Some('{') => return self.nested(Self::dict),
            Some('[') => return self.nested(Self::list),
            _ => {}
        }
        let words = [
            ("null", Json::Null),
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
            ("NaN", Json::Float(f64::NAN)),
            ("Infinity", Json::Float(f64::INFINITY)),
            ("-Infinity", Json::Float(f64::NEG_INFINITY)),
        ];
        for (word, value) in words {
            let end = start + word.len();
            if self
                .chars
                .get(start..end)
                .is_some_and(|is| is.iter().copied().eq(word.chars()))
            {
                self.at = end;
                return Ok(value);
            }
        }
        self.number().ok_or_else(|| self.wrong("Expecting value", start))
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, JsonError>) -> Result<Json, JsonError> {
        if self.depth == DEEPEST {
            return Err(JsonError::Deep);
        }
        self.at += 1;
        self.depth += 1;
        self.skip_space();
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn dict(&mut self) -> Result<Json, JsonError> {
        let mut pairs: Vec<(String, Json)> = Vec::new();
        let mut places = HashMap::new();
        if self.takes('}') {
            return Ok(Json::Dict(pairs));
        }
        loop {
            if !self.takes('"') {
                return Err(self.wrong("Expecting property name enclosed in double quotes", self.at));
            }
            let key = self.text()?;
            self.skip_space();
            if !self.takes(':') {
                return Err(self.wrong("Expecting ':' delimiter", self.at));
            }
            self.skip_space();
            let value = self.value()?;
            if let Some(&place) = places.get(&key) {
                pairs[place] = (key, value);
            } else {
                places.insert(key.clone(), pairs.len());
                pairs.push((key, value));
            }
            self.skip_space();
            if self.takes('}') {
                return Ok(Json::Dict(pairs));
            }
            self.comma()?;
        }
    }

    fn list(&mut self) -> Result<Json, JsonError> {
        let mut items = Vec::new();
        if self.takes(']') {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_space();
            if self.takes(']') {
                return Ok(Json::List(items));
            }
            self.comma()?;
        }
    }

    fn comma(&mut self) -> Result<(), JsonError> {
        if !self.takes(',') {
            return Err(self.wrong("Expecting ',' delimiter", self.at));
        }
        self.skip_space();
        Ok(())
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.at;
        self.takes('-');
        match self.peek() {
            Some('0') => self.at += 1,
            Some('1'..='9') => self.digits(),
            _ => {
                self.at = start;
                return None;
            }
        }
        let whole_end = self.at;
        if self.peek() == Some('.') && self.chars.get(self.at + 1).is_some_and(char::is_ascii_digit) {
            self.at += 1;
            self.digits();
        }
        let before_exponent = self.at;
        if self.peek().is_some_and(|c| matches!(c, 'e' | 'E')) {
            self.at += 1;
            if self.peek().is_some_and(|c| matches!(c, '+' | '-')) {
                self.at += 1;
            }
            let digits = self.at;
            self.digits();
            if self.at == digits {
                self.at = before_exponent;
            }
        }
        let text: String = self.chars[start..self.at].iter().collect();
        Some(if self.at == whole_end {
            Json::Int(text)
        } else {
            Json::Float(text.parse().unwrap_or(f64::INFINITY))
        })
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
    }

    /// What follows an opening quote, up to the closing one.
    fn text(&mut self) -> Result<String, JsonError> {
        let begin = self.at - 1;
        let open = |reader: &Self| reader.wrong("Unterminated string starting at", begin);
        let mut out = String::new();
        loop {
            let c = self.peek().ok_or_else(|| open(self))?;
            self.at += 1;
            match c {
                '"' => return Ok(out),
                '\\' => {
                    let escaped = self.peek().ok_or_else(|| open(self))?;
                    self.at += 1;
                    out.push(self.escape(escaped)?);
                }
                c if c <= '\x1f' => return Err(self.wrong("Invalid control character at", self.at - 1)),
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self, escaped: char) -> Result<char, JsonError> {
        Ok(match escaped {
            '"' | '\\' | '/' => escaped,
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode(),
            _ => return Err(self.wrong("Invalid \\escape", self.at - 2)),
        })
    }

    /// The character of four hex digits, or of two such escapes that belong together.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.four_digits()?;
        let is_high = (0xd800..0xdc00).contains(&first);
        let follows = self.chars.get(self.at..self.at + 2) == Some(&['\\', 'u']);
        if is_high && follows && self.at + 6 < self.chars.len() {
            let back = self.at;
            self.at += 2;
            let second = self.four_digits()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Result<u32, JsonError> {
        let start = self.at;
        let wrong = |reader: &Self| reader.wrong("Invalid \\uXXXX escape", start - 1);
        // The closing quote must still follow.
        if start + 4 >= self.chars.len() {
            return Err(wrong(self));
        }
        self.at += 4;
        let mut digits = self.chars[start..self.at].iter();
        digits
            .try_fold(0, |code, c| Some(code * 16 + c.to_digit(16)?))
            .ok_or_else(|| wrong(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Json::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn what_python_takes_beyond_the_standard_is_read() {
        let value =
            Json::parse("\t{\"a\": [NaN, -Infinity, 1e999], \"b\": 1, \"b\": \"\\ud83d\\ude00\\ud800\"} \n").unwrap();
        assert_eq!(value.get("b"), Some(&Json::Text("😀\u{fffd}".to_owned())));
        assert_eq!(
            Json::parse("123456789012345678901234567890").unwrap(),
            Json::Int("123456789012345678901234567890".to_owned())
        );
        assert!(matches!(Json::parse("-0.5E2"), Ok(Json::Float(number)) if (number + 50.0).abs() < f64::EPSILON));
    }

    #[test]
    fn what_it_rejects_is_said_in_its_words() {
        for (text, words) in [
            ("", "Expecting value: line 1 column 1 (char 0)"),
            (
                "{ vendor_id: 8086 }",
                "Expecting property name enclosed in double quotes: line 1 column 3 (char 2)",
            ),
            (
                "{\"a\": 1,}",
                "Expecting property name enclosed in double quotes: line 1 column 9 (char 8)",
            ),
            ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
            (
                "{\"a\": 1\n \"b\": 2}",
                "Expecting ',' delimiter: line 2 column 2 (char 9)",
            ),
            ("[1,]", "Expecting value: line 1 column 4 (char 3)"),
            ("[1", "Expecting ',' delimiter: line 1 column 3 (char 2)"),
            ("{} {}", "Extra data: line 1 column 4 (char 3)"),
            ("\"a", "Unterminated string starting at: line 1 column 1 (char 0)"),
            ("\"\t\"", "Invalid control character at: line 1 column 2 (char 1)"),
            ("\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)"),
            ("\"\\u12\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
            ("01", "Extra data: line 1 column 2 (char 1)"),
            ("-", "Expecting value: line 1 column 1 (char 0)"),
            ("1e", "Extra data: line 1 column 2 (char 1)"),
        ] {
            assert_eq!(error(text), words, "{text}");
        }
        assert_eq!(Json::parse(&"[".repeat(100_000)), Err(JsonError::Deep));
    }
}
