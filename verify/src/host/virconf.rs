//! Libvirt's configuration language, byte by byte as its daemons read it: names, texts in quotes, whole numbers and lists.
//!
//! It knows no option; [`super::qemu_conf`] does. Source: `src/util/virconf.c` of libvirt, which wants no UTF-8.

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number; libvirt tells by the minus sign alone whether an unsigned one was meant.
    Number {
        /// Its bits, as libvirt lets them overflow.
        number: i64,
        /// Whether it was written with a minus sign.
        is_negative: bool,
    },
    /// A text.
    Text(Vec<u8>),
    /// A list.
    List(Vec<Value>),
}

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The line on which it ends, from 1 on.
    pub line: usize,
    /// The value.
    pub value: Value,
}

/// Where and why libvirt stops reading.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct SyntaxError {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong.
    pub why: &'static str,
}

/// Everything that is assigned in `bytes`, in order.
///
/// # Errors
/// Where libvirt refuses the whole file.
pub fn parse(bytes: &[u8]) -> Result<Vec<Entry>, SyntaxError> {
    let mut reader = Reader { bytes, at: 0, line: 1 };
    let mut entries = Vec::new();
    while reader.at < bytes.len() {
        entries.extend(reader.statement()?);
        reader.separator()?;
    }
    Ok(entries)
}

/// The value that counts of `name`: the first, as libvirt looks it up.
#[must_use]
pub fn find<'a>(entries: &'a [Entry], name: &str) -> Option<&'a Entry> {
    entries.iter().find(|entry| entry.name == name)
}

/// How deep lists may lie in lists; libvirt has no bound but its stack, and no option takes a list of lists.
const DEEPEST: usize = 64;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl Reader<'_> {
    /// The byte that is next; at the end a zero, as in a C string.
    fn next(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn fail<T>(&self, why: &'static str) -> Result<T, SyntaxError> {
        Err(SyntaxError { line: self.line, why })
    }

    fn skip_blanks(&mut self) {
        while matches!(self.next(), b' ' | b'\t') {
            self.at += 1;
        }
    }

    fn skip_blanks_and_line_ends(&mut self) {
        while matches!(self.next(), b' ' | b'\t' | b'\n' | b'\r') {
            self.line += usize::from(self.next() == b'\n');
            self.at += 1;
        }
    }

    fn skip_line(&mut self) {
        while self.at < self.bytes.len() && !matches!(self.next(), b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn statement(&mut self) -> Result<Option<Entry>, SyntaxError> {
        self.skip_blanks_and_line_ends();
        if self.next() == b'#' {
            self.skip_line();
            return Ok(None);
        }
        let from = self.at;
        if !self.next().is_ascii_alphabetic() {
            return self.fail("expected a name here");
        }
        while self.next().is_ascii_alphanumeric() || self.next() == b'_' {
            self.at += 1;
        }
        let name = String::from_utf8_lossy(&self.bytes[from..self.at]).into_owned();
        self.skip_blanks();
        if self.next() != b'=' {
            return self.fail("expected `=` after the name");
        }
        self.at += 1;
        let value = self.value(0)?;
        self.skip_blanks();
        if self.next() == b'#' {
            self.skip_line();
        }
        let line = self.line;
        Ok(Some(Entry { name, line, value }))
    }

    /// What must stand between two statements: a line end or a semicolon.
    fn separator(&mut self) -> Result<(), SyntaxError> {
        self.skip_blanks();
        match self.next() {
            _ if self.at >= self.bytes.len() => return Ok(()),
            b';' => self.at += 1,
            b'\n' | b'\r' => {}
            _ => return self.fail("unexpected text after the value"),
        }
        self.skip_blanks_and_line_ends();
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        self.skip_blanks();
        match self.next() {
            b'"' | b'\'' => self.text().map(Value::Text),
            b'[' if depth < DEEPEST => self.list(depth),
            b'0'..=b'9' | b'-' | b'+' => self.number(),
            _ => self.fail("expected a value here: a quoted string, a whole number or a list in [ ]"),
        }
    }

    fn number(&mut self) -> Result<Value, SyntaxError> {
        let is_negative = self.next() == b'-';
        if matches!(self.next(), b'-' | b'+') {
            self.at += 1;
        }
        if !self.next().is_ascii_digit() {
            return self.fail("a sign without digits");
        }
        let mut number: i64 = 0;
        while self.next().is_ascii_digit() {
            number = number.wrapping_mul(10).wrapping_add(i64::from(self.next() - b'0'));
            self.at += 1;
        }
        Ok(Value::Number {
            number: if is_negative { number.wrapping_neg() } else { number },
            is_negative,
        })
    }

    fn list(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mut list = Vec::new();
        self.at += 1;
        self.skip_blanks_and_line_ends();
        if self.at < self.bytes.len() && self.next() != b']' {
            list.push(self.value(depth + 1)?);
            self.skip_blanks_and_line_ends();
        }
        while self.at < self.bytes.len() && self.next() != b']' {
            if self.next() != b',' {
                return self.fail("expected a comma in the list");
            }
            self.at += 1;
            self.skip_blanks_and_line_ends();
            if self.next() == b']' {
                break;
            }
            list.push(self.value(depth + 1)?);
            self.skip_blanks_and_line_ends();
        }
        if self.next() != b']' {
            return self.fail("the list is not closed with ]");
        }
        self.at += 1;
        Ok(Value::List(list))
    }

    fn text(&mut self) -> Result<Vec<u8>, SyntaxError> {
        const TRIPLE: &[u8] = b"\"\"\"";
        let rest = &self.bytes[self.at..];
        if rest.len() > 6 && rest.starts_with(TRIPLE) {
            return self.long_text(TRIPLE);
        }
        let quote = self.next();
        self.at += 1;
        let from = self.at;
        while self.at < self.bytes.len() && !matches!(self.next(), b'\n' | b'\r') && self.next() != quote {
            self.at += 1;
        }
        if self.at >= self.bytes.len() || self.next() != quote {
            return self.fail("the quoted string is not closed");
        }
        let text = up_to_zero(&self.bytes[from..self.at]);
        self.at += 1;
        Ok(text)
    }

    fn long_text(&mut self, quotes: &[u8]) -> Result<Vec<u8>, SyntaxError> {
        self.at += quotes.len();
        let from = self.at;
        while self.at + 2 < self.bytes.len() && !self.bytes[self.at..].starts_with(quotes) {
            self.line += usize::from(self.next() == b'\n');
            self.at += 1;
        }
        if !self.bytes[self.at..].starts_with(quotes) {
            return self.fail("the quoted string is not closed");
        }
        let text = up_to_zero(&self.bytes[from..self.at]);
        self.at += quotes.len();
        Ok(text)
    }
}

/// A C string ends at its first zero.
fn up_to_zero(bytes: &[u8]) -> Vec<u8> {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8], name: &str) -> Option<Vec<u8>> {
        match &find(&parse(bytes).unwrap(), name)?.value {
            Value::Text(text) => Some(text.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_assignment_counts_and_a_comment_is_none() {
        let file = b"#user = \"root\"\nuser = \"qemu\"; group='kvm' # since\n  user=\"nova\"\nuser_x = \"no\"\n";
        assert_eq!(texts(file, "user").unwrap(), b"qemu");
        assert_eq!(texts(file, "group").unwrap(), b"kvm");
        assert_eq!(texts(b"# user = \"x\"", "user"), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_a_name_like_any_other() {
        assert_eq!(texts(b"# caf\xe9\nuser = \"\xff\xfe\"", "user").unwrap(), b"\xff\xfe");
        assert_eq!(texts(b"user = \"a\0b\"", "user").unwrap(), b"a");
        assert_eq!(
            texts(b"a = \"\"\"one\n\"two\" \"\"\"\n", "a").unwrap(),
            b"one\n\"two\" "
        );
    }

    #[test]
    fn what_libvirt_cannot_read_is_an_error_with_its_line() {
        for (file, line) in [
            (&b"user = \"root"[..], 1),
            (b"# x\nuser = \"root\ngroup = \"root\"\n", 2),
            (b"user = root\n", 1),
            (b"\nuser\n", 2),
            (b"user = \"a\" group = \"b\"\n", 1),
            (b"list = [ \"a\"\n \"b\" ]\n", 2),
            (b"list = [ \"a\",\n", 2),
            (b"= 1\n", 1),
            (b"n = -\n", 1),
            (b"\n\n", 3),
            (b"\xef\xbb\xbfuser = \"root\"\n", 1),
            (b"a = 1\n\"b\" = 2\n", 2),
        ] {
            let error = parse(file).unwrap_err();
            assert_eq!(error.line, line, "{}: {error}", String::from_utf8_lossy(file));
        }
        let deep = [vec![b'a', b'='], vec![b'['; 100_000]].concat();
        assert!(parse(&deep).is_err(), "and it does not overflow the stack");
    }
}
