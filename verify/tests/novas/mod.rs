//! Real nova of several releases in the environments that `make venvs` makes, and environments made of them.
//!
//! It asserts nothing.

#![allow(dead_code, unreachable_pub)] // each test program uses a part of it

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use novamend::catalog::Release;
use tempfile::TempDir;

use crate::harness::skip;

/// An environment with real nova.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    /// Its name.
    pub name: &'static str,
    /// The release.
    pub release: u32,
}

impl Environment {
    /// Its release.
    pub fn release(self) -> Release {
        Release::from_number(self.release).unwrap()
    }
}

/// Those whose driver can be imported: the libraries there are newer than nova 28 takes, and the Python than nova 18.
pub const ENVIRONMENTS: [Environment; 5] = [
    Environment {
        name: "nova-19",
        release: 19,
    },
    Environment {
        name: "nova-25",
        release: 25,
    },
    Environment {
        name: "nova-31",
        release: 31,
    },
    Environment {
        name: "nova-33",
        release: 33,
    },
    Environment {
        name: "nova-34",
        release: 34,
    },
];

/// Where the environments are.
fn root() -> PathBuf {
    let root = std::env::var_os("NOVAMEND_VENVS").map_or_else(|| PathBuf::from(".venv"), PathBuf::from);
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(root)
}

/// The Python of the environment `name`, if that is there.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = root().join(name).join("bin/python");
    path.is_file()
        .then(|| fs::canonicalize(path.parent().unwrap()).unwrap().join("python"))
}

/// The Python of the environment `name`; where that is not there, the test is skipped.
pub fn python(name: &str) -> PathBuf {
    find(name).unwrap_or_else(|| skip(&format!("there is no environment {name} (make venvs)")))
}

/// The directory with libvirt-python for these Pythons; where that is not there, the test is skipped.
pub fn libvirt_python() -> PathBuf {
    let path = root().join("libvirt-python");
    if !path.join("libvirt.py").is_file() {
        skip("there is no libvirt-python (make venvs)");
    }
    fs::canonicalize(path).unwrap()
}

/// A Python with nova 31 whose `module` is changed by `script`, which runs in it; it is there as long as the directory.
pub fn tampered(module: &str, script: &str) -> (TempDir, PathBuf) {
    let real = python("nova-31");
    let (directory, python) = bare();
    let packages = packages(real.parent().unwrap().parent().unwrap());
    let own = self::packages(directory.path());
    let libraries = fs::read_to_string(packages.join("libraries.pth")).unwrap();
    fs::write(own.join("nova.pth"), format!("{}\n{libraries}", packages.display())).unwrap();
    fs::write(own.join("tamper.py"), script).unwrap();
    fs::write(own.join("hook.py"), format!("MODULE = '{module}'\n{HOOK}")).unwrap();
    fs::write(own.join("zz.pth"), "import hook\n").unwrap();
    (directory, python)
}

/// Runs the script right after the module.
const HOOK: &str = "
import os, sys
from importlib.util import find_spec

class Hook:
    def find_spec(self, name, path=None, target=None):
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        real = spec.loader.exec_module

        def exec_module(module):
            real(module)
            with open(os.path.join(os.path.dirname(__file__), 'tamper.py')) as script:
                exec(script.read(), module.__dict__)
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Hook())
";

/// A Python without nova.
pub fn bare() -> (TempDir, PathBuf) {
    let real = python("nova-31");
    let environment = real.parent().unwrap().parent().unwrap();
    let directory = tempfile::Builder::new()
        .prefix("novamend-python")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .unwrap();
    let name = packages(environment).strip_prefix(environment).unwrap().to_owned();
    fs::create_dir_all(directory.path().join(name)).unwrap();
    fs::create_dir(directory.path().join("bin")).unwrap();
    fs::copy(environment.join("pyvenv.cfg"), directory.path().join("pyvenv.cfg")).unwrap();
    let python = directory.path().join("bin/python");
    symlink(fs::canonicalize(&real).unwrap(), &python).unwrap();
    (directory, python)
}

fn packages(environment: &Path) -> PathBuf {
    let mut versions = fs::read_dir(environment.join("lib")).unwrap().flatten();
    let version = versions.find(|entry| entry.file_name().to_string_lossy().starts_with("python"));
    version.unwrap().path().join("site-packages")
}
