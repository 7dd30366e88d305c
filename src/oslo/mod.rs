//! The oslo.config dialect: reading a file to the letter, without losing a byte.
//!
//! It knows no option: what nova does with a value is up to [`crate::catalog`] and [`crate::nova::migration`].

pub mod document;
pub mod edit;
pub mod lexer;
pub mod names;
pub mod stack;
pub mod substitution;
pub mod template;
pub mod types;
pub mod value;

pub use document::{Assignment, Document, Item, ItemKind, Malformed, MalformedKind, Section};
