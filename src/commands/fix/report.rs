//! What `fix` hands over to the formats: what changes now, what waits for the upgrade and the command for it, what is left.
//!
//! It decides nothing.

use super::job::Job;
use super::{Mode, Request};
use crate::commands::again;
use crate::commands::documents::{Documents, Pieces, Renderers, Texts};
use crate::outcome::Failure;
use crate::terminal::Terminal;
use novamend::fix::witness::Witnessed;
use novamend::fix::{Applied, Until};
use novamend::lint::{Context, Moment, Safety};
use novamend::oslo::stack::Stack;
use novamend::output::entry::hex;
use novamend::output::fixed::{AppliedFix, Batch, ChangedFile, Ending, FixTotal, Fixes, Proof, ShownEdit};
use novamend::output::{Base, Checked, Counts, Head, Part, Style, SuppressedCounts, Tail, diff};
use novamend::redact::{self, Secrets};
use novamend::text::{Edit, of_path};
use novamend::write::Written;

/// Everything `fix` prints.
#[derive(Clone, Copy)]
pub(super) struct Report<'a> {
    pub(super) request: &'a Request,
    pub(super) checked: &'a Checked,
}

/// What stacks came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    /// What is found: in the files as they are where nothing is written, else in the new texts.
    pub(super) counts: Counts,
    hidden: SuppressedCounts,
    changed: usize,
    changed_later: usize,
    later: usize,
    has_refusals: bool,
    /// Whether something speaks against what is written.
    pub(super) is_rejected: bool,
}

impl Sum {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            counts: self.counts.plus(other.counts),
            hidden: self.hidden.plus(other.hidden),
            changed: self.changed + other.changed,
            changed_later: self.changed_later + other.changed_later,
            later: self.later + other.later,
            has_refusals: self.has_refusals || other.has_refusals,
            is_rejected: self.is_rejected || other.is_rejected,
        }
    }
}

impl Report<'_> {
    /// What one stack comes to.
    pub(super) fn sum(&self, job: &Job) -> Sum {
        Sum {
            counts: match &self.request.mode {
                Mode::Diff => job.counts,
                Mode::Write(_) => Counts::of(&job.written.findings),
            },
            hidden: job.hidden,
            changed: job.changed.len(),
            changed_later: job.changed_later.len(),
            later: job.later.applied.len(),
            has_refusals: !job.refusals.is_empty(),
            is_rejected: !job.is_accepted(),
        }
    }

    /// The document begins.
    pub(super) fn begin(&self, style: Style) -> (Documents, Texts) {
        self.request.formats.begin(style, &Head::Fix(self.checked))
    }

    /// What is printed of one stack; any thread may ask.
    pub(super) fn pieces(&self, renderers: &Renderers, job: &Job) -> Pieces {
        renderers.render(&Part::Fixes(&self.fixes(job)))
    }

    /// The documents end, the files `written`.
    pub(super) fn end(
        &self,
        documents: Documents,
        sum: &Sum,
        written: &[Written],
        terminal: &mut Terminal<'_>,
    ) -> Result<(), Failure> {
        let tail = FixTotal {
            checked: self.checked,
            hidden: sum.hidden,
            changed: sum.changed,
            changed_later: sum.changed_later,
            later: sum.later,
            command: command(self.request),
            ending: match &self.request.mode {
                Mode::Diff if sum.has_refusals => Ending::Refused,
                Mode::Diff => Ending::Shown {
                    is_now: self.request.until == Until::Now,
                },
                Mode::Write(_) => Ending::Written(written),
            },
        };
        documents.end(terminal, &Tail::Fix(&tail))
    }

    fn fixes<'j>(&'j self, job: &'j Job) -> Fixes<'j> {
        let context = |stack| Context::of_today(stack, &job.today, self.request.to, &self.request.settings);
        let proven = job.proven.as_ref();
        let base = &self.checked.base;
        Fixes {
            base,
            before: context(&job.before),
            written: context(&job.written.stack),
            suppressed: &job.suppressed,
            left: job.left().collect(),
            proven: proven.map(|proven| Proof {
                works: proven.works(),
                headline: proven.headline.clone(),
                remedy: proven.remedy.clone(),
            }),
            objections: job.objections(),
            now: Batch {
                heading: self.heading(job),
                applied: applied(base, job, &job.written.applied),
                changed: files(base, (&job.before, &job.written.stack), &job.changed, &job.secrets),
            },
            later: Batch {
                heading: format!("with the upgrade, not before: {} still reads the old text", reader(job)),
                applied: applied(base, job, &job.later.applied),
                changed: files(
                    base,
                    (&job.written.stack, &job.later.stack),
                    &job.changed_later,
                    &job.secrets,
                ),
            },
        }
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

fn applied(base: &Base, job: &Job, applied: &[Applied]) -> Vec<AppliedFix> {
    let fix = |applied: &Applied| AppliedFix {
        rule: applied.rule,
        title: applied.title.clone(),
        safety: applied.safety,
        moment: applied.moment,
        edits: edits(base, job, applied),
    };
    applied.iter().map(fix).collect()
}

fn files(
    base: &Base,
    (before, after): (&Stack, &Stack),
    changed: &[(usize, Witnessed)],
    known: &Secrets,
) -> Vec<ChangedFile> {
    let file = |(layer, witnessed): &(usize, Witnessed)| {
        let (old, new) = (&before.layers()[*layer], &after.layers()[*layer]);
        let diff = diff::unified(&old.document, &new.document, known);
        let (witnessed, reason) = match witnessed {
            Witnessed::Agrees => (Some(true), None),
            Witnessed::NotWitnessed(reason) => (None, Some(known.hide(&reason.to_string()).into_owned())),
            Witnessed::Contradicted { .. } => (Some(false), None),
        };
        ChangedFile {
            witnessed,
            not_witnessed_because: reason,
            ..ChangedFile::new(&base.relative(old.document.source().path()), diff)
        }
    };
    changed.iter().map(file).collect()
}

/// The edits of one fix, for others to make; a secret in a new text is masked, and said to be.
fn edits(base: &Base, job: &Job, applied: &Applied) -> Vec<ShownEdit> {
    let edit = |edit: &novamend::lint::LayerEdit| {
        let text = shown_edit(&edit.edit, &job.secrets);
        let path = base.relative(job.before.layers()[edit.layer].document.source().path());
        ShownEdit {
            file: of_path(&path).into_owned(),
            span: edit.edit.span.into(),
            masked: text != String::from_utf8_lossy(&edit.edit.text),
            text,
            safety: applied.safety,
            moment: applied.moment,
            file_hex: hex(&path),
        }
    };
    applied.edits.iter().map(edit).collect()
}

/// Whether an edit of `applied` cannot be shown as it is: a secret would be masked in it, or it is no text.
pub(super) fn shows_secret(job: &Job, applied: &Applied) -> bool {
    let mut edits = applied.edits.iter().map(|edit| &edit.edit);
    edits.any(|edit| shown_edit(edit, &job.secrets).as_bytes() != edit.text)
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

/// The command that makes the edits which wait, to be copied.
fn command(request: &Request) -> String {
    let mut flags = vec!["--when", "upgrade", "--write"];
    if request.unsafe_fixes {
        flags.insert(0, "--unsafe-fixes");
    }
    format!("`{}`", again::command("fix", request.upgrade, &request.sources, &flags))
}
