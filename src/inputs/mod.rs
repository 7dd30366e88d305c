//! Where configuration comes from: paths and flags, and the places where nova looks by default.

pub mod directory;
pub mod load;
