//! A UTF-8 byte-order mark, which oslo.config takes for the first character of the first line.
//!
//! UTF-16, whose mark is another one, is up to `undecodable-text`.

use crate::lint::{Context, Effect, Finding, Fix, LayerEdit, Location, Rule, Safety, Severity};
use crate::oslo::Document;
use crate::text::{Edit, Source, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "byte-order-mark",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "the file starts with a byte-order mark: nova does not start",
    doc: include_str!("../../../docs/rules/byte-order-mark.md"),
    check,
    yields_to: &[],
};

const MARK: Span = Span { start: 0, end: 3 };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (layer, file) in context.stack.layers().iter().enumerate() {
        let document = &file.document;
        if !document.has_byte_order_mark() {
            continue;
        }
        let fix = Fix {
            title: "remove the byte-order mark".to_owned(),
            safety: Safety::Unsafe,
            edits: vec![LayerEdit {
                layer,
                edit: Edit::delete(MARK),
            }],
            announces: context.moved_by(moved(document).iter().map(|(group, key)| (&**group, &**key))),
        };
        let message = "the file starts with a byte-order mark, and nova does not start";
        findings.push(
            Finding::new(&RULE, Location::File { layer, span: MARK }, message)
                .with_reason(
                    "oslo.config reads the mark as text: the first line is then neither a header nor a comment, \
                          and is rejected",
                )
                .with_help("save the file as UTF-8 without a byte-order mark")
                .with_fix(Some(fix)),
        );
    }
}

/// The lines in front of the second header, which without the mark may be in a section for the first time.
fn moved(document: &Document) -> Vec<(String, String)> {
    let source = document.source();
    let rest = Document::parse(Source::new(source.path(), source.bytes()[MARK.end..].to_vec()));
    let end = document
        .sections()
        .first()
        .map_or(source.bytes().len(), |first| first.header.start);
    let name = |document: &Document, end: usize| -> Vec<(String, String)> {
        let lines = document.assignments().iter().take_while(|a| a.span().end <= end);
        lines
            .map(|a| (document.group(a).to_owned(), document.key(a).into_owned()))
            .collect()
    };
    let mut names = name(document, end);
    names.extend(name(&rest, end - MARK.end));
    names
}
