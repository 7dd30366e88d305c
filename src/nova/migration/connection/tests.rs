//! What is taken, what is refused, and that what is written reads the same again.

use super::*;

fn of_a_file(uri: &str) -> Result<String, UnsafeConnection> {
    Connection::parse(uri, Origin::File).map(|connection| connection.to_string())
}

fn typed(uri: &str) -> Result<String, UnsafeConnection> {
    Connection::parse(uri, Origin::Typed).map(|connection| connection.to_string())
}

#[test]
fn what_runs_a_command_is_refused_from_wherever_it_comes() {
    for (uri, why) in [
        ("qemu+ext://h/system?command=/run/evil", UnsafeConnection::Ext),
        ("QEMU+EXT://h/system?command=/run/evil", UnsafeConnection::Ext),
        ("qemu+Ext:///system?command=/run/evil", UnsafeConnection::Ext),
        ("xen+ext:/system?command=/run/evil", UnsafeConnection::Ext),
        ("test+ext://h/default", UnsafeConnection::Ext),
        ("qemu+ext:///system?command=/bin/touch /run/x\n", UnsafeConnection::Ext),
        (
            "qemu+ssh:h/system?command=/bin/touch /run/x#",
            UnsafeConnection::Runs("command"),
        ),
        (
            "qemu+ssh://h/system?command%00x=/run/evil",
            UnsafeConnection::Runs("command"),
        ),
        (
            "qemu+ssh://h/system?command=/run/evil",
            UnsafeConnection::Runs("command"),
        ),
        (
            "qemu+ssh://h/system?no_tty=1&COMMAND=/run/evil",
            UnsafeConnection::Runs("command"),
        ),
        (
            "qemu+ssh://h/system?no_tty=1;command=/run/evil",
            UnsafeConnection::Runs("command"),
        ),
        (
            "qemu+ssh://h/system?c%6Fmmand=/run/evil",
            UnsafeConnection::Runs("command"),
        ),
        ("qemu+ssh://h/system?netcat=/run/evil", UnsafeConnection::Runs("netcat")),
        (
            "qemu+libssh2://h/system?netcat=/run/evil",
            UnsafeConnection::Runs("netcat"),
        ),
    ] {
        assert_eq!(of_a_file(uri), Err(why), "{uri}");
        assert_eq!(typed(uri), Err(why), "{uri}");
        assert!(why.runs_a_command(), "{uri}");
    }
}

#[test]
fn what_ssh_may_take_for_an_option_is_refused() {
    for (uri, why) in [
        (
            "qemu+ssh://-oProxyCommand=evil/system",
            UnsafeConnection::HostIsAnOption,
        ),
        (
            "qemu+ssh://%2DoProxyCommand=evil/system",
            UnsafeConnection::HostIsAnOption,
        ),
        (
            "qemu+ssh://root@-oProxyCommand=evil/system",
            UnsafeConnection::HostIsAnOption,
        ),
        (
            "qemu+ssh://-oProxyCommand=evil@h/system",
            UnsafeConnection::UserIsAnOption,
        ),
        (
            "qemu+ssh://%2doProxyCommand=evil@h/system",
            UnsafeConnection::UserIsAnOption,
        ),
    ] {
        assert_eq!(of_a_file(uri), Err(why), "{uri}");
        assert_eq!(typed(uri), Err(why), "{uri}");
    }
}

#[test]
fn what_may_be_read_in_two_ways_is_refused() {
    for (uri, why) in [
        ("", UnsafeConnection::Form),
        ("alias", UnsafeConnection::Form),
        ("qemu:/system", UnsafeConnection::Form),
        ("qemu+tcp:h/system", UnsafeConnection::Form),
        ("qemu+tcp://h/system#x", UnsafeConnection::Form),
        ("qemu+tcp://h/sys tem", UnsafeConnection::Odd),
        ("qemu+tcp://h/system\n", UnsafeConnection::Odd),
        ("qemu+tcp://h\u{1b}/system", UnsafeConnection::Odd),
        ("qemu+tcp://h\u{e9}/system", UnsafeConnection::Odd),
        ("qemu+rdma://h/system", UnsafeConnection::Transport),
        ("qemu+qemu+tls://h/system", UnsafeConnection::Transport),
        ("qemu+://h/system", UnsafeConnection::Transport),
        ("test:///default", UnsafeConnection::Driver),
        ("test:///etc/evil.xml", UnsafeConnection::Driver),
        ("esx://h/?no_verify=1", UnsafeConnection::Driver),
        ("QEMU+tcp://h/system", UnsafeConnection::Driver),
        ("remote+tcp://h/system", UnsafeConnection::Driver),
        ("qemu:///embed?root=/run/evil", UnsafeConnection::Path),
        ("qemu+tcp://h", UnsafeConnection::Path),
        ("qemu+tcp://h/system/", UnsafeConnection::Path),
        ("qemu+tcp://h//system", UnsafeConnection::Path),
        ("qemu+tcp://h/%73ystem", UnsafeConnection::Path),
        ("qemu+tcp:///system", UnsafeConnection::NoHost),
        ("qemu+ssh://root@/system", UnsafeConnection::NoHost),
        ("qemu+unix://h/system", UnsafeConnection::HostOfASocket),
        ("qemu+ssh://a@b@c/system", UnsafeConnection::OddHost),
        ("qemu+ssh://root:secret@h/system", UnsafeConnection::OddUser),
        ("qemu+ssh://a%20b@h/system", UnsafeConnection::OddUser),
        ("qemu+ssh://@h/system", UnsafeConnection::OddUser),
        ("qemu+tcp://h%2Fx/system", UnsafeConnection::OddHost),
        ("qemu+tcp://a=b/system", UnsafeConnection::OddHost),
        ("qemu+tcp://fd00::2/system", UnsafeConnection::Port),
        ("qemu+tcp://[fe80::1%25eth0]/system", UnsafeConnection::OddHost),
        ("qemu+tcp://[h]/system", UnsafeConnection::OddHost),
        ("qemu+tcp://[::1/system", UnsafeConnection::OddHost),
        ("qemu+tcp://h:/system", UnsafeConnection::Port),
        ("qemu+tcp://h:0/system", UnsafeConnection::Port),
        ("qemu+tcp://h:65536/system", UnsafeConnection::Port),
        ("qemu+tcp://h:+1/system", UnsafeConnection::Port),
        ("qemu+tcp://[::1]x/system", UnsafeConnection::OddHost),
        ("qemu+tcp://h/system?", UnsafeConnection::Query),
        ("qemu+ssh://h/system?no_tty", UnsafeConnection::Query),
        ("qemu+ssh://h/system?no_tty=1&", UnsafeConnection::Query),
        ("qemu+ssh://h/system?no_tty=1&NO_TTY=0", UnsafeConnection::Query),
        ("qemu+tcp://h/system?mode=auto;x=y", UnsafeConnection::Query),
        ("qemu+tcp://h/system?mode=%zz", UnsafeConnection::Query),
        ("qemu+tcp://h/system?mode=%0a", UnsafeConnection::Query),
        ("qemu+tcp://h/system?name=test:///default", UnsafeConnection::Parameter),
        ("qemu+tcp://h/system?command=/run/evil", UnsafeConnection::Parameter),
        ("qemu+tcp://h/system?keyfile=/x", UnsafeConnection::Parameter),
        ("qemu+tcp://h/system?auth=none", UnsafeConnection::Parameter),
        ("qemu+tcp://h/system?token=X", UnsafeConnection::Parameter),
        ("qemu+tcp://h/system?mode=evil", UnsafeConnection::Value("mode")),
        (
            "qemu+ssh://h/system?keyfile=-oProxyCommand=x",
            UnsafeConnection::Value("keyfile"),
        ),
        ("qemu+ssh://h/system?keyfile=/x%27;evil", UnsafeConnection::Query),
        (
            "qemu+ssh://h/system?keyfile=/x%27%3Bevil",
            UnsafeConnection::Value("keyfile"),
        ),
        (
            "qemu+ssh://h/system?keyfile=/x$(evil)",
            UnsafeConnection::Value("keyfile"),
        ),
    ] {
        assert_eq!(of_a_file(uri), Err(why), "{uri}");
        assert_eq!(typed(uri), Err(why), "{uri}");
        assert!(!why.runs_a_command(), "{uri}");
    }
    assert_eq!(
        of_a_file(&format!("qemu+tcp://h/system?mode={}", "a".repeat(4096))),
        Err(UnsafeConnection::Odd)
    );
}

#[test]
fn whom_to_trust_and_where_to_connect_to_is_for_the_operator_to_say() {
    for (uri, name) in [
        ("qemu+unix:///system?socket=/run/b/libvirt-sock", "socket"),
        ("qemu+ssh://h/system?socket=/run/b/libvirt-sock", "socket"),
        ("qemu+ssh://h/system?no_verify=1", "no_verify"),
        ("qemu+tls://h/system?no_verify=1", "no_verify"),
        ("qemu+tls://h/system?pkipath=/run/pki", "pkipath"),
        ("qemu://h/system?pkipath=/run/pki", "pkipath"),
        ("qemu+tls://h/system?tls_priority=NORMAL", "tls_priority"),
        ("qemu+libssh://h/system?known_hosts=/run/known", "known_hosts"),
        ("qemu+libssh://h/system?known_hosts_verify=ignore", "known_hosts_verify"),
        ("qemu+libssh://h/system?sshauth=privkey%2Cagent", "sshauth"),
        ("qemu+ssh://h/system?proxy=netcat", "proxy"),
        ("qemu+tcp://h/system?authfile=/run/auth", "authfile"),
    ] {
        assert_eq!(of_a_file(uri), Err(UnsafeConnection::OnlyTyped(name)), "{uri}");
        assert_eq!(typed(uri).as_deref(), Ok(uri));
    }
    assert_eq!(typed("qemu:///session").as_deref(), Ok("qemu:///session"));
    assert_eq!(of_a_file("qemu:///session"), Err(UnsafeConnection::Path));
}

#[test]
fn a_uri_is_written_from_its_parts_and_reads_the_same_again() {
    for (uri, written) in [
        ("qemu+tcp://host2/system", "qemu+tcp://host2/system"),
        ("qemu+TLS://[FD00::2]:16514/system", "qemu+tls://[fd00::2]:16514/system"),
        ("qemu://host2/system", "qemu://host2/system"),
        ("qemu:///system", "qemu:///system"),
        (
            "qemu+ssh://nova_migration@host-2.example:2022/system?keyfile=%2Fetc%2Fnova%2Fid&NO_TTY=1",
            "qemu+ssh://nova_migration@host-2.example:2022/system?keyfile=/etc/nova/id&no_tty=1",
        ),
    ] {
        assert_eq!(of_a_file(uri).as_deref(), Ok(written));
        assert_eq!(of_a_file(written).as_deref(), Ok(written));
    }
    assert_eq!(
        typed("qemu+unix:///system?socket=/run/a%20b/sock").as_deref(),
        Ok("qemu+unix:///system?socket=/run/a%20b/sock")
    );
    let transport = |uri| Connection::parse(uri, Origin::File).unwrap().transport();
    assert_eq!(transport("qemu://host2/system"), Transport::Tls);
    assert_eq!(transport("qemu:///system"), Transport::Unix);
}
