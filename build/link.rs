//! How the program `novamend` is linked. `novamend-verify`, which calls libvirt, is linked as rustc does it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What has the linker give a program fixed addresses.
const FIXED: &str = "-no-pie";

/// Says how to link the program; `out` is a directory for what that needs.
///
/// With the GNU C library it lies at a fixed address, so that nothing in it has to be moved when it is loaded: a quarter of what a start
/// takes, as each page of tables would be copied for its pointers. Where that works it is one file without libraries, as the program
/// of the packages is: that takes another fifth off, and what is built here runs on hosts with another C library too.
pub(super) fn arrange(out: &Path) -> Result<(), Box<dyn Error>> {
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let is_static_already = features.split(',').any(|feature| feature == "crt-static");
    if !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") || is_static_already {
        return Ok(());
    }
    let mut arguments = vec![FIXED.to_owned()];
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let is_default_linker = env::var_os("RUSTC_LINKER").is_none() && !flags.contains("linker=");
    if is_default_linker && env::var_os("HOST") == env::var_os("TARGET") {
        // What unwinds a panic comes from the compiler's archive: no start has to load a library for it.
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
        arguments.extend(without_libraries(&out.join("link"), &flags)?);
    }
    for argument in arguments {
        println!("cargo::rustc-link-arg-bin=novamend={argument}");
    }
    Ok(())
}

/// The arguments with which the linker takes archives in the place of the libraries that rustc asks it for; none where an archive is
/// missing, or a program that is made so with the `flags` does not run.
fn without_libraries(directory: &Path, flags: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let Some(archives) = Archives::found() else {
        return Ok(Vec::new());
    };
    fs::create_dir_all(directory)?;
    archives.stand_in_for_libraries(directory)?;
    let arguments = vec!["-static".to_owned(), format!("-L{}", directory.display())];
    let works = runs(directory, flags, &arguments)?;
    Ok(if works { arguments } else { Vec::new() })
}

/// The archives in the place of which a program uses libraries.
struct Archives {
    c: PathBuf,
    math: PathBuf,
    arithmetic: PathBuf,
    unwinding: PathBuf,
}

impl Archives {
    /// Those that the linker finds; `None` where one is missing, or where the C library is older than 2.34, of which threads are an
    /// archive of their own that cannot be used by parts.
    fn found() -> Option<Self> {
        let threads = archive("libpthread.a")?;
        let is_empty = fs::metadata(threads).is_ok_and(|found| found.len() == "!<arch>\n".len() as u64);
        is_empty.then_some(())?;
        Some(Self {
            c: archive("libc.a")?,
            math: archive("libm.a")?,
            arithmetic: archive("libgcc.a")?,
            unwinding: archive("libgcc_eh.a")?,
        })
    }

    /// Writes into `directory` what the linker finds in the place of the libraries.
    fn stand_in_for_libraries(&self, directory: &Path) -> Result<(), Box<dyn Error>> {
        let stand_in = |name: &str, archives: &[&Path]| {
            let archives: Vec<String> = archives.iter().map(|path| format!("\"{}\"", path.display())).collect();
            // Of several each may ask for parts of the others.
            fs::write(directory.join(name), format!("GROUP({})\n", archives.join(" ")))
        };
        stand_in("libc.so", &[&self.c, &self.arithmetic, &self.unwinding])?;
        stand_in("libm.so", &[&self.math])?;
        stand_in("libgcc_s.so", &[&self.unwinding])?;
        Ok(())
    }
}

/// Where rustc's linker finds `name`; `None` where it does not.
fn archive(name: &str) -> Option<PathBuf> {
    let asked = Command::new("cc")
        .arg(format!("-print-file-name={name}"))
        .output()
        .ok()?;
    let path = PathBuf::from(String::from_utf8(asked.stdout).ok()?.trim_end());
    // A name that it does not find it prints as it is.
    path.is_absolute().then_some(path)
}

/// Whether a program that has threads, unwinds and reckons runs where it is compiled with `flags` and linked with `arguments`.
fn runs(directory: &Path, flags: &str, arguments: &[String]) -> Result<bool, Box<dyn Error>> {
    const SOURCE: &str = "fn main() {
        let root = std::hint::black_box(2.0_f64).powf(std::hint::black_box(0.5));
        assert!(std::thread::spawn(move || assert!(root > 2.0)).join().is_err());
    }";
    let (source, program) = (directory.join("tried.rs"), directory.join("tried"));
    fs::write(&source, SOURCE)?;
    let mut compiling = Command::new(env::var_os("RUSTC").ok_or("no RUSTC")?);
    compiling.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    compiling
        .arg(format!("-Clink-arg={FIXED}"))
        .args(arguments.iter().map(|one| format!("-Clink-arg={one}")));
    compiling.arg("-o").arg(&program).arg(&source);
    // What is instrumented leaves its notes where it runs.
    let succeeds = |command: &mut Command| {
        command
            .current_dir(directory)
            .output()
            .is_ok_and(|said| said.status.success())
    };
    Ok(succeeds(&mut compiling) && succeeds(&mut Command::new(&program)))
}
