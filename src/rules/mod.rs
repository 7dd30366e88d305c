//! Every rule, one file each; adding one is a file, its page, its fixtures and a line here.
//!
//! How they are run is [`crate::lint`]'s business. What a person must know of a rule stands on its page.

mod action_before_its_release;
mod action_never_runs;
mod auto_converge_unused;
mod backslash_continuation;
mod bandwidth_below_timeout;
mod byte_order_mark;
mod changed_default;
mod comment_swallowed;
mod deprecated_option;
mod dropped_alias;
mod empty_number_overrides;
mod flagfile;
mod force_complete_pauses;
mod inbound_address_leads_nowhere;
mod inline_comment;
mod invalid_action;
mod invalid_migration_scheme;
mod invalid_value;
mod key_ignored;
mod line_swallowed;
mod lost_auto_post_copy;
mod malformed_line;
mod migration_uri_runs_a_command;
mod moved_option;
mod native_tls_ignored;
mod negative_timeout;
mod not_nova_conf;
mod option_in_wrong_section;
mod parallel_with_post_copy;
mod parallel_with_tunnelled;
mod post_copy_unused;
mod post_copy_with_file_backed_memory;
mod post_copy_with_passthrough;
mod post_copy_with_pmem;
mod post_copy_with_tunnelled;
mod removed_migration_flags;
mod removed_option;
mod removed_progress_timeout;
mod renamed_option;
mod repeated_option;
mod repeated_section;
mod scheme_overruled_by_uri;
mod section_name_ignored;
mod template_file;
mod timeout_below_downtime_schedule;
mod tunnelled_with_tls;
mod undecodable_text;
mod undefined_reference;
mod unknown_filter;
mod unknown_option;
mod unusable_migration_uri;

use crate::lint::{Rule, suppressions};

/// All rules, in the order of their ids.
pub static RULES: &[&Rule] = &[
    &action_before_its_release::RULE,
    &action_never_runs::RULE,
    &auto_converge_unused::RULE,
    &backslash_continuation::RULE,
    &bandwidth_below_timeout::RULE,
    &byte_order_mark::RULE,
    &changed_default::RULE,
    &comment_swallowed::RULE,
    &deprecated_option::RULE,
    &dropped_alias::RULE,
    &empty_number_overrides::RULE,
    &flagfile::RULE,
    &force_complete_pauses::RULE,
    &inbound_address_leads_nowhere::RULE,
    &inline_comment::RULE,
    &invalid_action::RULE,
    &invalid_migration_scheme::RULE,
    &invalid_value::RULE,
    &key_ignored::RULE,
    &line_swallowed::RULE,
    &lost_auto_post_copy::RULE,
    &malformed_line::RULE,
    &migration_uri_runs_a_command::RULE,
    &moved_option::RULE,
    &native_tls_ignored::RULE,
    &negative_timeout::RULE,
    &not_nova_conf::RULE,
    &option_in_wrong_section::RULE,
    &parallel_with_post_copy::RULE,
    &parallel_with_tunnelled::RULE,
    &post_copy_unused::RULE,
    &post_copy_with_file_backed_memory::RULE,
    &post_copy_with_passthrough::RULE,
    &post_copy_with_pmem::RULE,
    &post_copy_with_tunnelled::RULE,
    &removed_migration_flags::RULE,
    &removed_option::RULE,
    &removed_progress_timeout::RULE,
    &renamed_option::RULE,
    &repeated_option::RULE,
    &repeated_section::RULE,
    &scheme_overruled_by_uri::RULE,
    &section_name_ignored::RULE,
    &template_file::RULE,
    &timeout_below_downtime_schedule::RULE,
    &tunnelled_with_tls::RULE,
    &undecodable_text::RULE,
    &undefined_reference::RULE,
    &unknown_filter::RULE,
    &unknown_option::RULE,
    &unusable_migration_uri::RULE,
    &suppressions::UNUSED_SUPPRESSION,
];

/// The rules about live migration: what they find is said also where only an older release that may run today has it.
pub static LIVE_MIGRATION: &[&Rule] = &[
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

/// The rule called `id`.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_in_the_order_of_their_ids_and_none_is_there_twice() {
        let ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    }

    #[test]
    fn a_rule_that_speaks_of_live_migration_is_among_them() {
        let words = [
            "migration",
            "post-copy",
            "tunnelling",
            "timeout",
            "`force_complete`",
            "action",
            "converge",
            "native TLS",
            "transport",
            "sources",
        ];
        for rule in RULES {
            let speaks = words.iter().any(|word| rule.summary.contains(word));
            let is_listed = LIVE_MIGRATION.contains(rule);
            assert_eq!(speaks, is_listed, "{}: {}", rule.id, rule.summary);
        }
    }
}
