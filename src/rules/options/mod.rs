//! Rules about options of any kind: what the releases know, rename, refuse and change.

mod behaviour;
mod changed_default;
mod changed_meaning;
mod defaults;
mod deprecated_option;
mod dropped_alias;
mod invalid_value;
mod left_behind_pin;
mod moved_option;
mod new_behaviour;
pub(super) mod old_names;
mod read_differently;
mod removed_option;
pub(super) mod rename;
mod renamed_option;
mod unknown_filter;
mod unknown_option;
mod wrong_header;

use crate::lint::{Rule, Yields};

/// The rules of live migration that say more of a name than those about options of any kind.
const MIGRATION: &[Yields] = &[
    Yields::Line("action-before-its-release"),
    Yields::Line("invalid-action"),
    Yields::Line("option-in-wrong-section"),
    Yields::Line("removed-migration-flags"),
    Yields::Line("removed-progress-timeout"),
    Yields::Line("value-in-first-column"),
];
/// These, and the rules that say why a value is not what its author meant.
const REJECTED: &[Yields] = &[
    Yields::Line("action-before-its-release"),
    Yields::Line("backslash-continuation"),
    Yields::Line("comment-swallowed"),
    Yields::Line("inline-comment"),
    Yields::Line("invalid-action"),
    Yields::Line("left-behind-line"),
    Yields::Line("line-swallowed"),
    Yields::Line("missing-comma"),
    Yields::Line("negative-timeout"),
    Yields::Line("option-in-wrong-section"),
    Yields::Line("option-swallowed"),
    Yields::Line("removed-migration-flags"),
    Yields::Line("removed-progress-timeout"),
    Yields::Line("removed-value"),
];
/// These, and the rule about options that went before the first complete list.
const UNKNOWN: &[Yields] = &[
    Yields::Line("action-before-its-release"),
    Yields::Line("invalid-action"),
    Yields::Line("option-in-wrong-section"),
    Yields::Line("removed-migration-flags"),
    Yields::Line("removed-option"),
    Yields::Line("removed-progress-timeout"),
    Yields::Line("value-in-first-column"),
];

/// The rules about what releases do not read alike, for a file that must serve several.
pub static ACROSS: &[&Rule] = &[
    &changed_default::RULE,
    &changed_meaning::RULE,
    &new_behaviour::RULE,
    &read_differently::RULE,
];

/// All of them, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &changed_default::RULE,
    &changed_meaning::RULE,
    &deprecated_option::RULE,
    &dropped_alias::RULE,
    &invalid_value::RULE,
    &left_behind_pin::RULE,
    &moved_option::RULE,
    &new_behaviour::RULE,
    &read_differently::RULE,
    &removed_option::RULE,
    &renamed_option::RULE,
    &unknown_filter::RULE,
    &unknown_option::RULE,
    &wrong_header::RULE,
];
