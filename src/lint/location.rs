//! Where findings point: from an assignment, a value or a file to the bytes, and back to the option.

use super::Context;
use super::finding::{AssignmentId, Finding, Location};
use crate::nova::Setting;
use crate::oslo::stack::Site;
use crate::plain;
use crate::text::{Span, line_end};

impl Context<'_> {
    /// The whole of the assignment at `place`, without its last line end: where a finding points.
    #[must_use]
    pub fn location(&self, place: AssignmentId) -> Location {
        let assignment = self.stack.assignment(place);
        let bytes = self.stack.document(place).source().bytes();
        let end = assignment.value_span(bytes).end.max(assignment.separator() + 1);
        Location::File {
            layer: place.layer,
            span: Span::new(assignment.key().start, end),
        }
    }

    /// The first line of a file that is not empty: where a finding about the whole file points.
    #[must_use]
    pub fn first_line(&self, layer: usize) -> Location {
        let bytes = self.stack.layers()[layer].document.source().bytes();
        let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
        let (end, _) = line_end(bytes, start);
        Location::File {
            layer,
            span: Span::new(start, end),
        }
    }

    /// The value at `place`, where a finding is about the value; its place is the separator's where it is empty.
    #[must_use]
    pub fn value_location(&self, place: AssignmentId) -> Location {
        let assignment = self.stack.assignment(place);
        let span = assignment.value_span(self.stack.document(place).source().bytes());
        let span = if span.is_empty() {
            Span::new(assignment.separator(), assignment.separator() + 1)
        } else {
            span
        };
        Location::File {
            layer: place.layer,
            span,
        }
    }

    /// Where a site is.
    #[must_use]
    pub fn site_location(&self, site: Site) -> Location {
        match site {
            Site::File(place) => self.location(place),
            Site::Environment(variable) => Location::Environment(variable),
        }
    }

    /// Where the effective value of a setting is set; the stack as a whole where it is the default.
    #[must_use]
    pub fn winner_location(&self, setting: &Setting) -> Location {
        setting
            .winner()
            .map_or(Location::Stack, |site| self.site_location(site))
    }

    /// `path:line` of a place.
    #[must_use]
    pub fn address(&self, place: AssignmentId) -> String {
        let source = self.stack.document(place).source();
        format!("{}:{}", plain::path(source.path()), self.stack.assignment(place).line())
    }

    /// `group.name` of the option `finding` is about: of the assignment it lies in, else what it names itself.
    #[must_use]
    pub fn subject(&self, finding: &Finding) -> Option<String> {
        let named = || {
            finding
                .option
                .as_ref()
                .map(|option| format!("{}.{}", option.group, option.name))
        };
        self.option_of(finding.location).or_else(named)
    }

    /// The number, within its file, of the assignment that `location` lies in.
    #[must_use]
    pub fn assignment_at(&self, location: Location) -> Option<usize> {
        let Location::File { layer, span } = location else {
            return None;
        };
        let assignments = self.stack.layers()[layer].document.assignments();
        let index = assignments.partition_point(|a| a.span().end <= span.start);
        assignments
            .get(index)
            .is_some_and(|a| a.span().start <= span.start)
            .then_some(index)
    }

    /// `group.name` of the assignment that `location` lies in, secrets masked.
    #[must_use]
    pub fn option_of(&self, location: Location) -> Option<String> {
        let Location::File { layer, .. } = location else {
            return None;
        };
        let document = &self.stack.layers()[layer].document;
        let assignment = &document.assignments()[self.assignment_at(location)?];
        let option = format!("{}.{}", document.group(assignment), document.key(assignment));
        Some(self.secrets().hide(&option).into_owned())
    }
}
