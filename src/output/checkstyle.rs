//! Checkstyle XML, which Jenkins, reviewdog and others read: the findings of each file.

use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, Event};

use super::reported::{self, Reported, Unread};
use super::{CheckTotal, Head, Part, Piece, Report, Tail, xml};

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Checkstyle;

impl Report for Checkstyle {
    fn begin(&self, _head: &Head<'_>) -> String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"10.0\">\n".to_owned()
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        match part {
            Part::Findings(found) => files(&reported::all(found)).into(),
            // It is a format of findings alone.
            _ => Piece::default(),
        }
    }

    fn end(&self, tail: &Tail<'_>, _late: &[String]) -> String {
        match tail {
            Tail::Check(total) => format!("{}</checkstyle>\n", unread(total)),
            _ => "</checkstyle>\n".to_owned(),
        }
    }
}

/// The findings by file, each file once.
fn files(all: &[Reported<'_>]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for one in all {
        if !names.contains(&&*one.file) {
            names.push(&one.file);
        }
    }
    let file = |name: &str| {
        let errors = all.iter().filter(|one| one.file == *name).map(error);
        element(name, &errors.collect::<Vec<_>>())
    };
    names.into_iter().map(file).collect()
}

/// The attributes of one finding.
type Attributes = Vec<(&'static str, String)>;

fn error(reported: &Reported<'_>) -> Attributes {
    let place = &reported.place;
    let mut attributes = vec![("line", place.line.unwrap_or(1).to_string())];
    attributes.extend(place.column.map(|column| ("column", column.to_string())));
    attributes.extend([
        ("severity", reported.severity.as_str().to_owned()),
        ("message", reported.text().replace('\n', " ")),
        ("source", format!("novamend.{}", reported.rule.id)),
    ]);
    attributes
}

fn unread(total: &CheckTotal<'_>) -> String {
    let each = reported::unread(total).map(|left| {
        let error = vec![
            ("line", "1".to_owned()),
            ("severity", "error".to_owned()),
            ("message", left.text()),
            ("source", format!("novamend.{}", Unread::ID)),
        ];
        element(&left.file, &[error])
    });
    each.collect()
}

fn element(file: &str, errors: &[Attributes]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Memory takes whatever is written to it.
    let _ = write(&mut writer, file, errors);
    let text = String::from_utf8(writer.into_inner()).unwrap_or_default();
    text + "\n"
}

fn write(writer: &mut Writer<Vec<u8>>, file: &str, errors: &[Attributes]) -> std::io::Result<()> {
    let mut open = BytesStart::new("file");
    open.push_attribute(("name", &*xml::text(file)));
    writer.write_event(Event::Start(open))?;
    for attributes in errors {
        let mut error = BytesStart::new("error");
        for (name, value) in attributes {
            error.push_attribute((*name, &*xml::text(value)));
        }
        writer.write_event(Event::Empty(error))?;
    }
    writer.write_event(Event::End(BytesEnd::new("file")))
}
