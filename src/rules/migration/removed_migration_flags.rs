//! The lists of libvirt's migration flags, which Newton dropped.
//!
//! What the options that took their place do together is for other rules.

use crate::catalog::Release;
use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, Rule, Safety, Severity};
use crate::nova::migration::flags::{self, FlagFate};
use crate::nova::migration::settings::{BLOCK_FLAGS, FLAGS, LIBVIRT};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "removed-migration-flags",
    severity: Severity::Error,
    effect: Effect::MeansOther,
    summary: "`live_migration_flag` and `block_migration_flag` were removed in newton",
    doc: include_str!("../../../docs/rules/removed-migration-flags.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.to.release() < Release::NEWTON {
        return;
    }
    // Icehouse was the last to read them in `[DEFAULT]`.
    for group in [LIBVIRT, "DEFAULT"] {
        report(context, group, findings);
    }
}

fn report(context: &Context<'_>, group: &'static str, findings: &mut Vec<Finding>) {
    let (from, to) = (context.from.release(), context.to.release());
    let names = [FLAGS, BLOCK_FLAGS];
    if !names.iter().any(|name| context.places_of(group, name).next().is_some()) {
        return; // Nearly every file.
    }
    // Only what certainly runs by the lists is carried over; a line that may be dead is never made live.
    let is_read = names.iter().all(|name| context.surely_reads_today(group, name));
    let may_be_read = names.iter().any(|name| context.may_read_today(group, name));
    let why = if is_read {
        format!(
            "{} still uses it; from newton on nova sets the flags by itself, and only three can be set, as options",
            from.short()
        )
    } else if may_be_read {
        "mitaka was the last release to use it, and whether this host still runs mitaka is not known; from newton on \
         nova sets the flags by itself, and only three can be set, as options"
            .to_owned()
    } else {
        format!(
            "{} does not read it either: the line has no effect and is misleading",
            from.short()
        )
    };
    let mut both = if is_read { translation(context) } else { None };
    for name in names {
        let places: Vec<AssignmentId> = context.places_of(group, name).collect();
        let message = format!("`{name}` was removed in newton; {} ignores it", to.short());
        let found = |place| Finding::new(&RULE, context.location(place), message.clone()).with_reason(why.clone());
        let Some((&last, others)) = places.split_last() else {
            continue;
        };
        for &place in others {
            findings.push(found(place).with_help(format!("see the last one, at {}", context.address(last))));
        }
        let fix = if is_read {
            both.take()
        } else {
            let title = format!("remove `{name}`");
            Some(context.removal_of_all(title, Safety::Safe, &places))
        };
        let title = fix
            .as_ref()
            .map_or(format!("remove it together with `{FLAGS}`"), |fix| fix.title.clone());
        let help = [vec![title], remarks(context, name, last, is_read)].concat().join("; ");
        findings.push(found(last).with_help(help).with_fix(fix).reasoned());
    }
}

/// Removes both lists and writes the options that took the place of their flags, where nothing sets them yet.
fn translation(context: &Context<'_>) -> Option<Fix> {
    let places_of = |name| context.places_of(LIBVIRT, name).collect::<Vec<_>>();
    let (of_live, of_block) = (places_of(FLAGS), places_of(BLOCK_FLAGS));
    let beside = of_live.last().or(of_block.last()).copied()?;
    let (live, block) = (list(context, FLAGS), list(context, BLOCK_FLAGS));
    let (live, block) = (flags::split(&live), flags::split(&block));
    let mut fix = context.removal_of_all("", Safety::Safe, &[&of_live[..], &of_block].concat());
    let mut lines = Vec::new();
    for (flag, option) in flags::OPTIONS {
        if context
            .to
            .setting(LIBVIRT, option)
            .is_none_or(|setting| setting.is_set())
        {
            continue;
        }
        // The options count for both kinds of migration: the flags of the live kind decide.
        let (in_live, in_block) = (live.contains(flag), block.contains(flag));
        if in_live {
            let written = context.setting_to("", Safety::Safe, (LIBVIRT, option, "true"), Some(beside))?;
            fix.edits.extend(written.edits);
            fix.announces.extend(written.announces);
            lines.push(format!("`{option} = true`"));
        }
        // That a list which nobody wrote held another flag by default is nova's doing, not the fix's.
        if (in_live && !in_block) || (in_block && !in_live && !of_block.is_empty()) {
            fix.safety = Safety::Unsafe;
        }
    }
    fix.title = if lines.is_empty() {
        "remove the lists of flags".to_owned()
    } else {
        format!("write {} instead of the lists of flags", lines.join(", "))
    };
    Some(fix)
}

/// What the fix leaves to a person.
fn remarks(context: &Context<'_>, name: &str, last: AssignmentId, is_read: bool) -> Vec<String> {
    let (own, other) = (
        context.shown(last),
        list(context, if name == FLAGS { BLOCK_FLAGS } else { FLAGS }),
    );
    let other = flags::split(&other);
    let remark = |flag: &str| match flags::fate(flag) {
        FlagFate::Option(option) if !is_read => Some(format!("write `{option} = true` if `{flag}` is still wanted")),
        FlagFate::Option(option) if !other.contains(flag) => Some(match name {
            FLAGS => format!("`{option}` also applies to migrations with copied disks, whose list had no `{flag}`"),
            _ => format!("`{option}` would also apply to migrations that copy no disk, so it is not written"),
        }),
        FlagFate::Gone => Some(format!("no option does what `{flag}` did")),
        _ => None,
    };
    flags::split(&own).into_iter().filter_map(remark).collect()
}

/// A list as the release of today reads it; empty where it reads none.
fn list(context: &Context<'_>, name: &str) -> String {
    let setting = context.from.setting(LIBVIRT, name);
    setting
        .and_then(|setting| context.from.text(&setting).ok().flatten())
        .unwrap_or_default()
}
