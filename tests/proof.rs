//! What the proof of a fix looks at is all that can move: every other option reads alike before and after, in every release,
//! for every fix of the fixtures and for lines that are simply taken away.

mod conf_files;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use novamend::catalog::{self, Release};
use novamend::fix::proof::{Change, Referring};
use novamend::fix::{FixPlan, Until, fix_stack};
use novamend::lint::Settings;
use novamend::nova::View;
use novamend::nova::today::Today;
use novamend::oslo::Document;
use novamend::oslo::stack::{Layer, Origin, Stack, Variable};
use novamend::rules::RULES;
use novamend::text::Source;
use rayon::prelude::*;

const RELEASES: [u32; 6] = [15, 16, 18, 19, 27, 34];

fn stack(path: &Path, text: Vec<u8>, environment: Vec<Variable>) -> Stack {
    let layer = Layer {
        document: Document::parse(Source::new(path, text)).into(),
        origin: Origin::Named,
    };
    Stack::new(vec![layer], environment)
}

/// The options that a release reads otherwise after the change though the proof does not say so.
fn missed(before: &Stack, after: &Stack) -> Vec<String> {
    let referring = Referring::of(before);
    let change = Change::new(before, after, &referring);
    let in_release = |number: &u32| {
        let release = Release::from_number(*number).expect("a release");
        let moved = change.moved(release);
        let named: HashSet<(&str, &str)> = moved.iter().map(|facts| (facts.group(), facts.name())).collect();
        let (old, new) = (View::new(before, release), View::new(after, release));
        let options = catalog::options(release).filter(move |facts| !named.contains(&(facts.group(), facts.name())));
        options.filter_map(move |facts| {
            let (was, is) = (old.setting_of(facts), new.setting_of(facts));
            let is_one_value = || matches!((old.value(&was), new.value(&is)), (Ok(was), Ok(is)) if was == is);
            let is_same = old.texts(&was) == new.texts(&is) || is_one_value();
            (!is_same).then(|| format!("{} in {release}", facts.title()))
        })
    };
    RELEASES.iter().flat_map(in_release).collect()
}

/// What the fixes of the whole upgrade make of `before`.
fn fixed(before: &Stack) -> Stack {
    let (today, settings) = (Today::said(Release::ROCKY), Settings::default());
    let plan = FixPlan {
        rules: RULES,
        today: &today,
        to: Release::NEWEST,
        settings: &settings,
        unsafe_fixes: true,
        until: Until::Upgrade,
    };
    fix_stack(before, &plan).stack
}

#[test]
fn what_the_proof_does_not_look_at_does_not_move() {
    let paths = conf_files::of_fixtures();
    let missed_in = |path: &PathBuf| {
        let text = fs::read(path).expect("a file");
        let before = stack(path, text.clone(), Vec::new());
        let document = &before.layers()[0].document;
        let mut afters = vec![fixed(&before)];
        // Every seventh line is enough: they are taken away one by one.
        afters.extend(document.assignments().iter().step_by(7).map(|assignment| {
            let (start, end) = (assignment.span().start, assignment.span().end);
            stack(path, [&text[..start], &text[end..]].concat(), Vec::new())
        }));
        let missed = afters.iter().flat_map(|after| missed(&before, after));
        missed
            .map(|what| format!("{}: {what}", path.display()))
            .collect::<Vec<_>>()
    };
    let missed: Vec<String> = paths.par_iter().flat_map_iter(missed_in).collect();
    assert!(paths.len() > 200 && missed.is_empty(), "{missed:#?}");
}

#[test]
fn a_variable_that_refers_to_a_line_moves_with_it() {
    let variable = Variable {
        name: "OS_VNC__SERVER_PROXYCLIENT_ADDRESS".to_owned(),
        value: "$my_block_storage_ip".to_owned(),
    };
    let (path, text) = (Path::new("nova.conf"), b"[DEFAULT]\nmy_block_storage_ip = 192.0.2.1\n");
    let before = stack(path, text.to_vec(), vec![variable.clone()]);
    let after = stack(path, b"[DEFAULT]\n".to_vec(), vec![variable]);
    let referring = Referring::of(&before);
    let moved = Change::new(&before, &after, &referring).moved(Release::STEIN);
    assert!(moved.iter().any(|facts| facts.name() == "server_proxyclient_address"));
    assert_eq!(missed(&before, &after), Vec::<String>::new());
}
