//! Runs of lines that stand under a header not their own: several options in a row that another group alone has.
//!
//! It finds them; what to say of them the rules know.

use std::collections::HashMap;

use super::context::Context;
use super::finding::AssignmentId;
use crate::catalog::{self, Fate, before_ocata, spelling};
use crate::nova::migration::settings::PREFIX;
use crate::oslo::stack::Site;

/// So many options in a row are no slip of one line.
const LEAST: usize = 3;

/// Lines of one section that belong in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The lines, in order, none between them.
    pub places: Vec<AssignmentId>,
    /// The group that has all of them.
    pub home: &'static str,
}

/// Every such run, in reading order.
pub(super) fn blocks(context: &Context<'_>) -> Vec<Block> {
    if !context.to.release().is_complete() {
        return Vec::new();
    }
    let mut strays: HashMap<AssignmentId, Vec<&'static str>> = HashMap::new();
    for seen in context.named_uses() {
        if let (Site::File(place), Fate::Unknown, None) = (seen.site, &seen.fate, seen.outside)
            && !seen.is_nobodys
            && !(seen.group == "DEFAULT" && before_ocata::had(&seen.key))
        {
            let homes = catalog::groups_with(&spelling::plain(&seen.key), context.to.release());
            if !homes.is_empty() {
                strays.insert(place, homes);
            }
        }
    }
    if strays.len() < LEAST {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut run: Vec<AssignmentId> = Vec::new();
    let mut shared: Vec<&'static str> = Vec::new();
    for place in context.stack.places() {
        let homes = strays.get(&place);
        let goes_on = run.last().is_some_and(|last| is_next(context, *last, place));
        let still: Vec<&'static str> = match homes {
            Some(homes) if goes_on => shared.iter().copied().filter(|home| homes.contains(home)).collect(),
            _ => Vec::new(),
        };
        if still.is_empty() {
            found.extend(block(context, &strays, std::mem::take(&mut run), &shared));
            shared = homes.cloned().unwrap_or_default();
        } else {
            shared = still;
        }
        if homes.is_some() {
            run.push(place);
        }
    }
    found.extend(block(context, &strays, run, &shared));
    found
}

/// Whether `place` follows `last` in the same section.
fn is_next(context: &Context<'_>, last: AssignmentId, place: AssignmentId) -> bool {
    let section = |place| context.stack.assignment(place).section();
    last.layer == place.layer && last.assignment + 1 == place.assignment && section(last) == section(place)
}

/// The run as a block, where there can be no doubt whose lines they are.
fn block(
    context: &Context<'_>,
    strays: &HashMap<AssignmentId, Vec<&'static str>>,
    places: Vec<AssignmentId>,
    shared: &[&'static str],
) -> Option<Block> {
    let [home] = *shared else {
        return None;
    };
    let mut names: Vec<_> = places.iter().map(|place| context.stack.key(*place)).collect();
    names.sort();
    names.dedup();
    // What is of live migration alone is said line by line, each with its own way out.
    if names.iter().all(|name| name.starts_with(PREFIX)) {
        return None;
    }
    let is_sure = |place: &&AssignmentId| strays.get(place).is_some_and(|homes| homes.len() == 1);
    let sure = places.iter().filter(is_sure).count();
    let group = context.stack.group(*places.first()?);
    // Of a section that nova does not know, only one whose name is nearly right.
    let is_novas = catalog::is_group_known(group) || spelling::nearest(group, std::iter::once(home)).is_some();
    (names.len() >= LEAST && sure + 1 >= LEAST && is_novas).then_some(Block { places, home })
}
