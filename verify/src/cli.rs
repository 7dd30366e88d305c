//! The command line of `novamend-verify`, and what its two commands do with it.
//!
//! It prints and writes; it finds nothing out itself.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use indicatif::ProgressBar;
use jiff::Timestamp;
use novamend::catalog::Release;
use novamend::conf::layers::{Stack, Variable};
use novamend::conf::load::{self, Input};
use novamend::effective::{Setting, View};
use novamend_verify::far::{self, Named};
use novamend_verify::guest;
use novamend_verify::inbound::{inbound_address, transport};
use novamend_verify::interrupt::Interrupt;
use novamend_verify::plan::{Plan, Wanted};
use novamend_verify::preflight::{Asked, Host, QEMU_CONF, limits, lines};
use novamend_verify::readable;
use novamend_verify::report::{Machine, Probe, Report, SCHEMA, html, moment, text};
use novamend_verify::sandbox::supervisor::die_with_parent;
use novamend_verify::session::{self, Wishes};
use novamend_verify::verdict;

const EXIT_CODES: &str = "Exit codes: 0 works as configured, 1 does not, 2 could not be run";

#[derive(Parser)]
#[command(name = "novamend-verify", version, about = "Prove on this host what nova's live-migration timeout action will do", after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say what this host can do; starts no guest and needs no root
    Probe(ProbeArguments),
    /// Migrate a tiny guest as this nova.conf asks, in a sandbox or between two hosts, and say what happens; leaves no trace
    Verify(VerifyArguments),
    /// Write the probe guest's image to standard output, for `verify --source URI --dest URI`
    GuestImage,
}

#[derive(Args)]
struct Common {
    /// nova.conf files or directories of them; by default where nova-compute looks
    #[arg(value_name = "NOVA.CONF")]
    files: Vec<PathBuf>,
    /// The release that nova.conf is for: a number, series or date
    #[arg(long, value_name = "REL")]
    to: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value = "pretty")]
    format: Format,
    /// The host's qemu.conf, which names the user that QEMU runs as
    #[arg(long, value_name = "FILE", default_value = QEMU_CONF)]
    qemu_conf: PathBuf,
}

#[derive(Args)]
struct ProbeArguments {
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct VerifyArguments {
    #[command(flatten)]
    common: Common,
    /// What to try
    #[arg(long, value_enum, default_value = "configured")]
    action: ActionArgument,
    /// Write a report as one HTML file, and as JSON beside it
    #[arg(long, value_name = "FILE.html", value_parser = report_path)]
    report: Option<PathBuf>,
    /// Use software emulation even where KVM works
    #[arg(long)]
    emulate: bool,
    /// Migrate from this libvirt, for instance `qemu+ssh://host1/system`, instead of in a sandbox
    #[arg(long, value_name = "URI", requires = "destination", requires = "guest_image")]
    source: Option<String>,
    /// Migrate to this libvirt
    #[arg(long = "dest", value_name = "URI", requires = "source", requires = "guest_image")]
    destination: Option<String>,
    /// What `novamend-verify guest-image` wrote, at the same place on both hosts
    #[arg(long, value_name = "PATH", requires = "source", value_parser = absolute)]
    guest_image: Option<PathBuf>,
    /// The process that started this and with which it is to end, however that ends
    #[arg(long, value_name = "PID", hide = true)]
    ends_with: Option<u32>,
    /// Seconds to wait for a daemon, the guest or a migration before giving up
    #[arg(long, value_name = "SECONDS", default_value = "40", value_parser = clap::value_parser!(u64).range(1..=3600))]
    patience: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Pretty,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum ActionArgument {
    Configured,
    Abort,
    ForceComplete,
    All,
}

impl From<ActionArgument> for Wanted {
    fn from(argument: ActionArgument) -> Self {
        match argument {
            ActionArgument::Configured => Self::Configured,
            ActionArgument::Abort => Self::Abort,
            ActionArgument::ForceComplete => Self::ForceComplete,
            ActionArgument::All => Self::All,
        }
    }
}

/// Runs the command of this process's arguments; exit code 2 where it could not.
pub(crate) fn run() -> ExitCode {
    let command = Cli::parse().command;
    let done = panic::catch_unwind(|| match &command {
        Command::Probe(arguments) => probe(&arguments.common),
        Command::Verify(arguments) => verify(arguments),
        Command::GuestImage => guest_image(),
    });
    // what it was has been said where it happened
    let Ok(done) = done else { return ExitCode::from(2) };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let mut out = io::stderr().lock();
            let _ = write!(out, "could not be run: {error}");
            let mut source = error.source();
            while let Some(below) = source {
                let _ = write!(out, ": {below}");
                source = below.source();
            }
            let _ = writeln!(out);
            ExitCode::from(2)
        }
    }
}

type Failure = Box<dyn std::error::Error>;

/// The files as nova reads them, their names, and the release.
fn read(common: &Common) -> Result<(Stack, Vec<String>, Release), Failure> {
    let release = common
        .to
        .as_deref()
        .map(Release::parse)
        .transpose()?
        .unwrap_or(Release::NEWEST);
    let inputs: Vec<Input> = if common.files.is_empty() {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let mut inputs = load::default_files(Path::new("/"), home.as_deref(), "nova-compute");
        inputs.extend(load::default_directories(
            Path::new("/"),
            home.as_deref(),
            "nova-compute",
        ));
        inputs
    } else {
        common.files.iter().map(|path| Input::of(path)).collect()
    };
    let names = load::list(&inputs)?
        .into_iter()
        .map(|(path, _)| path.display().to_string())
        .collect();
    let stack = load::load(&inputs, Vec::<Variable>::new())?;
    let refused = readable::refused(&stack, release);
    if !refused.is_empty() {
        let (list, release) = (refused.join("\n  "), release.short());
        return Err(format!("nova of {release} cannot go by this nova.conf:\n  {list}").into());
    }
    Ok((stack, names, release))
}

/// The image on standard output, but not on a terminal.
fn guest_image() -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        return Err(
            "the image is not text; write it to a file: `novamend-verify guest-image > novamend-probe.rom`".into(),
        );
    }
    out.write_all(&guest::far_image())?;
    out.flush()?;
    Ok(0)
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn probe(common: &Common) -> Result<u8, Failure> {
    let (stack, _, release) = read(common)?;
    let asked = asked(&View::new(&stack, release));
    let host = Host::look(&common.qemu_conf, &asked);
    let lines = lines(&host, release, &asked);
    let shown = match common.format {
        Format::Pretty => text::probe(&release.to_string(), &lines),
        Format::Json => json(&Probe {
            schema: SCHEMA,
            kind: "probe",
            release: release.to_string(),
            lines: &lines,
        })?,
    };
    print(&shown)?;
    Ok(u8::from(lines.iter().any(|line| {
        line.standing == novamend_verify::preflight::Standing::Fails
    })))
}

/// What nova.conf asks of the host.
fn asked(view: &View) -> Asked {
    Asked {
        tls: view.flag("libvirt", "live_migration_with_native_tls").unwrap_or(false),
        address: inbound_address(view),
        transport: transport(view),
        host: view
            .setting("DEFAULT", "host")
            .filter(Setting::is_set)
            .and_then(|setting| view.text(&setting).ok().flatten()),
    }
}

fn json(value: &impl serde::Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}

fn verify(arguments: &VerifyArguments) -> Result<u8, Failure> {
    if let Some(parent) = arguments.ends_with {
        die_with_parent(Some(&parent.to_string()))?;
    }
    let interrupt = Interrupt::listen()?;
    if let Some((what, remedy)) = limits::too_little() {
        return Err(format!("{what}; {remedy}").into());
    }
    let (stack, files, release) = read(&arguments.common)?;
    let view = View::new(&stack, release);
    let mut plan = Plan::of(&view)?;
    if release < Release::STEIN && matches!(arguments.action, ActionArgument::ForceComplete) {
        return Err(format!(
            "{release} has no `live_migration_timeout_action`, so no force_complete; it came with stein"
        )
        .into());
    }
    let named = arguments.named(&view);
    plan.draws_curve = arguments.report.is_some();
    let host = Host::look(&arguments.common.qemu_conf, &asked(&view));
    let bar = if io::stderr().is_terminal() {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::hidden()
    };
    if io::stderr().is_terminal() {
        bar.enable_steady_tick(Duration::from_millis(120));
    }
    let wishes = Wishes {
        wanted: arguments.action.into(),
        emulate: arguments.emulate,
        patience: arguments.patience,
    };
    let progress = |stage: &str| bar.set_message(stage.to_owned());
    let session = match &named {
        Some(named) => far::run(named, &plan, wishes, &interrupt, progress),
        None => session::run(&host, &plan, wishes, interrupt.sign(), progress),
    };
    bar.finish_and_clear();
    let session = session?;
    let verdict = verdict::draw(&plan, &host, &session);
    let report = Report {
        schema: SCHEMA,
        kind: "verify",
        verdict: &verdict,
        plan: &plan,
        made_at: moment(Timestamp::now()),
        files: &files,
        machine: Machine::of(&host, &session),
        session: &session,
    };
    let shown = match arguments.common.format {
        Format::Pretty => text::report(&report),
        Format::Json => json(&report)?,
    };
    print(&shown)?;
    if let Some(path) = &arguments.report {
        keep(path, &report)?;
    }
    if let Some(left) = &session.left {
        let _ = writeln!(io::stderr(), "the trials are over, but {left}");
        return Ok(2);
    }
    Ok(verdict.exit_code())
}

impl VerifyArguments {
    /// The two hosts, where they are named.
    fn named(&self, view: &View) -> Option<Named> {
        let (source, destination) = (self.source.as_ref()?, self.destination.as_ref()?);
        let (ends, peer_is_not_novas) = far::ends(view, source, destination);
        Some(Named {
            ends,
            peer_is_not_novas,
            image: self.guest_image.clone()?,
        })
    }
}

/// A path that means the same on two hosts.
fn absolute(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_absolute() {
        Ok(path)
    } else {
        Err("it must begin with a slash, as it names a file on both hosts".to_owned())
    }
}

/// Writes the report, and its JSON beside it.
fn keep(path: &Path, report: &Report) -> Result<(), Failure> {
    let (page, data) = (html::page(report)?, json(report)?);
    for (path, text) in [(path.to_owned(), page), (path.with_extension("json"), data)] {
        fs::write(&path, text).map_err(|error| format!("the report {} was not written: {error}", path.display()))?;
    }
    Ok(())
}

/// A report's name; the JSON beside it must have another.
fn report_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(std::ffi::OsStr::to_str) {
        Some("html" | "htm") => Ok(path),
        _ => Err("the name must end in .html".to_owned()),
    }
}
