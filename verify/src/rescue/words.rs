//! A case in words: what stands where, what may be done, and what nova will make of it.

use super::engine::{Case, Progress};
use super::judgement::{Answer, Judgement, Sighting};
use crate::host::versions::dotted;
use crate::hypervisor::libvirt::{Off, Standing};

/// What nobody is to do while a guest is in two halves.
const HANDS_OFF: &str = "Do not start, resume, reset, reboot or destroy it on either host, neither by virsh nor through \
                         nova, and do not restart nova-compute: each half has memory that the other lacks";

/// A state in libvirt's words, with its numbers as `virsh domstate --reason` and events have them.
fn state(standing: Standing) -> &'static str {
    match standing {
        Standing::Absent => "not there",
        Standing::Off(Off::ShutDown) => "shut off: the guest was shut down",
        Standing::Off(Off::Destroyed) => "shut off: destroyed",
        Standing::Off(Off::Crashed) => "shut off: its QEMU has gone (crashed)",
        Standing::Off(Off::Migrated) => "shut off: migrated",
        Standing::Off(Off::Saved) => "shut off: saved to a file",
        Standing::Off(Off::Failed) => "shut off: failed",
        Standing::Off(Off::NotKnown) => "shut off, libvirt does not know why",
        Standing::Running => "running",
        Standing::RunningPostCopy => "running in post-copy (running/10)",
        Standing::RunningPostCopyFailed => "post-copy failed (running/11): it stops at the first page that it lacks",
        Standing::PausedPostCopy => "paused, its memory is being sent (paused/12)",
        Standing::PausedPostCopyFailed => "post-copy failed (paused/13)",
        Standing::Paused => "paused, not by a migration",
        Standing::Other => "a state that no migration leaves",
    }
}

impl Sighting {
    fn words(&self) -> String {
        match &self.answer {
            Answer::Stands { standing, .. } => format!("{}: {}", self.uri, state(*standing)),
            Answer::Silent(why) => format!("{}: no answer: {why}", self.uri),
        }
    }
}

fn version(number: u32) -> String {
    dotted(crate::host::programs::from_number(number))
}

impl Case {
    fn at(&self, index: usize) -> &str {
        self.seen
            .get(index)
            .map_or("the destination", |sighting| sighting.uri.as_str())
    }

    /// What holds, in a few words.
    #[must_use]
    pub fn headline(&self) -> String {
        if self.progress == Progress::Resuming {
            return "being resumed".to_owned();
        }
        let text = match self.judgement {
            Judgement::Resumable(_) => "broken, can be resumed",
            Judgement::StillWaiting(_) => "broken at the source only",
            Judgement::UnderWay => "in post-copy, not broken",
            Judgement::RunsThere(_) => "whole: it runs at the destination",
            Judgement::Lost(_) => "lost",
            Judgement::Ended(..) => "ended at the destination",
            Judgement::OffThere(_) => "broken; not known whether it can be saved",
            Judgement::Odd(_) | Judgement::Several => "broken, and in a state that nothing here may touch",
            Judgement::Nowhere => "broken; no host that was asked has it",
            Judgement::NotReached(_) if self.source == Standing::Absent => "no longer at the source",
            Judgement::NotReached(_) => "broken; a host did not answer",
            Judgement::NoDestination => "broken; where it went is not known",
            Judgement::TooOld(..) => "broken; libvirt is too old to resume it",
            Judgement::CrashesThere(..) => "broken; libvirt at the destination crashes when it is asked to resume it",
            Judgement::NotBroken => "no post-copy migration of it is broken",
            Judgement::Gone => "no longer at the source, and not seen running anywhere",
        };
        text.to_owned()
    }

    /// What it means, and what to do; the first sentence says what is.
    #[must_use]
    pub fn advice(&self, acts: bool) -> String {
        match self.judgement {
            Judgement::Resumable(_) if acts => format!("Libvirt resumes the migration (POSTCOPY_RESUME). {HANDS_OFF}"),
            Judgement::Resumable(_) => format!(
                "The same command with --yes has libvirt resume the migration (POSTCOPY_RESUME): the rest of the memory is \
                 sent, and no guest is started or ended. {HANDS_OFF}"
            ),
            Judgement::StillWaiting(_) => format!(
                "The guest runs at the destination and is not touched. Either QEMU still sends and the migration comes to \
                 its end by itself, or the destination notices the break too and it can be resumed then. {HANDS_OFF}"
            ),
            Judgement::UnderWay => "Nothing is to be done.".to_owned(),
            Judgement::RunsThere(_) => {
                "The guest runs at the destination by itself and is not touched. What may be left of it at the source is \
                 stale: never start it there"
                    .to_owned()
            }
            Judgement::Lost(at) => format!(
                "The destination's QEMU has gone, and with it what the guest had in memory: no tool can bring it back. \
                 Nothing was touched. Its disks are what is left: see to it that it runs neither here nor at {}, end the \
                 source's half (`virsh destroy {}`), set its state in nova and start it there again; expect what a power \
                 failure does",
                self.at(at),
                self.uuid
            ),
            Judgement::Ended(_, off) => ended(off).to_owned(),
            Judgement::OffThere(at) => format!(
                "It is defined at {} and does not run there, and libvirt does not know why. If that is where this \
                 migration went, the guest is lost; if not, name the right host by --dest. Nothing was touched. {HANDS_OFF}",
                self.at(at)
            ),
            Judgement::Odd(at) => format!(
                "Its state at {} is none in which libvirt resumes a migration: find out who changed it. Nothing was \
                 touched. {HANDS_OFF}",
                self.at(at)
            ),
            Judgement::Several => format!(
                "More than one host has a half of it: find out which is the destination, and name that one alone by \
                 --dest. Nothing was touched. {HANDS_OFF}"
            ),
            Judgement::Nowhere => format!(
                "Name the destination by --dest: `openstack server migration list --server {}` shows it. If one of the hosts \
                 above is the destination, the guest has gone from there. Nothing was touched. {HANDS_OFF}",
                self.uuid
            ),
            Judgement::NotReached(at) => format!(
                "Whether it can be saved is known when {} answers: restore the link first. {HANDS_OFF}",
                self.at(at)
            ),
            Judgement::NoDestination => format!(
                "Libvirt does not record the destination: name it by --dest; `openstack server migration list --server {}` \
                 shows it. {HANDS_OFF}",
                self.uuid
            ),
            Judgement::TooOld(at, number) => format!(
                "Libvirt at {} is {}, and a broken post-copy migration can be resumed from 8.5.0 on, on both hosts. \
                 Nothing here can save it. {HANDS_OFF}",
                at.map_or("the source", |at| self.at(at)),
                version(number)
            ),
            Judgement::CrashesThere(at, number) => format!(
                "Libvirt {} at {} was seen to crash each time it was asked to resume a migration, which breaks every other \
                 migration of that host, so it was not asked. Update libvirt there and restart its daemon, which ends no \
                 guest; or ask it all the same by --risk-a-crash. {HANDS_OFF}",
                version(number),
                self.at(at)
            ),
            Judgement::NotBroken => format!("At the source it is: {}.", state(self.source)),
            Judgement::Gone => {
                "It has left the source, which libvirt does when the migration has ended. Look for it at the destination \
                 before anything is done with it in nova"
                    .to_owned()
            }
        }
    }

    /// The lines of a report: a label and its text.
    #[must_use]
    pub fn lines(&self, source: &str, acts: bool) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        let remaining = self.remaining.filter(|_| self.source != Standing::Absent);
        let rest = remaining.map_or_else(String::new, |bytes| {
            format!(", {} MiB not sent yet", bytes.div_ceil(1 << 20))
        });
        lines.push(("source", format!("{source}: {}{rest}", state(self.source))));
        lines.extend(self.seen.iter().map(|sighting| ("destination", sighting.words())));
        if let Some(why) = &self.refused {
            lines.push(("libvirt said", why.clone()));
        }
        lines.push(("what to do", self.advice(acts)));
        lines
    }
}

fn ended(off: Off) -> &'static str {
    match off {
        Off::ShutDown => {
            "It was shut down at the destination after the switch: there is nothing to save, and what is paused at the \
             source is stale: never resume it. Nothing was touched"
        }
        Off::Destroyed => {
            "Somebody ended it at the destination after the switch: what it had in memory is gone, and what is paused at \
             the source is stale: never resume it. Nothing was touched"
        }
        Off::Migrated => {
            "It has gone on from there to another host: name that one by --dest. What is paused at the source is stale: \
             never resume it. Nothing was touched"
        }
        _ => {
            "It was saved to a file at the destination: restore it there. What is paused at the source is stale: never \
             resume it. Nothing was touched"
        }
    }
}
