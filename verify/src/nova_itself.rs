//! Nova's own code: the Python it is installed in, run so that it can do nothing but decide.
//!
//! That Python has no connection to libvirt. What nova calls comes here as a line of JSON and is answered by one; who asked
//! for it carries the call out. It is started with nothing of the caller's environment, in namespaces of its own, without a
//! network, without capabilities, without the sandbox's sockets, and with every file system only to be read.

mod confined;
mod found;
mod options;
mod seat;

pub use self::confined::{become_nova, run};
pub use self::found::{Found, FoundError, NovaChoice, find, look_at, of_the_host};
pub use self::options::TrialOptions;
pub use self::seat::{Call, Ended, Flags, MigrationParameters, Nova, Seat, SeatError, seated};

/// What runs in that Python.
const INSIDE: &str = include_str!("nova_itself/inside.py");
