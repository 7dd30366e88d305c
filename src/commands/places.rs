//! `novamend where`: every place that sets an option, which of them takes effect, and why.
//!
//! It judges no value.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io;

use serde_json::{Value, json};

use super::{Outcome, Sources, Terminal};
use crate::catalog::outside::{self, Hints};
use crate::catalog::{self, Release, moves};
use crate::commands::sources::{Survey, Upgrade};
use crate::conf::layers::{Place, Site, Stack};
use crate::effective::{Setting, View, mask};
use crate::names::normal_group;
use crate::output::{json, plain, shown_path};

/// What to look for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which files.
    pub sources: Sources,
    /// `group.name`; `None`: every assignment.
    pub option: Option<String>,
    /// The release that reads the files; `None`: inferred.
    pub release: Option<Release>,
    /// Whether to print JSON.
    pub json: bool,
    /// Whether secrets are shown.
    pub show_secrets: bool,
}

/// Prints the places.
///
/// # Errors
/// The writer's.
pub fn run(request: &Request, terminal: &mut Terminal<'_>) -> io::Result<Outcome> {
    let upgrade = Upgrade {
        from: request.release,
        to: None,
    };
    let survey = Survey::of(&request.sources, upgrade);
    survey.complain(&request.sources, terminal);
    let mut outcome = if survey.errors.is_empty() && !survey.targets.is_empty() {
        Outcome::Clean
    } else {
        Outcome::Failed
    };
    let mut rows: Vec<Value> = Vec::new();
    let mut is_answered = false;
    for target in survey.targets {
        let release = target.from;
        let stack = match target.into_stack(&request.sources) {
            Ok(stack) => stack,
            Err(error) => {
                terminal.complain(&error);
                outcome = Outcome::Failed;
                continue;
            }
        };
        let view = View::new(&stack, release);
        match &request.option {
            None => rows.extend(assignments(&view, request.show_secrets)),
            Some(option) => match described(&view, option, request) {
                Ok((text, found)) => {
                    is_answered = true;
                    if let Some(message) = unknown(&view, option) {
                        terminal.complain(&message);
                        outcome = Outcome::Failed;
                    }
                    if request.json {
                        rows.extend(found);
                    } else {
                        terminal.print(&text)?;
                    }
                }
                Err(message) => {
                    terminal.complain(&message);
                    outcome = Outcome::Failed;
                }
            },
        }
    }
    if request.json {
        print_rows(&rows, terminal)?;
    } else if request.option.is_none() {
        for row in &rows {
            terminal.print(&line(row))?;
        }
    } else if !is_answered {
        outcome = Outcome::Failed;
    }
    Ok(outcome)
}

/// Why `option` is none: no release knows it, and nothing outside of nova's lists speaks for it.
fn unknown(view: &View<'_>, option: &str) -> Option<String> {
    let (group, name) = option.split_once('.')?;
    let group = &*normal_group(group);
    let is_known = catalog::is_known_anywhere(group, name)
        || moves::gone(group, name).is_some()
        || outside::recognise(group, name, &Hints::default(), view.release()).is_some();
    (!is_known).then(|| {
        let near = catalog::did_you_mean(group, name, view.release(), |_| true);
        let hint = near.map_or(String::new(), |near| {
            format!("; did you mean `{}.{}`?", near.group(), near.name())
        });
        format!(
            "no release from {} on knows `{group}.{name}`{hint}",
            Release::FIRST_COMPLETE.short()
        )
    })
}

/// One array, an object a line.
fn print_rows(rows: &[Value], terminal: &mut Terminal<'_>) -> io::Result<()> {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    if lines.is_empty() {
        return terminal.print("[]\n");
    }
    terminal.print(&format!("[\n{}\n]\n", lines.join(",\n")))
}

/// Every assignment in reading order, and whether its value counts.
fn assignments(view: &View<'_>, show_secrets: bool) -> Vec<Value> {
    let stack = view.stack();
    let effective = effective(view);
    let places = stack.places();
    let mut rows: Vec<Value> = places
        .map(|place| row(stack, place, effective.contains(&Site::File(place)), show_secrets))
        .collect();
    for (index, variable) in stack.environment().iter().enumerate() {
        if variable.name.contains("__") {
            let is_effective = effective.contains(&Site::Environment(index));
            rows.push(environment_row(stack, index, is_effective, show_secrets));
        }
    }
    rows
}

/// Every site whose value nova reads; of an option no release knows, the last of its name. Each option is looked up once.
fn effective(view: &View<'_>) -> HashSet<Site> {
    let stack = view.stack();
    let (mut effective, mut seen) = (HashSet::new(), HashSet::new());
    let mut last_unknown: HashMap<(&str, Cow<'_, str>), Place> = HashMap::new();
    for place in stack.places() {
        if stack.assignment(place).section.is_none() {
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

fn environment_row(stack: &Stack, index: usize, is_effective: bool, show_secrets: bool) -> Value {
    let name = &stack.environment()[index].name;
    let (group, key) = name.trim_start_matches("OS_").split_once("__").unwrap_or(("", name));
    json!({
        "variable": name,
        "section": group,
        "key": key,
        "value": shown(stack, Site::Environment(index), show_secrets),
        "effective": is_effective,
    })
}

fn row(stack: &Stack, place: Place, is_effective: bool, show_secrets: bool) -> Value {
    let document = stack.document(place);
    let assignment = stack.assignment(place);
    let mut row = json!({});
    json::put_path(&mut row, "file", document.source().path());
    let fields = [
        ("line", json!(assignment.line)),
        ("section", json!(document.section_name(assignment))),
        ("key", json!(document.key(assignment))),
        ("value", json!(shown(stack, Site::File(place), show_secrets))),
        ("effective", json!(is_effective)),
    ];
    for (field, value) in fields {
        row[field] = value;
    }
    row
}

fn shown(stack: &Stack, site: Site, show_secrets: bool) -> String {
    if show_secrets {
        stack.value(site).into_owned()
    } else {
        mask::shown_at(stack, site).into_owned()
    }
}

/// `section.key` and the rest of a row on one line.
fn line(row: &Value) -> String {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let address = match row["file"].as_str() {
        Some(file) => format!("{file}:{}", row["line"]),
        None => format!("environment {}", text("variable")),
    };
    let mark = if row["effective"] == json!(true) {
        ""
    } else {
        "  (without effect)"
    };
    let value = text("value").replace('\n', "\\n");
    plain(&format!(
        "{address}: [{}] {} = {value}{mark}",
        text("section"),
        text("key")
    )) + "\n"
}

/// The places of one option in words and as rows.
fn described(view: &View<'_>, option: &str, request: &Request) -> Result<(String, Vec<Value>), String> {
    let (group, name) = option.split_once('.').ok_or_else(|| {
        format!("`{option}` names no option; write it as `group.name`, such as `libvirt.virt_type`, or ask for `--all`")
    })?;
    let group = &*normal_group(group);
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
    let mut rows = Vec::new();
    let mut text = format!(
        "{}\n",
        headline(view, group, name, setting.as_ref(), request.show_secrets)
    );
    for &site in &sites {
        let place = match site {
            Site::File(place) => place,
            Site::Environment(index) => {
                text.push_str(&environment_line(stack, index, request.show_secrets));
                rows.push(environment_row(stack, index, true, request.show_secrets));
                continue;
            }
        };
        let is_effective = effective.contains(&site);
        rows.push(row(stack, place, is_effective, request.show_secrets));
        let document = stack.document(place);
        let value = shown(stack, site, request.show_secrets).replace('\n', "\\n");
        text.push_str(&format!(
            "  {}:{}: [{}] {} = {value}  ({})\n",
            shown_path(document.source().path()),
            stack.assignment(place).line,
            document.section_name(stack.assignment(place)),
            stack.key(place),
            reason(stack, place, is_effective, setting.as_ref()),
        ));
    }
    Ok((plain(&text), rows))
}

fn environment_line(stack: &Stack, index: usize, show_secrets: bool) -> String {
    format!(
        "  environment {} = {}  (takes effect: the environment beats every file)\n",
        stack.environment()[index].name,
        shown(stack, Site::Environment(index), show_secrets)
    )
}

/// The option, its effective value and where that comes from.
fn headline(view: &View<'_>, group: &str, name: &str, setting: Option<&Setting>, show_secrets: bool) -> String {
    let release = view.release();
    let Some(setting) = setting else {
        let near = catalog::did_you_mean(group, name, release, |_| true);
        let hint = near.map_or(String::new(), |near| {
            format!("; did you mean `{}.{}`?", near.group(), near.name())
        });
        return format!(
            "{group}.{name}: {} does not know it and ignores it{hint}",
            release.short()
        );
    };
    let facts = setting.facts;
    let title = format!("{}.{}", facts.group(), facts.name());
    if !setting.is_set() {
        let default = facts.default_text().unwrap_or_else(|| "unset".to_owned());
        let default = mask::shown(facts.name(), &default).into_owned();
        return format!(
            "{title}: nothing sets it; {} takes its default, {default}",
            release.short()
        );
    }
    let values = match view.texts(setting) {
        Ok(values) if show_secrets => values.join(", "),
        Ok(values) => {
            let masked = values.iter().map(|value| mask::shown(facts.name(), value));
            masked.collect::<Vec<_>>().join(", ")
        }
        Err(error) => format!("no value: {error}"),
    };
    format!("{title}: {values} ({})", release.short())
}

/// Why the value at `place` counts or not.
fn reason(stack: &Stack, place: Place, is_effective: bool, setting: Option<&Setting>) -> &'static str {
    let Some(setting) = setting else {
        return "ignored: no such option";
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
        Some(Site::Environment(_)) => "without effect: the environment beats every file",
        Some(Site::File(winner)) if winner.layer > place.layer => "without effect: a later file sets it",
        Some(Site::File(winner)) if stack.key(winner) != stack.key(place) => {
            "without effect: within a file the current name beats an old one"
        }
        _ => "without effect: a later line sets it again",
    }
}
