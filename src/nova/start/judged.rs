//! What nova makes of a value with a form of its own.

/// Whether nova takes a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged<Fault> {
    /// It does.
    Taken,
    /// It does not: what is wrong, and its message.
    Refused(Fault, String),
    /// That hangs on what is not known.
    Open,
}
