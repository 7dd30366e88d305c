//! What `$name` stands for, as oslo.config finds it (`StrSubWrapper` and `_get_opt_info` in `oslo_config/cfg.py`).
//!
//! The syntax of references is [`crate::conf::substitution`]'s business.

use super::{Setting, View, Walk, printed};
use crate::catalog::{self, Via};
use crate::conf::substitution::Reference;
use crate::conf::value;

impl View<'_> {
    /// The text a reference in a value of `group` stands for; `None` where it leads nowhere.
    pub(super) fn referenced(&self, group: &str, reference: &Reference, walk: Walk<'_>) -> Option<String> {
        let deeper = walk.deeper()?;
        let setting = match reference.target() {
            (Some(named), name) => self.referred_to(named, name)?,
            (None, name) => self
                .referred_to(group, name)
                .or_else(|| self.referred_to("DEFAULT", name))?,
        };
        let text = match self.text_within(&setting, deeper).ok()? {
            None => return Some(String::new()),
            Some(text) => text,
        };
        // The value is read by its type and printed by Python before it is put in.
        let kind = setting.facts.option_type();
        let text = printed(&value::check(&kind, &text, self.profile()).ok()?);
        walk.spend(text.len()).map(|()| text)
    }

    /// The option that a reference to `name` in `group` means.
    ///
    /// An old name leads to its option, but oslo.config then looks for the current name in the group of the *old* one, so
    /// that a value which stands where it should is passed over for the default.
    fn referred_to(&self, group: &str, name: &str) -> Option<Setting> {
        let named = catalog::by_any_name(group, name, self.release)?;
        match named.via {
            Via::Current => Some(self.setting_of(named.option)),
            Via::Deprecated => Some(self.setting_in(group, named.option, false)),
        }
    }
}
