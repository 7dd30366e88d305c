//! The `live_migration_uri` that several rules are about.
//!
//! What is wrong with one, they say.

use crate::lint::Context;

/// The URI where one is set and nova would use it. What a template will put in is not known.
pub(in crate::rules) fn written_uri(context: &Context<'_>) -> Option<String> {
    let text = context.after().uri.as_ref()?;
    let is_template = ["{{", "{%", "<%", "${"].iter().any(|sign| text.contains(sign));
    (!is_template).then(|| text.clone())
}
