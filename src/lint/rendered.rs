//! Rules over templates: every branch is looked at, what is found in one says so, and no fix touches a template.
//!
//! It also keeps still about files of which one finding says all there is to say.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::finding::{Finding, Location};
use super::{Context, Rule};
use crate::nova::nature::Nature;
use crate::oslo::stack::{Layer, Stack};
use crate::oslo::template::{Choice, Template};

/// What `rules` find in the stack of `context`, over all ways to take the branches of its templates.
pub(super) fn findings(rules: &[&'static Rule], context: &Context<'_>) -> Vec<Finding> {
    if rules.is_empty() {
        return Vec::new();
    }
    let stacks = rendered(context.stack);
    let mut findings = if stacks.is_empty() {
        run(rules, context)
    } else {
        let found: Vec<Vec<Finding>> = stacks.iter().map(|stack| run(rules, &context.over(stack))).collect();
        merged(context, found)
    };
    silence(context, &mut findings);
    for finding in &mut findings {
        let is_kept = |layer: usize| is_writable(context, layer);
        finding.fix = finding
            .fix
            .take()
            .filter(|fix| fix.edits.iter().all(|edit| is_kept(edit.layer)));
    }
    findings
}

fn run(rules: &[&'static Rule], context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules {
        (rule.check)(context, &mut findings);
    }
    findings
}

/// Whether a file is nova's own and no template.
fn is_writable(context: &Context<'_>, layer: usize) -> bool {
    let is_template = context.stack.layers()[layer].document.template().is_some();
    !is_template && context.natures()[layer].is_nova()
}

/// The stack once for each way to take the branches; empty where there is nothing to choose.
fn rendered(stack: &Stack) -> Vec<Stack> {
    let choices: Vec<Vec<Choice>> = stack
        .layers()
        .iter()
        .map(|layer| layer.document.template().map(Template::choices).unwrap_or_default())
        .collect();
    let most = choices.iter().map(Vec::len).max().unwrap_or(0);
    (0..most)
        .map(|number| {
            let layers = stack.layers().iter().zip(&choices).map(|(layer, choices)| Layer {
                document: match choices.get(number).or(choices.last()) {
                    Some(choice) => layer.document.rendered(choice).into(),
                    None => Arc::clone(&layer.document),
                },
                origin: layer.origin,
            });
            Stack::new(layers.collect(), stack.environment().to_vec())
        })
        .collect()
}

/// Each finding once. What is not found however the branches are taken says so.
fn merged(context: &Context<'_>, found: Vec<Vec<Finding>>) -> Vec<Finding> {
    let ways = found.len();
    let mut places: HashMap<(&'static str, Location, String), usize> = HashMap::new();
    let mut all: Vec<(Finding, usize)> = Vec::new();
    for findings in found {
        let mut counted = BTreeSet::new();
        for finding in findings {
            let key = (finding.rule.id, finding.location, finding.message.clone());
            let at = *places.entry(key).or_insert_with(|| {
                all.push((finding, 0));
                all.len() - 1
            });
            all[at].1 += usize::from(counted.insert(at));
        }
    }
    let said = all.into_iter().map(|(mut finding, times)| {
        if finding.is_of_file {
            return finding;
        }
        if let Some(line) = branch(context, finding.location) {
            let words = format!("; this applies if the branch of the template in line {line} is taken");
            finding.message.push_str(&words);
        } else if times < ways {
            finding
                .message
                .push_str("; this applies to some branches of the template only");
        }
        finding
    });
    said.collect()
}

/// The line that opens the branch in which `location` lies.
fn branch(context: &Context<'_>, location: Location) -> Option<usize> {
    let Location::File { layer, span } = location else {
        return None;
    };
    let document = &context.stack.layers()[layer].document;
    document.template()?.branch(document.source().position(span.start).line)
}

/// Of a file of which one finding says all, nothing else is said.
fn silence(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let layer_of = |finding: &Finding| match finding.location {
        Location::File { layer, .. } => Some(layer),
        _ => None,
    };
    let said: BTreeSet<usize> = findings
        .iter()
        .filter(|finding| finding.says_all)
        .filter_map(layer_of)
        .collect();
    if said.is_empty() {
        return;
    }
    let is_whole = (0..context.stack.layers().len()).all(|layer| said.contains(&layer));
    findings.retain(|finding| {
        finding.says_all
            || match layer_of(finding) {
                Some(layer) => !said.contains(&layer),
                None => !is_whole,
            }
    });
}

impl Context<'_> {
    /// The same question about another form of the stack.
    fn over<'b>(&'b self, stack: &'b Stack) -> Context<'b> {
        let mut context = Context::new(stack, self.from.release(), self.to.release(), self.settings);
        (context.today_oldest, context.today) = (self.today_oldest, self.today);
        // Of every file as it is written, whichever branches are taken; so they are asked for here.
        (_, _) = (self.natures(), self.secrets());
        context.natures = Rc::clone(&self.natures);
        context.secrets = Rc::clone(&self.secrets);
        context
    }

    /// What each file of the stack is.
    #[must_use]
    pub fn natures(&self) -> &[Nature] {
        self.natures.get_or_init(|| crate::nova::nature::natures(self.stack))
    }
}
