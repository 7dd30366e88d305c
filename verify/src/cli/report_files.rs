//! The report that `--report` asks for: a page, and its JSON beside it.

use std::path::Path;

use novamend::output::envelope::{Envelope, Kind, SCHEMA};
use novamend::write::{self, Options, Planned, WriteError};
use novamend_verify::report::{Report, Stacks, html};
use novamend_verify::shown;

use super::Failure;

/// The report at `path` and its JSON beside it, as files to be written. What is replaced is a report already: the page
/// that was named may be any file of this user, the other one, which nobody named, only such JSON.
fn report_files(path: &Path, page: String, data: String) -> Result<[Planned; 2], Failure> {
    let not_written = |error: WriteError| format!("the report cannot be written: {}", error.with_state());
    let is_report = |text: &[u8]| {
        let found: Option<serde_json::Value> = serde_json::from_slice(text).ok();
        // In version 1 the schema was a number.
        let is_ours = |schema: &serde_json::Value| schema == SCHEMA || schema.is_number();
        found.is_some_and(|found| found["kind"] == "verify" && is_ours(&found["schema"]))
    };
    let page = write::document(path, page.into_bytes(), "a page", |_| true).map_err(not_written)?;
    let beside = path.with_extension("json");
    let data = write::document(&beside, data.into_bytes(), "a report of novamend verify", is_report);
    Ok([page, data.map_err(not_written)?])
}

/// Whether the report can be written, tried before hours go into what stands in it.
pub(super) fn try_out(path: &Path) -> Result<(), Failure> {
    let files = report_files(path, "{}".to_owned(), "{}".to_owned())?;
    write::try_out(&files, &Options::without_backup())
        .map_err(|error| format!("the report cannot be written: {}", error.with_state()).into())
}

/// Writes the report and its JSON, or neither.
pub(super) fn keep(path: &Path, report: Report<'_>) -> Result<(), Failure> {
    let files = report_files(
        path,
        html::page(&report)?,
        shown::json(&Envelope::new(Kind::Verify, Stacks { stacks: vec![report] }))?,
    )?;
    write::write_all(&files, &Options::without_backup())
        .map(|_| ())
        .map_err(|error| format!("the report was not written: {}", error.with_state()).into())
}
