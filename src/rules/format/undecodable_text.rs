//! Bytes that are not UTF-8, on which nova stops with a traceback.
//!
//! It names their place and never shows them: they may be part of a secret.

use crate::lint::{Context, Effect, Finding, Location, Rule, Severity};
use crate::text::Span;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "undecodable-text",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "the file is not UTF-8: nova does not start",
    doc: include_str!("../../../docs/rules/undecodable-text.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (layer, file) in context.stack.layers().iter().enumerate() {
        let bytes = file.document.source().bytes();
        let Err(error) = std::str::from_utf8(bytes) else {
            continue;
        };
        let start = error.valid_up_to();
        let length = error.error_len().unwrap_or(bytes.len() - start);
        let (message, help) = if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            (
                "the file is UTF-16, and nova does not start".to_owned(),
                "convert it with `iconv -f utf-16 -t utf-8`",
            )
        } else {
            let line = file.document.source().position(start).line;
            (
                format!("line {line} contains bytes that are not UTF-8, and nova does not start"),
                "save the file as UTF-8; if it is Latin-1, convert it with `iconv -f latin1 -t utf-8`",
            )
        };
        let span = Span::new(start, start + length);
        findings.push(
            Finding::new(&RULE, Location::File { layer, span }, message)
                .with_reason(
                    "nova on Python 3, the only one from ussuri on, reads its files as UTF-8 and stops with a \
                     `UnicodeDecodeError` that names no file",
                )
                .with_help(help),
        );
    }
}
