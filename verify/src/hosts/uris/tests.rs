//! What the source's libvirt is handed, by two files in their roles; and what is refused before anything is opened.

use std::path::Path;

use novamend::catalog::Release;
use novamend::oslo::document::Document;
use novamend::oslo::stack::Stack;
use novamend::text::Source;

use super::*;

const SSH: &str = "qemu+ssh://root@host2:2222/system";

fn stack(name: &str, libvirt: &str) -> Stack {
    let text = format!("[libvirt]\n{libvirt}\n");
    Stack::of(Document::parse(Source::new(Path::new(name), text.into_bytes())))
}

fn between(source: &str, destination: Option<&str>, from: &str, to: &str) -> Result<Ways, String> {
    between_in(Release::NEWEST, source, destination, from, to)
}

fn between_in(release: Release, source: &str, destination: Option<&str>, from: &str, to: &str) -> Result<Ways, String> {
    let source = stack("source.conf", source);
    let destination = destination.map(|text| stack("destination.conf", text));
    let view = destination.as_ref().map(|stack| View::new(stack, release));
    ends(&View::new(&source, release), view.as_ref(), from, to).map_err(|error| error.to_string())
}

fn handed(source: &str, destination: Option<&str>, to: &str) -> (String, Option<String>, AddressFrom) {
    let ways = between(source, destination, "qemu:///system", to).unwrap();
    (ways.ends.peer, ways.ends.migration, ways.address_from)
}

#[test]
fn the_source_gives_uri_and_scheme_and_the_destination_its_address() {
    let peer = |source, destination| handed(source, destination, SSH).0;
    assert_eq!(peer("", None), "qemu+tcp://host2/system");
    assert_eq!(peer("live_migration_scheme = tls", None), "qemu+tls://host2/system");
    assert_eq!(
        peer("live_migration_uri = qemu+ssh://nova@%s/system", None),
        "qemu+ssh://nova@host2/system"
    );
    let address = "live_migration_inbound_addr = fd00::2";
    assert_eq!(
        handed("live_migration_scheme = tls", Some(address), SSH),
        (
            "qemu+tls://[fd00::2]/system".to_owned(),
            Some("tcp://[fd00::2]".to_owned()),
            AddressFrom::InboundAddress
        )
    );
    assert_eq!(
        peer("live_migration_uri = qemu+ssh://nova@%s/system", Some(address)),
        "qemu+ssh://nova@[fd00::2]/system"
    );
    assert_eq!(
        peer("", Some("[DEFAULT]\nhost = compute-2")),
        "qemu+tcp://compute-2/system"
    );
    assert_eq!(
        handed("", None, "qemu+tls://[fd00::3]:16514/system"),
        (
            "qemu+tcp://[fd00::3]/system".to_owned(),
            None,
            AddressFrom::DestinationUri
        )
    );
}

#[test]
fn of_each_file_only_what_its_role_gives_counts() {
    let evil = "live_migration_uri = qemu+ext://%s/system?command=/run/evil\nlive_migration_scheme = ext";
    assert_eq!(handed("", Some(evil), SSH).0, "qemu+tcp://host2/system");
    let source = "live_migration_inbound_addr = -oProxyCommand=evil";
    assert_eq!(
        handed(source, None, SSH),
        ("qemu+tcp://host2/system".to_owned(), None, AddressFrom::DestinationUri)
    );
    assert!(between(evil, Some(""), "qemu:///system", SSH).is_err());
}

#[test]
fn a_socket_of_this_machine_is_handed_on_as_it_is() {
    let socket = "qemu+unix:///system?socket=/run/b/libvirt-sock";
    let (peer, migration, from) = handed("", Some("live_migration_inbound_addr = 127.0.0.1"), socket);
    assert_eq!((peer.as_str(), from), (socket, AddressFrom::Nothing));
    assert_eq!(migration.as_deref(), Some("tcp://127.0.0.1"));
}

#[test]
fn a_uri_of_the_source_that_runs_a_command_is_refused_with_file_and_line() {
    for (line, why) in [
        (
            "live_migration_uri = qemu+ext://%s/system?command=/run/evil",
            "`ext` runs a command",
        ),
        (
            "live_migration_uri = QEMU+EXT://x/system?command=/run/%s",
            "`ext` runs a command",
        ),
        (
            "live_migration_uri = qemu+ext://x/system?command=/run/evil",
            "`ext` runs a command",
        ),
        (
            "live_migration_uri = qemu+ssh://%s/system?command=/run/evil",
            "`command` runs a command",
        ),
        (
            "live_migration_uri = qemu+ssh://%s/system?netcat=/run/evil",
            "`netcat` runs a command",
        ),
        (
            "live_migration_uri = qemu+ssh://-oProxyCommand=evil@%s/system",
            "user name begins with `-`",
        ),
        (
            "live_migration_uri = qemu+ssh://-oProxyCommand=%s/system",
            "host begins with `-`",
        ),
        ("live_migration_scheme = ext", "`ext` runs a command"),
        ("live_migration_scheme = EXT", "`ext` runs a command"),
        (
            "live_migration_scheme = ssh://x/system?command=/run/evil&no_tty=",
            "not one of tcp, tls",
        ),
        ("live_migration_scheme = unix", "cannot have a host"),
        ("live_migration_uri = test:///etc/evil.xml?%s", "driver is not `qemu`"),
        (
            "live_migration_uri = qemu+tcp://elsewhere/system?mode=%s",
            "not accepted",
        ),
        (
            "live_migration_uri = qemu+ssh://elsewhere/system?keyfile=/%s",
            "a host other than",
        ),
        ("live_migration_uri = qemu+tcp://a.%s/system", "a host other than"),
        ("live_migration_uri = qemu+tcp://%.3s/system", "a host other than"),
        (
            "live_migration_uri = qemu+tls://%s/system?pkipath=/run/evil",
            "only on the command line",
        ),
    ] {
        for to in [SSH, "qemu+unix:///system?socket=/run/b"] {
            let error = between(line, None, "qemu:///system", to).expect_err(line);
            assert!(error.contains(why), "{line}: {error}");
            assert!(error.contains("of the source (source.conf:2)"), "{line}: {error}");
            assert!(!error.contains("evil"), "no text of it is shown: {error}");
        }
    }
    // nova could not format it: the verdict says that, and the operator's own URI is handed on
    assert_eq!(handed("live_migration_uri = qemu+tcp://x/system", None, SSH).0, SSH);
}

#[test]
fn an_address_of_the_destination_is_an_address_alone() {
    for address in [
        "h/system?command=/run/evil",
        "h?command=/run/evil",
        "h#",
        "root@h",
        "-oProxyCommand=evil",
        "%2DoProxyCommand=evil",
        "h:22",
        "h x",
        "h\u{7f}",
        "fe80::1%eth0",
        "[fd00::2",
    ] {
        let file = format!("live_migration_inbound_addr = {address}");
        // from Stein on nova itself stops at such a value
        let rocky = Release::from_number(18).unwrap();
        let error = between_in(rocky, "", Some(&file), "qemu:///system", SSH).expect_err(address);
        let said = "`live_migration_inbound_addr` in nova.conf of the destination (destination.conf:2)";
        assert!(error.contains(said), "{address}: {error}");
    }
    let error = between("", Some("[DEFAULT]\nhost = -oProxyCommand=x"), "qemu:///system", SSH).unwrap_err();
    assert!(
        error.contains("`host` in nova.conf of the destination (destination.conf:3)"),
        "{error}"
    );
}

#[test]
fn what_the_operator_types_is_judged_too() {
    for (from, to, name) in [
        ("qemu+ext://x/system?command=/run/evil", SSH, "`--source`"),
        (SSH, "qemu+ext:///system?command=/run/evil", "`--dest`"),
        (SSH, "qemu+ssh://-oProxyCommand=evil/system", "`--dest`"),
        ("test:///default", SSH, "`--source`"),
        ("qemu+ssh://root:secret@h/system", SSH, "`--source`"),
    ] {
        let error = between("", None, from, to).unwrap_err();
        assert!(
            error.contains(name) && !error.contains("evil") && !error.contains("secret"),
            "{error}"
        );
    }
}

#[test]
fn a_nova_before_stein_puts_an_ipv6_address_in_without_brackets() {
    let of = |release| {
        let release = Release::from_number(release).unwrap();
        let address = Some("live_migration_inbound_addr = fd00::2");
        between_in(release, "", address, "qemu:///system", SSH).map(|ways| ways.ends.peer)
    };
    assert!(of(18).is_err());
    assert_eq!(of(19).unwrap(), "qemu+tcp://[fd00::2]/system");
}

#[test]
fn a_host_that_is_named_gets_the_uri_that_nova_makes_of_it() {
    let named = |source: &str, destination: Option<&str>, name: &str| {
        let source = stack("source.conf", source);
        let destination = destination.map(|text| stack("destination.conf", text));
        let view = destination.as_ref().map(|stack| View::new(stack, Release::NEWEST));
        let ends = ends_by_name(
            &View::new(&source, Release::NEWEST),
            view.as_ref(),
            "qemu:///system",
            name,
        );
        ends.map(|ends| (ends.destination, ends.migration))
            .map_err(|error| error.to_string())
    };
    let of = |uri: &str, migration: Option<&str>| Ok((uri.to_owned(), migration.map(str::to_owned)));
    assert_eq!(
        named("live_migration_scheme = tls", None, "host2"),
        of("qemu+tls://host2/system", None)
    );
    assert_eq!(
        named("", None, "192.0.2.7"),
        of("qemu+tcp://192.0.2.7/system", Some("tcp://192.0.2.7"))
    );
    assert_eq!(
        named("", None, "fd00::7"),
        of("qemu+tcp://[fd00::7]/system", Some("tcp://[fd00::7]"))
    );
    assert_eq!(
        named(
            "live_migration_uri = qemu+ssh://nova@%s/system",
            Some("live_migration_inbound_addr = 192.0.2.9"),
            "host2"
        ),
        of("qemu+ssh://nova@192.0.2.9/system", Some("tcp://192.0.2.9"))
    );
    for (source, name) in [
        ("live_migration_uri = qemu+ext://%s/system?command=/bin/x", "host2"),
        ("live_migration_uri = qemu+ssh://one/system", "host2"),
        ("", "-oProxyCommand=x"),
        ("", "host2/system?command=/bin/x"),
    ] {
        let refused = named(source, None, name).unwrap_err();
        assert!(
            refused.contains("refused before any connection was opened"),
            "{source} {name}: {refused}"
        );
    }
}
