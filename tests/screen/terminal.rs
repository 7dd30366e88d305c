//! A terminal of the kernel's own, with a size, for a program that looks whether it has one.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

/// What stands on which end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// Results and messages.
    Both,
    /// Messages alone; results go to nobody.
    Messages,
}

/// The end of a terminal that a person looks at.
pub(crate) struct Screen(File);

/// Starts novamend with `arguments` and `variables` in `directory`, on a terminal of `columns`.
pub(crate) fn start(
    directory: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
    (columns, on): (u16, On),
) -> (Child, Screen) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&person).expect("a terminal");
    unlockpt(&person).expect("a terminal");
    let name = ptsname(&person, Vec::new()).expect("its name");
    let program: OwnedFd = open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("its other end");
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&program, size).expect("a size");
    let mut as_it_is = tcgetattr(&program).expect("attributes");
    as_it_is.make_raw();
    tcsetattr(&program, OptionalActions::Now, &as_it_is).expect("attributes");
    let end = || Stdio::from(program.try_clone().expect("a handle"));
    let child = Command::new(env!("CARGO_BIN_EXE_novamend"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs([("LC_ALL", "C.UTF-8"), ("TERM", "xterm-256color")])
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(if on == On::Both { end() } else { Stdio::null() })
        .stderr(end())
        .spawn()
        .expect("novamend starts");
    (child, Screen(File::from(person)))
}

impl Screen {
    /// All that was written, once nobody can write any more.
    pub(crate) fn whole(mut self) -> String {
        let mut all = Vec::new();
        let mut some = vec![0; 1 << 16];
        // The kernel says EIO where the last writer is gone.
        while let Ok(count @ 1..) = self.0.read(&mut some) {
            all.extend_from_slice(&some[..count]);
        }
        String::from_utf8(all).expect("UTF-8")
    }
}

/// What novamend says with `arguments` on a terminal of `columns`.
pub(crate) fn said(directory: &Path, arguments: &[&str], variables: &[(&str, &str)], columns: u16) -> String {
    let (mut child, screen) = start(directory, arguments, variables, (columns, On::Both));
    let text = screen.whole();
    child.wait().expect("novamend ends");
    text
}
