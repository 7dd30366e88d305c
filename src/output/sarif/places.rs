//! Places as SARIF has them: a URI from the base on, and a region in characters, a byte order mark not counted.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_sarif::sarif::{ArtifactLocation, Location, LogicalLocation, PhysicalLocation, Region};

use super::parts::message;
use crate::lint::{self, Finding};
use crate::output::Findings;
use crate::output::entry::PlaceEntry;
use crate::output::reported::Reported;
use crate::text::{Source, Span, encoded};

/// What relative URIs start at: `--root`, or the working directory.
pub(super) const BASE: &str = "%SRCROOT%";

/// Where `reported` is.
pub(super) fn of(reported: &Reported<'_>) -> Location {
    let mut location = physical(&reported.path, region(&reported.place));
    let logical = reported.place.variable.clone().or_else(|| reported.option.clone());
    location.logical_locations =
        logical.map(|name| vec![LogicalLocation::builder().fully_qualified_name(name).build()]);
    location
}

/// The other places of `finding`.
pub(super) fn related(found: &Findings<'_, '_>, finding: &Finding) -> Vec<Location> {
    let layers = found.context.stack.layers();
    let each = finding.related.iter().filter_map(|related| {
        let lint::Location::File { layer, .. } = related.location else {
            return None;
        };
        let base = &found.checked.base;
        let path = base.relative(layers.get(layer)?.document.source().path());
        let place = PlaceEntry::of(base, found.context.stack, related.location);
        let mut location = physical(&path, region(&place));
        location.message = Some(message(&related.note));
        Some(location)
    });
    each.collect()
}

fn physical(path: &Path, region: Option<Region>) -> Location {
    let mut place = PhysicalLocation::builder().artifact_location(artifact(path)).build();
    place.region = region;
    Location::builder().physical_location(place).build()
}

/// The file at `path`.
pub(super) fn artifact(path: &Path) -> ArtifactLocation {
    let uri = encoded(path.as_os_str().as_bytes());
    if path.is_absolute() {
        return ArtifactLocation::builder().uri(format!("file://{uri}")).build();
    }
    ArtifactLocation::builder().uri(uri).uri_base_id(BASE).build()
}

/// The region of a place; `None` where it has no line.
fn region(place: &PlaceEntry) -> Option<Region> {
    let number = |number: Option<usize>| number.and_then(|number| i64::try_from(number).ok());
    place.line?;
    let mut region = Region::builder().build();
    region.start_line = number(place.line);
    region.start_column = number(place.column);
    region.end_line = number(place.end_line);
    region.end_column = number(place.end_column);
    Some(region)
}

/// `span` of `source`, in bytes, and in characters where these say the same.
pub(super) fn deleted(source: &Source, span: Span) -> Region {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let mark = usize::from(source.bytes().starts_with(b"\xef\xbb\xbf")) * 3;
    let is_text = span.start >= mark && std::str::from_utf8(source.bytes()).is_ok();
    let (start, end) = (source.position(span.start), source.position(span.end));
    let place = PlaceEntry {
        line: is_text.then_some(start.line),
        column: Some(start.column),
        end_line: Some(end.line),
        end_column: Some(end.column),
        ..PlaceEntry::default()
    };
    let mut region = region(&place).unwrap_or_else(|| Region::builder().build());
    region.byte_offset = Some(number(span.start));
    region.byte_length = Some(number(span.len()));
    region
}
