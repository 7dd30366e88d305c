//! The way to nova's own code: one process that has imported nova, and a line to it for each guest that is tried.
//!
//! It carries nothing out; whoever holds a [`Seat`] answers nova's calls.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, send, sendmsg,
    socketpair,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::TrialOptions;
use crate::hypervisor::Refusal;
use crate::hypervisor::libvirt::constants;
use crate::process::inner;

/// Nova's Python, which has imported nova or is about to; dropping it ends it and all that it started.
///
/// It must be dropped, if at all, by the thread that started it, whose end it does not outlive.
#[derive(Debug)]
pub struct Nova {
    door: OwnedFd,
    process: Child,
    interpreter: PathBuf,
    complaints: Complaints,
}

/// What its Python has written on standard error.
type Complaints = Arc<Mutex<String>>;

/// More than this of it is not kept.
const MOST_COMPLAINTS: u64 = 16 << 10;

/// The line to nova for one guest.
#[derive(Debug)]
pub struct Seat {
    heard: BufReader<UnixStream>,
    said: UnixStream,
    interpreter: PathBuf,
    complaints: Complaints,
    /// The version of nova, once it has said so.
    version: Option<String>,
}

/// Why nothing more is to be had of nova's Python.
#[derive(Debug, thiserror::Error)]
pub enum SeatError {
    /// It could not be started or reached.
    #[error("nova's Python {} could not be reached", interpreter.display())]
    Way {
        /// Its path.
        interpreter: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is there no more.
    #[error("nova's Python {} ended in the middle of a trial{said}", interpreter.display())]
    Gone {
        /// Its path.
        interpreter: PathBuf,
        /// What it complained of last, after a colon; empty if nothing.
        said: String,
    },
    /// It does not answer.
    #[error("nova's Python {} did not answer within {} s", interpreter.display(), waited.as_secs())]
    Silent {
        /// Its path.
        interpreter: PathBuf,
        /// For how long.
        waited: Duration,
    },
    /// It said what nobody understands.
    #[error("nova's Python {} said what is not understood: {said}", interpreter.display())]
    NotUnderstood {
        /// Its path.
        interpreter: PathBuf,
        /// What.
        said: String,
    },
    /// Nova's code cannot be imported there.
    #[error("nova cannot be imported by {}: {why}; name the Python that nova-compute runs with", interpreter.display())]
    NotImported {
        /// Its path.
        interpreter: PathBuf,
        /// Python's own words.
        why: String,
    },
}

/// What nova does: a call of libvirt, or of its clock.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// `migrateToURI3`; answered once it has been started.
    Migrate {
        /// Libvirt's URI of the destination.
        uri: String,
        /// The bits.
        flags: u64,
        /// The typed parameters.
        params: MigrationParameters,
    },
    /// `jobStats`.
    Job,
    /// `info`, of which nova takes the state.
    State,
    /// `isActive`.
    IsActive,
    /// `XMLDesc`.
    Xml {
        /// The bits.
        flags: u32,
    },
    /// `abortJob`.
    Abort,
    /// `migrateStartPostCopy`.
    StartPostCopy,
    /// `suspend`.
    Suspend,
    /// `resume`.
    Resume,
    /// `migrateSetMaxDowntime`.
    SetDowntime {
        /// Milliseconds.
        milliseconds: i64,
    },
    /// The clock: seconds.
    Time,
    /// The monitor sleeps until its next look.
    Sleep,
    /// The monitor has ended.
    End {
        /// How.
        outcome: Ended,
        /// Python's words, where it was an error.
        why: Option<String>,
    },
}

/// The parameters of a migration that nova hands libvirt.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct MigrationParameters {
    /// MiB/s; 0 = unlimited.
    pub bandwidth: i64,
    /// So many connections.
    #[serde(rename = "parallel.connections")]
    pub connections: Option<i64>,
    /// Where QEMU is to send to.
    pub migrate_uri: Option<String>,
    /// The guest's definition at the destination.
    pub destination_xml: Option<String>,
    /// All others.
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

/// How nova's monitor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It takes the migration to be completed.
    Completed,
    /// Failed.
    Failed,
    /// Cancelled.
    Cancelled,
    /// An error ended the monitor.
    Died,
    /// It was told to end.
    GivenUp,
    /// Nova's code raised an error before it called libvirt.
    NotStarted,
}

/// The flags that nova makes of its options, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Flags {
    /// For migrations without copied disks.
    pub live: u64,
    /// For those with.
    pub block: u64,
}

/// Nova's code and a first seat in it, if there is an interpreter to run it.
///
/// # Errors
/// Those of [`Nova::start`] and [`Nova::seat`].
pub fn seated(interpreter: Option<&Path>) -> Result<(Option<Nova>, Option<Seat>), SeatError> {
    let nova = interpreter.map(Nova::start).transpose()?;
    let seat = nova.as_ref().map(Nova::seat).transpose()?;
    Ok((nova, seat))
}

impl Nova {
    /// Starts the Python `interpreter` and has it import nova, which takes seconds; nobody waits for it here.
    ///
    /// # Errors
    /// No process can be started.
    pub fn start(interpreter: &Path) -> Result<Self, SeatError> {
        let failed = way(interpreter);
        let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
        let (door, theirs) = pair.map_err(|error| failed(error.into()))?;
        let mut process = inner("nova")
            .arg(interpreter)
            .arg("serve")
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(&failed)?;
        let complaints = Complaints::default();
        if let Some(stderr) = process.stderr.take() {
            let kept = Arc::clone(&complaints);
            thread::Builder::new()
                .spawn(move || keep(stderr, &kept))
                .map_err(&failed)?;
        }
        let names = json!(constants::constants()).to_string();
        // one that has ended already is noticed when it is heard
        let _ = send(&door, names.as_bytes(), SendFlags::NOSIGNAL);
        Ok(Self {
            door,
            process,
            interpreter: interpreter.to_owned(),
            complaints,
        })
    }

    /// A further line to it.
    ///
    /// # Errors
    /// It has ended.
    pub fn seat(&self) -> Result<Seat, SeatError> {
        let failed = way(&self.interpreter);
        let (ours, theirs) = UnixStream::pair().map_err(&failed)?;
        let rights = [theirs.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&rights));
        let sent = sendmsg(&self.door, &[IoSlice::new(b"seat")], &mut control, SendFlags::NOSIGNAL);
        sent.map_err(|error| failed(error.into()))?;
        Ok(Seat {
            heard: BufReader::new(ours.try_clone().map_err(&failed)?),
            said: ours,
            interpreter: self.interpreter.clone(),
            complaints: Arc::clone(&self.complaints),
            version: None,
        })
    }
}

/// Keeps what is written, and reads on so that nobody waits.
fn keep(stderr: impl Read, kept: &Mutex<String>) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    while stderr
        .by_ref()
        .take(MOST_COMPLAINTS)
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if (kept.len() as u64) < MOST_COMPLAINTS {
            kept.push_str(&String::from_utf8_lossy(&line));
        }
        line.clear();
    }
}

impl Drop for Nova {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn way(interpreter: &Path) -> impl Fn(io::Error) -> SeatError {
    let interpreter = interpreter.to_owned();
    move |source| SeatError::Way {
        interpreter: interpreter.clone(),
        source,
    }
}

impl Seat {
    /// The version of nova, once it has been imported; waits `patience` for that.
    ///
    /// # Errors
    /// It cannot be imported, or its Python ended.
    pub fn version(&mut self, patience: Duration) -> Result<String, SeatError> {
        if let Some(version) = &self.version {
            return Ok(version.clone());
        }
        let word: Value = self.hear(patience)?;
        match (word["nova"].as_str(), word["failed"].as_str()) {
            (Some(version), _) => Ok(self.version.insert(version.to_owned()).clone()),
            (None, why) => Err(SeatError::NotImported {
                interpreter: self.interpreter.clone(),
                why: why.unwrap_or("it does not say why").to_owned(),
            }),
        }
    }

    /// Has nova begin a migration and watch over it.
    ///
    /// # Errors
    /// Its Python has ended.
    pub fn begin(&mut self, options: &TrialOptions) -> Result<(), SeatError> {
        self.ask("trial", options)
    }

    /// The flags that nova makes of `options`.
    ///
    /// # Errors
    /// It refuses them, or its Python has ended.
    pub fn flags(&mut self, options: &TrialOptions, patience: Duration) -> Result<Flags, SeatError> {
        self.ask("flags", options)?;
        let word: Value = self.hear(patience)?;
        serde_json::from_value(word.clone()).map_err(|_| self.not_understood(&word.to_string()))
    }

    /// What nova does next; waits `patience` for it.
    ///
    /// # Errors
    /// Its Python has ended.
    pub fn call(&mut self, patience: Duration) -> Result<Call, SeatError> {
        let word: Value = self.hear(patience)?;
        serde_json::from_value(word.clone()).map_err(|_| self.not_understood(&word.to_string()))
    }

    /// Answers the last call.
    ///
    /// # Errors
    /// Its Python has ended.
    pub fn answer(&mut self, answer: Result<Value, Refusal>) -> Result<(), SeatError> {
        self.say(&match answer {
            Ok(done) => json!({ "done": done }),
            Err(refused) => json!({ "refused": refused }),
        })
    }

    fn ask(&mut self, what: &str, options: &TrialOptions) -> Result<(), SeatError> {
        let mut order = json!(options);
        order["do"] = what.into();
        self.say(&order)
    }

    fn say(&mut self, word: &Value) -> Result<(), SeatError> {
        let said = writeln!(self.said, "{word}").and_then(|()| self.said.flush());
        said.map_err(|_| self.gone())
    }

    fn hear(&mut self, patience: Duration) -> Result<Value, SeatError> {
        let _ = self.said.set_read_timeout(Some(patience));
        let mut line = String::new();
        match self.heard.read_line(&mut line) {
            Ok(0) => Err(self.gone()),
            Ok(_) => serde_json::from_str(&line).map_err(|_| self.not_understood(&line)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(SeatError::Silent {
                interpreter: self.interpreter.clone(),
                waited: patience,
            }),
            Err(_) => Err(self.gone()),
        }
    }

    fn gone(&self) -> SeatError {
        let complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        let last = complaints.lines().map(str::trim).rfind(|line| !line.is_empty());
        SeatError::Gone {
            interpreter: self.interpreter.clone(),
            said: last.map_or_else(String::new, |line| format!(": {line}")),
        }
    }

    fn not_understood(&self, said: &str) -> SeatError {
        SeatError::NotUnderstood {
            interpreter: self.interpreter.clone(),
            said: said.trim().chars().take(300).collect(),
        }
    }
}
