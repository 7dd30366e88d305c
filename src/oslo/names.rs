//! How oslo.config matches the names of groups and options.
//!
//! It knows no option; which there are is up to [`crate::catalog`].

use std::borrow::Cow;

/// A group name as it is matched (`_normalize_group_name`): in lower case, but for exactly `DEFAULT`.
#[must_use]
pub fn normal_group(group: &str) -> Cow<'_, str> {
    if group == "DEFAULT" || !group.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        Cow::Borrowed(group)
    } else {
        Cow::Owned(group.to_lowercase())
    }
}

/// A name as oslo.config looks it up: `-` made `_`.
#[must_use]
pub fn without_hyphens(name: &str) -> Cow<'_, str> {
    if name.as_bytes().contains(&b'-') {
        Cow::Owned(name.replace('-', "_"))
    } else {
        Cow::Borrowed(name)
    }
}
