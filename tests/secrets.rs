//! A marker stands in every place where a secret can stand; it comes out of no command in no format.
//!
//! The options are those the catalog marks or names as secret in any release, and what people write beside them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use novamend::catalog::{self, Release};
use novamend::output::Format;
use novamend::output::envelope::Kind;

const MARKER: &str = "hush7marker";

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
            for format in Format::ALL {
                let (is_of_fix, format) = (!format.is_of_findings(), format.as_str());
                let verbs = [
                    &["check", "--pedantic"][..],
                    &["fix", "--unsafe-fixes", "--explicit"],
                    &["fix"],
                ];
                for more in verbs.iter().filter(|verb| is_of_fix || verb[0] == "check") {
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
                    printed += assert_silent(directory.path(), &[*more, &shared].concat());
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
                    printed += assert_silent(directory.path(), &[*more, &stack].concat());
                }
            }
        }
        for format in Format::of(Kind::Where).map(Format::as_str) {
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

/// Every other clothing that a secret comes in, one a line of the table, each in a section of its own; `M` is the secret.
const FORMS: &[&str] = &[
    "[vmware]\nhost_password = M\nhost_ip = $vmware.host_password\nhost_port = ${vmware.host_password}",
    "[libvirt]\nrbd_user_key = M\nrbd_user = M",
    "[libvirt]\nvirt_type = kvm # admin_password = M",
    "[libvirt]\nlive_migration_bandwidth = 5 ; token: M",
    "[database]\nconnection_parameters = user=x&password=M&charset=utf8",
    "[api]\nvendordata_url = http://h/?token=M",
    "[x]\ncommand = mount --password M --host h",
    "[x]\ncommand = curl -H 'Authorization: Bearer M'",
    "[x]\ndocument = {\"password\": \"M\", \"user\": \"x\"}",
    "[x]\ndocument = {\\\"secret_key\\\": \\\"M\\\"}",
    "[x]\nmount_options = username=a,password=M,vers=3",
    "[x]\nserver = u:M@host",
    "[x]\nserver = http://h:5000/,http://u:M@h",
    "[x]\nserver = http%3A%2F%2Fu%3AM%40h",
    "[x]\nserver = http://u:M@[fd00::1]:5672/",
    "[x]\nserver = mysql://u:a M@h/x",
    "[oslo_messaging_notifications]\ntransport_url = rabbit://a:M@h1:5672,b:M@h2:5672/x",
    "[libvirt]\nlive_migration_uri = qemu+ssh://u:M@%s/system",
    "[libvirt]\nlive_migration_inbound_addr = u:M@h",
    "[libvirt]\nlive_migration_scheme = u:M@h",
    "[libvirt]\nlive_migration_timeout_action = $my_password\nmy_password = M",
    "[libvirt]\ncpu_mode = M\nspice_password = M",
    "[database]\nconnection = mysql://nova:$plain@h/nova\nplain = M",
    "[filter_scheduler]\nenabled_filters = M,ComputeFilter\nhost_subset_size = M\nx_secret = M",
    "[libvirt]\ninject_password = M",
    "[neutron]\nAdminPassword = M",
    "[x]\npasswrd = M",
    "[x]\nadminpass = M",
    "[x]\naccesskey = M",
    "[x]\npasword = M",
    "[x]\nsecert = M",
    "[x]\nadmin_pw = M",
    "[x]\np4ssw0rd = M",
    "[x]\nPASSWORD2 = M",
    "[x]\npass-word = M",
    "[x]\npassword M = x",
    "[x]\npassword: M = x",
    "[x]\nmy --token M = x",
    "[password=M]\na = b",
    "[x password M]\na = b",
    "[http://u:M@h]\na = b",
    "[x]\n# admin password: M",
    "[x]\n#password M",
    "[x]\n# the password is M",
    "[x]\n; curl -u http://u:M@h",
    "[x]\n# password = a\n#   M",
    "[x]\n# password =\n#\tM",
    "[x]\npassword = a\n  M\n  # M",
    "[x]\nhost = kvm\n  admin_password = M",
    "[x]\npassword = 'M'  # M",
    "[x]\nkeep = -----BEGIN PRIVATE KEY-----\n  M\n  aGVs\n  -----END PRIVATE KEY-----",
    "[x]\n# -----BEGIN RSA PRIVATE KEY-----\n# M\n# -----END RSA PRIVATE KEY-----",
    "[x]\npassword = a$b\npassword = M",
];
/// The same in files that oslo.config rejects.
const REJECTED: &[&str] = &[
    "[x]\npassword\nM",
    "[x]\npassword = \n\n  M",
    "[x]\npassword =\n# note\nM",
    "[x]\npassword hush = \nM",
    "[password]\n  M",
    "[x]\nhost M\nadmin_password = M",
    "[x]\n-----BEGIN PRIVATE KEY-----\nM\naGVsbG8gd29ybGQ\n-----END PRIVATE KEY-----",
    "[x # password = M\na = b",
    "password = M\n[x]",
    "[x]\nAKIAIOSFODNN7EXAMPLEM",
    "[x]\n= password M",
    "[x]\nrun --token M",
];

fn planted(forms: &[&str]) -> String {
    let planted = forms
        .iter()
        .enumerate()
        .map(|(number, form)| form.replace('M', &marker(number)) + "\n");
    format!(
        "[libvirt]\nlive_migration_progress_timeout = 0\nlive_migration_permit_post_copy = true\n{}",
        planted.collect::<String>()
    )
}

/// A secret of its own for each form.
fn marker(number: usize) -> String {
    format!("hush7{number:02}marker")
}

fn runs(name: &str) -> Vec<Vec<&str>> {
    let mut runs = Vec::new();
    for format in Format::ALL {
        let (is_of_fix, format) = (!format.is_of_findings(), format.as_str());
        let verbs = [
            &["check", "--pedantic"][..],
            &["fix", "--unsafe-fixes", "--explicit", "--when", "upgrade"],
        ];
        for more in verbs.into_iter().filter(|verb| is_of_fix || verb[0] == "check") {
            let shared = [
                "--from",
                "rocky",
                "--to",
                "34",
                "--format",
                format,
                "--fail-on",
                "never",
            ];
            runs.push([more, &[name], &shared].concat());
            runs.push([more, &["--config-file", name, "--env"], &shared].concat());
        }
    }
    for format in Format::of(Kind::Where).map(Format::as_str) {
        runs.push(vec!["where", "--all", name, "--format", format]);
        for option in [
            "vmware.host_ip",
            "vmware.host_port",
            "libvirt.rbd_user",
            "libvirt.virt_type",
            "libvirt.live_migration_uri",
            "libvirt.live_migration_timeout_action",
            "libvirt.cpu_mode",
            "libvirt.inject_password",
            "database.connection",
            "x.command",
            "filter_scheduler.host_subset_size",
        ] {
            runs.push(vec![
                "where",
                option,
                name,
                "--env",
                "--release",
                "34",
                "--format",
                format,
            ]);
        }
    }
    runs.push(vec!["check", name, "--from", "rocky", "--to", "34", "--write-ignores"]);
    runs.push(vec!["check", name, "--settings", name]);
    runs.push(vec!["check", name, "--extra-catalog", name]);
    runs.push(vec![
        "verify",
        name,
        "--to",
        "34",
        "--source",
        "qemu+ssh://u:hush700marker@h/system",
    ]);
    runs.push(vec!["check", name, "--from", "http://u:hush700marker@h"]);
    runs.push(vec!["option", "http://u:hush700marker@h"]);
    runs.push(vec!["explain", "token=hush700marker"]);
    runs.push(vec![
        "fix",
        name,
        "--from",
        "rocky",
        "--to",
        "34",
        "--write",
        "--unsafe-fixes",
        "--when",
        "upgrade",
    ]);
    runs.push(vec!["undo", name]);
    runs
}

#[test]
fn no_clothing_of_a_secret_is_shown_by_any_command() {
    for forms in [FORMS, REJECTED] {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("nova.conf"), planted(forms)).expect("the directory is writable");
        let mut leaks = Vec::new();
        for arguments in runs("nova.conf") {
            let said = said(directory.path(), &arguments);
            for (number, form) in forms.iter().enumerate() {
                let line = said.lines().find(|line| line.contains(&marker(number)));
                leaks.extend(line.map(|line| format!("{form:?} by {}: {line}", arguments.join(" "))));
            }
            let settings = fs::read_to_string(directory.path().join("novamend.toml")).unwrap_or_default();
            assert!(!settings.contains("hush7"), "{settings}");
        }
        assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    }
}

#[test]
fn each_clothing_by_itself_is_hidden_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("nova.conf");
    let mut leaks = Vec::new();
    for (number, form) in FORMS.iter().chain(REJECTED).enumerate() {
        fs::write(&file, form.replace('M', &marker(number)) + "\n").expect("the directory is writable");
        for arguments in [
            &["check", "nova.conf", "--from", "rocky", "--to", "34", "--pedantic"][..],
            &["where", "--all", "nova.conf"],
            &[
                "fix",
                "nova.conf",
                "--from",
                "rocky",
                "--to",
                "34",
                "--unsafe-fixes",
                "--when",
                "upgrade",
                "--format",
                "json",
            ],
        ] {
            let said = said(directory.path(), arguments);
            let line = said.lines().find(|line| line.contains(&marker(number)));
            leaks.extend(line.map(|line| format!("{form:?} by {}: {line}", arguments.join(" "))));
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

#[test]
fn what_everybody_may_know_is_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let conf = "[libvirt]\ninject_password = true\n[cors]\nallow_credentials = false\n[quota]\nkey_pairs = 55\n\
        [keystone_authtoken]\nenforce_token_bind = strict\n[oslo_messaging_rabbit]\nrabbit_password = guest\n";
    fs::write(directory.path().join("nova.conf"), conf).expect("the directory is writable");
    let said = said(directory.path(), &["where", "--all", "nova.conf"]);
    for shown in [
        "inject_password = true",
        "allow_credentials = false",
        "key_pairs = 55",
        "enforce_token_bind = strict",
        "rabbit_password = guest",
    ] {
        assert!(said.contains(shown), "{shown} is not in {said}");
    }
}

#[test]
fn no_flag_and_no_number_of_the_catalog_is_masked_and_every_secret_is() {
    for option in Release::all().flat_map(catalog::options) {
        let value = match option.kind() {
            "boolean" => "true",
            "integer" | "port" => "7",
            "float" => "0.5",
            _ => "x7Marker",
        };
        let is_masked = novamend::redact::is_secret(option.name(), value);
        let is_number = value != "x7Marker";
        assert!(!(is_number && is_masked), "{} is masked for nothing", option.title());
        assert!(!option.is_secret() || is_masked, "{} is shown", option.title());
    }
}
