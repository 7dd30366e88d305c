//! What of the caller's environment reaches this program and what it starts: a short list, and fixed directories for programs.
//!
//! Libvirt's client, its daemons and QEMU take orders from variables, such as files to write logs to, and root runs them.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Where programs are looked for by whatever is started here.
pub const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// What is kept as the caller has it: how the terminal is, whose files are meant, how ssh shows who it is.
const KEPT: [&str; 14] = [
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "FORCE_COLOR",
    "HOME",
    "KRB5CCNAME",
    "LINES",
    "LOGNAME",
    "NO_COLOR",
    "RUST_BACKTRACE",
    "SSH_AUTH_SOCK",
    "TERM",
    "TZ",
    "USER",
];

/// Options of nova, flags as variables, what the caller has the loader do with this program, which is done already, and what a
/// shell asks when it completes a command line.
const KEPT_BEGINNINGS: [&str; 5] = ["OS_", "NOVAMEND_", "LD_", "_NOVAMEND_COMPLETE", "_CLAP_"];

/// What is set whatever the caller has.
const SET: [(&str, &str); 2] = [("PATH", PATH), ("LC_ALL", "C")];

fn is_kept(name: &OsStr) -> bool {
    let is_begun = |beginning: &&str| name.as_encoded_bytes().starts_with(beginning.as_bytes());
    KEPT.iter().any(|kept| name == *kept) || KEPT_BEGINNINGS.iter().any(is_begun)
}

/// What is left of these variables, and whether that is what they are already.
fn cleaned(variables: Vec<(OsString, OsString)>) -> (Vec<(OsString, OsString)>, bool) {
    let before = variables.len();
    let is_set =
        |(name, value): &(OsString, OsString)| SET.iter().any(|(other, right)| name == other && value == right);
    let set_already = variables.iter().filter(|variable| is_set(variable)).count();
    let mut clean: Vec<_> = variables.into_iter().filter(|(name, _)| is_kept(name)).collect();
    let is_clean = clean.len() + set_already == before && set_already == SET.len();
    clean.extend(SET.map(|(name, value)| (name.into(), value.into())));
    (clean, is_clean)
}

/// Sees to it that this process has a clean environment: where it has not, it becomes itself again with one.
///
/// # Errors
/// The system refused that.
pub fn clean() -> io::Result<()> {
    let (clean, is_clean) = cleaned(env::vars_os().collect());
    if is_clean {
        return Ok(());
    }
    let mut arguments = env::args_os();
    let mut command = Command::new("/proc/self/exe");
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    Err(command.args(arguments).env_clear().envs(clean).exec())
}

/// The environment of a process that is started for the trials: nothing of the caller's.
pub fn bare(command: &mut Command) -> &mut Command {
    command.env_clear().envs(SET)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &[(&str, &str)]) -> (Vec<(OsString, OsString)>, bool) {
        cleaned(
            list.iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
        )
    }

    #[test]
    fn what_gives_orders_to_libvirt_qemu_or_the_shell_goes() {
        for name in [
            "LIBVIRT_DEFAULT_URI",
            "LIBVIRT_LOG_OUTPUTS",
            "LIBVIRT_AUTH_FILE",
            "LIBVIRT_DRIVER_DIR",
            "VIRSH_DEFAULT_CONNECT_URI",
            "QEMU_AUDIO_DRV",
            "XDG_RUNTIME_DIR",
            "TMPDIR",
            "PYTHONPATH",
            "LANG",
            "SSH_ASKPASS",
            "HOSTALIASES",
        ] {
            let (left, is_clean) = of(&[("HOME", "/root"), (name, "/evil")]);
            assert!(!is_clean, "{name}");
            assert!(left.iter().all(|(other, _)| other != name), "{name}");
        }
        let (left, is_clean) = of(&[("PATH", "/home/evil"), ("LC_ALL", "C")]);
        assert!(!is_clean && left.contains(&("PATH".into(), PATH.into())));
    }

    #[test]
    fn what_is_clean_stays_so() {
        let (left, _) = of(&[
            ("TERM", "dumb"),
            ("OS_LIBVIRT__VIRT_TYPE", "kvm"),
            ("LIBVIRT_DEBUG", "1"),
        ]);
        let (again, is_clean) = cleaned(left.clone());
        assert!(is_clean && again == left, "{again:?}");
    }
}
