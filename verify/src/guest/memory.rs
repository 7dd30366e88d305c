//! What the guest's memory is made of, as nova would have libvirt make it.
//!
//! It makes nothing.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What the guest's memory is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Memory {
    /// QEMU's own, as where nova.conf says nothing.
    Anonymous,
    /// An anonymous file that other processes may share, as for vhost-user and virtiofs.
    Memfd,
    /// The host's huge pages, as by a flavor's `hw:mem_page_size`.
    HugePages {
        /// How big each is, in KiB.
        size_kib: u64,
    },
    /// Shared files, as by `file_backed_memory`.
    Files {
        /// Where libvirt would put them.
        directory: PathBuf,
        /// The file system there.
        file_system: String,
        /// A directory of that file system in which files without a name are made for the trials; null where the sandbox's own
        /// are alike.
        made_in: Option<PathBuf>,
        /// User and group of QEMU.
        owner: (u32, u32),
        /// Whether libvirt knows `<discard/>`, which nova then asks for.
        discards: bool,
    },
}

impl Memory {
    /// The element of the domain.
    #[must_use]
    pub(super) fn xml(&self) -> String {
        match self {
            Self::Anonymous => String::new(),
            Self::Memfd => "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>".to_owned(),
            Self::HugePages { size_kib } => {
                format!("<memoryBacking><hugepages><page size='{size_kib}' unit='KiB'/></hugepages></memoryBacking>")
            }
            Self::Files { discards, .. } => format!(
                "<memoryBacking><source type='file'/><access mode='shared'/><allocation mode='immediate'/>{}</memoryBacking>",
                if *discards { "<discard/>" } else { "" }
            ),
        }
    }

    /// In words, where it is not QEMU's own.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        match self {
            Self::Anonymous => None,
            Self::Memfd => Some("guests' memory in a shared memfd".to_owned()),
            Self::HugePages { size_kib } => Some(format!("guests' memory in huge pages of {size_kib} KiB")),
            Self::Files {
                directory, file_system, ..
            } => Some(format!(
                "guests' memory in files in {}, on {file_system}",
                directory.display()
            )),
        }
    }
}
