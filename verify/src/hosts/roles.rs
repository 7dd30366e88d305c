//! What the destination's nova.conf has to do with migrations to it, and with those back.
//!
//! As in nova, of all its options only the address counts for migrations to it.

use novamend::nova::View;
use novamend::nova::migration::Settings;
use novamend::nova::migration::settings::{INBOUND, LIBVIRT, URI};

use super::uris::{Ways, fault_of_uri};
use crate::trial::conditions::Destination;
use crate::trial::plan::{Plan, PlanError};

/// What `view` tells of the destination, with the names of its files; without it what is not known.
///
/// # Errors
/// A value that stops the destination's nova.
pub fn destination(source: &View, view: Option<(&View, Vec<String>)>, ways: &Ways) -> Result<Destination, PlanError> {
    let mut destination = Destination {
        files: None,
        address: ways.address.clone(),
        address_from: ways.address_from,
        not_known: Some(format!(
            "`{INBOUND}` of the destination: its nova.conf was not given (`--dest-config`); if it is set there, \
             nova sends guests to that address"
        )),
        differs: Vec::new(),
        uri_fault: None,
    };
    let Some((view, files)) = view else {
        return Ok(destination);
    };
    destination.files = Some(files);
    let is_set = view.setting(LIBVIRT, INBOUND).is_some_and(|setting| setting.is_set());
    destination.not_known = (is_set && Settings::read(view).inbound.is_none()).then(|| {
        format!("`{INBOUND}` of the destination: the value it refers to is chosen on that host, not in its nova.conf")
    });
    destination.differs = differs(source, view)?;
    destination.uri_fault = fault_of_uri(view);
    Ok(destination)
}

/// The options of `[libvirt]` that decide and have other values in the two.
fn differs(source: &View, destination: &View) -> Result<Vec<String>, PlanError> {
    let (ours, theirs) = (Plan::of(source)?, Plan::of(destination)?);
    let uri = (ours.settings.uri != theirs.settings.uri).then_some(URI);
    let value = |plan: &Plan, option: &str| {
        let written = plan.excerpt.iter().find(|written| written.option == option);
        written.map(|written| written.value.clone())
    };
    let both = ours.excerpt.iter().chain(&theirs.excerpt);
    let mut names: Vec<&str> = both.map(|written| written.option).collect();
    names.sort_unstable();
    names.dedup();
    let others = names
        .into_iter()
        .filter(|&name| name != INBOUND && value(&ours, name) != value(&theirs, name));
    Ok(uri.into_iter().chain(others).map(str::to_owned).collect())
}
