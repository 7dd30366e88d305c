//! Whatever of a URI novamend takes, libvirt reads alike: transport, user, host, port, path and parameters.
//!
//! The oracle is libxml2, by which libvirt parses URIs; where Python or libxml2 is missing it is skipped, and under CI it fails.

#[path = "harness/mod.rs"]
mod harness;

use std::io::Write;
use std::net::Ipv6Addr;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use novamend::nova::migration::connection::{Connection, Host, Origin};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use harness::{skip, tests};

/// How many URIs are made up.
const MANY: usize = 10_000;

/// One of these, the harmless ones more often.
fn piece(harmless: &'static [&'static str], odd: &'static [&'static str]) -> impl Strategy<Value = String> {
    let any_text = proptest::string::string_regex("[ -~]{0,6}").unwrap();
    prop_oneof![
        12 => proptest::sample::select(harmless).prop_map(str::to_owned),
        2 => proptest::sample::select(odd).prop_map(str::to_owned),
        1 => any_text,
    ]
}

fn uri() -> impl Strategy<Value = String> {
    let scheme = piece(
        &[
            "qemu+tcp",
            "qemu+tls",
            "qemu+ssh",
            "qemu+SSH",
            "qemu+libssh",
            "qemu+libssh2",
            "qemu",
        ],
        &["qemu+ext", "QEMU+tcp", "test", "qemu+unix", "qemu+", "q%65mu"],
    );
    let slashes = piece(&["://"], &[":", ":/", ":///", "//"]);
    let user = piece(
        &["", "root@", "nova_migration@", "a.b-c@"],
        &["-o@", "a:b@", "@", "a%40b@", "a@b@"],
    );
    let host = piece(
        &[
            "h",
            "host-2.example",
            "192.0.2.1",
            "[fd00::2]",
            "[::ffff:192.0.2.1]",
            "a_b",
        ],
        &[
            "",
            "-o",
            "%2do",
            "fd00::2",
            "[fe80::1%25eth0]",
            "[h]",
            "a]b",
            "h%2fx",
            "[v1.x]",
        ],
    );
    let port = piece(
        &["", "", ":1", ":16509", ":65535"],
        &[":", ":0", ":65536", ":+1", ":1x", ":99999999999"],
    );
    let path = piece(
        &["/system"],
        &["/session", "", "/", "/system/", "//system", "/%73ystem"],
    );
    let query = piece(
        &[
            "",
            "?no_tty=1",
            "?keyfile=/a/b",
            "?keyfile=%2Fa%20b&no_tty=0",
            "?mode=auto",
            "?NO_TTY=1&mode=direct",
        ],
        &[
            "?",
            "?no_tty=1;mode=auto",
            "?no_tty=1;command=x&mode=auto",
            "?command=x",
            "?no_tty",
            "?no_tty=%31",
            "?=x",
            "?a&&b",
        ],
    );
    let fragment = piece(&["", "", "", ""], &["#", "#x"]);
    (scheme, slashes, user, host, port, path, query, fragment).prop_map(
        |(scheme, slashes, user, host, port, path, query, fragment)| {
            format!("{scheme}{slashes}{user}{host}{port}{path}{query}{fragment}")
        },
    )
}

/// What libxml2 makes of each; where it cannot be asked, the test is skipped.
fn parsed(uris: &[String]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connection/libxml2.py");
    let child = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let why = match child {
        Err(error) => format!("python3: {error}"),
        Ok(mut child) => {
            let mut input = child.stdin.take().unwrap();
            let lines: Vec<String> = uris.iter().map(|uri| json!(uri).to_string()).collect();
            let writer = thread::spawn(move || input.write_all((lines.join("\n") + "\n").as_bytes()));
            let output = child.wait_with_output().unwrap();
            let _ = writer.join().unwrap();
            if output.status.success() {
                let lines = String::from_utf8(output.stdout).unwrap();
                return lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            }
            String::from_utf8_lossy(&output.stderr).into_owned()
        }
    };
    assert!(why.contains("no libxml2") || why.contains("python3:"), "{why}");
    skip(why.trim())
}

/// What libvirt makes of the parse: the transport in any case, the host without brackets.
fn as_libvirt_takes_it(of: &Value) -> Value {
    let scheme = of["scheme"].as_str().unwrap();
    let (driver, transport) = scheme.split_once('+').unwrap_or((scheme, ""));
    let server = of["server"].as_str().map(|server| server.trim_matches(['[', ']']));
    let host = server.map(|server| {
        server
            .parse::<Ipv6Addr>()
            .map_or(server.to_owned(), |address| address.to_string())
    });
    json!([
        driver,
        transport.to_lowercase(),
        of["user"],
        host,
        of["port"],
        of["path"],
        of["fragment"],
        of["parameters"]
    ])
}

fn what_is_taken_libvirt_reads_alike_and_what_is_written_too() {
    let mut runner = TestRunner::deterministic();
    let strategy = uri();
    let mut uris: Vec<String> = (0..MANY)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect();
    uris.retain(|uri| !uri.contains('\0'));
    let taken: Vec<(String, Connection)> = uris
        .iter()
        .filter_map(|uri| Some((uri.clone(), Connection::parse(uri, Origin::Typed).ok()?)))
        .collect();
    assert!(
        (1_000..MANY - 1_000).contains(&taken.len()),
        "{} of {MANY} are taken",
        taken.len()
    );
    let read: Vec<String> = taken.iter().map(|(uri, _)| uri.clone()).collect();
    let written: Vec<String> = taken.iter().map(|(_, connection)| connection.to_string()).collect();
    let (read, again) = (parsed(&read), parsed(&written));
    assert_eq!((read.len(), again.len()), (taken.len(), taken.len()));
    for (((uri, connection), read), again) in taken.iter().zip(read).zip(again) {
        assert!(!read.is_null(), "libvirt cannot read {uri:?}");
        let read = as_libvirt_takes_it(&read);
        assert_eq!(read, as_libvirt_takes_it(&again), "{uri:?} was written as {connection}");
        let host = connection.host().map(|host| match host {
            Host::Name(name) => name.clone(),
            Host::V6(address) => address.to_string(),
        });
        assert_eq!(read[0], "qemu", "{uri:?}");
        assert!(read[1] == connection.transport().word() || read[1] == "", "{uri:?}");
        assert_eq!(read[3], json!(host), "{uri:?}");
        assert_eq!(read[4], json!(connection.port().unwrap_or(0)), "{uri:?}");
        assert!(read[5] == "/system" || read[5] == "/session", "{uri:?}");
        assert_eq!(
            Connection::parse(&connection.to_string(), Origin::Typed).as_ref(),
            Ok(connection)
        );
    }
}

fn no_text_at_all_breaks_the_reader() {
    proptest!(|(text in any::<String>())| {
        let _ = Connection::parse(&text, Origin::File).map(|connection| connection.to_string());
        let _ = Host::parse(&text);
    });
}

fn main() -> ExitCode {
    harness::run(&[tests![
        what_is_taken_libvirt_reads_alike_and_what_is_written_too,
        no_text_at_all_breaks_the_reader,
    ]])
}
