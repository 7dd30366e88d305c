//! What the operator's old settings meant, and so which `live_migration_timeout_action` keeps it, with the reason.
//!
//! A pure table: it reads no file and writes none.

use super::TimeoutAction;
use super::settings::{PROGRESS_TIMEOUT, Settings, WrittenAction};
use crate::catalog::Release;

/// The decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// What keeps the meaning.
    pub action: TimeoutAction,
    /// Whether it must be written: the release to come would do something else by itself.
    pub must_be_written: bool,
    /// Why, in words.
    pub reason: String,
}

/// Decides the action that keeps what `before` meant, in an upgrade to release `to` of files that have `written`.
#[must_use]
pub fn decide(before: &Settings, to: Release, written: WrittenAction) -> Intent {
    let from = before.release;
    if to < Release::STEIN {
        return unwritten(
            TimeoutAction::Abort,
            format!("{} has no timeout action; it aborts by itself", to.short()),
        );
    }
    if let Some(action) = written.valid() {
        return unwritten(action, format!("`{action}` is set already and is kept"));
    }
    if from >= Release::STEIN {
        let reason = format!("{} aborts by default too, so nothing changes", from.short());
        return unwritten(TimeoutAction::Abort, reason);
    }
    if before.post_copy {
        return Intent {
            action: TimeoutAction::ForceComplete,
            must_be_written: true,
            reason: format!(
                "post-copy was permitted, and {} switched to it by itself; `force_complete` keeps that",
                from.short()
            ),
        };
    }
    unwritten(TimeoutAction::Abort, abort_reason(before))
}

fn abort_reason(before: &Settings) -> String {
    let from = before.release.short();
    let has_timeout = before.known_completion_timeout().is_some_and(|seconds| seconds > 0);
    let progress = before.has_value(PROGRESS_TIMEOUT).then_some(before.progress_timeout);
    match progress.filter(|&seconds| seconds > 0) {
        Some(seconds) if has_timeout => format!(
            "post-copy was not permitted, and {from} aborted after {seconds} s without progress or at the completion \
             timeout; the default `abort` keeps the second"
        ),
        Some(seconds) => format!(
            "post-copy was not permitted, and {from} aborted after {seconds} s without progress; nothing does that any \
             more, and with `live_migration_completion_timeout = 0` no migration is ever stopped"
        ),
        None if has_timeout => {
            format!(
                "post-copy was not permitted, and {from} aborted at the completion timeout; the default `abort` keeps \
                 that"
            )
        }
        None => format!("post-copy was not permitted, and {from} stopped no migration; the default changes nothing"),
    }
}

fn unwritten(action: TimeoutAction, reason: String) -> Intent {
    Intent {
        action,
        must_be_written: false,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::WrittenAction::{Nowhere, Valid};
    use super::*;

    const NEWTON: Release = Release::NEWTON;
    const ROCKY: Release = Release::ROCKY;
    const STEIN: Release = Release::STEIN;

    #[test]
    fn the_action_keeps_what_the_old_settings_meant() {
        let settings = |from: Release, post_copy, progress_timeout, completion_timeout| Settings {
            completion_timeout,
            progress_timeout,
            post_copy,
            ..Settings::defaults(from)
        };
        let (abort, force) = (TimeoutAction::Abort, TimeoutAction::ForceComplete);
        let plain = settings(ROCKY, false, 0, 800);
        let permitted = |from| settings(from, true, 0, 800);
        let table: [(Settings, Release, WrittenAction, TimeoutAction, bool, &str); 8] = [
            (plain, STEIN, Nowhere, abort, false, "at the completion timeout"),
            (
                permitted(ROCKY),
                STEIN,
                Nowhere,
                force,
                true,
                "rocky switched to it by itself",
            ),
            (
                permitted(NEWTON),
                Release::NEWEST,
                Nowhere,
                force,
                true,
                "newton switched",
            ),
            (
                permitted(STEIN),
                Release::NEWEST,
                Nowhere,
                abort,
                false,
                "nothing changes",
            ),
            (permitted(ROCKY), STEIN, Valid(abort), abort, false, "is kept"),
            (permitted(ROCKY), ROCKY, Nowhere, abort, false, "no timeout action"),
            (
                settings(ROCKY, false, 150, 800),
                STEIN,
                Nowhere,
                abort,
                false,
                "150 s without progress",
            ),
            (
                settings(ROCKY, false, 150, 0),
                STEIN,
                Nowhere,
                abort,
                false,
                "no migration is ever stopped",
            ),
        ];
        for (before, to, written, action, must_be_written, words) in table {
            let intent = decide(&before, to, written);
            assert_eq!(
                (intent.action, intent.must_be_written),
                (action, must_be_written),
                "{before:?}"
            );
            assert!(intent.reason.contains(words), "{}", intent.reason);
        }
    }
}
