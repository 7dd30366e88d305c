//! One JSON object a line, for what reads results as they come: the head, then what `json` has in its lists, then the rest.
//!
//! `record` says what a line is; all else is as `docs/json.md` describes it.

use super::envelope::Kind;
use super::json::{Json, records};
use super::{Head, Part, Piece, Report, Tail};

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Jsonl;

impl Report for Jsonl {
    fn begin(&self, head: &Head<'_>) -> String {
        // What `json` opens its list with is left out.
        let open = Json.begin(head);
        let end = open.rfind(",\"").unwrap_or(open.len());
        format!("{{\"record\":\"head\",{}}}\n", &open[1..end])
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        let lines = records(part).into_iter();
        let lines = lines.map(|(record, object)| format!("{{\"record\":\"{record}\",{}\n", &object[1..]));
        lines.collect::<String>().into()
    }

    fn between(&self, _kind: Kind) -> &'static str {
        ""
    }

    fn end(&self, tail: &Tail<'_>, _late: &[String]) -> String {
        match super::json::rest(tail) {
            Some(rest) => format!("{{\"record\":\"end\",{}\n", &rest[1..]),
            None => String::new(),
        }
    }
}
