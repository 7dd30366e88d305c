//! Several novas, each asked at the same time in a process of its own.

use std::panic::resume_unwind;

use novamend::catalog::Release;

use super::novas::Nova;
use super::python::Oracle;

/// What `differences` finds with each of `novas`, which `script` asks; where one is not there, the test is skipped.
pub(crate) fn of_each(
    novas: &[Nova],
    script: &str,
    differences: impl Fn(&mut Oracle, Release) -> Vec<String> + Sync,
) -> Vec<String> {
    let differences = &differences;
    std::thread::scope(|scope| {
        let asked: Vec<_> = novas
            .iter()
            .map(|nova| {
                let mut oracle = Oracle::start(&nova.environment, script);
                scope.spawn(move || differences(&mut oracle, nova.release))
            })
            .collect();
        asked
            .into_iter()
            .flat_map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
