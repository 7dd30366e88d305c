//! The limits of the session that started this (ulimit): with too little of something every result would be that of an accident.
//!
//! It raises the number of open files as far as it may, and changes nothing else.

use rustix::process::{Resource, Rlimit, geteuid, getrlimit, setrlimit};

/// As many open files as are asked for, where the session allows them.
const FILES: u64 = 4096;

/// The least of each, by the letter of the shell's `ulimit`: two daemons, two QEMUs and what they share.
const LEAST: [(Resource, u64, u64, char, &str); 6] = [
    (Resource::Nofile, 256, 1, 'n', "open files"),
    (Resource::As, 8 << 30, 1 << 10, 'v', "address space"),
    (Resource::Data, 2 << 30, 1 << 10, 'd', "data"),
    (Resource::Fsize, 256 << 20, 512, 'f', "the size of a file"),
    (Resource::Cpu, 600, 1, 't', "processor time"),
    (Resource::Nproc, 256, 1, 'u', "processes"),
];

/// What is too little for the trials, and what to do; none where nothing is.
#[must_use]
pub fn too_little() -> Option<(String, String)> {
    let files = getrlimit(Resource::Nofile);
    let most = files.maximum.unwrap_or(FILES).min(FILES);
    if files.current.is_some_and(|now| now < most) {
        let current = Some(most);
        // where it stays too little it is said below
        let _ = setrlimit(Resource::Nofile, Rlimit { current, ..files });
    }
    LEAST.iter().find_map(|&(resource, least, unit, letter, name)| {
        let now = getrlimit(resource).current?;
        // the kernel does not hold root to it
        let is_held = letter != 'u' || !geteuid().is_root();
        (is_held && now < least).then(|| {
            (
                format!(
                    "this session's limit of {name} is {} (`ulimit -{letter}`), but the trials need {}",
                    now / unit,
                    least / unit
                ),
                format!("run it with a higher `ulimit -{letter}`"),
            )
        })
    })
}
