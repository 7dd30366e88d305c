//! Every name written in a stack with what both releases make of it: looked up once, shared by the rules about options.
//!
//! It leaves out names that nova ignores for the way they, or their sections, are written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::catalog::outside::{self, Hints, Outside};
use crate::catalog::{self, Fate, Named, Release, fate, spelling};
use crate::nova::View;
use crate::oslo::names::normal_group;
use crate::oslo::stack::{Site, Stack};

/// One written name.
#[derive(Clone, Debug)]
pub struct NamedUse<'a> {
    /// Where.
    pub site: Site,
    /// The group as oslo.config matches it.
    pub group: Cow<'a, str>,
    /// The name as written; of a variable in lower case.
    pub key: Cow<'a, str>,
    /// What the release of today makes of it.
    pub before: Option<Named>,
    /// What the release to come makes of it.
    pub fate: Fate,
    /// Why it is right though the release to come lists no such option.
    pub outside: Option<Outside>,
}

impl NamedUse<'_> {
    /// `[group] name` as written.
    #[must_use]
    pub fn title(&self) -> String {
        format!("[{}] {}", self.group, self.key)
    }
}

/// Looks up every name in the stack, and the variables that the release of today reads.
pub(super) fn survey<'a>(from: &View<'a>, to: &View<'a>) -> Vec<NamedUse<'a>> {
    let stack = from.stack();
    let hints = hints(to);
    let mut found = Vec::with_capacity(stack.places().count());
    for place in stack.places() {
        let (group, key) = (stack.group(place), stack.key(place));
        if is_readable(stack, place) && !is_misspelt(group, &key) {
            let (group, site) = (Cow::Borrowed(group), Site::File(place));
            found.push(look_up(site, group, key, [from.release(), to.release()], &hints));
        }
    }
    for (index, variable) in stack.environment().iter().enumerate() {
        let Some((group, key)) = variable.name.strip_prefix("OS_").and_then(|name| name.split_once("__")) else {
            continue;
        };
        let group = normal_group(group).into_owned();
        let key = key.to_lowercase();
        // The environment counts by an option's own name only.
        let is_read = from.reads_environment() && catalog::option(&group, &key, from.release()).is_some();
        if is_read && !is_misspelt(&group, &key) {
            let (group, key) = (Cow::Owned(group), Cow::Owned(key));
            let releases = [from.release(), to.release()];
            found.push(look_up(Site::Environment(index), group, key, releases, &hints));
        }
    }
    found
}

fn look_up<'a>(
    site: Site,
    group: Cow<'a, str>,
    key: Cow<'a, str>,
    [from, to]: [Release; 2],
    hints: &Hints,
) -> NamedUse<'a> {
    let fate = fate(&group, &key, to);
    let before = match &fate {
        Fate::Known(option) if from == to => Some(Named {
            option: *option,
            via: catalog::Via::Current,
        }),
        _ => catalog::by_any_name(&group, &key, from),
    };
    let outside = match fate {
        Fate::Known(_) | Fate::Old(_) => None,
        // A name that nova once had is nova's own, whoever else has it too.
        Fate::Gone(_) => outside::recognise(&group, &key, hints, to).filter(|why| *why != Outside::OtherService),
        _ => outside::recognise(&group, &key, hints, to),
    };
    NamedUse {
        site,
        group,
        key,
        before,
        fate,
        outside,
    }
}

/// A name before the first section, or under a header that oslo.config rejects, is up to the reader.
fn is_readable(stack: &Stack, place: crate::oslo::stack::AssignmentId) -> bool {
    let section = stack.assignment(place).section();
    section.is_some_and(|index| !stack.document(place).sections()[index].malformed)
}

/// Whether nova ignores the name for the way it, or its section, is written: by case, hyphens or space.
fn is_misspelt(group: &str, key: &str) -> bool {
    if spelling::group_meant(group).is_some() {
        return true;
    }
    let plain = spelling::plain(key);
    plain != key && catalog::is_known_anywhere(group, &plain)
}

/// What the files say that decides which groups exist.
fn hints(to: &View<'_>) -> Hints {
    let words = |group: &str, name: &str| -> Vec<String> {
        let setting = to.setting(group, name);
        let text = setting.filter(crate::nova::Setting::is_set);
        let text = text.and_then(|setting| to.text(&setting).ok().flatten());
        let split = text.map(|text| text.split(',').map(|word| word.trim().to_owned()).collect());
        split.unwrap_or_default()
    };
    let stack = to.stack();
    // oslo.config's own option, which no list holds.
    let sources = stack.places_of("DEFAULT", "config_source");
    let auth_sections = stack.places().filter(|&place| stack.key(place) == "auth_section");
    let mut sections = stack.layers().iter().flat_map(|layer| layer.document.sections());
    let is_audit_map = sections.any(|section| matches!(&*section.group, "service_endpoints" | "path_keywords"));
    Hints {
        is_audit_map,
        auth_types: auth_types(to),
        physical_networks: words("neutron", "physnets"),
        config_sources: sources
            .flat_map(|place| list(&stack.value(Site::File(place))))
            .collect(),
        mediated_types: [
            words("devices", "enabled_mdev_types"),
            words("devices", "enabled_vgpu_types"),
        ]
        .concat(),
        auth_sections: auth_sections
            .map(|place| stack.value(Site::File(place)).trim().to_owned())
            .collect(),
    }
}

/// The plugin that each section chooses; of one that nova does not know the last line counts.
fn auth_types(to: &View<'_>) -> BTreeMap<String, String> {
    let stack = to.stack();
    let places = stack
        .places()
        .filter(|&place| matches!(&*stack.key(place), "auth_type" | "auth_plugin"));
    let written = places.map(|place| {
        let group = stack.group(place);
        let known = to.setting(group, "auth_type");
        let text = match known {
            Some(setting) => to.text(&setting).ok().flatten().unwrap_or_default(),
            None => stack.value(Site::File(place)).into_owned(),
        };
        (group.to_owned(), text.trim().to_owned())
    });
    written.collect()
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|word| word.trim().to_owned()).collect()
}
