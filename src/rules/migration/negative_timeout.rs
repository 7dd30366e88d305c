//! Negative live-migration timeouts.
//!
//! Other values that nova rejects are up to `invalid-value`.

use crate::catalog::Release;
use crate::lint::{Context, Effect, Finding, Rule, Safety, Severity};
use crate::nova::migration::settings::{COMPLETION_TIMEOUT, LIBVIRT, PROGRESS_TIMEOUT};
use crate::oslo::types::OptionType;
use crate::oslo::value::{self, Value};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "negative-timeout",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "a negative timeout: nova-compute does not start, or aborts every migration",
    doc: include_str!("../../../docs/rules/negative-timeout.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for name in [COMPLETION_TIMEOUT, PROGRESS_TIMEOUT] {
        if context.may_be_set(name) && is_negative(context, name) {
            findings.push(report(context, name));
        }
    }
}

/// Whether the effective value is a number below 0, whatever limits the release has for it.
fn is_negative(context: &Context<'_>, name: &str) -> bool {
    let setting = context.to.setting(LIBVIRT, name);
    let text = setting.and_then(|setting| context.to.text(&setting).ok().flatten());
    let number = OptionType::Int {
        min: None,
        max: None,
        choices: None,
    };
    let value = text.and_then(|text| value::check(&number, &text, context.to.profile()).ok());
    matches!(value, Some(Value::Int(number)) if number < 0)
}

fn report(context: &Context<'_>, name: &str) -> Finding {
    let (from, to) = (context.from.release(), context.to.release());
    let aborts = "aborts every migration at its first check, half a second after the start";
    let (message, why) = if to >= Release::STEIN {
        let why = "oslo.config accepts only 0 or more; nova-compute crashes when it starts and logs its options, or \
                   the monitor of the first migration does"
            .to_owned();
        let before = if from < Release::STEIN {
            format!("; {} {aborts}", from.short())
        } else {
            String::new()
        };
        (
            format!("`{name}` is negative: {} rejects it", to.short()),
            why + &before,
        )
    } else {
        let why = "any time is longer than a negative one; only 0 means that there is no timeout".to_owned();
        (format!("`{name}` is negative: {} {aborts}", to.short()), why)
    };
    let title = format!("write `{name} = 0`: no timeout, which the negative value was most likely meant to say");
    let fix = context.setting_to(title.clone(), Safety::Unsafe, (LIBVIRT, name, "0"), None);
    context
        .about(&RULE, name, message)
        .with_reason(why)
        .with_help(title)
        .with_fix(fix)
}
