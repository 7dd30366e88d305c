//! Rules, findings and fixes: what a rule is given, what it says, and how a set of rules is run.
//!
//! It knows no rule: the slice comes from [`crate::rules`].

mod about;
pub mod context;
pub mod finding;
mod moving;
mod reach;
pub mod references;
pub mod rename;
mod rendered;
pub mod seen;
pub mod settings;
pub mod slip;
pub mod suppressions;

pub use context::{Context, LiveMigration};
pub use finding::{Edited, Finding, Fix, LayerEdit, Location, OptionName, Place, Related, Safety, Severity, Step};
pub use seen::Seen;
pub use settings::{ActionChoice, Ignore, Settings};

/// One thing novamend looks for.
#[derive(Debug)]
pub struct Rule {
    /// Words that name the defect; never reused.
    pub id: &'static str,
    /// How bad a finding is unless the settings say otherwise.
    pub severity: Severity,
    /// One line for `novamend rules`: lower case, no full stop.
    pub summary: &'static str,
    /// The page: `docs/rules/<id>.md`.
    pub doc: &'static str,
    /// Adds what it finds.
    pub check: fn(&Context<'_>, &mut Vec<Finding>),
}

/// Two rules are one when their ids are.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// Runs `rules` and returns what is neither suppressed in a file nor ignored by the settings: in reading order.
#[must_use]
pub fn run(rules: &[&'static Rule], context: &Context<'_>) -> Vec<Finding> {
    let mut findings = rendered::findings(rules, context);
    for finding in &mut findings {
        finding.severity = context.settings.severity(finding.rule, finding.severity);
    }
    suppressions::apply(rules, context, &mut findings);
    findings.retain(|finding| !context.settings.ignores(context, finding));
    findings.sort_by(|a, b| a.order().cmp(&b.order()));
    findings
}
