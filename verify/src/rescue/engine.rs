//! Looks at the source and at every host that may be the destination, and resumes what both of them call broken.
//!
//! One turn never waits for a resumed migration: the call runs in a thread of its own, and the daemons carry it on by
//! themselves. Whatever is done is decided by a look right before it, never by what was seen earlier.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::judgement::{Answer, Judgement, Sighting, judge, running};
use super::nova::Watch;
use crate::hypervisor::libvirt::{Broken, Ends, Found, Off, Onlooker, Standing, resume_post_copy};
use crate::hypervisor::{Refusal, Request};

/// How long a daemon may take to answer the first time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two calls for the same guest, at first and at most.
const AGAIN: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(30)];

/// Where the guests are, where they may have gone, and how they were sent.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The source's URI.
    pub source: String,
    /// The hosts that may be the destination.
    pub destinations: Vec<Ends>,
    /// Nova's flags.
    pub request: Request,
    /// Whether a libvirt that is known to crash when it is asked to resume is asked all the same.
    pub risks_a_crash: bool,
}

/// One guest: what holds for it now, and what was done.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Case {
    /// The domain's UUID, which is the instance's.
    pub uuid: String,
    /// The domain's name.
    pub name: String,
    /// Where it stands at the source.
    pub source: Standing,
    /// What the hosts that may be the destination answered.
    pub seen: Vec<Sighting>,
    /// What holds.
    pub judgement: Judgement,
    /// How far it has come.
    pub progress: Progress,
    /// Seconds that its migration has been on, where libvirt knows.
    pub seconds: Option<u64>,
    /// Bytes that are still to be copied, where libvirt knows.
    pub remaining: Option<u64>,
    /// Whether nova can still be watching.
    pub watch: Watch,
    /// What libvirt said when it last refused to resume it.
    pub refused: Option<String>,
}

/// How far a rescue has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Nothing has been done.
    None,
    /// Libvirt resumes the migration now; this process has asked for it.
    Resuming,
    /// The guest is whole: the source's half has gone, or it runs at the destination by itself.
    Whole,
}

impl Case {
    /// Whether its migration is broken, or was when it was first seen.
    #[must_use]
    pub fn is_or_was_broken(&self) -> bool {
        !matches!(self.judgement, Judgement::UnderWay | Judgement::NotBroken)
    }
}

struct Attempt {
    answer: Option<Receiver<Result<(), Refusal>>>,
    tries: u32,
    not_before: Instant,
}

/// The engine; it remembers the guests that it has seen broken.
pub struct Engine {
    scene: Scene,
    source: Option<Onlooker>,
    /// Connections to hosts that may be the destination, and those hosts' UUIDs, by URI.
    others: BTreeMap<String, (Onlooker, Option<String>)>,
    cases: BTreeMap<String, Case>,
    attempts: BTreeMap<String, Attempt>,
    /// Where each guest may go, by what was seen while it went.
    routes: BTreeMap<String, Vec<Ends>>,
}

impl Engine {
    /// One that has looked at nothing yet.
    #[must_use]
    pub fn new(scene: Scene) -> Self {
        Self {
            scene,
            source: None,
            others: BTreeMap::new(),
            cases: BTreeMap::new(),
            attempts: BTreeMap::new(),
            routes: BTreeMap::new(),
        }
    }

    /// The connection to the source, which is opened where there is none.
    ///
    /// # Errors
    /// The source's libvirt does not answer.
    pub fn source(&mut self) -> Result<&Onlooker, Refusal> {
        if self.source.is_none() {
            self.source = Some(Onlooker::open(&self.scene.source, PATIENCE)?);
        }
        self.source.as_ref().ok_or_else(|| Refusal {
            code: 0,
            message: "no connection".to_owned(),
        })
    }

    /// What has been seen so far.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values()
    }

    /// The guests in post-copy that were not asked of yet: whoever finds out now where they go tells it by
    /// [`Self::may_have_gone_to`].
    #[must_use]
    pub fn leaving(&self) -> Vec<String> {
        let is_leaving = |case: &&Case| case.judgement == Judgement::UnderWay && !self.routes.contains_key(&case.uuid);
        self.cases
            .values()
            .filter(is_leaving)
            .map(|case| case.uuid.clone())
            .collect()
    }

    /// Hosts that the guest with this UUID may go to, beside those of the scene.
    pub fn may_have_gone_to(&mut self, uuid: &str, hosts: Vec<Ends>) {
        self.routes.insert(uuid.to_owned(), hosts);
    }

    /// Every host that may be the destination of a guest, each once.
    fn candidates(&self, uuid: &str) -> Vec<Ends> {
        let mut all = self.scene.destinations.clone();
        for ends in self.routes.get(uuid).into_iter().flatten() {
            if !all.iter().any(|known| known.destination == ends.destination) {
                all.push(ends.clone());
            }
        }
        all
    }

    /// Looks once; `only` is the name or UUID of one domain, without it every broken one counts.
    ///
    /// # Errors
    /// The source's libvirt does not answer.
    pub fn look(&mut self, only: Option<&str>) -> Result<(), Refusal> {
        let looked = self.look_at_source(only);
        if looked.is_err() {
            // the daemon may have been restarted: the next look opens another connection
            self.source = None;
        }
        let (mut found, version) = looked?;
        // one that was broken and is off has come to its end as one that is gone has: its definition is what is left
        found.retain(|found| !(matches!(found.standing, Standing::Off(_)) && self.cases.contains_key(&found.uuid)));
        for found in &found {
            let is_asked = matches!(
                found.standing,
                Standing::PausedPostCopyFailed | Standing::Off(Off::Migrated)
            );
            let seen = if is_asked {
                self.look_for(&found.uuid)
            } else {
                Vec::new()
            };
            let judgement = judge(found.standing, version, &seen, self.scene.risks_a_crash);
            self.note(found, seen, judgement);
        }
        self.note_the_gone(&found);
        Ok(())
    }

    fn look_at_source(&mut self, only: Option<&str>) -> Result<(Vec<Found>, u32), Refusal> {
        let known: Vec<String> = self.cases.keys().cloned().collect();
        let source = self.source()?;
        let version = source.version()?;
        if let Some(word) = only {
            return Ok((source.find(word)?.into_iter().collect(), version));
        }
        let is_meant = |found: &Found| {
            let is_in_post_copy = matches!(
                found.standing,
                Standing::PausedPostCopyFailed | Standing::PausedPostCopy
            );
            is_in_post_copy || known.contains(&found.uuid)
        };
        let found = source.active()?.into_iter().filter(is_meant).collect();
        Ok((found, version))
    }

    /// Asks every host that may be the destination, each once, however many names it was given.
    fn look_for(&mut self, uuid: &str) -> Vec<Sighting> {
        let (mut seen, mut hosts) = (Vec::new(), BTreeSet::new());
        for ends in self.candidates(uuid) {
            let uri = ends.destination;
            let answer = self.ask(&uri, uuid);
            let host = self.others.get(&uri).and_then(|(_, host)| host.clone());
            if hosts.insert(host.unwrap_or_else(|| uri.clone())) {
                seen.push(Sighting { uri, answer });
            }
        }
        seen
    }

    fn ask(&mut self, uri: &str, uuid: &str) -> Answer {
        let other = match self.others.remove(uri) {
            Some(other) => Ok(other),
            None => Onlooker::open(uri, PATIENCE).and_then(|other| {
                let host = other.host()?;
                Ok((other, host))
            }),
        };
        let asked = other.and_then(|other| {
            let (standing, version) = (other.0.standing(uuid)?, other.0.version()?);
            Ok((other, standing, version))
        });
        match asked {
            Ok((other, standing, version)) => {
                self.others.insert(uri.to_owned(), other);
                Answer::Stands { standing, version }
            }
            Err(error) => Answer::Silent(error.message),
        }
    }

    fn note(&mut self, found: &Found, seen: Vec<Sighting>, judgement: Judgement) {
        let before = self.cases.remove(&found.uuid);
        let is_resuming = self
            .attempts
            .get(&found.uuid)
            .is_some_and(|attempt| attempt.answer.is_some());
        let progress = match judgement {
            Judgement::RunsThere(_) => Progress::Whole,
            _ if is_resuming => Progress::Resuming,
            _ => Progress::None,
        };
        let case = Case {
            uuid: found.uuid.clone(),
            name: found.name.clone(),
            source: found.standing,
            seen,
            judgement,
            progress,
            seconds: found.since.map(|since| since.as_secs()),
            remaining: found.remaining,
            watch: Watch::of(found.since),
            refused: before
                .and_then(|before| before.refused)
                .filter(|_| progress != Progress::Whole),
        };
        self.cases.insert(found.uuid.clone(), case);
    }

    /// A guest that was broken and is no longer active at the source: libvirt ends the source's half once it is whole.
    fn note_the_gone(&mut self, found: &[Found]) {
        let is_there = |uuid: &String| found.iter().any(|found| found.uuid == *uuid);
        let gone: Vec<String> = self.cases.keys().filter(|uuid| !is_there(uuid)).cloned().collect();
        for uuid in gone {
            let seen = self.look_for(&uuid);
            let Some(case) = self.cases.get_mut(&uuid) else {
                continue;
            };
            if case.progress == Progress::Whole {
                continue;
            }
            case.source = Standing::Absent;
            let is_silent = |sighting: &Sighting| matches!(sighting.answer, Answer::Silent(_));
            (case.judgement, case.progress) = if let Some(at) = running(&seen) {
                (Judgement::RunsThere(at), Progress::Whole)
            } else if let Some(at) = seen.iter().position(is_silent) {
                (Judgement::NotReached(at), Progress::None)
            } else {
                (Judgement::Gone, Progress::None)
            };
            if case.progress == Progress::Whole {
                case.refused = None;
            }
            case.seen = seen;
        }
    }

    /// Resumes what can be resumed and is not being resumed already, and notes what became of it; to be called right after
    /// [`Self::look`].
    pub fn act(&mut self) {
        let now = Instant::now();
        let known: Vec<String> = self.cases.keys().cloned().collect();
        for uuid in known {
            let candidates = self.candidates(&uuid);
            let Some(case) = self.cases.get_mut(&uuid) else {
                continue;
            };
            if let Some(attempt) = self.attempts.get_mut(&uuid) {
                settle(case, attempt, now);
            }
            let Judgement::Resumable(at) = case.judgement else {
                continue;
            };
            let Some(ends) = case
                .seen
                .get(at)
                .and_then(|sighting| candidates.iter().find(|ends| ends.destination == sighting.uri))
            else {
                continue;
            };
            let attempt = self.attempts.entry(uuid.clone()).or_insert_with(|| Attempt {
                answer: None,
                tries: 0,
                not_before: now,
            });
            if attempt.answer.is_some() || now < attempt.not_before {
                continue;
            }
            let broken = Broken {
                source: self.scene.source.clone(),
                uuid,
                peer: ends.peer.clone(),
                migration: ends.migration.clone(),
            };
            call(case, attempt, broken, self.scene.request.clone());
        }
    }

    /// Whether nothing more is to be waited for.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let is_over = |case: &Case| {
            case.progress == Progress::Whole || (case.progress == Progress::None && !case.judgement.may_change())
        };
        self.cases.values().all(is_over)
    }

    /// Forgets the guests for which nothing more is to be done, so that one that breaks again counts as another one.
    pub fn forget_the_whole(&mut self) {
        self.cases.retain(|_, case| {
            case.progress != Progress::Whole && !matches!(case.judgement, Judgement::NotBroken | Judgement::Gone)
        });
        let cases = &self.cases;
        self.attempts.retain(|uuid, _| cases.contains_key(uuid));
        self.routes.retain(|uuid, _| cases.contains_key(uuid));
    }
}

/// Has libvirt resume it, in a thread.
fn call(case: &mut Case, attempt: &mut Attempt, broken: Broken, request: Request) {
    let (sender, answer) = channel();
    let started = thread::Builder::new().spawn(move || {
        let _ = sender.send(resume_post_copy(&broken, &request));
    });
    match started {
        Ok(_) => {
            attempt.answer = Some(answer);
            attempt.tries += 1;
            case.progress = Progress::Resuming;
        }
        Err(error) => case.refused = Some(error.to_string()),
    }
}

/// Notes what libvirt answered to the call for a guest, where it has.
fn settle(case: &mut Case, attempt: &mut Attempt, now: Instant) {
    let Some(answer) = &attempt.answer else { return };
    let answer = match answer.try_recv() {
        Err(TryRecvError::Empty) => return,
        Err(TryRecvError::Disconnected) => Err(Refusal {
            code: 0,
            message: "the thread of the call ended".to_owned(),
        }),
        Ok(answer) => answer,
    };
    attempt.answer = None;
    match answer {
        Ok(()) => case.refused = None,
        Err(refusal) => {
            case.refused = Some(refusal.message);
            if case.progress == Progress::Resuming {
                case.progress = Progress::None;
            }
            let pause = AGAIN[0].saturating_mul(1 << attempt.tries.min(5)).min(AGAIN[1]);
            attempt.not_before = now + pause;
        }
    }
}
