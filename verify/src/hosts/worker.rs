//! What is done between the two hosts: connect, start the guest, run the trials one after the other.
//!
//! It removes nothing at the end; the session does, however this ended.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::console::RecordJoiner;
use super::{HostPair, Probe, removal};
use crate::guest::serial::{Hearing, Kind};
use crate::guest::{self, FAR};
use crate::host::programs::from_number;
use crate::hypervisor::libvirt::{Libvirt, run_event_loop};
use crate::hypervisor::{End, Hypervisor, Side};
use crate::trial::checks::{Observation, judge};
use crate::trial::memory;
use crate::trial::migrate::migrate;
use crate::trial::plan::Plan;
use crate::trial::session::{EMULATION_MENDED, RunOptions};
use crate::trial::worker::{Evidence, MOST_TRIES, Message, TrialOrder};

/// How long the guest may take to get round all its pages after a migration.
const ROUND: Duration = Duration::from_secs(20);

pub(super) struct Worker {
    pub(super) named: HostPair,
    pub(super) probe: Probe,
    pub(super) plan: Plan,
    pub(super) options: RunOptions,
    pub(super) emulated: bool,
    pub(super) began: Instant,
    pub(super) stop: Arc<AtomicBool>,
    /// Held while a guest is defined and started, so that none is after the removal has begun; true once one may be there.
    pub(super) gate: Arc<Mutex<bool>>,
    pub(super) sender: Sender<Message>,
    pub(super) stage: String,
}

impl Worker {
    fn say(&self, message: Message) {
        // nobody listens any more once the session has ended
        let _ = self.sender.send(message);
    }

    fn enter(&mut self, stage: &str) {
        stage.clone_into(&mut self.stage);
        self.say(Message::Stage(stage.to_owned()));
    }

    pub(super) fn run(&mut self) {
        if let Err(message) = self.work() {
            let stage = self.stage.clone();
            self.say(Message::Failure { stage, message });
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.options.patience)
    }

    fn work(&mut self) -> Result<(), String> {
        self.enter("connecting to both hosts");
        run_event_loop().map_err(|refusal| refusal.message)?;
        let ends = &self.named.ends;
        let (mut libvirt, versions) = Libvirt::between(ends, &self.probe.name, self.began, self.patience(), &self.stop)
            .map_err(|(uri, refusal)| {
                format!(
                    "{uri}: {}; check that `virsh -c '{uri}' list` works here",
                    refusal.message
                )
            })?;
        let qemu = versions.first.qemu.min(versions.second.qemu);
        self.say(Message::Versions {
            libvirt: versions.first.libvirt.min(versions.second.libvirt),
            qemu,
            ready_after: self.began.elapsed().as_secs_f64(),
        });
        let early = self.emulated && from_number(qemu) < EMULATION_MENDED;
        let mut failed = false;
        for trial in self.plan.far_trials(self.options.wanted, early) {
            if !trial.only_if_failed || failed {
                failed = !self.until_it_acts(&mut libvirt, trial.with_patience(self.patience()))?;
            }
        }
        Ok(())
    }

    /// Runs a trial, with half the bandwidth again where the guest converged; says whether the action did what it promises.
    fn until_it_acts(&mut self, libvirt: &mut Libvirt, mut trial: TrialOrder) -> Result<bool, String> {
        for _ in 0..MOST_TRIES {
            let hearing = self.start_guest(libvirt)?;
            self.enter(&format!("migrating: {}", trial.action.words()));
            if let Some(evidence) = self.one_trial(libvirt, &hearing, &trial)? {
                let holds = evidence.judgement.holds();
                self.say(Message::Trial(Box::new(evidence)));
                return Ok(holds);
            }
            trial = trial.with_half_the_bandwidth();
        }
        Err(format!(
            "the guest converged {MOST_TRIES} times before the action was taken, each time at half the bandwidth; the \
             action was not tested"
        ))
    }

    fn start_guest(&mut self, libvirt: &mut Libvirt) -> Result<Hearing, String> {
        self.enter("starting the guest on the source");
        removal::remove(&self.named.ends, &self.probe, self.patience()).map_err(|error| error.to_string())?;
        let (name, uuid) = (&self.probe.name, &self.probe.uuid);
        let xml = guest::far_domain_xml(name, uuid, self.emulated, &super::memory(&self.plan), &self.named.image);
        let gate = Arc::clone(&self.gate);
        {
            let mut defined = gate.lock().unwrap_or_else(PoisonError::into_inner);
            if self.stop.load(Ordering::Relaxed) {
                return Err("interrupted".to_owned());
            }
            *defined = true;
            libvirt
                .start_guest(Side::First, &xml)
                .map_err(|refusal| self.not_started(&refusal.message))?;
        }
        libvirt.set_source(Side::First);
        let hearing = Hearing::default();
        self.listen(libvirt, Side::First, &hearing)?;
        let beats = hearing.wait(self.patience(), |records| {
            records
                .last()
                .is_some_and(|record| record.kind == Kind::Damage || record.generation >= 1)
        });
        let (records, _) = hearing.records();
        match records.last() {
            Some(record) if record.kind == Kind::Damage => {
                Err("the guest found its memory damaged before any migration".to_owned())
            }
            Some(_) if beats => Ok(hearing),
            _ => Err(format!(
                "the guest was started but did not respond within {} s; {}",
                self.options.patience,
                self.about_the_image()
            )),
        }
    }

    fn about_the_image(&self) -> String {
        format!(
            "check that {} on both hosts is the output of `novamend-verify guest-image` and that QEMU may read it",
            self.named.image.display()
        )
    }

    fn not_started(&self, message: &str) -> String {
        let kvm = if self.emulated {
            ""
        } else {
            "; where there is no KVM, use --emulate"
        };
        format!("{message}; {}{kvm}", self.about_the_image())
    }

    /// Has `hearing` hear the guest's console at `side`.
    fn listen(&self, libvirt: &Libvirt, side: Side, hearing: &Hearing) -> Result<(), String> {
        let (line, began, heard) = (hearing.add_line(), self.began, hearing.clone());
        let mut joined = RecordJoiner::default();
        libvirt
            .read_console(side, self.patience(), move |bytes| {
                heard.feed(line, began.elapsed(), &joined.take(bytes));
            })
            .map_err(|refusal| format!("the guest's console cannot be read: {}", refusal.message))
    }

    /// One migration; none where the guest converged by itself.
    fn one_trial(
        &mut self,
        libvirt: &mut Libvirt,
        hearing: &Hearing,
        trial: &TrialOrder,
    ) -> Result<Option<Evidence>, String> {
        let trace = migrate(libvirt, &trial.request, &trial.settings, trial.pace);
        if self.stop.load(Ordering::Relaxed) {
            return Err("interrupted".to_owned());
        }
        let damage = hearing.damage();
        if trace.converged() && damage.is_none() {
            return Ok(None);
        }
        self.enter("checking the guest's memory");
        let arrived = trace.returned == Some(Ok(()));
        hearing.forget();
        // the source's console is still open where the guest has stayed
        let is_heard = !arrived || self.listen(libvirt, Side::Second, hearing).is_ok();
        let alive = is_heard && hearing.wait(ROUND, |records| !records.is_empty());
        let looked_at_all = alive && memory::checked_all_pages(hearing, FAR, Duration::ZERO, ROUND);
        let observed = Observation {
            records: damage.into_iter().chain(hearing.records().0).collect(),
            source: libvirt.standing(End::Source).ok(),
            destination: libvirt.standing(End::Destination).ok(),
            looked_at_all,
            only_after: true,
            ..Observation::default()
        };
        Ok(Some(Evidence {
            cause: None,
            request: trial.request.clone(),
            judgement: judge(trial.action, &trace, &observed),
            trace,
        }))
    }
}
