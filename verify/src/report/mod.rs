//! The reports: for a terminal, as JSON, and as one HTML file.
//!
//! They decide nothing; everything in them was found out before.

pub mod chart;
mod cost;
pub mod cut;
pub mod html;
pub mod rescue;
#[cfg(test)]
mod schema;
pub mod text;
pub mod timeline;

use jiff::Timestamp;
use novamend::catalog::Release;
use novamend::catalog::release::Version;
use serde::Serialize;

use crate::host::versions::dotted;
use crate::host::{Host, Line, programs};
use crate::trial::messages::Evidence;
use crate::trial::plan::Plan;
use crate::trial::session::Session;
use crate::verdict::Verdict;

/// What `novamend probe` and `novamend verify` print with `--format json`, under an
/// [`Envelope`](novamend::output::envelope::Envelope): an entry for each stack.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Stacks<T> {
    /// The entries, in the order in which the stacks were named.
    pub stacks: Vec<T>,
}

/// Which releases may run today.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Today {
    /// The oldest, by its number.
    pub oldest: u8,
    /// The newest.
    pub newest: u8,
    /// What says so: `said`, `installed` or `options`.
    pub evidence: &'static str,
}

impl Today {
    /// The releases of `today`.
    #[must_use]
    pub fn of(today: &novamend::nova::today::Today) -> Self {
        Self {
            oldest: today.oldest.number(),
            newest: today.newest.number(),
            evidence: today.evidence.as_str(),
        }
    }
}

/// What `probe` says of one stack.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Probe<'a> {
    /// The files that were read.
    pub files: &'a [String],
    /// What runs today.
    pub today: &'a Today,
    /// The release that the versions are tested against.
    pub release: String,
    /// The lines.
    pub lines: &'a [Line],
}

/// What `verify` says of one stack.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report<'a> {
    /// The verdict.
    pub verdict: &'a Verdict,
    /// What nova.conf asks for.
    pub plan: &'a Plan,
    /// When it was made, UTC.
    pub made_at: String,
    /// The files that were read: those of this host, or of the source.
    pub files: &'a [String],
    /// What runs today.
    pub today: &'a Today,
    /// The files by the role that they play.
    pub roles: Roles<'a>,
    /// The host.
    pub machine: Machine,
    /// The trials.
    pub session: &'a Session,
}

impl Report<'_> {
    /// The nova whose own code decided, in words.
    #[must_use]
    pub fn nova(&self) -> Option<String> {
        let found = self.session.conditions.nova.found()?;
        Some(format!(
            "nova's own code decides: nova {} of {}",
            found.version,
            found.interpreter.display()
        ))
    }
}

/// What nova's own code did in one trial, a sentence each; nothing where it was not run.
#[must_use]
pub fn novas_part(trial: &Evidence) -> Vec<String> {
    let Some(nova) = &trial.nova else { return Vec::new() };
    let scale = format!("its clock ran {:.0} times as fast", trial.trace.scale);
    let verdict = if nova.differences.is_empty() {
        "did what novamend expects"
    } else {
        "did something else than novamend expects"
    };
    let mut lines = vec![format!(
        "nova {} looked {} times at the migration and {verdict}; {scale}",
        nova.version, nova.looks
    )];
    lines.extend(nova.differences.iter().map(|sentence| format!("your nova {sentence}")));
    lines
}

/// Whose files give what: the source's URI, scheme, flags and timeouts, the destination's `live_migration_inbound_addr`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Roles<'a> {
    /// The files of the source.
    pub source: &'a [String],
    /// The files of the destination; null where they were not given.
    pub destination: Option<&'a [String]>,
}

impl<'a> Roles<'a> {
    /// Of one host, which is source and destination, or of the two that were named.
    #[must_use]
    pub fn of(files: &'a [String], session: &'a Session) -> Self {
        let destination = match &session.conditions.far {
            Some(far) => far.by_nova_conf.files.as_deref(),
            None => Some(files),
        };
        Self {
            source: files,
            destination,
        }
    }

    /// A line for each role, or one for both.
    #[must_use]
    pub fn words(&self, session: &Session, release: Release) -> Vec<String> {
        let listed = |files: &[String]| {
            if files.is_empty() {
                "no file, nova's defaults".to_owned()
            } else {
                files.join(", ")
            }
        };
        let source = listed(self.source);
        let Some(far) = &session.conditions.far else {
            return vec![
                format!("nova.conf: {source}, read as {release}"),
                "for migrations from this host it gives URI, scheme, flags and timeouts; for migrations to this host \
                 only live_migration_inbound_addr"
                    .to_owned(),
            ];
        };
        let destination = self
            .destination
            .map_or_else(|| "not given (--dest-config)".to_owned(), listed);
        vec![
            format!("nova.conf of the source (URI, scheme, flags, timeouts): {source}, read as {release}"),
            format!("nova.conf of the destination (only live_migration_inbound_addr): {destination}"),
            format!(
                "from {} to {}; the source's libvirt connects to {}",
                far.source, far.destination, far.peer
            ),
        ]
    }
}

/// The host in a few words.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Machine {
    /// Its name.
    pub host: String,
    /// libvirt's version.
    pub libvirt: Option<String>,
    /// QEMU's version.
    pub qemu: Option<String>,
    /// The kernel's release.
    pub kernel: String,
    /// The daemon's program.
    pub daemon: Option<String>,
    /// The user QEMU runs as on the host.
    pub qemu_user: String,
}

impl Machine {
    /// The host as the daemons in the sandbox told, otherwise as the programs told; or two hosts as their daemons told.
    #[must_use]
    pub fn of(host: &Host, session: &Session) -> Self {
        let told = |number: Option<u32>, otherwise: Option<Version>| {
            number.map(programs::from_number).or(otherwise).map(dotted)
        };
        if let Some(far) = &session.conditions.far {
            let unknown = "not known".to_owned();
            return Self {
                host: format!("{} → {}", far.source, far.destination),
                libvirt: told(session.versions.map(|versions| versions.0), None),
                qemu: told(session.versions.map(|versions| versions.1), None),
                kernel: unknown.clone(),
                daemon: None,
                qemu_user: unknown,
            };
        }
        let kernel = rustix::system::uname();
        Self {
            host: kernel.nodename().to_string_lossy().into_owned(),
            libvirt: told(session.versions.map(|versions| versions.0), host.libvirt),
            qemu: told(session.versions.map(|versions| versions.1), host.qemu),
            kernel: kernel.release().to_string_lossy().into_owned(),
            daemon: host.daemon.as_ref().map(|daemon| daemon.program.display().to_string()),
            qemu_user: format!("{}:{}", host.qemu_user.user, host.qemu_user.group),
        }
    }
}

/// A moment as people write it, in UTC: `2026-11-24 17:38 UTC`.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        let at = Timestamp::from_second(1_795_541_880).unwrap();
        assert_eq!(moment(at), "2026-11-24 17:38 UTC");
    }
}
