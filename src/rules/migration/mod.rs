//! Rules about live migration: what nova makes of the settings of `[libvirt]`.

mod action_before_its_release;
mod action_never_runs;
mod auto_converge_unused;
mod bandwidth_below_timeout;
mod force_complete_pauses;
mod inbound_address_leads_nowhere;
mod invalid_action;
mod invalid_migration_scheme;
mod lost_auto_post_copy;
mod migration_uri_runs_a_command;
pub(super) mod moving;
mod native_tls_ignored;
mod negative_timeout;
mod option_in_wrong_section;
mod parallel_with_post_copy;
mod parallel_with_tunnelled;
mod post_copy_unused;
mod post_copy_with_file_backed_memory;
mod post_copy_with_passthrough;
mod post_copy_with_pmem;
mod post_copy_with_tunnelled;
mod removed_migration_flags;
mod removed_progress_timeout;
mod scheme_overruled_by_uri;
mod timeout_below_downtime_schedule;
mod tunnelled_with_tls;
mod unusable_migration_uri;
pub(super) mod written_uri;

use crate::lint::Rule;

/// All of them, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &action_before_its_release::RULE,
    &action_never_runs::RULE,
    &auto_converge_unused::RULE,
    &bandwidth_below_timeout::RULE,
    &force_complete_pauses::RULE,
    &inbound_address_leads_nowhere::RULE,
    &invalid_action::RULE,
    &invalid_migration_scheme::RULE,
    &lost_auto_post_copy::RULE,
    &migration_uri_runs_a_command::RULE,
    &native_tls_ignored::RULE,
    &negative_timeout::RULE,
    &option_in_wrong_section::RULE,
    &parallel_with_post_copy::RULE,
    &parallel_with_tunnelled::RULE,
    &post_copy_unused::RULE,
    &post_copy_with_file_backed_memory::RULE,
    &post_copy_with_passthrough::RULE,
    &post_copy_with_pmem::RULE,
    &post_copy_with_tunnelled::RULE,
    &removed_migration_flags::RULE,
    &removed_progress_timeout::RULE,
    &scheme_overruled_by_uri::RULE,
    &timeout_below_downtime_schedule::RULE,
    &tunnelled_with_tls::RULE,
    &unusable_migration_uri::RULE,
];
