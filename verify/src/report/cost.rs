//! What a forced end costs a guest: the measured switch, the table of guests, and what it assumes.
//!
//! It reckons nothing.

use std::fmt::Write as _;
use std::time::Duration;

use maud::{Markup, html};

use super::Report;
use super::chart::ChartError;
use super::html::{Plain, figure};
use crate::shown::line as shown;
use crate::trial::cost::Felt;
use crate::trial::slow;
use crate::verdict::{Guest, Left, Limit, Price};

/// The heads of the columns after the guest's memory.
const COLUMNS: [&str; 6] = [
    "nova acts after",
    "one pass",
    "10 % left: post-copy, slow",
    "10 % left: pause",
    "all left: post-copy, slow",
    "all left: pause",
];

fn seconds(seconds: f64) -> String {
    slow::time(Duration::from_secs_f64(seconds))
}

/// A row under [`COLUMNS`].
fn cells(guest: &Guest) -> Vec<String> {
    let acts = guest
        .nova_acts_after_s
        .map_or_else(|| "never".to_owned(), |after| seconds(after as f64));
    let left = |left: &Left| [seconds(left.post_copy_s), seconds(left.pause_s)];
    let mut cells = vec![acts, seconds(guest.one_pass_s)];
    cells.extend(guest.left.iter().flat_map(left));
    cells
}

/// The parts of what was measured, as (name, value).
fn parts(felt: &Felt, price: &Price) -> Vec<(&'static str, String)> {
    let mut parts = vec![
        (
            "from nova's order until it was paused",
            format!("{:.0} ms", felt.order_to_downtime_ms),
        ),
        ("paused", format!("{:.0} ms", felt.downtime_ms)),
        (
            "slow after that",
            felt.slow
                .map_or_else(|| "not at all".to_owned(), slow::SlowPhase::words),
        ),
        ("its memory came at", format!("{:.0} MiB/s", felt.mib_per_second)),
    ];
    if let (Some(reckoned), Some(measured)) = (price.reckoned_s, price.measured_s) {
        let value = format!(
            "{}; by the speed of {} alone {}",
            seconds(measured),
            match price.limited_by {
                Some(Limit::Machine(sends)) => format!("this machine, which sent {sends:.0} MiB/s,"),
                _ => "the network".to_owned(),
            },
            seconds(reckoned)
        );
        parts.push(("until all had come", value));
    }
    parts
}

/// As lines of text; what is not known is in the list of what was not proven.
pub(super) fn text(price: &Price) -> String {
    let mut text = String::new();
    let Some(link) = &price.link else { return text };
    let _ = writeln!(text, "\nwhat a forced end costs a guest at {}", link.bits_per_second);
    if let Some(felt) = &price.felt {
        let _ = writeln!(
            text,
            "  the probe guest, switched to post-copy with {:.0} MiB left:",
            felt.left_mib
        );
        for (name, value) in parts(felt, price) {
            let _ = writeln!(text, "    {name}: {value}");
        }
    }
    let rows: Vec<Vec<String>> = price.guests.iter().map(cells).collect();
    let _ = writeln!(
        text,
        "  {:<9}{:>10}{:>9}    {:<18}     if all is left\n  {:<9}{:>10}{:>9}{:>11}{:>11}{:>11}{:>11}",
        "",
        "nova acts",
        "",
        "if 10 % is left",
        "guest",
        "after",
        "one pass",
        "post-copy",
        "pause",
        "post-copy",
        "pause"
    );
    for (guest, row) in price.guests.iter().zip(rows) {
        let _ = write!(text, "  {:<9}", format!("{} GiB", guest.memory_gib));
        for (cell, width) in row.iter().zip([10, 9, 11, 11, 11, 11]) {
            let _ = write!(text, "{cell:>width$}");
        }
        text.push('\n');
    }
    for sentence in &price.assumptions {
        let _ = writeln!(text, "  - {}", shown(sentence));
    }
    text
}

/// As a section of the page.
pub(super) fn section(report: &Report) -> Result<Markup, ChartError> {
    let (Some(price), cost) = (&report.verdict.cost, &report.session.cost) else {
        return Ok(html! {});
    };
    let Some(link) = &price.link else {
        return Ok(html! {});
    };
    let trial = cost.as_ref().and_then(|cost| cost.trial.as_deref()).zip(price.felt);
    let drawn = trial.map(|(trial, felt)| figure(trial, &caption(&felt))).transpose()?;
    Ok(html! {
        section {
            h2 { "What a forced end costs a guest at " (link.bits_per_second) }
            @if let Some(figure) = drawn { (figure) }
            @if let Some(felt) = &price.felt {
                table {
                    @for (name, value) in parts(felt, price) { tr { th scope="row" { (name) } td { (value) } } }
                }
            }
            h3 { "For your guests" }
            table.guests {
                tr { th { "guest" } @for column in COLUMNS { th { (column) } } }
                @for guest in &price.guests {
                    tr { td { (guest.memory_gib) " GiB" } @for cell in cells(guest) { td { (cell) } } }
                }
            }
            ul.faint { @for sentence in &price.assumptions { li { (Plain(sentence)) } } }
        }
    })
}

fn caption(felt: &Felt) -> String {
    format!(
        "A guest with {:.0} MiB is switched as soon as its memory begins to be copied, over a network of that speed in the \
         sandbox. It is paused until it has what it needs to run at the destination, then waits for each page that has not \
         come yet.",
        felt.left_mib
    )
}
