//! Writing on real file systems: what is kept, what is refused, and what stays whole when something goes wrong.
//!
//! Nothing is mocked: full disks, read-only mounts, ordinary users, immutable files and kills are real ones. What a
//! machine lacks for that is said as "skipped: why"; where `CI` is set and the tests run as root, it is a failure.

// `*.conf` is a case-sensitive pattern, and so are our own names.
#![allow(clippy::case_sensitive_file_extension_comparisons)]

mod faults;
mod ground;
mod injected;
mod kept;
mod kills;
mod program;
mod refused;
mod several;
mod undone;
