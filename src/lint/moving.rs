//! The fix that takes an assignment to the section it belongs in.
//!
//! Whether it belongs there, and whether the move is safe, the rule says.

use super::context::Context;
use super::finding::{Fix, Place, Safety};
use crate::conf::layers::Stack;
use crate::effective::Setting;

impl Context<'_> {
    /// A fix that removes the assignments at `places` and announces each of their names once.
    #[must_use]
    pub fn removal_of_all(&self, title: impl Into<String>, safety: Safety, places: &[Place]) -> Fix {
        let mut fix = self.removal(title, safety, places);
        fix.announces.sort();
        fix.announces.dedup();
        fix
    }

    /// A fix that makes the value of the last of `places` that of `setting`, as written there, and removes them all.
    ///
    /// The new line goes into the same file where it has the section. `None` where the environment sets the option, and
    /// where the value is not UTF-8.
    #[must_use]
    pub fn moving(&self, title: impl Into<String>, safety: Safety, places: &[Place], setting: &Setting) -> Option<Fix> {
        let (stack, &last) = (self.stack, places.last()?);
        let document = stack.document(last);
        let raw = document.text(stack.assignment(last).value_span(document.source().bytes()));
        if raw.contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        let (group, name) = (setting.facts.group(), setting.facts.name());
        let written = self.setting_to(title, safety, (group, name, &raw), relative(stack, last, group, name))?;
        let mut fix = self.removal_of_all(written.title, safety, places);
        fix.edits.extend(written.edits);
        fix.announces.extend(written.announces);
        Some(fix)
    }
}

/// The last assignment of `group` in the file of `of`, one that begins like `name` if there is any.
fn relative(stack: &Stack, of: Place, group: &str, name: &str) -> Option<Place> {
    let count = stack.document(of).assignments().len();
    let in_file = (0..count).map(|assignment| Place { assignment, ..of });
    let words = |place: &Place| {
        let key = stack.key(*place);
        key.split('_').zip(name.split('_')).take_while(|(a, b)| a == b).count()
    };
    in_file
        .filter(|&place| stack.group(place) == group)
        .max_by_key(|place| (words(place).min(2), *place))
}
