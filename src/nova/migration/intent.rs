//! What the operator's old settings meant, and so which `live_migration_timeout_action` keeps it, with the reason.
//!
//! A pure table: it reads no file and writes none.

use super::Action;
use crate::catalog::Release;

/// The settings the decision rests on, as the release before the upgrade reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// The release that runs today.
    pub from: Release,
    /// The release to come.
    pub to: Release,
    /// `live_migration_permit_post_copy`.
    pub permits_post_copy: bool,
    /// The action that stands in `[libvirt]` and is valid, whatever release reads it.
    pub written: Option<Action>,
    /// `live_migration_progress_timeout` in seconds; `None` where the release has none.
    pub progress_timeout: Option<i64>,
    /// `live_migration_completion_timeout` in seconds per GiB; 0 never runs out.
    pub completion_timeout: i64,
}

/// The decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// What keeps the meaning.
    pub action: Action,
    /// Whether it must be written: the release to come would do something else by itself.
    pub must_be_written: bool,
    /// Why, in words.
    pub reason: String,
}

/// Decides the action that keeps what `before` meant.
#[must_use]
pub fn decide(before: &Before) -> Intent {
    if before.to < Release::STEIN {
        return unwritten(
            Action::Abort,
            format!("{} has no timeout action; it aborts by itself", before.to.short()),
        );
    }
    if let Some(action) = before.written {
        return unwritten(action, format!("`{action}` is set already and is kept"));
    }
    if before.from >= Release::STEIN {
        let reason = format!("{} aborts by default too, so nothing changes", before.from.short());
        return unwritten(Action::Abort, reason);
    }
    if before.permits_post_copy {
        return Intent {
            action: Action::ForceComplete,
            must_be_written: true,
            reason: format!(
                "post-copy was permitted, and {} switched to it by itself; `force_complete` keeps that",
                before.from.short()
            ),
        };
    }
    unwritten(Action::Abort, abort_reason(before))
}

fn abort_reason(before: &Before) -> String {
    let from = before.from.short();
    match before.progress_timeout.filter(|&seconds| seconds > 0) {
        Some(seconds) if before.completion_timeout > 0 => format!(
            "post-copy was not permitted, and {from} aborted after {seconds} s without progress or at the completion \
             timeout; the default `abort` keeps the second"
        ),
        Some(seconds) => format!(
            "post-copy was not permitted, and {from} aborted after {seconds} s without progress; nothing does that any \
             more, and with `live_migration_completion_timeout = 0` no migration is ever stopped"
        ),
        None if before.completion_timeout > 0 => {
            format!(
                "post-copy was not permitted, and {from} aborted at the completion timeout; the default `abort` keeps \
                 that"
            )
        }
        None => format!("post-copy was not permitted, and {from} stopped no migration; the default changes nothing"),
    }
}

fn unwritten(action: Action, reason: String) -> Intent {
    Intent {
        action,
        must_be_written: false,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROCKY_TO_STEIN: Before = Before {
        from: Release::ROCKY,
        to: Release::STEIN,
        permits_post_copy: false,
        written: None,
        progress_timeout: Some(0),
        completion_timeout: 800,
    };

    #[test]
    fn the_action_keeps_what_the_old_settings_meant() {
        let permitted = Before {
            permits_post_copy: true,
            ..ROCKY_TO_STEIN
        };
        let newton = Release::from_number(14).unwrap();
        let table: [(Before, Action, bool, &str); 8] = [
            (ROCKY_TO_STEIN, Action::Abort, false, "at the completion timeout"),
            (permitted, Action::ForceComplete, true, "rocky switched to it by itself"),
            (
                Before {
                    from: newton,
                    to: Release::NEWEST,
                    ..permitted
                },
                Action::ForceComplete,
                true,
                "newton switched",
            ),
            (
                Before {
                    from: Release::STEIN,
                    to: Release::NEWEST,
                    ..permitted
                },
                Action::Abort,
                false,
                "nothing changes",
            ),
            (
                Before {
                    written: Some(Action::Abort),
                    ..permitted
                },
                Action::Abort,
                false,
                "is kept",
            ),
            (
                Before {
                    to: Release::ROCKY,
                    ..permitted
                },
                Action::Abort,
                false,
                "no timeout action",
            ),
            (
                Before {
                    progress_timeout: Some(150),
                    ..ROCKY_TO_STEIN
                },
                Action::Abort,
                false,
                "150 s without progress",
            ),
            (
                Before {
                    progress_timeout: Some(150),
                    completion_timeout: 0,
                    ..ROCKY_TO_STEIN
                },
                Action::Abort,
                false,
                "no migration is ever stopped",
            ),
        ];
        for (before, action, must_be_written, words) in table {
            let intent = decide(&before);
            assert_eq!(
                (intent.action, intent.must_be_written),
                (action, must_be_written),
                "{before:?}"
            );
            assert!(intent.reason.contains(words), "{}", intent.reason);
        }
    }
}
