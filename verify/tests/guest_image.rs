//! The committed image of the probe guest is what its source makes.
//!
//! It needs an assembler and a linker for x86 (binutils); where they are missing it is skipped, and under CI it fails.

#[path = "../../tests/harness/mod.rs"]
mod harness;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use novamend_verify::guest::IMAGE;

use harness::{skip, tests};

fn the_committed_image_is_built_from_its_source() {
    let directory = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guest/probe.S");
    let (object, image) = (directory.path().join("probe.o"), directory.path().join("probe.rom"));
    let mut assemble = Command::new("as");
    assemble.args(["--32", "-o"]).arg(&object).arg(&source);
    let mut link = Command::new("ld");
    link.args(["-m", "elf_i386", "-Ttext", "0", "--oformat", "binary", "-o"])
        .arg(&image)
        .arg(&object);
    for mut command in [assemble, link] {
        match command.status() {
            Ok(status) => assert!(status.success(), "{command:?}: {status}"),
            Err(error) => skip(&format!("{command:?}: {error}")),
        }
    }
    assert!(
        fs::read(&image).unwrap() == IMAGE,
        "probe.S and probe.rom differ; the first lines of probe.S say how to build"
    );
}

fn main() -> ExitCode {
    harness::run(&[tests![the_committed_image_is_built_from_its_source,]])
}
