//! Every reference (`$name`) that a stack holds, found once: who refers to an option that is to be renamed or removed.
//!
//! What a reference stands for, [`crate::nova`] says.

use std::collections::HashMap;

use super::finding::AssignmentId;
use crate::oslo::names::normal_group;
use crate::oslo::stack::Stack;
use crate::oslo::substitution;
use crate::text::Span;

/// One reference in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referring {
    /// The assignment it stands in.
    pub place: AssignmentId,
    /// Its bytes, `$` and braces included.
    pub span: Span,
    /// The group it names; `None`: the one it stands in, then `[DEFAULT]`.
    pub group: Option<String>,
}

/// All references, by the option's name they ask for.
#[derive(Clone, Debug, Default)]
pub struct References {
    in_files: HashMap<String, Vec<Referring>>,
    in_environment: Vec<String>,
    /// Whether some value with a `$` is not UTF-8: what it refers to cannot be told.
    has_unreadable: bool,
}

impl References {
    /// Reads every value of `stack` that holds a `$`.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let mut found = Self::default();
        for (layer, file) in stack.layers().iter().enumerate() {
            let bytes = file.document.source().bytes();
            if memchr::memchr(b'$', bytes).is_none() {
                continue;
            }
            for assignment in 0..file.document.assignments().len() {
                found.read(stack, AssignmentId { layer, assignment });
            }
        }
        for variable in stack.environment() {
            let names = substitution::references(&variable.value);
            found
                .in_environment
                .extend(names.iter().map(|reference| reference.target().1.to_owned()));
        }
        found
    }

    fn read(&mut self, stack: &Stack, place: AssignmentId) {
        let bytes = stack.document(place).source().bytes();
        let value = stack.assignment(place).value_span(bytes);
        if memchr::memchr(b'$', value.of(bytes)).is_none() {
            return;
        }
        let Ok(text) = std::str::from_utf8(value.of(bytes)) else {
            self.has_unreadable = true;
            return;
        };
        for reference in substitution::references(text) {
            let (group, name) = reference.target();
            let span = Span::new(value.start + reference.range.start, value.start + reference.range.end);
            let group = group.map(str::to_owned);
            self.in_files
                .entry(name.to_owned())
                .or_default()
                .push(Referring { place, span, group });
        }
    }

    /// The references in files that may ask for `name` of `group`: those that name the group, or stand where it is looked
    /// for without being named.
    pub fn to<'a>(&'a self, stack: &'a Stack, group: &'a str, name: &str) -> impl Iterator<Item = &'a Referring> {
        let all = self.in_files.get(name).into_iter().flatten();
        all.filter(move |referring| match &referring.group {
            Some(asked) => normal_group(asked) == group,
            None => group == "DEFAULT" || stack.group(referring.place) == group,
        })
    }

    /// Whether a variable of the environment, or a value that cannot be read, may refer to `name`.
    #[must_use]
    pub fn may_be_outside(&self, name: &str) -> bool {
        self.has_unreadable || self.in_environment.iter().any(|asked| asked == name)
    }

    /// Whether anything may refer to `name` of `group`.
    #[must_use]
    pub fn is_referred_to(&self, stack: &Stack, group: &str, name: &str) -> bool {
        self.may_be_outside(name) || self.to(stack, group, name).next().is_some()
    }
}
