//! Which finding goes where two rules speak of the same thing: the one whose rule says that it yields.
//!
//! A rule knows others by their ids alone, and whether they are switched on makes no difference: what the operator does not
//! want to read in one form is not wanted in another.

use std::collections::HashSet;

use super::{Context, Finding, Location, Rule};

/// What a rule leaves to another, by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yields {
    /// Whatever the other finds in the same line or variable is said by the other alone.
    Line(&'static str),
    /// Whatever the other finds about the same option, in whichever line.
    Option(&'static str),
}

impl Yields {
    /// The id of the other rule.
    #[must_use]
    pub fn rule(self) -> &'static str {
        let (Self::Line(rule) | Self::Option(rule)) = self;
        rule
    }
}

/// Which line or variable a finding is about: the assignment's number within its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Spot {
    Assignment(usize, usize),
    Variable(usize),
}

/// The rules that some of `rules` yield to and that are not among them, in the order of `known`.
pub(super) fn others(known: &[&'static Rule], rules: &[&'static Rule]) -> Vec<&'static Rule> {
    if known.len() == rules.len() {
        return Vec::new(); // All of them are asked.
    }
    let is_named = |rule: &Rule| {
        rules
            .iter()
            .any(|one| one.yields_to.iter().any(|yields| yields.rule() == rule.id))
    };
    known
        .iter()
        .copied()
        .filter(|rule| is_named(rule) && !rules.contains(rule))
        .collect()
}

/// What has been said, by the rules that others yield to.
#[derive(Default)]
pub(super) struct Said {
    lines: HashSet<(&'static str, Spot)>,
    options: HashSet<(&'static str, String)>,
}

impl Said {
    /// Of `findings` what the rules of `yielding` must know.
    pub(super) fn of<'f>(
        context: &Context<'_>,
        yielding: &[&'static Rule],
        findings: impl Iterator<Item = &'f Finding>,
    ) -> Self {
        let named: Vec<Yields> = yielding.iter().flat_map(|rule| rule.yields_to).copied().collect();
        let mut said = Self::default();
        for finding in findings {
            let id = finding.rule.id;
            if named.contains(&Yields::Line(id)) {
                said.lines.extend(line(context, finding).map(|line| (id, line)));
            }
            if named.contains(&Yields::Option(id)) {
                said.options.extend(context.subject(finding).map(|option| (id, option)));
            }
        }
        said
    }

    /// Whether another rule says it that the rule of `finding` yields to.
    pub(super) fn covers(&self, context: &Context<'_>, finding: &Finding) -> bool {
        finding.rule.yields_to.iter().any(|yields| match yields {
            Yields::Line(_) if self.lines.is_empty() => false,
            Yields::Line(other) => line(context, finding).is_some_and(|line| self.lines.contains(&(other, line))),
            Yields::Option(_) if self.options.is_empty() => false,
            Yields::Option(other) => context
                .subject(finding)
                .is_some_and(|option| self.options.contains(&(other, option))),
        })
    }
}

fn line(context: &Context<'_>, finding: &Finding) -> Option<Spot> {
    match finding.location {
        Location::Environment(variable) => Some(Spot::Variable(variable)),
        location @ Location::File { layer, .. } => context
            .assignment_at(location)
            .map(|index| Spot::Assignment(layer, index)),
        Location::Stack => None,
    }
}
