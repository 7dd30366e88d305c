//! Hosts that cannot: each gets a named diagnosis and an end, never a bare library error and never a hang.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

use crate::ground::{Ground, NOBODY, Ran, need_real, userfaultfd_is_open};
use crate::harness::{Test, tests};

const POST_COPY: &str = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true";
const PAUSE: &str = "live_migration_timeout_action = force_complete";
const COVER_DAEMON: &str = "cp /usr/sbin/libvirtd \"$HERE/real\"; mount --bind \"$HERE/stand-in\" /usr/sbin/libvirtd;";
/// QEMU 8.1 and newer tries the device before the system call.
const COVER_DEVICE: &str = "test ! -e /dev/userfaultfd || mount --bind /dev/null /dev/userfaultfd;";

fn ground(libvirt: &str, user: &str) -> Ground {
    Ground::new(libvirt, user)
}

/// No more than this may anything here take; a run that hangs is killed and told.
pub(crate) fn ended(mut child: Child) -> Ran {
    let until = Instant::now() + Duration::from_secs(120);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("it hangs: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ran::of(&child.wait_with_output().unwrap())
}

/// The numbers on x86-64 of the system calls that are denied here.
const USERFAULTFD: i64 = 323;
const UNSHARE: i64 = 272;

fn without(call: i64) -> BpfProgram {
    let filter = SeccompFilter::new(
        [(call, Vec::new())].into_iter().collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(1),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    filter.unwrap().try_into().unwrap()
}

#[allow(unsafe_code)]
fn deny(call: i64, command: &mut Command) {
    let filter = without(call);
    // SAFETY: between fork and exec only prctl and seccomp are called.
    unsafe {
        command.pre_exec(move || seccompiler::apply_filter(&filter).map_err(std::io::Error::other));
    }
}

fn cannot_post_copy(ran: &Ran) {
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let headline = ran.headline();
    assert!(
        headline.starts_with("every live migration to this host will fail: post-copy is permitted but QEMU, as "),
        "{headline}"
    );
    let remedy = ran.remedy();
    assert!(
        remedy.contains("live_migration_permit_post_copy = false (force_complete then pauses the guest; this worked"),
        "{remedy}"
    );
    assert_eq!(ran.failed_checks("pause"), Vec::<String>::new());
}

fn a_seccomp_profile_without_userfaultfd_stops_every_migration() {
    need_real();
    let ground = ground(POST_COPY, "root");
    let mut command = ground.command_on(COVER_DEVICE, "--emulate");
    deny(USERFAULTFD, &mut command);
    let ran = ended(command.spawn().unwrap());
    cannot_post_copy(&ran);
    let remedy = ran.remedy();
    assert!(remedy.contains("seccomp"), "{remedy}");
}

/// The first argument of this program in the place of the destination's daemon; the daemon and its own arguments follow.
pub(crate) const DAEMON: &str = "daemon-without-userfaultfd";

/// Becomes the daemon, which may not use userfaultfd.
pub(crate) fn become_daemon(program: &str, arguments: &[&str]) -> ! {
    let mut command = Command::new(program);
    command.args(arguments);
    deny(USERFAULTFD, &mut command);
    panic!("{}", command.exec());
}

fn a_seccomp_profile_on_the_destination_alone_is_enough() {
    need_real();
    let ground = ground(POST_COPY, "root");
    let own = ground.own_tests();
    let body = format!(
        "case \"$*\" in\n\
         */b/daemon.conf*) exec '{}' {DAEMON} \"$REAL\" \"$@\" ;;\n*) exec \"$REAL\" \"$@\" ;;\nesac",
        own.display()
    );
    ground.stand_in("stand-in", &body);
    let script = format!("{COVER_DAEMON} {COVER_DEVICE}");
    cannot_post_copy(&ended(ground.command_on(&script, "--emulate").spawn().unwrap()));
}

fn qemu_as_a_user_without_userfaultfd_is_named() {
    need_real();
    let ran = ended(ground(POST_COPY, "nobody").command("--emulate", None).spawn().unwrap());
    if userfaultfd_is_open() {
        assert_eq!(ran.code, Some(0), "{ran:?}");
        return;
    }
    cannot_post_copy(&ran);
    assert!(
        ran.headline().contains("QEMU, as nobody, may not use userfaultfd"),
        "{ran:?}"
    );
    let remedy = ran.remedy();
    assert!(remedy.starts_with("set vm.unprivileged_userfaultfd = 1"), "{remedy}");
}

fn a_host_without_kvm_is_tried_in_software_emulation_and_told_so() {
    need_real();
    let own_dev = "mkdir \"$HERE/dev\"; mount -t tmpfs none \"$HERE/dev\"; \
                   for name in null zero full random urandom tty; do : > \"$HERE/dev/$name\"; \
                   mount --bind /dev/$name \"$HERE/dev/$name\"; done; mount --rbind \"$HERE/dev\" /dev;";
    let ran = ended(ground(PAUSE, "root").command_on(own_dev, "").spawn().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let conditions = &ran.report()["session"]["conditions"];
    assert_eq!(conditions["emulated"], true);
    assert_eq!(conditions["why_emulated"], "there is no /dev/kvm");
    let not_proven = ran.report()["verdict"]["not_proven"].to_string();
    assert!(
        not_proven.contains("KVM was not tested, only software emulation (there is no /dev/kvm)"),
        "{not_proven}"
    );
}

fn a_missing_program_is_named_with_its_package() {
    need_real();
    let ground = ground(PAUSE, "root");
    for (script, what, package) in [
        (
            "for at in /usr/sbin/libvirtd /usr/sbin/virtqemud; do test ! -e $at || mount --bind /dev/null $at; done;",
            "neither libvirtd nor virtqemud is installed",
            "libvirt-daemon",
        ),
        (
            "for at in /usr/bin/qemu-system-x86_64 /usr/bin/qemu-kvm /usr/libexec/qemu-kvm; do \
             test ! -e $at || mount --bind /dev/null $at; done;",
            "no QEMU for x86-64 is installed",
            "qemu-system-x86",
        ),
    ] {
        let ran = ended(ground.command_on(script, "").spawn().unwrap());
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(what) && ran.err.contains(package), "{ran:?}");
        assert_eq!(ran.out, "");
    }
}

fn a_libvirt_that_is_too_old_for_the_release_is_named() {
    need_real();
    let ground = ground(PAUSE, "root");
    ground.stand_in(
        "stand-in",
        "case \"$*\" in --version) echo 'libvirtd (libvirt) 5.0.0' ;; *) exec \"$REAL\" \"$@\" ;; esac",
    );
    let ran = ended(ground.command_on(COVER_DAEMON, "--emulate").spawn().unwrap());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let headline = ran.headline();
    assert!(
        headline.starts_with("live migration will not be possible on this host: libvirt 5.0.0 is older than "),
        "{headline}"
    );
    assert_eq!(ran.remedy(), "upgrade libvirt before nova");
    assert_eq!(
        ran.failed_checks("pause"),
        Vec::<String>::new(),
        "what works is shown all the same"
    );
}

fn a_refusal_where_apparmor_is_on_says_where_to_look() {
    need_real();
    let ground = ground(PAUSE, "root");
    ground.stand_in(
        "stand-in",
        "case \"$*\" in --version) exec \"$REAL\" \"$@\" ;; esac; echo 'libvirtd: /dev/null: Permission denied' >&2; \
         exit 1",
    );
    let apparmor = "mount -t tmpfs none /sys/module; mkdir -p /sys/module/apparmor/parameters; \
                    echo Y > /sys/module/apparmor/parameters/enabled;";
    let script = format!("{COVER_DAEMON} {apparmor}");
    let ran = ended(ground.command_on(&script, "--emulate").spawn().unwrap());
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err
            .contains("/dev/null: Permission denied; AppArmor is on: check with `journalctl"),
        "{ran:?}"
    );
}

fn where_namespaces_are_refused_it_says_what_would_allow_them() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    for (uid, remedy) in [(None, "CAP_SYS_ADMIN"), (Some(NOBODY), "allow user namespaces")] {
        let mut command = ground.command("--emulate", uid);
        deny(UNSHARE, &mut command);
        let ran = ended(command.spawn().unwrap());
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(
            ran.err.contains("cannot create namespaces") && ran.err.contains(remedy),
            "{ran:?}"
        );
    }
    let mut inside = Command::new("unshare");
    inside
        .args(["--user", "--map-root-user"])
        .arg(&ground.program)
        .args(ground.arguments("--emulate"));
    let output = inside.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("this is root of a user namespace"), "{said}");
}

fn an_awkward_host_is_no_obstacle() {
    need_real();
    let script = "mount -t tmpfs -o ro none /var/cache; mount --rbind /var /var; mount -o remount,ro,bind /var; \
                  mount -t tmpfs -o size=4k none /tmp; mkdir '/tmp/huge pages'; \
                  mount -t hugetlbfs none '/tmp/huge pages' || ! grep -q hugetlbfs /proc/filesystems; \
                  mount -o remount,ro /tmp; mount -t tmpfs -o ro,size=4k none /run; \
                  export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere; taskset -p 1 $$ > /dev/null;";
    let ground = Ground::under(Path::new("/var/tmp"), PAUSE, "root");
    let ran = ended(ground.command_on(script, "--emulate").spawn().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.failed_checks("pause"), Vec::<String>::new());
}

fn a_daemon_that_starts_slowly_is_waited_for() {
    need_real();
    let ground = ground(PAUSE, "root");
    ground.stand_in("stand-in", "sleep 3; exec \"$REAL\" \"$@\"");
    let ran = ended(
        ground
            .command_on(COVER_DAEMON, "--emulate --action abort")
            .spawn()
            .unwrap(),
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.report()["session"]["ready_after"].as_f64().unwrap() > 3.0,
        "{ran:?}"
    );
}

fn a_daemon_that_ends_or_never_listens_is_told_from_the_other() {
    need_real();
    let ground = ground(PAUSE, "root");
    for (body, said) in [
        (
            "test \"$1\" = --version && exec \"$REAL\" \"$@\"; echo 'error : no such luck' >&2; exit 3",
            "exited before it was listening (exit status: 3)",
        ),
        (
            "test \"$1\" = --version && exec \"$REAL\" \"$@\"; exec sleep 1000",
            "was not listening after 2 s",
        ),
    ] {
        ground.stand_in("stand-in", body);
        let ran = ended(
            ground
                .command_on(COVER_DAEMON, "--emulate --patience 2")
                .spawn()
                .unwrap(),
        );
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(
            ran.err.contains("starting two private libvirt daemons") && ran.err.contains(said),
            "{ran:?}"
        );
    }
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    a_seccomp_profile_without_userfaultfd_stops_every_migration,
    a_seccomp_profile_on_the_destination_alone_is_enough,
    qemu_as_a_user_without_userfaultfd_is_named,
    a_host_without_kvm_is_tried_in_software_emulation_and_told_so,
    a_missing_program_is_named_with_its_package,
    a_libvirt_that_is_too_old_for_the_release_is_named,
    a_refusal_where_apparmor_is_on_says_where_to_look,
    where_namespaces_are_refused_it_says_what_would_allow_them,
    an_awkward_host_is_no_obstacle,
    a_daemon_that_starts_slowly_is_waited_for,
    a_daemon_that_ends_or_never_listens_is_told_from_the_other,
];
