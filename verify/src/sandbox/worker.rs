//! The process inside the sandbox that runs the trials.
//!
//! It reads no nova.conf and prints for no person: its order comes as one line of JSON, its evidence goes out as lines of JSON.

use std::io::{self, BufRead, Write};
use std::iter;
use std::process::ExitCode;
use std::time::Duration;

use super::lab::{LabError, SandboxLab};
use super::setup::WorkOrder;
use crate::trial::cut;
use crate::trial::messages::Message;
use crate::trial::side_by_side;
use crate::trial::worker::{self, Outlet, WorkError};

/// Does what its order says; exit code 0 whatever the trials proved.
#[must_use]
pub fn run() -> ExitCode {
    let mut order = String::new();
    if io::stdin().lock().read_line(&mut order).is_err() {
        return ExitCode::from(2);
    }
    let mut outlet = Outlet::new(|message| print(&message));
    let work = work(&order, &mut outlet);
    outlet.end(work);
    // The daemons and QEMU end with PID 1, which ends now; nothing is left to be dropped in order.
    std::process::exit(0)
}

fn work(order: &str, outlet: &mut Outlet) -> Result<(), WorkError<LabError>> {
    let order: WorkOrder = serde_json::from_str(order).map_err(|error| WorkError::Lab(LabError::Order(error)))?;
    let (trials, patience) = (order.trials.clone(), Duration::from_secs(order.patience));
    let (is_side_by_side, cuts) = (order.side_by_side, order.cuts.clone());
    let mut lab = SandboxLab::open(order, outlet).map_err(WorkError::Lab)?;
    if let Some(cuts) = cuts {
        return cut::run(&mut lab, &cuts, patience, outlet);
    }
    if !is_side_by_side {
        return worker::run(&mut lab, &trials, patience, outlet);
    }
    let others = (1..trials.len()).map(|number| lab.beside(number));
    let others: Vec<_> = others.collect::<Result<_, _>>().map_err(WorkError::Lab)?;
    let labs = iter::once(lab).chain(others).collect();
    side_by_side::run(labs, &trials, patience, outlet)
}

fn print(message: &Message) {
    if let Ok(line) = serde_json::to_string(message) {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}
