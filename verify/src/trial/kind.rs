//! x
use novamend::nova::migration::Ending;
pub struct TrialKind {
    pub moves: bool,
}
#[must_use]
pub fn of(ending: Ending) -> &'static TrialKind {
    match ending {
        Ending::Abort => &TrialKind { moves: false },
        _ => &TrialKind { moves: true },
    }
}
