//! Proves on the host, by real test migrations, what nova's live-migration timeout action will do.
//!
//! It never touches daemons or domains of the host, but for those that `--source` and `--dest` name: all else happens in a
//! sandbox that leaves no trace. [`rescue`] alone works on the host's own daemon, which it only looks at unless `--yes` is given.

pub mod accident;
pub mod causes;
pub mod environment;
pub mod guest;
pub mod host;
pub mod hosts;
pub mod hypervisor;
pub mod interrupt;
pub mod nova_itself;
pub mod process;
pub mod read_only;
pub mod readable;
pub mod report;
pub mod rescue;
pub mod sandbox;
pub mod shown;
pub mod speed;
pub mod trial;
pub mod verdict;
