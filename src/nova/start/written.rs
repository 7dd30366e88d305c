//! Which options a stack of files writes in one release, by any of their names: found out once, as hundreds of facts ask for it.

use std::collections::HashSet;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use crate::catalog::{self, refusals};
use crate::nova::View;

/// The options that something writes.
#[derive(Debug, Default)]
pub struct Written {
    /// By group and name, as the release has them.
    options: HashSet<(&'static str, &'static str), RandomState>,
    /// The hashes of all names, as they are written in whatever group.
    names: HashSet<u64, RandomState>,
    hasher: RandomState,
    /// The numbers of the refusals that ask for one of the names, in whatever group.
    asking: Vec<u16>,
    /// A variable may set any option.
    by_environment: bool,
}

impl Written {
    /// What the stack of `view` writes, as its release reads it.
    #[must_use]
    pub fn of(view: &View<'_>) -> Self {
        let (stack, release) = (view.stack(), view.release());
        let mut written = Self {
            by_environment: !stack.environment().is_empty(),
            ..Self::default()
        };
        for layer in stack.layers() {
            let document = &layer.document;
            for lines in document.assignments().chunk_by(|a, b| a.section() == b.section()) {
                let group = catalog::group(document.group(&lines[0]));
                if !group.is_known() {
                    continue;
                }
                for line in lines {
                    let key = document.key(line);
                    if written.names.insert(written.hasher.hash_one(&*key)) {
                        written.asking.extend(refusals::asking_for(&key));
                    }
                    let known = group.known(&key);
                    let read = known.option(release).into_iter().chain(known.by_old_name(release));
                    for option in read {
                        if written.options.insert((option.group(), option.name())) {
                            written.asking.extend(refusals::asking_for(option.name()));
                        }
                    }
                }
            }
        }
        written.asking.sort_unstable();
        written.asking.dedup();
        written
    }

    /// The numbers of the refusals that may be worth asking, in order, and of those about what is missing.
    #[must_use]
    pub fn refusals(&self) -> Vec<u16> {
        if self.by_environment {
            return (0..).take(refusals::all().len()).collect();
        }
        let mut numbers: Vec<u16> = refusals::about_missing().chain(self.asking.iter().copied()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The options that something in the files writes, by group and name.
    pub fn options(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.options.iter().copied()
    }

    /// Whether a variable may set any option.
    #[must_use]
    pub fn is_by_environment(&self) -> bool {
        self.by_environment
    }

    /// Whether something may set `name` of `group`, an option of the release.
    #[must_use]
    pub fn has(&self, group: &str, name: &str) -> bool {
        self.by_environment || self.options.contains(&(group, name))
    }

    /// Whether `name` may stand in some group that nova has in any release; `false` says that it does not.
    #[must_use]
    pub fn may_name(&self, name: &str) -> bool {
        self.names.contains(&self.hasher.hash_one(name))
    }
}
