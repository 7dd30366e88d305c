//! A libvirt connection URI, read as libvirt reads it, of which only what runs nothing and leads nowhere else is taken.
//!
//! It connects nowhere. What libvirt might read in two ways is refused, and what is handed on is written from the parts.
//!
//! Sources: `virURIParse`, `remoteSplitURIScheme` and `doRemoteOpen` of libvirt, the last for the parameters and what they do.

use std::fmt;
use std::net::Ipv6Addr;

use crate::text::encoded;

mod parameters;

pub use self::parameters::Origin;

/// More bytes than any URI of a host has.
const LONGEST: usize = 2048;

/// The longest name that DNS has.
const LONGEST_NAME: usize = 253;

/// How libvirt reaches a daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Plain TCP.
    Tcp,
    /// TLS with certificates.
    Tls,
    /// The program `ssh`.
    Ssh,
    /// The library libssh.
    Libssh,
    /// The library libssh2.
    Libssh2,
    /// A socket of the host that opens the connection.
    Unix,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Tcp, Self::Tls, Self::Ssh, Self::Libssh, Self::Libssh2, Self::Unix];

    /// The word in a URI.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ssh => "ssh",
            Self::Libssh => "libssh",
            Self::Libssh2 => "libssh2",
            Self::Unix => "unix",
        }
    }

    /// The transport of a word in any case, as libvirt takes it.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|transport| transport.word().eq_ignore_ascii_case(word))
    }

    fn is_ssh(self) -> bool {
        matches!(self, Self::Ssh | Self::Libssh | Self::Libssh2)
    }
}

/// The name or the address of a host, of which neither libvirt, ssh nor a shell makes anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name or an IPv4 address.
    Name(String),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

impl Host {
    /// Reads one, with or without brackets round an IPv6 address.
    ///
    /// # Errors
    /// It begins with `-`, or holds what no name of a host has; an IPv6 address with a zone is one of these.
    pub fn parse(text: &str) -> Result<Self, UnsafeConnection> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Ok(address) = bare.unwrap_or(text).parse() {
            return Ok(Self::V6(address));
        }
        if begins_with_dash(text) {
            return Err(UnsafeConnection::HostIsAnOption);
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if text.is_empty() || text.starts_with('.') || text.len() > LONGEST_NAME || !text.bytes().all(is_plain) {
            return Err(UnsafeConnection::OddHost);
        }
        Ok(Self::Name(text.to_owned()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => out.write_str(name),
            Self::V6(address) => write!(out, "[{address}]"),
        }
    }
}

/// Why a URI is not handed to libvirt. No text of the URI stands in it, but for words that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsafeConnection {
    /// Blanks, control characters, other alphabets, or absurdly long.
    #[error("it contains a space, a control character or a letter outside ASCII, or is longer than {LONGEST} bytes")]
    Odd,
    /// Another form.
    #[error("it does not have the form qemu+TRANSPORT://HOST/system")]
    Form,
    /// The transport `ext`.
    #[error("its transport `ext` runs a command as the user that libvirt runs as, usually root")]
    Ext,
    /// A parameter that names a program.
    #[error("its parameter `{0}` runs a command")]
    Runs(&'static str),
    /// A user that ssh takes for an option.
    #[error("its user name begins with `-`, so ssh may read it as an option")]
    UserIsAnOption,
    /// A host that ssh takes for an option.
    #[error(
        "its host begins with `-`: older libvirt versions pass it to ssh as an option, and `-oProxyCommand=` runs a \
         command"
    )]
    HostIsAnOption,
    /// A transport that is none of ours.
    #[error("its transport is not one of tcp, tls, ssh, libssh, libssh2 and unix")]
    Transport,
    /// A driver other than `qemu`.
    #[error("its driver is not `qemu`")]
    Driver,
    /// Other letters in the user name; a password is one of these.
    #[error(
        "its user name contains something else than letters, digits, `.`, `_` and `-` (a password is not allowed there)"
    )]
    OddUser,
    /// Other letters in the host.
    #[error("its host is neither a name of letters, digits, `.`, `_` and `-` nor an address without a zone")]
    OddHost,
    /// No host where one is needed.
    #[error("it does not name a host")]
    NoHost,
    /// A host, user or port where the transport leads to a socket of the same host.
    #[error("its transport `unix` uses a local socket and cannot have a host")]
    HostOfASocket,
    /// No number from 1 to 65535.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// Another path.
    #[error("its path is not `/system`")]
    Path,
    /// Parameters that may be read in two ways.
    #[error("its parameters do not have the form name=value&name=value, each name once")]
    Query,
    /// A parameter that is not on the list.
    #[error("it has a parameter that is not known to be harmless (some run a command)")]
    Parameter,
    /// A parameter that only the operator may set.
    #[error(
        "its parameter `{0}` is accepted only on the command line, because it decides whom to trust or where to \
         connect to"
    )]
    OnlyTyped(&'static str),
    /// A value that the parameter does not have.
    #[error("its parameter `{0}` has a value that is not accepted")]
    Value(&'static str),
}

impl UnsafeConnection {
    /// Whether every libvirt that opens the URI runs a command.
    #[must_use]
    pub fn runs_a_command(self) -> bool {
        matches!(self, Self::Ext | Self::Runs(_))
    }
}

/// A connection URI of which every part is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// None where the URI names none: libvirt takes TLS to a host, and a socket otherwise.
    transport: Option<Transport>,
    user: Option<String>,
    host: Option<Host>,
    port: Option<u16>,
    is_session: bool,
    parameters: Vec<(&'static str, String)>,
}

impl Connection {
    /// Reads a URI of the command line or of a file.
    ///
    /// # Errors
    /// The first reason not to hand it to libvirt; one that runs a command comes before all others.
    pub fn parse(text: &str, origin: Origin) -> Result<Self, UnsafeConnection> {
        let parts = Parts::of(text)?;
        parts.run_nothing()?;
        parts.have_the_form(text)?;
        let transport = parts.transport()?;
        let Authority { user, host, port } = parts.authority()?;
        if parts.driver != "qemu" {
            return Err(UnsafeConnection::Driver);
        }
        let is_session = match (parts.path, origin) {
            ("/system", _) => false,
            ("/session", Origin::Typed) => true,
            _ => return Err(UnsafeConnection::Path),
        };
        match (transport, &host) {
            (Transport::Unix, _) if host.is_some() || user.is_some() || port.is_some() => {
                return Err(UnsafeConnection::HostOfASocket);
            }
            (Transport::Unix, _) | (_, Some(_)) => {}
            (_, None) => return Err(UnsafeConnection::NoHost),
        }
        Ok(Self {
            transport: parts.transport.map(|_| transport),
            parameters: parameters::parse(parts.query, transport, origin)?,
            user,
            host,
            port,
            is_session,
        })
    }

    /// The transport, that which libvirt takes by itself included.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport.unwrap_or(if self.host.is_some() {
            Transport::Tls
        } else {
            Transport::Unix
        })
    }

    /// The host; none for a socket.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// The port, if it is named.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

/// The URI written from its parts.
impl fmt::Display for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("qemu")?;
        if let Some(transport) = self.transport {
            write!(out, "+{}", transport.word())?;
        }
        out.write_str("://")?;
        if let Some(user) = &self.user {
            write!(out, "{user}@")?;
        }
        if let Some(host) = &self.host {
            write!(out, "{host}")?;
        }
        if let Some(port) = self.port {
            write!(out, ":{port}")?;
        }
        out.write_str(if self.is_session { "/session" } else { "/system" })?;
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            out.write_str(if index == 0 { "?" } else { "&" })?;
            write!(out, "{name}={}", encoded(value.as_bytes()))?;
        }
        Ok(())
    }
}

/// Who is asked where.
struct Authority {
    user: Option<String>,
    host: Option<Host>,
    port: Option<u16>,
}

/// The pieces of a URI, cut and not yet looked at.
struct Parts<'a> {
    driver: &'a str,
    transport: Option<&'a str>,
    authority: &'a str,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Self, UnsafeConnection> {
        let (scheme, rest) = text.split_once(':').ok_or(UnsafeConnection::Form)?;
        let (driver, transport) = match scheme.split_once('+') {
            Some((driver, transport)) => (driver, Some(transport)),
            None => (scheme, None),
        };
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (before, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (rest, None),
        };
        let at = before.find('/').unwrap_or(before.len());
        let (authority, path) = before.split_at(at);
        Ok(Self {
            driver,
            transport,
            authority,
            path,
            query,
        })
    }

    /// What would run a command is looked for first, and in what libvirt may not even read.
    fn run_nothing(&self) -> Result<(), UnsafeConnection> {
        match self.transport() {
            Err(UnsafeConnection::Ext) => return Err(UnsafeConnection::Ext),
            Ok(transport) if transport.is_ssh() => parameters::run_nothing(self.query)?,
            _ => {}
        }
        let (user, place) = self.authority.split_once('@').unwrap_or(("", self.authority));
        if begins_with_dash(user) {
            return Err(UnsafeConnection::UserIsAnOption);
        }
        if begins_with_dash(place) {
            return Err(UnsafeConnection::HostIsAnOption);
        }
        Ok(())
    }

    fn have_the_form(&self, text: &str) -> Result<(), UnsafeConnection> {
        if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UnsafeConnection::Odd);
        }
        let scheme = self.driver.len() + self.transport.map_or(0, |word| word.len() + 1);
        if text.contains('#') || text.get(scheme..scheme + 3) != Some("://") {
            return Err(UnsafeConnection::Form);
        }
        Ok(())
    }

    fn transport(&self) -> Result<Transport, UnsafeConnection> {
        match self.transport {
            Some(word) if word.eq_ignore_ascii_case("ext") => Err(UnsafeConnection::Ext),
            Some(word) => Transport::of(word).ok_or(UnsafeConnection::Transport),
            None if self.authority.is_empty() => Ok(Transport::Unix),
            None => Ok(Transport::Tls),
        }
    }

    fn authority(&self) -> Result<Authority, UnsafeConnection> {
        let (user, place) = match self.authority.split_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, self.authority),
        };
        if let Some(user) = user {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
            if user.is_empty() || !user.bytes().all(is_plain) {
                return Err(UnsafeConnection::OddUser);
            }
        }
        let at = place.rfind(']').map_or(0, |end| end + 1);
        let (host, port) = match place[at..].find(':') {
            Some(colon) => (&place[..at + colon], Some(&place[at + colon + 1..])),
            None => (place, None),
        };
        let host = match host {
            "" => None,
            // without its brackets an IPv6 address would run into the port
            host if host.contains(':') != host.starts_with('[') => return Err(UnsafeConnection::OddHost),
            host => Some(Host::parse(host)?),
        };
        let port = port.map(port_of).transpose()?;
        if host.is_none() && (user.is_some() || port.is_some()) {
            return Err(UnsafeConnection::NoHost);
        }
        Ok(Authority {
            user: user.map(str::to_owned),
            host,
            port,
        })
    }
}

fn port_of(text: &str) -> Result<u16, UnsafeConnection> {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let port: Option<u16> = text.parse().ok().filter(|port| is_number && *port > 0);
    port.ok_or(UnsafeConnection::Port)
}

/// Whether a name begins with `-`, encoded or not: libvirt takes the code off before it hands the name to ssh.
fn begins_with_dash(text: &str) -> bool {
    text.starts_with('-') || text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%2d"))
}

#[cfg(test)]
mod tests;
