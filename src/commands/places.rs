//! `novamend where`: every place that sets an option, which of them takes effect, and why.
//!
//! It judges no value.

use std::io;

use serde_json::{Value, json};

use super::{Outcome, Sources, Terminal};
use crate::catalog::{self, Release};
use crate::commands::sources::Survey;
use crate::conf::layers::{Place, Site, Stack};
use crate::effective::{Setting, View, mask};
use crate::output::{plain, shown_path};

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
    let survey = Survey::of(&request.sources, request.release);
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
    let places = stack.places();
    let mut rows: Vec<Value> = places.map(|place| row(view, place, show_secrets)).collect();
    for (index, variable) in stack.environment().iter().enumerate() {
        let Some((group, key)) = variable.name.trim_start_matches("OS_").split_once("__") else {
            continue;
        };
        let site = Site::Environment(index);
        rows.push(json!({
            "variable": variable.name,
            "section": group,
            "key": key,
            "value": shown(stack, site, show_secrets),
            "effective": is_environment_effective(view, site),
        }));
    }
    rows
}

fn row(view: &View<'_>, place: Place, show_secrets: bool) -> Value {
    let stack = view.stack();
    let document = stack.document(place);
    let assignment = stack.assignment(place);
    json!({
        "file": document.source().path().to_string_lossy(),
        "line": assignment.line,
        "section": document.section_name(assignment),
        "key": document.key(assignment),
        "value": shown(stack, Site::File(place), show_secrets),
        "effective": is_effective(view, place),
    })
}

fn shown(stack: &Stack, site: Site, show_secrets: bool) -> String {
    if show_secrets {
        stack.value(site).into_owned()
    } else {
        mask::shown_at(stack, site).into_owned()
    }
}

/// Whether nova reads the value at `place`: of an option no release knows, whether it is the last of its name.
fn is_effective(view: &View<'_>, place: Place) -> bool {
    let stack = view.stack();
    if stack.assignment(place).section.is_none() {
        return false;
    }
    match view.option_at(place) {
        Some(named) => view
            .setting_of(named.option)
            .found
            .effective
            .contains(&Site::File(place)),
        None => stack.places_of(stack.group(place), &stack.key(place)).last() == Some(place),
    }
}

fn is_environment_effective(view: &View<'_>, site: Site) -> bool {
    catalog::options(view.release()).any(|facts| view.setting_of(facts).found.effective.contains(&site))
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
    let group = &*catalog::normal_group(group);
    let stack = view.stack();
    let setting = catalog::by_any_name(group, name, view.release()).map(|named| view.setting_of(named.option));
    let sites: Vec<Site> = match &setting {
        Some(setting) => setting.found.sites.clone(),
        None => stack.places_of(group, name).map(Site::File).collect(),
    };
    let mut rows = Vec::new();
    let mut text = format!(
        "{}\n",
        headline(view, group, name, setting.as_ref(), request.show_secrets)
    );
    for &site in &sites {
        let Site::File(place) = site else {
            text.push_str(&environment_line(view, site, request.show_secrets));
            continue;
        };
        rows.push(row(view, place, request.show_secrets));
        let document = stack.document(place);
        let value = shown(stack, site, request.show_secrets).replace('\n', "\\n");
        text.push_str(&format!(
            "  {}:{}: [{}] {} = {value}  ({})\n",
            shown_path(document.source().path()),
            stack.assignment(place).line,
            document.section_name(stack.assignment(place)),
            stack.key(place),
            reason(view, place, setting.as_ref()),
        ));
    }
    Ok((plain(&text), rows))
}

fn environment_line(view: &View<'_>, site: Site, show_secrets: bool) -> String {
    let Site::Environment(index) = site else {
        return String::new();
    };
    let variable = &view.stack().environment()[index];
    let value = shown(view.stack(), site, show_secrets);
    format!(
        "  environment {} = {value}  (takes effect: the environment beats every file)\n",
        variable.name
    )
}

/// The option, its effective value and where that comes from.
fn headline(view: &View<'_>, group: &str, name: &str, setting: Option<&Setting>, show_secrets: bool) -> String {
    let release = view.release();
    let Some(setting) = setting else {
        let near = catalog::did_you_mean(group, name, release);
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
fn reason(view: &View<'_>, place: Place, setting: Option<&Setting>) -> &'static str {
    let Some(setting) = setting else {
        return "ignored: no such option";
    };
    let found = &setting.found;
    if found.effective.contains(&Site::File(place)) {
        return match (setting.facts.is_multi(), found.sites.len()) {
            (true, _) => "takes effect: every value of a multi-valued option counts",
            (false, 1) => "takes effect: the only place that sets it",
            (false, _) => "takes effect",
        };
    }
    match found.winner() {
        Some(Site::Environment(_)) => "without effect: the environment beats every file",
        Some(Site::File(winner)) if winner.layer > place.layer => "without effect: a later file sets it",
        Some(Site::File(winner)) if view.stack().key(winner) != view.stack().key(place) => {
            "without effect: within a file the current name beats an old one"
        }
        _ => "without effect: a later line sets it again",
    }
}
