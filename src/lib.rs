//! Reads nova.conf exactly as nova does and mends it for an upgrade.
//!
//! The layers, lowest first: [`text`], [`bounded`] and [`mod@write`]; [`conf`] and [`catalog`]; [`migration`]; [`lint`]; [`rules`],
//! [`settings`], [`fix`] and [`output`]; [`commands`]. Imports point downward only (`tests/layers.rs`).

pub mod bounded;
pub mod catalog;
pub mod commands;
pub mod conf;
pub mod effective;
pub mod fix;
pub mod links;
pub mod lint;
pub mod migration;
pub mod names;
pub mod option_type;
pub mod output;
pub mod plain;
pub mod redact;
pub mod rules;
pub mod settings;
pub mod text;
pub mod write;
