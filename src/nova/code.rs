//! Which code that a stack names one release of nova does not have: its scheduler does not start then.
//!
//! What is available by a name of the operator's own is not known, and not judged.

use crate::catalog::{OptionFacts, code};
use crate::oslo::value::Value;
use crate::redact;

use super::View;

const GROUP: &str = "filter_scheduler";
/// So many missing filters are named; a list that has more has gone wrong as a whole.
pub const MOST: usize = 20;
const AVAILABLE: &str = "available_filters";

/// The filters that the effective value of the option of `facts` names and the release of `view` does not have, as they may
/// be shown; of very many the first [`MOST`]. Empty where it has them all, where the option names none, and where what counts cannot be known.
#[must_use]
pub fn missing_filters(view: &View<'_>, facts: OptionFacts) -> Vec<String> {
    let (group, name) = (facts.group(), facts.name());
    let is_path = name == AVAILABLE;
    if group != GROUP
        || !(is_path || (name == "enabled_filters" && has_novas_filters(view)))
        || !has_novas_manager(view)
    {
        return Vec::new();
    }
    let setting = view.setting_of(facts);
    let items = if is_path {
        view.texts(&setting).unwrap_or_default()
    } else {
        match view.value(&setting) {
            Ok(Value::List(items)) => items.into_iter().filter_map(text).collect(),
            _ => Vec::new(),
        }
    };
    let missing = code::missing(group, name, &items, view.release());
    if missing.is_empty() {
        return Vec::new();
    }
    let secrets = redact::Secrets::of(view.stack());
    let missing = missing.iter().take(MOST);
    missing.map(|item| secrets.hide(item).into_owned()).collect()
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Whether nova's own filters, all of them and no others, are available.
fn has_novas_filters(view: &View<'_>) -> bool {
    let texts = view
        .setting(GROUP, AVAILABLE)
        .and_then(|setting| view.texts(&setting).ok());
    texts.is_some_and(|texts| !texts.is_empty() && texts.iter().all(|text| text == code::ALL_FILTERS))
}

/// Whether nova's usual host manager loads the filters: another, up to Stein, may take others or none.
fn has_novas_manager(view: &View<'_>) -> bool {
    let is_usual = |name: &str, usual: &[&str]| {
        let is_option = view.setting("scheduler", name).is_some();
        !is_option || view.word("scheduler", name).is_some_and(|word| usual.contains(&&*word))
    };
    is_usual("host_manager", &["host_manager"])
        && is_usual("driver", &["filter_scheduler", "caching_scheduler", "chance_scheduler"])
}
