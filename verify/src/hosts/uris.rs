//! How nova would have the source's libvirt reach the destination: its peer URI and the address that QEMU sends to.
//!
//! It resolves no name and opens nothing. Whatever libvirt is to open is read, judged and written from its parts first.

use std::fmt;
use std::net::Ipv4Addr;

use novamend::nova::migration::Settings;
use novamend::nova::migration::connection::{Connection, Host, Origin, Transport, UnsafeConnection};
use novamend::nova::migration::settings::{INBOUND, LIBVIRT, SCHEME, URI};
use novamend::nova::migration::uri::formatted;
use novamend::nova::{Setting, View};

use crate::hypervisor::libvirt::Ends;
use crate::trial::conditions::AddressFrom;

/// The release from which on nova puts brackets round an IPv6 address.
const BRACKETS: u8 = 19;

/// A URI or an address that is refused, before anything is connected to.
#[derive(Debug, thiserror::Error)]
#[error("refused before any connection was opened: {what}: {why}; {}", remedy(.what, .why))]
pub struct RefusedUri {
    what: What,
    why: Why,
}

/// Where it stands, without its text: that may hold a secret or control characters.
#[derive(Debug)]
enum What {
    Argument(&'static str),
    Option {
        name: &'static str,
        of: &'static str,
        place: String,
    },
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error(transparent)]
    UnsafeConnection(#[from] UnsafeConnection),
    #[error("it leads to a host other than the destination")]
    Elsewhere,
    #[error("`live_migration_uri` in nova.conf makes no URI of it")]
    NoUri,
}

impl fmt::Display for What {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(name) => write!(out, "the URI of `{name}`"),
            Self::Option { name, of, place } => write!(out, "`{name}` in nova.conf of the {of} ({place})"),
        }
    }
}

fn remedy(what: &What, why: &Why) -> &'static str {
    match (what, why) {
        (What::Argument(_), Why::NoUri) => "name the destination by its URI",
        (What::Argument(_), _) => {
            "use qemu+tcp, qemu+tls, qemu+ssh or qemu+unix, with the parameters listed in docs/verify.md"
        }
        (_, Why::UnsafeConnection(why)) if why.runs_a_command() => {
            "the source's libvirtd runs it as root for every migration: find out who wrote it, and remove it"
        }
        _ => "nova passes it to the source's libvirtd, which runs as root: fix it or remove it",
    }
}

/// The ends and the way between them.
#[derive(Debug)]
pub struct Ways {
    /// What libvirt is handed.
    pub ends: Ends,
    /// The host in the peer's URI, if it was made as nova makes it.
    pub address: Option<String>,
    /// Where that is from.
    pub address_from: AddressFrom,
}

/// The ends, with the URIs that the source's nova makes of the destination.
///
/// As `_live_migration_uri` and `_migrate_uri` of nova's driver: `source` gives URI and scheme, and of `destination` only
/// `live_migration_inbound_addr` is read, which nova hands over as `target_connect_addr`; without it nova takes the
/// destination's name, `host`. Where `--dest` names no host, such as a socket of this machine, nova could make no URI, and
/// the source's libvirt is given that of the operator.
///
/// # Errors
/// A URI or an address, of the command line or of a file, that libvirt is not to be handed.
pub fn ends(source: &View, destination: Option<&View>, from: &str, to: &str) -> Result<Ways, RefusedUri> {
    let from = typed("--source", from)?;
    let to = typed("--dest", to)?;
    let inbound = destination.and_then(|view| Settings::read(view).inbound);
    let inbound = inbound.map(|text| address(destination, LIBVIRT, INBOUND, &text));
    let inbound = inbound.transpose()?;
    let name = destination.and_then(|view| view.text(&view.setting("DEFAULT", "host")?).ok()?);
    let name = name.filter(|_| destination.is_some_and(|view| is_set(view, "DEFAULT", "host")));
    let name = name
        .map(|text| address(destination, "DEFAULT", "host", &text))
        .transpose()?;
    let (host, address_from) = match (to.host(), inbound.clone(), name) {
        (None, ..) => (None, AddressFrom::Nothing),
        (Some(_), Some(inbound), _) => (Some(inbound), AddressFrom::InboundAddress),
        (Some(_), None, Some(name)) => (Some(name), AddressFrom::HostOption),
        (Some(host), None, None) => (Some(host.clone()), AddressFrom::DestinationUri),
    };
    let made = peer(source, host.as_ref())?;
    let ends = Ends {
        source: from.to_string(),
        destination: to.to_string(),
        // nova raises an exception over a URI that cannot be formatted, and the verdict says so
        peer: made.unwrap_or(to).to_string(),
        migration: inbound.map(|address| format!("tcp://{address}")),
    };
    Ok(Ways {
        ends,
        address: host.map(|host| host.to_string()),
        address_from,
    })
}

/// The ends where the destination is given by its name or address alone, as nova has it: the URI is the one that nova makes.
/// QEMU sends to `live_migration_inbound_addr` of the destination's nova.conf, or else to the address, if it is one.
///
/// # Errors
/// As [`ends`]; or nova.conf makes no URI of the name.
pub fn ends_by_name(source: &View, destination: Option<&View>, from: &str, name: &str) -> Result<Ends, RefusedUri> {
    let refused = |why: Why| RefusedUri {
        what: What::Argument("--dest"),
        why,
    };
    let from = typed("--connect", from)?;
    let named = Host::parse(name).map_err(|why| refused(why.into()))?;
    let inbound = destination.and_then(|view| Settings::read(view).inbound);
    let inbound = inbound.map(|text| address(destination, LIBVIRT, INBOUND, &text));
    let inbound = inbound.transpose()?;
    // who names an address means the one that migrations go to
    let is_address = matches!(named, Host::V6(_)) || name.parse::<Ipv4Addr>().is_ok();
    let address = inbound.or_else(|| is_address.then(|| named.clone()));
    let made = peer(source, Some(address.as_ref().unwrap_or(&named)))?.ok_or_else(|| refused(Why::NoUri))?;
    Ok(Ends {
        source: from.to_string(),
        destination: made.to_string(),
        peer: made.to_string(),
        migration: address.map(|address| format!("tcp://{address}")),
    })
}

/// What is wrong with the URI that nova.conf makes for migrations from its host, if it is not to be handed to libvirt.
pub(super) fn fault_of_uri(view: &View) -> Option<String> {
    peer(view, None).err().map(|fault| fault.why.to_string())
}

/// Whether a URI leads to a daemon by a socket of this machine.
#[must_use]
pub fn is_here(uri: &str) -> bool {
    typed("--source", uri).is_ok_and(|uri| uri.host().is_none())
}

/// A URI of the command line's argument `name`, written from its parts.
///
/// # Errors
/// It is one that libvirt is not to be handed.
pub fn accepted(name: &'static str, text: &str) -> Result<String, RefusedUri> {
    typed(name, text).map(|uri| uri.to_string())
}

fn typed(name: &'static str, text: &str) -> Result<Connection, RefusedUri> {
    Connection::parse(text, Origin::Typed).map_err(|why| RefusedUri {
        what: What::Argument(name),
        why: why.into(),
    })
}

fn address(view: Option<&View>, group: &'static str, name: &'static str, text: &str) -> Result<Host, RefusedUri> {
    Host::parse(text).map_err(|why| RefusedUri {
        what: option(view, group, name, "destination"),
        why: why.into(),
    })
}

/// The URI that the source's nova makes of `host`; none where it is not known, or nova's formatting fails.
fn peer(source: &View, host: Option<&Host>) -> Result<Option<Connection>, RefusedUri> {
    let settings = Settings::read(source);
    let name = if settings.uri.is_some() { URI } else { SCHEME };
    let refused = |why| RefusedUri {
        what: option(Some(source), LIBVIRT, name, "source"),
        why,
    };
    // a URI is judged even where no host is to be put in
    let anyone = Host::Name("host".to_owned());
    let wanted = host.unwrap_or(&anyone);
    let written = match wanted {
        Host::V6(address) if source.release().number() < BRACKETS => address.to_string(),
        wanted => wanted.to_string(),
    };
    let Some(uri) = as_nova_makes_it(&settings, &written).map_err(|why| refused(why.into()))? else {
        return Ok(None);
    };
    let made = Connection::parse(&uri, Origin::File).map_err(|why| refused(why.into()))?;
    // the guest is removed from the two ends alone, so it is sent nowhere else
    if made.host() != Some(wanted) {
        return Err(refused(Why::Elsewhere));
    }
    Ok(host.is_some().then_some(made))
}

/// The text that nova makes of `host`; none where its formatting raises an exception.
fn as_nova_makes_it(settings: &Settings, host: &str) -> Result<Option<String>, UnsafeConnection> {
    if let Some(uri) = &settings.uri {
        let Ok(made) = formatted(uri, host) else {
            // nova stops here; what would run a command once that is corrected is named all the same
            let fault = Connection::parse(uri, Origin::File).err();
            return fault.filter(|fault| fault.runs_a_command()).map_or(Ok(None), Err);
        };
        return Ok(Some(made));
    }
    let scheme = settings.scheme.as_deref().unwrap_or("tcp");
    if scheme.eq_ignore_ascii_case("ext") {
        return Err(UnsafeConnection::Ext);
    }
    Transport::of(scheme).ok_or(UnsafeConnection::Transport)?;
    Ok(Some(format!("qemu+{scheme}://{host}/system")))
}

fn is_set(view: &View, group: &str, name: &str) -> bool {
    view.setting(group, name).as_ref().is_some_and(Setting::is_set)
}

/// An option with the file and line that set it.
fn option(view: Option<&View>, group: &str, name: &'static str, of: &'static str) -> What {
    let place = view.and_then(|view| {
        let place = view.setting(group, name)?.winning_place()?;
        let source = view.stack().document(place).source();
        let line = source.position(view.stack().assignment(place).key().start).line;
        Some(format!("{}:{line}", source.path().display().to_string().escape_debug()))
    });
    What::Option {
        name,
        of,
        place: place.unwrap_or_else(|| "nova's default".to_owned()),
    }
}

#[cfg(test)]
#[path = "uris/tests.rs"]
mod tests;
