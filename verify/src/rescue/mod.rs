//! Brings back guests whose live migration broke in post-copy, from the host that they left.
//!
//! It starts, resumes, resets and ends no guest: the one call that changes anything is libvirt's own resumption of a migration
//! (`VIR_MIGRATE_POSTCOPY_RESUME`), for a guest whose two halves both say that they are broken.

mod engine;
mod judgement;
mod nova;
pub mod peers;
mod words;

pub use self::engine::{Case, Engine, Progress, Scene};
pub use self::judgement::{Answer, Judgement, Sighting};
pub use self::nova::Watch;
