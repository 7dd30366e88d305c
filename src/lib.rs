//! Reads nova.conf exactly as nova does and fixes it for an upgrade.
//!
//! The layers, lowest first: [`text`], [`bounded`] and [`mod@write`]; [`oslo`]; [`catalog`]; [`nova`] and [`redact`]; [`lint`] and
//! [`inputs`]; [`rules`], [`settings`], [`fix`] and [`output`]; [`handover`] and [`shell`]. Imports point downward only (`tests/layers.rs`).

pub mod bounded;
pub mod catalog;
pub mod fix;
pub mod globs;
pub mod handover;
pub mod inputs;
pub mod links;
pub mod lint;
pub mod nova;
pub mod oslo;
pub mod output;
pub mod plain;
pub mod redact;
pub mod rules;
pub mod settings;
pub mod shell;
pub mod text;
pub mod write;
