//! What nova makes of `live_migration_uri`: Python's `uri % host`, with one string on the right, to the letter.
//!
//! It resolves no name and connects nowhere.
//!
//! Sources: `_live_migration_uri` of nova/virt/libvirt/driver.py, the same from Ocata on; `PyUnicode_Format` of `CPython` 3.

use crate::nova::repr::{ascii, repr};

/// The widest field that is filled in; Python itself goes on until memory ends.
const WIDEST: usize = 1 << 16;

/// Why no migration can begin: nova's formatting raises this for every one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A `TypeError`: there is no place for the host.
    #[error("it has no `%s`, where nova puts the host: a TypeError")]
    NoPlace,
    /// A `TypeError`: more than one place, and there is one host only.
    #[error(
        "it has more than one `%` conversion, and nova has one host to put in (write `%%` for a percent sign): a \
         TypeError"
    )]
    MorePlaces,
    /// A `TypeError`: `%(name)s` wants names, and nova gives the host alone.
    #[error("`%(name)` asks for values by name, and nova passes only the host: a TypeError")]
    ByName,
    /// A `TypeError`: `%d` and its like want a number; this is the letter, or `*`.
    #[error("`{0}` after `%` needs a number, and nova passes a host (write `%%` for a percent sign): a TypeError")]
    NotText(char),
    /// A `ValueError`: no such conversion; this is its letter. `%2Fetc` of an encoded path is one of these.
    #[error("`{0}` after `%` is not a conversion that Python knows (write `%%` for a percent sign): a ValueError")]
    UnknownConversion(char),
    /// A `ValueError`: it ends within a conversion.
    #[error("it ends within a `%` conversion: a ValueError")]
    Incomplete,
    /// A `ValueError` or no end of memory: a field of absurd width.
    #[error("a `%` conversion in it is wider than {WIDEST}: nova cannot fill it")]
    TooWide,
}

impl Failure {
    /// The exception that nova's log shows.
    #[must_use]
    pub fn exception(self) -> &'static str {
        match self {
            Self::NoPlace | Self::MorePlaces | Self::ByName | Self::NotText(_) => "TypeError",
            Self::UnknownConversion(_) | Self::Incomplete => "ValueError",
            Self::TooWide => "ValueError or MemoryError",
        }
    }
}

/// What is wrong with a `live_migration_uri`, whatever host is migrated to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriFault {
    /// Every migration fails when nova formats it.
    #[error(transparent)]
    Fails(#[from] Failure),
    /// It is formatted, but some hosts do not stand in it as they are called: quoted, cut or padded.
    #[error("nova's formatting quotes, cuts or pads the host, so that libvirt connects to another name")]
    Distorts,
}

/// The URI that nova hands to libvirt: `uri % host`.
///
/// `host` is put in as it stands; nova puts brackets round an IPv6 address before.
///
/// # Errors
/// Python raises an exception, and so the migration fails.
pub fn formatted(uri: &str, host: &str) -> Result<String, Failure> {
    with_field(uri, |conversion| conversion.fill(host))
}

/// What is wrong with `uri` for hosts in general; none where any host's name goes in as it is.
#[must_use]
pub fn fault(uri: &str) -> Option<UriFault> {
    // a field's width shows with a short name, its precision with a long one
    ["h", &"h".repeat(253)]
        .into_iter()
        .find_map(|host| match formatted(uri, host) {
            Err(failure) => Some(failure.into()),
            text => (text != with_field(uri, |_| Ok(host.to_owned()))).then_some(UriFault::Distorts),
        })
}

/// `uri` with what `field` makes of its only conversion.
fn with_field(uri: &str, field: impl Fn(&Conversion) -> Result<String, Failure>) -> Result<String, Failure> {
    let mut text = String::with_capacity(uri.len());
    let mut rest = uri.chars();
    let mut is_placed = false;
    while let Some(next) = rest.next() {
        if next != '%' {
            text.push(next);
        } else if rest.as_str().starts_with('%') {
            text.extend(rest.next());
        } else {
            let conversion = Conversion::read(&mut rest, is_placed)?;
            if is_placed {
                return Err(Failure::MorePlaces);
            }
            is_placed = true;
            text.push_str(&field(&conversion)?);
        }
    }
    if is_placed { Ok(text) } else { Err(Failure::NoPlace) }
}

/// One `%` conversion.
struct Conversion {
    is_left: bool,
    width: usize,
    precision: Option<usize>,
    letter: char,
}

impl Conversion {
    /// Reads it from after its `%`; `is_placed` is whether the host is used up.
    fn read(rest: &mut std::str::Chars<'_>, is_placed: bool) -> Result<Self, Failure> {
        let mut next = rest.next();
        if next == Some('(') {
            return Err(Failure::ByName);
        }
        let mut is_left = false;
        while let Some('-' | '+' | ' ' | '#' | '0') = next {
            is_left |= next == Some('-');
            next = rest.next();
        }
        let width = number(rest, &mut next, is_placed)?;
        let mut precision = None;
        if next == Some('.') {
            next = rest.next();
            precision = Some(number(rest, &mut next, is_placed)?);
        }
        if let Some('h' | 'l' | 'L') = next {
            next = rest.next();
        }
        Ok(Self {
            is_left,
            width,
            precision,
            letter: next.ok_or(Failure::Incomplete)?,
        })
    }

    /// The field with `host` in it.
    fn fill(&self, host: &str) -> Result<String, Failure> {
        let whole = match self.letter {
            's' => host.to_owned(),
            'r' => repr(host),
            'a' => ascii(host),
            'c' if host.chars().count() == 1 => return Ok(self.padded(host)),
            'c' | 'd' | 'i' | 'u' | 'o' | 'x' | 'X' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                return Err(Failure::NotText(self.letter));
            }
            other => return Err(Failure::UnknownConversion(other)),
        };
        let cut: String = whole.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        Ok(self.padded(&cut))
    }

    fn padded(&self, text: &str) -> String {
        let width = self.width;
        if self.is_left {
            format!("{text:<width$}")
        } else {
            format!("{text:>width$}")
        }
    }
}

/// A width or precision, 0 where there is none; `next` is the character it would begin with, then that after it.
fn number(rest: &mut std::str::Chars<'_>, next: &mut Option<char>, is_placed: bool) -> Result<usize, Failure> {
    if *next == Some('*') {
        return Err(if is_placed {
            Failure::MorePlaces
        } else {
            Failure::NotText('*')
        });
    }
    let mut number = 0;
    while let Some(digit) = next.and_then(|next| next.to_digit(10)) {
        number = number * 10 + digit as usize;
        if number > WIDEST {
            return Err(Failure::TooWide);
        }
        *next = rest.next();
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_goes_where_the_uri_says() {
        let of = |uri| formatted(uri, "h2").unwrap();
        assert_eq!(of("qemu+tcp://%s/system"), "qemu+tcp://h2/system");
        assert_eq!(
            of("qemu+ssh://nova@%s/system?keyfile=%%2Fetc%%2Fx"),
            "qemu+ssh://nova@h2/system?keyfile=%2Fetc%2Fx"
        );
        assert_eq!(fault("qemu+ssh://nova@%s/system?keyfile=%%2Fetc"), None);
    }

    #[test]
    fn what_python_cannot_format_stops_every_migration() {
        for (uri, failure) in [
            ("qemu+tcp://192.0.2.12/system", Failure::NoPlace),
            ("qemu+tcp://%%s/system", Failure::NoPlace),
            ("qemu+tcp://%s/system?x=%s", Failure::MorePlaces),
            ("qemu+tcp://%(dest)s/system", Failure::ByName),
            ("qemu+tcp://%d/system", Failure::NotText('d')),
            ("qemu+ssh://%s/system?keyfile=%2Fetc%2Fx", Failure::MorePlaces),
            ("qemu+ssh://%s/system?name=a%20b", Failure::MorePlaces),
            ("qemu+tcp://%y/system", Failure::UnknownConversion('y')),
            ("qemu+tcp://%s/system?x=100%", Failure::Incomplete),
            ("qemu+tcp://%99999999999999999999s/system", Failure::TooWide),
        ] {
            assert_eq!(formatted(uri, "h2"), Err(failure), "{uri}");
            assert_eq!(fault(uri), Some(UriFault::Fails(failure)), "{uri}");
        }
    }

    #[test]
    fn a_host_that_arrives_quoted_cut_or_padded_is_another() {
        for conversion in ["%r", "%a", "%.8s", "%10s", "%-10s"] {
            let uri = format!("qemu+tcp://{conversion}/system");
            assert_eq!(fault(&uri), Some(UriFault::Distorts), "{uri}");
        }
        assert_eq!(fault("qemu+tcp://%1s/system"), None, "no host is shorter");
    }
}
