//! Lines that oslo.config rejects, each of which keeps nova from starting.
//!
//! What only a byte-order mark makes malformed is up to `byte-order-mark`, bytes that are no text to `undecodable-text`, what
//! a merge left behind to `merge-conflict`.

use std::collections::HashSet;

use crate::catalog;
use crate::lint::{Context, Effect, Finding, Fix, LayerEdit, Location, Rule, Safety, Severity};
use crate::oslo::Document;
use crate::oslo::document::{Malformed, MalformedKind};
use crate::oslo::lexer;
use crate::rules::format::markers;
use crate::text::{Edit, Source, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "malformed-line",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "a line that oslo.config rejects: nova does not start",
    doc: include_str!("../../../docs/rules/malformed-line.md"),
    check,
    yields_to: &[],
};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (layer, file) in context.stack.layers().iter().enumerate() {
        let source = file.document.source();
        let bytes = source.bytes();
        if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            continue; // UTF-16: no line of it is what it seems.
        }
        if let Some(text) = bytes.strip_prefix(BYTE_ORDER_MARK) {
            let rest = Document::parse(Source::new(source.path(), text.to_vec()));
            let found = rest.malformed().iter();
            findings.extend(found.map(|malformed| report(&rest, layer, malformed, BYTE_ORDER_MARK.len())));
        } else {
            let malformed = file.document.malformed();
            let conflicts = if malformed.is_empty() {
                Vec::new()
            } else {
                markers::conflicts(&file.document)
            };
            let marks: HashSet<usize> = conflicts
                .iter()
                .flat_map(|one| &one.markers)
                .map(|one| one.start)
                .collect();
            let found = malformed.iter().filter(|one| !marks.contains(&one.span.start));
            findings.extend(found.map(|malformed| report(&file.document, layer, malformed, 0)));
        }
    }
}

/// `document` starts `offset` bytes behind the start of the file.
fn report(document: &Document, layer: usize, malformed: &Malformed, offset: usize) -> Finding {
    let bytes = document.source().bytes();
    let start = lexer::strip_start(bytes, malformed.span);
    let end = lexer::strip_end(bytes, Span::new(start, malformed.span.end));
    let is_comment = matches!(bytes.get(start), Some(b'#' | b';'));
    let (message, help) = words(malformed.kind, is_comment);
    let elsewhere = if malformed.reported_line == malformed.line {
        String::new()
    } else {
        format!(", naming line {}", malformed.reported_line)
    };
    let location = Location::File {
        layer,
        span: Span::new(start + offset, end + offset),
    };
    let fix = match malformed.kind {
        MalformedKind::UnexpectedContinuation if is_comment => {
            let edit = Edit::delete(Span::new(malformed.span.start, start));
            Some(("move the comment to the first column".to_owned(), edit))
        }
        MalformedKind::UnclosedSection => closed_header(document, Span::new(start, end)),
        _ => None,
    };
    let fix = fix.map(|(title, mut edit)| {
        edit.span = Span::new(edit.span.start + offset, edit.span.end + offset);
        Fix {
            title,
            safety: Safety::Unsafe,
            edits: vec![LayerEdit { layer, edit }],
            announces: Vec::new(),
        }
    });
    let mut why = format!(
        "oslo.config stops at such a line with `{}`{elsewhere}, and nova does not start",
        malformed.kind
    );
    if malformed.span.start.checked_sub(1).map(|before| bytes[before]) == Some(b'\r') && document.line_ending() != "\r"
    {
        why.push_str("; before it is a carriage return without a line feed, which also ends a line");
    }
    Finding::new(&RULE, location, message)
        .with_reason(why)
        .with_help(help)
        .with_fix(fix)
}

fn words(kind: MalformedKind, is_comment: bool) -> (&'static str, &'static str) {
    match kind {
        MalformedKind::UnexpectedContinuation if is_comment => (
            "an indented comment with no value above it: only `#` or `;` in the first column starts a comment",
            "move the comment to the first column",
        ),
        MalformedKind::UnexpectedContinuation => (
            "an indented line with no value above it to continue",
            "remove the spaces before it, or whatever separates it from its value",
        ),
        MalformedKind::UnclosedSection => (
            "a section header whose last character is not `]`",
            "end the line with `]`; put a comment on a line of its own",
        ),
        MalformedKind::EmptySection => (
            "a section header without a name",
            "name the section, or remove the line",
        ),
        MalformedKind::NoSeparator => (
            "a line that is neither a header, a comment nor `name = value`",
            "write `name = value`, put `#` in the first column, or remove the line",
        ),
        MalformedKind::EmptyKey => (
            "an assignment without a name",
            "write the name before `=`, or remove the line",
        ),
        MalformedKind::NoSection => (
            "an assignment before the first section header",
            "write `[DEFAULT]`, or the section it belongs to, above it",
        ),
    }
}

/// `[libvirt] # note` with its comment on the line before, `[libvirt` with its bracket; nothing where more is unclear.
fn closed_header(document: &Document, line: Span) -> Option<(String, Edit)> {
    let text = std::str::from_utf8(line.of(document.source().bytes())).ok()?;
    let Some((name, rest)) = text[1..].split_once(']') else {
        let name = text[1..].trim();
        let edit = Edit::insert(line.end, "]");
        return catalog::is_group_known(name).then(|| ("write the missing `]`".to_owned(), edit));
    };
    let (name, comment) = (name.trim(), rest.trim_start());
    (comment.starts_with(['#', ';']) && !name.is_empty()).then(|| {
        let fixed = format!("{comment}{}[{name}]", document.line_ending());
        let title = "move the comment to a line of its own".to_owned();
        (title, Edit::replace(line, fixed))
    })
}
