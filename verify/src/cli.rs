//! The command line of `novamend-verify`, and what its two commands do with it.
//!
//! It prints and writes; it finds nothing out itself.

use std::io::{self, IsTerminal, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use indicatif::ProgressBar;
use jiff::Timestamp;
use novamend::bounded::Root;
use novamend::catalog::Release;
use novamend::inputs::load::{self, Input};
use novamend::nova::migration::{Settings, TimeoutAction};
use novamend::nova::{Setting, View};
use novamend::oslo::stack::{Stack, Variable};
use novamend::redact::Secrets;
use novamend::write::{self, Options, Planned, WriteError};
use novamend_verify::guest;
use novamend_verify::host::{Host, HostRequirements, QEMU_CONF, limits, lines};
use novamend_verify::hosts::{self, HostPair};
use novamend_verify::interrupt::Interrupt;
use novamend_verify::process::die_with_parent;
use novamend_verify::readable;
use novamend_verify::report::{Machine, Probe, Report, Roles, SCHEMA, html, moment, text};
use novamend_verify::sandbox;
use novamend_verify::shown;
use novamend_verify::trial::plan::{Plan, Wanted};
use novamend_verify::trial::session::RunOptions;
use novamend_verify::verdict;

const EXIT_CODES: &str = "Exit codes: 0 works as configured, 1 does not or is not proven, 2 could not be run";

#[derive(Parser)]
#[command(name = "novamend-verify", version, about = "Test on this host what nova's live-migration timeout action \
    will do", after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what this host can do; starts no guest and does not need root
    Probe(ProbeArguments),
    /// Live-migrate a tiny guest as nova.conf says, in a sandbox or between two hosts, and report what happens; leaves nothing
    /// behind
    Verify(VerifyArguments),
    /// Write the probe guest's image to standard output, for `verify --source URI --dest URI`
    GuestImage,
}

#[derive(Args)]
struct Common {
    /// nova.conf files or directories of them, with --source those of the source; default: where nova-compute looks
    #[arg(value_name = "NOVA.CONF")]
    files: Vec<PathBuf>,
    /// The release that nova.conf is for: a number, series or date
    #[arg(long, value_name = "REL")]
    to: Option<String>,
    /// Output format
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
    /// Timeout action to test
    #[arg(long, value_parser = wanted(), default_value = "configured")]
    action: Wanted,
    /// Write a report as one HTML file, and the same as JSON beside it
    #[arg(long, value_name = "FILE.html", value_parser = report_path)]
    report: Option<PathBuf>,
    /// Use software emulation even where KVM works
    #[arg(long)]
    emulate: bool,
    /// Migrate from this libvirt URI, e.g. `qemu+ssh://host1/system`, instead of in a sandbox
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
    /// End as soon as this process ends
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

/// The trials by their words.
fn wanted() -> impl TypedValueParser<Value = Wanted> {
    let words = PossibleValuesParser::new(Wanted::choices().map(|(word, _)| word));
    words.try_map(|chosen| {
        let mut choices = Wanted::choices();
        let found = choices.find(|(word, _)| *word == chosen);
        found.map(|(_, wanted)| wanted).ok_or("no such action")
    })
}

/// Runs the command of this process's arguments; exit code 2 where it could not.
pub(crate) fn run() -> ExitCode {
    novamend::plain::keep_panics_quiet("novamend-verify");
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misused(&error),
    };
    let done = panic::catch_unwind(|| match &cli.command {
        Command::Probe(arguments) => probe(&arguments.common),
        Command::Verify(arguments) => verify(arguments),
        Command::GuestImage => guest_image(),
    });
    // what it was has been said where it happened
    let Ok(done) = done else { return ExitCode::from(2) };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let mut message = format!("could not be run: {error}");
            let mut source = error.source();
            while let Some(below) = source {
                message.push_str(&format!(": {below}"));
                source = below.source();
            }
            let _ = writeln!(io::stderr(), "{}", shown::text(&message.replace('\n', "\n  ")));
            ExitCode::from(2)
        }
    }
}

/// Says what is wrong with the command line, or prints the help that was asked for; no secret that an argument holds.
fn misused(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    let shown = shown::text(&text);
    if error.use_stderr() && shown != text {
        let _ = io::stderr().write_all(shown.as_bytes());
    } else {
        let _ = error.print();
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
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
    let (stack, names) = load_files(&common.files, release)?;
    Ok((stack, names, release))
}

/// A stack of files as nova of `release` reads it, and their names; without any, of those where nova-compute looks.
fn load_files(files: &[PathBuf], release: Release) -> Result<(Stack, Vec<String>), Failure> {
    let inputs: Vec<Input> = if files.is_empty() {
        let (root, home) = (Root::default(), load::home());
        let mut inputs = load::default_files(&root, Some(&home), "nova-compute");
        inputs.extend(load::default_directories(&root, Some(&home), "nova-compute"));
        inputs
    } else {
        files.iter().map(|path| Input::of(path)).collect()
    };
    let names = load::list(&inputs)?
        .into_iter()
        .map(|(path, _)| novamend::plain::path(&path))
        .collect();
    let stack = load::load(&inputs, Vec::<Variable>::new())?;
    shown::remember(Secrets::of(&stack));
    let refused = readable::refused(&stack, release);
    if !refused.is_empty() {
        let (list, release) = (refused.join("\n  "), release.short());
        return Err(format!("nova of {release} does not start with this nova.conf:\n  {list}").into());
    }
    Ok((stack, names))
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
        Format::Pretty => shown::text(&text::probe(&release.to_string(), &lines)),
        Format::Json => shown::json(&Probe {
            schema: SCHEMA,
            kind: "probe",
            release: release.to_string(),
            lines: &lines,
        })?,
    };
    print(&shown)?;
    Ok(u8::from(
        lines
            .iter()
            .any(|line| line.status == novamend_verify::host::Status::Fails),
    ))
}

/// What nova.conf asks of the host.
fn asked(view: &View) -> HostRequirements {
    let settings = Settings::read(view);
    HostRequirements {
        tls: settings.tls,
        transport: settings.transport().map(str::to_owned),
        address: settings.inbound,
        host: view
            .setting("DEFAULT", "host")
            .filter(Setting::is_set)
            .and_then(|setting| view.text(&setting).ok().flatten()),
    }
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
    if release < Release::STEIN && arguments.action == Wanted::Action(TimeoutAction::ForceComplete) {
        return Err(format!(
            "{release} has no `live_migration_timeout_action`, so no force_complete; it was added in stein"
        )
        .into());
    }
    if let Some(path) = &arguments.report {
        try_report(path)?;
    }
    let named = arguments.named(&view)?;
    if named.is_some() {
        plan.leave_out_the_destination();
    }
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
    let options = RunOptions {
        wanted: arguments.action,
        emulate: arguments.emulate,
        patience: arguments.patience,
    };
    let progress = |stage: &str| bar.set_message(shown::line(stage));
    let session = match &named {
        Some(named) => hosts::run(named, &plan, options, &interrupt, progress).map_err(Failure::from),
        None => sandbox::run(&host, &plan, options, interrupt.sign(), progress).map_err(Failure::from),
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
        roles: Roles::of(&files, &session),
        machine: Machine::of(&host, &session),
        session: &session,
    };
    let shown = match arguments.common.format {
        Format::Pretty => shown::text(&text::report(&report)),
        Format::Json => shown::json(&report)?,
    };
    // The report first: it is there even where standard output cannot be written.
    let kept = arguments.report.as_ref().map_or(Ok(()), |path| keep(path, &report));
    print(&shown)?;
    kept?;
    if let Some(left) = &session.left {
        let _ = writeln!(
            io::stderr(),
            "{}",
            shown::text(&format!("the trials have finished, but {left}"))
        );
        return Ok(2);
    }
    Ok(verdict.exit_code())
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
            let read = load_files(&self.destination_config, source.release());
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

/// The report at `path` and its JSON beside it, as files to be written. What is replaced is a report already: the page
/// that was named may be any file of this user, the other one, which nobody named, only such JSON.
fn report_files(path: &Path, page: String, data: String) -> Result<[Planned; 2], Failure> {
    let not_written = |error: WriteError| format!("the report cannot be written: {}", error.with_state());
    let is_report = |text: &[u8]| {
        let found: Option<serde_json::Value> = serde_json::from_slice(text).ok();
        found.is_some_and(|found| found["kind"] == "verify" && found["schema"].is_number())
    };
    let page = write::document(path, page.into_bytes(), "a page", |_| true).map_err(not_written)?;
    let beside = path.with_extension("json");
    let data = write::document(&beside, data.into_bytes(), "a report of novamend verify", is_report);
    Ok([page, data.map_err(not_written)?])
}

/// Whether the report can be written, tried before hours go into what stands in it.
fn try_report(path: &Path) -> Result<(), Failure> {
    let files = report_files(path, "{}".to_owned(), "{}".to_owned())?;
    write::try_out(&files, &Options::without_backup())
        .map_err(|error| format!("the report cannot be written: {}", error.with_state()).into())
}

/// Writes the report and its JSON, or neither.
fn keep(path: &Path, report: &Report) -> Result<(), Failure> {
    let files = report_files(path, html::page(report)?, shown::json(report)?)?;
    write::write_all(&files, &Options::without_backup())
        .map(|_| ())
        .map_err(|error| format!("the report was not written: {}", error.with_state()).into())
}

/// A report's name; the JSON beside it must have another.
fn report_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(std::ffi::OsStr::to_str) {
        Some("html" | "htm") => Ok(path),
        _ => Err("the name must end in .html".to_owned()),
    }
}
