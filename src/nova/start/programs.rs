//! Which of nova's services a stack of files is for: as it was said, else as what it sets tells.

use crate::catalog::spelling;
use crate::nova::{Setting, View};

/// Whom the files serve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Programs {
    /// Nobody said so: what is written counts for whoever reads it, and what is missing only where the files show whom they
    /// serve.
    #[default]
    Guessed,
    /// Every service.
    All,
    /// These, by the names of their programs.
    Named(Vec<String>),
}

/// Whose files are meant where nobody says otherwise.
const USUAL: &str = "nova-compute";

/// The programs of nova in any release, and the service that each of them runs, by the name that facts have for it.
const PROGRAMS: [(&str, &str); 22] = [
    ("nova-api", "nova-api"),
    ("nova-api-metadata", "nova-api"),
    ("nova-api-os-compute", "nova-api"),
    ("nova-api-wsgi", "nova-api"),
    ("nova-cells", "nova-cells"),
    ("nova-cert", "nova-cert"),
    ("nova-compute", "nova-compute"),
    ("nova-conductor", "nova-conductor"),
    ("nova-console", "nova-console"),
    ("nova-consoleauth", "nova-consoleauth"),
    ("nova-dhcpbridge", "nova-network"),
    ("nova-manage", "nova-manage"),
    ("nova-metadata-wsgi", "nova-api"),
    ("nova-network", "nova-network"),
    ("nova-novncproxy", "nova-novncproxy"),
    ("nova-placement-api", "nova-placement-api"),
    ("nova-policy", "nova-api"),
    ("nova-scheduler", "nova-scheduler"),
    ("nova-serialproxy", "nova-serialproxy"),
    ("nova-spicehtml5proxy", "nova-spicehtml5proxy"),
    ("nova-status", "nova-status"),
    ("nova-xvpvncproxy", "nova-xvpvncproxy"),
];

/// The names of nova's programs, of all releases.
pub fn names() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|(name, _)| *name)
}

/// The service that `program` runs: a name that goes on behind a hyphen (`nova-compute-ironic`) is of the one before it. `None` where
/// nova has no such program.
fn service(program: &str) -> Option<&'static str> {
    let goes_on = |name: &str| {
        program
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let known = PROGRAMS.iter().filter(|(name, _)| goes_on(name));
    known.max_by_key(|(name, _)| name.len()).map(|(_, service)| *service)
}

/// An option that shows a service, where it is set.
struct Sign {
    program: &'static str,
    group: &'static str,
    name: &'static str,
}

const fn sign(program: &'static str, group: &'static str, name: &'static str) -> Sign {
    Sign { program, group, name }
}

/// What only one service reads and nearly every file of it sets.
const SIGNS: [Sign; 16] = [
    sign("nova-compute", "DEFAULT", "compute_driver"),
    sign("nova-compute", "DEFAULT", "instances_path"),
    sign("nova-compute", "libvirt", "virt_type"),
    sign("nova-compute", "libvirt", "cpu_mode"),
    sign("nova-compute", "libvirt", "images_type"),
    sign("nova-compute", "libvirt", "live_migration_uri"),
    sign("nova-compute", "vnc", "server_proxyclient_address"),
    sign("nova-compute", "vmware", "host_ip"),
    sign("nova-scheduler", "filter_scheduler", "enabled_filters"),
    sign("nova-scheduler", "scheduler", "discover_hosts_in_cells_interval"),
    sign("nova-conductor", "conductor", "workers"),
    sign("nova-api", "DEFAULT", "osapi_compute_listen"),
    sign("nova-api", "DEFAULT", "osapi_compute_workers"),
    sign("nova-api", "api_database", "connection"),
    sign("nova-api", "keystone_authtoken", "auth_type"),
    sign("nova-novncproxy", "vnc", "novncproxy_host"),
];

/// Sections that one service alone reads, by what nova 18 to 34 do with them: the drivers' are nova-compute's.
const SECTIONS: [(&str, &str); 13] = [
    ("conductor", "nova-conductor"),
    ("devices", USUAL),
    ("guestfs", USUAL),
    ("hyperv", USUAL),
    ("libvirt", USUAL),
    ("metrics", "nova-scheduler"),
    ("mks", USUAL),
    ("powervm", USUAL),
    ("rdp", USUAL),
    ("scheduler", "nova-scheduler"),
    ("vmware", USUAL),
    ("wsgi", "nova-api"),
    ("zvm", USUAL),
];

/// The one service that reads the section `group`; `None` where several do, or it is not known.
#[must_use]
pub fn only_reader(group: &str) -> Option<&'static str> {
    let mut known = SECTIONS.iter();
    known.find(|(name, _)| *name == group).map(|(_, program)| *program)
}

impl Programs {
    /// The services that are named, for a sentence; `None` where none is.
    #[must_use]
    pub fn named(&self) -> Option<String> {
        match self {
            Self::Named(names) => Some(names.join(", ")),
            Self::Guessed | Self::All => None,
        }
    }

    /// Whether the files serve somebody who reads the section `group`.
    #[must_use]
    pub fn may_read(&self, group: &str) -> bool {
        only_reader(group).is_none_or(|program| self.may_be(program))
    }

    /// What `--program` says: names separated by commas, or `all`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text == "all" {
            return Self::All;
        }
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        Self::Named(names.map(str::to_owned).collect())
    }

    /// The first name that is no program of nova's, and the one that is nearly it.
    #[must_use]
    pub fn unknown(&self) -> Option<(&str, Option<&'static str>)> {
        let Self::Named(names) = self else {
            return None;
        };
        let unknown = names.iter().find(|name| service(name).is_none())?;
        let known = PROGRAMS.iter().map(|(name, _)| *name);
        Some((unknown, spelling::nearest(unknown, known)))
    }

    /// The program whose default files are read: the first that is named, else nova-compute.
    #[must_use]
    pub fn first(&self) -> &str {
        match self {
            Self::Named(names) => names.first().map_or(USUAL, String::as_str),
            Self::Guessed | Self::All => USUAL,
        }
    }

    /// Whether what the files say counts for `program`; `nova-status` reads whatever is to be upgraded.
    #[must_use]
    pub fn may_be(&self, program: &str) -> bool {
        match self {
            Self::Guessed | Self::All => true,
            Self::Named(names) => program == "nova-status" || names.iter().any(|name| service(name) == Some(program)),
        }
    }

    /// What shows that the files are all that `program` reads, so that what they lack is missing: a clause; `None` where
    /// nothing does.
    #[must_use]
    pub fn wholly(&self, view: &View<'_>, program: &str) -> Option<String> {
        match self {
            Self::All => Some("`--program all` says so".to_owned()),
            Self::Named(names) => {
                let is_named = names.iter().any(|name| service(name) == Some(program));
                is_named.then(|| format!("`--program {program}` says so"))
            }
            Self::Guessed => {
                if !is_chosen(view, "DEFAULT", "transport_url") {
                    return None;
                }
                let mut signs = SIGNS.iter().filter(|sign| sign.program == program);
                let sign = signs.find(|sign| is_set(view, sign.group, sign.name))?;
                Some(format!("they set `[{}] {}` and `transport_url`", sign.group, sign.name))
            }
        }
    }
}

fn is_set(view: &View<'_>, group: &str, name: &str) -> bool {
    view.setting(group, name).is_some_and(|setting| setting.is_set())
}

/// Whether the option is set to something else than its default: a sample file sets everything to that.
fn is_chosen(view: &View<'_>, group: &str, name: &str) -> bool {
    let setting = view.setting(group, name).filter(Setting::is_set);
    setting.is_some_and(|setting| {
        let default = setting.facts.default_text().unwrap_or_default();
        !matches!(view.text(&setting), Ok(Some(text)) if text == default)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Release, option};
    use crate::oslo::Document;
    use crate::oslo::stack::Stack;
    use crate::text::Source;

    #[test]
    fn every_sign_is_an_option_of_some_release() {
        for sign in &SIGNS {
            let is_there = Release::all().any(|release| option(sign.group, sign.name, release).is_some());
            assert!(is_there, "[{}] {}", sign.group, sign.name);
        }
    }

    #[test]
    fn files_are_whole_where_they_show_a_service_and_the_message_bus() {
        let of = |conf: &str, program| {
            let stack = Stack::of(Document::parse(Source::new("nova.conf", conf.as_bytes().to_vec())));
            let view = View::new(&stack, Release::NEWEST);
            Programs::Guessed.wholly(&view, program).is_some()
        };
        let conf = "[DEFAULT]\ntransport_url = rabbit://h/\n[libvirt]\nvirt_type = kvm\n";
        assert!(of(conf, "nova-compute") && !of(conf, "nova-scheduler"));
        assert!(!of("[libvirt]\nvirt_type = kvm\n", "nova-compute"));
        let defaults = "[DEFAULT]\ntransport_url = rabbit://\n[libvirt]\nvirt_type = kvm\n";
        assert!(!of(defaults, "nova-compute"), "a sample file shows nothing");
    }

    #[test]
    fn a_section_of_one_service_is_read_by_it_alone() {
        for (group, program) in SECTIONS {
            assert!(PROGRAMS.contains(&(program, program)), "{program}");
            assert!(crate::catalog::is_group_known(group), "[{group}]");
        }
        let scheduler = Programs::parse("nova-scheduler");
        assert!(!scheduler.may_read("libvirt") && scheduler.may_read("scheduler") && scheduler.may_read("vnc"));
        assert!(Programs::Guessed.may_read("libvirt"));
    }

    #[test]
    fn what_is_said_decides() {
        assert_eq!(Programs::parse("all"), Programs::All);
        let two = Programs::parse("nova-compute, nova-scheduler");
        assert!(two.may_be("nova-scheduler") && !two.may_be("nova-api"));
        assert!(two.may_be("nova-status"));
        let metadata = Programs::parse("nova-api-metadata,nova-compute-ironic");
        assert!(metadata.may_be("nova-api") && metadata.may_be("nova-compute") && metadata.unknown().is_none());
        let slip = Programs::parse("nova-scheduler,nova-compoot");
        assert_eq!(slip.unknown(), Some(("nova-compoot", Some("nova-compute"))));
    }
}
