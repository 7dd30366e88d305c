//! The reports as lines of text.
//!
//! It knows no colour: the words carry everything.

use std::fmt::Write as _;

use novamend::catalog::Release;

use crate::host::{Line, Status};
use crate::report::{Report, cost, cut, novas_part};
use crate::shown::line as shown;
use crate::trial::kind;
use crate::trial::messages::Evidence;
use crate::verdict::Conclusion;

/// `probe` as text.
#[must_use]
pub fn probe(release: &str, lines: &[Line]) -> String {
    let mut text = format!("what this host can do, checked for {release}:\n");
    for line in lines {
        let _ = writeln!(
            text,
            "  {:<10} {:<12} {}",
            line.status.words(),
            line.about,
            shown(&line.why)
        );
        if let Some(remedy) = &line.remedy {
            let _ = writeln!(text, "  {:<10} {:<12} → {}", "", "", shown(remedy));
        }
    }
    let failing = lines.iter().filter(|line| line.status == Status::Fails).count();
    let _ = writeln!(text, "{failing} of {} checks failed", lines.len());
    text
}

/// `verify` as text.
#[must_use]
pub fn report(report: &Report) -> String {
    let mut text = head(report);
    text.push('\n');
    for line in report.roles.words(report.session, report.plan.settings.release) {
        let _ = writeln!(text, "{}", shown(&line));
    }
    if let Some(tls) = &report.session.conditions.tls {
        let _ = writeln!(text, "native TLS {tls}");
    }
    if let Some(memory) = report.session.conditions.memory.words() {
        let _ = writeln!(text, "{memory}");
    }
    let _ = writeln!(text, "guest: {}", shown(report.session.conditions.shape.words()));
    if let Some(line) = report.nova() {
        let _ = writeln!(text, "{}", shown(&line));
    }
    for trial in &report.session.trials {
        text.push_str(&of_trial(trial, report.plan.settings.release));
    }
    for evidence in &report.session.cuts {
        text.push_str(&cut::text(evidence));
    }
    if let Some(price) = &report.verdict.cost {
        text.push_str(&cost::text(price));
    }
    text.push_str("\nnot proven:\n");
    for sentence in &report.verdict.not_proven {
        let _ = writeln!(text, "  - {}", shown(sentence));
    }
    text + &foot(report)
}

/// The verdict, and what is to be done.
fn head(report: &Report) -> String {
    let verdict = report.verdict;
    let mut text = match verdict.result {
        Conclusion::Works => format!("works: {}\n", shown(&verdict.headline)),
        Conclusion::DoesNotWork => format!("does not work: {}\n", shown(&verdict.headline)),
        Conclusion::NotProven => format!("{}\n", shown(&verdict.headline)),
    };
    if let Some(remedy) = &verdict.remedy {
        let _ = writeln!(text, "  → {}", shown(remedy));
    }
    for cause in verdict.causes.iter().skip(1) {
        let _ = writeln!(text, "also: {}", shown(&cause.what));
        if let Some(remedy) = &cause.remedy {
            let _ = writeln!(text, "  → {}", shown(remedy));
        }
    }
    if let Some(left) = &report.session.left {
        let _ = writeln!(text, "  ! {}", shown(left));
    }
    text
}

/// One trial: its checks, and how long the guest was paused.
fn of_trial(trial: &Evidence, release: Release) -> String {
    let mut text = String::new();
    let judgement = &trial.judgement;
    let _ = writeln!(
        text,
        "\n{}  ({})",
        trial.name(release),
        trial.request.flag_names().join(" ")
    );
    for line in novas_part(trial) {
        let _ = writeln!(text, "          {}", shown(&line));
    }
    for check in &judgement.checks {
        let mark = if check.holds { "ok    " } else { "FAILED" };
        let seen = if check.seen.is_empty() {
            String::new()
        } else {
            format!(": {}", shown(&check.seen))
        };
        let _ = writeln!(text, "  {mark}  {}{seen}", check.what);
    }
    for line in of_the_disk(trial) {
        let _ = writeln!(text, "          {line}");
    }
    if let (None, Some(time)) = (judgement.blackout_ms, judgement.libvirt_downtime_ms) {
        let _ = writeln!(text, "          libvirt reports {time} ms of downtime");
    }
    if let Some(silence) = judgement.notable_silence() {
        let time = silence.length().as_secs_f64() * 1000.0;
        let libvirt = judgement
            .libvirt_downtime_ms
            .map_or_else(String::new, |time| format!(" (libvirt reports {time} ms)"));
        let _ = if kind::of(judgement.action).moves {
            writeln!(text, "          the guest was paused for {time:.1} ms{libvirt}")
        } else {
            writeln!(
                text,
                "          for {time:.0} ms no heartbeat came, by the migration or because this machine is busy"
            )
        };
    }
    text
}

/// What the copy of a disk cost.
fn of_the_disk(trial: &Evidence) -> Vec<String> {
    let judgement = &trial.judgement;
    let mut lines = Vec::new();
    if let Some(time) = judgement.refused_ms {
        lines.push(format!(
            "libvirt refused it for {:.1} s, and nova ordered it again each half second",
            time / 1000.0
        ));
    }
    if let Some(bytes) = judgement.disk_remaining {
        let mib = bytes as f64 / 1_048_576.0;
        lines.push(format!(
            "{mib:.0} MiB of the disk were left to copy then, and all memory"
        ));
    }
    lines
}

/// Where and how it was tried.
fn foot(report: &Report) -> String {
    let machine = &report.machine;
    let conditions = &report.session.conditions;
    format!(
        "\nlibvirt {}, QEMU {}, Linux {}, QEMU as {}, {}; {} MiB guest rewriting {:.0} MiB, {} MiB/s; {:.1} s\n",
        shown(machine.libvirt.as_deref().unwrap_or("?")),
        shown(machine.qemu.as_deref().unwrap_or("?")),
        shown(&machine.kernel),
        shown(&conditions.qemu_user),
        if conditions.emulated {
            "software emulation"
        } else {
            "KVM"
        },
        conditions.memory_mib,
        conditions.hot_mib,
        conditions.bandwidth,
        report.session.seconds,
    )
}
