//! Every rule, one file each; adding one is a file, its page, its fixtures and a line here.
//!
//! How they are run is [`crate::lint`]'s business. What a person must know of a rule stands on its page.

pub(crate) mod format;
pub(crate) mod migration;
pub(crate) mod options;

use crate::lint::{Rule, suppressions};

/// All rules, in the order of their ids.
pub static RULES: &[&Rule] = &[
    &migration::action_before_its_release::RULE,
    &migration::action_never_runs::RULE,
    &migration::auto_converge_unused::RULE,
    &format::backslash_continuation::RULE,
    &migration::bandwidth_below_timeout::RULE,
    &format::byte_order_mark::RULE,
    &options::changed_default::RULE,
    &format::comment_swallowed::RULE,
    &options::deprecated_option::RULE,
    &options::dropped_alias::RULE,
    &format::empty_number_overrides::RULE,
    &format::flagfile::RULE,
    &migration::force_complete_pauses::RULE,
    &migration::inbound_address_leads_nowhere::RULE,
    &format::inline_comment::RULE,
    &migration::invalid_action::RULE,
    &migration::invalid_migration_scheme::RULE,
    &options::invalid_value::RULE,
    &format::key_ignored::RULE,
    &format::line_swallowed::RULE,
    &migration::lost_auto_post_copy::RULE,
    &format::malformed_line::RULE,
    &migration::migration_uri_runs_a_command::RULE,
    &options::moved_option::RULE,
    &migration::native_tls_ignored::RULE,
    &migration::negative_timeout::RULE,
    &format::not_nova_conf::RULE,
    &migration::option_in_wrong_section::RULE,
    &migration::parallel_with_post_copy::RULE,
    &migration::parallel_with_tunnelled::RULE,
    &migration::post_copy_unused::RULE,
    &migration::post_copy_with_file_backed_memory::RULE,
    &migration::post_copy_with_passthrough::RULE,
    &migration::post_copy_with_pmem::RULE,
    &migration::post_copy_with_tunnelled::RULE,
    &migration::removed_migration_flags::RULE,
    &options::removed_option::RULE,
    &migration::removed_progress_timeout::RULE,
    &options::renamed_option::RULE,
    &format::repeated_option::RULE,
    &format::repeated_section::RULE,
    &migration::scheme_overruled_by_uri::RULE,
    &format::section_name_ignored::RULE,
    &format::template_file::RULE,
    &migration::timeout_below_downtime_schedule::RULE,
    &migration::tunnelled_with_tls::RULE,
    &format::undecodable_text::RULE,
    &format::undefined_reference::RULE,
    &options::unknown_filter::RULE,
    &options::unknown_option::RULE,
    &migration::unusable_migration_uri::RULE,
    &suppressions::UNUSED_SUPPRESSION,
];

/// The rules about live migration: what they find is said also where only an older release that may run today has it.
pub static LIVE_MIGRATION: &[&Rule] = &[
    &migration::action_before_its_release::RULE,
    &migration::action_never_runs::RULE,
    &migration::auto_converge_unused::RULE,
    &migration::bandwidth_below_timeout::RULE,
    &migration::force_complete_pauses::RULE,
    &migration::inbound_address_leads_nowhere::RULE,
    &migration::invalid_action::RULE,
    &migration::invalid_migration_scheme::RULE,
    &migration::lost_auto_post_copy::RULE,
    &migration::migration_uri_runs_a_command::RULE,
    &migration::native_tls_ignored::RULE,
    &migration::negative_timeout::RULE,
    &migration::option_in_wrong_section::RULE,
    &migration::parallel_with_post_copy::RULE,
    &migration::parallel_with_tunnelled::RULE,
    &migration::post_copy_unused::RULE,
    &migration::post_copy_with_file_backed_memory::RULE,
    &migration::post_copy_with_passthrough::RULE,
    &migration::post_copy_with_pmem::RULE,
    &migration::post_copy_with_tunnelled::RULE,
    &migration::removed_migration_flags::RULE,
    &migration::removed_progress_timeout::RULE,
    &migration::scheme_overruled_by_uri::RULE,
    &migration::timeout_below_downtime_schedule::RULE,
    &migration::tunnelled_with_tls::RULE,
    &migration::unusable_migration_uri::RULE,
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
