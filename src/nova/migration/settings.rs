//! The options that decide over a live migration: their names, and what one release makes of them, read once and typed.
//!
//! It judges no value: whether one is wise is for the rules to say, and whether a host can do it for `novamend verify`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::TimeoutAction;
use crate::catalog::{self, ByRelease, OfCatalog, OptionFacts, Release};
use crate::nova::{self, Setting, Unusable, View};
use crate::oslo::stack::Stack;
use crate::oslo::value::Value;

/// The group of every option here.
pub const LIBVIRT: &str = "libvirt";

/// The kind of guests that nova runs.
pub const VIRT_TYPE: &str = "virt_type";
/// The option that keeps the memory of guests in files, in MiB; from 18 on.
pub const FILE_BACKED: &str = "file_backed_memory";
/// The option that says how sources reach this host's libvirt; it voids [`SCHEME`].
pub const URI: &str = "live_migration_uri";
/// The option that says by which transport sources reach this host's libvirt; from 15 on.
pub const SCHEME: &str = "live_migration_scheme";
/// The option that says under which address sources reach this host.
pub const INBOUND: &str = "live_migration_inbound_addr";
/// The option that says what happens at [`COMPLETION_TIMEOUT`]; from 19 on.
pub const ACTION: &str = "live_migration_timeout_action";
/// The option that says how many seconds per GiB a migration may take.
pub const COMPLETION_TIMEOUT: &str = "live_migration_completion_timeout";
/// The option that says how many seconds a migration may make no progress; up to 18.
pub const PROGRESS_TIMEOUT: &str = "live_migration_progress_timeout";
/// The option that permits post-copy; up to 18 nova then switches by itself.
pub const POST_COPY: &str = "live_migration_permit_post_copy";
/// The option that slows a busy guest down; without effect where post-copy is permitted.
pub const AUTO_CONVERGE: &str = "live_migration_permit_auto_converge";
/// The option that leads the migration through libvirtd.
pub const TUNNELLED: &str = "live_migration_tunnelled";
/// The option that lets QEMU encrypt the migration itself; from 19 on.
pub const NATIVE_TLS: &str = "live_migration_with_native_tls";
/// The option that gives a migration several connections; from 33 on.
pub const PARALLEL: &str = "live_migration_parallel_connections";
/// The option that limits the speed of a migration, in MiB/s.
pub const BANDWIDTH: &str = "live_migration_bandwidth";
/// The option that says for how long a guest may be paused at the end, in ms.
pub const DOWNTIME: &str = "live_migration_downtime";
/// The option that says in how many steps the downtime is raised.
pub const DOWNTIME_STEPS: &str = "live_migration_downtime_steps";
/// The option that says how many seconds per GiB lie between two steps.
pub const DOWNTIME_DELAY: &str = "live_migration_downtime_delay";

/// All that [`Settings`] holds, in the order of a report.
pub const OPTIONS: [&str; 17] = [
    VIRT_TYPE,
    FILE_BACKED,
    URI,
    SCHEME,
    INBOUND,
    ACTION,
    COMPLETION_TIMEOUT,
    PROGRESS_TIMEOUT,
    POST_COPY,
    AUTO_CONVERGE,
    TUNNELLED,
    NATIVE_TLS,
    PARALLEL,
    BANDWIDTH,
    DOWNTIME,
    DOWNTIME_STEPS,
    DOWNTIME_DELAY,
];

/// Libvirt's flags of every migration, as a list; up to 13.
pub const FLAGS: &str = "live_migration_flag";
/// Libvirt's flags of a migration that copies disks too, as a list; up to 13.
pub const BLOCK_FLAGS: &str = "block_migration_flag";
/// What the names of live-migration options begin with, but for [`BLOCK_FLAGS`].
pub const PREFIX: &str = "live_migration_";
/// The options of `[DEFAULT]` that test migrations look at too.
const OF_DEFAULT: [&str; 4] = ["compute_driver", "host", "my_ip", "reserved_huge_pages"];

/// What the catalog has where nova takes an address of the host by itself.
const NOVAS_OWN_CHOICE: &str = "<host_ipv4>";

/// Whether `key` is the name of a live-migration option, whatever release has it: of these even Mitaka's are known.
#[must_use]
pub fn is_of_live_migration(key: &str) -> bool {
    key.starts_with(PREFIX) || key == BLOCK_FLAGS
}

/// Whether test migrations depend on `name` of `group`: what they are handed, and what they refuse where nova would.
#[must_use]
pub fn decides(group: &str, name: &str) -> bool {
    match group {
        LIBVIRT => name.starts_with(PREFIX) || OPTIONS.contains(&name),
        "DEFAULT" => OF_DEFAULT.contains(&name),
        _ => false,
    }
}

/// One of [`OPTIONS`] as a release reads it.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Its name.
    pub name: &'static str,
    /// Whether a file or the environment sets it.
    pub is_set: bool,
    /// Its value, or why it has none.
    pub value: Result<Cow<'static, Value>, Unusable>,
}

/// Every option of [`OPTIONS`] that the release has, in that order.
///
/// An address that refers to one which nova takes of the host by itself is left out: no file tells it.
#[must_use]
pub fn readings(view: &View<'_>) -> Vec<Reading> {
    type Named = (&'static str, OptionFacts);
    /// The options of each release: a fleet asks ten thousand times.
    static KNOWN: OfCatalog<ByRelease<Vec<Named>>> = OfCatalog::new(ByRelease::default);
    let of_release = || {
        let group = catalog::group(LIBVIRT);
        let known = |name| Some((name, group.known(name).option(view.release())?));
        OPTIONS.into_iter().filter_map(known).collect()
    };
    let known = KNOWN.read().of(view.release(), of_release);
    let read = |&(name, facts): &Named| {
        let setting = view.setting_of(facts);
        let value = view.read(&setting);
        let is_novas = || matches!(view.text(&setting), Ok(Some(text)) if text == NOVAS_OWN_CHOICE);
        let is_set = setting.is_set();
        (value.is_ok() || !is_novas()).then_some(Reading { name, is_set, value })
    };
    let mut readings = Vec::with_capacity(OPTIONS.len());
    readings.extend(known.iter().filter_map(read));
    readings
}

/// What one release makes of [`OPTIONS`].
///
/// A field whose option the release lacks, or has no usable value of, holds nova's default; [`Settings::has_value`] tells.
/// It is written with the numbers and words of nova.conf, but for `uri`, which may name a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[allow(clippy::struct_excessive_bools)] // as many as nova has switches
pub struct Settings {
    /// The release.
    pub release: Release,
    /// `live_migration_timeout_action`; `abort` where the release has none.
    pub timeout_action: TimeoutAction,
    /// `live_migration_completion_timeout`, seconds per GiB; 0 = never.
    pub completion_timeout: i64,
    /// `live_migration_progress_timeout`, seconds; 0 = never.
    pub progress_timeout: i64,
    /// `live_migration_permit_post_copy`.
    pub post_copy: bool,
    /// `live_migration_permit_auto_converge`.
    pub auto_converge: bool,
    /// `live_migration_tunnelled`.
    pub tunnelled: bool,
    /// `live_migration_with_native_tls`.
    pub tls: bool,
    /// `live_migration_parallel_connections`.
    pub parallel: i64,
    /// `live_migration_bandwidth`, MiB/s; 0 = unlimited.
    pub bandwidth: i64,
    /// `live_migration_downtime`, `live_migration_downtime_steps` and `live_migration_downtime_delay`.
    #[serde(flatten)]
    pub downtime: DowntimeSettings,
    /// `virt_type`.
    pub virt_type: String,
    /// `live_migration_inbound_addr`, if it is set: where sources send to, and the name they want to see certified there.
    pub inbound: Option<String>,
    /// `live_migration_scheme`, if it is set and `uri` does not void it.
    pub scheme: Option<String>,
    /// `live_migration_uri`, if it is set.
    #[serde(skip)]
    pub uri: Option<String>,
    /// `file_backed_memory`, MiB; above 0 guests have their memory in files.
    pub file_backed: i64,
    /// The options that have no value here, see [`Settings::has_value`].
    #[serde(skip)]
    pub without_value: Vec<&'static str>,
}

/// The three options that make the downtime schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub struct DowntimeSettings {
    /// `live_migration_downtime`, the last and longest allowed pause, in milliseconds.
    pub downtime_ms: i64,
    /// `live_migration_downtime_steps`, how many raises lead there.
    #[serde(rename = "downtime_steps")]
    pub steps: i64,
    /// `live_migration_downtime_delay`, seconds per GiB between raises.
    #[serde(rename = "downtime_delay_s")]
    pub delay_s: i64,
}

impl Default for DowntimeSettings {
    /// Nova's defaults, the same in every release.
    fn default() -> Self {
        Settings::defaults(Release::NEWEST).downtime
    }
}

impl Settings {
    /// The settings as the release of `view` reads them.
    #[must_use]
    pub fn read(view: &View<'_>) -> Self {
        Self::of(view.release(), &readings(view))
    }

    /// Nova's defaults in `release`.
    #[must_use]
    pub fn defaults(release: Release) -> Self {
        Self::read(&View::new(&Stack::new(Vec::new(), Vec::new()), release))
    }

    /// The settings of `release`, from what it makes of each option.
    #[must_use]
    pub fn of(release: Release, readings: &[Reading]) -> Self {
        let place = |name: &str| OPTIONS.iter().position(|option| *option == name);
        let mut values = [None; OPTIONS.len()];
        for reading in readings {
            if let Some(place) = place(reading.name) {
                values[place] = reading.value.as_deref().ok().filter(|value| **value != Value::None);
            }
        }
        let value = |name: &str| values[place(name)?];
        let number = |name| value(name).and_then(nova::whole_number);
        let number = |name| number(name).unwrap_or_else(|| default_number(name, release));
        let word = |name| match value(name) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let flag = |name| match value(name) {
            Some(Value::Bool(flag)) => *flag,
            _ => default_text(name, release).is_some_and(|text| text.eq_ignore_ascii_case("true")),
        };
        // Python takes an empty text for none.
        let set = |name| word(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let action = |text: Option<&str>| text.and_then(TimeoutAction::parse);
        let uri = set(URI);
        Self {
            release,
            timeout_action: action(word(ACTION))
                .or_else(|| action(default_text(ACTION, release)))
                .unwrap_or(TimeoutAction::Abort),
            completion_timeout: number(COMPLETION_TIMEOUT),
            progress_timeout: number(PROGRESS_TIMEOUT),
            post_copy: flag(POST_COPY),
            auto_converge: flag(AUTO_CONVERGE),
            tunnelled: flag(TUNNELLED),
            tls: flag(NATIVE_TLS),
            parallel: number(PARALLEL),
            bandwidth: number(BANDWIDTH),
            downtime: DowntimeSettings {
                downtime_ms: number(DOWNTIME),
                steps: number(DOWNTIME_STEPS),
                delay_s: number(DOWNTIME_DELAY),
            },
            virt_type: word(VIRT_TYPE)
                .or_else(|| default_text(VIRT_TYPE, release))
                .unwrap_or_default()
                .to_owned(),
            inbound: set(INBOUND).filter(|address| address != NOVAS_OWN_CHOICE),
            scheme: set(SCHEME).filter(|_| uri.is_none()),
            uri,
            file_backed: number(FILE_BACKED),
            without_value: OPTIONS.into_iter().filter(|name| value(name).is_none()).collect(),
        }
    }

    /// Whether the release reads a value of the option `name`, if only its default: it has the option, and what is written
    /// is neither empty nor unusable.
    #[must_use]
    pub fn has_value(&self, name: &str) -> bool {
        !self.without_value.contains(&name)
    }

    /// [`COMPLETION_TIMEOUT`], seconds per GiB; `None` where it has no value.
    #[must_use]
    pub fn known_completion_timeout(&self) -> Option<i64> {
        self.has_value(COMPLETION_TIMEOUT).then_some(self.completion_timeout)
    }

    /// The downtime schedule; `None` where one of its options has no value.
    #[must_use]
    pub fn known_downtime(&self) -> Option<DowntimeSettings> {
        let mut names = [DOWNTIME, DOWNTIME_STEPS, DOWNTIME_DELAY].into_iter();
        names.all(|name| self.has_value(name)).then_some(self.downtime)
    }

    /// Whether guests are known to be QEMU's, with KVM or without.
    #[must_use]
    pub fn runs_qemu(&self) -> bool {
        self.has_value(VIRT_TYPE) && matches!(self.virt_type.as_str(), "kvm" | "qemu")
    }

    /// The transport of the way between the two libvirt daemons, if one is written: that of the URI, else the scheme.
    #[must_use]
    pub fn transport(&self) -> Option<&str> {
        match &self.uri {
            Some(uri) => Some(uri.split_once("://")?.0.split_once('+')?.1),
            None => self.scheme.as_deref(),
        }
    }
}

/// The timeout action as the files and the environment have it, whether or not a release reads it yet: the next one will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenAction {
    /// Nothing sets it.
    Nowhere,
    /// What sets it is not one of nova's words.
    Invalid,
    /// This one.
    Valid(TimeoutAction),
}

impl WrittenAction {
    /// What `stack` has, as the newest release reads it.
    #[must_use]
    pub fn read(stack: &Stack) -> Self {
        let newest = View::new(stack, Release::NEWEST);
        let Some(setting) = newest.setting(LIBVIRT, ACTION).filter(Setting::is_set) else {
            return Self::Nowhere;
        };
        let word = newest.text(&setting).ok().flatten();
        word.and_then(|word| TimeoutAction::parse(&word))
            .map_or(Self::Invalid, Self::Valid)
    }

    /// Whether anything sets it.
    #[must_use]
    pub fn is_written(self) -> bool {
        self != Self::Nowhere
    }

    /// The action, where it is one of nova's words.
    #[must_use]
    pub fn valid(self) -> Option<TimeoutAction> {
        match self {
            Self::Valid(action) => Some(action),
            _ => None,
        }
    }
}

/// [`COMPLETION_TIMEOUT`] where nothing is written: seconds per GiB.
#[must_use]
pub fn default_completion_timeout(release: Release) -> i64 {
    default_number(COMPLETION_TIMEOUT, release)
}

fn default_number(name: &str, release: Release) -> i64 {
    let text = default_text(name, release);
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Nova's default of an option in `release`; where that has no such option, what the last one that has it does without it.
fn default_text(name: &str, release: Release) -> Option<&'static str> {
    let latest = || catalog::known(LIBVIRT, name).life().last();
    catalog::option(LIBVIRT, name, release).or_else(latest)?.default_text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oslo::Document;
    use crate::text::Source;

    fn release(number: u32) -> Release {
        Release::from_number(number).unwrap()
    }

    fn read(number: u32, libvirt: &str) -> Settings {
        let text = format!("[libvirt]\n{libvirt}\n");
        let stack = Stack::of(Document::parse(Source::new("nova.conf", text.into_bytes())));
        Settings::read(&View::new(&stack, release(number)))
    }

    #[test]
    fn an_empty_file_has_the_defaults_of_its_release() {
        for number in 13..=34 {
            let settings = read(number, "");
            assert_eq!(settings, Settings::defaults(release(number)));
            assert_eq!(settings.completion_timeout, 800);
            assert_eq!(settings.progress_timeout, if number < 15 { 150 } else { 0 });
            assert_eq!((settings.parallel, settings.bandwidth, settings.file_backed), (1, 0, 0));
            assert_eq!(settings.timeout_action, TimeoutAction::Abort);
            assert_eq!(settings.virt_type, "kvm");
            let DowntimeSettings {
                downtime_ms,
                steps,
                delay_s,
            } = settings.downtime;
            assert_eq!((downtime_ms, steps, delay_s), (500, 10, 75));
            assert!(!settings.post_copy && !settings.tls && settings.uri.is_none());
        }
    }

    #[test]
    fn what_is_empty_or_rejected_has_no_value() {
        let settings = read(31, "live_migration_completion_timeout =\nlive_migration_downtime = 1\n");
        assert_eq!(settings.known_completion_timeout(), None);
        assert_eq!(settings.known_downtime(), None, "nova takes no downtime below 100 ms");
        assert!(settings.has_value(POST_COPY) && !settings.has_value(PARALLEL));
        assert_eq!(read(31, "").known_completion_timeout(), Some(800));
    }

    #[test]
    fn the_uri_voids_the_scheme_and_gives_the_transport() {
        let both = "live_migration_scheme = tls\nlive_migration_uri = qemu+ssh://nova@%s/system";
        let settings = read(31, both);
        assert_eq!((settings.transport(), settings.scheme.as_deref()), (Some("ssh"), None));
        assert_eq!(read(31, "live_migration_scheme = tls").transport(), Some("tls"));
        assert_eq!(read(31, "").transport(), None);
    }

    #[test]
    fn an_action_that_no_release_reads_yet_is_written_all_the_same() {
        let stack = |text: &str| Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())));
        let force = stack("[libvirt]\nlive_migration_timeout_action = force_complete\n");
        assert_eq!(
            WrittenAction::read(&force),
            WrittenAction::Valid(TimeoutAction::ForceComplete)
        );
        let rocky = Settings::read(&View::new(&force, Release::ROCKY));
        assert_eq!(rocky.timeout_action, TimeoutAction::Abort);
        let wrong = stack("[libvirt]\nlive_migration_timeout_action = pause\n");
        assert_eq!(WrittenAction::read(&wrong), WrittenAction::Invalid);
        assert!(!WrittenAction::read(&stack("")).is_written());
    }

    #[test]
    fn settings_are_written_in_novas_words_and_without_the_uri() {
        let text = "live_migration_timeout_action = force_complete\nlive_migration_uri = qemu+ssh://secret@%s/system\n\
                    live_migration_downtime = 900";
        let settings = read(31, text);
        let json = serde_json::to_string(&settings).unwrap();
        assert!(
            json.contains(r#""release":31,"timeout_action":"force_complete""#),
            "{json}"
        );
        assert!(json.contains(r#""downtime_ms":900,"downtime_steps":10"#), "{json}");
        assert!(!json.contains("secret"), "{json}");
        let back: Settings = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (back.release, back.downtime, back.uri),
            (settings.release, settings.downtime, None)
        );
        assert!(serde_json::from_str::<Release>("12").is_err());
    }
}
