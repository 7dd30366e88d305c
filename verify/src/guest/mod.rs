//! The probe guest: its image, its size, its domain, and what it promises.
//!
//! It starts nothing; its records are read in [`serial`].

pub mod hardware;
pub mod like;
pub mod memory;
pub mod nova;
pub mod serial;

use std::fmt::Write as _;
use std::path::Path;

use hardware::{Backends, Hardware};
use memory::Memory;
use serde::{Deserialize, Serialize};

/// The domain's name, in the sandbox's own daemons; those of further guests begin with it.
pub const NAME: &str = "novamend-probe";

/// The built image; `tests/guest_image.rs` builds it again from `probe.S` and compares.
pub const IMAGE: &[u8] = include_bytes!("probe.rom");

/// Microseconds between two heartbeats.
pub const PERIOD_US: u32 = 2000;

const PAGE: u32 = 4096;
const FIRST: u32 = 0x10_0000;
/// Hot pages written between two heartbeats.
const BATCH: u32 = 128;
/// Cold pages checked at every heartbeat.
pub const COLD_CHECKS: u32 = 16;

/// How big the guest is and how fast it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Pages that are written once and checked for ever.
    pub cold_pages: u32,
    /// Pages that are written round and round.
    pub hot_pages: u32,
}

impl Size {
    /// A guest with so many MiB that it writes round and round.
    #[must_use]
    pub fn with_hot_mib(mib: u32) -> Self {
        Self {
            cold_pages: 256,
            hot_pages: mib * 256,
        }
    }

    /// Memory of the domain in MiB.
    #[must_use]
    pub fn memory_mib(self) -> u32 {
        let bytes = u64::from(FIRST) + u64::from(self.cold_pages + self.hot_pages) * u64::from(PAGE);
        (bytes.div_ceil(1 << 20) as u32 + 4).next_multiple_of(8)
    }

    /// MiB that it writes round and round.
    #[must_use]
    pub fn hot_mib(self) -> f64 {
        f64::from(self.hot_pages) / 256.0
    }
}

/// The image with its parameters.
#[must_use]
pub fn image(size: Size) -> Vec<u8> {
    let mut image = IMAGE.to_vec();
    let hot_at = FIRST + size.cold_pages * PAGE;
    let words = [
        FIRST,
        size.cold_pages,
        hot_at,
        size.hot_pages,
        BATCH,
        PERIOD_US * 1000,
        COLD_CHECKS,
    ];
    for (index, word) in words.iter().enumerate() {
        image[4 + 4 * index..8 + 4 * index].copy_from_slice(&word.to_le_bytes());
    }
    image
}

/// The guest of trials between two hosts: one size for every nova.conf, so that one image will do.
pub const FAR: Size = Size {
    cold_pages: 256,
    hot_pages: 64 * 256,
};

/// Its image.
#[must_use]
pub fn far_image() -> Vec<u8> {
    image(FAR)
}

/// Its domain: the emulator is libvirt's choice, the serial port a console that libvirt hands through.
#[must_use]
pub fn far_domain_xml(name: &str, uuid: &str, emulated: bool, memory: &Memory, image: &Path) -> String {
    let kind = if emulated { "qemu" } else { "kvm" };
    format!(
        "<domain type='{kind}'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>{}</memory>{}<vcpu>1</vcpu>\
         <os><type arch='x86_64' machine='pc'>hvm</type><loader readonly='yes' type='rom'>{}</loader></os>\
         <features><acpi/></features><devices><controller type='usb' model='none'/>\
         <serial type='pty'><target port='0'/></serial><memballoon model='none'/></devices></domain>",
        FAR.memory_mib(),
        memory.xml(),
        escaped(&image.display().to_string()),
    )
}

/// What the domain in the sandbox is made of.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// Its name.
    pub name: &'a str,
    /// How big it is.
    pub size: Size,
    /// Without KVM.
    pub emulated: bool,
    /// What its memory is made of.
    pub memory: &'a Memory,
    /// What else it is made of.
    pub hardware: &'a Hardware,
    /// What stands behind its devices.
    pub backends: Backends<'a>,
    /// The QEMU program.
    pub emulator: &'a Path,
    /// Its image.
    pub image: &'a Path,
    /// The socket that its serial port connects to.
    pub serial: &'a Path,
}

/// The domain in the sandbox.
#[must_use]
pub fn domain_xml(parts: Parts) -> String {
    let Parts {
        name,
        size,
        emulated,
        memory,
        hardware,
        backends,
        emulator,
        image,
        serial,
    } = parts;
    let kind = if emulated { "qemu" } else { "kvm" };
    let mut xml = format!(
        "<domain type='{kind}'><name>{name}</name><memory unit='MiB'>{}</memory>{}",
        size.memory_mib(),
        memory.xml(),
    );
    let path = |path: &Path| escaped(&path.display().to_string());
    let _ = write!(
        xml,
        "<vcpu>1</vcpu><os><type arch='x86_64' machine='{}'>hvm</type><loader readonly='yes' type='rom'>{}</loader></os>\
         {}<devices><emulator>{}</emulator>\
         <serial type='unix'><source mode='connect' path='{}'/><target port='0'/></serial>{}</devices></domain>",
        escaped(&hardware.machine),
        path(image),
        hardware.middle(),
        path(emulator),
        path(serial),
        hardware.devices(backends),
    );
    xml
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_are_written_into_the_image() {
        let size = Size::with_hot_mib(12);
        let image = image(size);
        assert_eq!(&image[..4], b"NVMD");
        assert_eq!(image[8..12], 256u32.to_le_bytes());
        assert_eq!(image[16..20], 3072u32.to_le_bytes());
        assert_eq!(image[24..28], 2_000_000u32.to_le_bytes());
        assert_eq!(image.len(), 65536);
        assert_eq!(size.memory_mib(), 24);
    }

    #[test]
    fn a_path_cannot_break_the_domain() {
        let xml = domain_xml(Parts {
            name: NAME,
            size: Size::with_hot_mib(1),
            emulated: true,
            memory: &Memory::Anonymous,
            hardware: &Hardware::plain(),
            backends: Backends {
                disk: Path::new("/d"),
                is_direct: false,
                has_tap: false,
            },
            emulator: Path::new("/a b/'<&"),
            image: Path::new("/i"),
            serial: Path::new("/s"),
        });
        assert!(xml.contains("<emulator>/a b/&apos;&lt;&amp;</emulator>"), "{xml}");
    }
}
