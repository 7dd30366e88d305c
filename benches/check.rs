//! How long `novamend check` and `where` take as whole processes: on one file, on a fleet, with a baseline.
//!
//! `cargo bench --bench check`; rows that say CPU count what the processors worked, the others what a person waits.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use support::{Clock, Row, described, fleet, large, measure, small, unknown_options, unknown_sections};

/// What every row of `check` asks.
const CHECK: &str = "check --no-settings --from rocky --to stein --fail-on never --format";

fn one(text: Vec<u8>) -> impl Fn(&Path) {
    move |directory| fs::write(directory.join("nova.conf"), &text).expect("a file")
}

/// A file of so many findings beside a `novamend.toml` that ignores each.
fn baseline(count: usize) -> impl Fn(&Path) {
    let text = unknown_options(count);
    let mut ignores = String::new();
    for number in 0..count {
        write!(
            ignores,
            "[[ignore]]\nrule = \"unknown-option\"\nfile = \"nova.conf\"\noption = \
             \"DEFAULT.unknown_option_{number}\"\nreason = \"baseline of 2026-01-01\"\n\n"
        )
        .expect("memory");
    }
    move |directory| {
        fs::write(directory.join("nova.conf"), &text).expect("a file");
        fs::write(directory.join("novamend.toml"), &ignores).expect("a file");
    }
}

fn rows(directory: &Path) -> Vec<Row> {
    let row = |name, clock, end: &str, files: Box<dyn Fn(&Path)>| {
        Row::new((name, clock), directory, &format!("{CHECK} {end}"), files)
    };
    let many = || Box::new(|directory: &Path| fleet(directory, 10_000, &small()));
    vec![
        row(
            "check 4 kB (CPU)",
            Clock::Cpu,
            "short nova.conf",
            Box::new(one(small())),
        ),
        row(
            "check 370 kB (CPU)",
            Clock::Cpu,
            "short nova.conf",
            Box::new(one(large())),
        ),
        row(
            "check 370 kB with types and defaults (CPU)",
            Clock::Cpu,
            "short nova.conf",
            Box::new(one(described())),
        ),
        row(
            "check 1.6 MB of unknown sections (CPU)",
            Clock::Cpu,
            "short nova.conf",
            Box::new(one(unknown_sections(333))),
        ),
        row(
            "check 13,000 rejected lines (CPU)",
            Clock::Cpu,
            "short nova.conf",
            Box::new(one(format!("[DEFAULT]\n{}", "xx\n".repeat(13_000)).into_bytes())),
        ),
        row("check 10,000 files of 4 kB", Clock::Wall, "short *.conf", many()),
        row("check 10,000 files of 4 kB, json", Clock::Wall, "json *.conf", many()),
        Row::new(
            ("where --all, 10,000 files of 4 kB, json", Clock::Wall),
            directory,
            "where --all --format json --from rocky *.conf",
            many(),
        ),
        Row::new(
            ("check 8,000 findings, a baseline of 8,000", Clock::Wall),
            directory,
            "check --from rocky --to stein --format short nova.conf",
            baseline(8_000),
        ),
    ]
}

fn whole(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    measure(criterion, "check", &rows(directory.path()));
}

criterion_group!(benches, whole);
criterion_main!(benches);
