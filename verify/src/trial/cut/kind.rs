//! The ways in which a migration is broken: what is done, what brings it back, and what is to be seen then.
//!
//! It does none of it.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What is broken in post-copy, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Cut {
    /// QEMU's TCP connection is reset; between two hosts libvirt has QEMU close it
    Reset,
    /// The same, and the migration is asked for again with `POSTCOPY_RESUME`
    ResetAndResume,
    /// The link is down until libvirt gives up, and then up again
    LinkDown,
    /// The destination's QEMU is killed
    DestinationQemu,
    /// The source's libvirt daemon is killed, and started again
    SourceDaemon,
    /// The destination's libvirt daemon is killed, and started again
    DestinationDaemon,
}

/// See [`Cut::slowed_to`].
pub const SLOW: u64 = 4;

/// See [`Cut::slowed_to`].
pub const FAST: u64 = 16;

/// What must become of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It runs at the destination with all its memory.
    Whole,
    /// It is in two halves, which wait for each other.
    Waits,
    /// It is lost: what the destination's QEMU held is nowhere else.
    Lost,
}

impl Cut {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Reset,
        Self::ResetAndResume,
        Self::LinkDown,
        Self::DestinationQemu,
        Self::SourceDaemon,
        Self::DestinationDaemon,
    ];

    /// What is done, as a heading.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Reset => "the migration's stream breaks off, and nobody intervenes",
            Self::ResetAndResume => "the stream breaks off, and the migration is resumed (POSTCOPY_RESUME)",
            Self::LinkDown => "the link is down until libvirt gives up, then up again",
            Self::DestinationQemu => "the destination's QEMU is killed",
            Self::SourceDaemon => "the source's libvirt daemon is killed and started again",
            Self::DestinationDaemon => "the destination's libvirt daemon is killed and started again",
        }
    }

    /// The MiB/s that are sent unasked in post-copy, so that there is something left to be cut off, or to be seen while a daemon is
    /// started again; nova sets no limit.
    #[must_use]
    pub fn slowed_to(self) -> u64 {
        match self {
            Self::SourceDaemon | Self::DestinationDaemon => SLOW,
            _ => FAST,
        }
    }

    /// What must become of the guest, where all that can be done for it works.
    #[must_use]
    pub fn fate(self) -> Fate {
        match self {
            Self::Reset => Fate::Waits,
            Self::DestinationQemu => Fate::Lost,
            Self::ResetAndResume | Self::LinkDown | Self::SourceDaemon | Self::DestinationDaemon => Fate::Whole,
        }
    }
}
