//! What nova makes of a stack of files: every option's effective value in one release, and who set it.
//!
//! It joins [`crate::oslo`] and [`crate::catalog`]; whether a value is wise is up to the rules.

pub mod code;
pub mod migration;
pub mod nature;
pub mod reference;
mod repr;
pub mod start;
pub mod today;
mod walk;

use std::borrow::Cow;
use std::cell::Cell;

use std::sync::Arc;

use crate::catalog::{self, OptionFacts, Release};
use crate::oslo::stack::{AssignmentId, Site, Sites, Stack};
use crate::oslo::substitution;
use crate::oslo::value::{self, Profile, Value, ValueError};
use repr::repr;
use walk::{MOST_WORK, Walk};

/// A stack of files as one release of nova reads it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    stack: &'a Stack,
    release: Release,
}

/// Why an option has no value: the first use of it fails.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unusable {
    /// A reference leads to no option, or back to itself.
    #[error("refers to `{0}`, which is not an option of nova")]
    Undefined(String),
    /// A template fills the value in.
    #[error("is not known until the template is rendered")]
    Template,
    /// oslo.config rejects the value.
    #[error(transparent)]
    Rejected(#[from] ValueError),
}

/// One option as a release reads it from a stack.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What the release says of the option.
    pub facts: OptionFacts,
    /// Every site that sets it by any name, and those that count.
    pub found: Arc<Sites>,
}

impl Setting {
    /// Whether anything sets it.
    #[must_use]
    pub fn is_set(&self) -> bool {
        !self.found.effective.is_empty()
    }

    /// The site whose value counts; the last of a multi-valued option.
    #[must_use]
    pub fn winner(&self) -> Option<Site> {
        self.found.winner()
    }

    /// The winner, where it is in a file.
    #[must_use]
    pub fn winning_place(&self) -> Option<AssignmentId> {
        match self.winner() {
            Some(Site::File(place)) => Some(place),
            _ => None,
        }
    }
}

impl<'a> View<'a> {
    /// `stack` as `release` reads it.
    #[must_use]
    pub fn new(stack: &'a Stack, release: Release) -> Self {
        Self { stack, release }
    }

    /// The files.
    #[must_use]
    pub fn stack(&self) -> &'a Stack {
        self.stack
    }

    /// The release.
    #[must_use]
    pub fn release(&self) -> Release {
        self.release
    }

    /// Whether the release reads `OS_GROUP__NAME` from the environment (oslo.config 6.7, Stein).
    #[must_use]
    pub fn reads_environment(&self) -> bool {
        self.release >= Release::STEIN
    }

    /// The option and what sets it; `None` where the release does not know it by this name.
    #[must_use]
    pub fn setting(&self, group: &str, name: &str) -> Option<Setting> {
        catalog::option(group, name, self.release).map(|facts| self.setting_of(facts))
    }

    /// What sets the option that `facts` describe.
    #[must_use]
    pub fn setting_of(&self, facts: OptionFacts) -> Setting {
        self.setting_in(facts.group(), facts, self.reads_environment())
    }

    /// What sets the option that `facts` describe, when oslo.config looks for its current name in `group`.
    fn setting_in(&self, group: &str, facts: OptionFacts, with_environment: bool) -> Setting {
        if facts.has_one_name() {
            let names = [(group, facts.name())];
            let found = self.stack.find(&names, facts.is_multi(), with_environment);
            return Setting { facts, found }; // Nearly every option.
        }
        let keys = facts.keys(self.release).zip(0..);
        let pairs = keys.map(|((own, name), place)| (if place == 0 { group } else { own }, name));
        if !self.stack.may_hold(pairs.clone(), with_environment) {
            let found = self.stack.nothing();
            return Setting { facts, found };
        }
        let pairs: Vec<(&str, &str)> = pairs.collect();
        let found = self.stack.find(&pairs, facts.is_multi(), with_environment);
        Setting { facts, found }
    }

    /// Whether some file sets the option, by any of its names; cheaper than to find every place.
    #[must_use]
    pub fn is_written(&self, facts: OptionFacts) -> bool {
        facts
            .keys(self.release)
            .any(|(group, name)| self.stack.places_of(group, name).next().is_some())
    }

    /// The option that the assignment at `place` sets, and by which kind of name.
    #[must_use]
    pub fn option_at(&self, place: AssignmentId) -> Option<catalog::Named> {
        catalog::by_any_name(self.stack.group(place), &self.stack.key(place), self.release)
    }

    /// The option's value as a text, references replaced: what its type then reads; `None` where it is unset.
    ///
    /// # Errors
    /// A reference that leads nowhere.
    pub fn text(&self, setting: &Setting) -> Result<Option<String>, Unusable> {
        let text = self.text_within(setting, Walk::new(&Cell::new(MOST_WORK)))?;
        Ok(text.map(Cow::into_owned))
    }

    fn text_within(&self, setting: &Setting, walk: Walk<'_>) -> Result<Option<Cow<'a, str>>, Unusable> {
        let text = match setting.winner() {
            Some(site) if self.stack.is_unknown(site) => return Err(Unusable::Template),
            Some(site) => Some(self.stack.value(site)),
            None => setting.facts.default_text().map(Cow::Borrowed),
        };
        let expanded = text.map(|text| self.expand(setting.facts.group(), text, walk));
        expanded.transpose()
    }

    /// Every value of the option as a text, references replaced; of a single-valued option at most one.
    ///
    /// # Errors
    /// A reference that leads nowhere.
    pub fn texts(&self, setting: &Setting) -> Result<Vec<String>, Unusable> {
        if !setting.is_set() {
            return Ok(self.text(setting)?.into_iter().collect());
        }
        let values = setting.found.effective.iter();
        if values.clone().any(|&site| self.stack.is_unknown(site)) {
            return Err(Unusable::Template);
        }
        values
            .map(|&site| self.expanded(setting.facts.group(), &self.stack.value(site)))
            .collect()
    }

    /// `text`, as a value of an option in `group`, with its references replaced.
    ///
    /// # Errors
    /// A reference that leads nowhere.
    pub fn expanded(&self, group: &str, text: &str) -> Result<String, Unusable> {
        let text = self.expand(group, Cow::Borrowed(text), Walk::new(&Cell::new(MOST_WORK)))?;
        Ok(text.into_owned())
    }

    fn expand<'t>(&self, group: &str, text: Cow<'t, str>, walk: Walk<'_>) -> Result<Cow<'t, str>, Unusable> {
        let substituted = substitution::substitute(&text, |reference| self.referenced(group, reference, walk));
        match substituted.map_err(|reference| Unusable::Undefined(reference.name))? {
            Cow::Borrowed(_) => Ok(text), // Nearly every text.
            Cow::Owned(text) => Ok(Cow::Owned(text)),
        }
    }

    /// The option's value as its type reads it; `Value::None` where it is unset.
    ///
    /// # Errors
    /// The value is rejected, or a reference leads nowhere.
    pub fn value(&self, setting: &Setting) -> Result<Value, Unusable> {
        self.read(setting).map(Cow::into_owned)
    }

    /// As [`Self::value`], of a default without taking it along.
    ///
    /// # Errors
    /// As [`Self::value`].
    pub fn read(&self, setting: &Setting) -> Result<Cow<'static, Value>, Unusable> {
        if setting.winner().is_none() {
            if let Some(read) = setting.facts.default_as_read(self.profile()) {
                return Ok(Cow::Borrowed(read.as_ref().map_err(Clone::clone)?));
            }
            if setting.facts.default_text().is_none() {
                return Ok(Cow::Owned(Value::None));
            }
        }
        let text = self.text_within(setting, Walk::new(&Cell::new(MOST_WORK)))?;
        Ok(Cow::Owned(match text {
            None => Value::None,
            Some(text) => value::check(setting.facts.option_type(), &text, self.profile())?,
        }))
    }

    /// Which of oslo.config's ways of reading values the release has.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile::of(self.release.oslo_config())
    }

    /// A truth value; `None` where the release has no such option or its value is unusable.
    #[must_use]
    pub fn flag(&self, group: &str, name: &str) -> Option<bool> {
        match *self.read(&self.setting(group, name)?).ok()? {
            Value::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    /// A whole number, one beyond 64 bits held at the end of the range; `None` where the release has no such option or its
    /// value is empty or unusable.
    #[must_use]
    pub fn number(&self, group: &str, name: &str) -> Option<i64> {
        whole_number(&*self.read(&self.setting(group, name)?).ok()?)
    }

    /// A text; `None` where the release has no such option, it is unset, or its value is unusable.
    #[must_use]
    pub fn word(&self, group: &str, name: &str) -> Option<String> {
        match self.value(&self.setting(group, name)?).ok()? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A value that is a whole number, one beyond 64 bits held at the end of the range.
#[must_use]
pub fn whole_number(value: &Value) -> Option<i64> {
    match *value {
        Value::Int(number) => Some(i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })),
        _ => None,
    }
}

/// A value as Python's `str()` prints it, which is what a reference to it becomes.
#[must_use]
pub fn printed(value: &Value) -> String {
    as_printed(value).into_owned()
}

/// As [`printed`], of a text without taking it along.
#[must_use]
pub fn as_printed(value: &Value) -> Cow<'_, str> {
    let text = match value {
        Value::None => return Cow::Borrowed(""),
        Value::Text(text) => return Cow::Borrowed(text),
        Value::Bool(true) => return Cow::Borrowed("True"),
        Value::Bool(false) => return Cow::Borrowed("False"),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => printed_float(*number),
        Value::Range(first, last) => format!("{first}-{last}"),
        Value::List(items) => format!("[{}]", items.iter().map(quoted).collect::<Vec<_>>().join(", ")),
        Value::Dict(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| format!("{}: {}", repr(key), quoted(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    };
    Cow::Owned(text)
}

/// A value as Python's `repr()` prints it inside a list.
fn quoted(value: &Value) -> String {
    match value {
        Value::None => "None".to_owned(),
        Value::Text(text) => repr(text),
        other => printed(other),
    }
}

fn printed_float(number: f64) -> String {
    if number.is_finite() && number.fract() == 0.0 && number.abs() < 1e16 {
        format!("{number:.1}")
    } else if number.is_infinite() {
        if number > 0.0 {
            "inf".to_owned()
        } else {
            "-inf".to_owned()
        }
    } else if number.is_nan() {
        "nan".to_owned()
    } else {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oslo::Document;
    use crate::text::Source;

    fn stack(text: &str) -> Stack {
        Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())))
    }

    fn text_of(text: &str, group: &str, name: &str) -> Result<Option<String>, Unusable> {
        let stack = stack(text);
        let view = View::new(&stack, Release::NEWEST);
        view.text(&view.setting(group, name).unwrap())
    }

    #[test]
    fn a_value_that_nobody_sets_is_the_default_of_the_release() {
        let stack = stack("[libvirt]\n");
        let rocky = View::new(&stack, Release::ROCKY);
        assert_eq!(rocky.number("libvirt", "live_migration_completion_timeout"), Some(800));
        assert_eq!(rocky.flag("libvirt", "live_migration_permit_post_copy"), Some(false));
        assert!(rocky.setting("libvirt", "live_migration_timeout_action").is_none());
    }

    #[test]
    fn references_lead_to_the_same_group_then_to_default() {
        let text = "[DEFAULT]\nmy_ip = 10.0.0.1\nstate_path=/s\n[vnc]\nserver_listen = \
                    $my_ip\n[libvirt]\nimages_rbd_pool=p\nimages_volume_group=${images_rbd_pool}-$state_path\n";
        assert_eq!(text_of(text, "vnc", "server_listen"), Ok(Some("10.0.0.1".into())));
        assert_eq!(text_of(text, "libvirt", "images_volume_group"), Ok(Some("p-/s".into())));
    }

    #[test]
    fn a_reference_to_itself_or_to_nothing_fails() {
        for value in ["$images_volume_group", "$nothing", "$my_ip.", "$nogroup.my_ip"] {
            let text = format!("[libvirt]\nimages_volume_group = {value}\n");
            assert!(text_of(&text, "libvirt", "images_volume_group").is_err(), "{value}");
        }
    }

    #[test]
    fn references_that_multiply_come_to_an_end() {
        let itself = format!(
            "[libvirt]\nimages_volume_group = {}\n",
            "$images_volume_group".repeat(9)
        );
        assert!(text_of(&itself, "libvirt", "images_volume_group").is_err());
        for (times, is_usable) in [(9, true), (20, false)] {
            let text = format!(
                "[libvirt]\nimages_rbd_pool = {}\nimages_volume_group = {}\n",
                "x".repeat(100_000),
                "$images_rbd_pool".repeat(times)
            );
            assert_eq!(text_of(&text, "libvirt", "images_volume_group").is_ok(), is_usable);
        }
        // Each of these is the next one thirty times: 30^4 steps.
        let chain = [
            "images_volume_group",
            "images_rbd_pool",
            "rbd_user",
            "disk_prefix",
            "virt_type",
        ];
        let lines = chain.windows(2).map(|pair| {
            let references = format!("${}", pair[1]).repeat(30);
            format!("{} = {references}\n", pair[0])
        });
        let text = format!("[libvirt]\n{}", lines.collect::<String>());
        assert!(text_of(&text, "libvirt", "images_volume_group").is_err());
    }

    #[test]
    fn a_list_is_put_in_as_python_prints_it() {
        let text = "[vnc]\nauth_schemes = none,vencrypt\nvencrypt_ca_certs = $auth_schemes\n";
        assert_eq!(
            text_of(text, "vnc", "vencrypt_ca_certs"),
            Ok(Some("['none', 'vencrypt']".into()))
        );
    }
}
