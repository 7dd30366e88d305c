//! What happens to a migration that is cut, step by step, while nova's monitor watches it: the switch, the cut, a look at both
//! ends, what brings it back.
//!
//! The monitor knows nothing of it: to it, this is the hypervisor.

use std::time::Duration;

use super::evidence::{Standings, Story};
use super::{Breaker, Cut, Fate, KEEPALIVE};
use crate::hypervisor::recovery::Recovery;
use crate::hypervisor::{Answer, End, Event, GuestState, Hypervisor, Intervention, Job, Refusal, Request};

/// Between the guest's first sign at the destination and the cut: the migration is in the midst of post-copy then.
const INTO_POST_COPY: Duration = Duration::from_millis(150);

/// The same where the guest cannot be heard at the destination.
const UNHEARD: Duration = Duration::from_millis(600);

/// Between the cut and the look at both ends.
const LOOK_AFTER: Duration = Duration::from_secs(1);

/// Beyond libvirt's own patience with a link that is down.
const GRACE: Duration = Duration::from_secs(15);

/// Between two looks at how far it has come.
const STEP: Duration = Duration::from_millis(10);

/// How long the guest may take to arrive at the destination once nobody is in its way.
const ARRIVAL: Duration = Duration::from_secs(60);

/// The same where the call to resume failed.
const AFTER_A_REFUSAL: Duration = Duration::from_secs(15);

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    PreCopy,
    PostCopy,
    Cut,
    LookedAt,
    Over,
}

/// A hypervisor whose migration is cut.
pub(super) struct Script<'a> {
    hypervisor: &'a mut dyn Recovery,
    breaker: &'a mut dyn Breaker,
    /// Whether the guest has been heard at the destination.
    is_heard: &'a dyn Fn() -> bool,
    hears: bool,
    cut: Cut,
    request: Request,
    stage: Stage,
    /// When the guest was first heard at the destination.
    heard: Option<Duration>,
    story: Story,
}

impl<'a> Script<'a> {
    /// A migration by `request` that is to be cut; `is_heard` tells whether the guest has been heard at the destination, where
    /// it can be.
    pub(super) fn new(
        hypervisor: &'a mut dyn Recovery,
        breaker: &'a mut dyn Breaker,
        is_heard: Option<&'a dyn Fn() -> bool>,
        cut: Cut,
        request: &Request,
    ) -> Self {
        Self {
            hypervisor,
            breaker,
            hears: is_heard.is_some(),
            is_heard: is_heard.unwrap_or(&|| false),
            cut,
            request: request.clone(),
            stage: Stage::PreCopy,
            heard: None,
            story: Story::default(),
        }
    }

    /// What happened, once everything that can be taken back has been, and the guest has had the time to arrive.
    pub(super) fn end(mut self) -> Story {
        if self.story.cut.is_some() {
            if self.cut == Cut::SourceDaemon {
                self.restore();
                self.story.after_cut = Some(self.standings());
            } else if self.cut == Cut::LinkDown && self.story.restored.is_none() {
                self.restore();
            }
            self.wait_for_arrival();
        }
        while let Some((at, event)) = self.hypervisor.next(Duration::ZERO) {
            self.note(at, &event);
        }
        self.story.end = Some(self.standings());
        self.story
    }

    /// Waits until the guest runs at the destination with all its memory, where nothing keeps it from that, and for the call
    /// that brings it there.
    fn wait_for_arrival(&mut self) {
        if self.cut.fate() != Fate::Whole {
            return;
        }
        // the call to resume may fail where QEMU has been told all the same
        let is_refused = matches!(self.story.resume, Some(Answer::Refused(_)));
        let until = self.now() + if is_refused { AFTER_A_REFUSAL } else { ARRIVAL };
        while !self.cannot_arrive() && self.now() < until && !self.has_arrived() {
            if let Some((at, event)) = self.hypervisor.next(STEP * 5) {
                self.note(at, &event);
            }
        }
    }

    /// Whether the destination was not asked to resume, or its daemon crashed when it was; a daemon that crashed is started
    /// again, so that it can tell how the guest stands.
    fn cannot_arrive(&mut self) -> bool {
        if !matches!(self.story.resume, Some(Answer::Refused(_))) {
            return false;
        }
        if self.story.resume_asked.is_none() || self.story.crash.is_some() {
            return true;
        }
        self.story.crash = self.breaker.crash(End::Destination);
        if self.story.crash.is_some() {
            let restored = self.breaker.restore(Cut::DestinationDaemon);
            let again = restored.and_then(|()| {
                let connected = self.hypervisor.reconnect(End::Destination);
                connected.map_err(|refusal| refusal.message)
            });
            if again.is_ok() {
                self.story.restored = Some(self.now());
            }
        }
        self.story.crash.is_some()
    }

    fn has_arrived(&mut self) -> bool {
        if self.story.resume_asked.is_some() && self.story.resume.is_none() {
            return false;
        }
        let at_the_destination = self.hypervisor.condition(End::Destination);
        at_the_destination.is_ok_and(|condition| condition.has_arrived())
    }

    /// Goes on with the next step, where its time has come.
    fn advance(&mut self) {
        let now = self.now();
        let is_past = |since: Option<Duration>, time| since.is_some_and(|since| now.saturating_sub(since) >= time);
        match self.stage {
            Stage::PreCopy if self.story.switched.is_some() => self.stage = Stage::PostCopy,
            Stage::PostCopy if self.hears => {
                if self.heard.is_none() && (self.is_heard)() {
                    self.heard = Some(now);
                }
                if is_past(self.heard, INTO_POST_COPY) {
                    self.do_cut();
                }
            }
            Stage::PostCopy if is_past(self.story.switched, UNHEARD) => self.do_cut(),
            Stage::Cut if is_past(self.story.cut, LOOK_AFTER) => {
                self.story.after_cut = Some(self.standings());
                self.stage = Stage::LookedAt;
            }
            Stage::LookedAt => self.bring_back(now),
            _ => {}
        }
    }

    fn do_cut(&mut self) {
        if self.story.call.is_some() {
            // it has ended before, which is told
            self.stage = Stage::Over;
            return;
        }
        match self.breaker.cut(self.cut, self.hypervisor) {
            Ok(()) => {
                self.story.cut = Some(self.now());
                self.stage = Stage::Cut;
            }
            Err(why) => {
                self.story.not_done = Some(why);
                self.stage = Stage::Over;
            }
        }
        match self.cut {
            _ if self.stage == Stage::Over => {}
            // nova's connection to it is gone, and with it nova's monitor; what follows comes after that
            Cut::SourceDaemon => self.stage = Stage::Over,
            Cut::DestinationDaemon => self.restore(),
            _ => {}
        }
    }

    fn bring_back(&mut self, now: Duration) {
        match self.cut {
            Cut::ResetAndResume => {
                self.stage = Stage::Over;
                if let Some(message) = self.breaker.why_no_resume() {
                    self.story.resume = Some(Answer::Refused(Refusal { code: 0, message }));
                    return;
                }
                self.story.resume_asked = Some(now);
                if let Err(refusal) = self.hypervisor.resume_post_copy(&self.request) {
                    self.story.resume = Some(Err(refusal).into());
                }
            }
            Cut::LinkDown => {
                let since = self.story.cut.unwrap_or_default();
                let has_given_up = self.story.call.is_some();
                if has_given_up || now.saturating_sub(since) > KEEPALIVE + GRACE {
                    self.story.after_call = Some(self.standings());
                    self.restore();
                    self.stage = Stage::Over;
                }
            }
            _ => self.stage = Stage::Over,
        }
    }

    /// Takes the cut back, and connects again to a daemon that was started again.
    fn restore(&mut self) {
        let mut restored = self.breaker.restore(self.cut);
        let end = match self.cut {
            Cut::SourceDaemon => Some(End::Source),
            Cut::DestinationDaemon => Some(End::Destination),
            _ => None,
        };
        if let (Ok(()), Some(end)) = (&restored, end) {
            restored = self.hypervisor.reconnect(end).map_err(|refusal| refusal.message);
        }
        match restored {
            Ok(()) => self.story.restored = Some(self.now()),
            Err(why) => self.story.not_done = Some(why),
        }
    }

    /// How everything stands now.
    fn standings(&mut self) -> Standings {
        Standings {
            at: self.now(),
            source: self.hypervisor.condition(End::Source).ok(),
            destination: self.hypervisor.condition(End::Destination).ok(),
            job: self.hypervisor.job().ok().map(|job| job.kind),
            source_qemu: self.breaker.has_qemu(End::Source),
            destination_qemu: self.breaker.has_qemu(End::Destination),
        }
    }

    /// Takes note of what concerns the story.
    fn note(&mut self, at: Duration, event: &Event) {
        match event {
            Event::Lifecycle { end, what } if is_switch(*end, what) => {
                self.story.switched.get_or_insert(at);
            }
            Event::Lifecycle { end, what } if is_arrival(*end, what) => self.story.arrived = Some(at),
            Event::Returned(result) if self.story.resume_asked.is_some() => {
                self.story.resume = Some(result.clone().into());
                self.story.resume_ended = Some(at);
            }
            Event::Returned(result) => {
                self.story.call = Some(result.clone().into());
                self.story.call_ended = Some(at);
            }
            _ => {}
        }
    }
}

/// The guest runs at the destination with all its memory.
fn is_arrival(end: End, what: &str) -> bool {
    end == End::Destination && what == "resumed: migrated"
}

/// The guest runs at the destination, and its memory is still on the way.
fn is_switch(end: End, what: &str) -> bool {
    end == End::Destination && what == "resumed: post-copy"
}

impl Hypervisor for Script<'_> {
    fn now(&self) -> Duration {
        self.hypervisor.now()
    }

    fn start(&mut self, request: &Request) -> Result<(), Refusal> {
        self.hypervisor.start(request)
    }

    fn job(&mut self) -> Result<Job, Refusal> {
        self.hypervisor.job()
    }

    fn definition(&mut self, flags: u32) -> Result<String, Refusal> {
        self.hypervisor.definition(flags)
    }

    fn intervene(&mut self, intervention: Intervention) -> Result<(), Refusal> {
        self.hypervisor.intervene(intervention)
    }

    fn set_max_downtime(&mut self, milliseconds: i64) -> Result<(), Refusal> {
        self.hypervisor.set_max_downtime(milliseconds)
    }

    fn next(&mut self, patience: Duration) -> Option<(Duration, Event)> {
        let until = self.now() + patience;
        loop {
            self.advance();
            let rest = until.saturating_sub(self.now());
            if let Some((at, event)) = self.hypervisor.next(rest.min(STEP)) {
                self.note(at, &event);
                return Some((at, event));
            }
            if self.now() >= until {
                return None;
            }
        }
    }

    fn standing(&mut self, end: End) -> Result<GuestState, Refusal> {
        self.hypervisor.standing(end)
    }
}
