//! Rules about how a file is written: what oslo.config reads otherwise than its author meant.

mod backslash_continuation;
mod byte_order_mark;
mod comment_swallowed;
mod empty_number_overrides;
pub(super) mod first_column;
mod flagfile;
mod inline_comment;
mod key_ignored;
mod left_behind_line;
mod line_swallowed;
mod malformed_line;
pub(super) mod markers;
mod merge_conflict;
mod missing_comma;
pub(super) mod neighbours;
mod not_nova_conf;
mod option_swallowed;
mod repeated_option;
mod repeated_section;
mod section_name_ignored;
mod template_file;
mod undecodable_text;
mod undefined_reference;
mod value_in_first_column;
pub(super) mod value_lines;

use crate::lint::Rule;

/// All of them, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &backslash_continuation::RULE,
    &byte_order_mark::RULE,
    &comment_swallowed::RULE,
    &empty_number_overrides::RULE,
    &flagfile::RULE,
    &inline_comment::RULE,
    &key_ignored::RULE,
    &left_behind_line::RULE,
    &line_swallowed::RULE,
    &malformed_line::RULE,
    &merge_conflict::RULE,
    &missing_comma::RULE,
    &not_nova_conf::RULE,
    &option_swallowed::RULE,
    &repeated_option::RULE,
    &repeated_section::RULE,
    &section_name_ignored::RULE,
    &template_file::RULE,
    &undecodable_text::RULE,
    &undefined_reference::RULE,
    &value_in_first_column::RULE,
];
