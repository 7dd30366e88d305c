//! What the benches share: files as deployments have them, and the program run on them as a process of its own, measured
//! by what the kernel says it took.
//!
//! With `NOVAMEND_BEFORE=PROGRAM` every row is run by that program and by this one in turn, and their ratio is printed.

#![allow(dead_code, reason = "each bench uses its part")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use criterion::Criterion;
use novamend::catalog::{self, OptionFacts, Release};
use wait4::Wait4;

/// So often each program is run where two are compared.
const TURNS: usize = 11;
/// A row that takes longer than this is run as often as fits into the tenfold.
const LONG: Duration = Duration::from_secs(1);

/// What a figure says of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// What the processors worked for it, in it and in the kernel.
    Cpu,
    /// What a person waits.
    Wall,
}

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    /// The most memory it had at once, in bytes.
    pub(crate) memory: u64,
}

impl Taken {
    pub(crate) fn by(self, clock: Clock) -> Duration {
        match clock {
            Clock::Cpu => self.cpu,
            Clock::Wall => self.wall,
        }
    }
}

/// One command on some files.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) clock: Clock,
    /// The directory it is run in.
    pub(crate) directory: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// What puts its files there; asked again before every run where the command changes them.
    pub(crate) files: Box<dyn Fn(&Path)>,
    pub(crate) is_writing: bool,
}

impl Row {
    /// `arguments`, words parted by blanks, `*.conf` being every file there, run in `directory` on what `files` puts there.
    pub(crate) fn new(
        (name, clock): (&'static str, Clock),
        directory: &Path,
        arguments: &str,
        files: impl Fn(&Path) + 'static,
    ) -> Self {
        Self {
            name,
            clock,
            directory: directory.join(name.replace('/', "-")),
            arguments: arguments.split(' ').map(str::to_owned).collect(),
            files: Box::new(files),
            is_writing: false,
        }
    }

    /// Whose files are put there again before every run.
    pub(crate) fn writing(mut self) -> Self {
        self.is_writing = true;
        self
    }

    pub(crate) fn prepare(&self) {
        drop(fs::remove_dir_all(&self.directory));
        fs::create_dir_all(&self.directory).expect("a directory");
        (self.files)(&self.directory);
    }

    /// Runs `program` on the files.
    pub(crate) fn run(&self, program: &Path) -> Taken {
        if self.is_writing {
            self.prepare();
        }
        let arguments = self.arguments.iter().flat_map(|word| expanded(&self.directory, word));
        taken(program, &self.directory, &arguments.collect::<Vec<_>>())
    }

    pub(crate) fn clean(&self) {
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// What a shell makes of `word` in `directory`, where `*.conf` is every file.
fn expanded(directory: &Path, word: &str) -> Vec<String> {
    if word != "*.conf" {
        return vec![word.to_owned()];
    }
    let entries = fs::read_dir(directory).expect("a directory");
    let names = entries.map(|entry| entry.expect("a file").file_name().into_string().expect("UTF-8"));
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names
}

/// What `program` takes for `arguments` in `directory`.
pub(crate) fn taken(program: &Path, directory: &Path, arguments: &[String]) -> Taken {
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let ended = child.wait4().expect("the program ends");
    let wall = start.elapsed();
    // 1 says that something was found, or would be fixed.
    assert!(
        matches!(ended.status.code(), Some(0 | 1)),
        "{} {arguments:?}: {}",
        program.display(),
        ended.status
    );
    Taken {
        wall,
        cpu: ended.rusage.utime + ended.rusage.stime,
        memory: ended.rusage.maxrss,
    }
}

/// The program that these sources make.
pub(crate) fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_novamend").into()
}

/// The program that it is compared with, if any.
pub(crate) fn before() -> Option<PathBuf> {
    std::env::var_os("NOVAMEND_BEFORE").map(PathBuf::from)
}

/// Measures every row: by criterion, or in turn with the program of `NOVAMEND_BEFORE`.
pub(crate) fn measure(criterion: &mut Criterion, group: &str, rows: &[Row]) {
    if let Some(before) = before() {
        return compare(&before, rows);
    }
    let mut group = criterion.benchmark_group(group);
    group.sample_size(10);
    for row in rows {
        let mut is_prepared = false;
        group.bench_function(row.name, |bencher| {
            if !std::mem::replace(&mut is_prepared, true) {
                row.prepare();
            }
            bencher.iter_custom(|times| (0..times).map(|_| row.run(&program()).by(row.clock)).sum());
        });
        row.clean();
    }
    group.finish();
}

/// Runs both programs in turn on every row, and prints the medians: wall, CPU, memory, and what one is of the other.
fn compare(before: &Path, rows: &[Row]) {
    let programs = [before.to_owned(), program()];
    for row in rows {
        row.prepare();
        let first = row.run(&programs[1]).wall.max(Duration::from_millis(1));
        let turns = if first > LONG { 3 } else { TURNS };
        let mut taken = [Vec::new(), Vec::new()];
        for _ in 0..turns {
            for (program, taken) in programs.iter().zip(&mut taken) {
                taken.push(row.run(program));
            }
        }
        row.clean();
        let [old, new] = taken.map(|taken| median(&taken));
        let ratio = old.by(row.clock).as_secs_f64() / new.by(row.clock).as_secs_f64();
        println!(
            "{:<44} before {}\n{:<44} now    {}  {ratio:.2} x",
            row.name,
            shown(old),
            "",
            shown(new)
        );
    }
}

/// The median of each figure.
fn median(taken: &[Taken]) -> Taken {
    fn middle<T: Ord + Copy>(taken: &[Taken], figure: impl Fn(&Taken) -> T) -> T {
        let mut figures: Vec<T> = taken.iter().map(figure).collect();
        figures.sort_unstable();
        figures[figures.len() / 2]
    }
    Taken {
        wall: middle(taken, |taken| taken.wall),
        cpu: middle(taken, |taken| taken.cpu),
        memory: middle(taken, |taken| taken.memory),
    }
}

fn shown(taken: Taken) -> String {
    format!(
        "{:>9.2} ms CPU {:>9.2} ms wall {:>6.1} MiB",
        taken.cpu.as_secs_f64() * 1e3,
        taken.wall.as_secs_f64() * 1e3,
        taken.memory as f64 / f64::from(1 << 20),
    )
}

/// What `oslo-config-generator` would write for the newest release: every option as a comment, which `describe` writes.
fn options(describe: impl Fn(&mut Vec<u8>, OptionFacts)) -> Vec<u8> {
    let mut text = Vec::new();
    let mut group = "";
    for option in catalog::options(Release::NEWEST) {
        if option.group() != group {
            group = option.group();
            writeln!(text, "\n[{group}]").expect("memory");
        }
        describe(&mut text, option);
    }
    text
}

/// Two findings, and so much behind them of `sample` that they are `size` bytes.
fn with_findings(size: usize, sample: &[u8]) -> Vec<u8> {
    let mut text = b"[libvirt]\nlive_migration_permit_post_copy = true\nvirt_type = kvm\n".to_vec();
    text.extend(sample);
    text.truncate(size);
    text
}

/// Each option in the same words.
fn sample() -> Vec<u8> {
    options(|text, option| {
        let what = "# What it is good for, over a few lines as samples have them, with what comes of it and when";
        writeln!(
            text,
            "\n#\n{what}\n{what}\n{what}\n# to change it. (string value)\n#{} =",
            option.name()
        )
        .expect("memory");
    })
}

/// A file of 4 kB with two findings.
pub(crate) fn small() -> Vec<u8> {
    with_findings(4_000, &sample())
}

/// The same findings in a sample of 370 kB.
pub(crate) fn large() -> Vec<u8> {
    with_findings(370_000, &sample())
}

/// The same findings in a sample of 370 kB whose options have what they have in nova: words, types, limits, choices, old names, defaults.
pub(crate) fn described() -> Vec<u8> {
    let sample = options(|text, option| {
        let group = option.group();
        let words = option.name().replace('_', " ");
        write!(
            text,
            "\n#\n# What {words} is to be in {group}, as the service has it where\n# nothing else asks for another. It is read once, \
             when nova\n# starts; see the guide on {words} for more.\n#\n# Possible values:\n#\n"
        )
        .expect("memory");
        for choice in option.choices() {
            writeln!(text, "# * ``{choice}``: the {words} of {choice}").expect("memory");
        }
        writeln!(
            text,
            "# * Any {} that fits.\n#\n# Related options:\n#\n# * ``{words}``",
            option.kind()
        )
        .expect("memory");
        writeln!(text, "#  ({} value)", option.kind()).expect("memory");
        for (what, limit) in [("Minimum", option.min()), ("Maximum", option.max())] {
            if let Some(limit) = limit {
                writeln!(text, "# {what} value: {limit}").expect("memory");
            }
        }
        for old in option.aliases() {
            writeln!(text, "# Deprecated group/name - [{}]/{}", old.group, old.name).expect("memory");
        }
        let default = option.default_text().unwrap_or("<None>");
        writeln!(
            text,
            "#{} = {}",
            option.name(),
            default.lines().next().unwrap_or_default()
        )
        .expect("memory");
    });
    with_findings(370_000, &sample)
}

/// `sections` sections that nova does not know, with forty options each; 333 make 1.6 MB.
pub(crate) fn unknown_sections(sections: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for section in 0..sections {
        writeln!(text, "[section_{section:04}]").expect("memory");
        for number in section * 40..section * 40 + 40 {
            writeln!(
                text,
                "# What option number {number:06} is good for, in a line as long as they are (string value)\n\
                 option_{number:06} = value of {number:06}"
            )
            .expect("memory");
        }
    }
    text
}

/// `count` options that nova does not know: a finding each.
pub(crate) fn unknown_options(count: usize) -> Vec<u8> {
    let mut text = b"[DEFAULT]\n".to_vec();
    for number in 0..count {
        writeln!(text, "unknown_option_{number} = 1").expect("memory");
    }
    text
}

/// `count` copies of `text` in one directory.
pub(crate) fn fleet(directory: &Path, count: usize, text: &[u8]) {
    for number in 0..count {
        fs::write(directory.join(format!("{number}.conf")), text).expect("a file");
    }
}

/// `count` copies of `text`, each in a directory of its own.
pub(crate) fn spread(directory: &Path, count: usize, text: &[u8]) {
    for number in 0..count {
        let place = directory.join(number.to_string());
        fs::create_dir(&place).expect("a directory");
        fs::write(place.join("nova.conf"), text).expect("a file");
    }
}
