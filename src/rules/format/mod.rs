//! Rules about how a file is written: what oslo.config reads otherwise than its author meant.

pub(crate) mod backslash_continuation;
pub(crate) mod byte_order_mark;
pub(crate) mod comment_swallowed;
pub(crate) mod empty_number_overrides;
pub(crate) mod flagfile;
pub(crate) mod inline_comment;
pub(crate) mod key_ignored;
pub(crate) mod line_swallowed;
pub(crate) mod malformed_line;
pub(crate) mod not_nova_conf;
pub(crate) mod repeated_option;
pub(crate) mod repeated_section;
pub(crate) mod section_name_ignored;
pub(crate) mod template_file;
pub(crate) mod undecodable_text;
pub(crate) mod undefined_reference;
pub(crate) mod value_lines;
