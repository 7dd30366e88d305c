//! What the tests stand on: the program, users to run it as, nova.conf files, and made hosts.
//!
//! It asserts nothing about verdicts.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::documents::hold_those_in;
use crate::harness::{skip, skip_anywhere};

/// An account that exists everywhere and may do nothing.
pub(crate) const NOBODY: u32 = 65534;

/// Skips the test that calls it where real migrations cannot be run.
pub(crate) fn need_real() {
    let installed = |names: &[&str]| names.iter().any(|name| Path::new(name).is_file());
    if !rustix::process::geteuid().is_root() {
        skip("not root");
    }
    if !installed(&["/usr/sbin/libvirtd", "/usr/sbin/virtqemud"]) {
        skip("no libvirt daemon is installed");
    }
    if !installed(&["/usr/bin/qemu-system-x86_64", "/usr/libexec/qemu-kvm"]) {
        skip("no QEMU is installed");
    }
}

fn open_kvm() -> std::io::Result<fs::File> {
    fs::File::options().read(true).write(true).open("/dev/kvm")
}

/// Whether KVM works for root here.
pub(crate) fn has_kvm() -> bool {
    open_kvm().is_ok()
}

/// Skips the test that calls it where KVM does not work for root.
pub(crate) fn need_kvm() {
    if let Err(error) = open_kvm() {
        skip_anywhere(&format!("/dev/kvm: {error}"));
    }
}

/// Whether users without privileges may use userfaultfd here.
pub(crate) fn userfaultfd_is_open() -> bool {
    fs::read_to_string("/proc/sys/vm/unprivileged_userfaultfd").is_ok_and(|text| text.trim() == "1")
}

/// A directory that everybody can read, with the program, a nova.conf and a qemu.conf.
pub(crate) struct Ground {
    directory: TempDir,
    /// The program.
    pub(crate) program: PathBuf,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Exit code.
    pub(crate) code: Option<i32>,
    /// What it printed, but for the document that says in JSON what `err` says: why there is no report.
    pub(crate) out: String,
    /// What it complained.
    pub(crate) err: String,
}

impl Ran {
    /// What a process left; a document is valid by its schema.
    pub(crate) fn of(output: &Output) -> Self {
        let mut out = String::from_utf8_lossy(&output.stdout).into_owned();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        let document: Value = serde_json::from_str(&out).unwrap_or_default();
        hold_those_in(&document);
        if document["kind"] == "error" {
            let message = document["message"].as_str().unwrap_or_default();
            let first = message.lines().next().unwrap_or_default();
            assert!(!first.is_empty() && err.contains(first), "{message} is not {err}");
            out.clear();
        }
        Self {
            code: output.status.code(),
            out,
            err,
        }
    }

    /// What `run` comes to; where it could not be run as something went away without a reason, which a machine that is too
    /// busy does to libvirt, it is run again up to twice, as the message advises.
    pub(crate) fn patiently(run: impl Fn() -> Self) -> Self {
        let mut ran = run();
        for _ in 0..2 {
            if ran.code != Some(2) || !ran.err.contains("without a reason") {
                break;
            }
            eprintln!("run again: {}", ran.err.trim());
            ran = run();
        }
        ran
    }

    /// The report on the only nova.conf.
    pub(crate) fn report(&self) -> Value {
        let mut document: Value = serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!(document["stacks"].as_array().map(Vec::len), Some(1), "{self:?}");
        document["stacks"][0].take()
    }

    /// The verdict's sentence.
    pub(crate) fn headline(&self) -> String {
        self.of_the_verdict("headline")
    }

    /// What the verdict says is to be done.
    pub(crate) fn remedy(&self) -> String {
        self.of_the_verdict("remedy")
    }

    fn of_the_verdict(&self, name: &str) -> String {
        self.report()["verdict"][name].as_str().unwrap_or_default().to_owned()
    }

    /// Skips the test where it could not be run for want of user namespaces.
    pub(crate) fn needed_user_namespaces(&self) {
        if self.code == Some(2) && self.err.contains("user namespaces") {
            skip_anywhere(self.err.trim());
        }
    }

    /// The checks that do not hold, of the trial of `action`.
    pub(crate) fn failed_checks(&self, action: &str) -> Vec<String> {
        let report = self.report();
        let trials = report["session"]["trials"].as_array().cloned().unwrap_or_default();
        let trial = trials.into_iter().find(|trial| trial["judgement"]["action"] == action);
        let trial = trial.unwrap_or_else(|| panic!("{action} was not tried: {self:?}"));
        let checks = trial["judgement"]["checks"].as_array().cloned().unwrap_or_default();
        assert!(checks.len() > 5, "{checks:?}");
        let failed = checks.iter().filter(|check| check["holds"] == false);
        failed
            .map(|check| {
                format!(
                    "{}: {}",
                    check["what"].as_str().unwrap(),
                    check["seen"].as_str().unwrap()
                )
            })
            .collect()
    }
}

impl Ground {
    /// Lays it out; nova.conf holds `libvirt` in its section, QEMU runs as `user`.
    ///
    /// It lies under /tmp, which every user may enter, wherever the clone does.
    pub(crate) fn new(libvirt: &str, user: &str) -> Self {
        Self::under(Path::new("/tmp"), libvirt, user)
    }

    /// The same in another directory.
    pub(crate) fn under(parent: &Path, libvirt: &str, user: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("novamend ").tempdir_in(parent).unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let program = directory.path().join("novamend-verify");
        copy_program(Path::new(env!("CARGO_BIN_EXE_novamend-verify")), &program);
        fs::write(directory.path().join("nova.conf"), format!("[libvirt]\n{libvirt}\n")).unwrap();
        fs::write(
            directory.path().join("qemu.conf"),
            format!(
                "user = \"{user}\"\ngroup = \"{}\"\n",
                if user == "nobody" { "nogroup" } else { user }
            ),
        )
        .unwrap();
        Self { directory, program }
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The arguments of a verify run with its files and `words`; the guest is plain where those do not name one.
    pub(crate) fn arguments(&self, words: &str) -> Vec<String> {
        let mut list = vec!["verify".to_owned(), self.path("nova.conf").display().to_string()];
        list.extend(["--format", "json", "--qemu-conf"].map(str::to_owned));
        list.push(self.path("qemu.conf").display().to_string());
        list.extend(words.split_whitespace().map(str::to_owned));
        // what nova builds may not start on the machine of the tests, and most of them are not about that
        let names_a_guest = ["--shape", "--like", "--source", "--dest", "--guest-image"]
            .iter()
            .any(|flag| words.contains(flag));
        if !names_a_guest {
            list.extend(["--shape", "plain"].map(str::to_owned));
        }
        list
    }

    /// The run as a command with nothing in its environment, `uid` none for root.
    pub(crate) fn command(&self, words: &str, uid: Option<u32>) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(self.arguments(words))
            .env_clear()
            .env("HOME", "/nonexistent");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(uid) = uid {
            command.uid(uid).gid(uid);
        }
        command
    }

    /// Runs it, as [`Ran::patiently`] does.
    pub(crate) fn verify(&self, words: &str, uid: Option<u32>) -> Ran {
        Ran::patiently(|| Ran::of(&self.command(words, uid).output().unwrap()))
    }

    /// The run on a made host: `script` changes this machine within a mount namespace of its own. `$HERE` is the ground.
    pub(crate) fn command_on(&self, script: &str, words: &str) -> Command {
        let mut command = Command::new("unshare");
        let all = format!("set -e; {script}\nexec \"$HERE/novamend-verify\" \"$@\"");
        command.args(["--mount", "--propagation", "private", "sh", "-c", &all, "sh"]);
        command.args(self.arguments(words)).env("HERE", self.directory.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Puts this test's own program into it, for a stand-in to start.
    pub(crate) fn own_tests(&self) -> PathBuf {
        let path = self.path("tests");
        copy_program(&std::env::current_exe().unwrap(), &path);
        path
    }

    /// Writes a program into it that stands in for `real` on a made host; `$REAL` is the real one.
    pub(crate) fn stand_in(&self, name: &str, body: &str) -> PathBuf {
        let path = self.path(name);
        let real = self.path("real");
        write_program(&path, &format!("#!/bin/sh\nREAL='{}'\n{body}\n", real.display()));
        path
    }
}

/// Copies a program by another process: what this one has open for writing, a child of another test's may hold, too, and then it
/// cannot be started.
fn copy_program(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("--").args([from, to]).status().unwrap();
    assert!(status.success(), "{status}");
}

/// Writes a program, for the same reason by another process.
pub(crate) fn write_program(path: &Path, text: &str) {
    let mut child = Command::new("sh")
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// A process of a running sandbox.
pub(crate) struct Process {
    /// Its id here.
    pub(crate) pid: i32,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
}

/// All processes below `root`, found by their parents.
pub(crate) fn below(root: u32) -> Vec<Process> {
    let mut found = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        let Ok(tasks) = fs::read_dir(format!("/proc/{parent}/task")) else {
            continue;
        };
        for task in tasks.flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            for pid in children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()) {
                let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                let arguments = line
                    .split(|&byte| byte == 0)
                    .map(|word| String::from_utf8_lossy(word).into_owned());
                found.push(Process {
                    pid: pid.cast_signed(),
                    arguments: arguments.collect(),
                });
                parents.push(pid);
            }
        }
    }
    found
}

/// What [`in_namespaces`] does first: covers what the machine's programs share, but for the directory that the tests lie in.
const COVER: &str = "set -e; exec 3< \"$KEEP\"; for at in /tmp /run /dev/shm; do mount -t tmpfs none $at; done; \
                     test -e \"$0\" || { mkdir -p \"$KEEP\"; mount --no-canonicalize --bind /proc/self/fd/3 \"$KEEP\"; }; \
                     exec 3<&-; set +e;";

/// Runs `script`, for which `"$0"` is this program, in namespaces of its own with empty /tmp, /run and /dev/shm, with a shell as
/// PID 1 at first.
pub(crate) fn in_namespaces(script: &str) {
    let own = std::env::current_exe().unwrap();
    let status = Command::new("unshare")
        .args([
            "--mount",
            "--pid",
            "--net",
            "--ipc",
            "--fork",
            "--mount-proc",
            "--kill-child",
        ])
        .args(["--propagation", "private", "sh", "-c", &format!("{COVER} {script}")])
        .arg(&own)
        .env("KEEP", own.parent().and_then(Path::parent).unwrap())
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}
