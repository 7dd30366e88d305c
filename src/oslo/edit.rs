//! Builders of edits: another value, a new line beside its relatives.
//!
//! They say where the bytes go; whether the outcome means what it should, [`crate::fix`] proves.

use super::document::{Assignment, Document, ItemKind};
use super::stack::{AssignmentId, Origin, Stack};
use crate::text::{Edit, Span};

/// The edit that gives `assignment` the value `value`, its continuation lines included; the rest of the line stays.
#[must_use]
pub fn replace_value(document: &Document, assignment: &Assignment, value: &str) -> Edit {
    let bytes = document.source().bytes();
    let span = assignment.value_span(bytes);
    if assignment.first().is_empty() {
        // Nothing but white space may stand behind the separator: the value takes its place.
        let style = separator_style(bytes, assignment);
        let start = assignment.separator() + 1;
        let after =
            String::from_utf8_lossy(&style[style.iter().position(|&b| b == bytes[start - 1]).map_or(0, |p| p + 1)..]);
        let after = if after.is_empty() && style.starts_with(b" ") {
            " ".to_owned()
        } else {
            after.into_owned()
        };
        return Edit::replace(Span::new(start, span.end.max(start)), format!("{after}{value}"));
    }
    Edit::replace(span, value)
}

/// The bytes between an assignment's name and its value: ` = `, `=`, `: `.
fn separator_style<'a>(bytes: &'a [u8], assignment: &Assignment) -> &'a [u8] {
    if assignment.first().is_empty() {
        return &bytes[assignment.key().end..=assignment.separator()];
    }
    &bytes[assignment.key().end..assignment.first().start]
}

/// Where a new `name = value` of `group` goes, as a person would put it: (file, edit).
///
/// Behind the assignment at `beside`, else behind the nearest relative by name in the group (the last file that has one),
/// else behind a commented sample of it, else under the group's header, else in a section of its own at the end of the
/// last file named. `None` where there is no file.
#[must_use]
pub fn insert_option(
    stack: &Stack,
    group: &str,
    name: &str,
    value: &str,
    beside: Option<AssignmentId>,
) -> Option<(usize, Edit)> {
    if let Some(place) = beside.or_else(|| nearest_relative(stack, group, name)) {
        let (document, assignment) = (stack.document(place), stack.assignment(place));
        let style = separator_style(document.source().bytes(), assignment);
        let mut style = String::from_utf8_lossy(style).into_owned();
        if assignment.first().is_empty() && style.starts_with(' ') {
            style.push(' ');
        }
        let line = format!("{name}{style}{value}");
        return Some((place.layer, line_after(document, assignment.span().end, &line)));
    }
    let style = |layer: usize| style_of(&stack.layers()[layer].document);
    if let Some((layer, offset)) = commented_sample(stack, group, name).or_else(|| header_end(stack, group)) {
        let document = &stack.layers()[layer].document;
        let line = format!("{name}{}{value}", style(layer));
        return Some((layer, line_after(document, offset, &line)));
    }
    let layers = stack.layers();
    let layer = layers
        .iter()
        .rposition(|layer| layer.origin != Origin::Directory)
        .or(layers.len().checked_sub(1))?;
    let document = &layers[layer].document;
    Some((
        layer,
        new_section(document, group, &format!("{name}{}{value}", style(layer))),
    ))
}

/// Where a new `name = value` of `group` goes in the one file `layer`: under the group's last header, else in a section of
/// its own at the end. `value` is raw text, its continuation lines included.
#[must_use]
pub fn insert_option_in(stack: &Stack, layer: usize, group: &str, name: &str, value: &str) -> Edit {
    let document = &stack.layers()[layer].document;
    let line = format!("{name}{}{value}", style_of(document));
    let mut sections = document.sections().iter().rev();
    match sections.find(|section| section.group == group && !section.malformed) {
        Some(section) => line_after(document, last_line_of(document, section), &line),
        None => new_section(document, group, &line),
    }
}

/// The end of the section's last assignment, or of its header where it has none.
fn last_line_of(document: &Document, section: &super::document::Section) -> usize {
    let within = |assignment: &&Assignment| {
        section.header.end <= assignment.span().start && assignment.span().start < section.end
    };
    let last = document.assignments().iter().rev().find(within);
    last.map_or(section.header.end, |assignment| assignment.span().end)
}

/// The commonest way this file writes its separators.
fn style_of(document: &Document) -> String {
    let bytes = document.source().bytes();
    let mut counts: Vec<(&[u8], usize)> = Vec::new();
    for assignment in document
        .assignments()
        .iter()
        .filter(|a| !a.first().is_empty())
        .take(1000)
    {
        let style = separator_style(bytes, assignment);
        match counts.iter_mut().find(|(known, _)| *known == style) {
            Some((_, count)) => *count += 1,
            None => counts.push((style, 1)),
        }
    }
    // Of equals the first seen: `max_by_key` would take the last.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or_else(
        || " = ".to_owned(),
        |(style, _)| String::from_utf8_lossy(style).into_owned(),
    )
}

/// The assignment of the group whose name shares the most leading words with `name`, two at least; the last of equals.
fn nearest_relative(stack: &Stack, group: &str, name: &str) -> Option<AssignmentId> {
    let shared = |place: &AssignmentId| {
        let key = stack.key(*place);
        key.split('_').zip(name.split('_')).take_while(|(a, b)| a == b).count()
    };
    stack
        .places()
        .filter(|&place| stack.group(place) == group)
        .map(|place| (shared(&place), place))
        .filter(|(words, _)| *words >= 2)
        .max()
        .map(|(_, place)| place)
}

/// The end of a comment line `#name = …` inside the group's section, where the sample file describes the option.
fn commented_sample(stack: &Stack, group: &str, name: &str) -> Option<(usize, usize)> {
    for (layer, file) in stack.layers().iter().enumerate().rev() {
        let document = &file.document;
        for section in document.sections().iter().filter(|s| s.group == group && !s.malformed) {
            let within = |span: Span| section.header.end <= span.start && span.start < section.end;
            let items = document.items();
            let first = items.partition_point(|item| item.span().end <= section.header.end);
            let comments = items[first..]
                .iter()
                .take_while(|item| item.span().start < section.end)
                .filter(|item| item.kind() == ItemKind::Comment);
            for line in comments.flat_map(|item| document.lines_of(item)).map(|(_, line)| line) {
                let text = document.text(line);
                let body = text.trim_start_matches('#').trim_start();
                let is_sample = body
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.trim_start().starts_with(['=', ':']));
                if is_sample && within(line) {
                    return Some((layer, crate::text::line_end(document.source().bytes(), line.start).1));
                }
            }
        }
    }
    None
}

/// The end of the group's last header line, in the last file that has one.
fn header_end(stack: &Stack, group: &str) -> Option<(usize, usize)> {
    stack.layers().iter().enumerate().rev().find_map(|(layer, file)| {
        let sections = file.document.sections().iter();
        let section = sections.rev().find(|s| s.group == group && !s.malformed)?;
        Some((layer, section.header.end))
    })
}

/// The first line from `offset` on that is not indented: an indented one, rejected where it stands, would continue what is
/// inserted in front of it.
fn past_indented(bytes: &[u8], mut offset: usize) -> usize {
    while matches!(bytes.get(offset), Some(b' ' | b'\t')) {
        offset = crate::text::line_end(bytes, offset).1;
    }
    offset
}

/// Inserts `line` as a line of its own at `offset`, the start of a line or the end of the file.
fn line_after(document: &Document, offset: usize, line: &str) -> Edit {
    let (bytes, end) = (document.source().bytes(), document.line_ending());
    let offset = past_indented(bytes, offset);
    let is_open = offset > 0 && !matches!(bytes[offset - 1], b'\n' | b'\r');
    let text = if is_open {
        // The file ends without a line end, and goes on doing so.
        format!("{end}{line}")
    } else {
        format!("{line}{end}")
    };
    Edit::insert(offset, text)
}

fn new_section(document: &Document, group: &str, line: &str) -> Edit {
    let (bytes, end) = (document.source().bytes(), document.line_ending());
    let mut text = String::new();
    match bytes.last() {
        None => {}
        Some(b'\n' | b'\r') => text.push_str(end),
        Some(_) => {
            text.push_str(end);
            text.push_str(end);
        }
    }
    text.push_str(&format!("[{group}]{end}{line}{end}"));
    Edit::insert(bytes.len(), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, apply_edits};

    fn inserted(text: &str) -> String {
        let stack = Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())));
        let (_, edit) = insert_option(&stack, "libvirt", "live_migration_x", "1", None).unwrap();
        String::from_utf8(apply_edits(text.as_bytes(), &[edit]).unwrap()).unwrap()
    }

    #[test]
    fn a_new_line_goes_beside_its_relatives_in_their_style() {
        let before = "[libvirt]\nvirt_type = kvm\nlive_migration_y=2\n  more\ncpu_mode = none\n";
        let after = "[libvirt]\nvirt_type = kvm\nlive_migration_y=2\n  more\nlive_migration_x=1\ncpu_mode = none\n";
        assert_eq!(inserted(before), after);
    }

    #[test]
    fn without_relatives_it_goes_behind_its_sample_or_under_the_header() {
        let sample = "[libvirt]\n# text\n#live_migration_x = 9\n\n# other\n[vnc]\na: b\n";
        let after = "[libvirt]\n# text\n#live_migration_x = 9\nlive_migration_x: 1\n\n# other\n[vnc]\na: b\n";
        assert_eq!(inserted(sample), after);
        assert_eq!(
            inserted("[libvirt]\r\n\r\n"),
            "[libvirt]\r\nlive_migration_x = 1\r\n\r\n"
        );
    }

    #[test]
    fn no_rejected_line_becomes_part_of_what_is_inserted() {
        assert_eq!(
            inserted("[libvirt]\n  x\n  y\n[vnc]\n"),
            "[libvirt]\n  x\n  y\nlive_migration_x = 1\n[vnc]\n"
        );
    }

    #[test]
    fn a_section_is_opened_only_where_there_is_none() {
        assert_eq!(
            inserted("[a]\nb = c"),
            "[a]\nb = c\n\n[libvirt]\nlive_migration_x = 1\n"
        );
        assert_eq!(inserted(""), "[libvirt]\nlive_migration_x = 1\n");
    }

    #[test]
    fn a_file_without_a_last_line_end_goes_on_without_one() {
        assert_eq!(
            inserted("[libvirt]\nlive_migration_y = 2"),
            "[libvirt]\nlive_migration_y = 2\nlive_migration_x = 1"
        );
    }

    #[test]
    fn another_value_takes_the_place_of_all_lines_of_the_old_one() {
        let replaced = |text: &str| {
            let document = Document::parse(Source::new("nova.conf", text.as_bytes().to_vec()));
            let edit = replace_value(&document, &document.assignments()[0], "v");
            String::from_utf8(apply_edits(text.as_bytes(), &[edit]).unwrap()).unwrap()
        };
        assert_eq!(replaced("[a]\nk = 1 \n  2\nl = 3\n"), "[a]\nk = v\nl = 3\n");
        assert_eq!(replaced("[a]\nk=\n"), "[a]\nk=v\n");
        assert_eq!(replaced("[a]\nk =\n"), "[a]\nk = v\n");
        assert_eq!(replaced("[a]\nk ="), "[a]\nk = v");
    }
}
