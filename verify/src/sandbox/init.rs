//! PID 1 of the sandbox: mounts what is private, starts the worker, reaps whatever dies and ends with the tool.
//!
//! It decides nothing about migrations and writes nothing outside the sandbox's own tmpfs.

use std::fs;
use std::io::{self, BufRead, Read, Write};
use std::os::fd::AsRawFd;
use std::process::{ChildStdin, ExitCode, Stdio};
use std::thread;

use rustix::fs::{CWD, Mode as FileMode, OFlags, openat};
use rustix::mount::mount_bind;
use rustix::process::{WaitOptions, wait};
use serde::{Deserialize, Serialize};

use super::given::{HostPathError, HostPaths};
use super::mounts::{self, MountError, Wishes};
use super::setup::Setup;
use super::{KVM, layout};
use crate::accident::Kills;
use crate::guest::hardware::Device;
use crate::guest::memory::Memory;
use crate::process::{ParentError, die_with_parent, inner};
use crate::shown;
use crate::trial::conditions::Mode;
use crate::trial::shape::Build;

/// PID 1 ended before its worker did.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Its parent.
    #[error(transparent)]
    Parent(#[from] ParentError),
    /// Its order did not come.
    #[error("the sandbox received no order")]
    NoOrder(#[source] io::Error),
    /// Its order is not one.
    #[error("the order cannot be read")]
    Order(#[source] serde_json::Error),
    /// A mount.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// What the daemons need of the host.
    #[error(transparent)]
    HostPaths(#[from] HostPathError),
    /// The thread that waits for the tool.
    #[error("the sandbox could not start a thread")]
    Thread(#[source] io::Error),
    /// The worker.
    #[error("the worker did not start")]
    Worker(#[source] io::Error),
    /// The worker was killed: by what, in words.
    #[error("{0}")]
    Killed(String),
    /// The kernel did not say how a process ended.
    #[error("waiting for the worker failed")]
    Wait(#[source] io::Error),
}

impl InitError {
    /// What may help.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Mount(error) => error.remedy(),
            _ => None,
        }
    }
}

/// What concerns this process of the order that it hands on to the worker.
#[derive(Deserialize)]
struct Needs {
    setup: Setup,
    memory: Memory,
    builds: Vec<Build>,
}

impl Needs {
    fn of_the_host(&self, kvm: bool) -> Wishes {
        let devices = self.builds.iter().flat_map(|build| &build.hardware.devices);
        Wishes {
            kvm,
            vtpm: devices.into_iter().any(|device| matches!(device, Device::Tpm(_))),
            huge_pages: match self.memory {
                Memory::HugePages { size_kib } => Some(size_kib),
                _ => None,
            },
        }
    }
}

/// How a process ended that init has reaped.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct ProcessExit {
    /// Its number in the sandbox.
    pub(crate) pid: i32,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// Otherwise its exit code.
    pub(crate) code: Option<i32>,
}

/// Runs the sandbox until the worker or the tool ends.
#[must_use]
pub fn run(mode: Mode, kvm: &str) -> ExitCode {
    match live(mode, kvm == KVM) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}", shown::text(&shown::with_remedy(&error, error.remedy())));
            ExitCode::from(2)
        }
    }
}

fn live(mode: Mode, kvm: bool) -> Result<ExitCode, InitError> {
    die_with_parent(None)?;
    let mut order = String::new();
    let mut input = io::stdin().lock();
    input.read_line(&mut order).map_err(InitError::NoOrder)?;
    if order.is_empty() {
        return Err(ParentError::Gone.into());
    }
    drop(input);
    let lifeline = || {
        // Until the tool closes its end or dies; then PID 1 ends, and the kernel ends everything else in here.
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        std::process::exit(3);
    };
    thread::Builder::new().spawn(lifeline).map_err(InitError::Thread)?;
    let needs: Needs = serde_json::from_str(&order).map_err(InitError::Order)?;
    let given = HostPaths::hold(&needs.setup.given);
    // held before /tmp is made read-only, as it may lie there
    let backing = match &needs.memory {
        Memory::Files {
            made_in: Some(directory),
            ..
        } => openat(CWD, directory, OFlags::PATH | OFlags::CLOEXEC, FileMode::empty()).ok(),
        _ => None,
    };
    mounts::mount_private(mode, needs.of_the_host(kvm))?;
    given.put_back()?;
    if let Some(directory) = backing {
        let held = format!("/proc/self/fd/{}", directory.as_raw_fd());
        // without it the worker cannot make the files there, and says so
        let _ = fs::create_dir(layout::backing()).map(|()| mount_bind(&held, layout::backing()));
    }
    let kills = Kills::now();
    let mut worker = inner("worker")
        .envs(std::env::var_os("HOME").map(|home| ("HOME", home)))
        .stdin(Stdio::piped())
        .spawn()
        .map_err(InitError::Worker)?;
    let mut pipe = worker.stdin.take();
    if let Some(pipe) = pipe.as_mut() {
        let _ = pipe.write_all(order.as_bytes());
    }
    reap_until(worker.id(), pipe, kills)
}

/// Reaps whatever dies and tells the worker how, as QEMU is nobody's child but ours; ends with the worker.
fn reap_until(worker: u32, mut told: Option<ChildStdin>, kills: Kills) -> Result<ExitCode, InitError> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get().unsigned_abs() == worker => {
                if let Some(code) = status.exit_status() {
                    return Ok(ExitCode::from(code as u8));
                }
                let signal = status.terminating_signal().unwrap_or_default();
                return Err(InitError::Killed(kills.killed("its worker", signal)));
            }
            Ok(Some((pid, status))) => {
                let ended = ProcessExit {
                    pid: pid.as_raw_nonzero().get(),
                    signal: status.terminating_signal(),
                    code: status.exit_status(),
                };
                if let (Some(pipe), Ok(line)) = (told.as_mut(), serde_json::to_string(&ended)) {
                    // a worker that has ended is noticed above
                    let _ = writeln!(pipe, "{line}");
                }
            }
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(InitError::Wait(error.into())),
        }
    }
}
