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
use real::{Asked, Real};
use report::{Case, Disagreement};

/// Whose start is not run: the libraries are not the ones that rocky's needs, and gazpacho's neighbour is asked.
const LEFT_OUT: [u32; 2] = [18, 33];

/// The exception of a value that oslo.config rejects.
const OSLOS_WORD: &str = "ConfigFileValueError";

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
    /// Those of them whose message novamend quotes.
    quoted: usize,
    /// Files of which nothing can be said here.
    skipped: usize,
    /// Disagreements that are known, by why.
    known: BTreeMap<&'static str, usize>,
}

/// What `files` come to in `release`: each is asked about, and each that is refused once more without the lines that novamend
/// names.
fn compared(real: &mut Real, release: Release, files: &[Asked], agreed: &Mutex<Agreed>) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let mut again = Vec::new();
    let answers = real.ask(files);
    for (asked, nova) in files.iter().zip(answers) {
        let ours = Ours::of(asked, release);
        if nova.is_skipped {
            agreed.lock().expect("figures").skipped += 1;
            continue;
        }
        let case = Case::of(&nova, &ours);
        if let Some(message) = nova.refusal.as_ref().filter(|_| case == Case::Agreed) {
            let rest = ours.without_what_it_names(asked);
            again.push((asked.clone(), rest, message.clone()));
            let mut agreed = agreed.lock().expect("figures");
            agreed.of_nova += usize::from(message.exception != OSLOS_WORD);
            agreed.quoted += usize::from(message.exception != OSLOS_WORD && ours.quotes(message));
        }
        count(agreed, &case, &nova);
        found.extend(Disagreement::of(case, asked, release, &nova, &ours));
    }
    let rests: Vec<Asked> = again.iter().map(|(_, rest, _)| rest.clone()).collect();
    for ((asked, rest, first), nova) in again.iter().zip(real.ask(&rests)) {
        let ours = Ours::of(rest, release);
        let case = if nova.refusal.as_ref() == Some(first) {
            Case::Misnamed
        } else {
            Case::of(&nova, &ours)
        };
        let about = if case == Case::Misnamed { asked } else { rest };
        let ours = if case == Case::Misnamed {
            Ours::of(asked, release)
        } else {
            ours
        };
        count(agreed, &case, &nova);
        found.extend(Disagreement::of(case, about, release, &nova, &ours));
    }
    found.retain(|disagreement| match known::why(disagreement) {
        Some(why) => {
            *agreed.lock().expect("figures").known.entry(why).or_default() += 1;
            false
        }
        None => true,
    });
    found
}

fn count(agreed: &Mutex<Agreed>, case: &Case, nova: &real::Verdict) {
    let mut agreed = agreed.lock().expect("figures");
    if *case == Case::Agreed {
        match nova.refusal {
            Some(_) => agreed.refused += 1,
            None => agreed.accepted += 1,
        }
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
        let mut real = Real::new(oracle);
        let files = [novas_and_files[&release], &others(release)].concat();
        let found = compared(&mut real, release, &files, &agreed);
        report::lines(&mut real, found)
    });
    let agreed = agreed.into_inner().expect("figures");
    let figures = format!(
        "NOVAMEND_SEED={seed} NOVAMEND_START_FILES={files}: {} files refused by both (of {} messages of \
         nova's own we quote {}), {} accepted by both, {} skipped; known: {:?}",
        agreed.refused, agreed.of_nova, agreed.quoted, agreed.accepted, agreed.skipped, agreed.known
    );
    eprintln!("{figures}");
    assert!(reports.is_empty(), "{figures}\n{}", reports.join("\n"));
    assert!(agreed.refused > files / 5 && agreed.accepted > files / 5, "{figures}");
}

fn main() -> ExitCode {
    harness::run(&[tests![nova_refuses_to_start_where_novamend_says_so_and_nowhere_else,]])
}
