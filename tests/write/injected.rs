//! A fault in every system call that writes: an error or a kill, one at a time, and what is there afterwards.
//!
//! strace injects them. The short form takes the calls that change something, with one error and a kill each; with
//! `NOVAMEND_FAULTS` set it is every call from the first look at the files on, with several errors. Whatever happens,
//! each file holds its old text or its new one, whole; nothing that is said is false; and a second run heals.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::ground::{directory, names, skip, text};
use crate::harness::{Test, tests};
use crate::other;

/// Those that change something.
const CHANGING: &[&str] = &[
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fchmod",
    "fchown",
    "fsetxattr",
    "fremovexattr",
    "renameat2",
    "renameat",
    "linkat",
    "unlinkat",
    "ftruncate",
    "flock",
];
/// Those whose failure is the end of any program, or that cannot fail.
const NOT_TRIED: &[&str] = &[
    "exit_group",
    "exit",
    "execve",
    "munmap",
    "brk",
    "mmap",
    "mprotect",
    "rt_sigreturn",
    "futex",
    "madvise",
    "close",
    "clone3",
    "clone",
    "sched_yield",
    "restart_syscall",
];
const OLD: &str = "[libvirt]\nlive_migration_progress_timeout = 0\nlive_migration_completion_timeout = 1000\n";
const NEW: &str = "[libvirt]\nlive_migration_completion_timeout = 1000\n";

/// What is run, and which texts its files may have before and after; `None`: no file.
struct Case {
    program: PathBuf,
    arguments: Vec<OsString>,
    /// Whether a kill leaves no mixture; in place it may.
    is_killed: bool,
    /// Whether what becomes of one file is nothing to the others, so that each is spoken of by itself.
    is_each: bool,
    /// A fault that every run has.
    always: Option<&'static str>,
    files: Vec<(&'static str, Option<&'static str>, Option<&'static str>)>,
    /// Makes what is there before, in an empty directory.
    make: fn(&Path),
}

impl Case {
    fn novamend(arguments: &[&str]) -> Self {
        Self {
            program: env!("CARGO_BIN_EXE_novamend").into(),
            arguments: arguments.iter().map(OsString::from).collect(),
            is_killed: true,
            is_each: false,
            always: None,
            files: Vec::new(),
            make: |at| fs::write(at.join("nova.conf"), OLD).unwrap(),
        }
    }

    fn run(&self, at: &Path, strace: &[String]) -> Output {
        let mut command = if strace.is_empty() {
            Command::new(&self.program)
        } else {
            let mut command = Command::new("strace");
            command
                .args(self.always.iter().flat_map(|fault| ["-e", fault]))
                .args(strace)
                .arg(&self.program);
            command
        };
        command.args(&self.arguments).current_dir(at).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// An empty directory with what is there before.
    fn ground(&self) -> tempfile::TempDir {
        let ground = directory();
        (self.make)(ground.path());
        ground
    }

    /// From which to which time each call is made, counted by its name, once the files are looked at.
    fn calls(&self, log: &Path) -> BTreeMap<String, (usize, usize)> {
        let ground = self.ground();
        let shown = log.display().to_string();
        let healthy = self.run(ground.path(), &["-o".to_owned(), shown]);
        let log = fs::read_to_string(log).unwrap_or_default();
        if !log.contains(".novamend-lock-") {
            skip(&format!(
                "strace traces nothing here: {}",
                String::from_utf8_lossy(&healthy.stderr)
            ));
        }
        let (mut calls, mut is_on): (BTreeMap<String, (usize, usize)>, bool) = (BTreeMap::new(), false);
        for line in log.lines() {
            is_on |= line.contains("nova.conf") && !line.starts_with("execve");
            let Some((name, _)) = line.split_once('(') else {
                continue;
            };
            let (first, last) = calls.entry(name.to_owned()).or_default();
            *last += 1;
            *first += usize::from(!is_on);
        }
        calls
    }

    /// The state after a fault is one that may be, and what was said of it is true.
    fn judge(&self, at: &Path, output: &Output, fault: &str) {
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        let mut changed = 0;
        for (name, old, new) in &self.files {
            let now = fs::read_to_string(at.join(name)).ok();
            let is = |text: Option<&str>| is_text(now.as_deref(), text);
            assert!(
                is(*old) || is(*new),
                "{fault}: {name} is neither old nor new: {now:?}\n{said}"
            );
            changed += usize::from(!is(*old));
        }
        let (all, code) = (self.files.len(), output.status.code());
        let denials = ["nothing was changed", "no file was changed", "nothing was written"];
        let is_denied = |line: &&str| denials.iter().any(|denial| line.contains(denial));
        let denied = said.lines().filter(is_denied).count();
        let unchanged = self.files.len() - changed;
        if denied > 0 {
            let is_true = unchanged == self.files.len() || (self.is_each && denied <= unchanged);
            assert!(is_true, "{fault}: said to be unchanged\n{said}");
        }
        if code.is_some_and(|code| code < 2) {
            assert_eq!(changed, all, "{fault}: exit code {code:?}, but not written\n{said}");
        }
        if code == Some(2) && changed > 0 {
            let is_said = ["wrote ", "restored from", "is written and", "added "]
                .iter()
                .any(|word| said.contains(word));
            assert!(is_said, "{fault}: written without a word\n{said}");
        }
        for name in names(at).iter().filter(|name| name.contains(".conf.novamend-")) {
            let now = text(&at.join(name));
            assert!(now == OLD || now == NEW, "{fault}: the backup {name} is a mixture");
        }
    }

    fn heal(&self, at: &Path, fault: &str) {
        let output = self.run(at, &[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        for (name, _, new) in &self.files {
            let now = fs::read_to_string(at.join(name)).ok();
            assert!(
                is_text(now.as_deref(), *new),
                "{fault}: a second run leaves {name} as {now:?}\n{said}"
            );
        }
        let left: Vec<String> = names(at).into_iter().filter(|name| name.ends_with(".tmp")).collect();
        assert!(left.is_empty(), "{fault}: a second run leaves {left:?}\n{said}");
    }

    fn try_all(&self, heals: bool) {
        let scratch = directory();
        let log = scratch.path().join("log");
        let is_long = std::env::var_os("NOVAMEND_FAULTS").is_some();
        if !Command::new("strace")
            .arg("-V")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
        {
            skip("there is no strace");
        }
        let calls = self.calls(&log);
        let errors: &[&str] = if is_long {
            &["EIO", "ENOSPC", "EINVAL", "EACCES", "EINTR"]
        } else {
            &["EIO"]
        };
        let mut faults: Vec<String> = errors.iter().map(|error| format!("error={error}")).collect();
        faults.extend(self.is_killed.then(|| "signal=KILL".to_owned()));
        let mut tried = 0;
        for (name, (before, last)) in &calls {
            let is_tried = if is_long {
                !NOT_TRIED.contains(&name.as_str())
            } else {
                CHANGING.contains(&name.as_str())
            };
            for (number, fault) in (before + 1..=*last)
                .filter(|_| is_tried)
                .flat_map(|n| faults.iter().map(move |f| (n, f)))
            {
                let fault = format!("inject={name}:{fault}:when={number}");
                let ground = self.ground();
                let log = log.display().to_string();
                let output = self.run(ground.path(), &["-o".to_owned(), log, "-e".to_owned(), fault.clone()]);
                self.judge(ground.path(), &output, &fault);
                if heals && (output.status.code() == Some(2) || output.status.signal().is_some()) {
                    self.heal(ground.path(), &fault);
                }
                tried += 1;
            }
        }
        println!("{tried} faults");
        assert!(tried > 10, "only {tried} faults: the test proves nothing");
    }
}

/// What stands for a baseline, which has today's date in it.
const BASELINE: &str = "[[ignore]]";

fn is_text(now: Option<&str>, text: Option<&str>) -> bool {
    match (now, text) {
        (Some(now), Some(BASELINE)) => {
            now.starts_with("\n[[ignore]]\n") && now.contains("reason = \"baseline of ") && now.ends_with("\"\n")
        }
        (now, text) => now == text,
    }
}

const FIX: [&str; 8] = [
    "fix", "--from", "rocky", "--to", "stein", "--when", "upgrade", "--write",
];

/// Two files that one run writes without a backup.
fn two_files() -> Case {
    let mut case = Case::novamend(&[&FIX[..], &["--no-backup", "nova.conf", "other.conf"]].concat());
    case.files = vec![
        ("nova.conf", Some(OLD), Some(NEW)),
        ("other.conf", Some(OLD), Some(NEW)),
    ];
    case.make = |at| {
        fs::write(at.join("nova.conf"), OLD).unwrap();
        fs::write(at.join("other.conf"), OLD).unwrap();
    };
    case
}

fn fix_writes_the_file_or_not() {
    let mut case = Case::novamend(&[&FIX[..], &["nova.conf"]].concat());
    case.files = vec![("nova.conf", Some(OLD), Some(NEW))];
    case.try_all(true);
}

fn fix_writes_several_files_without_a_backup_or_puts_them_back() {
    two_files().try_all(true);
}

fn where_nothing_can_be_exchanged_several_files_are_written_or_put_back_all_the_same() {
    let mut case = two_files();
    case.always = Some("inject=renameat2:error=EINVAL");
    let ground = case.ground();
    // The second of them can be neither exchanged nor replaced.
    let output = case.run(
        ground.path(),
        &["-e", "inject=rename,renameat:error=EIO:when=2"].map(str::to_owned),
    );
    let said = String::from_utf8_lossy(&output.stderr);
    if !said.contains("novamend: ") {
        skip(&format!("strace injects nothing here: {said}"));
    }
    assert!(said.contains("nothing was changed"), "{said}");
    assert_eq!(names(ground.path()), ["nova.conf", "other.conf"]);
    assert_eq!(
        (
            text(&ground.path().join("nova.conf")),
            text(&ground.path().join("other.conf"))
        ),
        (OLD.into(), OLD.into())
    );
    case.try_all(true);
}

fn what_is_written_in_place_is_whole_after_any_error() {
    let mut case = Case::novamend(&[&FIX[..], &["--in-place", "nova.conf"]].concat());
    case.files = vec![
        ("nova.conf", Some(OLD), Some(NEW)),
        ("other name", Some(OLD), Some(NEW)),
    ];
    case.make = |at| {
        fs::write(at.join("nova.conf"), OLD).unwrap();
        fs::hard_link(at.join("nova.conf"), at.join("other name")).unwrap();
    };
    case.is_killed = false;
    case.try_all(true);
}

fn undo_brings_the_old_text_back_or_not() {
    let mut case = Case::novamend(&["undo", "nova.conf"]);
    case.files = vec![("nova.conf", Some(NEW), Some(OLD))];
    case.make = |at| {
        fs::write(at.join("nova.conf"), OLD).unwrap();
        let fix = Case::novamend(&[&FIX[..], &["nova.conf"]].concat());
        fix.run(at, &[]);
        assert_eq!(text(&at.join("nova.conf")), NEW);
    };
    // An undo after an undo is another change.
    case.try_all(false);
}

fn a_baseline_is_written_or_not() {
    let mut case = Case::novamend(&[
        "check",
        "--from",
        "rocky",
        "--to",
        "stein",
        "--write-ignores",
        "nova.conf",
    ]);
    case.files = vec![("novamend.toml", None, Some(BASELINE))];
    case.try_all(true);
}

fn both_files_of_a_report_are_written_or_neither() {
    let mut case = Case::novamend(&[]);
    case.program = std::env::current_exe().unwrap();
    case.arguments = [other::ARGUMENT, "report", "nova.conf"].map(OsString::from).to_vec();
    case.files = vec![
        ("nova.conf.html", None, Some("page")),
        ("nova.conf.json", Some("{}"), Some("{\"kind\": 1}")),
    ];
    case.make = |at| fs::write(at.join("nova.conf.json"), "{}").unwrap();
    case.try_all(true);
}

/// So many that several wait for the disk at once, in threads of their own.
const MANY: [&str; 5] = ["nova.conf", "b.conf", "c.conf", "d.conf", "e.conf"];

fn many_files() -> Case {
    let mut case = Case::novamend(&[&FIX[..], &MANY].concat());
    case.files = MANY.map(|name| (name, Some(OLD), Some(NEW))).to_vec();
    case.make = |at| MANY.iter().for_each(|name| fs::write(at.join(name), OLD).unwrap());
    case
}

fn what_waits_for_the_disk_in_threads_is_written_or_not() {
    let case = many_files();
    // The first time that any thread brings something to disk, and the last that all of them can.
    for (fault, number) in ["error=EIO", "error=ENOSPC", "signal=KILL"]
        .iter()
        .flat_map(|fault| [1, 2, 3].map(|number| (fault, number)))
    {
        let fault = format!("inject=fsync:{fault}:when={number}");
        let ground = case.ground();
        let log = ground.path().join("log").display().to_string();
        let strace = [
            "-f".to_owned(),
            "-o".to_owned(),
            log.clone(),
            "-e".to_owned(),
            fault.clone(),
        ];
        let output = case.run(ground.path(), &strace);
        let traced = fs::read_to_string(&log).unwrap_or_default();
        if !traced.contains("fsync(") {
            skip("strace traces nothing here");
        }
        fs::remove_file(log).unwrap();
        let is_met = output.status.code() == Some(2) || output.status.signal().is_some();
        assert!(is_met || number > 1, "{fault}: {:?}", output.status);
        case.judge(ground.path(), &output, &fault);
        if is_met {
            case.heal(ground.path(), &fault);
        }
    }
}

fn many_files_are_written_or_put_back() {
    many_files().try_all(true);
}

fn undo_brings_many_old_texts_back_each_or_not() {
    let mut case = Case::novamend(&[&["undo"][..], &MANY].concat());
    case.is_each = true;
    case.files = MANY.map(|name| (name, Some(NEW), Some(OLD))).to_vec();
    case.make = |at| {
        let fix = many_files();
        (fix.make)(at);
        fix.run(at, &[]);
        assert_eq!(text(&at.join("e.conf")), NEW);
    };
    case.try_all(false);
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    fix_writes_the_file_or_not,
    fix_writes_several_files_without_a_backup_or_puts_them_back,
    where_nothing_can_be_exchanged_several_files_are_written_or_put_back_all_the_same,
    what_is_written_in_place_is_whole_after_any_error,
    what_waits_for_the_disk_in_threads_is_written_or_not,
    many_files_are_written_or_put_back,
    undo_brings_many_old_texts_back_each_or_not,
    undo_brings_the_old_text_back_or_not,
    a_baseline_is_written_or_not,
    both_files_of_a_report_are_written_or_neither,
];
