//! Accidents: what ended a process or a call without anything being shown about the host, in words.
//!
//! It starts and ends nothing; it looks at exit statuses, the kernel's counters and the words of errors.

use std::fs;
use std::process::ExitStatus;

use std::os::unix::process::ExitStatusExt;

/// What every accident leaves.
pub const NOTHING_KNOWN: &str = "nothing is known about live migrations here; run it again";

/// Words of errors that tell of an empty resource, and which one.
const RESOURCES: [(&str, &str); 14] = [
    ("cannot allocate memory", "memory"),
    ("out of memory", "memory"),
    ("memory exhausted", "memory"),
    ("no space left on device", "disk space"),
    ("disk quota exceeded", "disk space"),
    ("file too large", "disk space (a limit of a file's size)"),
    ("too many open files", "open files"),
    ("resource temporarily unavailable", "processes or threads"),
    ("cannot create thread", "processes or threads"),
    ("unable to create thread", "processes or threads"),
    ("failed to spawn thread", "processes or threads"),
    ("no buffer space available", "buffer space"),
    ("cannot set up guest memory", "memory"),
    ("bus error", "memory or disk space"),
];

/// Words of errors that tell of a process that has gone or hangs, and of no reason.
const GONE: [&str; 18] = [
    "process exited while connecting to monitor",
    "domain is no longer running",
    "client socket is closed",
    "end of file while reading",
    "end of file from qemu monitor",
    "end of file from monitor",
    "unexpectedly closed the monitor",
    "unable to read from monitor",
    "unable to write to monitor",
    "connection reset by peer",
    "connection refused",
    "broken pipe",
    "keepalive timeout",
    "cannot recv data",
    "cannot write data",
    "failed to connect socket",
    "timed out during operation",
    "domain is not running",
];

/// Words of QEMU's errors of a migration's channel that was cut off; of TLS they speak only where it was encrypted.
const CUT_OFF: [&str; 4] = [
    "unable to write to socket",
    "unable to read from socket",
    "cannot write to tls channel",
    "cannot read from tls channel",
];
/// The resource that an error says has run out.
#[must_use]
pub fn resource(message: &str) -> Option<&'static str> {
    let message = message.to_lowercase();
    let mut found = RESOURCES.iter().filter(|(words, _)| message.contains(words));
    found.next().map(|(_, what)| *what)
}

/// Whether an error only says that a process or a connection has gone.
#[must_use]
pub fn is_gone(message: &str) -> bool {
    let lower = message.to_lowercase();
    is_cut_off(message) || GONE.iter().any(|words| lower.contains(words))
}

/// Whether an error says that a migration's channel was cut off.
#[must_use]
pub fn is_cut_off(message: &str) -> bool {
    let message = message.to_lowercase();
    CUT_OFF.iter().any(|words| message.contains(words))
}

/// Libvirt's codes of requests that it refuses for what they are: no support, an invalid argument, an unsupported
/// configuration, argument or operation, an unsafe migration, no permission.
const REFUSALS: [u32; 8] = [3, 8, 29, 67, 74, 81, 84, 88];

/// Words by which libvirt and QEMU refuse what they are asked for.
const WORDS: [&str; 15] = [
    "not supported",
    "unsupported",
    "unable to execute qemu command",
    "userfault",
    "tls",
    "x509",
    "certificate",
    "credentials",
    "permission denied",
    "operation not permitted",
    "access denied",
    "load of migration failed: invalid argument",
    "load of migration failed: operation not",
    "does not match",
    "cannot be migrated",
];

/// Whether libvirt or QEMU refused what was asked for, by the error's code and words.
#[must_use]
pub fn is_refusal(code: u32, said: &str) -> bool {
    let words = CUT_OFF
        .iter()
        .fold(said.to_lowercase(), |words, cut_off| words.replace(cut_off, ""));
    let has_words = WORDS.iter().any(|known| words.contains(known));
    let is_known = REFUSALS.contains(&code) || has_words;
    // words of a refusal outweigh those of a process that ended after it
    is_known && resource(said).is_none() && (!is_gone(said) || has_words)
}

/// A signal by its name.
#[must_use]
pub fn signal_name(signal: i32) -> String {
    let name = match signal {
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

/// How often the kernel has killed for want of memory; taken before and after, this tells whether it has meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kills {
    kills: Option<u64>,
}

impl Kills {
    /// As it is now.
    #[must_use]
    pub fn now() -> Self {
        let text = fs::read_to_string("/proc/vmstat").unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        Self {
            kills: line.and_then(|number| number.trim().parse().ok()),
        }
    }

    /// How `who` ended by `signal`, and what is known of the reason, `self` having been taken before.
    #[must_use]
    pub fn killed(self, who: &str, signal: i32) -> String {
        let name = signal_name(signal);
        match signal {
            9 => format!("{who} was killed ({name}), {}", self.by_whom()),
            7 => {
                format!(
                    "{who} was terminated by {name}: its memory could not be allocated, as when a disk or huge pages \
                     run out"
                )
            }
            24 | 25 => format!("{who} was terminated by {name}: a limit of this session (ulimit) was reached"),
            31 => format!("{who} was terminated by {name}: a seccomp profile forbids what it did"),
            15 => format!("{who} was terminated by {name}"),
            _ => format!("{who} crashed ({name})"),
        }
    }

    fn by_whom(self) -> String {
        match (self.kills, Self::now().kills) {
            (Some(before), Some(now)) if now > before => format!(
                "out of memory: meanwhile the kernel's OOM killer has killed {} process(es) on this machine; see \
                 `journalctl -k --grep \
                 'Killed process'`, and the memory limit of the service or container",
                now - before
            ),
            (Some(_), Some(_)) => {
                "not by the kernel's OOM killer, so by a person, a service manager or an OOM daemon".to_owned()
            }
            _ => "probably out of memory: see `journalctl -k --grep 'Killed process'`".to_owned(),
        }
    }

    /// How a process that was to live ended.
    #[must_use]
    pub fn ended(self, who: &str, status: ExitStatus) -> String {
        match status.signal() {
            Some(signal) => self.killed(who, signal),
            None => format!("{who} exited by itself ({status})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_that_has_run_out_is_named() {
        let said = "internal error: process exited while connecting to monitor: cannot set up guest memory 'pc.ram': \
            Cannot \
                    allocate memory";
        assert_eq!(resource(said), Some("memory"));
        assert_eq!(resource("write: No space left on device"), Some("disk space"));
        assert_eq!(resource("Postcopy is not supported"), None);
    }

    #[test]
    fn a_killed_process_is_told_from_one_that_crashed() {
        let now = Kills::now();
        assert!(now.killed("QEMU", 9).starts_with("QEMU was killed (SIGKILL), "));
        assert!(
            Kills { kills: None }
                .killed("QEMU", 9)
                .contains("probably out of memory")
        );
        if now.kills.is_some_and(|kills| kills > 0) {
            assert!(Kills { kills: Some(0) }.killed("QEMU", 9).contains("has killed"));
        }
        assert_eq!(now.killed("QEMU", 11), "QEMU crashed (SIGSEGV)");
    }

    #[test]
    fn a_refusal_is_told_from_an_accident() {
        for said in [
            "internal error: unable to execute QEMU command 'migrate-set-capabilities': Postcopy is not supported",
            "TLS handshake failed: Error in the pull function: Connection reset by peer",
            "Certificate does not match the hostname compute1",
            "qemu unexpectedly closed the monitor: Cannot load certificate '/etc/pki/qemu/server-cert.pem'",
        ] {
            assert!(is_refusal(1, said), "{said}");
        }
        assert!(is_refusal(74, "migration of a paused domain"));
        for said in [
            "internal error: client socket is closed",
            "operation failed: job 'migration out' failed: Cannot write to TLS channel: Broken pipe",
            "operation failed: job 'migration out' failed: Unable to write to socket: Broken pipe",
            "internal error: qemu unexpectedly closed the monitor",
            "unable to execute QEMU command 'migrate': Cannot allocate memory",
            "error while loading state section id 3(ram): Input/output error",
            "Cannot write to TLS channel: Input/output error",
            "something new",
        ] {
            assert!(!is_refusal(1, said), "{said}");
        }
        assert!(!is_refusal(
            67,
            "Unable to create thread: Resource temporarily unavailable"
        ));
    }
}
