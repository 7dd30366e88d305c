//! What a message may quote of the stack: values without any of its secrets.

use std::borrow::Cow;
use std::sync::Arc;

use super::Context;
use super::finding::AssignmentId;
use crate::oslo::stack::Site;
use crate::redact::{self, Secrets};

impl<'a> Context<'a> {
    /// Every secret value of the stack, gathered once.
    #[must_use]
    pub fn secrets(&self) -> &Arc<Secrets> {
        self.secrets.get_or_init(|| Arc::new(Secrets::of(self.stack)))
    }

    /// `text` without any secret of the stack: what a message quotes, before it is cut or escaped.
    #[must_use]
    pub fn hidden(&self, text: &str) -> String {
        redact::hidden(&self.secrets().hide(text))
    }

    /// The value at `place` as it may be shown.
    #[must_use]
    pub fn shown(&self, place: AssignmentId) -> Cow<'a, str> {
        redact::shown_at(self.stack, Site::File(place))
    }
}
