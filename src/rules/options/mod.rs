//! Rules about options of any kind: what the releases know, rename, refuse and change.

pub(crate) mod changed_default;
pub(crate) mod deprecated_option;
pub(crate) mod dropped_alias;
pub(crate) mod invalid_value;
pub(crate) mod moved_option;
pub(crate) mod removed_option;
pub(crate) mod rename;
pub(crate) mod renamed_option;
pub(crate) mod unknown_filter;
pub(crate) mod unknown_option;
