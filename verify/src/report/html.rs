//! The report as one HTML file that needs nothing else: the verdict first, then the proof.
//!
//! It loads nothing from anywhere and runs no script.

use std::fmt::Write as _;

use novamend::nova::migration::Ending;

use super::chart::{self, ChartError};
use super::{Report, timeline};

use crate::causes::Cause;
use crate::shown;
use crate::trial::worker::Evidence;
use crate::verdict::{Conclusion, Verdict};

const STYLE: &str = include_str!("style.css");

/// The page.
///
/// # Errors
/// A chart could not be drawn.
pub fn page(report: &Report) -> Result<String, ChartError> {
    let verdict = report.verdict;
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{} – novamend verify</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        word(verdict)
    );
    page.push_str(&head(report));
    page.push_str(&list("What the trials showed", &verdict.shown));
    page.push_str(&list("What was not proven", &verdict.not_proven));
    for evidence in &report.session.trials {
        page.push_str(&trial(evidence)?);
    }
    page.push_str(&configuration(report));
    page.push_str(&conditions(report));
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(page)
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict.result {
        Conclusion::Works => "works as configured",
        Conclusion::DoesNotWork => "does not work as configured",
        Conclusion::NotProven => "not proven",
    }
}

fn head(report: &Report) -> String {
    let verdict = report.verdict;
    let class = match verdict.result {
        Conclusion::Works => "works",
        Conclusion::DoesNotWork | Conclusion::NotProven => "fails",
    };
    let remedy = verdict
        .remedy
        .as_ref()
        .map_or_else(String::new, |remedy| format!("<p>What to do: {}</p>\n", marked(remedy)));
    let besides: String = verdict.causes.iter().skip(1).map(besides).collect();
    let left = report
        .session
        .left
        .as_ref()
        .map_or_else(String::new, |left| format!("<p>Left behind: {}</p>\n", marked(left)));
    format!(
        "<div class=\"verdict {class}\">\n<p class=\"word\">{}</p>\n<h1>{}</h1>\n{remedy}{besides}{left}</div>\n\
         <p class=\"faint\">{} · nova {} · {}</p>\n",
        word(verdict),
        marked(&verdict.headline),
        escaped(&report.machine.host),
        escaped(&report.plan.settings.release.to_string()),
        escaped(&report.made_at),
    )
}

/// A further cause, with what to do.
fn besides(cause: &Cause) -> String {
    let remedy = cause
        .remedy
        .as_ref()
        .map_or_else(String::new, |remedy| format!(" What to do: {}", marked(remedy)));
    format!("<p>Also: {}.{remedy}</p>\n", marked(&cause.what))
}

fn list(title: &str, sentences: &[String]) -> String {
    if sentences.is_empty() {
        return String::new();
    }
    let items: String = sentences
        .iter()
        .map(|text| format!("<li>{}</li>\n", marked(text)))
        .collect();
    format!("<h3>{title}</h3>\n<ul>\n{items}</ul>\n")
}

fn trial(evidence: &Evidence) -> Result<String, ChartError> {
    let judgement = &evidence.judgement;
    let mut text = format!("<section>\n<h2>{}</h2>\n", judgement.action.words());
    if evidence.trace.samples.iter().any(|sample| sample.iteration > 0) {
        let _ = write!(
            text,
            "<figure>\n{}{}<figcaption>{}</figcaption>\n</figure>\n",
            chart::draw(evidence, chart::WIDE)?,
            chart::draw(evidence, chart::NARROW)?,
            escaped(&caption(evidence)),
        );
    } else {
        text.push_str("<p class=\"faint\">The migration ended before the first pass; there is nothing to draw.</p>\n");
    }
    text.push_str("<ul class=\"checks\">\n");
    for check in &judgement.checks {
        let (class, mark) = if check.holds { ("yes", "ok") } else { ("no", "failed") };
        let seen = if check.seen.is_empty() {
            String::new()
        } else {
            format!(": {}", check.seen)
        };
        let _ = writeln!(
            text,
            "<li><b class=\"{class}\">{mark}</b>{}{}</li>",
            escaped(&check.what),
            escaped(&seen)
        );
    }
    text.push_str("</ul>\n<h3>Timeline</h3>\n<table>\n<tr><th class=\"time\">ms</th><th>who</th><th>what</th></tr>\n");
    for row in timeline::rows(evidence) {
        let _ = writeln!(
            text,
            "<tr class=\"{who}\"><td class=\"time\">{}</td><td class=\"who\">{who}</td><td>{}</td></tr>",
            row.at.as_millis(),
            escaped(&row.what),
            who = row.who.word(),
        );
    }
    let flags = evidence.request.flag_names().join(" ");
    let _ = write!(
        text,
        "</table>\n<p class=\"faint\">Flags: <code>{flags}</code></p>\n</section>\n"
    );
    Ok(text)
}

/// What the curve shows, in words.
fn caption(evidence: &Evidence) -> String {
    let judgement = &evidence.judgement;
    let mut said = vec![
        "Each pass sends the memory that the guest wrote during the one before: what is left falls, and jumps up when \
         the next pass begins. New lows are rare even when all is well."
            .to_owned(),
    ];
    if let Some(bytes) = judgement.remaining {
        said.push(format!(
            "{:.1} MiB were left when nova acted.",
            bytes as f64 / 1_048_576.0
        ));
    }
    if let Some(time) = judgement.blackout_ms {
        let libvirt = judgement
            .libvirt_downtime_ms
            .map_or_else(String::new, |time| format!("; libvirt's own figure is {time} ms"));
        said.push(match judgement.action {
            Ending::Abort => format!("The guest was never silent for more than {time:.1} ms."),
            Ending::PostCopy | Ending::Pause => {
                format!("By its heartbeats, the guest was paused for {time:.1} ms{libvirt}.")
            }
        });
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

fn configuration(report: &Report) -> String {
    let plan = report.plan;
    let mut text = "<h2>nova.conf</h2>\n".to_owned();
    for line in report.roles.words(report.session, plan.settings.release) {
        let _ = writeln!(text, "<p class=\"faint\">{}</p>", escaped(&line));
    }
    text.push_str("<table>\n<tr><th>[libvirt]</th><th>value</th><th>from</th></tr>\n");
    for written in &plan.excerpt {
        let _ = writeln!(
            text,
            "<tr><td class=\"name\"><code>{}</code></td><td><code>{}</code></td><td>{}</td></tr>",
            escaped(written.option),
            escaped(&written.value),
            if written.set { "the file" } else { "nova's default" },
        );
    }
    text.push_str("</table>\n");
    text
}

fn conditions(report: &Report) -> String {
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
        ("bandwidth in the trials", format!("{} MiB/s", conditions.bandwidth)),
        ("daemons ready after", format!("{:.2} s", report.session.ready_after)),
        ("total time", format!("{:.2} s", report.session.seconds)),
        ("novamend-verify", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("<tr><th scope=\"row\">{name}</th><td>{}</td></tr>\n", escaped(value)))
        .collect();
    format!("<h2>Where and how</h2>\n<table>\n{rows}</table>\n")
}

fn tls(report: &Report) -> String {
    match &report.session.conditions.tls {
        Some(tls) => tls.to_string(),
        None if report.plan.settings.tls => "with the two hosts' own certificates".to_owned(),
        None => "not used".to_owned(),
    }
}

/// Text as HTML; what stands between backquotes as code.
fn marked(text: &str) -> String {
    let (mut out, text) = (String::new(), shown::line(text));
    for (index, part) in text.split('`').enumerate() {
        match index % 2 {
            0 => out.push_str(&escaped(part)),
            _ => out.push_str(&format!("<code>{}</code>", escaped(part))),
        }
    }
    out
}

/// Text that others may have written, as text: no markup, no secret, nothing that is not seen.
fn escaped(text: &str) -> String {
    shown::line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(
            marked("a `b<c>` & \"d\""),
            "a <code>b&lt;c&gt;</code> &amp; &quot;d&quot;"
        );
    }
}
