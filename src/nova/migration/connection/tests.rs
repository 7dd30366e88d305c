//! What is taken, what is refused, and that what is written reads the same again.

use super::*;

fn of_a_file(uri: &str) -> Result<String, Refused> {
    Connection::parse(uri, Origin::File).map(|connection| connection.to_string())
}

fn typed(uri: &str) -> Result<String, Refused> {
    Connection::parse(uri, Origin::Typed).map(|connection| connection.to_string())
}

#[test]
fn what_runs_a_command_is_refused_from_wherever_it_comes() {
    for (uri, why) in [
        ("qemu+ext://h/system?command=/run/evil", Refused::Ext),
        ("QEMU+EXT://h/system?command=/run/evil", Refused::Ext),
        ("qemu+Ext:///system?command=/run/evil", Refused::Ext),
        ("xen+ext:/system?command=/run/evil", Refused::Ext),
        ("test+ext://h/default", Refused::Ext),
        ("qemu+ext:///system?command=/bin/touch /run/x\n", Refused::Ext),
        ("qemu+ssh:h/system?command=/bin/touch /run/x#", Refused::Runs("command")),
        ("qemu+ssh://h/system?command%00x=/run/evil", Refused::Runs("command")),
        ("qemu+ssh://h/system?command=/run/evil", Refused::Runs("command")),
        (
            "qemu+ssh://h/system?no_tty=1&COMMAND=/run/evil",
            Refused::Runs("command"),
        ),
        (
            "qemu+ssh://h/system?no_tty=1;command=/run/evil",
            Refused::Runs("command"),
        ),
        ("qemu+ssh://h/system?c%6Fmmand=/run/evil", Refused::Runs("command")),
        ("qemu+ssh://h/system?netcat=/run/evil", Refused::Runs("netcat")),
        ("qemu+libssh2://h/system?netcat=/run/evil", Refused::Runs("netcat")),
    ] {
        assert_eq!(of_a_file(uri), Err(why), "{uri}");
        assert_eq!(typed(uri), Err(why), "{uri}");
        assert!(why.runs_a_command(), "{uri}");
    }
}

#[test]
fn what_ssh_may_take_for_an_option_is_refused() {
    for (uri, why) in [
        ("qemu+ssh://-oProxyCommand=evil/system", Refused::HostIsAnOption),
        ("qemu+ssh://%2DoProxyCommand=evil/system", Refused::HostIsAnOption),
        ("qemu+ssh://root@-oProxyCommand=evil/system", Refused::HostIsAnOption),
        ("qemu+ssh://-oProxyCommand=evil@h/system", Refused::UserIsAnOption),
        ("qemu+ssh://%2doProxyCommand=evil@h/system", Refused::UserIsAnOption),
    ] {
        assert_eq!(of_a_file(uri), Err(why), "{uri}");
        assert_eq!(typed(uri), Err(why), "{uri}");
    }
}

#[test]
fn what_may_be_read_in_two_ways_is_refused() {
    for (uri, why) in [
        ("", Refused::Form),
        ("alias", Refused::Form),
        ("qemu:/system", Refused::Form),
        ("qemu+tcp:h/system", Refused::Form),
        ("qemu+tcp://h/system#x", Refused::Form),
        ("qemu+tcp://h/sys tem", Refused::Odd),
        ("qemu+tcp://h/system\n", Refused::Odd),
        ("qemu+tcp://h\u{1b}/system", Refused::Odd),
        ("qemu+tcp://h\u{e9}/system", Refused::Odd),
        ("qemu+rdma://h/system", Refused::Transport),
        ("qemu+qemu+tls://h/system", Refused::Transport),
        ("qemu+://h/system", Refused::Transport),
        ("test:///default", Refused::Driver),
        ("test:///etc/evil.xml", Refused::Driver),
        ("esx://h/?no_verify=1", Refused::Driver),
        ("QEMU+tcp://h/system", Refused::Driver),
        ("remote+tcp://h/system", Refused::Driver),
        ("qemu:///embed?root=/run/evil", Refused::Path),
        ("qemu+tcp://h", Refused::Path),
        ("qemu+tcp://h/system/", Refused::Path),
        ("qemu+tcp://h//system", Refused::Path),
        ("qemu+tcp://h/%73ystem", Refused::Path),
        ("qemu+tcp:///system", Refused::NoHost),
        ("qemu+ssh://root@/system", Refused::NoHost),
        ("qemu+unix://h/system", Refused::HostOfASocket),
        ("qemu+ssh://a@b@c/system", Refused::OddHost),
        ("qemu+ssh://root:secret@h/system", Refused::OddUser),
        ("qemu+ssh://a%20b@h/system", Refused::OddUser),
        ("qemu+ssh://@h/system", Refused::OddUser),
        ("qemu+tcp://h%2Fx/system", Refused::OddHost),
        ("qemu+tcp://a=b/system", Refused::OddHost),
        ("qemu+tcp://fd00::2/system", Refused::Port),
        ("qemu+tcp://[fe80::1%25eth0]/system", Refused::OddHost),
        ("qemu+tcp://[h]/system", Refused::OddHost),
        ("qemu+tcp://[::1/system", Refused::OddHost),
        ("qemu+tcp://h:/system", Refused::Port),
        ("qemu+tcp://h:0/system", Refused::Port),
        ("qemu+tcp://h:65536/system", Refused::Port),
        ("qemu+tcp://h:+1/system", Refused::Port),
        ("qemu+tcp://[::1]x/system", Refused::OddHost),
        ("qemu+tcp://h/system?", Refused::Query),
        ("qemu+ssh://h/system?no_tty", Refused::Query),
        ("qemu+ssh://h/system?no_tty=1&", Refused::Query),
        ("qemu+ssh://h/system?no_tty=1&NO_TTY=0", Refused::Query),
        ("qemu+tcp://h/system?mode=auto;x=y", Refused::Query),
        ("qemu+tcp://h/system?mode=%zz", Refused::Query),
        ("qemu+tcp://h/system?mode=%0a", Refused::Query),
        ("qemu+tcp://h/system?name=test:///default", Refused::Parameter),
        ("qemu+tcp://h/system?command=/run/evil", Refused::Parameter),
        ("qemu+tcp://h/system?keyfile=/x", Refused::Parameter),
        ("qemu+tcp://h/system?auth=none", Refused::Parameter),
        ("qemu+tcp://h/system?token=X", Refused::Parameter),
        ("qemu+tcp://h/system?mode=evil", Refused::Value("mode")),
        (
            "qemu+ssh://h/system?keyfile=-oProxyCommand=x",
            Refused::Value("keyfile"),
        ),
        ("qemu+ssh://h/system?keyfile=/x%27;evil", Refused::Query),
        ("qemu+ssh://h/system?keyfile=/x%27%3Bevil", Refused::Value("keyfile")),
        ("qemu+ssh://h/system?keyfile=/x$(evil)", Refused::Value("keyfile")),
    ] {
        assert_eq!(of_a_file(uri), Err(why), "{uri}");
        assert_eq!(typed(uri), Err(why), "{uri}");
        assert!(!why.runs_a_command(), "{uri}");
    }
    assert_eq!(
        of_a_file(&format!("qemu+tcp://h/system?mode={}", "a".repeat(4096))),
        Err(Refused::Odd)
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
        assert_eq!(of_a_file(uri), Err(Refused::OnlyTyped(name)), "{uri}");
        assert_eq!(typed(uri).as_deref(), Ok(uri));
    }
    assert_eq!(typed("qemu:///session").as_deref(), Ok("qemu:///session"));
    assert_eq!(of_a_file("qemu:///session"), Err(Refused::Path));
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
