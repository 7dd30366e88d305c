//! Options and sections by which the files of other services of a cloud are recognised: nova never had them.
//!
//! It counts what speaks for whom; what is made of the counts, [`crate::effective::nature`] says. The names lie in
//! `data/services.txt`, which says of each list what it holds.

use std::sync::OnceLock;

const NAMES: &str = include_str!("data/services.txt");

/// Another service and what its files hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its name, which is also what its files are called by.
    pub name: &'static str,
    /// Names in `[DEFAULT]`.
    pub options: Vec<&'static str>,
    /// Sections, as oslo.config matches them.
    pub groups: Vec<&'static str>,
    /// Names in sections that the operator names, one for each back end.
    pub in_back_ends: Vec<&'static str>,
}

impl Service {
    /// Whether an assignment of `key` in `group` speaks for this service.
    #[must_use]
    pub fn has(&self, group: &str, key: &str) -> bool {
        match group {
            "DEFAULT" => self.options.contains(&key),
            _ => self.groups.contains(&group) || self.in_back_ends.contains(&key),
        }
    }
}

/// What nova has alone, and what it shares.
#[derive(Default)]
struct Nova {
    /// Sections that nova alone has.
    groups: Vec<&'static str>,
    /// Sections in which nova says how it speaks to another service; others have the like.
    clients: Vec<&'static str>,
    /// How names in `[DEFAULT]` begin that nova shares with other services, by a library or by descent.
    shared_starts: Vec<&'static str>,
    /// Other names in `[DEFAULT]` that nova shares.
    shared: Vec<&'static str>,
}

#[derive(Default)]
struct Lists {
    services: Vec<Service>,
    nova: Nova,
}

/// Every service that is recognised; one that sets nothing of its own is known by its file's name.
#[must_use]
pub fn services() -> &'static [Service] {
    &lists().services
}

fn lists() -> &'static Lists {
    static PARSED: OnceLock<Lists> = OnceLock::new();
    PARSED.get_or_init(|| parsed(NAMES))
}

fn parsed(text: &'static str) -> Lists {
    let mut lists = Lists::default();
    let (mut is_nova, mut list) = (false, "");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if !line.starts_with(' ') {
            is_nova = line == "nova";
            if !is_nova {
                let name = line;
                lists.services.push(Service {
                    name,
                    ..Service::default()
                });
            }
            continue;
        }
        for word in line.split_whitespace() {
            if let Some(name) = word.strip_suffix(':') {
                list = name;
            } else if let Some(words) = lists.named(is_nova, list) {
                words.push(word);
            }
        }
    }
    lists
}

impl Lists {
    /// The list that `name` stands for, of nova or of the last service.
    fn named(&mut self, is_nova: bool, name: &str) -> Option<&mut Vec<&'static str>> {
        let nova = &mut self.nova;
        let service = self.services.last_mut()?;
        Some(match (is_nova, name) {
            (true, "groups") => &mut nova.groups,
            (true, "clients") => &mut nova.clients,
            (true, "shared_starts") => &mut nova.shared_starts,
            (true, "shared") => &mut nova.shared,
            (false, "options") => &mut service.options,
            (false, "groups") => &mut service.groups,
            (false, "in_back_ends") => &mut service.in_back_ends,
            _ => return None,
        })
    }
}

/// How far a name shows that a file is nova's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nova alone has it.
    Own,
    /// It says how to speak to another service: nova's files hold it, and others'.
    Client,
    /// Nova has it, and so have others.
    Shared,
    /// No release of nova knows it.
    Unknown,
}

/// How far `key` in `group` (normalized) shows that a file is nova's.
#[must_use]
pub fn mark(group: &str, key: &str) -> Mark {
    if !super::is_known_anywhere(group, key) {
        return Mark::Unknown;
    }
    let nova = &lists().nova;
    if nova.clients.contains(&group) {
        return Mark::Client;
    }
    let is_shared = nova.shared.contains(&key) || nova.shared_starts.iter().any(|start| key.starts_with(start));
    if nova.groups.contains(&group) || (group == "DEFAULT" && !is_shared) {
        return Mark::Own;
    }
    Mark::Shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_speaks_for_another_service_was_ever_novas() {
        for service in services() {
            for name in &service.options {
                assert!(
                    !super::super::is_known_anywhere("DEFAULT", name),
                    "{}: {name}",
                    service.name
                );
            }
            for group in &service.groups {
                assert!(!super::super::is_group_known(group), "{}: [{group}]", service.name);
            }
        }
    }

    #[test]
    fn what_nova_shares_shows_nothing() {
        assert_eq!(mark("libvirt", "virt_type"), Mark::Own);
        assert_eq!(mark("DEFAULT", "compute_driver"), Mark::Own);
        assert_eq!(mark("cinder", "catalog_info"), Mark::Client);
        assert_eq!(mark("DEFAULT", "my_ip"), Mark::Shared);
        assert_eq!(mark("oslo_messaging_rabbit", "rabbit_ha_queues"), Mark::Shared);
        assert_eq!(mark("DEFAULT", "core_plugin"), Mark::Unknown);
    }

    #[test]
    fn every_word_of_the_lists_is_in_one() {
        let words = NAMES
            .lines()
            .filter(|line| line.starts_with(' '))
            .flat_map(str::split_whitespace);
        let words = words.filter(|word| !word.ends_with(':')).count();
        let Lists { services, nova } = parsed(NAMES);
        let of = |service: &Service| service.options.len() + service.groups.len() + service.in_back_ends.len();
        let of_nova = nova.groups.len() + nova.clients.len() + nova.shared_starts.len() + nova.shared.len();
        assert_eq!(services.iter().map(of).sum::<usize>() + of_nova, words);
        assert_eq!(services.iter().filter(|service| of(service) == 0).count(), 17);
    }
}
