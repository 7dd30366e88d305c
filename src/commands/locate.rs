//! `novamend where`: every place that sets an option, which of them takes effect, and why.
//!
//! It judges no value.

mod hiding;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::documents::{FormatArguments, Formats, Pieces, Renderers};
use super::{EXIT_CODES, Failure, Outcome, stream};
use crate::terminal::Terminal;
use novamend::catalog::outside::{self, Hints};
use novamend::catalog::{self, Release, moves};
use novamend::inputs::arguments::Start;
use novamend::inputs::survey::{Reading, Survey, Upgrade};
use novamend::nova::{Setting, View};
use novamend::oslo::stack::{AssignmentId, Site, Stack};
use novamend::output::envelope::Kind;
use novamend::output::places::{Answer, Assignment};
use novamend::output::{self, Head, Part, Tail};
use novamend::rules::RULES;
use novamend::settings::Scope;

use hiding::Hiding;

/// Show every place that sets an option, which takes effect, and why
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// `group.name`, such as `libvirt.live_migration_timeout_action`, or a name that only one group has; with --all the first PATH
    #[arg(value_name = "OPTION", required_unless_present = "all")]
    option: Option<OsString>,
    #[command(flatten)]
    inputs: novamend::inputs::Arguments,
    /// Every assignment, in reading order
    #[arg(long)]
    all: bool,
    /// The old name of --from
    #[arg(long, value_name = "REL", hide = true, conflicts_with = "from", value_parser = Start::parse)]
    release: Option<Start>,
    #[command(flatten)]
    formats: FormatArguments,
    /// Show passwords, tokens and URLs that hold them
    #[arg(long)]
    show_secrets: bool,
}

/// What to look for.
struct Request {
    scope: Scope,
    /// Group and name; `None`: every assignment.
    option: Option<(String, String)>,
    /// Whether today's release reads the files.
    is_for_today: bool,
    /// The release to come, where that reads them.
    to: Option<Release>,
    formats: Formats,
    show_secrets: bool,
}

impl Arguments {
    /// Prints the places as the release of today reads the files (`--from`), as the one to come does (`--to`), or both.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let request = self.request()?;
        let survey = request.survey(terminal);
        for message in survey.complaints(&request.scope.sources) {
            terminal.complain(&message);
        }
        request.answer(survey, terminal)
    }

    fn request(mut self) -> Result<Request, Failure> {
        if self.all {
            // With `--all` there is no option to name, so the first word is a path as well.
            let first = self.option.take().map(PathBuf::from);
            self.inputs.paths.splice(0..0, first);
        }
        self.inputs.upgrade.from = self.inputs.upgrade.from.or(self.release);
        let scope = Scope::of(&self.inputs, RULES)?;
        // What is not UTF-8 is no option, and the message says so.
        let named = self.option.map(|option| {
            let words = option.to_string_lossy();
            super::option::named(&words, |words| words.split_once('.')).map_err(|why| format!("{why}, or `--all`"))
        });
        Ok(Request {
            option: named.transpose().map_err(Failure::Refused)?,
            is_for_today: scope.start.is_some() || scope.upgrade.to.is_none(),
            to: scope.upgrade.to,
            formats: self.formats.of(Kind::Where)?,
            show_secrets: self.show_secrets,
            scope,
        })
    }
}

impl Request {
    /// Reads the files; which release runs today matters only where that reads them.
    fn survey(&self, terminal: &Terminal<'_>) -> Survey {
        let upgrade = if self.is_for_today {
            self.scope.upgrade
        } else {
            let from = self.to;
            Upgrade { from, to: None }
        };
        terminal.survey(&self.scope.sources, upgrade)
    }

    /// The releases that read `target`, today's first.
    fn readers(&self, target: &Reading) -> Vec<Release> {
        let today = self.is_for_today.then_some(target.from);
        let mut readers: Vec<Release> = today.into_iter().chain(self.to).collect();
        readers.dedup();
        readers
    }

    fn answer(&self, survey: Survey, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let mut outcome = if !survey.is_wanting() && !survey.targets.is_empty() {
            Outcome::Clean
        } else {
            Outcome::Failed
        };
        let (mut documents, text) = self.formats.begin(terminal.style, &Head::Where);
        documents.print(terminal, text)?;
        let renderers = documents.renderers();
        let (all, stop) = (survey.targets.len(), Arc::clone(&terminal.stop));
        let progress = terminal.progress("looked at", all, true);
        let left = stream::in_order(
            survey.targets,
            &stop,
            |target| self.said_of(target, &renderers),
            |said| {
                progress.step();
                for said in said {
                    match said {
                        Said::Pieces(pieces) => {
                            documents.take(terminal, pieces)?;
                        }
                        Said::Complaint(message) => {
                            progress.aside(|| terminal.complain(&message));
                            outcome = Outcome::Failed;
                        }
                    }
                }
                Ok(())
            },
        )?;
        if !stream::ended(progress, (left, all), terminal) {
            outcome = Outcome::Failed;
        }
        documents.end(terminal, &Tail::Plain(Kind::Where))?;
        Ok(outcome)
    }

    /// What each release that reads `target` makes of it, in the order in which it is said.
    fn said_of(&self, target: Reading, renderers: &Renderers) -> Vec<Said> {
        let readers = self.readers(&target);
        let stack = match target.into_stack(&self.scope.sources) {
            Ok(stack) => stack,
            Err(error) => return vec![Said::Complaint(error.to_string())],
        };
        let hiding = Hiding::of(&stack, self.show_secrets);
        let mut all = Vec::new();
        for &release in &readers {
            let (answer, unknown) = self.answer_of(&View::new(&stack, release), &hiding, readers.len() > 1);
            all.extend(unknown.map(Said::Complaint));
            all.push(Said::Pieces(renderers.render(&Part::Answer(&answer))));
        }
        all
    }

    /// What the stack of `view` answers, and that no release has the option, where that is so.
    fn answer_of(&self, view: &View<'_>, hiding: &Hiding, is_one_of_two: bool) -> (Answer, Option<String>) {
        let reader = is_one_of_two.then(|| view.release());
        let Some(option) = &self.option else {
            let assignments = assignments(view, hiding);
            let answer = Answer {
                headline: None,
                reader,
                assignments,
            };
            return (answer, None);
        };
        let answer = described(view, option, hiding);
        (Answer { reader, ..answer }, unknown(view, option))
    }
}

/// One thing that is said of a stack.
enum Said {
    /// On standard output.
    Pieces(Pieces),
    /// On standard error; something is wrong then.
    Complaint(String),
}

/// Why `option` is none: no release knows it, and nothing outside of nova's lists speaks for it.
fn unknown(view: &View<'_>, (group, name): &(String, String)) -> Option<String> {
    let is_known = catalog::is_known_anywhere(group, name)
        || moves::gone(group, name).is_some()
        || outside::recognise(group, name, &Hints::default(), view.release()).is_some();
    (!is_known).then(|| {
        let near = catalog::spelling::did_you_mean(group, name, view.release(), |_| true);
        let hint = near.map_or(String::new(), |near| {
            format!("; did you mean `{}.{}`?", near.group(), near.name())
        });
        format!(
            "unknown option `{group}.{name}`: no release from {} on has it{hint}",
            Release::FIRST_COMPLETE.short()
        )
    })
}

/// Every assignment in reading order, and whether its value counts.
fn assignments(view: &View<'_>, hiding: &Hiding) -> Vec<Assignment> {
    let stack = view.stack();
    let effective = effective(view);
    let places = stack.places();
    let mut rows: Vec<Assignment> = places
        .map(|place| row(view, place, effective.contains(&Site::File(place)), hiding))
        .collect();
    for (index, variable) in stack.environment().iter().enumerate() {
        if variable.name.contains("__") {
            let is_effective = effective.contains(&Site::Environment(index));
            rows.push(environment_row(view, index, is_effective, hiding));
        }
    }
    rows
}

/// Every site whose value nova reads; of an option no release knows, the last of its name. Each option is looked up once.
fn effective(view: &View<'_>) -> HashSet<Site> {
    let stack = view.stack();
    let (mut effective, mut seen) = (HashSet::new(), HashSet::new());
    let mut last_unknown: HashMap<(&str, Cow<'_, str>), AssignmentId> = HashMap::new();
    for place in stack.places() {
        if stack.assignment(place).section().is_none() {
            continue;
        }
        match view.option_at(place) {
            Some(named) if seen.insert((named.option.group(), named.option.name())) => {
                effective.extend(&view.setting_of(named.option).found.effective);
            }
            Some(_) => {}
            None => drop(last_unknown.insert((stack.group(place), stack.key(place)), place)),
        }
    }
    effective.extend(last_unknown.into_values().map(Site::File));
    if !stack.environment().is_empty() {
        for facts in catalog::options(view.release()) {
            let winner = view.setting_of(facts).winner();
            effective.extend(winner.filter(|site| matches!(site, Site::Environment(_))));
        }
    }
    effective
}

fn environment_row(view: &View<'_>, index: usize, is_effective: bool, hiding: &Hiding) -> Assignment {
    let (stack, release) = (view.stack(), view.release());
    let name = &stack.environment()[index].name;
    let (group, key) = name.trim_start_matches("OS_").split_once("__").unwrap_or(("", name));
    Assignment {
        place: output::entry::PlaceEntry {
            variable: Some(hiding.text(name)),
            ..output::entry::PlaceEntry::default()
        },
        section: hiding.text(group),
        key: hiding.text(key),
        value: hiding.at(stack, Site::Environment(index)),
        effective: is_effective,
        release: release.number(),
        reason: None,
    }
}

fn row(view: &View<'_>, place: AssignmentId, is_effective: bool, hiding: &Hiding) -> Assignment {
    let (stack, release) = (view.stack(), view.release());
    let document = stack.document(place);
    let assignment = stack.assignment(place);
    Assignment {
        place: output::entry::PlaceEntry::on_line(document.source().path(), assignment.line()),
        section: hiding.text(&document.section_name(assignment)),
        key: hiding.text(&document.key(assignment)),
        value: hiding.at(stack, Site::File(place)),
        effective: is_effective,
        release: release.number(),
        reason: None,
    }
}

/// The places of one option, and why each takes effect or not.
fn described(view: &View<'_>, (group, name): &(String, String), hiding: &Hiding) -> Answer {
    let stack = view.stack();
    let setting = catalog::by_any_name(group, name, view.release()).map(|named| view.setting_of(named.option));
    let sites: Vec<Site> = match &setting {
        Some(setting) => setting.found.sites.clone(),
        None => stack.places_of(group, name).map(Site::File).collect(),
    };
    let effective: HashSet<Site> = match &setting {
        Some(setting) => setting.found.effective.iter().copied().collect(),
        None => sites.last().copied().into_iter().collect(),
    };
    let assignments = sites.iter().map(|&site| match site {
        Site::Environment(index) => Assignment {
            reason: Some("takes effect: the environment overrides every file"),
            ..environment_row(view, index, true, hiding)
        },
        Site::File(place) => {
            let is_effective = effective.contains(&site);
            Assignment {
                reason: Some(reason(stack, place, is_effective, setting.as_ref())),
                ..row(view, place, is_effective, hiding)
            }
        }
    });
    Answer {
        reader: None,
        headline: Some(headline(view, group, name, setting.as_ref(), hiding)),
        assignments: assignments.collect(),
    }
}

/// The option, its effective value and where that comes from.
fn headline(view: &View<'_>, group: &str, name: &str, setting: Option<&Setting>, hiding: &Hiding) -> String {
    let release = view.release();
    let Some(setting) = setting else {
        let near = catalog::spelling::did_you_mean(group, name, release, |_| true);
        let hint = near.map_or(String::new(), |near| {
            format!("; did you mean `{}.{}`?", near.group(), near.name())
        });
        return format!(
            "{group}.{name}: unknown option in {}, silently ignored{hint}",
            release.short()
        );
    };
    let facts = setting.facts;
    let title = format!("{}.{}", facts.group(), facts.name());
    if !setting.is_set() {
        let default = facts.default_text().unwrap_or("unset");
        let default = hiding.value(facts.name(), default);
        return format!("{title}: not set; {} uses the default, {default}", release.short());
    }
    let values = match view.texts(setting) {
        Ok(values) => {
            let shown = values.iter().map(|value| hiding.value(facts.name(), value));
            shown.collect::<Vec<_>>().join(", ")
        }
        Err(error) => hiding.text(&format!("no value: {error}")),
    };
    format!("{title}: {values} ({})", release.short())
}

/// Why the value at `place` counts or not.
fn reason(stack: &Stack, place: AssignmentId, is_effective: bool, setting: Option<&Setting>) -> &'static str {
    let Some(setting) = setting else {
        return "ignored: unknown option";
    };
    let found = &setting.found;
    if is_effective {
        return match (setting.facts.is_multi(), found.sites.len()) {
            (true, _) => "takes effect: every value of a multi-valued option counts",
            (false, 1) => "takes effect: the only place that sets it",
            (false, _) => "takes effect",
        };
    }
    match found.winner() {
        Some(Site::Environment(_)) => "without effect: the environment overrides every file",
        Some(Site::File(winner)) if winner.layer > place.layer => "without effect: a later file sets it",
        Some(Site::File(winner)) if stack.key(winner) != stack.key(place) => {
            "without effect: within a file the current name takes precedence over an old one"
        }
        _ => "without effect: a later line sets it again",
    }
}
