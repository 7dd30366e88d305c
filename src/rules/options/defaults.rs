//! Defaults as messages quote them: whole where they are short, without secrets.

use crate::catalog::OptionFacts;
use crate::redact;

/// The longest default that is shown whole, in characters.
const LONGEST: usize = 60;

/// The default as a report shows it; `None` where it is too long for that.
pub(super) fn shown(option: OptionFacts) -> Option<String> {
    let Some(text) = option.default_text() else {
        return Some("unset".to_owned());
    };
    let text = redact::shown(option.name(), text);
    (text.chars().count() <= LONGEST).then(|| format!("`{text}`"))
}

/// The line that writes the default, or how to see it.
pub(super) fn written(option: OptionFacts) -> String {
    let text = option.default_text().unwrap_or_default();
    if text.chars().count() > LONGEST {
        return format!(
            "its value (`novamend option {}.{}` shows it)",
            option.group(),
            option.name()
        );
    }
    format!("`{} = {}`", option.name(), redact::shown(option.name(), text))
}
