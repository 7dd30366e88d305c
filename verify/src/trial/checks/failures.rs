//! What is so where a check does not hold, in words.

use super::GUEST_LIVES;

/// Every check as it is written, and the opposite.
const FAILURES: [(&str, &str); 14] = [
    (GUEST_LIVES, "the guest is lost"),
    ("the action was taken", "the action was not taken"),
    ("the job ended cancelled", "the job did not end as cancelled"),
    (
        "the guest runs on the source",
        "the guest was not seen running on the source",
    ),
    (
        "nothing is left on the destination",
        "something may be left on the destination",
    ),
    (
        "heartbeats came from the source only",
        "heartbeats did not come from the source only",
    ),
    ("the migration completed", "the migration did not complete"),
    (
        "the guest runs on the destination",
        "the guest was not seen running on the destination",
    ),
    ("nothing is left on the source", "something may be left on the source"),
    (
        "exactly one copy of the guest runs",
        "exactly one running copy of the guest was not seen",
    ),
    (
        "the migration switched to post-copy",
        "the migration did not switch to post-copy",
    ),
    (
        "no heartbeat is missing or repeated",
        "a heartbeat is missing or repeated",
    ),
    ("the guest's disk is whole", "the guest's disk is not whole"),
    ("the guest's memory is intact", "the guest's memory failed its check"),
];

/// The opposite of a check's `what`, as a clause.
pub(super) fn of(what: &str) -> String {
    let mut failures = FAILURES.iter().filter(|(check, _)| *check == what);
    let failure = failures.next().map(|(_, failure)| (*failure).to_owned());
    failure.unwrap_or_else(|| format!("check failed: {what}"))
}
