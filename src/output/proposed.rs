//! What `fix` would write, by the findings it answers, as edits of the files as they are.

use crate::lint::LayerEdit;

/// What would be written for a finding, or for several whose edits cannot be told apart.
///
/// The edits of all of them are of the texts as they are and do not overlap: made in any order from the end of a file to its
/// start, they give what `fix` writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// The finding, by its number among those that are reported.
    pub finding: usize,
    /// What is done.
    pub title: String,
    /// The edits.
    pub edits: Vec<LayerEdit>,
}
