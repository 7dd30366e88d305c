//! How nova would have the source's libvirt reach the destination: its peer URI and the address that QEMU sends to.
//!
//! It resolves no name and opens nothing.

use novamend::effective::View;
use novamend::migration::uri::formatted;

use crate::hypervisor::libvirt::Ends;
use crate::inbound::{inbound_address, migration_uri};

/// The ends, with the URIs that nova.conf makes of the destination; true where nova's own could not be made.
///
/// As `_live_migration_uri` and `_migrate_uri` of nova's driver. A destination without a host, such as a socket of this
/// machine, has no URI that nova could make; the source's libvirt is told that of the operator.
#[must_use]
pub fn ends(view: &View, source: &str, destination: &str) -> (Ends, bool) {
    let word = |option| view.word("libvirt", option).filter(|text| !text.is_empty());
    let inbound = inbound_address(view).map(|address| bracketed(&address));
    let host = host_of(destination);
    let to = inbound.clone().or_else(|| host.clone());
    let peer = match (&host, to) {
        (Some(_), Some(to)) => match migration_uri(view) {
            // nova raises an exception over one that cannot be formatted, and the verdict says so
            Some(uri) => formatted(&uri, &to).unwrap_or_else(|_| destination.to_owned()),
            None => format!(
                "qemu+{}://{to}/system",
                word("live_migration_scheme").unwrap_or_else(|| "tcp".to_owned())
            ),
        },
        _ => destination.to_owned(),
    };
    let ends = Ends {
        source: source.to_owned(),
        destination: destination.to_owned(),
        peer,
        migration: inbound.map(|address| format!("tcp://{address}")),
    };
    (ends, host.is_none())
}

/// An address as it stands in a URI.
fn bracketed(address: &str) -> String {
    if address.contains(':') && !address.starts_with('[') {
        format!("[{address}]")
    } else {
        address.to_owned()
    }
}

/// The host in a libvirt URI, without user and port.
fn host_of(uri: &str) -> Option<String> {
    let rest = uri.split_once("://")?.1;
    let authority = rest.split(['/', '?']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(rest) => format!("[{}]", rest.split(']').next()?),
        None => host.split(':').next()?.to_owned(),
    };
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use novamend::catalog::Release;
    use novamend::conf::document::Document;
    use novamend::conf::layers::Stack;
    use novamend::text::Source;

    use super::*;

    fn told(libvirt: &str, destination: &str) -> (String, Option<String>, bool) {
        let text = format!("[libvirt]\n{libvirt}\n");
        let stack = Stack::of(Document::parse(Source::new(Path::new("nova.conf"), text.into_bytes())));
        let (ends, is_own) = ends(&View::new(&stack, Release::NEWEST), "qemu:///system", destination);
        (ends.peer, ends.migration, is_own)
    }

    #[test]
    fn the_peer_is_what_nova_makes_of_the_host() {
        let ssh = "qemu+ssh://root@host2:2222/system";
        assert_eq!(told("", ssh), ("qemu+tcp://host2/system".to_owned(), None, false));
        assert_eq!(told("live_migration_scheme = tls", ssh).0, "qemu+tls://host2/system");
        assert_eq!(
            told("live_migration_uri = qemu+ssh://nova@%s/system", ssh).0,
            "qemu+ssh://nova@host2/system"
        );
        assert_eq!(
            told("live_migration_inbound_addr = fd00::2", ssh),
            (
                "qemu+tcp://[fd00::2]/system".to_owned(),
                Some("tcp://[fd00::2]".to_owned()),
                false
            )
        );
        assert_eq!(
            told("", "qemu+tls://[fd00::3]:16514/system").0,
            "qemu+tcp://[fd00::3]/system"
        );
    }

    #[test]
    fn a_socket_of_this_machine_is_told_as_it_is() {
        let socket = "qemu+unix:///system?socket=/run/b/libvirt-sock";
        let (peer, migration, is_own) = told("live_migration_inbound_addr = 127.0.0.1", socket);
        assert_eq!((peer.as_str(), is_own), (socket, true));
        assert_eq!(migration.as_deref(), Some("tcp://127.0.0.1"));
    }
}
