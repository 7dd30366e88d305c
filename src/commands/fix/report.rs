//! What `fix` prints: what changes now, what waits for the upgrade and the command for it, and what is left.
//!
//! It decides nothing.

use std::path::Path;

use serde_json::{Value, json};

use super::job::Job;
use super::{Mode, Request};
use novamend::fix::witness::Witnessed;
use novamend::fix::{Applied, Until};
use novamend::inputs::load::{Input, STDIN};
use novamend::lint::{Context, Moment, Safety};
use novamend::oslo::stack::Stack;
use novamend::output::{
    Checked, Counts, Format, Style, SuppressedCounts, counted_word, diff, json, pretty, short, shown_path,
};
use novamend::plain;
use novamend::redact::{self, Secrets};
use novamend::text::Edit;
use novamend::write::Written;

/// Everything `fix` prints.
pub(super) struct Report<'a> {
    pub(super) request: &'a Request,
    pub(super) checked: &'a Checked,
    pub(super) jobs: &'a [Job],
    pub(super) written: &'a [Written],
}

impl Report<'_> {
    /// What is found: in the files as they are where nothing was written, else in the new texts.
    pub(super) fn counts(&self, job: &Job) -> Counts {
        match &self.request.mode {
            Mode::Diff => job.counts,
            Mode::Write(_) => Counts::of(&job.written.findings),
        }
    }

    pub(super) fn render(&self, style: Style) -> String {
        match self.request.format {
            Format::Json => self.json(),
            Format::Pretty | Format::Short => self.text(style),
        }
    }

    fn text(&self, style: Style) -> String {
        let mut out = pretty::header(self.checked);
        for job in self.jobs {
            let text = self.job_text(job, style);
            out.push_str(&text);
            out.push_str(if text.is_empty() { "" } else { "\n" });
        }
        out.push_str(&self.last_lines());
        out
    }

    fn job_text(&self, job: &Job, style: Style) -> String {
        let mut out = String::new();
        for proven in job.proven.iter().filter(|proven| proven.works()) {
            out.push_str(&format!("tested on this host: {}\n", plain::line(&proven.headline)));
        }
        for objection in job.objections() {
            out.push_str(&format!("{}\n", plain::line(&objection)));
        }
        let mut parts = Vec::new();
        if !job.written.applied.is_empty() {
            let (before, after) = (&job.before, &job.written.stack);
            let diffs = diffs(before, after, &job.changed, &job.secrets, style);
            parts.push(format!("{}\n{}{diffs}", self.heading(job), lines(&job.written.applied)));
        }
        if !job.later.applied.is_empty() {
            let (before, after) = (&job.written.stack, &job.later.stack);
            let diffs = diffs(before, after, &job.changed_later, &job.secrets, style);
            let heading = format!("with the upgrade, not before: {} still reads the old text", reader(job));
            parts.push(format!("{heading}\n{}{diffs}", lines(&job.later.applied)));
        }
        let mut left = String::new();
        for finding in job.left() {
            left.push_str(&short::finding(&job.written.stack, finding));
            left.extend(
                finding
                    .objection
                    .iter()
                    .map(|why| format!("  its fix is not safe: {}\n", plain::line(why))),
            );
        }
        if !left.is_empty() {
            parts.push(format!("remaining findings:\n{left}"));
        }
        out.push_str(&parts.join("\n"));
        out
    }

    /// Over what is written: what holds for it.
    fn heading(&self, job: &Job) -> String {
        let is_neutral = |applied: &Applied| applied.moment == Moment::Now && applied.safety == Safety::Safe;
        match self.request.until {
            _ if job.written.applied.iter().all(|a| is_neutral(a) && a.rule.is_some()) => {
                format!("now: {} reads the same values before and after", job.today.in_words())
            }
            Until::Now => "now:".to_owned(),
            Until::Hop(release) => format!("up to the hop to {}:", release.short()),
            Until::Upgrade => format!("for the whole upgrade to {}:", self.request.to.short()),
        }
    }

    fn last_lines(&self) -> String {
        let mut out = self.written_lines();
        out.extend(
            self.hidden()
                .in_words(self.checked)
                .iter()
                .map(|words| format!("{words}\n")),
        );
        if self.checked.compares_nothing() {
            out.push_str("no upgrade was compared: pass `--from` with the release that runs today\n");
        }
        out
    }

    fn hidden(&self) -> SuppressedCounts {
        let each = self.jobs.iter().map(|job| job.hidden);
        each.fold(SuppressedCounts::default(), SuppressedCounts::plus)
    }

    fn written_lines(&self) -> String {
        let changed: usize = self.jobs.iter().map(|job| job.changed.len()).sum();
        let later: usize = self.jobs.iter().map(|job| job.changed_later.len()).sum();
        let mut out = String::new();
        match &self.request.mode {
            _ if changed == 0 && later == 0 => return "no fixes to apply\n".to_owned(),
            _ if changed == 0 => out.push_str("no fixes to apply now\n"),
            Mode::Diff if self.jobs.iter().any(|job| !job.refusals.is_empty()) => {
                out.push_str("nothing would be written\n");
            }
            Mode::Diff => {
                let when = if self.request.until == Until::Now { " now" } else { "" };
                out.push_str(&format!(
                    "{} would be changed{when}; use `--write` to apply\n",
                    counted_word(changed, "file")
                ));
            }
            Mode::Write(_) if self.written.is_empty() => out.push_str("nothing was written\n"),
            Mode::Write(_) => {
                for written in self.written {
                    out.push_str(&written_line(written));
                    out.push('\n');
                }
            }
        }
        if later > 0 {
            let edits: usize = self.jobs.iter().map(|job| job.later.applied.len()).sum();
            out.push_str(&format!(
                "{} in {} left for the upgrade; when you upgrade, run {}\n",
                counted_word(edits, "edit"),
                counted_word(later, "file"),
                command(self.request)
            ));
        }
        out
    }

    fn json(&self) -> String {
        let jobs: Vec<Value> = self.jobs.iter().map(|job| self.job_json(job)).collect();
        let written: Vec<Value> = self
            .written
            .iter()
            .map(|written| {
                let mut object = json!({"file": null, "backup": null, "in_place": written.in_place});
                json::put_path(&mut object, "file", &written.target);
                if let Some(backup) = &written.backup {
                    json::put_path(&mut object, "backup", backup);
                }
                object
            })
            .collect();
        let mut document = json::checked(self.checked);
        document["stacks"] = json!(jobs);
        document["written"] = json!(written);
        document["hidden"] = json::hidden(self.hidden());
        format!("{}\n", json::text(&document))
    }

    fn job_json(&self, job: &Job) -> Value {
        let (to, settings) = (self.request.to, &self.request.settings);
        let context = Context::of_today(&job.written.stack, &job.today, to, settings);
        let left: Vec<Value> = job.left().map(|finding| json::finding(&context, finding)).collect();
        let before = Context::of_today(&job.before, &job.today, self.request.to, &self.request.settings);
        let suppressed: Vec<Value> = job
            .suppressed
            .iter()
            .map(|one| json::suppressed(&before, one))
            .collect();
        let proven = job
            .proven
            .as_ref()
            .map(|proven| json!({"works": proven.works(), "headline": proven.headline, "remedy": proven.remedy}));
        let applied = |applied: &[Applied]| -> Vec<Value> {
            let each = applied.iter().map(|applied| {
                json!({
                    "rule": applied.rule,
                    "title": applied.title,
                    "safety": applied.safety.as_str(),
                    "moment": json::moment(applied.moment),
                    "edits": edits(job, applied),
                })
            });
            each.collect()
        };
        let (before, now, later) = (&job.before, &job.written.stack, &job.later.stack);
        json!({
            "applied": applied(&job.written.applied),
            "later": applied(&job.later.applied),
            "proven": proven,
            "objections": job.objections(),
            "changed": files(before, now, &job.changed, &job.secrets),
            "changed_later": files(now, later, &job.changed_later, &job.secrets),
            "left": left,
            "suppressed": suppressed,
        })
    }
}

/// What was written, and where the old text is.
pub(super) fn written_line(written: &Written) -> String {
    let mut line = format!("wrote {}", shown_path(&written.target));
    if let Some(backup) = &written.backup {
        line.push_str(&format!("; the old text is in {}", shown_path(backup)));
    }
    line
}

/// What reads the text as it is: the release of today, or some of those that may run.
fn reader(job: &Job) -> String {
    let words = job.today.in_words();
    if job.today.is_one() {
        words
    } else {
        format!("{words} may run today, and one of these")
    }
}

/// What was done, a line each, the hop it belongs to first.
fn lines(applied: &[Applied]) -> String {
    let line = |applied: &Applied| {
        let hop = match applied.moment {
            Moment::Now => String::new(),
            Moment::With(release) => format!("with {}: ", release.short()),
        };
        let rule = applied.rule.unwrap_or("as requested");
        let unsafe_mark = if applied.safety == Safety::Unsafe {
            " (unsafe)"
        } else {
            ""
        };
        format!("  {hop}{rule}{unsafe_mark}: {}\n", plain::line(&applied.title))
    };
    applied.iter().map(line).collect()
}

fn diffs(before: &Stack, after: &Stack, changed: &[(usize, Witnessed)], known: &Secrets, style: Style) -> String {
    let mut out = String::new();
    for (layer, witnessed) in changed {
        out.push('\n');
        out.push_str(&diff_of(before, after, *layer, known, style));
        if let Witnessed::NotWitnessed(reason) = witnessed {
            let reason = reason.to_string();
            out.push_str(&format!(
                "not confirmed by a second parser: {}\n",
                plain::line(&known.hide(&reason))
            ));
        }
    }
    out
}

fn diff_of(before: &Stack, after: &Stack, layer: usize, known: &Secrets, style: Style) -> String {
    let (old, new) = (&before.layers()[layer], &after.layers()[layer]);
    diff::unified(&old.document, &new.document, known, style)
}

fn files(before: &Stack, after: &Stack, changed: &[(usize, Witnessed)], known: &Secrets) -> Vec<Value> {
    let file = |(layer, witnessed): &(usize, Witnessed)| {
        let (agrees, reason) = match witnessed {
            Witnessed::Agrees => (json!(true), Value::Null),
            Witnessed::NotWitnessed(reason) => (Value::Null, json!(known.hide(&reason.to_string()))),
            Witnessed::Contradicted { .. } => (json!(false), Value::Null),
        };
        let mut object = json!({
            "file": null,
            "diff": diff_of(before, after, *layer, known, Style::default()),
            "witnessed": agrees,
            "not_witnessed_because": reason,
        });
        json::put_path(&mut object, "file", before.layers()[*layer].document.source().path());
        object
    };
    changed.iter().map(file).collect()
}

/// The edits of one fix, for others to make; a secret in a new text is masked, and said to be.
fn edits(job: &Job, applied: &Applied) -> Vec<Value> {
    let before = &job.before;
    let edit = |edit: &novamend::lint::LayerEdit| {
        let text = String::from_utf8_lossy(&edit.edit.text);
        let shown = shown_edit(&edit.edit, &job.secrets);
        let mut object = json!({
            "file": null,
            "span": {"start": edit.edit.span.start, "end": edit.edit.span.end},
            "text": shown,
            "masked": shown != text,
            "safety": applied.safety.as_str(),
            "moment": json::moment(applied.moment),
        });
        let source = before.layers()[edit.layer].document.source();
        json::put_path(&mut object, "file", source.path());
        object
    };
    applied.edits.iter().map(edit).collect()
}

/// The new text of an edit: no secret of the stack, and none by the names that it writes.
fn shown_edit(edit: &Edit, known: &Secrets) -> String {
    let text = String::from_utf8_lossy(&edit.text);
    let lines = text.split_inclusive('\n').map(|line| {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        known.hide(&redact::lines::unknown_line(line)).into_owned() + end
    });
    lines.collect()
}

/// So many paths are named in a command to be copied.
const MOST: usize = 5;

/// The command that makes the edits which wait, to be copied.
fn command(request: &Request) -> String {
    let mut words = vec!["novamend".to_owned(), "fix".to_owned()];
    for (flag, release) in [("--from", request.upgrade.from), ("--to", request.upgrade.to)] {
        words.extend(
            release
                .into_iter()
                .flat_map(|release| [flag.to_owned(), release.short().to_owned()]),
        );
    }
    if !request.sources.root.is_host() {
        words.extend(["--root".to_owned(), quoted(request.sources.root.path())]);
    }
    for input in &request.sources.ordered {
        match input {
            Input::File(path) | Input::Walked(path) | Input::Default(path) => {
                words.extend(["--config-file".to_owned(), quoted(path)]);
            }
            Input::Directory(path) => {
                words.extend(["--config-dir".to_owned(), quoted(path)]);
            }
            Input::Stdin => words.push(STDIN.to_owned()),
        }
    }
    if !request.sources.environment.is_empty() {
        words.push("--env".to_owned());
    }
    if request.unsafe_fixes {
        words.push("--unsafe-fixes".to_owned());
    }
    words.extend(["--when", "upgrade", "--write"].map(str::to_owned));
    words.extend(request.sources.paths.iter().take(MOST).map(|path| quoted(path)));
    if request.sources.paths.len() > MOST {
        words.push("…".to_owned());
    }
    format!("`{}`", words.join(" "))
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let shown = shown_path(path);
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !shown.is_empty() && shown.chars().all(is_plain) {
        return shown;
    }
    format!("'{}'", shown.replace('\'', "'\\''"))
}
