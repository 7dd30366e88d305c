//! A marker stands in every place where a secret can stand; it comes out of no command in no format.
//!
//! The options are those the catalog marks or names as secret in any release, and what people write beside them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use novamend::catalog::{self, Release};

const MARKER: &str = "hush7marker";
const FORMATS: [&str; 3] = ["pretty", "short", "json"];

/// Every (group, name) that some release marks as secret or whose name says so.
fn secret_options() -> Vec<(&'static str, &'static str)> {
    let mut found: Vec<_> = Release::all()
        .flat_map(catalog::options)
        .filter(|option| novamend::redact::is_secret(option.name(), "x"))
        .map(|option| (option.group(), option.name()))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// A file with the marker wherever a secret can stand, and with as many findings around it as there are.
fn conf() -> String {
    let mut text = String::from("[DEFAULT]\nlive_migration_permit_post_copy = true\n");
    for (group, name) in secret_options() {
        let _ = write!(
            text,
            "[{group}]\n{name} = {MARKER}\n{name} = {MARKER}-again # a note\n# {name} = {MARKER}\n{} = {MARKER}\n",
            name.replace('_', "-")
        );
    }
    let _ = write!(
        text,
        "[DEFAULT]\ntransport_url = rabbit://nova:{MARKER}@192.0.2.1:5672/\n\
         #old: rabbit://nova:{MARKER}@192.0.2.1/\n\
         [database]\nconnection = mysql+pymysql://nova:{MARKER}@192.0.2.1/nova?charset=utf8\n  {MARKER}\n  # {MARKER}\n\
         [api_database]\nconnection = mysql://nova:{MARKER}$nothing@192.0.2.1/nova\n\
         [ keystone_authtoken ]\npassword = {MARKER}\nadmin_password = ${MARKER}\n\
         [Keystone_Authtoken]\nPassword = {MARKER} \\\n  {MARKER}\n\
         [neutron]\npassword = \"{MARKER}\nmetadata_proxy_shared_secret = ${{{MARKER}.x}}\n\
         [libvirt]\nlive_migration_progress_timeout = 0\nlive_migration_permit_post_copy = true\n\
         rbd_secret_uuid = {MARKER}\nmy_own_password = {MARKER}\nlive_migration_uri = qemu+tcp://u:{MARKER}@%s/system\n\
         live_migration_timeout_action = https://u:{MARKER}@h/\n\
         live_migration_completion_timeout = https://u:{MARKER}@h/\n"
    );
    text
}

/// Lines that make oslo.config reject the file, with the marker in them.
fn rejected() -> String {
    format!(
        "password = {MARKER}\n[DEFAULT]\n  indented_token {MARKER}\npassword {MARKER}\n[x\n\
         = rabbit://u:{MARKER}@h/\nadmin_password = {MARKER}\n\n  {MARKER}\n"
    )
}

/// What novamend prints on both streams.
fn said(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_novamend"))
        .args(arguments)
        .current_dir(directory)
        .env("OS_DATABASE__CONNECTION", format!("mysql://u:{MARKER}@h/"))
        .env("OS_NEUTRON__PASSWORD", MARKER)
        .env(
            "OS_LIBVIRT__LIVE_MIGRATION_TIMEOUT_ACTION",
            format!("http://u:{MARKER}@h/"),
        )
        .output()
        .expect("novamend runs");
    assert!(
        output.status.code().is_some_and(|code| code <= 2),
        "{arguments:?}: {output:?}"
    );
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn assert_silent(directory: &Path, arguments: &[&str]) -> usize {
    let said = said(directory, arguments);
    let leak = said.lines().find(|line| line.contains(MARKER));
    assert!(
        leak.is_none(),
        "novamend {}: {}",
        arguments.join(" "),
        leak.unwrap_or_default()
    );
    said.len()
}

#[test]
fn no_command_and_no_format_shows_a_secret() {
    let directory = tempfile::tempdir().expect("a directory");
    assert!(secret_options().len() > 50, "the catalog forgot its secrets");
    for (name, text) in [("nova.conf", conf()), ("rejected.conf", rejected())] {
        fs::write(directory.path().join(name), text).expect("the directory is writable");
        let mut printed = 0;
        for (from, to) in [("newton", "rocky"), ("rocky", "34")] {
            for format in FORMATS {
                for more in [
                    &["check", "--pedantic"][..],
                    &["fix", "--unsafe-fixes", "--explicit"],
                    &["fix"],
                ] {
                    let shared = [
                        name,
                        "--from",
                        from,
                        "--to",
                        to,
                        "--format",
                        format,
                        "--fail-on",
                        "info",
                    ];
                    printed += assert_silent(directory.path(), &[more, &shared].concat());
                    let stack = [
                        "--config-file",
                        name,
                        "--env",
                        "--from",
                        from,
                        "--to",
                        to,
                        "--format",
                        format,
                    ];
                    printed += assert_silent(directory.path(), &[more, &stack].concat());
                }
            }
        }
        for format in ["pretty", "json"] {
            printed += assert_silent(directory.path(), &["where", "--all", name, "--format", format]);
            for option in ["database.connection", "DEFAULT.transport_url", "neutron.password"] {
                let arguments = [
                    "where",
                    option,
                    "--config-file",
                    name,
                    "--env",
                    "--release",
                    "34",
                    "--format",
                    format,
                ];
                printed += assert_silent(directory.path(), &arguments);
            }
        }
        assert!(printed > 10_000, "hardly anything was said of {name}");
        let write = [&[
            "fix",
            name,
            "--write",
            "--unsafe-fixes",
            "--from",
            "rocky",
            "--to",
            "34",
        ][..]]
        .concat();
        assert_silent(directory.path(), &write);
        assert_silent(directory.path(), &["undo", name]);
    }
}

#[test]
fn secrets_are_shown_when_they_are_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("nova.conf"), conf()).expect("the directory is writable");
    let said = said(directory.path(), &["where", "--all", "nova.conf", "--show-secrets"]);
    assert!(said.contains(MARKER));
}
