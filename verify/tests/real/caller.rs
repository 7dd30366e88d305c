//! The caller's environment and account: nothing of them gives orders to libvirt, QEMU or the programs that root runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::broken_hosts::ended;
use crate::ground::{Ground, below, need_real};
use crate::harness::{Test, tests};

const PAUSE: &str = "live_migration_timeout_action = force_complete";

fn no_variable_of_the_caller_reaches_the_daemons_qemu_or_libvirts_client() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    let evil = ground.path("evil");
    fs::create_dir(&evil).unwrap();
    for name in ["libvirtd", "qemu-system-x86_64", "qemu-img", "ssh", "sh", "getent"] {
        let program = evil.join(name);
        fs::write(
            &program,
            format!("#!/bin/sh\necho {name} >> '{}/ran'\nexit 9\n", evil.display()),
        )
        .unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let log = evil.join("log");
    let mut command = ground.command("--emulate", None);
    let outputs = format!("1:file:{}", log.display());
    let place = evil.display().to_string();
    for (name, value) in [
        ("PATH", place.as_str()),
        ("LIBVIRT_DEBUG", "1"),
        ("LIBVIRT_LOG_OUTPUTS", &outputs),
        ("LIBVIRT_LOG_FILTERS", "1:*"),
        ("LIBVIRT_DEFAULT_URI", "test:///default"),
        ("LIBVIRT_AUTH_FILE", &place),
        ("LIBVIRT_DRIVER_DIR", &place),
        ("LIBVIRT_LOCK_MANAGER_PLUGIN_DIR", &place),
        ("LIBVIRT_AUTOSTART", "0"),
        ("LIBVIRTD_PATH", &place),
        ("VIRSH_DEFAULT_CONNECT_URI", "test:///default"),
        ("QEMU_AUDIO_DRV", "alsa"),
        ("QEMU_MODULE_DIR", &place),
        ("XDG_RUNTIME_DIR", &place),
        ("XDG_CACHE_HOME", &place),
        ("XDG_CONFIG_HOME", &place),
        ("TMPDIR", "/nonexistent"),
        ("PYTHONPATH", &place),
        ("LANG", "de_DE.UTF-8"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("LANGUAGE", "de"),
        ("MALLOC_PERTURB_", "7"),
        ("NOVAMEND_ANYTHING", "1"),
    ] {
        command.env(name, value);
    }
    let child = command.spawn().unwrap();
    let own = fs::canonicalize(command.get_program()).unwrap();
    let mut seen = 0;
    let mut found = Vec::new();
    while rustix::process::test_kill_process(rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap()).is_ok()
    {
        let processes = below(child.id());
        for process in &processes {
            // looked at first: what it becomes afterwards has an environment of its own
            let is_another = fs::read_link(format!("/proc/{}/exe", process.pid)).is_ok_and(|program| program != own);
            let words = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).into_owned();
            seen += usize::from(words.contains("LC_ALL=C"));
            let mut bad = vec![
                "evil",
                "LIBVIRT_DEBUG",
                "VIRSH",
                "QEMU_AUDIO_DRV=alsa",
                "tr_TR",
                "MALLOC",
            ];
            // a process of this program's that has not yet become another keeps the flags that were given as variables
            if is_another {
                bad.push("NOVAMEND");
            }
            found.extend(
                bad.iter()
                    .filter(|word| words.contains(*word))
                    .map(|word| format!("{word}: {words}")),
            );
        }
        if processes
            .iter()
            .any(|process| process.arguments.iter().any(|word| word == "-incoming"))
            || !found.is_empty()
        {
            break;
        }
        std::thread::yield_now();
    }
    let ran = ended(child);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(seen > 4, "no environment was seen");
    assert!(found.is_empty(), "{found:?}");
    let left: Vec<_> = fs::read_dir(&evil)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left.len(), 6, "nothing was written there and no program ran: {left:?}");
}

fn a_user_without_an_entry_in_the_user_database_is_told_at_once() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    let began = std::time::Instant::now();
    let ran = ground.verify("--emulate", Some(54321));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("uid 54321, has no entry in the user database"),
        "{ran:?}"
    );
    assert!(
        began.elapsed() < std::time::Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    no_variable_of_the_caller_reaches_the_daemons_qemu_or_libvirts_client,
    a_user_without_an_entry_in_the_user_database_is_told_at_once,
];
