//! Real nova's start beside novamend's word on it: the same made-up nova.conf, and nova refuses to start with it where novamend
//! has an error that stops the service and names the lines, and nowhere else.
//!
//! Nova's own code runs, of every release that `make venvs` installs and whose start can be had (`tests/start/real.py`).
//! `NOVAMEND_START_FILES` is how many files each run makes up (5,000 where it is not set), spread over the releases;
//! `NOVAMEND_SEED` repeats a run. Each release is also asked about a file of its defaults, about the deployments of the
//! fixtures, and about the files of the directory `NOVAMEND_START_MORE`, where that is set.

#[path = "harness/defaults.rs"]
mod defaults;
#[path = "oracle/each.rs"]
mod each;
#[path = "harness/mod.rs"]
mod harness;
#[path = "start/known.rs"]
mod known;
#[path = "oracle/novas.rs"]
mod novas;
#[path = "start/ours.rs"]
mod ours;
#[path = "oracle/python.rs"]
mod python;
#[path = "start/real.rs"]
mod real;
#[path = "start/report.rs"]
mod report;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use novamend::catalog::Release;

use each::of_each;
use harness::tests;
use novas::Nova;
use ours::Ours;
use real::{Asked, Real, Verdict};
use report::Disagreement;

/// Whose start is not run: the libraries are not the ones that rocky's needs, and gazpacho's neighbour is asked.
const LEFT_OUT: [u32; 2] = [18, 33];

/// How many files to make up.
fn files() -> usize {
    std::env::var("NOVAMEND_START_FILES").map_or(5_000, |text| text.parse().expect("a number of files"))
}

/// Whom a file that is not made up is asked about.
const SERVICES: [&str; 4] = ["nova-compute", "nova-scheduler", "nova-conductor", "nova-api"];

/// Files that are not made up: all defaults of `release`, and those of directories.
fn others(release: Release) -> Vec<Asked> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/deployments");
    let more = std::env::var_os("NOVAMEND_START_MORE").map(PathBuf::from);
    let mut texts = vec![("defaults".to_owned(), defaults::all_defaults(release))];
    for directory in [Some(fixtures), more].into_iter().flatten() {
        let paths = fs::read_dir(&directory)
            .expect("a directory")
            .map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|is| is == "conf"))
            .collect();
        paths.sort();
        let text = |path: PathBuf| (path.display().to_string(), fs::read_to_string(&path).expect("a file"));
        texts.extend(paths.into_iter().map(text));
    }
    let asked = |(family, conf): (String, String)| {
        SERVICES.map(|program| Asked {
            family: family.clone(),
            program: program.to_owned(),
            conf: conf.clone(),
            is_whole: false,
        })
    };
    texts.into_iter().flat_map(asked).collect()
}

/// How often nova and novamend agreed, by what they said.
#[derive(Default)]
struct Agreed {
    refused: usize,
    accepted: usize,
    /// Files that nova itself refuses, and not oslo.config a value.
    of_nova: usize,
    /// The messages of those that novamend does not quote, without what differs from file to file.
    unquoted: BTreeMap<String, usize>,
    /// Files of which nothing can be said here.
    skipped: usize,
    /// Disagreements that are known, by why.
    known: BTreeMap<&'static str, usize>,
}

impl Agreed {
    fn count(&mut self, nova: &Verdict, ours: &Ours) {
        match &nova.refusal {
            None => self.accepted += 1,
            Some(refusal) => {
                self.refused += 1;
                self.of_nova += usize::from(!refusal.is_oslos());
                if !refusal.is_oslos() && !ours.quotes(refusal) {
                    *self.unquoted.entry(report::masked(&refusal.words())).or_default() += 1;
                }
            }
        }
    }

    fn figures(&self) -> String {
        let mut unquoted: Vec<(&String, &usize)> = self.unquoted.iter().collect();
        unquoted.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let lines = unquoted
            .iter()
            .map(|(message, count)| format!("\n  {count} times {message}"));
        format!(
            "{} files refused by both, {} accepted by both, {} skipped; known: {:?}; of {} messages of nova's own novamend \
             does not quote {}:{}",
            self.refused,
            self.accepted,
            self.skipped,
            self.known,
            self.of_nova,
            self.unquoted.values().sum::<usize>(),
            lines.take(20).collect::<Vec<String>>().concat()
        )
    }
}

/// What `files` come to in `release`.
struct Compared<'a, 'o> {
    real: &'a mut Real<'o>,
    release: Release,
    agreed: &'a Mutex<Agreed>,
    found: Vec<Disagreement>,
}

impl Compared<'_, '_> {
    /// Compares `files`; what both refuse is left, without what novamend names there.
    fn add(&mut self, files: &[Asked]) -> Vec<Asked> {
        let mut rests = Vec::new();
        for (asked, nova) in files.iter().zip(self.real.ask(files)) {
            let ours = Ours::of(asked, self.release);
            let mut agreed = self.agreed.lock().expect("figures");
            if nova.is_skipped {
                agreed.skipped += 1;
            } else if let Some(disagreement) = Disagreement::of(asked, self.release, &nova, &ours) {
                match known::why(&disagreement) {
                    Some(why) => *agreed.known.entry(why).or_default() += 1,
                    None => self.found.push(disagreement),
                }
            } else {
                agreed.count(&nova, &ours);
                if nova.refusal.is_some() {
                    rests.push(ours.without_what_it_names(asked));
                }
            }
        }
        rests
    }
}

fn nova_refuses_to_start_where_novamend_says_so_and_nowhere_else() {
    let novas: Vec<Nova> = novas::all_but(&LEFT_OUT);
    assert!(novas.len() >= 5);
    let (seed, files) = (real::seed(), files());
    let made = real::made_up(&novas[0].environment, seed, files);
    assert!(made.len() == files, "{} files", made.len());
    let share = files.div_ceil(novas.len());
    let agreed = Mutex::new(Agreed::default());
    let novas_and_files: BTreeMap<Release, &[Asked]> =
        novas.iter().map(|nova| nova.release).zip(made.chunks(share)).collect();
    let reports = of_each(&novas, "../start/real.py", |oracle, release| {
        let files = [novas_and_files[&release], &others(release)].concat();
        let mut real = Real::new(oracle);
        let mut compared = Compared {
            real: &mut real,
            release,
            agreed: &agreed,
            found: Vec::new(),
        };
        // Where novamend blames what nova does not, or not all that nova does, nova refuses the rest, and novamend does not.
        let rests = compared.add(&files);
        compared.add(&rests);
        let found = compared.found;
        report::lines(&mut real, found)
    });
    let agreed = agreed.into_inner().expect("figures");
    let figures = format!(
        "NOVAMEND_SEED={seed} NOVAMEND_START_FILES={files}: {}",
        agreed.figures()
    );
    eprintln!("{figures}");
    assert!(reports.is_empty(), "{figures}\n{}", reports.join("\n"));
    assert!(agreed.refused > files / 5 && agreed.accepted > files / 5, "{figures}");
}

fn main() -> ExitCode {
    harness::run(&[tests![nova_refuses_to_start_where_novamend_says_so_and_nowhere_else,]])
}
