//! Findings about the effective value of an option of `[libvirt]`, and about several that do not go together.
//!
//! Which values do not go together, the rules say.

use super::Rule;
use super::context::Context;
use super::finding::{Finding, Location};
use crate::nova::migration::settings::LIBVIRT;

impl Context<'_> {
    /// A finding at the place that sets `name` of `[libvirt]` for the release to come, with every other place that does.
    #[must_use]
    pub fn about(&self, rule: &'static Rule, name: &str, message: impl Into<String>) -> Finding {
        match self.to.setting(LIBVIRT, name) {
            Some(setting) => {
                let finding = Finding::new(rule, self.winner_location(&setting), message);
                self.with_sites(finding, &setting)
            }
            None => Finding::new(rule, Location::Stack, message),
        }
    }

    /// `finding` with the place that sets `name` of `group`, and `note` about it; unchanged where nothing sets it.
    #[must_use]
    pub fn along_with(&self, finding: Finding, (group, name): (&str, &str), note: &str) -> Finding {
        let winner = self.to.setting(group, name).and_then(|setting| setting.winner());
        match winner {
            Some(site) => finding.with_related(self.site_location(site), note),
            None => finding,
        }
    }

    /// Whether anything sets `name` of `[libvirt]` for the release to come.
    #[must_use]
    pub fn sets(&self, name: &str) -> bool {
        self.may_be_set(name) && self.to.setting(LIBVIRT, name).is_some_and(|setting| setting.is_set())
    }
}
