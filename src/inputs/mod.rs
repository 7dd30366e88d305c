//! Where configuration comes from: flags and paths, the places where nova looks by default, and the stacks they make.
//!
//! Both programs read it here: the same arguments are the same files in `check`, `fix`, `where`, `probe` and `verify`.

pub mod arguments;
pub mod directory;
pub mod exclude;
pub mod home;
pub mod installed;
pub mod load;
pub mod sources;
pub mod survey;

pub use arguments::Arguments;
pub use sources::Sources;
pub use survey::{Survey, Upgrade};
