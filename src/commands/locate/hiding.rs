//! What `where` hides of a stack: every secret, unless they are to be shown.

use novamend::oslo::stack::{Site, Stack};
use novamend::redact::{self, Secrets};

/// What is hidden of a stack.
pub(super) struct Hiding {
    /// Its secrets; `None` where they are shown.
    known: Option<Secrets>,
}

impl Hiding {
    pub(super) fn of(stack: &Stack, show_secrets: bool) -> Self {
        Self {
            known: (!show_secrets).then(|| Secrets::of(stack)),
        }
    }

    /// `text`, which may quote something of the stack.
    pub(super) fn text(&self, text: &str) -> String {
        match &self.known {
            Some(known) => redact::hidden(&known.hide(text)),
            None => text.to_owned(),
        }
    }

    /// `value` of the option `key`.
    pub(super) fn value(&self, key: &str, value: &str) -> String {
        match &self.known {
            Some(known) => known.hide(&redact::shown(key, value)).into_owned(),
            None => value.to_owned(),
        }
    }

    /// The value at `site`.
    pub(super) fn at(&self, stack: &Stack, site: Site) -> String {
        match &self.known {
            Some(known) => known.hide(&redact::shown_at(stack, site)).into_owned(),
            None => stack.value(site).into_owned(),
        }
    }
}
