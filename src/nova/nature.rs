//! What a file is: nova's configuration, or something else that lies beside it, told by what it sets and by its name.
//!
//! A file called `nova.conf` is nova's whatever stands in it, unless its form is another. Templates are told apart in
//! [`crate::oslo::template`]: one can be of nova's configuration or of another's.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use crate::catalog;
use crate::catalog::services::{self, SERVICES, ServiceMark};
use crate::oslo::document::{Document, MalformedKind};
use crate::oslo::stack::Stack;
use crate::text::line_end;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// A nova.conf, as far as anything shows.
    Nova,
    /// The configuration of this other service.
    Service(&'static str),
    /// A flagfile: `--name=value`, as nova read them up to Diablo.
    Flagfile,
    /// Something else: a paste deployment file, YAML …; said so that it fits behind "this is".
    Other(&'static str),
}

impl Nature {
    /// Whether nova reads the file as its configuration.
    #[must_use]
    pub fn is_nova(self) -> bool {
        self == Self::Nova
    }
}

impl fmt::Display for Nature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nova => f.write_str("a nova.conf"),
            Self::Service(name) => write!(f, "a configuration of {name}"),
            Self::Flagfile => f.write_str("a flagfile of Diablo or earlier"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// The nature of every file of `stack`.
#[must_use]
pub fn natures(stack: &Stack) -> Vec<Nature> {
    stack.layers().iter().map(|layer| nature(&layer.document)).collect()
}

/// What `document` is.
#[must_use]
pub fn nature(document: &Document) -> Nature {
    let name = file_name(document.source().path());
    if let Some(what) = by_form(document, &name) {
        return what;
    }
    if is_novas_name(&name, document.source().path()) {
        return Nature::Nova;
    }
    by_content(document, &name)
}

/// The file's name in lower case.
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().to_lowercase()
}

/// Whether nova looks for its configuration under this name: `nova.conf`, `nova-compute.conf`, `nova.conf.d/*.conf`.
fn is_novas_name(name: &str, path: &Path) -> bool {
    let is_program = |stem: &str| stem == "nova" || stem.starts_with("nova-");
    let is_of_nova = |name: &str| name.strip_suffix(".conf").is_some_and(is_program);
    let directory = path.parent().map(file_name).unwrap_or_default();
    is_of_nova(name) || directory.strip_suffix(".d").is_some_and(is_of_nova)
}

/// What the form of the file shows, whatever it is called.
fn by_form(document: &Document, name: &str) -> Option<Nature> {
    if is_flagfile(document) {
        return Some(Nature::Flagfile);
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if let Some(what) = data(document, extension) {
        return Some(Nature::Other(what));
    }
    let groups = || document.sections().iter().map(|section| &*section.group);
    let has = |all: &[&str]| all.iter().all(|group| groups().any(|known| known == *group));
    if has(&["path_keywords"]) || has(&["service_endpoints"]) {
        return Some(Nature::Other("a map of audit events, which pycadf reads"));
    }
    if has(&["loggers", "handlers", "formatters"]) {
        return Some(Nature::Other("a configuration of Python's logging"));
    }
    if has(&["filters"]) && groups().all(|group| group == "filters") {
        return Some(Nature::Other("a list of rootwrap's filters"));
    }
    if groups().any(is_paste) {
        let groups: BTreeSet<&str> = groups().collect();
        let paste = groups.iter().filter(|group| is_paste(group)).count();
        if 2 * paste >= groups.len() {
            return Some(Nature::Other("a paste deployment file"));
        }
    }
    None
}

fn is_paste(group: &str) -> bool {
    let kinds = [
        "composite:",
        "composit:",
        "pipeline:",
        "app:",
        "filter:",
        "filter-app:",
        "server:",
    ];
    kinds.iter().any(|kind| group.starts_with(kind)) || matches!(group, "composite" | "pipeline" | "app")
}

/// The lines that are no comments and not empty, without their line ends; so many as show what a file is.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    let all = std::iter::from_fn(move || {
        (at < bytes.len()).then(|| {
            let (end, next) = line_end(bytes, at);
            let line = &bytes[at..end];
            at = next;
            line
        })
    });
    all.filter(|line| !line.trim_ascii().is_empty() && !matches!(line[0], b'#' | b';'))
}

fn is_flagfile(document: &Document) -> bool {
    let mut lines = lines(document.source().bytes()).peekable();
    let is_flag = |line: &[u8]| {
        let name = line.strip_prefix(b"--").unwrap_or_default();
        name.first().is_some_and(u8::is_ascii_alphabetic)
    };
    document.sections().is_empty() && lines.peek().is_some() && lines.all(is_flag)
}

/// Files in other formats.
fn data(document: &Document, extension: &str) -> Option<&'static str> {
    const YAML: &str = "YAML";
    match extension {
        "yml" | "yaml" => return Some(YAML),
        "json" => return Some("JSON"),
        "xml" => return Some("XML"),
        "sh" | "bash" => return Some("a shell script"),
        "py" => return Some("a Python program"),
        _ => {}
    }
    let bytes = document.source().bytes();
    if bytes.starts_with(b"#!/") {
        return Some("a script");
    }
    let has_header = document.sections().iter().any(|section| !section.malformed);
    if has_header || document.template().is_some() {
        return None;
    }
    let mut lines = lines(bytes);
    let first = lines.next()?;
    let second = lines.next().unwrap_or_default();
    let is_indented = |line: &[u8]| matches!(line.first(), Some(b' ' | b'\t' | b'-'));
    match first {
        [b'<', b'?' | b'!' | b'a'..=b'z', ..] => Some("XML"),
        [b'{', ..] => Some("JSON"),
        _ if first == b"---" || first.starts_with(b"- ") => Some(YAML),
        _ if first.trim_ascii_end().ends_with(b":") && is_indented(second) => Some(YAML),
        _ if first.starts_with(b"export ") => Some("a shell script"),
        _ => None,
    }
}

/// What speaks for whom.
#[derive(Debug, Default)]
struct Counts<'a> {
    own: BTreeSet<(&'a str, String)>,
    /// The sections about other services.
    clients: BTreeSet<&'a str>,
    known: bool,
    total: usize,
}

fn by_content(document: &Document, name: &str) -> Nature {
    let mut counts = Counts::default();
    let mut telling: Vec<BTreeSet<String>> = vec![BTreeSet::new(); SERVICES.len()];
    for lines in document.assignments().chunk_by(|a, b| a.section() == b.section()) {
        let group = document.group(&lines[0]);
        let known = catalog::group(group);
        counts.total += lines.len();
        let speaks = group == "DEFAULT" || lines.iter().any(|line| services::is_in_back_ends(&document.key(line)));
        // Nearly every section speaks for none.
        let asked = if speaks || services::is_group(group) {
            SERVICES
        } else {
            &[]
        };
        for (service, found) in asked.iter().zip(&mut telling) {
            if service.has_group(group) {
                found.insert(group.to_owned());
            }
            let names = if speaks { service.names_in(group) } else { &[] };
            if names.is_empty() {
                continue; // Nearly every service.
            }
            let keys = lines.iter().map(|line| document.key(line));
            let own = keys.filter(|key| names.contains(&&**key));
            match group {
                "DEFAULT" => found.extend(own.map(Cow::into_owned)),
                _ => found.extend(own.take(1).map(|_| group.to_owned())),
            }
        }
        if !known.is_known() && !group.is_empty() && group != "DEFAULT" {
            continue; // No line of it is of nova.
        }
        for line in lines {
            let key = document.key(line);
            match services::mark(group, &known.known(&key)) {
                ServiceMark::Own => drop(counts.own.insert((group, key.into_owned()))),
                ServiceMark::Client if group == "placement" && name.contains(group) => counts.known = true,
                ServiceMark::Client => drop(counts.clients.insert(group)),
                ServiceMark::Shared => counts.known = true,
                ServiceMark::Unknown if group.is_empty() => counts.known |= is_option_somewhere(&key),
                ServiceMark::Unknown => counts.known |= known.is_known() && group != "DEFAULT",
            }
        }
    }
    let named = named(name);
    let best = (0..SERVICES.len()).max_by_key(|&index| (telling[index].len(), usize::from(named == Some(index))));
    let Some(best) = best.filter(|&index| !telling[index].is_empty()) else {
        return by_name(&counts, named, document, name);
    };
    // cinder has no section about cinder.
    let is_client = counts.clients.contains(SERVICES[best].name);
    let own = counts.own.len() + if name.contains("nova") { 3 } else { 0 } + usize::from(is_client);
    let said = telling[best].len() + if named == Some(best) { 2 } else { 0 };
    let is_sure = (own == 0 && said > 1) || said > 2 + 2 * own;
    if is_sure {
        Nature::Service(SERVICES[best].name)
    } else {
        Nature::Nova
    }
}

/// The service whose file is called so, its name being a word of its own: `cinder.conf`, `20-cinder.conf`, `glance-api.conf.j2`.
fn named(name: &str) -> Option<usize> {
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let is_named = |service: &str| words.contains(&service) || (service == "neutron" && words.contains(&"ml2"));
    SERVICES.iter().position(|service| is_named(service.name))
}

/// Nothing in it speaks for a service: what its name says, or that nova has nothing to do with it.
fn by_name(counts: &Counts<'_>, named: Option<usize>, document: &Document, name: &str) -> Nature {
    if !counts.own.is_empty() || !counts.clients.is_empty() || name.contains("nova") {
        return Nature::Nova;
    }
    if let Some(index) = named {
        return Nature::Service(SERVICES[index].name);
    }
    let is_rootwrap = |key: &str| matches!(key, "filters_path" | "exec_dirs");
    if document
        .assignments()
        .iter()
        .any(|assignment| is_rootwrap(&document.key(assignment)))
    {
        return Nature::Other("a configuration of rootwrap");
    }
    let has_header = document
        .malformed()
        .iter()
        .all(|line| line.kind != MalformedKind::NoSection);
    let most = if has_header { 3 } else { 2 };
    if counts.known || counts.total < most || document.template().is_some() || in_default(document) {
        return Nature::Nova;
    }
    Nature::Other("not a configuration of nova, because no release of nova has any of its sections or options")
}

/// Whether something is set in `[DEFAULT]`, where an option of nova may only be misspelt.
fn in_default(document: &Document) -> bool {
    let mut groups = document
        .assignments()
        .iter()
        .map(|assignment| document.group(assignment));
    groups.any(|group| group.eq_ignore_ascii_case("default"))
}

/// Whether some section of nova's has an option `key`.
fn is_option_somewhere(key: &str) -> bool {
    catalog::is_known_anywhere("DEFAULT", key) || catalog::called(key).any(|(_, via)| via == catalog::Via::Current)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn of(name: &str, text: &str) -> Nature {
        nature(&Document::parse(Source::new(name, text.as_bytes().to_vec())))
    }

    #[test]
    fn another_services_file_is_told_by_what_it_sets() {
        let cinder = "[DEFAULT]\nauth_strategy = keystone\nenabled_backends = lvm\n[lvm]\nvolume_driver = x\n";
        for name in ["cinder.conf", "x.conf", "<stdin>"] {
            assert_eq!(of(name, cinder), Nature::Service("cinder"), "{name}");
        }
        let neutron = "[DEFAULT]\ncore_plugin = ml2\nmy_ip = 192.0.2.1\n[nova]\nauth_type = password\n";
        assert_eq!(of("x.conf", neutron), Nature::Service("neutron"));
        assert_eq!(
            of("ml2_conf.ini", "[ml2]\ntype_drivers = vxlan\n"),
            Nature::Service("neutron")
        );
        assert_eq!(
            of("x", "[service:api]\nlisten = 1\n[service:mdns]\nlisten = 1\n"),
            Nature::Service("designate")
        );
        assert_eq!(
            of("keystone.conf", "[DEFAULT]\ndebug = true\n"),
            Nature::Service("keystone")
        );
    }

    #[test]
    fn a_nova_conf_stays_one_whatever_else_is_in_it() {
        let mixed =
            "[DEFAULT]\nenabled_backends = lvm\ncompute_driver = libvirt.LibvirtDriver\n[libvirt]\nvirt_type = kvm\n";
        for name in ["nova.conf", "x.conf", "20-cinder.conf"] {
            assert_eq!(of(name, mixed), Nature::Nova, "{name}");
        }
        let cinder = "[DEFAULT]\nenabled_backends = lvm\nvolume_driver = x\n[lvm]\nvolume_driver = x\n";
        for name in [
            "/etc/nova/nova.conf",
            "nova-compute.conf",
            "/etc/nova/nova.conf.d/10.conf",
        ] {
            assert_eq!(of(name, cinder), Nature::Nova, "{name}");
        }
        assert_eq!(of("10-cinder.conf", "[cinder]\ncatalog_info = x\n"), Nature::Nova);
        assert_eq!(of("x.conf", "[mine]\nx = 1\n"), Nature::Nova);
        assert_eq!(
            of("x.conf", "[DEFAULT]\ndebug = true\ncore_plugin = ml2\n"),
            Nature::Nova
        );
        assert_eq!(
            of("x.conf", "live_migration_completion_timeout = 1\nvirt_type = kvm\n"),
            Nature::Nova
        );
    }

    #[test]
    fn files_of_another_form_are_none_whatever_they_are_called() {
        assert_eq!(of("nova.conf", "# c\n--verbose\n--my_ip=192.0.2.1\n"), Nature::Flagfile);
        assert_eq!(of("x", "conf:\n  nova:\n    DEFAULT: {}\n"), Nature::Other("YAML"));
        assert_eq!(of("policy.conf", "{\n \"a\": \"b\"\n}\n"), Nature::Other("JSON"));
        assert_eq!(
            of("nova.conf", "[composite:openstack_compute_api_v21]\nuse = call:x\n"),
            Nature::Other("a paste deployment file")
        );
        assert!(!of("libvirtd.conf", "listen_tls = 0\nunix_sock_group = \"libvirt\"\n").is_nova());
    }
}
