//! Every name written in a stack with what both releases make of it: looked up once, shared by the rules about options.
//!
//! It leaves out names that nova ignores for the way they, or their sections, are written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::catalog::outside::{self, Hints, Outside};
use crate::catalog::{self, Fate, Named, Release, spelling};
use crate::nova::View;
use crate::oslo::names::normal_group;
use crate::oslo::stack::{AssignmentId, Site, Stack};

/// One written name.
#[derive(Clone, Debug)]
pub struct NamedUse<'a> {
    /// Where.
    pub site: Site,
    /// The group as oslo.config matches it.
    pub group: Cow<'a, str>,
    /// The name as written; of a variable in lower case.
    pub key: Cow<'a, str>,
    /// Whether any release has an option in the group.
    pub is_group_known: bool,
    /// Whether neither its group nor the name, as it is written, is known of any group: what no other spelling leads to.
    pub is_nobodys: bool,
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
    let releases = [from.release(), to.release()];
    let mut found = Vec::with_capacity(stack.places().count());
    for (layer, file) in stack.layers().iter().enumerate() {
        let assignments = file.document.assignments();
        let sections = assignments.chunk_by(|a, b| a.section() == b.section());
        let mut assignment = 0;
        for lines in sections {
            let first = assignment;
            assignment += lines.len();
            let place = |assignment| AssignmentId { layer, assignment };
            if !is_readable(stack, place(first)) {
                continue;
            }
            let Some(section) = Section::new(stack.group(place(first)), releases, &hints) else {
                continue;
            };
            let look_up = |place| {
                let (group, key) = (Cow::Borrowed(stack.group(place)), stack.key(place));
                section.look_up(Site::File(place), group, key)
            };
            found.extend((first..assignment).map(place).filter_map(look_up));
        }
    }
    for (index, variable) in stack.environment().iter().enumerate() {
        let Some((group, key)) = variable.name.strip_prefix("OS_").and_then(|name| name.split_once("__")) else {
            continue;
        };
        let group = normal_group(group).into_owned();
        let key = key.to_lowercase();
        // The environment counts by an option's own name only.
        if !from.reads_environment() || catalog::option(&group, &key, from.release()).is_none() {
            continue;
        }
        if let Some(section) = Section::new(&group, releases, &hints) {
            let (group, key) = (Cow::Owned(group.clone()), Cow::Owned(key));
            found.extend(section.look_up(Site::Environment(index), group, key));
        }
    }
    found
}

/// A section, looked up once for all its names.
struct Section<'g> {
    group: catalog::Group,
    outside: outside::Section<'g>,
    releases: [Release; 2],
}

impl<'g> Section<'g> {
    /// `None` where nova ignores it for the way its name is written: by case, hyphens or space.
    fn new(name: &str, releases: [Release; 2], hints: &'g Hints) -> Option<Self> {
        spelling::group_meant(name).is_none().then(|| Self {
            group: catalog::group(name),
            outside: outside::Section::new(name, hints, releases[1]),
            releases,
        })
    }

    /// What both releases make of `key` in this section; `None` where nova ignores it for the way it is written.
    fn look_up<'a>(&self, site: Site, group: Cow<'a, str>, key: Cow<'a, str>) -> Option<NamedUse<'a>> {
        if self.is_misspelt(&key) {
            return None;
        }
        let [from, to] = self.releases;
        let known = self.group.known(&key);
        let fate = known.fate(to);
        let before = match &fate {
            Fate::Known(option) if from == to => Some(Named {
                option: *option,
                via: catalog::Via::Current,
            }),
            _ if !known.is_anywhere() => None,
            _ => known.named(from),
        };
        let recognised = || self.outside.recognise(&known);
        let outside = match fate {
            Fate::Known(_) | Fate::Old(_) => None,
            // A name that nova once had is nova's own, whoever else has it too; a privileged context that its library has
            // dropped has no options.
            Fate::Gone(_) => recognised().filter(|why| !matches!(why, Outside::OtherService | Outside::Privsep)),
            _ => recognised(),
        };
        let is_nobodys = fate == Fate::Unknown
            && !self.group.is_known()
            && spelling::is_plain(&*key)
            && !catalog::is_name_of_any_group(&key);
        Some(NamedUse {
            site,
            group,
            key,
            is_group_known: self.group.is_known(),
            is_nobodys,
            before,
            fate,
            outside,
        })
    }

    /// Whether nova knows what is written with other case or hyphens.
    fn is_misspelt(&self, key: &str) -> bool {
        if spelling::is_plain(key) {
            return false; // Nearly every name.
        }
        let plain = spelling::plain(key);
        plain != key && self.group.known(&plain).is_anywhere()
    }
}

/// A name before the first section, or under a header that oslo.config rejects, is up to the reader.
fn is_readable(stack: &Stack, place: AssignmentId) -> bool {
    let section = stack.assignment(place).section();
    section.is_some_and(|index| !stack.document(place).sections()[index].malformed)
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
        physical_networks: outside::lower(words("neutron", "physnets")),
        config_sources: outside::lower(sources.flat_map(|place| list(&stack.value(Site::File(place))))),
        mediated_types: outside::lower(
            ["enabled_mdev_types", "enabled_vgpu_types"]
                .into_iter()
                .flat_map(|name| words("devices", name)),
        ),
        auth_sections: outside::lower(auth_sections.map(|place| stack.value(Site::File(place)).trim().to_owned())),
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
