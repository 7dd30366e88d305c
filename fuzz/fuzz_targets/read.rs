//! Any bytes are read to their end: the spans partition them, nothing panics, and no secret is shown.
//!
//! That oslo.config reads the same is up to the oracle.
#![no_main]

use libfuzzer_sys::fuzz_target;
use novamend::catalog::outside::{self, Hints};
use novamend::catalog::{self, Release};
use novamend::oslo::stack::{Site, Stack};
use novamend::oslo::substitution::{references, substitute};
use novamend::oslo::value::check;
use novamend::oslo::{Document, ItemKind};
use novamend::nova::today::Today;
use novamend::nova::View;
use novamend::redact::{self, Secrets};
use novamend::text::{Edit, Source, Span, apply_edits};

fuzz_target!(|data: &[u8]| {
    let release = pick(data.len());
    let document = parse(data);
    partitions(&document, data);
    masks(&document, data);
    masks_comments(&document, data);
    let stack = Stack::of(document);
    let view = View::new(&stack, release);
    // A few places are enough of a file: the rest of the time goes to more files.
    for place in stack.places().take(12) {
        let (group, key) = (stack.group(place).to_owned(), stack.key(place).into_owned());
        let value = stack.value(Site::File(place)).into_owned();
        look_up(&group, &key, release);
        let _ = (references(&value), redact::shown(&key, &value));
        let _ = substitute(&value, |reference| Some(reference.target().1.to_owned()));
        let _ = view.expanded(&group, &value);
        if let Some(named) = view.option_at(place) {
            let setting = view.setting_of(named.option);
            assert!(setting.is_set(), "an option that is written is not set");
            let _ = (view.value(&setting), view.texts(&setting));
            let _ = check(named.option.option_type(), &value, view.profile());
        }
    }
    let _ = Today::of_options(&stack, None).why();
});

fn parse(data: &[u8]) -> Document {
    Document::parse(Source::new("nova.conf", data.to_vec()))
}

fn partitions(document: &Document, data: &[u8]) {
    let mut at = 0;
    for item in document.items() {
        assert_eq!(item.span().start, at, "a gap or an overlap");
        assert!(item.span().end > at, "an empty item");
        assert_eq!(document.source().position(at).line, item.line());
        at = item.span().end;
        if let ItemKind::Assignment(index) = item.kind() {
            let assignment = &document.assignments()[index];
            assert_eq!(assignment.span(), item.span());
            let inner = [assignment.key(), assignment.first(), assignment.value_span(data)];
            assert!(
                inner
                    .iter()
                    .all(|span| span.start >= item.span().start && span.end <= item.span().end)
            );
            assert!(matches!(data[assignment.separator()], b':' | b'='));
            assert_eq!(
                document.continuation_lines(assignment).count(),
                assignment.continuations()
            );
            let _ = (
                document.value(assignment),
                document.key(assignment),
                document.group(assignment),
            );
        }
    }
    assert_eq!(at, data.len(), "the end is missing");
    let mut sections = document.sections().windows(2);
    assert!(sections.all(|pair| pair[0].end == pair[1].header.start));
    let line_by_line: usize = (1..=document.source().line_count())
        .map(|number| document.source().line(number).map_or(0, Span::len))
        .sum();
    assert!(line_by_line <= data.len());
    let edits: Vec<Edit> = document
        .items()
        .iter()
        .map(|item| Edit::replace(item.span(), item.span().of(data)))
        .collect();
    assert_eq!(apply_edits(data, &edits).as_deref(), Ok(data));
}

/// A value that is a secret by its option's name is not in the masked text of its lines.
fn masks(document: &Document, data: &[u8]) {
    let secrets = redact::lines::secrets(document, Span::new(0, data.len()), &Secrets::of_document(document));
    let mut lines = document.items().iter().flat_map(|item| document.lines_of(item));
    let masked: Vec<(usize, String)> = lines
        .by_ref()
        .map(|(number, line)| (number, redact::lines::masked_line(document, line, &secrets)))
        .collect();
    for assignment in document.assignments() {
        let value = assignment.first().of(data);
        let is_plain = value.len() > 6 && value.iter().all(u8::is_ascii_alphanumeric);
        if is_plain && redact::names::is_secret_by_name(&document.key(assignment), &String::from_utf8_lossy(value)) {
            let value = String::from_utf8_lossy(value);
            let shown = masked.iter().find(|(number, _)| *number == assignment.line());
            let text = shown.and_then(|(_, text)| text.split_once(['=', ':']).map(|(_, value)| value));
            assert!(!text.is_some_and(|text| text.contains(&*value)), "a secret is shown");
        }
    }
}

/// A commented secret is not shown either, whatever bytes stand before it.
fn masks_comments(document: &Document, data: &[u8]) {
    let secrets = redact::lines::secrets(document, Span::new(0, data.len()), &Secrets::of_document(document));
    for (_, line) in document.comment_lines() {
        let text = line.of(data);
        let body = text
            .trim_ascii_start()
            .iter()
            .position(|byte| matches!(byte, b'=' | b':'));
        let Some(separator) = body else { continue };
        let key = String::from_utf8_lossy(&text[..separator]).into_owned();
        let value = text[separator + 1..].trim_ascii();
        let is_plain = value.len() > 6 && value.iter().all(u8::is_ascii_alphanumeric);
        if is_plain && redact::names::is_secret_by_name(key.trim_start_matches(['#', ';']), &String::from_utf8_lossy(value)) {
            let shown = redact::lines::masked_line(document, line, &secrets);
            let after = shown.split_once(['=', ':']).map_or("", |(_, value)| value);
            assert!(
                !after.contains(&*String::from_utf8_lossy(value)),
                "a commented secret is shown"
            );
        }
    }
}

fn look_up(group: &str, key: &str, release: Release) {
    if let Some(facts) = catalog::option(group, key, release) {
        assert!(catalog::by_any_name(group, key, release).is_some());
        assert!(!facts.lookup_names().is_empty());
    }
    let _ = (catalog::life(group, key), catalog::life_as_alias(group, key));
    let _ = (
        catalog::is_known_anywhere(group, key),
        catalog::groups_with(key, release),
    );
    let _ = (
        catalog::is_group_known(group),
        outside::recognise(group, key, &Hints::default(), release),
    );
    // The search for a near name is slow; one in a few is enough.
    if key.len() < 64 && key.len().is_multiple_of(4) {
        let _ = catalog::spelling::did_you_mean(group, key, release, |_| true);
    }
}

/// A release, another one for another number.
fn pick(number: usize) -> Release {
    let count = Release::all().len();
    Release::all().nth(number % count).unwrap_or(Release::NEWEST)
}
