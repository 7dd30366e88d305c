//! What the probe guest is made of beside its memory: machine, processor and devices, as elements of libvirt's XML.
//!
//! It makes nothing; what is behind a device in the sandbox is in [`Backends`].

use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::escaped;

/// Machine, processor and devices of a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hardware {
    /// The machine type: `pc`, `q35` or one of their versions.
    pub machine: String,
    /// The processor.
    pub cpu: Cpu,
    /// The elements in `<features>`.
    pub features: String,
    /// The element `<clock>`, if there is one.
    pub clock: String,
    /// Everything else.
    pub devices: Vec<Device>,
}

/// The processor of a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cpu {
    /// QEMU's choice.
    Default,
    /// As nova.conf asks for it.
    Configured {
        /// `host-model`, `host-passthrough` or `custom`; `none` leaves it to QEMU.
        mode: String,
        /// The name of a model, of which nova does not mind the case.
        model: Option<String>,
        /// Features, and whether the guest is to have them.
        features: Vec<(String, bool)>,
    },
    /// The element as a domain has it.
    Copied(String),
}

/// One device of a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// A disk of the sandbox's own, by its bus.
    Disk(String),
    /// A network interface without a network, by its model.
    Interface(String),
    /// A balloon with statistics each so many seconds.
    Balloon(u32),
    /// A random number generator that reads this device.
    Rng(String),
    /// A graphics adapter, by its model.
    Video(String),
    /// A VNC server on the loopback address.
    Vnc,
    /// A USB tablet.
    Tablet,
    /// A TPM that swtpm emulates, by its model.
    Tpm(String),
    /// So many free ports of PCI Express.
    PciePorts(u32),
}

impl Device {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Disk(bus) => format!("{bus} disk"),
            Self::Interface(model) => format!("{model} network"),
            Self::Balloon(_) => "balloon".to_owned(),
            Self::Rng(_) => "random number generator".to_owned(),
            Self::Video(model) => format!("{model} graphics"),
            Self::Vnc => "VNC".to_owned(),
            Self::Tablet => "USB tablet".to_owned(),
            Self::Tpm(_) => "vTPM".to_owned(),
            Self::PciePorts(count) => format!("{count} PCIe ports"),
        }
    }

    fn xml(&self, backends: Backends) -> String {
        match self {
            Self::Disk(bus) => {
                let (name, path) = (disk_name(bus), escaped(&backends.disk.display().to_string()));
                let controller = if bus == "scsi" {
                    "<controller type='scsi' model='virtio-scsi'/>"
                } else {
                    ""
                };
                format!(
                    "{controller}<disk type='file' device='disk'><driver name='qemu' type='raw' cache='{}' discard='unmap'/>\
                     <source file='{path}'/><target dev='{name}' bus='{}'/></disk>",
                    if backends.is_direct { "none" } else { "writeback" },
                    escaped(bus),
                )
            }
            Self::Interface(model) => {
                let kind = if backends.has_tap { "ethernet" } else { "user" };
                let model = escaped(model);
                format!(
                    "<interface type='{kind}'><mac address='52:54:00:6e:6f:76'/><model type='{model}'/></interface>"
                )
            }
            // it stands at the end, where libvirt takes one for granted
            Self::Balloon(_) => String::new(),
            Self::Rng(device) => format!(
                "<rng model='virtio'><backend model='random'>{}</backend></rng>",
                escaped(device)
            ),
            Self::Video(model) => format!("<video><model type='{}'/></video>", escaped(model)),
            Self::Vnc => "<graphics type='vnc' autoport='yes' listen='127.0.0.1'/>".to_owned(),
            Self::Tablet => "<input type='tablet' bus='usb'/>".to_owned(),
            Self::Tpm(model) => format!(
                "<tpm model='{}'><backend type='emulator' version='2.0'/></tpm>",
                escaped(model)
            ),
            Self::PciePorts(count) => {
                "<controller type='pci' model='pcie-root-port'/>".repeat(usize::try_from(*count).unwrap_or(0))
            }
        }
    }
}

/// The name of the first disk at a bus.
fn disk_name(bus: &str) -> &'static str {
    match bus {
        "virtio" => "vda",
        "ide" => "hda",
        _ => "sda",
    }
}

/// What stands behind devices.
#[derive(Clone, Copy, Debug)]
pub struct Backends<'a> {
    /// The disk's file.
    pub disk: &'a Path,
    /// Whether the disk's file can be read without the host's cache.
    pub is_direct: bool,
    /// Whether libvirt can make a tap device; otherwise QEMU emulates a network itself.
    pub has_tap: bool,
}

impl Hardware {
    /// The smallest: nothing but a machine.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            machine: "pc".to_owned(),
            cpu: Cpu::Default,
            features: "<acpi/>".to_owned(),
            clock: String::new(),
            devices: Vec::new(),
        }
    }

    /// The same without devices: the machine and the processor alone.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self {
            devices: Vec::new(),
            ..self.clone()
        }
    }

    /// The name of the disk in the guest, if it has one.
    #[must_use]
    pub fn disk(&self) -> Option<&'static str> {
        self.devices.iter().find_map(|device| match device {
            Device::Disk(bus) => Some(disk_name(bus)),
            _ => None,
        })
    }

    /// The model that nova.conf asks for, as it is written there.
    #[must_use]
    pub fn cpu_model(&self) -> Option<&str> {
        match &self.cpu {
            Cpu::Configured { model, .. } => model.as_deref(),
            _ => None,
        }
    }

    /// Takes libvirt's spelling of the model, as nova does.
    pub fn spell_cpu_model(&mut self, known: &[String]) {
        if let Cpu::Configured { model: Some(model), .. } = &mut self.cpu
            && let Some(name) = known.iter().find(|name| name.eq_ignore_ascii_case(model))
        {
            model.clone_from(name);
        }
    }

    /// The elements between the machine and the devices.
    pub(super) fn middle(&self) -> String {
        format!("<features>{}</features>{}{}", self.features, self.cpu.xml(), self.clock)
    }

    /// The devices but for the emulator, the serial port and what no guest has.
    pub(super) fn devices(&self, backends: Backends) -> String {
        let mut xml = String::new();
        let mut balloon = "<memballoon model='none'/>".to_owned();
        for device in &self.devices {
            if let Device::Balloon(seconds) = device {
                balloon = format!("<memballoon model='virtio'><stats period='{seconds}'/></memballoon>");
            }
            xml.push_str(&device.xml(backends));
        }
        if !self.devices.contains(&Device::Tablet) {
            xml.push_str("<controller type='usb' model='none'/>");
        }
        xml + &balloon
    }

    /// In words: machine, processor, devices.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = vec![format!("machine {}", self.machine), self.cpu.words()];
        words.extend(self.devices.iter().map(Device::words));
        words.join(", ")
    }
}

impl Cpu {
    fn xml(&self) -> String {
        match self {
            Self::Default => String::new(),
            Self::Copied(xml) => xml.clone(),
            Self::Configured { mode, model, features } => {
                let mut xml = match mode.as_str() {
                    "none" => "<cpu match='exact'>".to_owned(),
                    "custom" => "<cpu mode='custom' match='exact'>".to_owned(),
                    mode => format!("<cpu mode='{}'>", escaped(mode)),
                };
                if let Some(model) = model.as_ref().filter(|_| mode == "custom") {
                    let _ = write!(xml, "<model>{}</model>", escaped(model));
                }
                xml.push_str("<topology sockets='1' cores='1' threads='1'/>");
                for (name, is_wanted) in features.iter().filter(|_| mode != "none") {
                    let policy = if *is_wanted { "require" } else { "disable" };
                    let _ = write!(xml, "<feature policy='{policy}' name='{}'/>", escaped(name));
                }
                xml + "</cpu>"
            }
        }
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Default => "QEMU's default processor".to_owned(),
            Self::Copied(_) => "the domain's processor".to_owned(),
            Self::Configured { mode, model, .. } => match (mode.as_str(), model) {
                ("none", _) => "QEMU's default processor (cpu_mode none)".to_owned(),
                ("custom", Some(model)) => format!("processor {model}"),
                (mode, _) => format!("processor {mode}"),
            },
        }
    }
}
