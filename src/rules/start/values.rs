//! What findings about values share: where they stand, who looks at them, and where they come from.

use crate::catalog::Release;
use crate::lint::{Context, Finding, Location};
use crate::nova::Setting;
use crate::nova::start::values::{Found, MOST};
use crate::rules::in_words;

/// The longest item that a message has in full.
const LONGEST: usize = 120;

/// Where the value stands.
pub(super) fn place(context: &Context<'_>, setting: &Setting) -> Location {
    setting.winning_place().map_or_else(
        || context.winner_location(setting),
        |place| context.value_location(place),
    )
}

/// The items in a sentence.
pub(super) fn quoted(items: &[String]) -> String {
    let of_one = |item: &String| {
        let shown: String = item.chars().take(LONGEST).collect();
        let more = if shown.len() < item.len() { "…" } else { "" };
        format!("`{}{more}`", shown.escape_debug())
    };
    let more = if items.len() == MOST { " and maybe more" } else { "" };
    items.iter().map(of_one).collect::<Vec<_>>().join(", ") + more
}

/// The services that look at it.
fn readers(found: &Found) -> Vec<&'static str> {
    match (found.fact, found.code) {
        (Some(fact), _) => fact.programs.to_vec(),
        (None, Some(code)) => code.programs.to_vec(),
        (None, None) => Vec::new(),
    }
}

/// Whether one of them reads the files.
pub(super) fn is_served(context: &Context<'_>, found: &Found) -> bool {
    readers(found)
        .iter()
        .any(|program| context.settings.programs.may_be(program))
}

/// What those of them that read the files say.
pub(super) fn says(context: &Context<'_>, found: &Found, words: &str) -> String {
    let mut programs = readers(found);
    programs.retain(|program| context.settings.programs.may_be(program));
    let verb = if programs.len() == 1 { "says" } else { "say" };
    format!("{} {verb}: {words}", in_words(&programs))
}

/// With the other places that set it, where there are any.
pub(super) fn with_others(context: &Context<'_>, finding: Finding, setting: &Setting) -> Finding {
    match setting.found.sites.len() {
        1 => finding,
        _ => context.with_sites(finding, setting),
    }
}

/// Which releases have code that is not there, for the first of the items.
pub(super) fn origin(found: &Found, to: Release) -> String {
    let span = found.code.zip(found.items.first());
    match span.and_then(|(code, item)| code.span(item)) {
        Some((first, _)) if to < first => format!("{} is the first release that has it", first.short()),
        Some((_, Some(last))) => format!("{} was the last release that had it", last.short()),
        _ => "no release from ocata on has it".to_owned(),
    }
}
