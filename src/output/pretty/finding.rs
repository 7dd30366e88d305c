//! Findings for people, framed by miette: the line, a caret, why it matters, what to do.
//!
//! The only place that names miette.

use std::fmt;

use anstyle::AnsiColor;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};
use unicode_width::UnicodeWidthStr;

use crate::lint::{Context, Finding, Location, Severity};
use crate::oslo::stack::Stack;
use crate::output::excerpt::{Excerpt, excerpt};
use crate::output::fixed::fix_available;
use crate::output::{Style, address, shown_path};
use crate::plain;
use crate::text::Position;

/// One finding.
pub(super) fn finding(context: &Context<'_>, finding: &Finding, style: Style) -> String {
    let shown = Shown::new(context, finding);
    let mut out = String::new();
    if handler(style).render_report(&mut out, &shown).is_err() {
        // Only a label outside its text could fail, and labels are clamped to it; say it plainly rather than not at all.
        out = format!("{}: {}\n", address(context.stack, finding.location), shown.message);
    }
    for (label, text) in notes(context.stack, finding) {
        push_note(&mut out, label, &plain::line(&text), style);
    }
    out.push('\n');
    out
}

/// The columns of a report.
fn width(style: Style) -> usize {
    style.width.clamp(40, 120)
}

fn handler(style: Style) -> GraphicalReportHandler {
    let theme = match (style.unicode, style.color) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme {
            characters: miette::ThemeCharacters::ascii(),
            ..GraphicalTheme::unicode()
        },
        (false, false) => GraphicalTheme::none(),
    };
    GraphicalReportHandler::new_themed(theme)
        .with_width(width(style))
        .with_links(false)
        .with_primary_span_start()
}

/// A finding as miette wants it.
#[derive(Debug)]
struct Shown {
    code: &'static str,
    severity: Severity,
    message: String,
    name: String,
    /// The place itself, where there is an excerpt.
    position: Position,
    excerpt: Option<Excerpt>,
}

impl Shown {
    fn new(context: &Context<'_>, finding: &Finding) -> Self {
        let stack = context.stack;
        let mut name = address(stack, finding.location);
        let mut position = Position { line: 1, column: 1 };
        let excerpt = match finding.location {
            Location::File { layer, span } => {
                let document = &stack.layers()[layer].document;
                name = shown_path(document.source().path());
                position = document.source().position(span.start);
                Some(excerpt(document, span, 2, context.secrets()))
            }
            Location::Environment(_) | Location::Stack => None,
        };
        let message = if excerpt.is_some() {
            plain::line(&finding.message).into_owned()
        } else {
            format!("{name}: {}", plain::line(&finding.message))
        };
        Self {
            code: finding.rule.id,
            severity: finding.severity,
            message,
            name,
            position,
            excerpt,
        }
    }
}

/// Why, what to do, where else, and what `fix` would do: each with its label.
fn notes(stack: &Stack, finding: &Finding) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    if !finding.why.is_empty() {
        notes.push(("why", finding.why.clone()));
    }
    if !finding.help.is_empty() {
        notes.push(("help", finding.help.clone()));
    }
    for related in &finding.related {
        notes.push(("see", format!("{}: {}", address(stack, related.location), related.note)));
    }
    if let Some(fix) = fix_available(finding) {
        notes.push(("fix available", fix));
    }
    notes
}

/// A note on lines of the report's width, indented below its label.
fn push_note(out: &mut String, label: &str, text: &str, style: Style) {
    let indent = label.len() + "  : ".len();
    let label = style.paint(AnsiColor::Cyan.on_default(), &format!("{label}:"));
    out.push_str(&format!("  {label}"));
    let mut column = indent - 1;
    for word in text.split(' ') {
        let length = word.width();
        if column > indent && column + 1 + length > width(style) {
            out.push_str(&format!("\n{:1$}", "", indent - 1));
            column = indent - 1;
        }
        out.push_str(&format!(" {word}"));
        column += 1 + length;
    }
    out.push('\n');
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("{}[{}]", self.severity.as_str(), self.code)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Info => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.is_some().then_some(self as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (start, end) = self.excerpt.as_ref()?.label;
        // A label over several lines is drawn as a bracket; one caret under the first line says as much.
        let end = self.excerpt.as_ref()?.text[start..end]
            .find('\n')
            .map_or(end, |line_end| start + line_end);
        Some(Box::new(std::iter::once(LabeledSpan::new(None, start, end - start))))
    }
}

impl SourceCode for Shown {
    /// The whole excerpt, whatever is asked: it is no longer than it should be. The label alone, without context, is
    /// asked for where miette heads the excerpt with the place.
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let excerpt = self.excerpt.as_ref().ok_or(MietteError::OutOfBounds)?;
        let (line, column) = if (before, after) == (0, 0) {
            (self.position.line - 1, self.position.column - 1)
        } else {
            (excerpt.first_line - 1, 0)
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            excerpt.text.as_bytes(),
            SourceSpan::from((0, excerpt.text.len())),
            line,
            column,
            excerpt.text.lines().count(),
        )))
    }
}
