//! The process inside the sandbox that runs the trials.
//!
//! It reads no nova.conf and prints for no person: its order comes as one line of JSON, its evidence goes out as lines of JSON.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;

use super::lab::{LabError, SandboxLab};
use super::setup::WorkOrder;
use crate::trial::messages::Message;
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
    let mut lab = SandboxLab::open(order, outlet).map_err(WorkError::Lab)?;
    worker::run(&mut lab, &trials, patience, outlet)
}

fn print(message: &Message) {
    if let Ok(line) = serde_json::to_string(message) {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}
