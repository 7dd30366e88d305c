//! How long `novamend fix` takes as a whole process: a diff of one file and of a fleet, and a fleet written.
//!
//! `cargo bench --bench fix`; rows that say CPU count what the processors worked, the others what a person waits. What is
//! written is written to the disk of the directory for temporary files (`TMPDIR`).

mod support;

use std::fs;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use support::{Clock, Row, described, fleet, large, measure, small, spread};

const FIX: &str = "fix --no-settings --from rocky --to stein --fail-on never --format short";

fn one(text: Vec<u8>) -> impl Fn(&Path) {
    move |directory| fs::write(directory.join("nova.conf"), &text).expect("a file")
}

fn rows(directory: &Path) -> Vec<Row> {
    let row = |name, clock, end: &str, files: Box<dyn Fn(&Path)>| {
        Row::new((name, clock), directory, &format!("{FIX} {end}"), files)
    };
    let together = || Box::new(|directory: &Path| fleet(directory, 10_000, &small()));
    let apart = || Box::new(|directory: &Path| spread(directory, 10_000, &small()));
    vec![
        row(
            "fix --diff 4 kB (CPU)",
            Clock::Cpu,
            "--diff nova.conf",
            Box::new(one(small())),
        ),
        row(
            "fix --diff 370 kB (CPU)",
            Clock::Cpu,
            "--diff nova.conf",
            Box::new(one(large())),
        ),
        row(
            "fix --diff 370 kB with types and defaults (CPU)",
            Clock::Cpu,
            "--diff nova.conf",
            Box::new(one(described())),
        ),
        row("fix --diff 10,000 files", Clock::Wall, "--diff *.conf", together()),
        row(
            "fix --write 10,000 files in one directory",
            Clock::Wall,
            "--write .",
            together(),
        )
        .writing(),
        row(
            "fix --write 10,000 files in 10,000 directories",
            Clock::Wall,
            "--write .",
            apart(),
        )
        .writing(),
    ]
}

fn whole(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    measure(criterion, "fix", &rows(directory.path()));
}

criterion_group!(benches, whole);
criterion_main!(benches);
