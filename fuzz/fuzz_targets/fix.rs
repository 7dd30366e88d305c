//! Any text is fixed: the outcome is stable, an independent parser agrees, and what no fix announced keeps its bytes.
//!
//! That the fixes are the right ones is the business of the rules' fixtures.
#![no_main]

use libfuzzer_sys::fuzz_target;
use novamend::catalog::{self, Release};
use novamend::oslo::Document;
use novamend::oslo::stack::Stack;
use novamend::nova::today::Today;
use novamend::fix::witness::{Witnessed, witness};
use novamend::fix::{FixedStack, FixPlan, Until, fix_stack};
use novamend::lint::{ActionChoice, Announced, Settings, run};
use novamend::nova::migration::TimeoutAction;
use novamend::rules::RULES;
use novamend::text::{Edit, Source, apply_edits};

fuzz_target!(|data: &[u8]| {
    let choice = data.len();
    let (from, to) = match choice % 3 {
        0 => (Release::ROCKY, Release::STEIN),
        1 => (Release::FIRST_COMPLETE, Release::NEWEST),
        _ => (pick(choice), Release::NEWEST),
    };
    let settings = Settings {
        action: match choice % 5 {
            0 => ActionChoice::Fixed(TimeoutAction::ForceComplete),
            1 => ActionChoice::Fixed(TimeoutAction::Abort),
            _ => ActionChoice::Auto,
        },
        explicit: choice.is_multiple_of(7),
        ..Settings::default()
    };
    let today = Today::said(from);
    let plan = FixPlan {
        rules: RULES,
        today: &today,
        to,
        settings: &settings,
        unsafe_fixes: choice.is_multiple_of(2),
        until: Until::Upgrade,
    };
    let stack = stack(data);
    every_fix_fits(&stack, &plan, data);
    let fixed = fix_stack(&stack, &plan);
    let after = text_of(&fixed);
    let announced = &fixed.announced;
    assert!(fixed.applied.is_empty() == (after == data) || !fixed.applied.is_empty());
    match witness(data, after, announced, [from, to]) {
        Witnessed::Contradicted { section, key } => panic!("[{section}] {key} differs, announced: {announced:?}"),
        Witnessed::Agrees | Witnessed::NotWitnessed(_) => {}
    }
    let old = stack.layers()[0].document.source().bytes();
    assert_eq!(others(old, announced, [from, to]), others(after, announced, [from, to]));
    let again = fix_stack(&fixed.stack, &plan);
    assert_eq!(text_of(&again), after, "fixing again changes it");
    assert!(again.applied.is_empty());
});

fn stack(data: &[u8]) -> Stack {
    Stack::of(Document::parse(Source::new("nova.conf", data.to_vec())))
}

fn text_of(fixed: &FixedStack) -> &[u8] {
    fixed.stack.layers()[0].document.source().bytes()
}

/// Each fix by itself applies to the text it was found in.
fn every_fix_fits(stack: &Stack, plan: &FixPlan<'_>, data: &[u8]) {
    let context = plan.context(stack);
    for finding in run(plan.rules, &context) {
        if let Some(fix) = finding.fix {
            let edits: Vec<Edit> = fix.edits.iter().map(|edit| edit.edit.clone()).collect();
            assert!(!edits.is_empty() && fix.edits.iter().all(|edit| edit.layer == 0));
            assert!(apply_edits(data, &edits).is_ok(), "{} does not fit", fix.title);
        }
    }
}

/// The lines of every assignment that nothing announced, in order, byte for byte but for a line end at the text's end.
fn others(data: &[u8], announced: &[Announced], releases: [Release; 2]) -> Vec<Vec<u8>> {
    let document = Document::parse(Source::new("nova.conf", data.to_vec()));
    let holds = |group: &str, name: &str| announced.iter().any(|a| a.group == group && a.name == name);
    let is_announced = |group: &str, key: &str| {
        let means = |release| catalog::by_any_name(group, key, release);
        let is_meant = |release| means(release).is_some_and(|named| holds(named.option.group(), named.option.name()));
        holds(group, key) || releases.into_iter().any(is_meant)
    };
    let assignments = document.assignments().iter();
    let kept = assignments.filter(|a| !is_announced(document.group(a), &document.key(a)));
    kept.map(|a| a.span().of(data).trim_ascii_end().to_vec()).collect()
}

/// A release, another one for another number.
fn pick(number: usize) -> Release {
    let count = Release::all().len();
    Release::all().nth(number % count).unwrap_or(Release::NEWEST)
}
