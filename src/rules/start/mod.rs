//! Rules about whether nova's services start with the files, and do then what they are for.

mod conflicting_settings;
mod deprecated_value;
mod instances_fail;
mod item_ignored;
pub(super) mod migrations_fail;
mod refused;
mod removed_value;
mod service_does_not_start;
mod values;

use crate::lint::Rule;

/// All of them, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &conflicting_settings::RULE,
    &deprecated_value::RULE,
    &instances_fail::RULE,
    &item_ignored::RULE,
    &migrations_fail::RULE,
    &removed_value::RULE,
    &service_does_not_start::RULE,
];
