//! From a survey to the first lines of a report: what was read, and which upgrade is compared.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use foldhash::fast::RandomState;

use super::Base;
use super::checked::{Checked, Compared};
use crate::catalog::Release;
use crate::inputs::directory::NotRead;
use crate::inputs::load;
use crate::inputs::survey::{Reading, Survey};
use crate::lint::{FailOn, Settings};
use crate::nova::today::Evidence;

impl Checked {
    /// The first lines of the report.
    #[must_use]
    pub fn of(survey: &Survey, to: Release, settings: &Settings) -> Self {
        let mut compared: Vec<Compared> = Vec::new();
        for Reading { today, .. } in &survey.targets {
            let is_same = |known: &&mut Compared| (known.oldest, known.newest) == (today.oldest, today.newest);
            match compared.iter_mut().find(is_same) {
                Some(known) => known.stacks += 1,
                None => compared.push(Compared {
                    oldest: today.oldest,
                    newest: today.newest,
                    is_compared: today.compares(to),
                    evidence: today.evidence.as_str(),
                    stacks: 1,
                }),
            }
        }
        compared.sort_by_key(|known| (std::cmp::Reverse(known.stacks), known.newest, known.oldest));
        let is_said = |target: &Reading| target.today.evidence == Evidence::Said;
        let why = match &survey.targets[..] {
            [] => "nothing could be read".to_owned(),
            [only] => only.today.why(),
            many if many.iter().all(is_said) => many.first().map(|first| first.today.why()).unwrap_or_default(),
            _ => "what may run today is inferred from the options in each file; override it with `--from`".to_owned(),
        };
        let mut known: HashSet<&Path, RandomState> = HashSet::default();
        let files = survey.targets.iter().flat_map(|target| &target.files);
        let paths: Vec<PathBuf> = files.filter(|path| known.insert(path)).cloned().collect();
        Self {
            is_listed: match &paths[..] {
                [only] => survey.named.as_ref() != Some(only) && only != Path::new(load::STDIN),
                many => !many.is_empty(),
            },
            paths,
            not_read: survey
                .errors
                .iter()
                .map(NotRead::of)
                .chain(survey.not_read.clone())
                .collect(),
            compared,
            to,
            why,
            valid_in: Vec::new(),
            settings: settings.file.clone(),
            base: Base::default(),
            fail_on: FailOn::default(),
            asked: settings.asked.in_words(),
            served: settings.programs.named(),
        }
    }
}
