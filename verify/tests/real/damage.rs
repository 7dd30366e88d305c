//! Damage in the guest's memory must be seen: without that, a verdict of "memory whole" would mean nothing.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::ground::{Ground, Ran, below, need_kvm, need_real};
use crate::harness::{Test, tests};

/// Overwrites a word of a page that the guest has filled and checks, in the memory of the source's QEMU, until the run ends.
fn damage(child: &mut Child, memory: u64, at: u64) -> usize {
    let until = Instant::now() + Duration::from_secs(60);
    let mut written = 0;
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "it hangs");
        let processes = below(child.id());
        let is_incoming = |words: &[String]| words.iter().any(|word| word == "-incoming");
        let is_qemu = |words: &[String]| words.iter().any(|word| word.starts_with("guest=novamend-probe"));
        if processes.iter().any(|process| is_incoming(&process.arguments)) {
            let sources = processes
                .iter()
                .filter(|process| is_qemu(&process.arguments) && !is_incoming(&process.arguments));
            written += sources
                .filter(|process| overwrite(process.pid, memory, at).is_some())
                .count();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    written
}

fn overwrite(pid: i32, memory: u64, at: u64) -> Option<()> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    let start = maps.lines().find_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (from, to) = range.split_once('-')?;
        let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        (rest.starts_with("rw") && to - from == memory).then_some(from)
    })?;
    let file = File::options().write(true).open(format!("/proc/{pid}/mem")).ok()?;
    file.write_all_at(&[0xEE; 4], start + at).ok()
}

// software emulation acts within the first pass on an old QEMU, KVM later, when the guest has found the damage
fn a_guest_whose_memory_was_damaged_says_so() {
    need_real();
    sees_damage("--emulate");
}

fn a_guest_whose_memory_was_damaged_says_so_with_kvm_too() {
    need_real();
    need_kvm();
    sees_damage("");
}

fn sees_damage(words: &str) {
    let ground = Ground::new("live_migration_timeout_action = force_complete", "root");
    let cold_page = 0x10_0000 + 7 * 4096;
    let ran = Ran::patiently(|| {
        let mut child = ground.command(words, None).spawn().unwrap();
        let written = damage(&mut child, 24 << 20, cold_page + 2044);
        assert!(written > 0, "nothing was damaged");
        Ran::of(&child.wait_with_output().unwrap())
    });
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let held = format!("the guest's memory failed its check (the page at {cold_page:#x} held ");
    assert!(ran.headline().contains(&held), "{ran:?}");
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    a_guest_whose_memory_was_damaged_says_so,
    a_guest_whose_memory_was_damaged_says_so_with_kvm_too,
];
