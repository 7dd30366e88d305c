//! What a guest of the lab is made of: its domain, as far as guests like it have started, and its disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::super::{devices, layout};
use super::{LabError, SandboxLab};
use crate::guest;
use crate::guest::hardware::{Backends, Hardware};
use crate::hypervisor::{End, GuestState, Hypervisor, Refusal, Side};
use crate::trial::conditions::Mode;

impl SandboxLab {
    /// The domain, as far as guests like it have started.
    pub(super) fn xml(&self) -> Result<String, LabError> {
        let order = &self.order;
        let build = order
            .builds
            .get(self.refused.load(Ordering::Relaxed))
            .or(order.builds.last());
        let mut hardware = build.map_or_else(Hardware::plain, |build| build.hardware.clone());
        if hardware.cpu_model().is_some() {
            hardware.spell_cpu_model(&self.libvirt.cpu_models(Side::First));
        }
        let disk = self.disk(&hardware).map_err(LabError::Disk)?;
        Ok(guest::domain_xml(guest::Parts {
            name: &self.guest,
            size: order.size,
            emulated: order.emulated,
            memory: &order.memory,
            hardware: &hardware,
            backends: Backends {
                disk: &disk,
                is_direct: false,
                has_tap: order.setup.mode == Mode::System && Path::new(devices::TUN).exists(),
            },
            emulator: &order.setup.emulator,
            image: &layout::image(),
            serial: &layout::serial(&self.guest),
        }))
    }

    /// Makes the guest's disk, if it has one, and says where its QEMU finds it.
    fn disk(&self, hardware: &Hardware) -> io::Result<PathBuf> {
        let Some(mib) = self.order.disk_mib else {
            let disk = layout::disk(&self.guest);
            if hardware.disk().is_some() {
                devices::make_disk(&disk)?;
            }
            return Ok(disk);
        };
        devices::make_full(&layout::disk_at(Side::First, &self.guest), mib)?;
        devices::make_empty(&layout::disk_at(Side::Second, &self.guest), mib << 20)?;
        Ok(layout::private_disk(&self.guest))
    }

    /// The name of the disk of the guest as it was started.
    pub(super) fn disk_name(&self) -> Option<&'static str> {
        let build = self.order.builds.get(self.refused.load(Ordering::Relaxed));
        build.and_then(|build| build.hardware.disk())
    }

    /// Whether the disk is whole at the end where the guest runs, where disks are copied.
    pub(super) fn has_whole_disk(&mut self) -> Option<bool> {
        let mib = self.order.disk_mib?;
        let runs = |at: Result<GuestState, Refusal>| at == Ok(GuestState::Running);
        let source = self.before.source;
        let side = if runs(self.libvirt.standing(End::Destination)) {
            source.other()
        } else {
            source
        };
        Some(devices::is_full(&layout::disk_at(side, &self.guest), mib))
    }
}
