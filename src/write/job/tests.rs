//! A job in states that no test from outside can bring about at the right moment.
//!
//! What the file system itself can be made to refuse is tried in `tests/write`.

use std::fs;

use super::*;
use crate::write::batch::give_up;
use crate::write::{Incomplete, Links};

const QUIET: Options = Options {
    root: None,
    in_place: false,
    backup: false,
    backup_directory: None,
};

struct Ground {
    directory: tempfile::TempDir,
    path: PathBuf,
}

impl Ground {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nova.conf");
        fs::write(&path, "old").unwrap();
        Self { directory, path }
    }

    fn planned(&self) -> Planned {
        Planned {
            path: self.path.clone(),
            before: Some(b"old".to_vec()),
            after: b"new".to_vec(),
            links: Links::Follow,
        }
    }

    fn lock(&self) -> Directory {
        let place = ResolvedPath::resolve(None, &self.path, Links::Follow, false).unwrap();
        Directory::lock_all(&[place], None).unwrap().remove(0)
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }

    /// How many files there are besides the lock.
    fn names(&self) -> usize {
        let entries = fs::read_dir(self.directory.path()).unwrap().map(|entry| entry.unwrap());
        entries
            .filter(|entry| !entry.file_name().to_string_lossy().starts_with(".novamend-lock-"))
            .count()
    }
}

fn prepare<'a>(planned: &'a Planned, directory: &'a Directory, options: &Options) -> WriteJob<'a> {
    let place = ResolvedPath::resolve(None, &planned.path, Links::Follow, false).unwrap();
    WriteJob::prepare(planned, place, directory, directory, options).unwrap()
}

#[test]
fn a_change_after_the_preparation_is_seen_before_the_swap() {
    let changes: [fn(&Path); 3] = [
        |path| fs::write(path, "mine").unwrap(),
        |path| fs::rename(path.with_extension("tmp"), path).unwrap(),
        |path| fs::hard_link(path, path.with_extension("link")).unwrap(),
    ];
    for (number, change) in changes.iter().enumerate() {
        let ground = Ground::new();
        fs::write(ground.path.with_extension("tmp"), "old").unwrap();
        let (planned, directory) = (ground.planned(), ground.lock());
        let mut job = prepare(&planned, &directory, &QUIET);
        change(&ground.path);
        assert!(matches!(job.commit(), Err(WriteError::Changed(_))), "change {number}");
        assert!(!job.roll_back().unwrap(), "change {number}");
        assert_eq!(ground.text(), if number == 0 { "mine" } else { "old" });
    }
}

#[test]
fn a_change_between_the_last_look_and_the_swap_is_put_back() {
    let ground = Ground::new();
    let (planned, directory) = (ground.planned(), ground.lock());
    let mut job = prepare(&planned, &directory, &QUIET);
    fs::write(&ground.path, "mine").unwrap();
    assert!(matches!(job.put_in_place(), Err(WriteError::Changed(_))));
    assert!(job.roll_back().unwrap());
    drop(job);
    assert_eq!((ground.text().as_str(), ground.names()), ("mine", 1));
}

#[test]
fn where_a_file_system_cannot_exchange_the_old_text_is_written_back() {
    let ground = Ground::new();
    let (planned, directory) = (ground.planned(), ground.lock());
    let mut job = prepare(&planned, &directory, &QUIET);
    let aside = job.set_aside().unwrap();
    let Way::Replace(staged) = &mut job.way else {
        unreachable!()
    };
    staged.replace(&job.place.name).unwrap();
    job.state = State::Replaced(aside);
    assert_eq!(ground.text(), "new");
    assert!(job.roll_back().unwrap());
    drop(job);
    assert_eq!((ground.text().as_str(), ground.names()), ("old", 1));
}

#[test]
fn what_cannot_be_put_back_is_named_with_the_place_of_its_old_text() {
    let grounds = [Ground::new(), Ground::new(), Ground::new()];
    let plans: Vec<Planned> = grounds.iter().map(Ground::planned).collect();
    let held: Vec<Directory> = grounds.iter().map(Ground::lock).collect();
    let with_backup = Options { backup: true, ..QUIET };
    let jobs = plans
        .iter()
        .zip(&held)
        .map(|(planned, directory)| prepare(planned, directory, &with_backup));
    let mut jobs: Vec<WriteJob<'_>> = jobs.collect();
    for job in &mut jobs {
        job.keep_backup().unwrap();
    }
    jobs[0].commit().unwrap();
    jobs[1].commit().unwrap();
    // Something takes the name of the file that would go back.
    let Way::Replace(staged) = &jobs[1].way else {
        unreachable!()
    };
    held[1].remove(staged.name()).unwrap();
    let WriteError::Incomplete(said) = give_up(jobs, WriteError::Changed(plans[2].path.clone())) else {
        unreachable!()
    };
    let Incomplete {
        left,
        restored,
        not_written,
        ..
    } = &*said;
    assert_eq!(
        (restored, not_written),
        (&vec![plans[0].path.clone()], &vec![plans[2].path.clone()])
    );
    assert_eq!(left[0].path, plans[1].path);
    assert_eq!(fs::read_to_string(left[0].backup.as_ref().unwrap()).unwrap(), "old");
    let told = said.to_string();
    for part in [
        "was changed by someone else",
        "could not be put back",
        "its old text is in",
        "; put back `",
        "; not written `",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(grounds.each_ref().map(Ground::text), ["old", "new", "old"]);
    assert_eq!(grounds.each_ref().map(Ground::names), [1, 2, 1]);
}
