//! How long `novamend check` takes as a whole process: on a sample of 370 kB, and on 10,000 files of 4 kB.
//!
//! `make bench`. These are wall-clock times; docs/performance.md has the CPU time, and how it was taken.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};
use novamend::catalog::{self, Release};

/// What `oslo-config-generator` would write for the newest release, cut at `size` bytes: every option as a comment.
fn sample(size: usize) -> Vec<u8> {
    let mut text = Vec::new();
    let mut group = "";
    for option in catalog::options(Release::NEWEST) {
        if option.group() != group {
            group = option.group();
            writeln!(text, "\n[{group}]").expect("memory");
        }
        let what = "# What it is good for, over a few lines as samples have them, with what comes of it and when";
        writeln!(
            text,
            "\n#\n{what}\n{what}\n{what}\n# to change it. (string value)\n#{} =",
            option.name()
        )
        .expect("memory");
    }
    text.truncate(size);
    text
}

fn check(paths: &Path) {
    let status = Command::new(env!("CARGO_BIN_EXE_novamend"))
        .args([
            "check",
            "--from",
            "rocky",
            "--to",
            "stein",
            "--format",
            "short",
            "--fail-on",
            "never",
        ])
        .args(
            fs::read_dir(paths)
                .expect("a directory")
                .map(|entry| entry.expect("a file").path()),
        )
        .stdout(Stdio::null())
        .status()
        .expect("novamend runs");
    assert!(status.success());
}

fn whole(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let (one, fleet) = (directory.path().join("one"), directory.path().join("fleet"));
    fs::create_dir(&one).expect("a directory");
    fs::create_dir(&fleet).expect("a directory");
    let large = sample(370_000);
    assert_eq!(large.len(), 370_000);
    fs::write(one.join("nova.conf"), &large).expect("a file");
    let mut small = b"[libvirt]\nlive_migration_permit_post_copy = true\nvirt_type = kvm\n".to_vec();
    small.extend(&sample(4_000 - small.len()));
    for number in 0..10_000 {
        fs::write(fleet.join(format!("{number}.conf")), &small).expect("a file");
    }
    let mut group = criterion.benchmark_group("check");
    group.sample_size(20);
    group.bench_function("370 kB", |bencher| bencher.iter(|| check(&one)));
    group.sample_size(10);
    group.bench_function("10,000 files of 4 kB", |bencher| bencher.iter(|| check(&fleet)));
    group.finish();
}

criterion_group!(benches, whole);
criterion_main!(benches);
