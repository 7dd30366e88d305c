//! Pins in `[upgrade_levels]` that an earlier upgrade left behind: services speak as a release did that nothing runs any more.
//!
//! What a release does not take as a pin at all is for `removed-value`.

use crate::catalog::{Release, code};
use crate::lint::{AssignmentId, Context, Effect, Finding, Rule, Severity, Yields};
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
        if let Some(text) = text.filter(|_| is_effective) {
            findings.extend(report(context, place, &seen.key, text.trim()));
        }
    }
}

fn report(context: &Context<'_>, place: AssignmentId, service: &str, pin: &str) -> Option<Finding> {
    let (today, to) = (context.today_oldest, context.to.release());
    let (message, why) = if is_before(service, pin, today) {
        let message = format!(
            "`[{GROUP}] {service}` is pinned to {pin}, and {} runs today: a pin is for the time of one upgrade",
            today.short()
        );
        let why = format!(
            "messages to that service keep the form of {pin}, so what newer releases can do fails or is left out; a \
             release that has dropped the form refuses them"
        );
        (message, why)
    } else if context.from.release() < to && is_before(service, pin, to) {
        let message = format!("`[{GROUP}] {service}` is pinned to {pin}: the pin is to go once the upgrade is over");
        let why = format!(
            "while {pin} and newer releases run side by side it is right; left behind, it keeps what {} can do from working",
            to.short()
        );
        (message, why)
    } else {
        return None;
    };
    let last = if is_before(service, pin, today) { today } else { to };
    let finding = Finding::new(&RULE, context.value_location(place), message)
        .with_reason(why)
        .with_help(format!(
            "remove the line once every service of the cloud runs {}",
            last.short()
        ));
    if is_before(service, pin, today) {
        return Some(finding);
    }
    Some(finding.with_severity(Severity::Info).with_effect(Effect::ToPlan))
}

/// Whether `pin` of `service` is the name of a release before `than`, or a version before that of `than`.
fn is_before(service: &str, pin: &str, than: Release) -> bool {
    if pin.contains('.') {
        let own = code::rpc_version(service, than.series(), than).and_then(version);
        return version(pin).zip(own).is_some_and(|(pin, own)| pin < own);
    }
    let is_word = pin.bytes().all(|byte| byte.is_ascii_lowercase()) && !pin.is_empty();
    let older = || Release::parse(pin).is_ok_and(|release| release < than);
    is_word && (OLDER.contains(&pin) || older())
}

/// `5.1`
fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    major.parse().ok().zip(minor.parse().ok())
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
            assert_eq!(is_before("compute", pin, Release::STEIN), expected, "{pin}");
        }
    }
}
