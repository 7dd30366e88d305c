//! Ignores of the settings that hide nothing or have expired, as findings: known when all files are checked.

use super::{Request, Total};
use crate::commands::documents::Documents;
use crate::terminal::Terminal;
use novamend::lint::suppressions::UNUSED_IGNORE;
use novamend::lint::{Context, Finding, Ignore, Location, Severity};
use novamend::nova::today::Today;
use novamend::oslo::document::Document;
use novamend::oslo::stack::Stack;
use novamend::output::{Checked, Counts, Findings, Part};
use novamend::text::Source;

/// Adds them to the documents and to the total, in the order of the settings.
///
/// # Errors
/// Standard output's.
pub(super) fn report(
    request: &Request,
    checked: &Checked,
    total: &mut Total,
    (documents, terminal): (&mut Documents, &mut Terminal<'_>),
) -> std::io::Result<()> {
    let settings = &request.settings;
    let Some(file) = settings.file.as_ref().filter(|_| !settings.is_off(&UNUSED_IGNORE)) else {
        return Ok(());
    };
    let all = settings.ignores.iter().enumerate();
    let unused = all.filter(|(number, ignore)| {
        let may_be = ignore.expired.is_some() || !total.used.contains(number);
        may_be && {
            let named = ignore.named();
            checked.paths.iter().any(|path| named.has(path))
        }
    });
    let findings: Vec<Finding> = unused.filter_map(|(_, ignore)| finding(request, ignore)).collect();
    if findings.is_empty() {
        return Ok(());
    }
    let source = Source::new(&file.path, file.text.as_bytes().to_vec());
    let stack = Stack::of(Document::parse_literally(source));
    let today = Today::said(request.to);
    let context = Context::of_today(&stack, &today, request.to, settings);
    let found = Findings {
        checked,
        context: &context,
        findings: &findings,
        suppressed: &[],
        proposed: &[],
    };
    total.summary.counts = total.summary.counts.plus(Counts::of(&findings));
    let pieces = documents.renderers().render(&Part::Findings(&found));
    documents.take(terminal, pieces)
}

/// What is wrong with `ignore`, at its place in the settings; `None` where that is in another file.
fn finding(request: &Request, ignore: &Ignore) -> Option<Finding> {
    let location = Location::File {
        layer: 0,
        span: ignore.span?,
    };
    let rule = &ignore.rule;
    let of = ignore
        .option
        .as_ref()
        .map_or_else(String::new, |option| format!(" about `{option}`"));
    let (message, help, own) = match &ignore.expired {
        Some(until) => (
            format!("the ignore of `{rule}`{of} expired after {until}"),
            "fix what it hid, or give it a new date and say why",
            Severity::Warning,
        ),
        None if ignore.files.is_empty() => (
            format!("the ignore of `{rule}`{of} hides nothing in the files that were checked"),
            "remove it, unless other files need it",
            Severity::Info,
        ),
        None => (
            format!("the ignore of `{rule}`{of} hides nothing in its files"),
            "remove it, or correct its rule, file or option",
            Severity::Warning,
        ),
    };
    let mut finding = Finding::new(&UNUSED_IGNORE, location, message).with_help(help);
    finding.severity = request.settings.severity(&UNUSED_IGNORE, own);
    finding.lowered_from = (finding.severity < own).then_some(own);
    Some(finding)
}
