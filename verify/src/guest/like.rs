//! A guest like a domain of libvirt's: what can be built of it, and what cannot.
//!
//! It reads XML and makes nothing. Only processor, features and clock are taken over as they are written; a device is known by
//! its kind and model, and nothing of the host stands behind it.

use roxmltree::{Document, Node};

use super::hardware::{Cpu, Device, Hardware};

/// Why a domain cannot be taken as a model.
#[derive(Debug, thiserror::Error)]
pub enum LikeError {
    /// No XML.
    #[error("it is not XML")]
    Xml(#[source] roxmltree::Error),
    /// Another document of libvirt's.
    #[error("it is not the XML of a domain (`virsh dumpxml DOMAIN` prints that)")]
    NoDomain,
    /// A guest for another processor.
    #[error("its guest is for {0}, and the probe guest is for x86_64")]
    Architecture(String),
}

/// A domain as far as the probe guest can be like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Like {
    /// Its machine, processor and devices.
    pub hardware: Hardware,
    /// Its memory.
    pub memory: LikeMemory,
    /// What it has and the probe guest cannot have, a few words each.
    pub lacks: Vec<String>,
}

/// The memory of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LikeMemory {
    /// QEMU's own.
    Anonymous,
    /// An anonymous file.
    Memfd,
    /// Files.
    Files,
    /// Huge pages.
    HugePages,
}

/// Elements of `<devices>` that say nothing of what is migrated, or that libvirt adds by itself.
const OF_NO_MATTER: [&str; 7] = ["emulator", "serial", "console", "controller", "channel", "audio", "hub"];

impl Like {
    /// Reads the XML of a domain.
    ///
    /// # Errors
    /// It is none, or one for another processor.
    pub fn of(text: &str) -> Result<Self, LikeError> {
        let document = Document::parse(text).map_err(LikeError::Xml)?;
        let domain = document.root_element();
        if domain.tag_name().name() != "domain" {
            return Err(LikeError::NoDomain);
        }
        let kind = child(domain, "os").and_then(|os| child(os, "type"));
        let attribute = |name| kind.and_then(|kind| kind.attribute(name));
        if let Some(other) = attribute("arch").filter(|arch| *arch != "x86_64") {
            return Err(LikeError::Architecture(other.to_owned()));
        }
        let mut lacks = beside_devices(domain);
        let devices = devices(domain, &mut lacks);
        let raw = |node: Node<'_, '_>| text[node.range()].to_owned();
        Ok(Self {
            hardware: Hardware {
                machine: attribute("machine").unwrap_or("pc").to_owned(),
                cpu: child(domain, "cpu").map_or(Cpu::Default, |cpu| Cpu::Copied(processor(cpu, text))),
                features: child(domain, "features")
                    .map(|features| features.children().filter(Node::is_element).map(raw).collect())
                    .unwrap_or_default(),
                clock: child(domain, "clock").map(raw).unwrap_or_default(),
                devices,
            },
            memory: memory(domain),
            lacks,
        })
    }
}

fn child<'a, 'input>(of: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    of.children().find(|node| node.has_tag_name(name))
}

/// The processor without what goes with more of them, or with more memory, than the probe guest has.
fn processor(cpu: Node<'_, '_>, text: &str) -> String {
    let mut xml = "<cpu".to_owned();
    for attribute in cpu.attributes() {
        xml.push_str(&format!(
            " {}='{}'",
            attribute.name(),
            super::escaped(attribute.value())
        ));
    }
    xml.push('>');
    let kept = cpu.children().filter(Node::is_element);
    for node in kept.filter(|node| !["topology", "numa", "cache"].contains(&node.tag_name().name())) {
        xml.push_str(&text[node.range()]);
    }
    xml + "</cpu>"
}

fn memory(domain: Node<'_, '_>) -> LikeMemory {
    let Some(backing) = child(domain, "memoryBacking") else {
        return LikeMemory::Anonymous;
    };
    if child(backing, "hugepages").is_some() {
        return LikeMemory::HugePages;
    }
    match child(backing, "source").and_then(|source| source.attribute("type")) {
        Some("file") => LikeMemory::Files,
        Some("memfd") => LikeMemory::Memfd,
        _ => LikeMemory::Anonymous,
    }
}

/// What a domain may have beside devices that the probe guest does without.
fn beside_devices(domain: Node<'_, '_>) -> Vec<String> {
    let mut lacks = Vec::new();
    let os = child(domain, "os");
    let is_uefi = os.is_some_and(|os| {
        os.attribute("firmware") == Some("efi")
            || child(os, "loader").is_some_and(|loader| loader.attribute("type") == Some("pflash"))
    });
    let has = |name| child(domain, name).is_some();
    let of_memory = |name| child(domain, "memoryBacking").is_some_and(|backing| child(backing, name).is_some());
    for (is_so, what) in [
        (is_uefi, "UEFI"),
        (has("launchSecurity"), "encrypted memory (launchSecurity)"),
        (has("iothreads"), "I/O threads"),
        (has("maxMemory"), "memory that can be added"),
        (of_memory("locked"), "locked memory"),
        (
            domain
                .children()
                .any(|node| node.has_tag_name(("http://libvirt.org/schemas/domain/qemu/1.0", "commandline"))),
            "arguments of QEMU of its own",
        ),
    ] {
        if is_so {
            lacks.push(what.to_owned());
        }
    }
    lacks
}

/// The devices that can be built, the first of each kind and model; `lacks` gets the others.
fn devices(domain: Node<'_, '_>, lacks: &mut Vec<String>) -> Vec<Device> {
    let mut found = Vec::new();
    let all = child(domain, "devices")
        .into_iter()
        .flat_map(|devices| devices.children());
    for node in all.filter(Node::is_element) {
        let name = node.tag_name().name();
        match device(node) {
            _ if OF_NO_MATTER.contains(&name) => {}
            Built::As(device) if !found.contains(&device) => found.push(device),
            Built::Nothing => {}
            Built::As(device) => lack(lacks, format!("a second {}", device.words())),
            Built::Not(what) => lack(lacks, what),
        }
    }
    found
}

fn lack(lacks: &mut Vec<String>, what: String) {
    if !lacks.contains(&what) {
        lacks.push(what);
    }
}

/// What can be built for an element of `<devices>`.
enum Built {
    As(Device),
    /// It needs nothing.
    Nothing,
    Not(String),
}

fn device(node: Node<'_, '_>) -> Built {
    let of = |name: &str, attribute: &str| child(node, name).and_then(|node| node.attribute(attribute));
    let own = |attribute: &str| node.attribute(attribute);
    match node.tag_name().name() {
        "disk" if own("device").unwrap_or("disk") == "disk" => match of("target", "bus") {
            Some(bus @ ("virtio" | "ide" | "scsi" | "sata")) => Built::As(Device::Disk(bus.to_owned())),
            bus => Built::Not(format!("a disk at the bus {}", bus.unwrap_or("?"))),
        },
        "disk" => Built::Not("a disk drive that is no hard disk".to_owned()),
        "interface" if !matches!(own("type"), Some("hostdev" | "vdpa" | "vhostuser")) => {
            Built::As(Device::Interface(of("model", "type").unwrap_or("rtl8139").to_owned()))
        }
        "interface" => Built::Not(format!("an interface of the kind {}", own("type").unwrap_or_default())),
        "memballoon" if own("model") == Some("none") => Built::Nothing,
        "memballoon" => {
            let period = of("stats", "period").and_then(|text| text.parse().ok());
            Built::As(Device::Balloon(period.unwrap_or(0)))
        }
        "rng" if of("backend", "model") == Some("random") => {
            let path = child(node, "backend")
                .and_then(|backend| backend.text())
                .unwrap_or("/dev/urandom");
            Built::As(Device::Rng(path.trim().to_owned()))
        }
        "video" => match of("model", "type") {
            Some("none") => Built::Nothing,
            model => Built::As(Device::Video(model.unwrap_or("cirrus").to_owned())),
        },
        "graphics" => Built::As(Device::Vnc),
        "input" if own("type") == Some("tablet") && own("bus") == Some("usb") => Built::As(Device::Tablet),
        "input" if own("bus") == Some("ps2") => Built::Nothing,
        "tpm" if of("backend", "type") == Some("emulator") => {
            Built::As(Device::Tpm(own("model").unwrap_or("tpm-tis").to_owned()))
        }
        other => Built::Not(format!("the device {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOMAIN: &str = "<domain type='kvm' id='3'><name>instance-1</name><memory>4194304</memory><vcpu>4</vcpu>\
        <memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>\
        <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><loader readonly='yes' type='pflash'>/x.fd</loader></os>\
        <features><acpi/><apic/></features>\
        <cpu mode='custom' match='exact' check='full'><model fallback='forbid'>EPYC</model><topology sockets='4' cores='1' \
        threads='1'/><feature policy='require' name='x2apic'/><numa><cell id='0' cpus='0-3' memory='4194304'/></numa></cpu>\
        <clock offset='utc'><timer name='hpet' present='no'/></clock>\
        <devices><emulator>/usr/bin/q</emulator><disk type='network' device='disk'><source protocol='rbd' name='p/i'/>\
        <target dev='vda' bus='virtio'/></disk><disk type='file' device='disk'><target dev='vdb' bus='virtio'/></disk>\
        <disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>\
        <controller type='usb' model='none'/><interface type='bridge'><model type='virtio'/></interface>\
        <hostdev mode='subsystem' type='pci'/><filesystem type='mount'/><memballoon model='virtio'><stats period='10'/>\
        </memballoon></devices></domain>";

    #[test]
    fn what_can_be_built_is_and_what_cannot_is_named() {
        let like = Like::of(DOMAIN).unwrap();
        assert_eq!(like.memory, LikeMemory::Memfd);
        assert_eq!(like.hardware.machine, "pc-q35-7.2");
        assert_eq!(
            like.hardware.cpu,
            Cpu::Copied(
                "<cpu mode='custom' match='exact' check='full'><model fallback='forbid'>EPYC</model>\
                 <feature policy='require' name='x2apic'/></cpu>"
                    .to_owned()
            )
        );
        assert_eq!(
            like.hardware.devices,
            [
                Device::Disk("virtio".to_owned()),
                Device::Interface("virtio".to_owned()),
                Device::Balloon(10)
            ]
        );
        assert_eq!(
            like.lacks,
            [
                "UEFI",
                "a second virtio disk",
                "a disk drive that is no hard disk",
                "the device hostdev",
                "the device filesystem"
            ]
        );
    }

    #[test]
    fn what_is_no_domain_for_x86_is_refused() {
        assert!(matches!(Like::of("no"), Err(LikeError::Xml(_))));
        assert!(matches!(Like::of("<network/>"), Err(LikeError::NoDomain)));
        let arm = "<domain><os><type arch='aarch64'>hvm</type></os></domain>";
        assert!(matches!(Like::of(arm), Err(LikeError::Architecture(_))));
        // an entity that grows is not expanded without end
        let bomb = "<!DOCTYPE d [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><domain><name>&b;</name></domain>";
        assert!(Like::of(bomb).is_err());
    }
}
