//! How far a run over many files is: a bar on standard error, on a terminal, once it has taken half a second.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// So long nothing is shown.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar that is shown when it is worth it.
pub(crate) struct Progress {
    /// None where it is never shown.
    bar: Option<ProgressBar>,
    started: Instant,
    is_waiting: AtomicBool,
}

impl Progress {
    /// Of `count` files that are `done` ("checked") one after the other, in a run that began at `started`; never shown where standard error is no terminal or `is_hidden`.
    pub(super) fn new((done, count): (&'static str, usize), started: Instant, is_hidden: bool) -> Self {
        let may_be_shown = count > 1 && !is_hidden && io::stderr().is_terminal();
        Self {
            bar: may_be_shown.then(|| bar(done, count as u64)),
            started,
            is_waiting: AtomicBool::new(may_be_shown),
        }
    }

    /// One more is done.
    pub(crate) fn step(&self) {
        let Some(bar) = &self.bar else {
            return;
        };
        let is_time = self.is_waiting.load(Ordering::Relaxed) && self.started.elapsed() >= PATIENCE;
        if is_time && self.is_waiting.swap(false, Ordering::Relaxed) {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.inc(1);
    }

    /// Takes the bar away while `said` is.
    pub(crate) fn aside<R>(&self, said: impl FnOnce() -> R) -> R {
        match &self.bar {
            Some(bar) => bar.suspend(said),
            None => said(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A bar of `count` files that are `done` one after the other, not shown yet.
fn bar(done: &'static str, count: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::hidden());
    let style = ProgressStyle::with_template("{pos} of {len} {msg} {wide_bar} {eta}");
    if let Ok(style) = style {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(done);
    bar
}
