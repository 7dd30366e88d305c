//! Pins in `[upgrade_levels]` that an earlier upgrade left behind: services speak as a release did that nothing runs any more.
//!
//! What a release does not take as a pin at all is for `removed-value`.

use crate::catalog::{Release, code};
use crate::lint::{Context, Effect, Finding, Rule, Severity, Yields};
use crate::oslo::stack::Site;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "left-behind-pin",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "a pin in `[upgrade_levels]` of a release older than the one that runs today",
    doc: include_str!("../../../docs/rules/left-behind-pin.md"),
    check,
    yields_to: &[Yields::Line("removed-value")],
};

const GROUP: &str = "upgrade_levels";
/// Series before the oldest that is known, which nova took as pins.
const OLDER: [&str; 6] = ["grizzly", "havana", "icehouse", "juno", "kilo", "liberty"];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for seen in context.named_uses() {
        let Site::File(place) = seen.site else {
            continue;
        };
        let is_read = seen.group == GROUP && context.to.option_at(place).is_some();
        if !is_read || context.stack.is_unknown(seen.site) {
            continue;
        }
        let setting = context.to.setting(GROUP, &seen.key);
        let is_effective = setting
            .as_ref()
            .is_some_and(|setting| setting.winner() == Some(seen.site));
        let text = setting.and_then(|setting| context.to.text(&setting).ok().flatten());
        if let Some(text) = text.filter(|_| is_effective)
            && is_of_the_past(&seen.key, &text, context.today_oldest)
        {
            let today = context.today_oldest;
            let message = format!(
                "`{}` is pinned to {}, and {} runs today: a pin is for the time of one upgrade",
                seen.title(),
                text.trim(),
                today.short()
            );
            findings.push(
                Finding::new(&RULE, context.value_location(place), message)
                    .with_reason(format!(
                        "messages to that service keep the form of {}, so what newer releases can do fails or is left \
                         out; a release that has dropped the form refuses them",
                        text.trim()
                    ))
                    .with_help(format!(
                        "remove the line once every service of the cloud runs {}",
                        today.short()
                    )),
            );
        }
    }
}

/// Whether `pin` of `service` is the name of a release before `today`, or a version before that of `today`.
fn is_of_the_past(service: &str, pin: &str, today: Release) -> bool {
    let word = pin.trim();
    if let Some((major, minor)) = word.split_once('.') {
        let version = major.parse().ok().zip(minor.parse().ok());
        let own = code::rpc_version(service, today.series(), today);
        return version
            .zip(own)
            .is_some_and(|(version, own): ((u32, u32), _)| version < own);
    }
    let is_word = word.bytes().all(|byte| byte.is_ascii_lowercase()) && !word.is_empty();
    let older = || Release::parse(word).is_ok_and(|release| release < today);
    is_word && (OLDER.contains(&word) || older())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_older_release_is_a_pin_of_the_past() {
        for (pin, expected) in [
            ("rocky", true),
            ("kilo", true),
            ("stein", false),
            ("train", false),
            ("auto", false),
            ("5.0", true),
            ("5.1", false),
            ("5.3", false),
            ("18", false),
            ("", false),
        ] {
            assert_eq!(is_of_the_past("compute", pin, Release::STEIN), expected, "{pin}");
        }
    }
}
