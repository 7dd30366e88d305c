//! The report as one HTML file that needs nothing else: the verdict first, then the proof.
//!
//! It loads nothing from anywhere and runs no script.

use super::chart::{self, ChartError};
use super::timeline::{self, Row};
use super::{Report, cost, cut, novas_part};
use crate::shown;
use crate::trial::checks::Check;
use crate::trial::cut::CutEvidence;
use crate::trial::kind;
use crate::trial::messages::Evidence;
use crate::verdict::{Conclusion, Verdict};
use maud::{DOCTYPE, Markup, PreEscaped, Render, html};

const STYLE: &str = include_str!("style.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page.
///
/// # Errors
/// A chart could not be drawn.
pub fn page(report: &Report) -> Result<String, ChartError> {
    let verdict = report.verdict;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (word(verdict)) " – novamend verify" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (head(report))
                    (list("What the trials showed", &verdict.shown))
                    (list("What was not proven", &verdict.not_proven))
                    (cost::section(report)?)
                    @for evidence in &report.session.trials { (trial(evidence)?) }
                    @for evidence in &report.session.cuts { (one_cut(evidence)) }
                    (configuration(report))
                    (conditions(report))
                }
            }
        }
    };
    Ok(page.into_string() + "\n")
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict.result {
        Conclusion::Works => "works as configured",
        Conclusion::DoesNotWork => "does not work as configured",
        Conclusion::NotProven => "not proven",
    }
}

fn head(report: &Report) -> Markup {
    let verdict = report.verdict;
    let class = match verdict.result {
        Conclusion::Works => "works",
        Conclusion::DoesNotWork | Conclusion::NotProven => "fails",
    };
    html! {
        div.verdict.(class) {
            p.word { (word(verdict)) }
            h1 { (Marked(&verdict.headline)) }
            @if let Some(remedy) = &verdict.remedy { p { "What to do: " (Marked(remedy)) } }
            @for cause in verdict.causes.iter().skip(1) {
                p {
                    "Also: " (Marked(&cause.what)) "."
                    @if let Some(remedy) = &cause.remedy { " What to do: " (Marked(remedy)) }
                }
            }
            @if let Some(left) = &report.session.left { p { "Left behind: " (Marked(left)) } }
        }
        p.faint {
            (Plain(&report.machine.host)) " · nova " (Plain(&report.plan.settings.release.to_string())) " · " (Plain(&report.made_at))
        }
    }
}

fn list(title: &str, sentences: &[String]) -> Markup {
    html! {
        @if !sentences.is_empty() {
            h3 { (title) }
            ul { @for sentence in sentences { li { (Marked(sentence)) } } }
        }
    }
}

fn trial(evidence: &Evidence) -> Result<Markup, ChartError> {
    let has_curve = evidence.trace.samples.iter().any(|sample| sample.iteration > 0);
    let flags = evidence.request.flag_names().join(" ");
    Ok(html! {
        section {
            h2 {
                (evidence.judgement.action.words())
                @if let Some(phase) = evidence.phase { ", " (phase.words()) }
            }
            @if has_curve { (figure(evidence, &caption(evidence))?) } @else {
                p.faint { "The migration ended before the first pass; there is nothing to draw." }
            }
            ul.checks { @for one in &evidence.judgement.checks { (check(one)) } }
            (history(&timeline::rows(evidence)))
            p.faint { "Flags: " code { (flags) } }
            @for line in &novas_part(evidence) { p.faint { (Plain(line)) } }
        }
    })
}

/// A cut: what was seen, what must hold, and when what happened.
fn one_cut(evidence: &CutEvidence) -> Markup {
    html! {
        section {
            h2 { (evidence.cut.words()) }
            table {
                @for (about, said) in &cut::lines(evidence) { tr { th scope="row" { (about) } td { (Plain(said)) } } }
            }
            ul.checks { @for one in &evidence.checks { (check(one)) } }
            (history(&timeline::rows_of_cut(evidence)))
            p.faint { "Flags: " code { (evidence.request.flag_names().join(" ")) } }
        }
    }
}

/// What happened when.
fn history(rows: &[Row]) -> Markup {
    html! {
        h3 { "Timeline" }
        table {
            tr { th.time { "ms" } th { "who" } th { "what" } }
            @for row in rows {
                tr.(row.who.word()) {
                    td.time { (row.at.as_millis()) }
                    td.who { (row.who.word()) }
                    td { (Plain(&row.what)) }
                }
            }
        }
    }
}

/// The chart of a trial for wide and for narrow pages, and what it shows in words.
pub(super) fn figure(evidence: &Evidence, caption: &str) -> Result<Markup, ChartError> {
    Ok(html! {
        figure {
            (PreEscaped(chart::draw(evidence, chart::WIDE)?))
            (PreEscaped(chart::draw(evidence, chart::NARROW)?))
            figcaption { (Plain(caption)) }
        }
    })
}

fn check(check: &Check) -> Markup {
    let (class, mark) = if check.holds { ("yes", "ok") } else { ("no", "failed") };
    html! {
        li {
            b.(class) { (mark) }
            (Plain(&check.what))
            @if !check.seen.is_empty() { ": " (Plain(&check.seen)) }
        }
    }
}

/// What the curve shows, in words.
fn caption(evidence: &Evidence) -> String {
    let judgement = &evidence.judgement;
    let mut said = vec![
        "Each pass sends the memory that the guest wrote during the one before: what is left falls, and jumps up when \
         the next pass begins. The migration ends by itself only once a pass begins with less left than the threshold: the \
         speed times the downtime that nova allows."
            .to_owned(),
    ];
    if let Some(bytes) = judgement.remaining {
        said.push(format!(
            "{:.1} MiB were left when nova acted.",
            bytes as f64 / 1_048_576.0
        ));
    }
    if let Some(silence) = judgement.notable_silence() {
        let time = silence.length().as_secs_f64() * 1000.0;
        let libvirt = judgement
            .libvirt_downtime_ms
            .map_or_else(String::new, |time| format!("; libvirt's own figure is {time} ms"));
        said.push(if kind::of(judgement.action).moves {
            format!("By its heartbeats, the guest was paused for {time:.1} ms{libvirt}.")
        } else {
            format!("For {time:.0} ms no heartbeat came, by the migration or because this machine is busy.")
        });
    }
    if let Some(slow) = judgement.slow {
        said.push(format!("Then it was slower than before: {}.", slow.words()));
    }
    if let (None, Some(time)) = (judgement.blackout_ms, judgement.libvirt_downtime_ms) {
        said.push(format!("libvirt reports {time} ms of downtime."));
    }
    said.push(format!(
        "Nova's clock ran {:.0} times as fast as real time.",
        evidence.trace.scale
    ));
    said.join(" ")
}

fn configuration(report: &Report) -> Markup {
    let plan = report.plan;
    html! {
        h2 { "nova.conf" }
        @for line in report.roles.words(report.session, plan.settings.release) { p.faint { (Plain(&line)) } }
        table {
            tr { th { "[libvirt]" } th { "value" } th { "from" } }
            @for written in &plan.excerpt {
                tr {
                    td.name { code { (Plain(written.option)) } }
                    td { code { (Plain(&written.value)) } }
                    td { @if written.set { "the file" } @else { "nova's default" } }
                }
            }
        }
    }
}

fn conditions(report: &Report) -> Markup {
    let (machine, conditions) = (&report.machine, &report.session.conditions);
    let unknown = || "not known".to_owned();
    let emulation = match &conditions.why_emulated {
        None => "KVM".to_owned(),
        Some(why) => format!("software emulation ({why})"),
    };
    let rows = [
        ("libvirt", machine.libvirt.clone().unwrap_or_else(unknown)),
        ("QEMU", machine.qemu.clone().unwrap_or_else(unknown)),
        ("kernel", machine.kernel.clone()),
        ("daemon", machine.daemon.clone().unwrap_or_else(unknown)),
        ("QEMU's user by qemu.conf", machine.qemu_user.clone()),
        ("QEMU's user in the trials", conditions.qemu_user.clone()),
        ("processor", emulation),
        ("native TLS", tls(report)),
        (
            "guest",
            format!(
                "1 vCPU, {} MiB, of which {:.0} MiB are rewritten all the time; every page is checked",
                conditions.memory_mib, conditions.hot_mib
            ),
        ),
        ("made of", conditions.shape.words().to_owned()),
        ("bandwidth in the trials", format!("{} MiB/s", conditions.bandwidth)),
        ("who decides", decides(report)),
        ("daemons ready after", format!("{:.2} s", report.session.ready_after)),
        ("total time", format!("{:.2} s", report.session.seconds)),
        ("novamend-verify", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    html! {
        h2 { "Where and how" }
        table { @for (name, value) in &rows { tr { th scope="row" { (name) } td { (Plain(value)) } } } }
    }
}

fn tls(report: &Report) -> String {
    match &report.session.conditions.tls {
        Some(tls) => tls.to_string(),
        None if report.plan.settings.tls => "with the two hosts' own certificates".to_owned(),
        None => "not used".to_owned(),
    }
}

/// Whose code decided about the migrations.
fn decides(report: &Report) -> String {
    report
        .nova()
        .unwrap_or_else(|| "the monitor that is reimplemented in novamend".to_owned())
}

/// Text that others may have written, as text: no markup, no secret, nothing that is not seen.
pub(super) struct Plain<'a>(pub(super) &'a str);

impl Render for Plain<'_> {
    fn render_to(&self, page: &mut String) {
        shown::line(self.0).render_to(page);
    }
}

/// The same; what stands between backquotes as code.
struct Marked<'a>(&'a str);

impl Render for Marked<'_> {
    fn render_to(&self, page: &mut String) {
        for (index, part) in shown::line(self.0).split('`').enumerate() {
            if index % 2 == 0 {
                part.render_to(page);
            } else {
                html! { code { (part) } }.render_to(page);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let text = html! { p title=(Plain("\" onload=\"x")) { (Marked("a `b<c>` & \"d\"")) (Plain("<script>")) } };
        assert_eq!(
            text.into_string(),
            "<p title=\"&quot; onload=&quot;x\">a <code>b&lt;c&gt;</code> &amp; &quot;d&quot;&lt;script&gt;</p>"
        );
    }
}
