//! The parameters of a connection URI: which are taken, from whom, and with which values.
//!
//! What is not in the table is refused.

use super::{Transport, UnsafeConnection};

/// Who says a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The operator, on the command line.
    Typed,
    /// A nova.conf, which others may write.
    File,
}

/// What a parameter may have for a value.
#[derive(Clone, Copy)]
enum Values {
    /// `0` or `1`.
    Switch,
    /// An absolute path of plain letters.
    Path,
    /// Letters, digits and `,.:+-_!@%`, not beginning with `-`.
    Words,
    /// One of these.
    Of(&'static [&'static str]),
}

/// A parameter that runs nothing.
struct Parameter {
    name: &'static str,
    values: Values,
    /// Whether a file may set it.
    in_files: bool,
    /// The transports that read it.
    read_by: &'static [Transport],
}

const SSH: &[Transport] = &[Transport::Ssh, Transport::Libssh, Transport::Libssh2];
const LIBRARIES: &[Transport] = &[Transport::Libssh, Transport::Libssh2];
const TLS: &[Transport] = &[Transport::Tls];

/// All that is taken. `command`, `netcat` and `name` are not: the first two name programs, and the last names the URI that
/// the daemon at the other end opens, with any driver. Nor is `auth`, which no libvirt of today needs.
const KNOWN: [Parameter; 13] = [
    known("no_tty", Values::Switch, true, &[Transport::Ssh]),
    known("keyfile", Values::Path, true, SSH),
    known("mode", Values::Of(&["auto", "legacy", "direct"]), true, &Transport::ALL),
    known(
        "socket",
        Values::Path,
        false,
        &[Transport::Unix, Transport::Ssh, Transport::Libssh, Transport::Libssh2],
    ),
    known("no_verify", Values::Switch, false, &[Transport::Tls, Transport::Ssh]),
    known("no_sanity", Values::Switch, false, TLS),
    known("pkipath", Values::Path, false, TLS),
    known("tls_priority", Values::Words, false, TLS),
    known("known_hosts", Values::Path, false, LIBRARIES),
    known(
        "known_hosts_verify",
        Values::Of(&["normal", "auto", "ignore"]),
        false,
        LIBRARIES,
    ),
    known("sshauth", Values::Words, false, LIBRARIES),
    known("proxy", Values::Of(&["auto", "netcat", "native"]), false, SSH),
    known("authfile", Values::Path, false, &Transport::ALL),
];

const fn known(name: &'static str, values: Values, in_files: bool, read_by: &'static [Transport]) -> Parameter {
    Parameter {
        name,
        values,
        in_files,
        read_by,
    }
}

/// Looks for a program's name among the parameters, however they are parted.
pub(super) fn run_nothing(query: Option<&str>) -> Result<(), UnsafeConnection> {
    let is_named = |wanted: &str| {
        query.unwrap_or_default().split(['&', ';']).any(|part| {
            let name = part.split_once('=').map_or(part, |(name, _)| name);
            // to libvirt a name ends at a zero byte
            let name = name.split("%00").next().unwrap_or_default();
            decoded(name).is_some_and(|name| name.eq_ignore_ascii_case(wanted))
        })
    };
    let program = ["command", "netcat"].into_iter().find(|program| is_named(program));
    program.map_or(Ok(()), |program| Err(UnsafeConnection::Runs(program)))
}

/// The parameters of a query.
pub(super) fn parse(
    query: Option<&str>,
    transport: Transport,
    origin: Origin,
) -> Result<Vec<(&'static str, String)>, UnsafeConnection> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for part in query.into_iter().flat_map(|query| query.split('&')) {
        // libvirt parts at `;` in some queries and not in others
        if part.contains(';') {
            return Err(UnsafeConnection::Query);
        }
        let (name, value) = part.split_once('=').ok_or(UnsafeConnection::Query)?;
        let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
            return Err(UnsafeConnection::Query);
        };
        let known = KNOWN.iter().find(|known| known.name.eq_ignore_ascii_case(&name));
        let known = known.filter(|known| known.read_by.contains(&transport));
        let known = known.ok_or(UnsafeConnection::Parameter)?;
        if origin == Origin::File && !known.in_files {
            return Err(UnsafeConnection::OnlyTyped(known.name));
        }
        if found.iter().any(|(name, _)| *name == known.name) {
            return Err(UnsafeConnection::Query);
        }
        if !known.values.takes(&value) {
            return Err(UnsafeConnection::Value(known.name));
        }
        found.push((known.name, value));
    }
    Ok(found)
}

impl Values {
    fn takes(self, value: &str) -> bool {
        match self {
            Self::Switch => matches!(value, "0" | "1"),
            Self::Of(words) => words.contains(&value),
            Self::Path => {
                value.starts_with('/')
                    && value.len() < 1024
                    && value
                        .bytes()
                        .all(|byte| byte == b' ' || byte.is_ascii_graphic() && !b"'\"`$\\;&|<>*?(){}!#".contains(&byte))
            }
            Self::Words => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b",.:+-_!@%".contains(&byte);
                !value.is_empty() && !value.starts_with('-') && value.len() < 1024 && value.bytes().all(is_plain)
            }
        }
    }
}

/// A text without its percent codes; none where a code is broken or hides a byte that has no place in a name or value.
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| (byte? as char).to_digit(16);
            let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    out.iter()
        .all(|byte| *byte == b' ' || byte.is_ascii_graphic())
        .then(|| String::from_utf8(out).ok())?
}
