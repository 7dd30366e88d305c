//! Test migrations: what is tried, how nova would watch over it, and what was seen.

pub mod checks;
pub mod memory;
pub mod migrate;
pub mod monitor;
pub mod plan;
pub mod session;
pub mod worker;
