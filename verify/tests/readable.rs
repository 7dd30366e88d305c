//! A nova.conf that nova cannot read is refused by `verify` and `probe`, with file, line and option, in the words of `check`.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Exit code and standard error of a command over a file that holds `text`.
fn run(command: &str, text: &[u8]) -> (Option<i32>, String) {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("nova.conf");
    fs::write(&file, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_novamend-verify"))
        .args([command, "--to", "2025.1"])
        .arg(&file)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn what_stops_nova_is_refused_with_its_place() {
    for (text, said) in [
        (
            &b"[libvirt]\nno equals sign here\n"[..],
            "nova.conf:2:1: error[malformed-line]",
        ),
        (b"[libvirt\nvirt_type = kvm\n", "nova.conf:1:1: error[malformed-line]"),
        (b"virt_type = kvm\n", "nova.conf:1:1: error[malformed-line]"),
        (
            b"[libvirt]\n# novamend: ignore[malformed-line]\nno equals sign\n",
            "error[malformed-line]",
        ),
        (b"[libvirt]\nvirt_type = \xff\xfe\n", "error[undecodable-text]"),
        (b"\xef\xbb\xbf[libvirt]\nvirt_type = kvm\n", "error[byte-order-mark]"),
        (
            b"[libvirt]\nlive_migration_downtime = much\n",
            "nova.conf:2:27: error[invalid-value]",
        ),
        (b"[libvirt]\nlive_migration_downtime = 3\n", "error[invalid-value]"),
        (
            b"[libvirt]\nlive_migration_permit_post_copy = maybe\n",
            "live_migration_permit_post_copy",
        ),
        (
            b"[libvirt]\nlive_migration_downtime_steps =\n",
            "[empty-number-overrides]",
        ),
        (
            b"[libvirt]\nlive_migration_timeout_action = Abort\n",
            "error[invalid-action]",
        ),
        (
            b"[libvirt]\nlive_migration_completion_timeout = -1\n",
            "error[negative-timeout]",
        ),
        (
            b"[libvirt]\nlive_migration_inbound_addr = $no_such\n",
            "error[undefined-reference]",
        ),
    ] {
        for command in ["verify", "probe"] {
            let (code, err) = run(command, text);
            let text = String::from_utf8_lossy(text).into_owned();
            assert_eq!(code, Some(2), "{command} {text}: {err}");
            assert!(err.contains(said), "{command} {text}: {err}");
        }
    }
}

#[test]
fn what_does_not_concern_a_live_migration_stops_no_probe() {
    let (code, err) = run(
        "probe",
        b"[DEFAULT]\nmax_concurrent_builds = many\n[libvirt]\nvirt_type = qemu\n",
    );
    assert!(matches!(code, Some(0 | 1)) && err.is_empty(), "{err}");
}
