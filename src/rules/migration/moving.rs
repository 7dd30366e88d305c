//! The fix that takes an assignment to the section it belongs in.
//!
//! Whether it belongs there, and whether the move is safe, the rule says.

use crate::lint::context::Context;
use crate::lint::finding::{AssignmentId, Fix, Safety};
use crate::nova::Setting;
use crate::oslo::stack::Stack;

impl Context<'_> {
    /// A fix that removes the assignments at `places` and announces each of their names once.
    #[must_use]
    pub(in crate::rules) fn removal_of_all(
        &self,
        title: impl Into<String>,
        safety: Safety,
        places: &[AssignmentId],
    ) -> Fix {
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
    pub(in crate::rules) fn moving(
        &self,
        title: impl Into<String>,
        safety: Safety,
        places: &[AssignmentId],
        setting: &Setting,
    ) -> Option<Fix> {
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
fn relative(stack: &Stack, of: AssignmentId, group: &str, name: &str) -> Option<AssignmentId> {
    let count = stack.document(of).assignments().len();
    let in_file = (0..count).map(|assignment| AssignmentId { assignment, ..of });
    let words = |place: &AssignmentId| {
        let key = stack.key(*place);
        key.split('_').zip(name.split('_')).take_while(|(a, b)| a == b).count()
    };
    in_file
        .filter(|&place| stack.group(place) == group)
        .max_by_key(|place| (words(place).min(2), *place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Release;
    use crate::lint::Settings;
    use crate::nova::migration::settings::LIBVIRT;
    use crate::oslo::Document;
    use crate::oslo::stack::{Layer, Origin, Variable};
    use crate::text::{Edit, Source, apply_edits};

    const BANDWIDTH: &str = "live_migration_bandwidth";

    /// The texts after the first misplaced bandwidth went to `[libvirt]`; `None` where no fix is offered.
    fn moved(texts: &[&[u8]], environment: &[(&str, &str)]) -> Option<Vec<String>> {
        let layer = |(number, text): (usize, &&[u8])| Layer {
            document: Document::parse(Source::new(format!("{number}.conf"), text.to_vec())).into(),
            origin: Origin::Named,
        };
        let variable = |&(name, value): &(&str, &str)| Variable {
            name: name.into(),
            value: value.into(),
        };
        let layers = texts.iter().enumerate().map(layer).collect();
        let stack = Stack::new(layers, environment.iter().map(variable).collect());
        let settings = Settings::default();
        let context = Context::new(&stack, Release::STEIN, Release::NEWEST, &settings);
        let places: Vec<AssignmentId> = stack.places_of("DEFAULT", BANDWIDTH).collect();
        let setting = context.to.setting(LIBVIRT, BANDWIDTH)?;
        let fix = context.moving("move it", Safety::Safe, &places, &setting)?;
        let of_layer = |index: usize| {
            let edits = fix.edits.iter().filter(|edit| edit.layer == index);
            let edits: Vec<Edit> = edits.map(|edit| edit.edit.clone()).collect();
            String::from_utf8(apply_edits(texts[index], &edits).unwrap()).unwrap()
        };
        Some((0..texts.len()).map(of_layer).collect())
    }

    #[test]
    fn a_line_stays_in_its_file_where_that_has_the_section() {
        let texts: [&[u8]; 2] = [
            b"[libvirt]\nlive_migration_downtime = 500\n",
            b"[DEFAULT]\nlive_migration_bandwidth = 9\n[libvirt]\nvirt_type=kvm\n",
        ];
        let after = moved(&texts, &[]).unwrap();
        assert_eq!(after[0].as_bytes(), texts[0]);
        assert_eq!(
            after[1],
            "[DEFAULT]\n[libvirt]\nvirt_type=kvm\nlive_migration_bandwidth=9\n"
        );
    }

    #[test]
    fn of_several_the_last_is_moved_as_it_is_written() {
        let text: &[u8] =
            b"[libvirt]\n[DEFAULT]\nlive_migration_bandwidth = 1\nlive_migration_bandwidth : \"2\"\nhost = a";
        assert_eq!(
            moved(&[text], &[]).unwrap(),
            ["[libvirt]\nlive_migration_bandwidth = \"2\"\n[DEFAULT]\nhost = a"]
        );
    }

    #[test]
    fn nothing_is_moved_against_the_environment_or_with_bytes_that_are_no_text() {
        let text: &[u8] = b"[DEFAULT]\nlive_migration_bandwidth = 1\n";
        assert_eq!(moved(&[text], &[("OS_LIBVIRT__LIVE_MIGRATION_BANDWIDTH", "5")]), None);
        assert_eq!(moved(&[b"[DEFAULT]\nlive_migration_bandwidth = \xff\n"], &[]), None);
    }
}
