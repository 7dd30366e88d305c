//! `novamend-verify rescue`: guests whose live migration broke in post-copy, on the host that they left.
//!
//! It prints and waits; what may be done is decided by [`novamend_verify::rescue`].

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use clap::Args;
use novamend::inputs::Arguments;
use novamend::inputs::arguments::{SettingsArguments, StackArguments, UpgradeArguments};
use novamend::nova::View;
use novamend::nova::migration::Settings;
use novamend::output::Style;
use novamend::output::envelope::{Envelope, Kind};
use novamend::output::table::aligned;
use novamend_verify::hosts;
use novamend_verify::hypervisor::Request;
use novamend_verify::hypervisor::libvirt::{Alarm, Ends, listen, run_event_loop};
use novamend_verify::interrupt::Interrupt;
use novamend_verify::report::rescue::Rescue;
use novamend_verify::rescue::{Case, Engine, Progress, Scene, peers};
use novamend_verify::shown;

use super::subject::{self, Subject};
use super::{Failure, Format, print};

/// Between two looks: where something was done, and where nothing happens.
const LOOK: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// Before each line of what is said of a guest.
const INDENT: &str = "  ";

/// How often the sign to end is looked at.
const STEP: Duration = Duration::from_millis(100);

/// Bring back guests whose live migration broke in post-copy, from the host that they left; only looks without --yes
#[derive(Args)]
#[allow(clippy::struct_excessive_bools)] // flags of the command line, each by itself
pub(super) struct RescueArguments {
    /// Name or UUID of one domain [default: every one whose migration from this host broke]
    #[arg(value_name = "DOMAIN")]
    domain: Option<String>,
    /// Libvirt of the host that the guests left
    #[arg(long, value_name = "URI", default_value = "qemu:///system")]
    connect: String,
    /// A host that they may have gone to: its name or address, of which nova.conf makes the URI, or a libvirt URI; may be
    /// repeated
    #[arg(long = "dest", value_name = "HOST")]
    destinations: Vec<String>,
    /// nova.conf of the destination, or a directory of them; may be repeated; only `live_migration_inbound_addr` and
    /// `[DEFAULT] host` are used
    #[arg(long = "dest-config", value_name = "NOVA.CONF", requires = "destinations")]
    destination_config: Vec<PathBuf>,
    /// Have libvirt resume what can be resumed
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Ask a libvirt too that was seen to crash when it was asked to resume a migration
    #[arg(long, requires = "yes")]
    risk_a_crash: bool,
    /// Only look, and say what would be done; the default
    #[arg(long)]
    dry_run: bool,
    /// Stay, and do so for every migration from this host that breaks
    #[arg(long, conflicts_with = "domain", conflicts_with = "format")]
    watch: bool,
    /// With --yes: seconds to wait for a link, for a destination, and for what libvirt resumes
    #[arg(long, value_name = "SECONDS", default_value = "600", conflicts_with = "watch",
        value_parser = clap::value_parser!(u64).range(0..=604_800))]
    wait: u64,
    /// Output format
    #[arg(long, value_enum, default_value = "pretty")]
    pub(super) format: Format,
    #[command(flatten)]
    stack: StackArguments,
}

/// nova.conf, and what it makes of the hosts that were named.
struct Config {
    subject: Subject,
    source: String,
    named: Vec<Ends>,
}

impl Config {
    fn view(&self) -> View<'_> {
        self.subject.view()
    }

    /// Nova's flags of a migration in post-copy.
    fn request(&self) -> Request {
        let settings = Settings::read(&self.view());
        Request {
            post_copy: true,
            auto_converge: false,
            tunnelled: false,
            parallel: (settings.parallel > 1).then(|| settings.parallel.min(i32::MAX.into()) as u32),
            tls: settings.tls,
            bandwidth: settings.bandwidth.max(0).cast_unsigned(),
            persistent_xml: false,
            unsafe_storage: false,
            disks: Vec::new(),
        }
    }
}

impl RescueArguments {
    /// Looks, and acts where it was told to.
    pub(super) fn run(&self) -> Result<u8, Failure> {
        let interrupt = Interrupt::listen()?;
        let config = self.config()?;
        run_event_loop().map_err(|error| format!("libvirt's event loop did not start: {error}"))?;
        let scene = Scene {
            source: config.source.clone(),
            destinations: config.named.clone(),
            request: config.request(),
            risks_a_crash: self.risk_a_crash,
        };
        let mut engine = Engine::new(scene);
        if self.watch {
            return self.watch(&mut engine, &config, &interrupt);
        }
        self.look(&mut engine)?;
        if self.yes {
            self.act(&mut engine, &interrupt)?;
        }
        self.report(&engine, &config)
    }

    fn config(&self) -> Result<Config, Failure> {
        let arguments = Arguments {
            paths: Vec::new(),
            exclude: Vec::new(),
            stack: self.stack.clone(),
            upgrade: UpgradeArguments::default(),
            settings: SettingsArguments {
                settings: None,
                no_settings: true,
                is_made: false,
            },
        };
        let subject = subject::today(&arguments)?;
        let source = hosts::accepted("--connect", &self.connect)?;
        let view = subject.view();
        let given = if self.destination_config.is_empty() {
            None
        } else {
            let read = subject::destination(&self.destination_config, view.release());
            Some(read.map_err(|error| format!("the destination's nova.conf: {error}"))?.0)
        };
        let far = given.as_ref().map(|stack| View::new(stack, view.release()));
        let ends = |text: &String| {
            if text.contains("://") {
                hosts::ends(&view, far.as_ref(), &source, text).map(|ways| ways.ends)
            } else {
                hosts::ends_by_name(&view, far.as_ref(), &source, text)
            }
        };
        let named = self.destinations.iter().map(ends).collect::<Result<_, _>>()?;
        Ok(Config { subject, source, named })
    }

    fn look(&self, engine: &mut Engine) -> Result<(), Failure> {
        let looked = engine.look(self.domain.as_deref());
        looked.map_err(|error| format!("{}: {error}; check that `virsh -c '{0}' list` works here", self.connect))?;
        match &self.domain {
            Some(domain) if engine.cases().next().is_none() => {
                Err(format!("{}: there is no domain `{domain}`", self.connect).into())
            }
            _ => Ok(()),
        }
    }

    /// Resumes what can be resumed until nothing more is to be waited for.
    fn act(&self, engine: &mut Engine, interrupt: &Interrupt) -> Result<(), Failure> {
        let until = Instant::now() + Duration::from_secs(self.wait);
        let mut said = BTreeMap::new();
        loop {
            engine.act();
            complain(&changes(engine, &mut said));
            if engine.is_over() || Instant::now() >= until {
                return Ok(());
            }
            pause(LOOK[0], interrupt, None);
            if interrupt.sign().load(Ordering::Relaxed) {
                let resuming = engine.cases().any(|case| case.progress == Progress::Resuming);
                let rest = if resuming {
                    "; what was being resumed libvirt carries on by itself"
                } else {
                    ""
                };
                return Err(format!("interrupted{rest}").into());
            }
            // a daemon that is being restarted is there again in a moment
            if let Err(error) = engine.look(self.domain.as_deref()) {
                complain(&format!("{}: {error}\n", self.connect));
            }
        }
    }

    fn report(&self, engine: &Engine, config: &Config) -> Result<u8, Failure> {
        let guests: Vec<&Case> = engine.cases().collect();
        let text = match self.format {
            Format::Json => {
                let document = Rescue::of(&config.source, self.yes, &guests);
                shown::json(&Envelope::new(Kind::Rescue, document))?
            }
            Format::Pretty if guests.is_empty() => {
                format!("no post-copy migration from {} is broken\n", config.source)
            }
            Format::Pretty => {
                let blocks = guests.iter().map(|case| block(case, &config.source, self.yes));
                shown::text(&blocks.collect::<Vec<_>>().join("\n"))
            }
        };
        print(&text)?;
        let is_well = |case: &&Case| case.progress == Progress::Whole || case.judgement.is_well();
        Ok(u8::from(!guests.iter().all(is_well)))
    }

    /// Looks whenever libvirt reports something, and every few seconds, until it is interrupted.
    fn watch(&self, engine: &mut Engine, config: &Config, interrupt: &Interrupt) -> Result<u8, Failure> {
        let mut heard = None;
        let (mut said, mut trouble) = (BTreeMap::new(), String::new());
        while !interrupt.sign().load(Ordering::Relaxed) {
            if heard.is_none() {
                heard = subscribe(engine);
            }
            let now = match engine.look(None) {
                Ok(()) => String::new(),
                Err(error) => {
                    heard = None;
                    format!("{}: {error}; trying again\n", self.connect)
                }
            };
            if now != trouble {
                complain(&now);
                trouble = now;
            }
            tell_ways(engine, config);
            if self.yes {
                engine.act();
            }
            let news = blocks_that_changed(engine, &mut said, config, self.yes);
            print(&shown::text(&news))?;
            engine.forget_the_whole();
            let is_busy = engine.cases().any(|case| case.progress == Progress::Resuming);
            pause(LOOK[usize::from(!is_busy)], interrupt, heard.as_ref());
        }
        Ok(0)
    }
}

/// Notes where guests in post-copy go, as long as libvirt is connected to that host.
fn tell_ways(engine: &mut Engine, config: &Config) {
    let leaving = engine.leaving();
    if leaving.is_empty() {
        return;
    }
    let view = config.view();
    let ends: Vec<Ends> = peers::of_daemons()
        .iter()
        .filter_map(|address| hosts::ends_by_name(&view, None, &config.source, &address.to_string()).ok())
        .collect();
    for uuid in leaving {
        engine.may_have_gone_to(&uuid, ends.clone());
    }
}

/// Events of the source's libvirt, where it is reached.
fn subscribe(engine: &mut Engine) -> Option<Receiver<Alarm>> {
    let (sender, heard) = channel();
    let source = engine.source().ok()?;
    listen(source, sender).ok().map(|()| heard)
}

/// Waits for an event, `time` or the sign to end, whichever comes first.
fn pause(time: Duration, interrupt: &Interrupt, heard: Option<&Receiver<Alarm>>) {
    let until = Instant::now() + time;
    while Instant::now() < until && !interrupt.sign().load(Ordering::Relaxed) {
        let Some(heard) = heard else {
            std::thread::sleep(STEP);
            continue;
        };
        match heard.recv_timeout(STEP) {
            Ok(_) => {
                while heard.try_recv().is_ok() {}
                return;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(STEP),
        }
    }
}

fn title(case: &Case) -> String {
    format!("{} ({}): {}", case.name, case.uuid, case.headline())
}

/// One guest for people.
fn block(case: &Case, source: &str, acts: bool) -> String {
    let mut lines = case.lines(source, acts);
    if case.is_or_was_broken() {
        lines.push(("nova", case.watch.words().to_owned()));
    }
    let rows: Vec<Vec<String>> = lines
        .into_iter()
        .map(|(label, text)| vec![label.to_owned(), shown::line(&text)])
        .collect();
    let style = Style {
        width: width() - INDENT.len(),
        wraps: io::stdout().is_terminal(),
        ..Style::default()
    };
    let lines = aligned(&rows, style);
    let indented: String = lines.lines().map(|line| format!("{INDENT}{line}\n")).collect();
    format!("{}\n{indented}", shown::line(&title(case)))
}

/// What the terminal says by `COLUMNS`, or what every terminal has.
fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    said.filter(|columns| *columns >= 40).unwrap_or(80)
}

/// A line for each guest of which something else holds than was said.
fn changes(engine: &Engine, said: &mut BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for case in engine.cases() {
        let mut now = title(case);
        if let Some(why) = &case.refused {
            let _ = write!(now, " (libvirt: {why})");
        }
        if said.get(&case.uuid) != Some(&now) {
            let _ = writeln!(text, "{}", shown::line(&now));
            said.insert(case.uuid.clone(), now);
        }
    }
    text
}

fn blocks_that_changed(engine: &Engine, said: &mut BTreeMap<String, String>, config: &Config, acts: bool) -> String {
    let mut text = String::new();
    for case in engine.cases() {
        let now = format!("{}{:?}", title(case), case.refused);
        let before = said.insert(case.uuid.clone(), now.clone());
        let is_news = before.as_ref() != Some(&now) && (before.is_some() || case.is_or_was_broken());
        if is_news {
            text.push_str(&block(case, &config.source, acts));
        }
    }
    said.retain(|uuid, _| engine.cases().any(|case| case.uuid == *uuid));
    text
}

fn complain(text: &str) {
    let _ = io::stderr().write_all(shown::text(text).as_bytes());
}
