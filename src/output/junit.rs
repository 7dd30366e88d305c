//! `JUnit` XML as Jenkins, GitLab and others read it: a suite for each stack, a test for each finding.
//!
//! What is at or above `--fail-on` is a failure, what is below it a test that passed and has something to say; a stack without
//! findings is one test that passed, what could not be read an error.

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::reported::{self, Reported, Unread};
use super::{CheckTotal, Findings, Head, Part, Piece, Report, Tail, shown_path, xml};
use crate::lint::FailOn;

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Junit;

impl Report for Junit {
    fn begin(&self, _head: &Head<'_>) -> String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"novamend\">\n".to_owned()
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        match part {
            Part::Findings(found) => printed(suite(found)).into(),
            // It is a format of findings alone.
            _ => Piece::default(),
        }
    }

    fn end(&self, tail: &Tail<'_>, _late: &[String]) -> String {
        match tail {
            Tail::Check(total) => format!("{}</testsuites>\n", unread(total)),
            _ => "</testsuites>\n".to_owned(),
        }
    }
}

fn suite(found: &Findings<'_, '_>) -> TestSuite {
    let path = found.context.stack.layers().last();
    let path = path.map(|layer| found.checked.base.relative(layer.document.source().path()));
    let name = path.map_or_else(|| "no file".to_owned(), |path| shown_path(&path));
    let name = xml::text(&name);
    let mut suite = TestSuite::new(name.clone());
    let all = reported::all(found);
    if all.is_empty() {
        let mut case = TestCase::new("nothing found", TestCaseStatus::success());
        case.set_classname(name);
        suite.add_test_case(case);
    }
    suite.add_test_cases(all.iter().map(|one| case(one, found.checked.fail_on)));
    suite
}

fn case(reported: &Reported<'_>, fail_on: FailOn) -> TestCase {
    let is_failure = matches!(fail_on, FailOn::AtLeast(severity) if reported.severity >= severity);
    let text = format!("{}\n{}", reported.address(), reported.text());
    let mut status = TestCaseStatus::success();
    if is_failure {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status
            .set_message(xml::text(&reported.message))
            .set_type(reported.severity.as_str())
            .set_description(xml::lines(&text));
    }
    let name = match reported.place.line {
        Some(line) => format!("{} in line {line}", reported.rule.id),
        None => reported.rule.id.to_owned(),
    };
    let mut case = TestCase::new(xml::text(&name), status);
    case.set_classname(xml::text(&reported.file));
    if !is_failure {
        case.set_system_out(xml::lines(&format!("{}: {text}", reported.severity.as_str())));
    }
    case.extra.insert("file".into(), xml::text(&reported.file).into());
    case
}

fn unread(total: &CheckTotal<'_>) -> String {
    let each = reported::unread(total).map(|left| {
        let file = xml::text(&left.file);
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(xml::text(&left.text())).set_type(Unread::ID);
        let mut case = TestCase::new("not checked", status);
        case.set_classname(file.clone());
        let mut suite = TestSuite::new(file);
        suite.add_test_case(case);
        printed(suite)
    });
    each.collect()
}

/// `suite` alone, with its line end: the document around it is opened and closed once for all.
fn printed(suite: TestSuite) -> String {
    let mut document = Document::new("novamend");
    document.add_test_suite(suite);
    // Memory takes whatever is written to it, and there are no times that could be wrong.
    let text = document.to_string().unwrap_or_default();
    let inside = text.find("<testsuite ").zip(text.rfind("</testsuites>"));
    inside.map_or_else(String::new, |(start, end)| {
        format!("    {}\n", text[start..end].trim_end())
    })
}
