//! The `live_migration_uri` that several rules are about.
//!
//! What is wrong with one, they say.

use crate::lint::Context;
use crate::lint::context::{LIBVIRT, URI};

/// The URI where one is set and nova would use it. What a template will put in is not known.
pub(in crate::rules) fn written_uri(context: &Context<'_>) -> Option<String> {
    if !context.sets(URI) {
        return None;
    }
    let text = context.to.word(LIBVIRT, URI)?;
    let is_template = ["{{", "{%", "<%", "${"].iter().any(|sign| text.contains(sign));
    (!text.is_empty() && !is_template).then_some(text)
}
