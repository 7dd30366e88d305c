//! Findings for people, framed by miette: the line, a caret, why it matters, what to do.
//!
//! The only place, with `main`, that names miette.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

use super::excerpt::{Excerpt, excerpt};
use super::{Checked, Counts, Style, address, plain};
use crate::conf::layers::Stack;
use crate::lint::{Finding, Location, Safety, Severity};

/// The first line of a report, and a blank one.
#[must_use]
pub fn header(checked: &Checked) -> String {
    format!("{}\n\n", checked.line())
}

/// One finding.
#[must_use]
pub fn finding(stack: &Stack, finding: &Finding, style: Style) -> String {
    let shown = Shown::new(stack, finding);
    let mut out = String::new();
    if handler(style).render_report(&mut out, &shown).is_err() {
        // Only a label outside its text could fail, and labels are clamped to it; say it plainly rather than not at all.
        out = format!("{}: {}\n", address(stack, finding.location), shown.message);
    }
    out.push('\n');
    out
}

/// The last line of a report.
#[must_use]
pub fn summary(counts: Counts, fixable: (usize, usize)) -> String {
    let (safe, risky) = fixable;
    let mut line = counts.in_words();
    if safe > 0 {
        line.push_str(&format!("; {safe} can be mended by `novamend fix`"));
    }
    if risky > 0 {
        line.push_str(&format!("; {risky} more with `--unsafe-fixes`"));
    }
    line.push('\n');
    line
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
        .with_width(style.width.clamp(40, 120))
        .with_links(false)
        .with_primary_span_start()
}

/// A finding as miette wants it.
#[derive(Debug)]
struct Shown {
    code: &'static str,
    severity: Severity,
    message: String,
    help: String,
    name: String,
    excerpt: Option<Excerpt>,
}

impl Shown {
    fn new(stack: &Stack, finding: &Finding) -> Self {
        let mut name = address(stack, finding.location);
        let excerpt = match finding.location {
            Location::File { layer, span } => {
                let document = &stack.layers()[layer].document;
                name = super::shown_path(document.source().path());
                Some(excerpt(document, span, 2))
            }
            Location::Environment(_) | Location::Stack => None,
        };
        let message = if excerpt.is_some() {
            plain(&finding.message)
        } else {
            format!("{name}: {}", plain(&finding.message))
        };
        Self {
            code: finding.rule.id,
            severity: finding.severity,
            message,
            help: help(stack, finding),
            name,
            excerpt,
        }
    }
}

/// Why, what to do, where else, and what `fix` would do: one paragraph each.
fn help(stack: &Stack, finding: &Finding) -> String {
    let mut lines: Vec<String> = Vec::new();
    if !finding.why.is_empty() {
        lines.push(format!("why: {}", finding.why));
    }
    if !finding.help.is_empty() {
        lines.push(format!("do: {}", finding.help));
    }
    for related in &finding.related {
        lines.push(format!("see: {}: {}", address(stack, related.location), related.note));
    }
    if let Some(fix) = &finding.fix {
        let how = match fix.safety {
            Safety::Safe => "`novamend fix`",
            Safety::Unsafe => "`novamend fix --unsafe-fixes`",
        };
        let outcome = if finding.help.contains(&fix.title) {
            "does it"
        } else {
            &fix.title
        };
        lines.push(format!("fix: {how}: {outcome}"));
    }
    plain(&lines.join("\n"))
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

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn fmt::Display>)
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
    /// The whole excerpt, whatever is asked: it is no longer than it should be.
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        _before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let excerpt = self.excerpt.as_ref().ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            excerpt.text.as_bytes(),
            SourceSpan::from((0, excerpt.text.len())),
            excerpt.first_line - 1,
            0,
            excerpt.text.lines().count(),
        )))
    }
}
