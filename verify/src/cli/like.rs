//! The domain that the probe guest is to be like: read from a file, or asked of this host's libvirt.

use std::path::Path;

use novamend::bounded;
use novamend_verify::guest::like::Like;
use novamend_verify::hypervisor::libvirt::domain_xml;
use novamend_verify::shown;

use super::Failure;

/// The host's own libvirt.
const HOST: &str = "qemu:///system";

/// As much XML as a domain may have; libvirt itself hands out no more.
const MOST: u64 = 16 << 20;

/// Reads the domain: what names a file, or a path, is a file.
pub(super) fn read(domain: &str) -> Result<Like, Failure> {
    let path = Path::new(domain);
    let failed = |why: &dyn std::error::Error| -> Failure { format!("--like {domain}: {}", shown::chain(why)).into() };
    let text = if domain.contains('/') || path.exists() {
        bounded::read_text(path, MOST).map_err(|error| failed(&error))?
    } else {
        domain_xml(HOST, domain).map_err(|error| failed(&error))?
    };
    Like::of(&text).map_err(|error| failed(&error))
}
