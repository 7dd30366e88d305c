//! Whatever a file holds: reading it loses nothing, and an edit changes nothing but its span.

use novamend::catalog::{self, Release};
use novamend::fix::{FixPlan, Until, fix_stack};
use novamend::lint::{Announced, Settings};
use novamend::nova::View;
use novamend::nova::today::Today;
use novamend::oslo::stack::Stack;
use novamend::oslo::{Document, Item, ItemKind, edit};
use novamend::rules::RULES;
use novamend::text::{Edit, Source, apply_edits};
use proptest::prelude::*;

fn document(bytes: &[u8]) -> Document {
    Document::parse(Source::new("nova.conf", bytes.to_vec()))
}

/// Lines such as files have, and such as they should not have.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        3 => "\\[(DEFAULT|libvirt|LibVirt|default| libvirt |vnc|neutron|x|)\\]?",
        6 => "(live_migration_permit_post_copy|live_migration_progress_timeout|live_migration_completion_timeout|\
              live_migration_timeout_action|live-migration-timeout-action|Virt_Type|virt_type|my_ip|password|\
              live_migration_flag|live_migration_tunnelled|live_migration_downtime) ?[=:] ?\
              (true|false|0|800|-1|abort|force_complete|Force_Complete|kvm|\\$my_ip|\\$nothing|'q'|a # b|x\\\\|)",
        2 => "[ \t]+(more|# note|\\[libvirt\\]|a = b)",
        1 => "[#;][ -~]{0,20}",
        1 => "[ -~]{0,20}( = 1)?",
        1 => Just(String::new()),
        1 => "\\PC{0,12}( = 1)?",
    ];
    let end = prop_oneof![8 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\r"), 1 => Just("")];
    let lines = proptest::collection::vec((line, end), 0..16);
    (
        lines,
        proptest::option::weighted(0.1, proptest::collection::vec(any::<u8>(), 1..8)),
    )
        .prop_map(|(lines, wild)| {
            let mut bytes: Vec<u8> = lines
                .iter()
                .flat_map(|(line, end)| [line.as_bytes(), end.as_bytes()].concat())
                .collect();
            bytes.extend(wild.unwrap_or_default());
            bytes
        })
}

/// `bytes` without the lines that oslo.config rejects.
fn accepted(mut bytes: Vec<u8>) -> Vec<u8> {
    loop {
        let document = document(&bytes);
        let malformed = |item: &&Item| matches!(item.kind(), ItemKind::Malformed(_));
        let lines = document.items().iter().filter(malformed);
        let edits: Vec<Edit> = lines.map(|item| Edit::delete(item.span())).collect();
        if edits.is_empty() {
            return bytes;
        }
        bytes = apply_edits(&bytes, &edits).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_items_of_a_document_are_its_bytes(bytes in text()) {
        let document = document(&bytes);
        let joined: Vec<u8> = document.items().iter().flat_map(|item| item.span().of(&bytes).to_vec()).collect();
        prop_assert_eq!(joined, bytes);
    }

    #[test]
    fn removing_an_assignment_removes_its_lines_and_nothing_else(bytes in text(), which in any::<prop::sample::Index>()) {
        let document = document(&bytes);
        prop_assume!(!document.assignments().is_empty());
        let span = which.get(document.assignments()).span();
        let after = apply_edits(&bytes, &[Edit::delete(span)]).unwrap();
        prop_assert_eq!([&bytes[..span.start], &bytes[span.end..]].concat(), after);
    }

    #[test]
    fn a_new_value_is_what_is_read_back_and_the_rest_stays(bytes in text(), which in any::<prop::sample::Index>()) {
        let bytes = accepted([&b"[libvirt]\n"[..], &bytes].concat());
        let before = document(&bytes);
        prop_assume!(before.rejection().is_none() && !before.assignments().is_empty());
        let index = which.index(before.assignments().len());
        let change = edit::replace_value(&before, &before.assignments()[index], "force_complete");
        let after = document(&apply_edits(&bytes, &[change]).unwrap());
        prop_assert_eq!(before.assignments().len(), after.assignments().len());
        for (at, (old, new)) in before.assignments().iter().zip(after.assignments()).enumerate() {
            prop_assert_eq!(before.key(old), after.key(new));
            let expected = if at == index { "force_complete".into() } else { before.value(old) };
            prop_assert_eq!(expected, after.value(new));
        }
    }

    #[test]
    fn fixing_moves_only_what_is_announced_and_fixing_again_changes_nothing(bytes in text(), unsafe_fixes: bool) {
        let settings = Settings::default();
        let today = Today::said(Release::ROCKY);
    let plan = FixPlan {
            rules: RULES, today: &today, to: Release::NEWEST, settings: &settings, unsafe_fixes,
            until: Until::Upgrade,
        };
        let before = Stack::of(document(&bytes));
        let fixed = fix_stack(&before, &plan);
        for release in [plan.today.newest, plan.to] {
            let (old, new) = (View::new(&before, release), View::new(&fixed.stack, release));
            for option in catalog::options(release) {
                let name = Announced::new(option.group(), option.name());
                if !fixed.announced.contains(&name) {
                    let (old, new) = (old.texts(&old.setting_of(option)), new.texts(&new.setting_of(option)));
                    prop_assert_eq!(old, new, "{} in {}", option.title(), release);
                }
            }
        }
        let again = fix_stack(&fixed.stack, &plan);
        prop_assert!(again.applied.is_empty(), "{:?}", again.applied);
    }
}
