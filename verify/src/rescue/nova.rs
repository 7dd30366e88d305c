//! How nova's record of the migration will end, by what of nova and libvirt runs on this host since when.
//!
//! It looks at processes alone. Nova's database is not asked, so whatever is said here is what nova's code does and not
//! what was seen.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::host::processes;
use crate::host::programs::DAEMONS;

/// Ticks a second in /proc, which the kernel keeps for programs whatever its own clock is (`USER_HZ`).
const TICKS: u64 = 100;

/// Whether nova's monitor can still be watching a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Watch {
    /// nova-compute and libvirt's daemon have been running since before it began.
    Goes,
    /// nova-compute was started after it began: nobody watches.
    ComputeRestarted,
    /// Libvirt's daemon was started after it began: nova's monitor ended with an error.
    DaemonRestarted,
    /// nova-compute does not run here.
    NoCompute,
    /// It could not be found out.
    NotKnown,
}

impl Watch {
    /// Of a migration that has been on for `since`.
    #[must_use]
    pub fn of(since: Option<Duration>) -> Self {
        let Some(since) = since else { return Self::NotKnown };
        let Some(up) = up() else { return Self::NotKnown };
        let running = running(up);
        Self::by(since, &running)
    }

    fn by(since: Duration, running: &[(String, Duration)]) -> Self {
        let longest = |is_meant: &dyn Fn(&str) -> bool| {
            let ages = running.iter().filter(|(name, _)| is_meant(name)).map(|(_, age)| *age);
            ages.max()
        };
        let compute = longest(&|name| name == "nova-compute");
        let daemon = longest(&|name| DAEMONS.contains(&name));
        match (compute, daemon) {
            (None, _) => Self::NoCompute,
            (Some(age), _) if age < since => Self::ComputeRestarted,
            (_, None) => Self::NotKnown,
            (_, Some(age)) if age < since => Self::DaemonRestarted,
            _ => Self::Goes,
        }
    }

    /// What that means for nova's record, and what to do.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Goes => {
                "nova-compute and libvirt's daemon have been running since before the migration began, so nova's monitor \
                 is expected to be waiting still: once the guest is whole, nova completes the migration by itself \
                 (status `completed`)"
            }
            Self::ComputeRestarted => {
                "nova-compute was started after the migration began, so its monitor is gone: nova's record does not \
                 complete by itself and still names this host. Do not start the instance through nova: it runs at the \
                 destination, and a second copy would write to the same disks. Correct `host` and `node` of the instance \
                 in nova's database first"
            }
            Self::DaemonRestarted => {
                "libvirt's daemon was started after the migration began, which ends nova's monitor: the migration and \
                 the instance are then in `error`, and the record still names this host. Do not reset, start or reboot \
                 the instance through nova: it runs at the destination, and a second copy would write to the same \
                 disks. Correct `host` and `node` of the instance in nova's database first"
            }
            Self::NoCompute => {
                "nova-compute was not seen running on this host, so how nova's record ends is not known; while it names \
                 this host, do not start the instance through nova: it may run at the destination"
            }
            Self::NotKnown => {
                "how nova's record ends is not known; see `openstack server migration list --server UUID`, and do not \
                 start the instance through nova while it may run at the destination"
            }
        }
    }
}

/// How long this machine has been up.
fn up() -> Option<Duration> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    text.split_whitespace()
        .next()?
        .parse()
        .ok()
        .map(Duration::from_secs_f64)
}

/// Every process by the name of its program or script, and its age.
fn running(up: Duration) -> Vec<(String, Duration)> {
    processes::all()
        .map(processes::place)
        .filter_map(|path| Some((program(&path)?, age(&path, up)?)))
        .collect()
}

/// The name of the program, or of the script that an interpreter runs.
fn program(process: &Path) -> Option<String> {
    let line = fs::read(process.join("cmdline")).ok()?;
    let mut words = line
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned());
    let base = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let first = base(&words.next()?);
    if first.starts_with("python") {
        // options of the interpreter come before the script
        return words.find(|word| !word.starts_with('-')).map(|word| base(&word));
    }
    Some(first.trim_end_matches(':').to_owned())
}

/// The 22nd field of `stat` is when the process began, in ticks since the machine did.
fn age(process: &Path, up: Duration) -> Option<Duration> {
    let ticks: u64 = processes::stat(process)?.get(19)?.parse().ok()?;
    let began = Duration::from_millis(ticks.saturating_mul(1000) / TICKS);
    Some(up.saturating_sub(began))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(list: &[(&str, u64)]) -> Watch {
        let running: Vec<_> = list
            .iter()
            .map(|(name, age)| ((*name).to_owned(), Duration::from_secs(*age)))
            .collect();
        Watch::by(Duration::from_secs(60), &running)
    }

    #[test]
    fn who_was_started_after_the_migration_watches_it_no_more() {
        assert_eq!(by(&[("nova-compute", 900), ("libvirtd", 900)]), Watch::Goes);
        assert_eq!(by(&[("nova-compute", 9), ("libvirtd", 900)]), Watch::ComputeRestarted);
        assert_eq!(by(&[("nova-compute", 900), ("virtqemud", 9)]), Watch::DaemonRestarted);
        assert_eq!(by(&[("libvirtd", 900)]), Watch::NoCompute);
        assert_eq!(by(&[("nova-compute", 900)]), Watch::NotKnown);
    }

    #[test]
    fn this_process_has_a_name_and_an_age() {
        let own = Path::new("/proc/self");
        assert!(program(own).is_some());
        assert!(age(own, up().unwrap()).unwrap() < up().unwrap());
    }
}
