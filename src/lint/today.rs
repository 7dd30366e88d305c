//! What the nova of today makes of a name, where which release that is may be known as a range only.
//!
//! Of Mitaka and Newton only the options of live migration are known: what else they read, nobody here can say.

use super::context::Context;
use crate::catalog::{self, Release};
use crate::nova::migration::settings::{LIBVIRT, is_of_live_migration};
use crate::nova::{Setting, View};
use crate::oslo::value;

impl Context<'_> {
    /// Whether every release that today's may be reads `key` in `group`: only then does a line tell what runs today.
    #[must_use]
    pub fn surely_reads_today(&self, group: &str, key: &str) -> bool {
        self.releases_of_today()
            .all(|release| catalog::by_any_name(group, key, release).is_some())
    }

    /// Whether some release that today's may be reads `key` in `group`, or is too old for that to be known.
    #[must_use]
    pub fn may_read_today(&self, group: &str, key: &str) -> bool {
        let is_in_question = |release: Release| {
            let is_told = release.is_complete() || is_known_before_ocata(group, key);
            !is_told || catalog::by_any_name(group, key, release).is_some()
        };
        self.releases_of_today().any(is_in_question)
    }

    /// Whether all options of every release that today's may be are known.
    #[must_use]
    pub fn is_today_known(&self) -> bool {
        self.releases_of_today().all(Release::is_complete)
    }

    /// Whether nothing sets the option of `setting` and its default is `value`, in the release to come and in every one that
    /// today's may be: a line that says so makes nothing live.
    #[must_use]
    pub fn is_in_force(&self, setting: &Setting, value: &str) -> bool {
        let (group, name) = (setting.facts.group(), setting.facts.name());
        let mut releases = self.releases_of_today().chain([self.to.release()]);
        releases.all(|release| {
            let view = View::new(self.stack, release);
            let Some(setting) = view.setting(group, name) else {
                return true; // A release that does not know the option does not read a new line of it either.
            };
            let kind = setting.facts.option_type();
            let text = view.expanded(group, value).ok();
            let written = text.and_then(|text| value::check(kind, &text, view.profile()).ok());
            !setting.is_set() && written.is_some() && written == view.value(&setting).ok()
        })
    }
}

/// Whether what Mitaka and Newton make of `key` in `group` is known: it is an option of live migration.
fn is_known_before_ocata(group: &str, key: &str) -> bool {
    is_of_live_migration(key) && (group == LIBVIRT || !catalog::is_known_anywhere(group, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Settings;
    use crate::oslo::Document;
    use crate::oslo::stack::Stack;
    use crate::text::Source;

    #[test]
    fn a_line_tells_of_today_only_where_every_release_that_may_run_reads_it() {
        let stack = Stack::of(Document::parse(Source::new("nova.conf", Vec::new())));
        let settings = Settings::default();
        let release = |number| Release::from_number(number).unwrap();
        let mut context = Context::new(&stack, release(20), release(33), &settings);
        let action = "live_migration_timeout_action";
        assert!(context.surely_reads_today(LIBVIRT, action) && context.is_today_known());
        assert!(!context.may_read_today(LIBVIRT, "live_migration_flag"));
        context.today_oldest = release(13);
        assert!(!context.surely_reads_today(LIBVIRT, action) && !context.is_today_known());
        assert!(context.may_read_today(LIBVIRT, "live_migration_flag"));
        assert!(!context.may_read_today("DEFAULT", "live_migration_flag"));
        assert!(context.may_read_today("DEFAULT", "security_group_api"));
        assert_eq!(context.releases_of_today().count(), 8);
    }
}
