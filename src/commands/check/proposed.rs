//! What `fix` would write of a stack, by the findings of `check`: for formats that show edits.
//!
//! It is `fix` itself that says so, with all its proofs; where it would not write a file, nothing is proposed.

use std::collections::HashSet;

use super::Request;
use crate::commands::fix::would_write;
use novamend::fix::Applied;
use novamend::fix::compose::{Composed, compose};
use novamend::inputs::Upgrade;
use novamend::lint::Finding;
use novamend::nova::today::Today;
use novamend::oslo::stack::Stack;
use novamend::output::Proposed;

/// What `novamend fix` without more arguments would write of `stack`, of which `findings` are reported.
pub(super) fn of(stack: &Stack, today: &Today, request: &Request, findings: &[Finding]) -> Vec<Proposed> {
    if findings.iter().all(|finding| finding.fix.is_none()) {
        return Vec::new();
    }
    let upgrade = Upgrade {
        from: None,
        to: Some(request.to),
    };
    let Some((applied, shows_secret)) = would_write(stack, today, (&request.sources, upgrade), &request.settings)
    else {
        return Vec::new();
    };
    let lengths: Vec<usize> = stack
        .layers()
        .iter()
        .map(|layer| layer.document.source().bytes().len())
        .collect();
    let mut taken = HashSet::new();
    let mut proposed = Vec::new();
    for composed in compose(&applied, &lengths) {
        let is_shown = |number: &usize| !shows_secret[*number];
        if let Some(finding) = finding_of(&composed, &applied, findings, &mut taken)
            && composed.fixes.iter().all(is_shown)
        {
            proposed.push(Proposed {
                finding,
                title: title(&composed, &applied),
                edits: composed.edits,
            });
        }
    }
    proposed
}

/// The finding that `composed` answers, the first of several; where it only follows from another fix, the first finding with
/// a fix at all.
fn finding_of(
    composed: &Composed,
    applied: &[Applied],
    findings: &[Finding],
    taken: &mut HashSet<usize>,
) -> Option<usize> {
    let mut own = None;
    for number in &composed.fixes {
        let fix = &applied[*number];
        let is_answered = |finding: &Finding| {
            let title = finding.fix.as_ref().map(|fix| &fix.title);
            Some(finding.rule.id) == fix.rule && title == Some(&fix.title)
        };
        let found = (0..findings.len()).find(|at| !taken.contains(at) && is_answered(&findings[*at]));
        if let Some(found) = found {
            taken.insert(found);
            own = own.or(Some(found));
        }
    }
    own.or_else(|| findings.iter().position(|finding| finding.fix.is_some()))
}

fn title(composed: &Composed, applied: &[Applied]) -> String {
    let mut titles: Vec<&str> = composed.fixes.iter().map(|number| &*applied[*number].title).collect();
    titles.dedup();
    titles.join("; ")
}
