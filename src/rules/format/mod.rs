//! Rules about how a file is written: what oslo.config reads otherwise than its author meant.

mod backslash_continuation;
mod byte_order_mark;
mod comment_swallowed;
mod empty_number_overrides;
mod flagfile;
mod inline_comment;
mod key_ignored;
mod line_swallowed;
mod malformed_line;
mod not_nova_conf;
mod repeated_option;
mod repeated_section;
mod section_name_ignored;
mod template_file;
mod undecodable_text;
mod undefined_reference;
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
    &line_swallowed::RULE,
    &malformed_line::RULE,
    &not_nova_conf::RULE,
    &repeated_option::RULE,
    &repeated_section::RULE,
    &section_name_ignored::RULE,
    &template_file::RULE,
    &undecodable_text::RULE,
    &undefined_reference::RULE,
];
