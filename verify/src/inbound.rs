//! What nova.conf says of the way to this host: the address, the URI and the transport between the libvirt daemons.
//!
//! It resolves and opens nothing.

use novamend::nova::View;

/// What stands in the catalog where nova takes an address of the host by itself.
pub(crate) const NOVAS_OWN_CHOICE: &str = "<host_ipv4>";

/// `live_migration_inbound_addr`, if it is set.
#[must_use]
pub fn inbound_address(view: &View) -> Option<String> {
    set_word(view, "live_migration_inbound_addr").filter(|address| address != NOVAS_OWN_CHOICE)
}

/// `live_migration_uri`, if it is set.
#[must_use]
pub fn migration_uri(view: &View) -> Option<String> {
    set_word(view, "live_migration_uri")
}

/// The transport of the way between the two libvirt daemons: that of the URI, otherwise `live_migration_scheme`.
#[must_use]
pub fn transport(view: &View) -> Option<String> {
    match migration_uri(view) {
        Some(uri) => uri
            .split_once("://")?
            .0
            .split_once('+')
            .map(|(_, transport)| transport.to_owned()),
        None => set_word(view, "live_migration_scheme"),
    }
}

/// A text of `[libvirt]` that nova takes for set: Python takes an empty one for none.
fn set_word(view: &View, name: &str) -> Option<String> {
    view.word("libvirt", name).filter(|text| !text.is_empty())
}
