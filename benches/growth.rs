//! How the work of the whole program grows: the CPU time at n, 2n and 4n of everything there can be many of, and the
//! exponent between them; 1 is linear.
//!
//! `cargo bench --bench growth`. The time of the same command on next to nothing is taken off, and of several runs the
//! least counts. What is written is measured on a tmpfs (`TMPDIR=/dev/shm`): some file systems take the longer to make a file the
//! more were removed in the last minute. With `NOVAMEND_BEFORE=PROGRAM` that program is measured too.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use support::{Clock, Row, Taken, before, fleet, program, small, spread, unknown_options, unknown_sections};

/// So often each size is run.
const TIMES: usize = 3;

/// What there is many of: its name, n, the command, and what makes so many.
struct Growth {
    what: &'static str,
    start: usize,
    arguments: &'static str,
    files: fn(&Path, usize),
    is_writing: bool,
}

const CHECK: &str = "check --no-settings --from rocky --to stein --format short nova.conf";

const fn of(what: &'static str, start: usize, arguments: &'static str, files: fn(&Path, usize)) -> Growth {
    Growth {
        what,
        start,
        arguments,
        files,
        is_writing: false,
    }
}

const fn written(what: &'static str, start: usize, files: fn(&Path, usize)) -> Growth {
    let arguments = "fix --no-settings --from rocky --to stein --format short --write .";
    Growth {
        is_writing: true,
        ..of(what, start, arguments, files)
    }
}

fn all() -> Vec<Growth> {
    let small_files = |directory: &Path, count: usize| fleet(directory, count, &small());
    vec![
        of(
            "check: files",
            2_500,
            "check --no-settings --from rocky --to stein --format short .",
            small_files,
        ),
        of(
            "check without --from: files",
            1_000,
            "check --no-settings --format short .",
            small_files,
        ),
        of(
            "where --all: files",
            2_500,
            "where --all --format json --from rocky .",
            small_files,
        ),
        of("check: findings", 8_000, CHECK, |directory, count| {
            put(directory, &unknown_options(count));
        }),
        of(
            "check: findings, json",
            8_000,
            "check --no-settings --from rocky --to stein --format json nova.conf",
            |directory, count| put(directory, &unknown_options(count)),
        ),
        of(
            "check: one option set again and again",
            16_000,
            CHECK,
            |directory, count| {
                put(
                    directory,
                    format!("[DEFAULT]\n{}", "my_ip = 10.0.0.1\n".repeat(count)).as_bytes(),
                );
            },
        ),
        of("check: rejected lines", 16_000, CHECK, |directory, count| {
            put(directory, format!("[DEFAULT]\n{}", "xx\n".repeat(count)).as_bytes());
        }),
        of("check: comments that suppress", 8_000, CHECK, suppressed),
        of(
            "check: ignores of novamend.toml",
            8_000,
            "check --from rocky --to stein --format short nova.conf",
            ignored,
        ),
        of("check: sections", 1_000, CHECK, |directory, count| {
            put(directory, &unknown_sections(count));
        }),
        of(
            "fix --diff: files",
            1_000,
            "fix --no-settings --from rocky --to stein --format short --diff .",
            small_files,
        ),
        written("fix --write: files in one directory", 500, small_files),
        written("fix --write: directories", 500, |directory, count| {
            spread(directory, count, &small());
        }),
    ]
}

fn put(directory: &Path, text: &[u8]) {
    fs::write(directory.join("nova.conf"), text).expect("a file");
}

fn suppressed(directory: &Path, count: usize) {
    let mut text = String::from("[DEFAULT]\n");
    for number in 0..count {
        let comment = "# novamend: ignore[unknown-option] read by our own agent";
        writeln!(text, "{comment}\nunknown_option_{number} = 1").expect("memory");
    }
    put(directory, text.as_bytes());
}

fn ignored(directory: &Path, count: usize) {
    put(directory, &unknown_options(count));
    let mut text = String::new();
    for number in 0..count {
        writeln!(
            text,
            "[[ignore]]\nrule = \"unknown-option\"\noption = \"DEFAULT.unknown_option_{number}\"\nreason = \"ours\"\n"
        )
        .expect("memory");
    }
    fs::write(directory.join("novamend.toml"), text).expect("a file");
}

/// The least that `program` takes for so many.
fn least(growth: &Growth, program: &Path, directory: &Path, count: usize) -> Taken {
    let files = growth.files;
    let row = Row::new(("growth", Clock::Cpu), directory, growth.arguments, move |directory| {
        files(directory, count);
    });
    let row = if growth.is_writing { row.writing() } else { row };
    row.prepare();
    let runs = (0..TIMES).map(|_| row.run(program));
    let least = runs.min_by_key(|taken| taken.cpu).expect("it was run");
    row.clean();
    least
}

fn measure(growth: &Growth, name: &str, program: &Path, directory: &Path) {
    let floor = least(growth, program, directory, 1).cpu;
    let sizes = [1, 2, 4].map(|factor| growth.start * factor);
    let taken = sizes.map(|count| least(growth, program, directory, count));
    let [first, second, third] = taken.map(|taken| taken.cpu.saturating_sub(floor).max(Duration::from_micros(1)));
    let exponent = |less: Duration, more: Duration| (more.as_secs_f64() / less.as_secs_f64()).log2();
    println!(
        "{:<38} {name:<7} {:>6}: {:>8.1} {:>8.1} {:>8.1} ms  exponents {:.2} {:.2}  memory {:.0} {:.0} {:.0} MiB",
        growth.what,
        growth.start,
        first.as_secs_f64() * 1e3,
        second.as_secs_f64() * 1e3,
        third.as_secs_f64() * 1e3,
        exponent(first, second),
        exponent(second, third),
        mebibytes(taken[0]),
        mebibytes(taken[1]),
        mebibytes(taken[2]),
    );
}

fn mebibytes(taken: Taken) -> f64 {
    taken.memory as f64 / f64::from(1 << 20)
}

fn main() {
    let directory = tempfile::tempdir().expect("a directory");
    // `cargo bench` passes its own flags, and the words that follow it to choose by.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let is_chosen = |growth: &Growth| words.is_empty() || words.iter().any(|word| growth.what.contains(word.as_str()));
    for growth in all().iter().filter(|growth| is_chosen(growth)) {
        if let Some(before) = before() {
            measure(growth, "before", &before, directory.path());
        }
        measure(growth, "now", &program(), directory.path());
    }
}
