//! What the end of a migration costs a guest at the speed of the network: for the probe guest and for those of usual sizes.
//!
//! It reckons with what was measured where something was, and says what it assumes.

use std::time::Duration;

use novamend::nova::migration::timeout::completion_timeout_seconds;
use serde::Serialize;

use crate::speed::{Link, Speed};
use crate::trial::cost::Felt;
use crate::trial::plan::Plan;
use crate::trial::session::Session;
use crate::trial::slow::time;

/// What is left of a network's speed for memory: TCP, IP and Ethernet take 4 % of a frame of 1500 bytes, QEMU some more.
const FOR_MEMORY: f64 = 0.95;

/// A machine that sends less than this share of what the network carries is what limits it.
const LESS: f64 = 0.8;

/// The guests that are reckoned for, in GiB.
const GUESTS: [u32; 3] = [4, 16, 64];

/// The shares of a guest's memory that are reckoned to be left when nova acts.
const SHARES: [f64; 2] = [0.1, 1.0];

/// What a forced end of a migration costs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Price {
    /// The network; null where its speed is not known.
    pub link: Option<Link>,
    /// What is not known, and why, as a sentence; null where all is.
    pub not_known: Option<String>,
    /// What the probe guest felt over a network of that speed; null where that was not measured.
    pub felt: Option<Felt>,
    /// What limits the speed of post-copy here; null where that was not measured.
    pub limited_by: Option<Limit>,
    /// What it is reckoned to feel from that speed, in seconds: from the last heartbeat on the source until all memory has come.
    pub reckoned_s: Option<f64>,
    /// The same as it was measured.
    pub measured_s: Option<f64>,
    /// Other guests; none where the speed is not known.
    pub guests: Vec<Guest>,
    /// What that goes by, one sentence each.
    pub assumptions: Vec<String>,
}

/// What limits the speed at which a guest's memory comes in post-copy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The network.
    Network,
    /// This machine, whose QEMU sends so many MiB a second, although the network would carry more.
    Machine(f64),
}

/// One guest of a usual size.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Guest {
    /// Its memory.
    pub memory_gib: u32,
    /// Seconds after which nova acts; null where it never does.
    pub nova_acts_after_s: Option<i64>,
    /// Seconds to copy all its memory once.
    pub one_pass_s: f64,
    /// By what is left when nova acts.
    pub left: Vec<Left>,
}

/// What it feels with so much left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Left {
    /// The share of its memory.
    pub share: f64,
    /// The same in MiB.
    pub mib: f64,
    /// Seconds of post-copy, the guest running slowly in all but the first moment.
    pub post_copy_s: f64,
    /// Seconds of downtime, where nova pauses it.
    pub pause_s: f64,
}

/// Reckons; none where nothing was asked or nothing is forced.
pub(super) fn reckon(plan: &Plan, session: &Session) -> Option<Price> {
    let cost = session.cost.as_ref()?;
    let felt = cost.felt();
    let not_known = cost.not_measured.as_ref().map(|why| match &cost.link {
        Some(link) => format!(
            "what a switch to post-copy costs at {} was not measured: {why}",
            link.bits_per_second
        ),
        None => format!("what a forced end costs a guest over this network is not known: {why}; give its speed, for instance --link 10G"),
    });
    let usable = cost.link.as_ref().map(|link| usable(link.bits_per_second));
    let in_post_copy = felt
        .filter(|felt| !felt.busy)
        .map(|felt| felt.mib_per_second)
        .or(usable);
    let copied = usable.map(|usable| copied_at(plan, usable));
    let guests = copied
        .zip(in_post_copy)
        .map(|(copied, in_post_copy)| GUESTS.map(|gib| guest(plan, gib, copied, in_post_copy)).to_vec());
    let limited_by = felt.zip(usable).map(|(felt, usable)| limit(felt, usable));
    let speed = limited_by.zip(usable).map(|(limit, usable)| match limit {
        Limit::Network => usable,
        Limit::Machine(sends) => sends,
    });
    Some(Price {
        reckoned_s: felt.zip(speed).map(|(felt, speed)| felt.left_mib / speed),
        limited_by,
        measured_s: felt.map(|felt| felt.left_mib / felt.mib_per_second),
        guests: guests.unwrap_or_default(),
        assumptions: cost
            .link
            .as_ref()
            .map(|link| assumptions(plan, link, felt, limited_by))
            .unwrap_or_default(),
        link: cost.link.clone(),
        not_known,
        felt,
    })
}

/// By what the source's QEMU sent: the heartbeats, which are compared with it, have no say.
fn limit(felt: Felt, usable: f64) -> Limit {
    let sends = felt.sent_mib_per_second.filter(|sends| *sends < usable * LESS);
    sends.map_or(Limit::Network, Limit::Machine)
}

fn usable(speed: Speed) -> f64 {
    speed.mib() * FOR_MEMORY
}

/// MiB a second before nova acts, and after it paused the guest: `live_migration_bandwidth` does not hold for post-copy.
fn copied_at(plan: &Plan, usable: f64) -> f64 {
    match plan.settings.bandwidth {
        limit @ 1.. => usable.min(limit as f64),
        _ => usable,
    }
}

fn guest(plan: &Plan, gib: u32, copied: f64, in_post_copy: f64) -> Guest {
    let mib = f64::from(gib) * 1024.0;
    let after = completion_timeout_seconds(plan.settings.completion_timeout, gib.into());
    Guest {
        memory_gib: gib,
        nova_acts_after_s: (after > 0).then_some(after),
        one_pass_s: mib / copied,
        left: SHARES
            .map(|share| Left {
                share,
                mib: mib * share,
                post_copy_s: mib * share / in_post_copy,
                pause_s: mib * share / copied,
            })
            .to_vec(),
    }
}

fn assumptions(plan: &Plan, link: &Link, felt: Option<Felt>, limited_by: Option<Limit>) -> Vec<String> {
    let speed = link.bits_per_second;
    let mut list = vec![match &link.interface {
        Some(interface) => {
            format!("the network is as fast as {interface} says, {speed}, and nothing else is sent over it meanwhile")
        }
        None => format!("the network has {speed}, as was said, and nothing else is sent over it meanwhile"),
    }];
    list.push(match felt {
        Some(felt) if felt.busy => format!(
            "in post-copy memory comes at {:.0} MiB/s, which this network can carry; what was measured, {:.0} MiB/s, is not used, as \
             this machine was busy with other things: run it again on a quiet one",
            usable(speed),
            felt.mib_per_second
        ),
        Some(felt) if matches!(limited_by, Some(Limit::Machine(_))) => format!(
            "in post-copy memory comes at {:.0} MiB/s, as it did for the probe guest in the sandbox: that is this machine's speed, where \
             source and destination share its cores; the network would carry {:.0} MiB/s",
            felt.mib_per_second,
            usable(speed)
        ),
        Some(felt) => format!(
            "in post-copy memory comes at {:.0} MiB/s, as it did for the probe guest over such a network in the sandbox, where \
             source and destination share one machine",
            felt.mib_per_second
        ),
        None => format!("in post-copy memory comes at {:.0} MiB/s, which this network can carry; that was not measured", usable(speed)),
    });
    let copied = copied_at(plan, usable(speed));
    let limited = if copied < usable(speed) {
        ", nova's live_migration_bandwidth"
    } else {
        ", which this network can carry"
    };
    list.push(format!(
        "before that, and while the guest is paused, it is copied at {copied:.0} MiB/s{limited}"
    ));
    list.push(
        "what is left when nova acts is what the guest goes on writing: a tenth of its memory, or all of it; a guest that is \
         switched runs at once and slowly until its memory has come, one that is paused does not run for all of that time"
            .to_owned(),
    );
    list.push(
        "how slow it is depends on how much memory it touches: the probe guest walks through all of its memory at 250 MiB/s; the \
         downtime at the switch grows with memory and devices, which was not measured"
            .to_owned(),
    );
    list
}

fn in_gbit(mib: f64) -> f64 {
    mib * 1_048_576.0 * 8.0 / 1e9
}

impl Price {
    /// What the guest felt and at which speed, for a headline; none where that is not known.
    pub(super) fn headline(&self) -> Option<String> {
        let (felt, link) = (self.felt?, self.link.as_ref()?);
        Some(format!(
            "the guest was {} ({:.0} MiB left, {}{})",
            felt.words(),
            felt.left_mib,
            link.bits_per_second,
            match self.limited_by {
                _ if felt.busy => "; this machine was busy".to_owned(),
                Some(Limit::Machine(sends)) => format!(", of which this machine uses {:.1} Gbit/s", in_gbit(sends)),
                _ => String::new(),
            }
        ))
    }

    /// How long a pause takes by this network for each GiB that is left.
    pub(super) fn of_a_pause(&self) -> Option<String> {
        let link = self.link.as_ref()?;
        let gib = self.guests.first()?.one_pass_s / f64::from(GUESTS[0]);
        Some(format!(
            "at {} a pause lasts {} for each GiB that is left",
            link.bits_per_second,
            time(Duration::from_secs_f64(gib))
        ))
    }
}
