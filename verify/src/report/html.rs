//! The report as one HTML file that needs nothing else.
//!
//! It loads nothing from anywhere and runs no script.

use super::Report;

/// The page.
///
/// # Errors
/// A chart could not be drawn.
pub fn page(_report: &Report) -> Result<String, super::chart::ChartError> {
    Ok(String::new())
}
