//! What novamend says of a nova.conf that a service starts with.

use std::collections::BTreeSet;

use novamend::catalog::Release;
use novamend::lint::{self, Context, Effect, Finding, Location, Settings, Severity};
use novamend::nova::start::programs::Programs;
use novamend::oslo::Document;
use novamend::oslo::stack::{Layer, Origin, Stack};
use novamend::rules::RULES;
use novamend::text::Source;

use super::real::{Asked, Refusal};

/// What every nova.conf has.
const NEEDED: &str = include_str!("needed.conf");
/// Which layer is the file itself.
const ASKED: usize = 1;

/// An error that stops the service.
pub(crate) struct Error {
    /// The rule's id.
    pub(crate) rule: &'static str,
    /// Message and reason.
    pub(crate) words: String,
}

/// All errors that stop the service.
pub(crate) struct Ours {
    /// In reading order.
    pub(crate) errors: Vec<Error>,
    /// The lines of the file that they name, from 1.
    lines: BTreeSet<usize>,
}

impl Ours {
    /// What novamend says of `asked`, from `release` to itself.
    pub(crate) fn of(asked: &Asked, release: Release) -> Self {
        let layer = |text: &str| Layer {
            document: Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())).into(),
            origin: Origin::Named,
        };
        let before = if asked.is_whole { "" } else { NEEDED };
        let stack = Stack::new(vec![layer(before), layer(&asked.conf)], Vec::new());
        let settings = Settings {
            programs: Programs::parse(&asked.program),
            ..Settings::default()
        };
        let context = Context::new(&stack, release, release, &settings);
        let mut found = lint::run(RULES, &context);
        found.retain(|finding| finding.severity == Severity::Error && finding.effect == Effect::StopsService);
        Self {
            lines: found.iter().flat_map(|finding| lines(&stack, finding)).collect(),
            errors: found.iter().map(error).collect(),
        }
    }

    /// The file without the lines that are named.
    pub(crate) fn without_what_it_names(&self, asked: &Asked) -> Asked {
        let kept = asked.conf.lines().enumerate();
        let kept = kept.filter(|(index, _)| !self.lines.contains(&(index + 1)));
        asked.with(kept.flat_map(|(_, line)| [line, "\n"]).collect())
    }

    /// Whether an error says what nova says.
    pub(crate) fn quotes(&self, refusal: &Refusal) -> bool {
        self.errors.iter().any(|error| error.words.contains(&refusal.message))
    }
}

fn error(finding: &Finding) -> Error {
    Error {
        rule: finding.rule.id,
        words: format!("{}; {}", finding.message, finding.why),
    }
}

/// The lines of the file that a finding names.
fn lines(stack: &Stack, finding: &Finding) -> Vec<usize> {
    let related = finding.related.iter().map(|related| related.location);
    let document = &stack.layers()[ASKED].document;
    let line = |location: Location| match location {
        Location::File { layer: ASKED, span } => Some(document.source().position(span.start).line),
        _ => None,
    };
    related.chain([finding.location]).filter_map(line).collect()
}
