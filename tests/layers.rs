//! The layers hold: imports point downward only, and each library stays in its room.
//!
//! The tables here are those of docs/architecture.md; this test is what makes them true.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module and the layer it is of; a module may import those of lower layers, and itself.
const LAYERS: &[(&str, u8)] = &[
    ("text", 0),
    ("bounded", 0),
    ("write", 0),
    ("plain", 0),
    ("links", 0),
    ("oslo", 1),
    ("catalog", 2),
    ("redact", 3),
    ("nova", 3),
    ("lint", 4),
    ("inputs", 4),
    ("rules", 5),
    ("settings", 5),
    ("fix", 5),
    ("output", 5),
    ("handover", 6),
    ("terminal", 7),
    ("host_trial", 7),
    ("commands", 7),
    ("main", 8),
];
/// What may be imported of the own layer, and why.
const ALLOWED: &[(&str, &str)] = &[
    // What is written is read first, and how much may be read is said in one place.
    ("write", "bounded"),
    ("write", "links"),
    // What must not be shown is found in files alone; nova's view of them asks for it.
    ("nova", "redact"),
    // What is read may lie behind a link.
    ("bounded", "links"),
    ("bounded", "plain"),
    ("plain", "text"),
    // A verb writes to the terminal, which says how it ended.
    ("commands", "terminal"),
    ("commands", "host_trial"),
    ("terminal", "commands"),
];
/// Libraries and the files or directories that alone may name them.
const ROOMS: &[(&str, &[&str])] = &[
    ("miette", &["src/output/pretty"]),
    ("similar", &["src/output/diff.rs"]),
    ("unicode_width", &["src/output"]),
    (
        "clap",
        &[
            "src/main.rs",
            "src/terminal.rs",
            "src/host_trial/program.rs",
            "src/commands",
            "src/inputs/arguments.rs",
            "src/output/mod.rs",
            "verify/src/cli.rs",
            "verify/src/cli",
            "verify/src/main.rs",
            "verify/src/trial/plan.rs",
        ],
    ),
    ("toml_edit", &["src/settings.rs", "src/settings", "src/catalog"]),
    ("anstream", &["src/terminal.rs"]),
    ("terminal_size", &["src/terminal.rs"]),
    ("supports_unicode", &["src/terminal.rs"]),
    ("serde_yaml_ng", &["src/catalog/extra.rs"]),
    ("ini", &["src/fix/witness.rs"]),
    ("xattr", &["src/write"]),
    ("sha2", &["src/write/mark.rs"]),
    (
        "virt",
        &["verify/src/hypervisor/libvirt.rs", "verify/src/hypervisor/libvirt"],
    ),
    ("rcgen", &["verify/src/sandbox/pki.rs"]),
    (
        "x509_parser",
        &["verify/src/host/certificates.rs", "verify/src/host/certificates"],
    ),
    ("dns_lookup", &["verify/src/host/address.rs"]),
    ("plotters", &["verify/src/report/chart.rs", "verify/src/report"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `directory`, by its path from the root.
fn files(directory: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(directory)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("a directory of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path.strip_prefix(root()).expect("below the root").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The code of a file: without comments and without its tests, which may reach where they like.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(root().join(path)).expect("a source");
    let text = text.split("#[cfg(test)]\nmod tests {").next().expect("a first part");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The module at the top that `path` belongs to.
fn module(path: &Path) -> String {
    let below = path.strip_prefix("src").expect("in src");
    let first = below.components().next().expect("a file").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn layer(module: &str) -> u8 {
    let found = LAYERS.iter().find(|(name, _)| *name == module);
    found
        .unwrap_or_else(|| panic!("`{module}` has no layer in {}", file!()))
        .1
}

/// The modules at the top that `code` names: `crate::x` in the library, `novamend::x` in the program.
fn imported(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for start in ["crate::", "novamend::"] {
        for (at, _) in code.match_indices(start) {
            let rest = &code[at + start.len()..];
            if let Some(list) = rest.strip_prefix('{') {
                let list = list.split('}').next().unwrap_or_default();
                names.extend(
                    list.split(',')
                        .map(|name| name.trim().split("::").next().unwrap_or_default().to_owned()),
                );
            } else {
                let end = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                names.insert(rest[..end].to_owned());
            }
        }
    }
    names.retain(|name| LAYERS.iter().any(|(known, _)| known == name));
    names
}

#[test]
fn imports_point_downward() {
    let mut wrong = Vec::new();
    for path in files("src") {
        let own = module(&path);
        if own == "lib" {
            continue;
        }
        for other in imported(&code(&path)) {
            let is_allowed = ALLOWED.contains(&(own.as_str(), other.as_str()));
            if other != own && layer(&other) >= layer(&own) && !is_allowed {
                wrong.push(format!("{} ({own}) imports {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for path in files("src").into_iter().chain(files("verify/src")) {
        let code = code(&path);
        for (library, rooms) in ROOMS {
            let is_room = rooms.iter().any(|room| path.starts_with(room));
            let is_named = [
                format!("use {library}::"),
                format!(" {library}::"),
                format!("({library}::"),
                format!("<{library}::"),
            ]
            .iter()
            .any(|word| code.contains(word.as_str()));
            if is_named && !is_room {
                wrong.push(format!("{} names {library}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_is_lived_in() {
    for (library, rooms) in ROOMS {
        let paths = files("src").into_iter().chain(files("verify/src"));
        let lives = paths
            .filter(|path| rooms.iter().any(|room| path.starts_with(room)))
            .any(|path| code(&path).contains(&format!("{library}::")));
        assert!(lives, "nobody in {rooms:?} uses {library}");
    }
}

#[test]
fn no_rule_names_another() {
    let rules: Vec<PathBuf> = files("src/rules")
        .into_iter()
        .filter(|path| code(path).contains("static RULE: Rule"))
        .collect();
    let mut wrong = Vec::new();
    for path in &rules {
        let code = code(path);
        for other in rules.iter().filter(|other| *other != path) {
            let name = other.file_stem().expect("a name").to_string_lossy();
            let is_named = [format!("super::{name}"), format!("::{name}::")]
                .iter()
                .any(|word| code.contains(word.as_str()));
            if is_named {
                wrong.push(format!("{} names {name}", path.display()));
            }
        }
    }
    assert!(rules.len() > 40 && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_open_by_saying_what_they_are_and_stay_short() {
    let mut wrong = Vec::new();
    for path in files("src").into_iter().chain(files("verify/src")) {
        let text = fs::read_to_string(root().join(&path)).expect("a source");
        if !text.starts_with("//! ") {
            wrong.push(format!("{} does not say what it is", path.display()));
        }
        let code = code(&path);
        let most = if code.contains("static RULE: Rule") { 150 } else { 400 };
        let lines = code.lines().count();
        if lines > most {
            wrong.push(format!(
                "{} has {lines} lines of code, more than {most}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
