//! Damage in the guest's memory must be seen: without that, a verdict of "memory whole" would mean nothing.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::ground::{Ground, alone, below, is_missing};

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

#[test]
fn a_guest_whose_memory_was_damaged_says_so() {
    let _machine = alone();
    if is_missing() {
        return;
    }
    let ground = Ground::new("live_migration_timeout_action = force_complete", "root");
    let mut child = ground.command("--emulate", None).spawn().unwrap();
    let cold_page = 0x10_0000 + 7 * 4096;
    let written = damage(&mut child, 24 << 20, cold_page + 2044);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(written > 0, "nothing was damaged");
    assert_eq!(output.status.code(), Some(1), "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let checks = report["session"]["trials"][0]["judgement"]["checks"]
        .as_array()
        .unwrap()
        .clone();
    let whole = checks
        .iter()
        .find(|check| check["what"] == "the guest's memory is whole")
        .unwrap();
    assert_eq!(whole["holds"], false);
    let seen = whole["seen"].as_str().unwrap();
    assert!(seen.starts_with(&format!("the page at {cold_page:#x} held ")), "{seen}");
}
