//! Ctrl-C, a termination or a hang-up: a sign for whoever looks at it, and an end within a second for whoever cannot.
//!
//! A call that blocks (a resolver, a host that does not answer, a pipe that nobody reads) is not waited for: the process ends,
//! and with it by the kernel's doing everything that it has started.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How long an orderly end may take.
const ORDERLY: Duration = Duration::from_millis(700);

/// The same where a guest is to be removed from hosts of the operator's, which a second signal cuts short.
const REMOVAL: Duration = Duration::from_secs(5);

/// How often it is looked whether there is something to remove.
const LOOK: Duration = Duration::from_millis(20);

/// The sign, and what would be left behind by an end at once.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    sign: Arc<AtomicBool>,
    left: Arc<Mutex<Option<String>>>,
}

impl Interrupt {
    /// One that listens to the signals of this process from now on.
    ///
    /// # Errors
    /// The signals cannot be listened to, or no thread can be started.
    pub fn listen() -> io::Result<Self> {
        let interrupt = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let own = interrupt.clone();
        thread::Builder::new().spawn(move || {
            let _ = signals.forever().next();
            own.sign.store(true, Ordering::Relaxed);
            let since = Instant::now();
            while since.elapsed() < own.patience() && signals.pending().next().is_none() {
                thread::sleep(LOOK);
            }
            own.end()
        })?;
        Ok(interrupt)
    }

    /// The sign.
    #[must_use]
    pub fn sign(&self) -> &Arc<AtomicBool> {
        &self.sign
    }

    /// From now on an end at once would leave this behind; none where it would leave nothing.
    pub fn would_leave(&self, what: Option<String>) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    fn patience(&self) -> Duration {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.is_some() { REMOVAL } else { ORDERLY }
    }

    fn end(&self) -> ! {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner).take();
        let rest = left.map_or_else(String::new, |left| format!(", but {left}"));
        // standard error may itself be what blocks
        let (sender, written) = std::sync::mpsc::channel();
        let _ = thread::Builder::new().spawn(move || {
            let _ = writeln!(io::stderr(), "could not be run: interrupted{rest}");
            let _ = sender.send(());
        });
        let _ = written.recv_timeout(Duration::from_millis(100));
        // no exit handlers: they may wait for what blocks
        signal_hook::low_level::exit(2)
    }
}
