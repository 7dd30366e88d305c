//! Measures what a switch to post-copy costs a guest at the speed of the operator's network, in a sandbox of its own.
//!
//! The trials before it share two cores and go through a socket, which shows none of it; here one guest is alone, and what
//! QEMU sends goes over a link that is made as slow as the network.

use std::sync::atomic::AtomicBool;

use super::setup::{Network, WorkOrder};
use super::trials::{SandboxError, gather};
use crate::host::{Host, link, room};
use crate::shown;
use crate::speed::{Link, Speed};
use crate::trial::conditions::Conditions;
use crate::trial::cost::Cost;
use crate::trial::messages::{Evidence, silence};
use crate::trial::plan::Plan;
use crate::trial::session::{RunOptions, Session};

/// Longer than this nobody waits for a measurement.
const LONGEST: f64 = 20.0;

/// The measurement for what `session` tried under `order`; none where no action forced a guest.
///
/// # Errors
/// [`SandboxError::Interrupted`] alone: whatever else fails leaves the cost not known.
pub(super) fn measure(
    (host, plan): (&Host, &Plan),
    options: &RunOptions,
    (order, session): (&WorkOrder, &Session),
    interrupted: &AtomicBool,
    progress: &mut dyn FnMut(&str),
) -> Result<Option<Cost>, SandboxError> {
    if !session.has_forced() {
        return Ok(None);
    }
    let link = match options.link {
        Some(speed) => Link::said(speed),
        None => match link::find(address(host, plan).as_deref()) {
            Ok(link) => link,
            Err(why) => return Ok(Some(Cost::unknown(None, why))),
        },
    };
    let Some(switched) = session.switched() else {
        return Ok(Some(Cost::over(link)));
    };
    let speed = link.bits_per_second;
    if let Some(why) = hindrance(plan, speed, &session.conditions, switched) {
        return Ok(Some(Cost::unknown(Some(link), why)));
    }
    let (size, trial) = plan.cost_trial(speed);
    let mut order = WorkOrder {
        size,
        trials: vec![trial],
        // those that do not start here are not tried again
        builds: order
            .builds
            .iter()
            .skip(session.conditions.shape.refused.len())
            .cloned()
            .collect(),
        disk_mib: None,
        side_by_side: false,
        link: Some(speed),
        // what nova decides has been seen; here time counts
        nova: None,
        ..order.clone()
    };
    order.setup.network = Some(Network::Socket);
    let patience = silence(&order.trials, options.patience());
    let mut told = |stage: &str| progress(&format!("measuring what a switch costs: {stage}"));
    let session = gather(&order, session.conditions.clone(), patience, interrupted, &mut told);
    Ok(Some(match session.map(|mut session| session.trials.pop()) {
        Ok(Some(trial)) => Cost::over(link).with(Box::new(trial), size),
        Ok(None) => Cost::unknown(Some(link), "the sandbox brought nothing".to_owned()),
        Err(SandboxError::Interrupted) => return Err(SandboxError::Interrupted),
        Err(error) => Cost::unknown(Some(link), shown::chain(&error)),
    }))
}

/// Where sources send to: what nova.conf or qemu.conf say; none where the default route leads to the others.
fn address(host: &Host, plan: &Plan) -> Option<String> {
    let written = || host.qemu_conf.word("migration_host").filter(|name| !name.is_empty());
    plan.settings.inbound.clone().or_else(written)
}

/// Why it cannot be measured, as a clause.
fn hindrance(plan: &Plan, speed: Speed, conditions: &Conditions, switched: &Evidence) -> Option<String> {
    let (size, _) = plan.cost_trial(speed);
    let seconds = size.hot_mib() / speed.mib();
    if !switched.judgement.holds() {
        return Some("the switch itself does not work here".to_owned());
    }
    if conditions.emulated {
        return Some("without KVM the speed of a guest is that of the emulation".to_owned());
    }
    if seconds > LONGEST {
        return Some(format!("it would take {seconds:.0} s"));
    }
    let has_room = room::has_memory_for(u64::from(size.memory_mib()));
    (!has_room).then(|| "this machine, or a cgroup of this process, has too little memory left".to_owned())
}
