//! Test migrations: what is tried, how nova would watch over it, what was seen, and the worker that runs them in a lab.
//!
//! It knows neither the sandbox nor two hosts; they know it.

pub mod checks;
pub mod conditions;
pub mod cost;
pub mod cut;
pub mod kind;
pub mod memory;
pub mod messages;
pub mod migrate;
pub mod monitor;
pub mod plan;
pub mod session;
pub mod shape;
pub mod side_by_side;
pub mod slow;
pub mod turns;
pub mod worker;
