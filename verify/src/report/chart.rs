//! The curve of what is left to copy during one trial, and the threshold below which QEMU would end it by itself; its passes,
//! nova's order, the switch, the downtime, the slow phase and the end are marked.
//!
//! It is drawn in marker colours, which become classes: the page's style sheet says what they look like, light or dark.

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::hypervisor::{End, Intervention};
use crate::trial::kind;
use crate::trial::messages::Evidence;
use crate::trial::monitor::{Order, Outcome};

/// The chart could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the chart could not be drawn: {0}")]
pub struct ChartError(pub String);

/// How big a chart is, for wide and for narrow pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    width: u32,
    height: u32,
    text: u32,
    class: &'static str,
}

/// For wide pages and for paper.
pub const WIDE: Size = Size {
    width: 860,
    height: 340,
    text: 13,
    class: "wide",
};
/// For telephones.
pub const NARROW: Size = Size {
    width: 360,
    height: 300,
    text: 12,
    class: "narrow",
};

const INK: RGBColor = RGBColor(1, 1, 1);
const GRID: RGBColor = RGBColor(2, 2, 2);
const LINE: RGBColor = RGBColor(3, 3, 3);
const AREA: RGBColor = RGBColor(4, 4, 4);
const ACTION: RGBColor = RGBColor(5, 5, 5);
const SILENCE: RGBColor = RGBColor(6, 6, 6);
const PASS: RGBColor = RGBColor(7, 7, 7);
const DONE: RGBColor = RGBColor(8, 8, 8);
const SLOW: RGBColor = RGBColor(9, 9, 9);
const THRESHOLD: RGBColor = RGBColor(10, 10, 10);
const CLASSES: [(RGBColor, &str); 10] = [
    (INK, "ink"),
    (GRID, "grid"),
    (LINE, "line"),
    (AREA, "area"),
    (ACTION, "action"),
    (SILENCE, "silence"),
    (PASS, "pass"),
    (DONE, "done"),
    (SLOW, "slow"),
    (THRESHOLD, "threshold"),
];

/// How much higher than the curve the chart is, so that the words of the marks stand above it, and the height of one of them.
const HEADROOM: f64 = 1.95;
const ROW: f64 = 0.145;

/// What is less of the chart's height than this is not seen.
const TOO_LOW: f64 = 0.02;

type Area<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// A vertical mark with a word.
struct Mark {
    at: f64,
    colour: RGBColor,
    /// The line of text from the top of its word.
    row: u32,
    word: String,
}

/// The chart of one trial as an SVG element.
///
/// # Errors
/// The library refuses.
pub fn draw(evidence: &Evidence, size: Size) -> Result<String, ChartError> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (size.width, size.height)).into_drawing_area();
        paint(&area, evidence, size).map_err(|error| ChartError(error.to_string()))?;
        area.present().map_err(|error| ChartError(error.to_string()))?;
    }
    Ok(classed(text, evidence, size))
}

fn paint<'b>(
    area: &DrawingArea<SVGBackend<'b>, plotters::coord::Shift>,
    evidence: &Evidence,
    size: Size,
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let points = points(evidence);
    let end = seconds(evidence, evidence.trace.ended).max(points.last().map_or(0.1, |point| point.0));
    let most = points.iter().map(|point| point.1).fold(1.0, f64::max);
    let top = most * HEADROOM;
    let style = |colour: RGBColor| ("sans-serif", size.text).into_font().color(&colour);
    let mut chart: Area<'_, 'b> = ChartBuilder::on(area)
        .margin(6)
        .set_label_area_size(LabelAreaPosition::Bottom, 3 * size.text)
        .set_label_area_size(LabelAreaPosition::Left, 4 * size.text)
        .build_cartesian_2d(0.0..end * 1.02, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(INK)
        .label_style(style(INK))
        .x_labels(if size.class == "wide" { 10 } else { 5 })
        .y_labels(6)
        .x_label_formatter(&|seconds| format!("{seconds:.1}"))
        .y_label_formatter(&|mib| format!("{mib:.0}"))
        .x_desc("seconds since the migration was started")
        .y_desc("MiB left to copy")
        .draw()?;
    for (from, until, colour) in bands(evidence) {
        chart.draw_series([Rectangle::new([(from, 0.0), (until, top)], colour.filled())])?;
    }
    chart.draw_series(AreaSeries::new(points.iter().copied(), 0.0, AREA))?;
    chart.draw_series(LineSeries::new(points.iter().copied(), LINE.stroke_width(2)))?;
    if let Some(threshold) = Threshold::of(evidence).filter(|threshold| threshold.last() > most * TOO_LOW) {
        let line = PathElement::new(threshold.steps.clone(), THRESHOLD.stroke_width(2));
        chart.draw_series([line])?;
        let (at, mib) = threshold.steps.last().copied().unwrap_or_default();
        let anchor = Pos::new(HPos::Right, VPos::Top);
        let place = (at - end * 0.006, mib - top * 0.015);
        chart.draw_series([Text::new(threshold.word(size), place, style(THRESHOLD).pos(anchor))])?;
    }
    for mark in marks(evidence, size) {
        let path = vec![(mark.at, 0.0), (mark.at, top)];
        chart.draw_series([PathElement::new(path, mark.colour.stroke_width(1))])?;
        // a word at the right edge stands before its mark
        let left = mark.at < end * 0.6;
        let anchor = Pos::new(if left { HPos::Left } else { HPos::Right }, VPos::Top);
        let height = top - most * f64::from(mark.row) * ROW;
        let at = (mark.at + end * if left { 0.006 } else { -0.006 }, height);
        chart.draw_series([Text::new(mark.word, at, style(mark.colour).pos(anchor))])?;
    }
    Ok(())
}

/// Times in which the guest was paused or slow, as (from, until, colour).
fn bands(evidence: &Evidence) -> Vec<(f64, f64, RGBColor)> {
    let judgement = &evidence.judgement;
    let still = judgement.notable_silence().map(|one| (one.from, one.until, SILENCE));
    let slow = judgement.slow.map(|one| (one.from, one.until, SLOW));
    let both = still.into_iter().chain(slow);
    both.map(|(from, until, colour)| (seconds(evidence, from), seconds(evidence, until), colour))
        .collect()
}

/// What may be left at most for QEMU to pause the guest and send the rest: the speed times the downtime that nova allows.
struct Threshold {
    /// Seconds and MiB, from raise to raise until nova acts.
    steps: Vec<(f64, f64)>,
    bandwidth: u64,
    downtime_ms: i64,
}

impl Threshold {
    fn of(evidence: &Evidence) -> Option<Self> {
        let trace = &evidence.trace;
        let until = seconds(evidence, evidence.judgement.acted.unwrap_or(trace.ended));
        let bandwidth = evidence.request.bandwidth;
        let mut steps: Vec<(f64, f64)> = Vec::new();
        let mut last = None;
        for order in trace.orders.iter().filter(|order| order.answer.is_ok()) {
            let (Order::SetDowntime(milliseconds), at) = (order.order, seconds(evidence, order.at)) else {
                continue;
            };
            if at > until {
                break;
            }
            steps.extend(steps.last().map(|step| (at, step.1)));
            steps.push((at, bandwidth as f64 * milliseconds as f64 / 1000.0));
            last = Some(milliseconds);
        }
        let downtime_ms = last?;
        steps.extend(steps.last().map(|step| (until, step.1)));
        Some(Self {
            steps,
            bandwidth,
            downtime_ms,
        })
    }

    fn last(&self) -> f64 {
        self.steps.last().map_or(0.0, |step| step.1)
    }

    fn word(&self, size: Size) -> String {
        if size.class == "wide" {
            format!(
                "threshold {:.1} MiB = {} MiB/s × {} ms",
                self.last(),
                self.bandwidth,
                self.downtime_ms
            )
        } else {
            format!("threshold {:.1} MiB", self.last())
        }
    }
}

fn seconds(evidence: &Evidence, at: std::time::Duration) -> f64 {
    at.saturating_sub(evidence.trace.began).as_secs_f64()
}

/// What was left at each look, from the first pass on; a migration that completed ends at nothing.
fn points(evidence: &Evidence) -> Vec<(f64, f64)> {
    let trace = &evidence.trace;
    let samples = trace.samples.iter().filter(|sample| sample.iteration > 0);
    let mut points: Vec<_> = samples
        .map(|sample| (seconds(evidence, sample.at), sample.remaining as f64 / 1_048_576.0))
        .collect();
    if trace.outcome == Some(Outcome::Completed) && !points.is_empty() {
        points.push((seconds(evidence, trace.ended), 0.0));
    }
    points
}

fn marks(evidence: &Evidence, size: Size) -> Vec<Mark> {
    let (trace, judgement) = (&evidence.trace, &evidence.judgement);
    let mark = |at, colour, row, word| Mark {
        at: seconds(evidence, at),
        colour,
        row,
        word,
    };
    let mut marks = passes(evidence, size);
    let kind = kind::of(judgement.action);
    if let Some(at) = judgement.acted {
        marks.push(mark(at, ACTION, 1, format!("{} ordered", kind.mark)));
    }
    if let Some(at) = switched(evidence) {
        marks.push(mark(at, ACTION, 2, "switch".to_owned()));
    }
    if let Some(silence) = judgement.notable_silence() {
        let word = format!("paused for {} ms", silence.length().as_millis());
        marks.push(mark(silence.until, SILENCE, 3, word));
    }
    if let Some(slow) = judgement.slow {
        marks.push(mark(slow.until, SLOW, 4, slow.words()));
    }
    let word = match trace.outcome {
        Some(Outcome::Completed) => "completed",
        Some(Outcome::Cancelled) => "cancelled",
        Some(Outcome::Failed | Outcome::MonitorDied) => "failed",
        None => "stopped",
    };
    marks.push(mark(trace.ended, DONE, 5, word.to_owned()));
    marks
}

/// When the source's QEMU stopped the guest for the switch to post-copy.
fn switched(evidence: &Evidence) -> Option<std::time::Duration> {
    evidence.trace.done(Intervention::StartPostCopy)?;
    evidence.trace.event(End::Source, "suspended: post-copy")
}

/// The passes that can be told apart here; the timeline below has them all.
fn passes(evidence: &Evidence, size: Size) -> Vec<Mark> {
    let trace = &evidence.trace;
    let mut marks: Vec<Mark> = Vec::new();
    for (number, at) in (1..).map_while(|number| trace.pass(number).map(|at| (number, at))) {
        let (at, apart) = (seconds(evidence, at), seconds(evidence, trace.ended) * 0.07);
        if marks.last().is_some_and(|last| at - last.at <= apart) {
            continue;
        }
        let is_whole = size.class == "wide" || number == 1;
        let word = if is_whole {
            format!("pass {number}")
        } else {
            number.to_string()
        };
        marks.push(Mark {
            at,
            colour: PASS,
            row: 0,
            word,
        });
    }
    marks
}

/// The SVG with marker colours turned into classes and a description for those who cannot see it.
fn classed(mut svg: String, evidence: &Evidence, size: Size) -> String {
    for (colour, class) in CLASSES {
        let code = format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2);
        svg = svg
            .replace(&format!("fill=\"{code}\""), &format!("class=\"fill-{class}\""))
            .replace(&format!("stroke=\"{code}\""), &format!("class=\"stroke-{class}\""));
    }
    let label = format!("memory left to copy over time, {}", evidence.judgement.action.words());
    svg.replacen(
        "<svg ",
        &format!("<svg class=\"{}\" role=\"img\" aria-label=\"{label}\" ", size.class),
        1,
    )
}
