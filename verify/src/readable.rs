//! Whether nova can read a nova.conf at all: what stops it is refused, in the words of `novamend check`.
//!
//! It asks the linter's own rules; what a comment in the file suppresses is refused all the same, as it stops nova too.

use novamend::catalog::Release;
use novamend::lint::{Context, Finding, Location, Settings, Severity};
use novamend::nova::migration::settings::decides;
use novamend::oslo::stack::Stack;
use novamend::output::short;
use novamend::rules::RULES;

/// The rules about what stops nova wherever it stands.
const OF_THE_FILE: [&str; 3] = ["byte-order-mark", "malformed-line", "undecodable-text"];

/// Those about one option's value.
const OF_AN_OPTION: [&str; 5] = [
    "empty-number-overrides",
    "invalid-action",
    "invalid-value",
    "negative-timeout",
    "undefined-reference",
];

/// What stops nova of `release` on these files, or what is read of them here: each with its file, line and option.
#[must_use]
pub fn refused(stack: &Stack, release: Release) -> Vec<String> {
    let settings = Settings::default();
    let context = Context::new(stack, release, release, &settings);
    let mut findings = Vec::new();
    let is_asked = |id: &str| OF_THE_FILE.contains(&id) || OF_AN_OPTION.contains(&id);
    for rule in RULES.iter().filter(|rule| is_asked(rule.id)) {
        (rule.check)(&context, &mut findings);
    }
    findings
        .iter()
        .filter(|finding| stops(&context, finding))
        .map(|finding| {
            let line = short::finding(None, stack, finding);
            let help = if finding.help.is_empty() {
                String::new()
            } else {
                format!("; {}", finding.help)
            };
            format!(
                "{}{help}",
                line.trim_end()
                    .trim_end_matches(" (fixable: unsafe)")
                    .trim_end_matches(" (fixable)")
            )
        })
        .collect()
}

fn stops(context: &Context<'_>, finding: &Finding) -> bool {
    if OF_THE_FILE.contains(&finding.rule.id) {
        return finding.severity == Severity::Error;
    }
    let option = match finding.location {
        location @ Location::File { .. } => context.option_of(location),
        _ => None,
    };
    let name = option.as_deref().and_then(|option| option.split_once('.'));
    name.is_some_and(|(group, name)| decides(group, name))
}
