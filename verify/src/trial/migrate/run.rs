//! What nova's own code did in one trial, and the call of libvirt by which it began, held against what is expected of it.
//!
//! It calls nothing.

use serde::{Deserialize, Serialize};

use crate::hypervisor::Request;
use crate::nova_itself::MigrationParameters;
use crate::trial::kind;
use crate::trial::messages::TrialOrder;
use crate::trial::monitor::{Order, Outcome};

/// What nova's own code did in one trial.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NovaRun {
    /// Nova's version.
    pub version: String,
    /// Libvirt's flags as nova gave them, by name.
    pub flags: Vec<String>,
    /// How often nova's monitor looked at the job.
    pub looks: u32,
    /// Where nova did something else than was expected of it, a sentence each; the first decides.
    pub differences: Vec<String>,
    /// What nova asked for that was not passed on to libvirt, a sentence each.
    pub not_passed_on: Vec<String>,
}

/// Libvirt's flags that a migration of a guest without disks may have, by their bits.
const FLAGS: [(&str, u64); 11] = [
    ("LIVE", 1),
    ("PEER2PEER", 1 << 1),
    ("UNDEFINE_SOURCE", 1 << 4),
    ("PERSIST_DEST", 1 << 3),
    ("POSTCOPY", 1 << 15),
    ("AUTO_CONVERGE", 1 << 13),
    ("TUNNELLED", 1 << 2),
    ("PARALLEL", 1 << 17),
    ("TLS", 1 << 16),
    ("NON_SHARED_DISK", 1 << 6),
    ("NON_SHARED_INC", 1 << 7),
];

/// The names of the flags in `bits`, in the order of [`Request::flag_names`]; those without a name here by their number.
#[must_use]
pub fn flag_names(bits: u64) -> Vec<String> {
    let known = FLAGS.iter().filter(|(_, bit)| bits & bit != 0);
    let rest = (0..64).map(|shift| 1u64 << shift);
    let rest = rest.filter(|bit| bits & bit != 0 && FLAGS.iter().all(|(_, known)| known != bit));
    known
        .map(|(name, _)| (*name).to_owned())
        .chain(rest.map(|bit| format!("{bit:#x}")))
        .collect()
}

impl NovaRun {
    /// Holds nova's call of libvirt against the one that is expected for `trial`; `definition` is the guest's as nova got it.
    pub(super) fn compare_call(&mut self, trial: &TrialOrder, params: &MigrationParameters, definition: Option<&str>) {
        // what the sandbox asks for its shared disk is not nova's
        let novas = Request {
            unsafe_storage: false,
            ..trial.request.clone()
        };
        let expected: Vec<String> = novas.flag_names().iter().map(ToString::to_string).collect();
        if self.flags != expected {
            let sentence = format!(
                "sets the flags {} where novamend expected {}",
                self.flags.join(" "),
                expected.join(" ")
            );
            self.differences.push(sentence);
        }
        let settings = &trial.settings;
        let (bandwidth, connections) = (settings.bandwidth, trial.request.parallel.map(i64::from));
        if params.bandwidth != bandwidth {
            let sentence = format!(
                "asks for {} MiB/s where novamend expected {bandwidth}",
                params.bandwidth
            );
            self.differences.push(sentence);
        }
        if params.connections != connections {
            let words =
                |count: Option<i64>| count.map_or_else(|| "one connection".to_owned(), |n| format!("{n} connections"));
            let sentence = format!(
                "asks for {} where novamend expected {}",
                words(params.connections),
                words(connections)
            );
            self.differences.push(sentence);
        }
        let rewritten = params.destination_xml.as_deref().map(plain_form);
        if rewritten.is_some() && rewritten != definition.map(plain_form) {
            let what = "what it changes in the guest's definition for the destination";
            self.not_passed_on.push(what.to_owned());
        }
        for name in params.others.keys().filter(|name| *name != "persistent_xml") {
            self.not_passed_on
                .push(format!("the parameter {name} of the migration"));
        }
    }
}

/// Orders in words.
pub(super) fn words(orders: &[Order]) -> String {
    let word = |order: &Order| match order {
        Order::Intervene(intervention) => {
            kind::by(*intervention).map_or_else(|| "resumes the guest".to_owned(), |kind| kind.does.to_owned())
        }
        Order::SetDowntime(milliseconds) => format!("allows a downtime of {milliseconds} ms"),
        Order::ResumeIfPaused => "resumes the guest if it is paused".to_owned(),
        Order::Finish(Outcome::Completed) => "takes the migration to be completed".to_owned(),
        Order::Finish(Outcome::Failed) => "takes the migration to be failed".to_owned(),
        Order::Finish(Outcome::Cancelled) => "takes the migration to be cancelled".to_owned(),
        Order::Finish(Outcome::MonitorDied) => "ends with an error".to_owned(),
    };
    if orders.is_empty() {
        return "does nothing".to_owned();
    }
    orders.iter().map(word).collect::<Vec<_>>().join(", then ")
}

/// A definition without what writers of XML are free in: the quotes of attributes, and the space between elements.
fn plain_form(xml: &str) -> String {
    let lines = xml.lines().map(str::trim).collect::<String>();
    lines.replace('\'', "\"")
}
