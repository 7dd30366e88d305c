//! What is known of a stack: what is found in it, graded or not, and its secrets. It is found out once for all plans that
//! differ in their moment alone.

use std::sync::Arc;

use super::effort::Effort;
use super::grade::grade_within;
use crate::lint::{Context, Finding, Fix, Found, LayerEdit};
use crate::oslo::stack::Stack;
use crate::redact::Secrets;

/// What is known of a stack, as a plan sees it up to whatever moment.
#[derive(Clone, Debug)]
pub struct Known {
    /// What the rules find, not graded.
    pub found: Found,
    /// The secrets of its files.
    pub secrets: Arc<Secrets>,
    /// The findings once they are graded, where that has been done for all of them.
    graded: Option<Graded>,
}

impl Known {
    /// What the rules find in the stack of `context`.
    #[must_use]
    pub fn of(found: Found, context: &Context<'_>) -> Self {
        Self {
            found,
            secrets: Arc::clone(context.secrets()),
            graded: None,
        }
    }

    /// The findings, graded. It takes as much off the effort whether they have been graded before or not.
    pub(super) fn graded(&mut self, context: &Context<'_>, effort: &mut Effort) -> Vec<Finding> {
        let fixes = self.found.findings.iter().filter(|finding| finding.fix.is_some());
        let trials = fixes.count();
        if let Some(graded) = self.graded.as_ref().filter(|_| effort.spend_all(trials)) {
            return graded.findings.clone();
        }
        let mut findings = self.found.findings.clone();
        let (is_whole, tried) = grade_within(context, &mut findings, effort);
        self.graded = is_whole.then(|| Graded {
            findings: findings.clone(),
            tried,
        });
        findings
    }

    /// What came of the last fix that was tried.
    pub(super) fn tried(&self) -> Option<&Tried> {
        self.graded.as_ref()?.tried.as_ref()
    }
}

/// Findings that are graded.
#[derive(Clone, Debug)]
struct Graded {
    findings: Vec<Finding>,
    /// What came of the last fix that was tried.
    tried: Option<Tried>,
}

/// A stack with the edits of one fix.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) edits: Vec<LayerEdit>,
    pub(super) after: Stack,
}

impl Tried {
    /// Whether the edits are those of `fixes`.
    pub(super) fn is_of(&self, fixes: &[&Fix]) -> bool {
        self.edits.iter().eq(fixes.iter().flat_map(|fix| &fix.edits))
    }
}
