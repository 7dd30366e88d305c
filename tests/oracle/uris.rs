//! `live_migration_uri` beside Python's own `%` operator, over made-up URIs.

use novamend::nova::migration::uri::formatted;
use serde_json::{Value, json};

use crate::harness::{Test, tests};
use crate::python::Oracle;
use crate::random::Random;

/// What URIs are put together from.
const PARTS: [&str; 30] = [
    "%",
    "%",
    "%",
    "%s",
    "%s",
    "%%",
    "%r",
    "%a",
    "%c",
    "%d",
    "%(dest)s",
    "(",
    "-",
    "+",
    " ",
    "#",
    "0",
    "5",
    "12",
    ".",
    "*",
    "h",
    "l",
    "L",
    "2Fetc",
    "qemu+tcp://",
    "/system",
    "F",
    "é",
    "y",
];

fn any(random: &mut Random) -> String {
    (0..random.below(9)).map(|_| *random.one(&PARTS)).collect()
}

fn uris_are_formatted_as_python_formats_them() {
    for name in ["oslo-3", "oslo-new"] {
        let mut oracle = Oracle::start(name, "uris.py");
        let mut random = Random::new(7);
        for _ in 0..100 {
            let asked: Vec<(String, &str)> = (0..50)
                .map(|_| {
                    (
                        any(&mut random),
                        *random.one(&["h", "compute1", "[fd00::2]", "o'neil", "hôte"]),
                    )
                })
                .collect();
            let questions: Vec<Value> = asked.iter().map(|(uri, host)| json!([uri, host])).collect();
            for ((uri, host), answer) in asked.iter().zip(oracle.ask(&questions)) {
                let ours = match formatted(uri, host) {
                    Ok(text) => json!({ "text": text }),
                    Err(failure) => json!({ "error": failure.exception() }),
                };
                assert_eq!(ours, answer, "{name}: {uri:?} % {host:?}");
            }
        }
    }
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![uris_are_formatted_as_python_formats_them,];
