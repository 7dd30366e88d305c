//! `novamend-verify verify`: test migrations for each nova.conf that is named.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use jiff::Timestamp;
use novamend::catalog::Release;
use novamend::nova::View;
use novamend::output::envelope::{Envelope, Kind};
use novamend_verify::host::{Host, limits};
use novamend_verify::hosts::{self, HostPair};
use novamend_verify::interrupt::Interrupt;
use novamend_verify::nova_itself::{self, NovaChoice};
use novamend_verify::process::die_with_parent;
use novamend_verify::report::{Machine, Report, Roles, Stacks, moment, text};
use novamend_verify::sandbox;
use novamend_verify::shown;
use novamend_verify::speed::Speed;
use novamend_verify::trial::cut::Cut;
use novamend_verify::trial::plan::{Plan, Wanted};
use novamend_verify::trial::session::{RunOptions, Session};
use novamend_verify::trial::shape::Shape;
use novamend_verify::verdict::{self, Verdict};

use super::cut::CutArguments;
use super::like;
use super::subject::{self, Subject, subjects};
use super::{Common, Failure, Format, print, report_files};

/// What names two hosts; clap asks for what these require only where nothing that is given conflicts with one of them.
const BETWEEN: [&str; 4] = ["source", "destination", "destination_config", "guest_image"];

/// Live-migrate a tiny guest as nova.conf says, in a sandbox or between two hosts, and report what happens; leaves nothing
/// behind
#[derive(Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    pub(super) common: Common,
    /// Timeout action to test
    #[arg(long, value_enum, default_value = "configured")]
    action: Wanted,
    /// What the probe guest is like
    #[arg(long, value_enum, default_value = "nova", conflicts_with_all = BETWEEN)]
    shape: Shape,
    /// Build the probe guest like this domain: its name or UUID at this host's libvirt, which is asked for its XML and nothing
    /// else, or a file with that XML
    #[arg(long, value_name = "DOMAIN", conflicts_with = "shape", conflicts_with_all = BETWEEN)]
    like: Option<String>,
    /// Migrate guests whose disks are not shared, as nova's block migration: each action while the memory and while the disk is
    /// copied
    #[arg(long, conflicts_with_all = BETWEEN)]
    block_migration: bool,
    /// Write a report as one HTML file, and the same as JSON beside it
    #[arg(long, value_name = "FILE.html", value_parser = report_path)]
    report: Option<PathBuf>,
    /// Speed of the network that migrations go over, e.g. `10G` (bits a second): what a switch to post-copy costs a guest is
    /// measured over one of that speed in the sandbox; by default the speed of the interface
    #[arg(long, value_name = "SPEED")]
    link: Option<Speed>,
    /// Use software emulation even where KVM works
    #[arg(long)]
    emulate: bool,
    /// Migrate from this libvirt URI, e.g. `qemu+ssh://host1/system`, instead of in a sandbox; the files that are named are
    /// then those of the source
    #[arg(long, value_name = "URI", requires = "destination", requires = "guest_image")]
    source: Option<String>,
    /// Migrate to this libvirt URI
    #[arg(long = "dest", value_name = "URI", requires = "source", requires = "guest_image")]
    destination: Option<String>,
    /// nova.conf of the destination, or a directory of them; may be repeated; only `live_migration_inbound_addr` and
    /// `[DEFAULT] host` are used
    #[arg(long = "dest-config", value_name = "NOVA.CONF", requires = "source")]
    destination_config: Vec<PathBuf>,
    /// The file written by `novamend-verify guest-image`, at the same path on both hosts
    #[arg(long, value_name = "PATH", requires = "source", value_parser = absolute)]
    guest_image: Option<PathBuf>,
    #[command(flatten)]
    cut: CutArguments,
    /// The Python that nova-compute runs with: in the trials that nova's own code decides then. Without it, that of the host's
    /// nova-compute where there is one of the release that is tested; `none` for the monitor that is rebuilt in novamend
    #[arg(long, value_name = "PYTHON")]
    nova: Option<PathBuf>,
    /// End as soon as this process ends
    #[arg(long, value_name = "PID", hide = true)]
    ends_with: Option<u32>,
    /// Seconds to wait for a daemon, the guest or a migration before giving up
    #[arg(long, value_name = "SECONDS", default_value = "40", value_parser = clap::value_parser!(u64).range(1..=3600))]
    patience: u64,
}

/// Why nova's own code does not decide where disks are copied.
const COPIED: &str = "where disks are copied the monitor that is rebuilt in novamend decides alone, as it acts while the disk is copied, too";

/// What is to be tried for one stack.
struct Order {
    plan: Plan,
    /// Whose nova decides.
    nova: NovaChoice,
    /// The two hosts, where they are named.
    named: Option<HostPair>,
    /// What is to be cut, where that is asked for instead of the trials.
    cuts: Option<Vec<Cut>>,
}

/// One stack's trials.
struct Trial<'a> {
    subject: &'a Subject,
    plan: &'a Plan,
    host: Host,
    session: Session,
    verdict: Verdict,
    made_at: String,
}

impl Trial<'_> {
    fn report(&self) -> Report<'_> {
        Report {
            verdict: &self.verdict,
            plan: self.plan,
            made_at: self.made_at.clone(),
            files: &self.subject.files,
            today: &self.subject.today,
            roles: Roles::of(&self.subject.files, &self.session),
            machine: Machine::of(&self.host, &self.session),
            session: &self.session,
        }
    }
}

impl VerifyArguments {
    /// Tries each stack in turn; the worst verdict is the exit code's.
    pub(super) fn run(&self) -> Result<u8, Failure> {
        if let Some(parent) = self.ends_with {
            die_with_parent(Some(&parent.to_string()))?;
        }
        let cuts = self.cut.accepted(self.source.is_some())?;
        let interrupt = Interrupt::listen()?;
        if let Some((what, remedy)) = limits::too_little() {
            return Err(format!("{what}; {remedy}").into());
        }
        let subjects = subjects(&self.common.inputs)?;
        let is_several = subjects.len() > 1;
        if is_several {
            self.accept_several()?;
        }
        // All that can be refused is refused before the first trial.
        let orders: Vec<Order> = subjects
            .iter()
            .map(|subject| self.order(subject, cuts.clone()))
            .collect::<Result<_, _>>()?;
        let (mut trials, mut kept) = (Vec::new(), Ok(()));
        for (subject, order) in subjects.iter().zip(&orders) {
            let of = |error: Failure| -> Failure {
                if is_several {
                    format!("{}: {}", subject.name(), shown::chain(error.as_ref())).into()
                } else {
                    error
                }
            };
            let trial = self.run_trials(subject, order, &interrupt).map_err(of)?;
            // The report first: it is there even where standard output cannot be written.
            kept = self
                .report
                .as_ref()
                .map_or(Ok(()), |path| report_files::keep(path, trial.report()));
            if self.common.format == Format::Pretty {
                let between = if trials.is_empty() { "" } else { "\n" };
                let heading = subject.heading(is_several);
                print(&shown::text(&format!(
                    "{between}{heading}{}",
                    text::report(&trial.report())
                )))?;
            }
            let is_over = trial.session.left.is_some();
            trials.push(trial);
            if is_over {
                break;
            }
        }
        if self.common.format == Format::Json {
            let stacks = trials.iter().map(Trial::report).collect();
            print(&shown::json(&Envelope::new(Kind::Verify, Stacks { stacks }))?)?;
        }
        kept?;
        Ok(trials.iter().map(exit_code).max().unwrap_or_default())
    }

    /// Refuses what is of one stack alone.
    fn accept_several(&self) -> Result<(), Failure> {
        let flag = match (&self.report, &self.source) {
            (Some(_), _) => "--report",
            (_, Some(_)) => "--source",
            _ => return Ok(()),
        };
        let why = format!(
            "`{flag}` is for one nova.conf, and several are named; name one, or the files of one stack by `--config-file` \
             and `--config-dir`"
        );
        Err(why.into())
    }

    fn order(&self, subject: &Subject, cuts: Option<Vec<Cut>>) -> Result<Order, Failure> {
        let view = subject.view();
        let mut plan = Plan::of(&view)?;
        let release = subject.release;
        if release < Release::STEIN && self.action == Wanted::ForceComplete {
            return Err(format!(
                "{release} has no `live_migration_timeout_action`, so no force_complete; it was added in stein"
            )
            .into());
        }
        if let Some(path) = &self.report {
            report_files::try_out(path)?;
        }
        let named = self.named(&view)?;
        if named.is_some() {
            plan.leave_out_the_destination();
        }
        if self.block_migration && cuts.is_some() {
            return Err("`--cut` copies no disks: leave out `--block-migration`".into());
        }
        if self.block_migration && plan.settings.tunnelled {
            let why =
                "`--block-migration` cannot be tested with `live_migration_tunnelled`: libvirt copies no disks then";
            return Err(why.into());
        }
        plan.copies_disks = self.block_migration;
        plan.like = self.like.as_deref().map(like::read).transpose()?;
        plan.draws_curve = self.report.is_some();
        let nova = self.nova_for(release)?;
        Ok(Order {
            plan,
            nova,
            named,
            cuts,
        })
    }

    /// Whose nova decides for a nova.conf of `release`: the one that is named, which must be of it, or the host's own if it is.
    fn nova_for(&self, release: Release) -> Result<NovaChoice, Failure> {
        let patience = Duration::from_secs(self.patience);
        match &self.nova {
            Some(word) if word.as_os_str() == "none" => Ok(NovaChoice::Not("--nova none".to_owned())),
            Some(_) if self.block_migration => Err(format!("--nova with --block-migration: {COPIED}").into()),
            Some(path) => {
                let found = nova_itself::look_at(&std::path::absolute(path)?, patience)?;
                found.fits(release)?;
                Ok(NovaChoice::Run(found))
            }
            None if self.common.inputs.stack.root != Path::new("/") => {
                Ok(NovaChoice::Not("with --root it has to be named with --nova".to_owned()))
            }
            None if self.source.as_deref().is_some_and(|source| !hosts::is_here(source)) => Ok(NovaChoice::Not(
                "with --source on another host it has to be named with --nova".to_owned(),
            )),
            None if self.block_migration => Ok(NovaChoice::Not(COPIED.to_owned())),
            None => Ok(nova_itself::of_the_host(release, patience)),
        }
    }

    fn run_trials<'a>(
        &self,
        subject: &'a Subject,
        order: &'a Order,
        interrupt: &Interrupt,
    ) -> Result<Trial<'a>, Failure> {
        let plan = &order.plan;
        let host = Host::look(&self.common.qemu_conf, &subject.asked());
        let bar = if io::stderr().is_terminal() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        if io::stderr().is_terminal() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        let options = RunOptions {
            wanted: self.action,
            shape: if self.like.is_some() { Shape::Like } else { self.shape },
            emulate: self.emulate,
            patience: self.patience,
            link: self.link,
            nova: order.nova.clone(),
        };
        let progress = |stage: &str| bar.set_message(shown::line(stage));
        let session = match (&order.named, &order.cuts) {
            (Some(named), None) => hosts::run(named, plan, &options, interrupt, progress).map_err(Failure::from),
            (None, None) => sandbox::run(&host, plan, &options, interrupt.sign(), progress).map_err(Failure::from),
            (None, Some(cuts)) => {
                sandbox::cut(&host, plan, &options, cuts, interrupt.sign(), progress).map_err(Failure::from)
            }
            (Some(named), Some(cuts)) => {
                hosts::cut(named, plan, &options, cuts.clone(), interrupt, progress).map_err(Failure::from)
            }
        };
        bar.finish_and_clear();
        let session = session?;
        let verdict = if session.cuts.is_empty() {
            verdict::draw(plan, &host, &session)
        } else {
            verdict::cut::draw(&session, plan.settings.transport())
        };
        Ok(Trial {
            verdict,
            made_at: moment(Timestamp::now()),
            subject,
            plan,
            host,
            session,
        })
    }
}

/// The exit code for one stack; what was left behind is said, and is no verdict.
fn exit_code(trial: &Trial) -> u8 {
    let Some(left) = &trial.session.left else {
        return trial.verdict.exit_code();
    };
    let message = format!("the trials have finished, but {left}");
    let _ = writeln!(io::stderr(), "{}", shown::text(&message));
    2
}

impl VerifyArguments {
    /// The two hosts, where they are named; nothing has been connected to then.
    fn named(&self, source: &View) -> Result<Option<HostPair>, Failure> {
        let (Some(from), Some(to), Some(image)) = (&self.source, &self.destination, &self.guest_image) else {
            return Ok(None);
        };
        let given = if self.destination_config.is_empty() {
            None
        } else {
            let read = subject::destination(&self.destination_config, source.release());
            Some(read.map_err(|error| format!("the destination's nova.conf: {error}"))?)
        };
        let view = given.as_ref().map(|(stack, _)| View::new(stack, source.release()));
        let ways = hosts::ends(source, view.as_ref(), from, to)?;
        let files = given.as_ref().map(|(_, names)| names.clone()).unwrap_or_default();
        let destination = hosts::destination(source, view.as_ref().map(|view| (view, files)), &ways)
            .map_err(|error| format!("the destination's nova.conf: {error}"))?;
        Ok(Some(HostPair {
            ends: ways.ends,
            destination,
            image: image.clone(),
        }))
    }
}

/// A path that means the same on two hosts.
fn absolute(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_absolute() {
        Ok(path)
    } else {
        Err("it must be an absolute path, the same on both hosts".to_owned())
    }
}

/// A report's name; the JSON beside it must have another.
fn report_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(std::ffi::OsStr::to_str) {
        Some("html" | "htm") => Ok(path),
        _ => Err("the name must end in .html".to_owned()),
    }
}
