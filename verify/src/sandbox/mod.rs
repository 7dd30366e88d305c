//! Two private libvirt daemons in namespaces of their own, which vanish whole when any process of the chain dies.
//!
//! The trials are run by the worker inside, in a lab of its own.
//!
//! The chain: tool → supervisor (new namespaces) → init (PID 1 in them, reaps) → worker → daemons → QEMU. Every one dies
//! with its parent (`PR_SET_PDEATHSIG`), and init ends besides when the pipe from the tool closes; with PID 1 the kernel
//! ends all others, and with the last of them every mount, socket and file of the sandbox.

mod alike;
pub mod capabilities;
pub mod connection;
mod cost;
mod cutting;
pub mod daemon;
mod deaths;
mod devices;
pub mod given;
pub mod init;
mod lab;
pub mod layout;
mod link;
mod logs;
pub mod memory;
pub mod mounts;
pub mod pki;
mod preparation;
pub mod setup;
pub mod supervisor;
mod trials;
pub mod worker;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

pub use self::trials::{SandboxError, cut, run};
use crate::accident::Kills;
use crate::process::inner;
use crate::trial::conditions::Mode;
use crate::trial::session::{Incoming, MessageSource};

/// The argument that lets /dev/kvm into the sandbox.
pub const KVM: &str = "kvm";

/// A running sandbox; dropping it ends every process in it and waits until they are gone.
pub struct Sandbox {
    supervisor: Child,
    lifeline: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Option<thread::JoinHandle<String>>,
    kills: Kills,
}

impl Sandbox {
    /// Starts the chain and hands `order`, one line of text, to the worker inside; without `kvm` there is no /dev/kvm in it.
    ///
    /// # Errors
    /// Its first process did not start.
    pub fn start(mode: Mode, kvm: bool, order: &str) -> io::Result<Self> {
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
            .spawn()?;
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
            thread::Builder::new().spawn(reader)?;
        }
        let errors = supervisor.stderr.take().map(|mut stderr| {
            thread::Builder::new().spawn(move || {
                let mut bytes = Vec::new();
                let _ = stderr.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            })
        });
        let errors = errors.transpose()?;
        Ok(Self {
            supervisor,
            lifeline,
            lines,
            errors,
            kills: Kills::now(),
        })
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

impl MessageSource for Sandbox {
    fn next(&mut self, patience: Duration) -> Incoming {
        match self.lines.recv_timeout(patience) {
            // what is no message was not said by the worker
            Ok(line) => serde_json::from_str(&line).map_or(Incoming::Nothing, Incoming::Message),
            Err(RecvTimeoutError::Timeout) => Incoming::Nothing,
            Err(RecvTimeoutError::Disconnected) => Incoming::End,
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end();
    }
}
