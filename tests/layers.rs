//! The layers hold: imports point downward only, and each library stays in its room.
//!
//! The tables here are those of docs/architecture.md; this test is what makes them true.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A package: its layers, lowest first; a module may import those of lower layers, and itself.
struct Package {
    /// Where its sources lie.
    sources: &'static str,
    /// What its program calls its library.
    library: &'static str,
    /// Each module and the layer it is of.
    layers: &'static [(&'static str, u8)],
    /// What a module may import of its own layer or a higher one all the same, and why.
    allowed: &'static [(&'static str, &'static str)],
}

const PACKAGES: [Package; 2] = [
    Package {
        sources: "src",
        library: "novamend",
        layers: LAYERS,
        allowed: ALLOWED,
    },
    Package {
        sources: "verify/src",
        library: "novamend_verify",
        layers: VERIFY,
        allowed: ALLOWED_IN_VERIFY,
    },
];

const LAYERS: &[(&str, u8)] = &[
    ("text", 0),
    ("bounded", 0),
    ("write", 0),
    ("plain", 0),
    ("links", 0),
    ("globs", 0),
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
    ("shell", 6),
    ("host_trial", 7),
    ("outcome", 8),
    ("terminal", 9),
    ("commands", 10),
    ("main", 11),
];
const ALLOWED: &[(&str, &str)] = &[
    // What is written is read first, and how much may be read is said in one place.
    ("write", "bounded"),
    ("write", "links"),
    // What must not be shown is found in files alone; nova's view of them asks for it.
    ("nova", "redact"),
    // What is read may lie behind a link.
    ("bounded", "links"),
    ("bounded", "plain"),
    // No more is read than a text can hold.
    ("bounded", "text"),
    ("plain", "text"),
];
const VERIFY: &[(&str, u8)] = &[
    ("accident", 0),
    ("environment", 0),
    ("guest", 0),
    ("hypervisor", 0),
    ("interrupt", 0),
    ("read_only", 0),
    ("readable", 0),
    ("shown", 0),
    ("speed", 0),
    ("process", 1),
    ("nova_itself", 2),
    ("trial", 3),
    ("host", 4),
    ("causes", 5),
    ("hosts", 5),
    ("sandbox", 5),
    ("rescue", 6),
    ("verdict", 6),
    ("report", 7),
    ("cli", 8),
    ("main", 9),
];
const ALLOWED_IN_VERIFY: &[(&str, &str)] = &[];
/// What verify takes of novamend, which knows nothing of verify.
const FOR_VERIFY: &[&str] = &[
    "bounded", "catalog", "handover", "inputs", "lint", "nova", "oslo", "output", "plain", "redact", "rules",
    "settings", "shell", "text", "write",
];
/// Libraries and the files or directories that alone may name them.
const ROOMS: &[(&str, &[&str])] = &[
    ("globset", &["src/globs.rs"]),
    ("indicatif", &["src/terminal.rs", "src/terminal", "verify/src/cli"]),
    ("similar", &["src/output/diff.rs"]),
    ("unicode_width", &["src/output"]),
    (
        "clap",
        &[
            "src/main.rs",
            "src/terminal.rs",
            "src/terminal",
            "src/host_trial/program.rs",
            "src/commands",
            "src/inputs/arguments.rs",
            "src/inputs/arguments",
            "src/output/mod.rs",
            "src/shell",
            "verify/src/cli.rs",
            "verify/src/cli",
            "verify/src/main.rs",
            "verify/src/trial/cut/kind.rs",
            "verify/src/trial/plan.rs",
            "verify/src/trial/shape.rs",
        ],
    ),
    ("clap_complete", &["src/shell/completions.rs"]),
    ("clap_mangen", &["src/shell/manual.rs"]),
    ("minisign_verify", &["src/catalog/update.rs"]),
    ("toml_edit", &["src/settings.rs", "src/settings"]),
    ("terminal_size", &["src/terminal.rs"]),
    ("supports_unicode", &["src/terminal.rs"]),
    ("serde_yaml_ng", &["src/catalog/extra.rs"]),
    ("ini", &["src/fix/witness.rs"]),
    ("xattr", &["src/write"]),
    (
        "sha2",
        &[
            "src/write/mark.rs",
            "src/commands/fix/writing.rs",
            "src/output/fingerprint.rs",
        ],
    ),
    ("serde_sarif", &["src/output/sarif"]),
    ("quick_junit", &["src/output/junit.rs"]),
    ("quick_xml", &["src/output/checkstyle.rs"]),
    (
        "virt",
        &["verify/src/hypervisor/libvirt.rs", "verify/src/hypervisor/libvirt"],
    ),
    ("libloading", &["verify/src/hypervisor/libvirt/recovery.rs"]),
    ("netlink_packet_core", &["verify/src/sandbox/link"]),
    (
        "netlink_packet_route",
        &["verify/src/sandbox/link/route.rs", "verify/src/sandbox/link/shape.rs"],
    ),
    ("netlink_packet_sock_diag", &["verify/src/sandbox/link/connections.rs"]),
    ("netlink_sys", &["verify/src/sandbox/link"]),
    ("rcgen", &["verify/src/sandbox/pki.rs"]),
    ("roxmltree", &["verify/src/guest/like.rs"]),
    (
        "x509_parser",
        &["verify/src/host/certificates.rs", "verify/src/host/certificates"],
    ),
    ("dns_lookup", &["verify/src/host/address.rs"]),
    ("maud", &["verify/src/report/html.rs", "verify/src/report/cost.rs"]),
    ("serde_with", &["verify/src/hypervisor.rs", "verify/src/trial"]),
    ("strsim", &["src/catalog/spelling.rs", "src/redact/words.rs"]),
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

impl Package {
    /// The module at the top that `path` belongs to; none for the list of modules itself.
    fn module(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(self.sources).expect("in the package");
        let first = below.components().next().expect("a file").as_os_str().to_string_lossy();
        let module = first.trim_end_matches(".rs");
        (module != "lib").then(|| module.to_owned())
    }

    fn layer(&self, module: &str) -> u8 {
        let found = self.layers.iter().find(|(name, _)| *name == module);
        found
            .unwrap_or_else(|| panic!("`{module}` of {} has no layer in {}", self.sources, file!()))
            .1
    }

    /// Every import of another module, as file, module and what it imports: `crate::x` in the library, and by its name in
    /// the program.
    fn imports(&self) -> Vec<(PathBuf, String, String)> {
        let mut imports = Vec::new();
        for path in files(self.sources) {
            let Some(own) = self.module(&path) else { continue };
            let code = code(&path);
            let mut others = [named(&code, "crate::"), named(&code, &format!("{}::", self.library))].concat();
            if own == "main" {
                // a program need not say where its own modules are
                others.extend(named(&code, "\nmod "));
            }
            for other in others {
                let is_module = self.layers.iter().any(|(known, _)| *known == other);
                if is_module && other != own {
                    imports.push((path.clone(), own.clone(), other));
                }
            }
        }
        imports
    }
}

/// The names that follow `start` in `code`, one by one or in braces.
fn named(code: &str, start: &str) -> Vec<String> {
    let word = |text: &str| {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let names = code.match_indices(start).flat_map(|(at, _)| {
        let rest = &code[at + start.len()..];
        match rest.strip_prefix('{') {
            None => vec![word(rest)],
            Some(list) => {
                let list = list.split('}').next().unwrap_or_default();
                list.split(',').map(|name| word(name.trim())).collect()
            }
        }
    });
    names.collect()
}

#[test]
fn imports_point_downward() {
    let mut wrong = BTreeSet::new();
    for package in PACKAGES {
        for (path, own, other) in package.imports() {
            let is_allowed = package.allowed.contains(&(own.as_str(), other.as_str()));
            if package.layer(&other) >= package.layer(&own) && !is_allowed {
                wrong.insert(format!("{} ({own}) imports {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", Vec::from_iter(wrong).join("\n"));
}

#[test]
fn every_module_has_a_layer_and_every_layer_its_module() {
    for package in PACKAGES {
        let modules: BTreeSet<String> = files(package.sources)
            .iter()
            .filter_map(|path| package.module(path))
            .collect();
        let known: BTreeSet<String> = package.layers.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(modules, known, "{}", package.sources);
    }
}

#[test]
fn every_exception_is_needed() {
    for package in PACKAGES {
        let imports = package.imports();
        for (own, other) in package.allowed {
            let is_made = imports.iter().any(|(_, by, of)| by == own && of == other);
            let is_upward = package.layer(other) >= package.layer(own);
            assert!(
                is_made && is_upward,
                "{}: {own} needs no leave for {other}",
                package.sources
            );
        }
    }
}

#[test]
fn verify_takes_only_known_parts_of_novamend_and_novamend_nothing_of_verify() {
    let mut wrong = BTreeSet::new();
    for path in files("verify/src") {
        let taken = named(&code(&path), "novamend::");
        let more = taken.iter().filter(|name| !FOR_VERIFY.contains(&name.as_str()));
        wrong.extend(more.map(|name| format!("{} takes {name} of novamend", path.display())));
    }
    for path in files("src") {
        if code(&path).contains("novamend_verify::") {
            wrong.insert(format!("{} knows verify", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", Vec::from_iter(wrong).join("\n"));
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
