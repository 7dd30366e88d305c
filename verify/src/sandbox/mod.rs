//! Two private libvirt daemons in namespaces of their own, which vanish whole when any process of the chain dies.
//!
//! It knows nothing of migrations; the worker that runs inside brings that.
//!
//! The chain: tool → supervisor (new namespaces) → init (PID 1 in them, reaps) → worker → daemons → QEMU. Every one dies
//! with its parent (`PR_SET_PDEATHSIG`), and init ends besides when the pipe from the tool closes; with PID 1 the kernel
//! ends all others, and with the last of them every mount, socket and file of the sandbox.

pub mod capabilities;
pub mod connection;
pub mod daemon;
pub mod given;
pub mod init;
pub mod layout;
pub mod memory;
pub mod mounts;
pub mod pki;
pub mod setup;
pub mod supervisor;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::accident::Kills;
use crate::process::inner;

/// The argument that lets /dev/kvm into the sandbox.
pub const KVM: &str = "kvm";

/// How the daemons run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// As root, as a compute node does.
    System,
    /// As an ordinary user, in a user namespace that maps that user alone.
    Session,
}

impl Mode {
    /// The path of the libvirt URI.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Session => "session",
        }
    }
}

/// The sandbox could not be made, or broke.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The chain's first process did not start.
    #[error("the sandbox did not start")]
    Start(#[source] io::Error),
    /// A process of the chain ended.
    #[error("the sandbox ended early: {0}")]
    Ended(String),
    /// Nothing was heard for too long.
    #[error("nothing happened for {} s while {stage}", .waited.as_secs())]
    Silent {
        /// What it was at.
        stage: String,
        /// For how long.
        waited: Duration,
    },
}

/// A running sandbox; dropping it ends every process in it and waits until they are gone.
pub struct Sandbox {
    supervisor: Child,
    lifeline: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Option<thread::JoinHandle<String>>,
    kills: Kills,
}

/// What comes next on the worker's output.
#[derive(Debug)]
pub enum WorkerOutput {
    /// One line.
    Line(String),
    /// Nothing in time.
    Nothing,
    /// The output is closed.
    End,
}

impl Sandbox {
    /// Starts the chain and hands `order`, one line of text, to the worker inside; without `kvm` there is no /dev/kvm in it.
    ///
    /// # Errors
    /// [`SandboxError::Start`].
    pub fn start(mode: Mode, kvm: bool, order: &str) -> Result<Self, SandboxError> {
        let mut supervisor = inner("supervisor");
        if mode == Mode::Session {
            // whose cache libvirt's knowledge of QEMU is borrowed from
            supervisor.envs(std::env::var_os("HOME").map(|home| ("HOME", home)));
        }
        let mut supervisor = supervisor
            .args([mode.word(), if kvm { KVM } else { "none" }])
            .arg(std::process::id().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0) // a terminal's Ctrl-C comes to the tool alone, which ends the sandbox in order
            .spawn()
            .map_err(SandboxError::Start)?;
        let mut lifeline = supervisor.stdin.take();
        if let Some(pipe) = lifeline.as_mut() {
            // A chain that has died already is noticed when it is read from.
            let _ = writeln!(pipe, "{order}").and_then(|()| pipe.flush());
        }
        let (sender, lines) = channel();
        if let Some(output) = supervisor.stdout.take() {
            let reader = move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            };
            thread::Builder::new().spawn(reader).map_err(SandboxError::Start)?;
        }
        let errors = supervisor.stderr.take().map(|mut stderr| {
            thread::Builder::new().spawn(move || {
                let mut bytes = Vec::new();
                let _ = stderr.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            })
        });
        let errors = errors.transpose().map_err(SandboxError::Start)?;
        Ok(Self {
            supervisor,
            lifeline,
            lines,
            errors,
            kills: Kills::now(),
        })
    }

    /// What the worker says within `patience`.
    #[must_use]
    pub fn hear(&self, patience: Duration) -> WorkerOutput {
        match self.lines.recv_timeout(patience) {
            Ok(line) => WorkerOutput::Line(line),
            Err(RecvTimeoutError::Timeout) => WorkerOutput::Nothing,
            Err(RecvTimeoutError::Disconnected) => WorkerOutput::End,
        }
    }

    /// Ends the sandbox and says how its first process ended, with what it wrote on standard error.
    pub fn end(&mut self) -> String {
        self.lifeline = None;
        let _ = self.supervisor.kill();
        let how = match self.supervisor.wait() {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => format!("exit code {code}"),
                (_, Some(signal)) => self.kills.killed("its first process", signal),
                _ => "unknown end".to_owned(),
            },
            Err(error) => error.to_string(),
        };
        let said = self
            .errors
            .take()
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default();
        let last = said.trim();
        if last.is_empty() { how } else { last.to_owned() }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end();
    }
}
