//! The kinds of trials: what each way to end a migration does to the guest, and how it is shown.
//!
//! Plan, monitor, checks, verdict and reports ask here; none of them lists the kinds itself.

use novamend::catalog::Release;
use novamend::nova::migration::Ending;

use crate::hypervisor::Intervention;

/// What is to be known of one kind of trial.
#[derive(Debug, PartialEq, Eq)]
pub struct TrialKind {
    /// What nova's monitor does to the migration.
    pub intervention: Intervention,
    /// The same as the timeline has it, of nova.
    pub does: &'static str,
    /// The same in a word, for the chart.
    pub mark: &'static str,
    /// Whether the guest is at the destination afterwards; otherwise it keeps running on the source.
    pub moves: bool,
    /// Whether the guest is paused until the rest is copied, so that what is left decides for how long.
    pub pauses: bool,
    /// Whether the migration has the post-copy flag; none where nova.conf decides.
    pub post_copy: Option<bool>,
    /// The first release whose monitor ends a migration so.
    pub since: Release,
}

impl TrialKind {
    /// Whether the guest runs at the destination before all its memory is there, and cannot go back.
    #[must_use]
    pub fn switches(&self) -> bool {
        self.post_copy == Some(true)
    }
}

const ABORT: TrialKind = TrialKind {
    intervention: Intervention::Abort,
    does: "aborts the job",
    mark: "abort",
    moves: false,
    pauses: false,
    post_copy: None,
    since: Release::OLDEST,
};

const POST_COPY: TrialKind = TrialKind {
    intervention: Intervention::StartPostCopy,
    does: "switches to post-copy",
    mark: "post-copy",
    moves: true,
    pauses: false,
    post_copy: Some(true),
    since: Release::OLDEST,
};

const PAUSE: TrialKind = TrialKind {
    intervention: Intervention::Pause,
    does: "pauses the guest",
    mark: "pause",
    moves: true,
    pauses: true,
    post_copy: Some(false),
    since: Release::STEIN,
};

/// The kind of trial that shows what `ending` does.
#[must_use]
pub const fn of(ending: Ending) -> &'static TrialKind {
    match ending {
        Ending::Abort => &ABORT,
        Ending::PostCopy => &POST_COPY,
        Ending::Pause => &PAUSE,
    }
}

/// The kind of trial that `intervention` is the action of; none where it is but a step.
#[must_use]
pub fn by(intervention: Intervention) -> Option<&'static TrialKind> {
    let mut kinds = Ending::ALL.into_iter().map(of);
    kinds.find(|kind| kind.intervention == intervention)
}
