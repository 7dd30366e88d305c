//! Which release runs today: said, installed, or a range that the options in the files leave.
//!
//! It reads names only: no value tells a release. An option that a release brought allows no older one; one that went
//! allows everything, for dead lines stay in files for years.

use crate::catalog::{self, Release, outside};
use crate::nova::migration::settings::{ACTION, LIBVIRT};
use crate::oslo::stack::{AssignmentId, Stack};

/// The releases that may run today, and what says so. `oldest` is never newer than `newest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Today {
    /// The oldest that may run.
    pub oldest: Release,
    /// The newest that may run: an upgrade is compared from it.
    pub newest: Release,
    /// What says so.
    pub evidence: Evidence,
}

/// Where it is known from which releases may run today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The operator said it.
    Said,
    /// What is installed beside the files, in words: `nova 26.2.2 is installed`.
    Installed(String),
    /// The options in the files, and where the upgrade leads.
    Options {
        /// The option that allows no older release; `None` where none bounds it.
        came: Option<Pin>,
        /// The release the upgrade leads to, where the operator said it.
        to: Option<Release>,
    },
}

impl Evidence {
    /// The word for it in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Installed(_) => "installed",
            Self::Options { .. } => "options",
        }
    }
}

/// An option that bounds the release of today from below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Where it is set.
    pub place: AssignmentId,
    /// The group it stands in.
    pub group: String,
    /// `live_migration_with_native_tls`.
    pub name: String,
    /// The first release with it.
    pub release: Release,
}

impl Today {
    /// Exactly `release`, as the operator says.
    #[must_use]
    pub fn said(release: Release) -> Self {
        Self {
            oldest: release,
            newest: release,
            evidence: Evidence::Said,
        }
    }

    /// What the options of `stack` leave, for an upgrade to `to` where the operator said one: it starts below that
    /// release, unless an option came with it or later. Without one it may be any release up to the newest known.
    #[must_use]
    pub fn of_options(stack: &Stack, to: Option<Release>) -> Self {
        let came = pin(stack);
        let least = came.as_ref().map_or(Release::OLDEST, |pin| pin.release);
        let (oldest, newest) = match to {
            None => (least, Release::newest()),
            Some(to) if least >= to => (to, to),
            Some(to) => (least, to.previous().unwrap_or(to)),
        };
        Self {
            oldest,
            newest,
            evidence: Evidence::Options { came, to },
        }
    }

    /// Whether only one release may run.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.oldest == self.newest
    }

    /// Every release that may run, oldest first.
    #[must_use]
    pub fn releases(&self) -> impl DoubleEndedIterator<Item = Release> + use<> {
        let (oldest, newest) = (self.oldest, self.newest);
        Release::all().filter(move |&release| oldest <= release && release <= newest)
    }

    /// Whether an upgrade to `to` is compared: it leads somewhere, or the operator said that it does not.
    #[must_use]
    pub fn compares(&self, to: Release) -> bool {
        self.newest < to || self.evidence == Evidence::Said
    }

    /// The range in words: `rocky`, `pike to rocky`, `rocky or earlier`, `pike or later`, `any release`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let (oldest, newest) = (self.oldest.short(), self.newest.short());
        match (self.oldest == Release::OLDEST, self.newest == Release::newest()) {
            _ if self.is_one() => newest.to_owned(),
            (true, true) => "any release".to_owned(),
            (true, false) => format!("{newest} or earlier"),
            (false, true) => format!("{oldest} or later"),
            (false, false) => format!("{oldest} to {newest}"),
        }
    }

    /// What says so, for the first line of a report.
    #[must_use]
    pub fn why(&self) -> String {
        let (came, to) = match &self.evidence {
            Evidence::Said => return "today's release was given with `--from`".to_owned(),
            Evidence::Installed(words) if self.is_one() => {
                return format!("today's release is {}: {words}", self.newest);
            }
            Evidence::Installed(words) => {
                return format!("today's release is one of {} to {}: {words}", self.oldest, self.newest);
            }
            Evidence::Options { came, to } => (came, *to),
        };
        let brought = |pin: &Pin| format!("`[{}] {}` came with {}", pin.group, pin.name, pin.release.short());
        match (came, to) {
            (Some(pin), Some(to)) if pin.release >= to => {
                format!("{}; pass `--from` to say what runs today", brought(pin))
            }
            (Some(pin), _) => format!(
                "{} may run today, because {}; pass `--from` to say which",
                self.in_words(),
                brought(pin)
            ),
            (None, Some(to)) => format!(
                "{} may run today, because no option in it came with {} or later; pass `--from` to say which",
                self.in_words(),
                to.short()
            ),
            (None, None) => "no option in it shows what runs today; pass `--from` to say so".to_owned(),
        }
    }
}

/// The latest of what the options in `stack` bound.
fn pin(stack: &Stack) -> Option<Pin> {
    let mut latest: Option<(AssignmentId, Release)> = None;
    // What another service's file sets tells nothing of nova.
    let natures = super::nature::natures(stack);
    let counts = |place: &AssignmentId| natures[place.layer].is_nova() && stack.assignment(*place).section().is_some();
    for place in stack.places().filter(counts) {
        let (group, key) = (stack.group(place), stack.key(place));
        let came = came_with(group, &key).filter(|&came| latest.is_none_or(|(_, known)| known < came));
        latest = came.map(|came| (place, came)).or(latest);
    }
    latest.map(|(place, release)| Pin {
        place,
        group: stack.group(place).to_owned(),
        name: stack.key(place).into_owned(),
        release,
    })
}

/// The release that brought `key` of `group`, where that tells what runs.
fn came_with(group: &str, key: &str) -> Option<Release> {
    if tells_nothing(group, key) {
        return None;
    }
    let (own, old) = (catalog::life(group, key), catalog::life_as_alias(group, key));
    let first = own.iter().chain(&old).min_by_key(|facts| facts.since())?;
    // A library's options come with the library, which is upgraded apart from nova. What the first complete list holds
    // was there before, as far as anyone can tell; the lists of two releases before it name live migration alone.
    let is_novas = first.source().starts_with("nova");
    (is_novas && first.since() != Release::FIRST_COMPLETE && first.since() > Release::OLDEST).then(|| first.since())
}

/// Groups whose options a library registers in nova, whatever list names them; and nova's own workarounds, which are
/// brought to older releases as a matter of course.
const GROUPS: [&str; 9] = [
    "api_database",
    "barbican",
    "barbican_service_user",
    "cache",
    "database",
    "key_manager",
    "placement_database",
    "vault",
    "workarounds",
];
/// Options that keystoneauth registers in the groups of other services: sessions, adapters, plugins.
const AUTHENTICATION: [&str; 34] = [
    "auth_section",
    "auth_type",
    "auth_url",
    "cafile",
    "certfile",
    "collect_timing",
    "connect_retries",
    "connect_retry_delay",
    "debug",
    "default_domain_id",
    "default_domain_name",
    "domain_id",
    "domain_name",
    "endpoint_override",
    "insecure",
    "keyfile",
    "max_version",
    "min_version",
    "password",
    "region_name",
    "retriable_status_codes",
    "service_name",
    "service_type",
    "split_loggers",
    "status_code_retries",
    "status_code_retry_delay",
    "system_scope",
    "timeout",
    "tls_ciphers",
    "tls_min_version",
    "trust_id",
    "user_id",
    "username",
    "valid_interfaces",
];
/// Options of nova that say nothing of the release all the same, as (group, name).
const ELSEWHERE: [(&str, &str); 7] = [
    // Written before the upgrade, as its guides and `fix` say: what runs today takes no notice of it.
    (LIBVIRT, ACTION),
    // Brought to stable branches and by distributions to releases that are older than their own.
    ("compute", "vmdk_allowed_types"),
    ("libvirt", "images_address_space_limit"),
    ("libvirt", "images_cpu_time_limit"),
    ("libvirt", "rx_queue_size"),
    ("libvirt", "tx_queue_size"),
    ("neutron", "http_retries"),
];

/// Whether `key` of `group` tells nothing of the release that runs, whenever nova's list learnt of it.
fn tells_nothing(group: &str, key: &str) -> bool {
    let is_authentication = AUTHENTICATION.contains(&key) || key.starts_with("project_") || key.starts_with("tenant_");
    outside::is_listed_late(group)
        || GROUPS.contains(&group)
        || (group != "DEFAULT" && (is_authentication || key.starts_with("user_domain_")))
        || ELSEWHERE.contains(&(group, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oslo::Document;
    use crate::text::Source;

    fn train() -> Release {
        Release::STEIN.next().unwrap()
    }

    fn today(text: &str, to: Option<Release>) -> Today {
        let source = Source::new("nova.conf", text.as_bytes().to_vec());
        Today::of_options(&Stack::of(Document::parse(source)), to)
    }

    fn ends(text: &str, to: Option<Release>) -> (Release, Release) {
        let today = today(text, to);
        (today.oldest, today.newest)
    }

    #[test]
    fn an_option_that_came_with_a_release_allows_no_older_one() {
        let text = "[libvirt]\nlive_migration_with_native_tls=true\n[vnc]\nserver_listen=::\n";
        assert_eq!(ends(text, None), (Release::STEIN, Release::NEWEST));
        assert!(
            today(text, None)
                .why()
                .contains("`[libvirt] live_migration_with_native_tls` came with stein")
        );
    }

    #[test]
    fn an_option_that_went_allows_every_release() {
        let dead =
            "[cells]\nenable=False\n[neutron]\nurl=http://192.0.2.1\n[libvirt]\nlive_migration_progress_timeout=0\n";
        assert_eq!(ends(dead, None), (Release::OLDEST, Release::NEWEST));
    }

    #[test]
    fn what_is_written_ahead_of_the_upgrade_tells_nothing() {
        let ahead = "[libvirt]\nlive_migration_timeout_action=force_complete\n";
        assert_eq!(ends(ahead, Some(Release::STEIN)), (Release::OLDEST, Release::ROCKY));
    }

    #[test]
    fn what_libraries_bring_or_stable_branches_took_over_tells_nothing() {
        let text = "[keystone_authtoken]\nservice_type=x\n[cinder]\nauth_type=password\n[vault]\nnamespace=x\n\
                    [workarounds]\nskip_cpu_compare_on_dest=true\n[oslo_limit]\nendpoint_id=x\n\
                    [compute]\nvmdk_allowed_types=x\n";
        assert_eq!(ends(text, None), (Release::OLDEST, Release::NEWEST));
    }

    #[test]
    fn an_upgrade_starts_before_the_release_it_leads_to() {
        let silent = "[libvirt]\nvirt_type=kvm\n";
        assert_eq!(ends(silent, Some(train())), (Release::OLDEST, Release::STEIN));
        let tls = "[libvirt]\nlive_migration_with_native_tls=true\n";
        assert_eq!(ends(tls, Some(train())), (Release::STEIN, Release::STEIN));
        for to in [Release::STEIN, Release::ROCKY] {
            let today = today(tls, Some(to));
            assert_eq!((today.oldest, today.newest), (to, to));
            assert!(!today.compares(to), "{to}");
        }
    }

    #[test]
    fn options_nobody_knows_do_not_count() {
        let text = "[mine]\nx=1\n[DEFAULT]\nno_such_thing=1\n";
        assert_eq!(ends(text, None), (Release::OLDEST, Release::NEWEST));
        assert!(!today(text, None).compares(Release::NEWEST));
    }

    #[test]
    fn a_range_is_put_in_words() {
        let words = |oldest, newest| {
            let evidence = Evidence::Said;
            Today {
                oldest,
                newest,
                evidence,
            }
            .in_words()
        };
        assert_eq!(words(Release::OLDEST, Release::NEWEST), "any release");
        assert_eq!(words(Release::OLDEST, Release::ROCKY), "rocky or earlier");
        assert_eq!(words(Release::STEIN, Release::NEWEST), "stein or later");
        assert_eq!(words(Release::STEIN, train()), "stein to train");
        assert_eq!(words(train(), train()), "train");
    }
}
