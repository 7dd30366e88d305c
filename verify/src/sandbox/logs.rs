//! What the private daemons wrote on standard error, where that says more than an answer does.
//!
//! It reads their logs and nothing else.

use std::fs;

use super::layout;
use crate::hypervisor::Side;
use crate::trial::migrate::Trace;

/// What the source's daemon wrote of the job's end, `from` being its log and where that ended before.
pub(super) fn cause((side, from): (Side, u64), trace: &Trace) -> Option<String> {
    let Some(Err(_)) = &trace.returned else { return None };
    let log = fs::read(layout::log(side)).ok()?;
    let new = String::from_utf8_lossy(log.get(from as usize..)?).into_owned();
    let ended = "job 'migration out' failed: ";
    new.lines()
        .find_map(|line| Some(line.split_once(ended)?.1.trim().to_owned()))
}

/// How many of a daemon's errors are told.
const TOLD: usize = 4;

/// The last errors that the daemons wrote, which often say more than an answer, each behind a `; `; what both wrote is told
/// once.
pub(super) fn errors() -> String {
    let mut text = String::new();
    let mut told = Vec::new();
    for side in Side::BOTH {
        let said = fs::read_to_string(layout::log(side)).unwrap_or_default();
        let mut errors: Vec<&str> = said.lines().filter_map(error_in).collect();
        errors.drain(..errors.len().saturating_sub(TOLD));
        for error in errors {
            if !told.iter().any(|other| other == error) {
                text.push_str(&format!("; daemon {}: {error}", layout::letter(side)));
                told.push(error.to_owned());
            }
        }
    }
    text
}

/// The words of an error in a daemon's log, without time, process and place; a line that is not libvirt's as it stands.
fn error_in(line: &str) -> Option<&str> {
    let is_stamped = line.starts_with(|first: char| first.is_ascii_digit());
    match line.split_once(": error : ") {
        Some((_, error)) => Some(error.split_once(" : ").map_or(error, |(_, words)| words).trim()),
        None => (!is_stamped && !line.trim().is_empty()).then(|| line.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_without_what_only_libvirts_makers_need() {
        let line = "2026-11-25 02:45:55.152+0000: 41: error : virFoo:1422 : Unable to open /dev/x: No such file";
        assert_eq!(error_in(line), Some("Unable to open /dev/x: No such file"));
        let refused = "/usr/sbin/libvirtd: Permission denied (os error 13)";
        assert_eq!(error_in(refused), Some(refused));
        assert_eq!(error_in("2026-11-25 02:45:55.149+0000: 41: info : hostname: vm"), None);
        assert_eq!(error_in(""), None);
    }
}
