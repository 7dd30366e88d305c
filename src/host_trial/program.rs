//! The program `novamend-verify` that lies beside this one, and how it is run.
//!
//! It is never taken from PATH, as this may run as root.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, ColorChoice};
use novamend::handover::{self, HandoverError, Verdict};
use novamend::inputs::arguments::{CatalogArguments, PREFIX};

/// The program's name.
pub(crate) const PROGRAM: &str = "novamend-verify";

/// Why `novamend-verify` could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostTrialError {
    /// This process does not know where it lies.
    #[error("novamend cannot find its own executable, beside which `{PROGRAM}` must be; run `{PROGRAM}` by its path")]
    NoPlace(#[source] io::Error),
    /// It is not beside this program.
    #[error("`{}` does not exist; build it from the same sources as novamend with `cargo build --release --package \
             {PROGRAM}`, and put it there", .0.display())]
    Missing(PathBuf),
    /// The loader did not find a library.
    #[error("`{}` cannot be loaded ({said}); install libvirt's client library (libvirt0, libvirt-libs)", .program.display())]
    Unloadable {
        /// The program.
        program: PathBuf,
        /// The loader's words.
        said: String,
    },
    /// The system refused to start it.
    #[error("`{}` could not be started", .0.display())]
    Start(PathBuf, #[source] io::Error),
    /// It ended without a verdict, and says why.
    #[error("`{PROGRAM}` failed")]
    NoVerdict(#[source] HandoverError),
    /// It ended without a word that this program reads.
    #[error("`{PROGRAM}` failed: {0}")]
    NoDocument(String),
}

/// What `novamend-verify` is handed; it explains and reads it itself.
#[derive(Debug, Args)]
pub(crate) struct HandedOver {
    /// Arguments of novamend-verify; `--help` shows them
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Becomes `novamend-verify` with `verb` and what it is `handed`, so that its exit code and every signal are its own; returns only
/// when that failed.
pub(crate) fn become_it(verb: &str, color: ColorChoice, handed: &HandedOver) -> HostTrialError {
    match std::env::current_exe()
        .map_err(HostTrialError::NoPlace)
        .and_then(|own| beside(&own))
    {
        Ok(program) => {
            let mut command = Command::new(&program);
            if color != ColorChoice::Auto {
                command.args(["--color", &color.to_string()]);
            }
            let before: Vec<OsString> = std::env::args_os().take_while(|word| word != verb).collect();
            let error = command
                .args(CatalogArguments::of(&before).words())
                .arg(verb)
                .args(&handed.arguments)
                .exec();
            HostTrialError::Start(program, error)
        }
        Err(error) => error,
    }
}

/// Becomes `novamend-verify` to answer what a shell asks, the variable that says so being set; returns where that cannot be,
/// without a word, which would stand in the middle of somebody's command line.
pub(crate) fn become_it_to_complete(words: &[OsString]) {
    let own = std::env::current_exe().map_err(HostTrialError::NoPlace);
    if let Ok(program) = own.and_then(|own| beside(&own)) {
        let _ = Command::new(program).args(words).exec();
    }
}

/// Runs `verify` with `arguments` over `options`, a nova.conf that it reads from standard input and that so lies nowhere, and
/// returns its verdict.
///
/// It ends with this process, however that ends.
///
/// # Errors
/// It could not be run, or came to no verdict.
pub(super) fn verdict(options: &str, arguments: &[&str]) -> Result<Verdict, HostTrialError> {
    let program = beside(&std::env::current_exe().map_err(HostTrialError::NoPlace)?)?;
    let failed = |error| HostTrialError::Start(program.clone(), error);
    let mut command = Command::new(&program);
    // Variables that stand for flags are meant for the verb that asks, and would add files to what is handed over.
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            command.env_remove(name);
        }
    }
    let mut child = command
        .args(["verify", "-", "--no-settings", "--format", "json", "--ends-with"])
        .arg(std::process::id().to_string())
        .args(CatalogArguments::of(&std::env::args_os().collect::<Vec<_>>()).words())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        // one that has ended without reading it says why below
        let _ = input.write_all(options.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if !output.stdout.is_empty() {
        return handover::verdict(&output.stdout).map_err(HostTrialError::NoVerdict);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(HostTrialError::NoDocument(match output.status.signal() {
        Some(signal) if said.is_empty() => {
            format!("it was killed by signal {signal}, so the result is not known; for signal 9 see `journalctl -k`")
        }
        _ => said,
    }))
}

/// The program beside `own`, known to load.
fn beside(own: &Path) -> Result<PathBuf, HostTrialError> {
    let program = own.with_file_name(PROGRAM);
    if !program.is_file() {
        return Err(HostTrialError::Missing(program));
    }
    let tried = Command::new(&program).arg("--version").stdin(Stdio::null()).output();
    match tried {
        Err(error) => Err(HostTrialError::Start(program, error)),
        // 127 is the loader's; the program itself has no such exit code
        Ok(output) if output.status.code() == Some(127) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(HostTrialError::Unloadable { program, said })
        }
        Ok(_) => Ok(program),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_missing_program_is_named_with_the_command_that_builds_it() {
        let directory = tempfile::tempdir().unwrap();
        let error = beside(&directory.path().join("novamend")).unwrap_err();
        assert!(error.to_string().contains("build it from the same sources"), "{error}");
    }

    #[test]
    fn a_missing_library_is_told_apart_from_a_missing_program() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join(PROGRAM);
        fs::write(&program, "#!/bin/sh\necho 'libvirt.so.0: cannot open' >&2\nexit 127\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let error = beside(&directory.path().join("novamend")).unwrap_err();
        assert!(error.to_string().contains("libvirt0"), "{error}");
    }

    #[test]
    fn the_program_beside_is_taken_and_none_from_path() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join(PROGRAM);
        fs::write(&program, "#!/bin/sh\nexit 0\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(beside(&directory.path().join("novamend")).unwrap(), program);
    }
}
