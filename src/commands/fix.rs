//! `novamend fix`: mends in memory, shows the diff, and writes only when told to.
//!
//! What is mended the rules say; how it is proved and written, [`crate::fix`].

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::proven::{self, Proven};
use super::verify::VerifyError;
use super::{FailOn, Outcome, Sources, Terminal, outcome};
use crate::catalog::Release;
use crate::commands::sources::Survey;
use crate::conf::layers::Stack;
use crate::conf::load::STDIN;
use crate::fix::gate::{self, Permissions, Refusal};
use crate::fix::witness::{self, Witnessed};
use crate::fix::write::{self, Options, Planned, Written};
use crate::fix::{self, Mended, Plan};
use crate::lint::{self, ActionChoice, Context, Safety, Settings};
use crate::migration::Action;
use crate::output::{Checked, Counts, Format, Style, counted_word, diff, json, pretty, short, shown_path};
use crate::rules::RULES;

/// What becomes of the new texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The diff is shown; nothing is written.
    Diff,
    /// The files are replaced.
    Write(Options),
}

/// What to mend.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which files.
    pub sources: Sources,
    /// The release of today; `None`: inferred.
    pub from: Option<Release>,
    /// The release to come.
    pub to: Release,
    /// What the operator wants.
    pub settings: Settings,
    /// How to print.
    pub format: Format,
    /// When to fail.
    pub fail_on: FailOn,
    /// Show or write.
    pub mode: Mode,
    /// Whether unsafe fixes are applied too.
    pub unsafe_fixes: bool,
    /// Whether a text may be written that the independent parser cannot read.
    pub allow_unwitnessed: bool,
    /// Whether the result is tried on this host before it counts.
    pub verify: bool,
}

/// One stack, mended and proved.
struct Job {
    before: Stack,
    mended: Mended,
    from: Release,
    /// How many findings the stack has as it is.
    counts: Counts,
    /// Per changed file: its layer, and what the witness says.
    changed: Vec<(usize, Witnessed)>,
    /// Per file that must not be written: its layer, and why.
    refusals: Vec<(usize, Refusal)>,
    /// What this host does with the new texts; `None` where it was not tried.
    proven: Option<Proven>,
}

impl Job {
    fn new(before: Stack, from: Release, request: &Request) -> Self {
        let plan = Plan {
            rules: RULES,
            from,
            to: request.to,
            settings: &request.settings,
            unsafe_fixes: request.unsafe_fixes,
        };
        let found = lint::run(RULES, &Context::new(&before, from, request.to, &request.settings));
        let mended = gate::mend(&before, &plan);
        let layers = before.layers().iter().zip(mended.stack.layers()).enumerate();
        let changed = layers
            .map(|(layer, (old, new))| (layer, old.document.source().bytes(), new.document.source().bytes()))
            .filter(|(_, old, new)| old != new)
            .map(|(layer, old, new)| {
                let witnessed = witness::witness(old, new, &mended.announced, [from, request.to]);
                (layer, witnessed)
            })
            .collect::<Vec<_>>();
        let allowed = Permissions {
            repairs: request.unsafe_fixes,
            unwitnessed: request.allow_unwitnessed,
        };
        Self {
            counts: Counts::of(&found),
            refusals: gate::refusals(&before, &mended.stack, &changed, allowed),
            before,
            mended,
            from,
            changed,
            proven: None,
        }
    }

    /// Tries the new texts on this host; where the action was free to choose and fails, the other one.
    fn tried(mut self, request: &Request) -> Result<Self, VerifyError> {
        self.proven = Some(proven::prove(&self.mended.stack, request.to)?);
        if self.works_here() || request.settings.action != ActionChoice::Auto || request.to < Release::STEIN {
            return Ok(self);
        }
        let context = Context::new(&self.before, self.from, request.to, &request.settings);
        let (chosen, _) = context.chosen_action();
        let Some(other) = Action::ALL.into_iter().find(|action| *action != chosen) else {
            return Ok(self);
        };
        let mut instead = request.clone();
        instead.settings.action = ActionChoice::Fixed(other);
        let mut second = Self::new(fix::copy(&self.before), self.from, &instead);
        second.proven = Some(proven::prove(&second.mended.stack, request.to)?);
        Ok(if second.works_here() { second } else { self })
    }

    fn works_here(&self) -> bool {
        self.proven.as_ref().is_none_or(|proven| proven.works)
    }

    fn is_proved(&self) -> bool {
        let is_contradicted = |(_, witnessed): &(usize, Witnessed)| matches!(witnessed, Witnessed::Contradicted { .. });
        self.works_here()
            && self.refusals.is_empty()
            && self.mended.refused.is_empty()
            && !self.changed.iter().any(is_contradicted)
    }

    /// Everything that speaks against a change, a line each.
    fn objections(&self) -> Vec<String> {
        let refused = self
            .mended
            .refused
            .iter()
            .map(|refused| format!("not proved: {}: {}", refused.title, refused.moved));
        let contradicted = self.changed.iter().filter_map(|(layer, witnessed)| match witnessed {
            Witnessed::Contradicted { section, key } => Some(format!(
                "not proved: {}: an independent parser reads another value of `[{section}] {key}`",
                self.path(*layer)
            )),
            _ => None,
        });
        let failed = self.proven.iter().filter(|proven| !proven.works).map(|proven| {
            let remedy = proven.remedy.iter().map(|remedy| format!("; {remedy}"));
            format!(
                "not proven on this host: {}{}",
                proven.headline,
                remedy.collect::<String>()
            )
        });
        let kept = self
            .refusals
            .iter()
            .map(|(layer, refusal)| format!("not written: {}: {refusal}", self.path(*layer)));
        kept.chain(refused).chain(contradicted).chain(failed).collect()
    }

    fn path(&self, layer: usize) -> String {
        shown_path(self.before.layers()[layer].document.source().path())
    }

    fn diff(&self, layer: usize, style: Style) -> String {
        let (old, new) = (&self.before.layers()[layer], &self.mended.stack.layers()[layer]);
        diff::unified(&old.document, &new.document, style)
    }

    fn planned(&self) -> impl Iterator<Item = Planned> + '_ {
        self.changed.iter().map(|&(layer, _)| {
            let (old, new) = (&self.before.layers()[layer], &self.mended.stack.layers()[layer]);
            Planned {
                path: old.document.source().path().to_owned(),
                before: old.document.source().bytes().to_vec(),
                after: new.document.source().bytes().to_vec(),
            }
        })
    }
}

/// Mends every stack, prints what changes and what is left, and writes where the request says so: all files or none.
///
/// # Errors
/// The writer's.
pub fn run(request: &Request, terminal: &mut Terminal<'_>) -> io::Result<Outcome> {
    let survey = Survey::of(&request.sources, request.from, Some(request.to));
    survey.complain(&request.sources, terminal);
    if survey.targets.is_empty() {
        return Ok(Outcome::Failed);
    }
    let mut failed = !survey.errors.is_empty();
    let checked = survey.checked(request.to, request.from);
    let mut jobs = Vec::new();
    for target in survey.targets {
        let from = target.from;
        match target.into_stack(&request.sources) {
            Ok(stack) => {
                let job = Job::new(stack, from, request);
                match if request.verify { job.tried(request) } else { Ok(job) } {
                    Ok(job) => jobs.push(job),
                    Err(error) => {
                        failed = true;
                        terminal.complain(&whole(&error));
                    }
                }
            }
            Err(error) => {
                failed = true;
                terminal.complain(&error);
            }
        }
    }
    let written = match request.mode {
        Mode::Diff => Vec::new(),
        Mode::Write(options) => match write(&jobs, failed, options) {
            Ok(written) => written,
            Err(message) => {
                failed = true;
                terminal.complain(&message);
                Vec::new()
            }
        },
    };
    let report = Report {
        request,
        checked: &checked,
        jobs: &jobs,
        written: &written,
    };
    match request.format {
        Format::Json => terminal.print(&report.json())?,
        Format::Pretty | Format::Short => {
            let text = report.text(terminal.style);
            terminal.print(&text)?;
        }
    }
    let is_unproved = jobs.iter().any(|job| !job.is_proved());
    if failed || (is_unproved && request.mode != Mode::Diff) {
        return Ok(Outcome::Failed);
    }
    let counts = jobs.iter().map(|job| report.counts(job));
    let unproved = if is_unproved { Outcome::Findings } else { Outcome::Clean };
    Ok(outcome(counts.fold(Counts::default(), Counts::plus), request.fail_on).max(unproved))
}

/// An error with its causes.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Replaces every changed file, or none.
fn write(jobs: &[Job], failed: bool, options: Options) -> Result<Vec<Written>, String> {
    if failed {
        return Err("nothing is written: not everything could be read and tried".to_owned());
    }
    if let Some(job) = jobs.iter().find(|job| !job.is_proved()) {
        return Err(format!("nothing is written: {}", job.objections().join("; ")));
    }
    let planned: Vec<Planned> = jobs.iter().flat_map(Job::planned).collect();
    if planned.iter().any(|planned| planned.path == Path::new(STDIN)) {
        return Err("standard input cannot be written to; name the file".to_owned());
    }
    write::write_all(&planned, &options).map_err(|error| error.to_string())
}

/// Everything `fix` prints.
struct Report<'a> {
    request: &'a Request,
    checked: &'a Checked,
    jobs: &'a [Job],
    written: &'a [Written],
}

impl Report<'_> {
    /// What is found: in the files as they are where nothing was written, else in the new texts.
    fn counts(&self, job: &Job) -> Counts {
        match self.request.mode {
            Mode::Diff => job.counts,
            Mode::Write(_) => Counts::of(&job.mended.findings),
        }
    }

    fn text(&self, style: Style) -> String {
        let mut out = pretty::header(self.checked);
        for job in self.jobs {
            for applied in &job.mended.applied {
                let rule = applied.rule.unwrap_or("as asked");
                let unsafe_mark = if applied.safety == Safety::Unsafe {
                    " (unsafe)"
                } else {
                    ""
                };
                out.push_str(&format!("{rule}{unsafe_mark}: {}\n", applied.title));
            }
            for proven in job.proven.iter().filter(|proven| proven.works) {
                out.push_str(&format!("proven on this host: {}\n", proven.headline));
            }
            for objection in job.objections() {
                out.push_str(&format!("{objection}\n"));
            }
            for (layer, witnessed) in &job.changed {
                out.push('\n');
                out.push_str(&job.diff(*layer, style));
                if let Witnessed::NotWitnessed(reason) = witnessed {
                    out.push_str(&format!("not witnessed by a second parser: {reason}\n"));
                }
            }
            if !job.mended.findings.is_empty() {
                out.push_str(if job.changed.is_empty() { "" } else { "\n" });
                out.push_str("left to you:\n");
                for finding in &job.mended.findings {
                    out.push_str(&short::finding(&job.mended.stack, finding));
                }
            }
            out.push_str(if job.changed.is_empty() && job.mended.findings.is_empty() {
                ""
            } else {
                "\n"
            });
        }
        out.push_str(&self.last_line());
        out
    }

    fn last_line(&self) -> String {
        let changed: usize = self.jobs.iter().map(|job| job.changed.len()).sum();
        if changed == 0 {
            return "nothing to mend\n".to_owned();
        }
        let is_kept = self.jobs.iter().any(|job| !job.refusals.is_empty());
        if self.request.mode == Mode::Diff && is_kept {
            return "nothing would be written\n".to_owned();
        }
        if self.request.mode == Mode::Diff {
            return format!("{} would change; `--write` writes\n", counted_word(changed, "file"));
        }
        let mut out = String::new();
        for written in self.written {
            out.push_str(&format!("wrote {}", shown_path(&written.target)));
            if let Some(backup) = &written.backup {
                out.push_str(&format!("; the old text is in {}", shown_path(backup)));
            }
            out.push('\n');
        }
        if self.written.is_empty() {
            out.push_str("nothing is written\n");
        }
        out
    }

    fn json(&self) -> String {
        let jobs: Vec<Value> = self.jobs.iter().map(|job| self.job_json(job)).collect();
        let written: Vec<Value> = self
            .written
            .iter()
            .map(|written| {
                json!({
                    "file": written.target.to_string_lossy(),
                    "backup": written.backup.as_ref().map(|path| path.to_string_lossy()),
                    "in_place": written.in_place,
                })
            })
            .collect();
        let mut document = json::checked(self.checked);
        document["stacks"] = json!(jobs);
        document["written"] = json!(written);
        format!("{document}\n")
    }

    fn job_json(&self, job: &Job) -> Value {
        let context = Context::new(&job.mended.stack, job.from, self.request.to, &self.request.settings);
        let applied: Vec<Value> = job
            .mended
            .applied
            .iter()
            .map(|applied| json!({"rule": applied.rule, "title": applied.title, "safety": applied.safety.as_str()}))
            .collect();
        let files: Vec<Value> = job
            .changed
            .iter()
            .map(|(layer, witnessed)| {
                let (agrees, reason) = match witnessed {
                    Witnessed::Agrees => (json!(true), Value::Null),
                    Witnessed::NotWitnessed(reason) => (Value::Null, json!(reason.to_string())),
                    Witnessed::Contradicted { .. } => (json!(false), Value::Null),
                };
                json!({
                    "file": job.before.layers()[*layer].document.source().path().to_string_lossy(),
                    "diff": job.diff(*layer, Style::default()),
                    "witnessed": agrees,
                    "not_witnessed_because": reason,
                })
            })
            .collect();
        let left: Vec<Value> = job
            .mended
            .findings
            .iter()
            .map(|finding| json::finding(&context, finding))
            .collect();
        let proven = job
            .proven
            .as_ref()
            .map(|proven| json!({"works": proven.works, "headline": proven.headline, "remedy": proven.remedy}));
        json!({"applied": applied, "proven": proven, "objections": job.objections(), "changed": files, "left": left})
    }
}
