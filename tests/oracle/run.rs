//! Runs the program as a person would, and ends it where it hangs.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A run that takes so long hangs; none is measured.
const HANGS: Duration = Duration::from_secs(600);

/// What a run came to.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs novamend in `directory` with `input` as standard input, and ends it where it hangs.
pub(crate) fn run(directory: &Path, arguments: &[&str], input: &str) -> Run {
    run_in(directory, arguments, &[], input)
}

/// The same with `variables` in its environment, and an empty standard input.
#[allow(dead_code, reason = "most tests need none")]
pub(crate) fn with_variables(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    run_in(directory, arguments, variables, "")
}

/// The same as another user where this is root, and in a directory that every user may look into. Standard input is the program itself,
/// which may lie where others have no way to.
#[allow(dead_code, reason = "most tests are run as whoever runs them")]
pub(crate) fn as_user(user: u32, directory: &Path, arguments: &[&str]) -> Run {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).expect("permissions");
    let program = fs::File::open(env!("CARGO_BIN_EXE_novamend")).expect("the program");
    let mut command = Command::new("/proc/self/fd/0");
    command.args(arguments).current_dir(directory).stdin(program);
    command.env_clear().env("LC_ALL", "C.UTF-8");
    if rustix::process::geteuid().is_root() {
        command.uid(user).gid(user);
    }
    came_to(command.output().expect("novamend runs"))
}

fn run_in(directory: &Path, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_novamend"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("novamend starts");
    // It may end before it reads.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let id = rustix::process::Pid::from_child(&child);
    let (done, is_done) = mpsc::channel::<()>();
    let guard = thread::spawn(move || {
        if is_done.recv_timeout(HANGS) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        }
    });
    let output = child.wait_with_output().expect("novamend ends");
    drop(done);
    guard.join().expect("the guard ends");
    came_to(output)
}

fn came_to(output: Output) -> Run {
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Run {
        code: output.status.code().expect("it did not hang"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}
