//! Real nova of several releases, each asked at the same time in a process of its own.

use novamend::catalog::Release;

use super::python::Oracle;

/// What `differences` finds with each of `novas`, name of the environment and release; those that are not there have said so.
pub(crate) fn of_each(
    novas: &[(&'static str, u32)],
    differences: impl Fn(&mut Oracle, Release) -> Vec<String> + Sync,
) -> Vec<String> {
    let differences = &differences;
    std::thread::scope(|scope| {
        let asked: Vec<_> = novas
            .iter()
            .filter_map(|&(name, number)| {
                let mut nova = Oracle::start(name, "nova_all.py")?;
                let release = Release::from_number(number).expect("a release");
                Some(scope.spawn(move || differences(&mut nova, release)))
            })
            .collect();
        asked.into_iter().flat_map(|one| one.join().expect("it ends")).collect()
    })
}
