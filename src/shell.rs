//! What a command line says of itself to others: completions for shells, and pages for `man`.
//!
//! Both are made of clap's own declarations, so that a new flag is in them by itself.

pub mod completions;
pub mod manual;
