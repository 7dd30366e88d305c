//! The catalog against what real nova registers: `CONF` after the import of nova.conf, in all releases from Ocata on.
//!
//! Today's libraries stand in for those of the time, so what a library made is told apart from nova's own by who made it.

#[path = "harness/mod.rs"]
mod harness;
#[path = "oracle/python.rs"]
mod python;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use novamend::catalog::by_old_name;
use novamend::catalog::{self, OptionFacts, Release, plugins};
use rayon::prelude::*;
use serde_json::{Value, json};

use harness::{skip, tests};
use python::Oracle;

/// The environment whose libraries every nova is imported with.
const LIBRARIES: &str = "nova-libraries";
/// The first release that runs with the newest libraries.
const NEW_LIBRARIES: u8 = 28;

/// An option as nova registered it.
struct Registered(Value);

impl Registered {
    fn word(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    fn is(&self, key: &str) -> bool {
        self.0[key].as_bool().unwrap_or_else(|| panic!("{key} of {}", self.0))
    }

    fn is_novas(&self) -> bool {
        self.word("by") == "nova"
    }

    fn title(&self) -> String {
        format!("[{}] {}", self.word("group"), self.word("name"))
    }

    /// Group, name and maker of each old name.
    fn old_names(&self) -> Vec<(String, String, String)> {
        serde_json::from_value(self.0["old"].clone()).expect("group, name, maker")
    }
}

/// What nova of `release` registers, with `environments` beside each other.
fn registered(environments: &Path, release: Release) -> Vec<Registered> {
    let mut before = vec![wheel(environments, release)];
    if release.number() < NEW_LIBRARIES {
        before.push(environments.join("nova-libraries-old"));
    }
    let mut nova = Oracle::start(LIBRARIES, "nova_options.py");
    let Value::Array(options) = nova.ask(&[json!(before)]).remove(0) else {
        panic!("{release}: no array");
    };
    // oslo.config's own are no nova's, and dummies read as unset whatever a file says.
    options
        .into_iter()
        .map(Registered)
        .filter(|option| option.word("by") != "oslo_config" && !option.is("dummy"))
        .collect()
}

fn wheel(environments: &Path, release: Release) -> PathBuf {
    let start = format!("nova-{}.", release.number());
    let wheels = fs::read_dir(environments.join("nova-wheels")).expect("`make venvs` brings nova-wheels");
    let mut paths = wheels.map(|entry| entry.expect("a wheel").path());
    let is_it = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(&start))
    };
    paths.find(is_it).unwrap_or_else(|| panic!("no wheel {start}*"))
}

/// Every release with what its nova registers; where the environments are not there, the test is skipped.
fn all_registered() -> BTreeMap<Release, Vec<Registered>> {
    let python = python::python(LIBRARIES);
    let environments = python.ancestors().nth(3).expect("a directory of environments");
    if !environments.join("nova-wheels/made-from").exists() {
        skip("no nova-wheels beside nova-libraries; `make venvs` brings them");
    }
    let releases: Vec<Release> = Release::all().filter(|release| release.is_complete()).collect();
    assert_eq!(releases.len(), 20);
    let all = releases.par_iter();
    all.map(|&release| (release, registered(environments, release)))
        .collect()
}

/// How the catalog of `release` differs in what it says of `option`.
fn differences(option: &Registered, known: OptionFacts, release: Release) -> Vec<String> {
    let mut found = Vec::new();
    for (group, name, by) in option.old_names() {
        // An old name that a library declares is of the library's age.
        let leads = || by_old_name(&group, &name.replace('-', "_"), release).contains(&known);
        if by == "nova" && !leads() && catalog::option(&group, &name, release) != Some(known) {
            found.push(format!("[{group}] {name} does not lead to it"));
        }
    }
    if option.is("multi") != known.is_multi() {
        found.push(format!("multi: {}", option.is("multi")));
    }
    if !option.is_novas() {
        return found;
    }
    for (key, said) in [
        ("mutable", known.is_mutable()),
        ("secret", known.is_secret()),
        ("deprecated_for_removal", known.is_deprecated_for_removal()),
    ] {
        if option.is(key) != said {
            found.push(format!("{key}: {}", option.is(key)));
        }
    }
    let default = option.0.get("default").filter(|_| !known.is_host_dependent());
    if let Some(default) = default
        && *default != *known.default().unwrap_or(&Value::Null)
    {
        found.push(format!("its default is {default}, not {:?}", known.default()));
    }
    found
}

/// What nova of `release` registers and the catalog lacks or has otherwise.
fn lacking(release: Release, registered: &[Registered]) -> Vec<String> {
    let mut found = Vec::new();
    for option in registered {
        match catalog::option(option.word("group"), option.word("name"), release) {
            Some(known) => found.extend(
                differences(option, known, release)
                    .into_iter()
                    .map(|what| format!("{}: {what}", option.title())),
            ),
            None if is_younger(option, release) => {}
            None => found.push(format!("{} is missing (made by {})", option.title(), option.word("by"))),
        }
    }
    found
}

/// Whether the library that made `option` got it after `release`: keystoneauth brings its options to every group that
/// asks, so there what no group has did not exist; of the other libraries each has groups of its own.
fn is_younger(option: &Registered, release: Release) -> bool {
    match option.word("by") {
        "nova" => false,
        // The group itself is castellan's, and younger than most of the releases.
        "keystoneauth1" if option.word("group") != "barbican_service_user" => {
            catalog::groups_with(option.word("name"), release).is_empty()
        }
        _ => true,
    }
}

/// What the catalog has as nova's and nova of `release` does not register.
fn beyond(release: Release, registered: &[Registered]) -> Vec<String> {
    let there: BTreeSet<(&str, &str)> = registered
        .iter()
        .map(|option| (option.word("group"), option.word("name")))
        .collect();
    let of_libraries: BTreeSet<&str> = registered
        .iter()
        .filter(|option| !["nova", "keystoneauth1"].contains(&option.word("by")))
        .map(|option| option.word("group"))
        .collect();
    catalog::options(release)
        .filter(|option| option.source() == "nova.conf" && !there.contains(&(option.group(), option.name())))
        // Only once `auth_type` names a plugin that reads it.
        .filter(|option| !plugins::some_reads(option.name(), release))
        // nova's sample file has them also in the releases in which nova takes no credentials from this group.
        .filter(|option| option.group() != "keystone" || !["auth_type", "auth_section"].contains(&option.name()))
        // Another library of the time had other options in its group.
        .filter(|option| !of_libraries.contains(option.group()))
        .map(|option| option.title())
        .collect()
}

fn the_catalog_has_what_real_nova_registers_and_nothing_else_of_novas_own() {
    let all = all_registered();
    let mut failures = Vec::new();
    for (release, registered) in &all {
        let novas = registered.iter().filter(|option| option.is_novas()).count();
        assert!(novas > 400, "{release}: only {novas} options are nova's own");
        let beyond = beyond(*release, registered);
        let beyond = beyond.iter().map(|title| format!("{title} is not registered"));
        let found = lacking(*release, registered).into_iter().chain(beyond);
        failures.extend(found.map(|what| format!("{release}: {what}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let old_names = all.values().flatten().flat_map(Registered::old_names);
    assert!(old_names.filter(|(_, _, by)| by == "nova").count() > 1000);
}

fn main() -> ExitCode {
    harness::run(&[tests![
        the_catalog_has_what_real_nova_registers_and_nothing_else_of_novas_own,
    ]])
}
