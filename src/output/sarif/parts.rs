//! The parts of a SARIF document: messages, rules, fixes, and what is said of the run.

use std::collections::BTreeMap;

use serde_sarif::sarif::{
    ArtifactChange, ArtifactContent, ArtifactLocation, Fix, Invocation, Message, MultiformatMessageString,
    Notification, PropertyBag, Replacement, ReportingConfiguration, ReportingDescriptor, ResultLevel, Run, Tool,
    ToolComponent,
};

use super::{places, word};
use crate::lint::{LayerEdit, Rule, Severity};
use crate::output::entry::Entry;
use crate::output::reported::{self, Reported};
use crate::output::{CheckTotal, Findings, Proposed};

/// A message of plain text.
pub(super) fn message(text: &str) -> Message {
    Message::builder().text(text).build()
}

/// The level of a severity.
pub(super) fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Error => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
        Severity::Info => ResultLevel::Note,
    }
}

/// What `json` says of a finding and SARIF has no word for.
pub(super) fn properties(found: &Findings<'_, '_>, reported: &Reported<'_>) -> PropertyBag {
    let entry =
        serde_json::to_value(Entry::of(&found.checked.base, found.context, reported.finding)).unwrap_or_default();
    let taken = ["effect", "option", "fix", "condition", "hop", "edit", "from", "to"];
    let fields = taken.into_iter().filter_map(|name| {
        let value = entry.get(name).filter(|value| !value.is_null())?;
        Some((name.to_owned(), value.clone()))
    });
    bag(fields.collect())
}

fn bag(fields: BTreeMap<String, serde_json::Value>) -> PropertyBag {
    PropertyBag::builder().additional_properties(fields).build()
}

/// The edits of one fix, file by file, in the order of each file.
pub(super) fn fix(found: &Findings<'_, '_>, proposed: &Proposed) -> Fix {
    let layers = found.context.stack.layers().iter().enumerate();
    let changes = layers.filter_map(|(number, layer)| {
        let mut edits: Vec<&LayerEdit> = proposed.edits.iter().filter(|edit| edit.layer == number).collect();
        edits.sort_by_key(|edit| edit.edit.span);
        let source = layer.document.source();
        let replacements = edits.iter().map(|edit| {
            let text = String::from_utf8_lossy(&edit.edit.text).into_owned();
            Replacement::builder()
                .deleted_region(places::deleted(source, edit.edit.span))
                .inserted_content(ArtifactContent::builder().text(text).build())
                .build()
        });
        let replacements: Vec<Replacement> = replacements.collect();
        (!replacements.is_empty()).then(|| {
            ArtifactChange::builder()
                .artifact_location(places::artifact(&found.checked.base.relative(source.path())))
                .replacements(replacements)
                .build()
        })
    });
    Fix::builder()
        .artifact_changes(changes.collect::<Vec<_>>())
        .description(message(&proposed.title))
        .build()
}

/// A rule with its page.
pub(super) fn descriptor(rule: &Rule) -> ReportingDescriptor {
    let both = |text: &str| MultiformatMessageString::builder().text(text).markdown(text).build();
    let tags = vec!["nova".to_owned(), "upgrade".to_owned(), rule.effect.as_str().to_owned()];
    ReportingDescriptor::builder()
        .id(rule.id)
        .short_description(MultiformatMessageString::builder().text(rule.summary).build())
        .help(both(rule.doc))
        .default_configuration(ReportingConfiguration::builder().level(word(rule.severity)).build())
        .properties(PropertyBag::builder().tags(tags).build())
        .build()
}

/// All but the results.
pub(super) fn run(total: &CheckTotal<'_>, rules: Vec<ReportingDescriptor>) -> Run {
    let driver = ToolComponent::builder()
        .name("novamend")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .short_description(
            MultiformatMessageString::builder()
                .text("What an upgrade of nova breaks in nova.conf")
                .build(),
        )
        .rules(rules)
        .build();
    let base = ArtifactLocation::builder().description(message("--root, or the working directory"));
    let ends = ["\r\n", "\n", "\r"].map(str::to_owned);
    Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .invocations(vec![invocation(total)])
        .column_kind("unicodeCodePoints")
        .newline_sequences(ends)
        .original_uri_base_ids([(places::BASE.to_owned(), base.build())])
        .redaction_tokens(vec![crate::redact::MASK.to_owned()])
        .build()
}

fn invocation(total: &CheckTotal<'_>) -> Invocation {
    let unread = reported::unread(total).map(|left| {
        let text = message(&left.text());
        Notification::builder().message(text).level("error").build()
    });
    let unread: Vec<Notification> = unread.collect();
    let mut checked = BTreeMap::new();
    checked.insert("checked".to_owned(), total.checked.line().into());
    let mut invocation = Invocation::builder()
        .execution_successful(unread.is_empty())
        .properties(bag(checked))
        .build();
    invocation.tool_execution_notifications = (!unread.is_empty()).then_some(unread);
    invocation
}
