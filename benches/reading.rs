//! How fast a file is read: lexing and layering, beside oslo.config's own parser on the same file in the same run.
//!
//! `make bench`. oslo.config reports the time of its parser alone, without the start of Python.

use std::fs;
use std::hint::black_box;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use novamend::oslo::Document;
use novamend::oslo::stack::Stack;
use novamend::text::Source;

/// A file of 1.6 MB such as a generator writes: sections, comments, assignments, continuation lines.
fn conf() -> Vec<u8> {
    let mut text = Vec::new();
    for number in 0.. {
        if text.len() >= 1_600_000 {
            break;
        }
        if number % 40 == 0 {
            writeln!(text, "[section_{}]\n", number / 40).expect("memory");
        }
        write!(
            text,
            "# What option number {number} is good for, in a line as long as they are (string value)\n\
             #option_{number} = <None>\noption_{number} = value of {number}\n"
        )
        .expect("memory");
        if number % 10 == 0 {
            writeln!(text, "  and more of it").expect("memory");
        }
    }
    text
}

/// Reads `sys.argv[1]` as often as asked for and prints the seconds that took.
const OSLO: &str = "
import sys, time
from oslo_config import cfg
path, times = sys.argv[1], int(sys.argv[2])
start = time.perf_counter()
for _ in range(times):
    sections, normalized = {}, {}
    parser = cfg.ConfigParser(path, sections)
    parser._add_normalized(normalized)
    parser.parse()
print(time.perf_counter() - start)
";

fn oslo(file: &str, times: u64) -> Option<Duration> {
    let venvs = std::env::var_os("NOVAMEND_VENVS").map_or_else(|| PathBuf::from(".venv"), PathBuf::from);
    let python = venvs.join("oslo-new/bin/python");
    let output = Command::new(python)
        .args(["-c", OSLO, file, &times.to_string()])
        .output()
        .ok()?;
    let seconds: f64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(Duration::from_secs_f64(seconds))
}

fn reading(criterion: &mut Criterion) {
    let text = conf();
    let file = std::env::temp_dir().join(format!("novamend-bench-{}.conf", std::process::id()));
    fs::write(&file, &text).expect("a temporary file");
    let mut group = criterion.benchmark_group("reading 1.6 MB");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("novamend", |bencher| {
        bencher.iter(|| {
            let bytes = fs::read(&file).expect("the file is there");
            black_box(Stack::of(Document::parse(Source::new("nova.conf", bytes))))
        });
    });
    let path = file.to_string_lossy().into_owned();
    if oslo(&path, 1).is_some() {
        group.sample_size(10);
        group.bench_function("oslo.config", |bencher| {
            bencher.iter_custom(|times| oslo(&path, times).expect("oslo.config reads it"));
        });
    } else {
        eprintln!("skipped: oslo.config, as its environment is missing; `make venvs` makes it");
    }
    group.finish();
    drop(fs::remove_file(file));
}

criterion_group!(benches, reading);
criterion_main!(benches);
