//! The curve of what is left to copy during one trial, with its passes, the action, the guest's silence and the end marked.
//!
//! It is drawn in marker colours, which become classes: the page's style sheet says what they look like, light or dark.

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::trial::checks::Silence;
use crate::trial::kind;
use crate::trial::messages::Evidence;
use crate::trial::monitor::Outcome;

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
const CLASSES: [(RGBColor, &str); 8] = [
    (INK, "ink"),
    (GRID, "grid"),
    (LINE, "line"),
    (AREA, "area"),
    (ACTION, "action"),
    (SILENCE, "silence"),
    (PASS, "pass"),
    (DONE, "done"),
];

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
    let marks = marks(evidence, size);
    let style = |colour: RGBColor| ("sans-serif", size.text).into_font().color(&colour);
    let mut chart: Area<'_, 'b> = ChartBuilder::on(area)
        .margin(6)
        .set_label_area_size(LabelAreaPosition::Bottom, 3 * size.text)
        .set_label_area_size(LabelAreaPosition::Left, 4 * size.text)
        .build_cartesian_2d(0.0..end * 1.02, 0.0..most * 1.6)?;
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
    if let Some(Silence { from, until }) = evidence.judgement.silence {
        let corners = [(seconds(evidence, from), 0.0), (seconds(evidence, until), most * 1.6)];
        chart.draw_series([Rectangle::new(corners, SILENCE.filled())])?;
    }
    chart.draw_series(AreaSeries::new(points.iter().copied(), 0.0, AREA))?;
    chart.draw_series(LineSeries::new(points.iter().copied(), LINE.stroke_width(2)))?;
    for mark in &marks {
        let path = vec![(mark.at, 0.0), (mark.at, most * 1.6)];
        chart.draw_series([PathElement::new(path, mark.colour.stroke_width(1))])?;
        // a word at the right edge stands before its mark
        let left = mark.at < end * 0.6;
        let anchor = Pos::new(if left { HPos::Left } else { HPos::Right }, VPos::Top);
        let height = most * (1.6 - f64::from(mark.row) * 0.13);
        let word = if left {
            format!(" {}", mark.word)
        } else {
            format!("{} ", mark.word)
        };
        let at = (mark.at + end * if left { 0.006 } else { -0.006 }, height);
        chart.draw_series([Text::new(word, at, style(mark.colour).pos(anchor))])?;
    }
    Ok(())
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
    let mut marks = Vec::new();
    // passes during which the guest was paused are too short to be told apart here; the timeline below has them all
    let passes = (1..).map_while(|number| trace.pass(number).map(|at| (number, at)));
    let mut last = f64::MIN;
    for (number, at) in passes {
        let apart = seconds(evidence, trace.ended) * 0.07;
        if seconds(evidence, at) - last > apart {
            last = seconds(evidence, at);
            marks.push(mark(
                at,
                PASS,
                0,
                if size.class == "wide" || number == 1 {
                    format!("pass {number}")
                } else {
                    number.to_string()
                },
            ));
        }
    }
    let kind = kind::of(judgement.action);
    if let Some(at) = judgement.acted {
        marks.push(mark(at, ACTION, 1, kind.mark.to_owned()));
    }
    if let Some(silence) = judgement.silence {
        let word = format!("{} {} ms", kind.silence(), silence.length().as_millis());
        marks.push(mark(silence.until, SILENCE, 2, word));
    }
    let word = match trace.outcome {
        Some(Outcome::Completed) => "completed",
        Some(Outcome::Cancelled) => "cancelled",
        Some(Outcome::Failed | Outcome::MonitorDied) => "failed",
        None => "stopped",
    };
    marks.push(mark(trace.ended, DONE, 3, word.to_owned()));
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
