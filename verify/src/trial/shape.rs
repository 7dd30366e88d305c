//! What the probe guest is like: what was asked for, and what came of it where that did not start.
//!
//! It builds nothing.

use serde::{Deserialize, Serialize};

use crate::guest::hardware::Hardware;

/// What the probe guest is to be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// As nova builds guests from nova.conf on this host; a plain one where such a guest does not start
    Nova,
    /// No devices and QEMU's default processor, with memory as nova.conf has it
    Plain,
    /// Plain, with QEMU's own memory
    Anonymous,
    /// Plain, with memory in a shared memfd
    Memfd,
    /// Plain, with memory in files, as by `file_backed_memory`
    Files,
    /// Plain, with memory in huge pages, as by a flavor
    HugePages,
    /// Plain, with every device that nova gives guests; a vTPM where swtpm is installed
    Devices,
    /// As a domain that was named
    #[value(skip)]
    Like,
}

impl Shape {
    /// Whether the guest stands for those that run here, so that one that does not start says something of them.
    #[must_use]
    pub fn is_of_the_host(self) -> bool {
        matches!(self, Self::Nova | Self::Like)
    }

    /// The guests that it stands for, in words.
    #[must_use]
    pub fn guests(self) -> &'static str {
        match self {
            Self::Nova => "guests as nova builds them from this nova.conf",
            Self::Like => "guests like the domain that was named",
            Self::Devices => "guests with nova's devices",
            _ => "plain guests",
        }
    }
}

/// How much of what was asked for a guest has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Built {
    /// All of it.
    AsAsked,
    /// Its machine and processor, and no devices.
    WithoutDevices,
    /// Nothing but its memory.
    Plain,
}

/// One guest that may be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// How much of what was asked for it has.
    pub built: Built,
    /// What it is made of.
    pub hardware: Hardware,
}

/// A guest that did not start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotStarted {
    /// How much of what was asked for it had.
    pub built: Built,
    /// Why, in libvirt's or QEMU's words.
    pub why: String,
}

/// The guest of the trials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ShapeUsed {
    /// What was asked for.
    pub asked: Shape,
    /// What the guests to be tried are made of, in words, from the one that was asked for to the plain one.
    pub tried: Vec<(Built, String)>,
    /// Those of them that did not start.
    pub refused: Vec<NotStarted>,
}

impl ShapeUsed {
    /// Of guests that are tried in this order.
    #[must_use]
    pub fn of(asked: Shape, builds: &[Build]) -> Self {
        let tried = builds.iter().map(|build| (build.built, build.hardware.words()));
        Self {
            asked,
            tried: tried.collect(),
            refused: Vec::new(),
        }
    }

    /// A plain guest, where nothing else was asked for.
    #[must_use]
    pub fn plain() -> Self {
        let plain = Build {
            built: Built::AsAsked,
            hardware: Hardware::plain(),
        };
        Self::of(Shape::Plain, &[plain])
    }

    pub(super) fn not_started(&mut self, what: NotStarted) {
        if !self.refused.iter().any(|known| known.built == what.built) {
            self.refused.push(what);
        }
    }

    /// How much of what was asked for the guest of the trials had.
    #[must_use]
    pub fn used(&self) -> Built {
        let left = self.tried.iter().map(|(built, _)| *built);
        let mut left = left.filter(|built| self.why_not(*built).is_none());
        left.next().unwrap_or(Built::Plain)
    }

    /// What the guest of the trials was made of, in words.
    #[must_use]
    pub fn words(&self) -> &str {
        let used = self.used();
        let found = self.tried.iter().find(|(built, _)| *built == used);
        found.map_or("", |(_, words)| words)
    }

    /// Why a guest that had so much of it did not start.
    #[must_use]
    pub fn why_not(&self, built: Built) -> Option<&str> {
        let found = self.refused.iter().find(|refused| refused.built == built);
        found.map(|refused| refused.why.as_str())
    }

    /// Why no guest with the machine and the processor that were asked for starts.
    #[must_use]
    pub fn no_guest_starts(&self) -> Option<&str> {
        if !self.asked.is_of_the_host() {
            return None;
        }
        self.why_not(Built::WithoutDevices)
    }
}
