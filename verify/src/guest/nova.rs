//! The guest that nova builds from nova.conf for a flavor and an image that ask for nothing special.
//!
//! It reads settings and makes nothing. Source: `_get_guest_config` and what it calls in nova/virt/libvirt/driver.py.

use novamend::catalog::Release;
use novamend::nova::View;
use novamend::oslo::value::Value;

use super::hardware::{Cpu, Device, Hardware};

/// From this release on the graphics adapter is virtio's.
const VIRTIO_GRAPHICS: u8 = 25;

/// From this release on guests have a `vmcoreinfo` device.
const VMCOREINFO: u8 = 24;

/// From this release on guests have a random number generator unless the flavor says otherwise.
const RNG: u8 = 21;

/// The device that random numbers are read from where nova.conf names none, as libvirt's own default.
const RANDOM: &str = "/dev/urandom";

/// A view of nova.conf as far as it decides over guests.
struct Options<'a>(&'a View<'a>);

impl Options<'_> {
    fn value(&self, group: &str, name: &str) -> Option<Value> {
        let setting = self.0.setting(group, name)?;
        self.0.value(&setting).ok().filter(|value| *value != Value::None)
    }

    fn text(&self, group: &str, name: &str) -> Option<String> {
        match self.value(group, name)? {
            Value::Text(text) => Some(text).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let Some(Value::List(values)) = self.value("libvirt", name) else {
            return Vec::new();
        };
        let texts = values.into_iter().filter_map(|value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        });
        texts.collect()
    }

    fn flag(&self, group: &str, name: &str) -> bool {
        self.value(group, name) == Some(Value::Bool(true))
    }

    fn number(&self, name: &str) -> u32 {
        match self.value("libvirt", name) {
            Some(Value::Int(number)) => u32::try_from(number).unwrap_or(0),
            _ => 0,
        }
    }
}

/// The hardware that the release of `view` gives a guest, with a vTPM where nova.conf lets flavors ask for one.
#[must_use]
pub fn hardware(view: &View<'_>) -> Hardware {
    let options = Options(view);
    let release = view.release();
    let machine = machine(&options);
    let mut features = "<acpi/>".to_owned();
    if !options.flag("workarounds", "libvirt_disable_apic") {
        features.push_str("<apic/>");
    }
    if release.number() >= VMCOREINFO {
        features.push_str("<vmcoreinfo state='on'/>");
    }
    let timers = if options.text("libvirt", "virt_type").as_deref() == Some("qemu") {
        ""
    } else {
        "<timer name='pit' tickpolicy='delay'/><timer name='rtc' tickpolicy='catchup'/><timer name='hpet' present='no'/>"
    };
    Hardware {
        cpu: cpu(&options),
        features,
        clock: format!("<clock offset='utc'>{timers}</clock>"),
        devices: devices(&options, release, &machine),
        machine,
    }
}

/// `hw_machine_type` for x86-64, else nova's own choice.
fn machine(options: &Options<'_>) -> String {
    let pairs = options.texts("hw_machine_type").into_iter();
    let own = pairs.rev().find_map(|pair| {
        let (arch, machine) = pair.split_once('=')?;
        (arch == "x86_64" && !machine.is_empty()).then(|| machine.to_owned())
    });
    own.unwrap_or_else(|| "pc".to_owned())
}

fn cpu(options: &Options<'_>) -> Cpu {
    let mode = options.text("libvirt", "cpu_mode");
    let models = options.texts("cpu_models").into_iter();
    let model = models.chain(options.text("libvirt", "cpu_model")).next();
    let features = options.texts("cpu_model_extra_flags").into_iter().map(|flag| {
        let flag = flag.to_lowercase();
        match flag.strip_prefix('-') {
            Some(name) => (name.to_owned(), false),
            None => (flag.trim_start_matches('+').to_owned(), true),
        }
    });
    Cpu::Configured {
        mode: mode.unwrap_or_else(|| "host-model".to_owned()),
        model,
        features: features.collect(),
    }
}

fn devices(options: &Options<'_>, release: Release, machine: &str) -> Vec<Device> {
    let mut devices = vec![
        Device::Disk("virtio".to_owned()),
        Device::Interface("virtio".to_owned()),
    ];
    let (vnc, spice) = (options.flag("vnc", "enabled"), options.flag("spice", "enabled"));
    if vnc || spice {
        // a spice server is not made: what it leaves in the guest is its adapter
        devices.push(Device::Vnc);
        let model = match (release.number() >= VIRTIO_GRAPHICS, spice) {
            (true, _) => "virtio",
            (false, true) => "qxl",
            (false, false) => "cirrus",
        };
        devices.push(Device::Video(model.to_owned()));
        let has_own_mouse = spice && !vnc && options.flag("spice", "agent_enabled");
        if options.text("DEFAULT", "pointer_model").as_deref() == Some("usbtablet") && !has_own_mouse {
            devices.push(Device::Tablet);
        }
    }
    if release.number() >= RNG {
        let path = options.text("libvirt", "rng_dev_path");
        devices.push(Device::Rng(path.unwrap_or_else(|| RANDOM.to_owned())));
    }
    if options.flag("libvirt", "swtpm_enabled") {
        devices.push(Device::Tpm("tpm-tis".to_owned()));
    }
    let ports = options.number("num_pcie_ports");
    if ports > 0 && machine.contains("q35") {
        devices.push(Device::PciePorts(ports));
    }
    let period = options.number("mem_stats_period_seconds");
    if period > 0 {
        devices.push(Device::Balloon(period));
    }
    devices
}

/// Every device that a guest of nova may have without a device of the host behind it.
#[must_use]
pub fn all_devices() -> Vec<Device> {
    vec![
        Device::Disk("virtio".to_owned()),
        Device::Interface("virtio".to_owned()),
        Device::Vnc,
        Device::Video("virtio".to_owned()),
        Device::Tablet,
        Device::Rng(RANDOM.to_owned()),
        Device::Tpm("tpm-tis".to_owned()),
        Device::Balloon(10),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use novamend::oslo::document::Document;
    use novamend::oslo::stack::Stack;
    use novamend::text::Source;

    use super::*;

    fn of(release: u32, text: &str) -> Hardware {
        let stack = Stack::of(Document::parse(Source::new(
            Path::new("nova.conf"),
            text.as_bytes().to_vec(),
        )));
        hardware(&View::new(&stack, Release::from_number(release).unwrap()))
    }

    #[test]
    fn nothing_written_is_a_host_model_with_the_devices_of_the_release() {
        let new = of(31, "");
        assert_eq!(new.machine, "pc");
        assert_eq!(
            new.words(),
            "machine pc, processor host-model, virtio disk, virtio network, VNC, virtio graphics, USB tablet, random \
             number generator, balloon"
        );
        assert!(
            new.middle().contains("<cpu mode='host-model'><topology "),
            "{}",
            new.middle()
        );
        let old = of(19, "");
        assert!(old.devices.contains(&Device::Video("cirrus".to_owned())));
        assert!(!old.devices.iter().any(|device| matches!(device, Device::Rng(_))));
        assert!(!old.features.contains("vmcoreinfo") && new.features.contains("vmcoreinfo"));
    }

    #[test]
    fn processor_and_machine_are_those_of_nova_conf() {
        let text = "[libvirt]\ncpu_mode = custom\ncpu_models = haswell-notsx,qemu64\nhw_machine_type = aarch64=virt,x86_64=q35\n\
                    cpu_model_extra_flags = +SSBD, -hle, pcid\nnum_pcie_ports = 3\nswtpm_enabled = true\n\
                    mem_stats_period_seconds = 0\n[vnc]\nenabled = false\n";
        let mut found = of(31, text);
        found.spell_cpu_model(&["qemu64".to_owned(), "Haswell-noTSX".to_owned()]);
        assert_eq!(found.cpu_model(), Some("Haswell-noTSX"));
        let middle = found.middle();
        for part in [
            "<cpu mode='custom' match='exact'><model>Haswell-noTSX</model>",
            "<feature policy='require' name='ssbd'/>",
            "<feature policy='disable' name='hle'/>",
            "<feature policy='require' name='pcid'/>",
        ] {
            assert!(middle.contains(part), "{part}: {middle}");
        }
        assert_eq!(found.machine, "q35");
        assert!(found.devices.contains(&Device::PciePorts(3)));
        assert!(found.devices.contains(&Device::Tpm("tpm-tis".to_owned())));
        assert!(
            !found
                .devices
                .iter()
                .any(|device| matches!(device, Device::Balloon(_) | Device::Vnc))
        );
        let old = of(19, "[libvirt]\ncpu_mode = custom\ncpu_model = Nehalem\n");
        assert_eq!(old.cpu_model(), Some("Nehalem"));
        let none = of(31, "[libvirt]\ncpu_mode = none\n");
        assert!(none.middle().contains("<cpu match='exact'><topology "));
    }
}
