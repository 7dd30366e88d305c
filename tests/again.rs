//! What `fix --write` has written, a second run leaves as it is, also where the release of today is only a range that the
//! lines of the file bound: every fixture, with the edits of now and with those of the upgrade.

mod conf_files;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use novamend::catalog::Release;
use novamend::fix::{FixPlan, Until, fix_stack};
use novamend::lint::Settings;
use novamend::nova::today::Today;
use novamend::oslo::Document;
use novamend::oslo::stack::Stack;
use novamend::rules::RULES;
use novamend::text::Source;
use rayon::prelude::*;

/// What `fix --write` makes of `text` without `--from`, on its way to `to` where that is said.
fn fixed(path: &Path, text: Vec<u8>, to: Option<Release>, until: Until) -> Vec<u8> {
    let settings = Settings::default();
    let stack = Stack::of(Document::parse(Source::new(path, text)));
    let today = Today::of_options(&stack, to);
    let plan = FixPlan {
        rules: RULES,
        today: &today,
        to: to.unwrap_or(Release::NEWEST),
        settings: &settings,
        unsafe_fixes: false,
        until,
    };
    let fixed = fix_stack(&stack, &plan);
    // Where one fix is refused nothing is written.
    let written = if fixed.refused.is_empty() { &fixed.stack } else { &stack };
    written.layers()[0].document.source().bytes().to_vec()
}

#[test]
fn a_second_run_changes_nothing() {
    let paths = conf_files::of_fixtures();
    let changed = AtomicUsize::new(0);
    let failures: Vec<String> = paths
        .par_iter()
        .flat_map_iter(|path| {
            let text = fs::read(path).expect("a file");
            let mut failures = Vec::new();
            for to in [None, Some(Release::STEIN)] {
                for until in [Until::Now, Until::Upgrade] {
                    let once = fixed(path, text.clone(), to, until);
                    if once == text {
                        continue;
                    }
                    changed.fetch_add(1, Ordering::Relaxed);
                    if fixed(path, once.clone(), to, until) != once {
                        failures.push(format!("{} to {to:?} ({until:?})", path.display()));
                    }
                }
            }
            failures
        })
        .collect();
    let changed = changed.into_inner();
    assert!(changed > 50, "only {changed} changed");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
