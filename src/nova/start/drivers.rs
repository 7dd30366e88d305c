//! Tests about the drivers of nova-compute: which one a file has, and what the others ask of their options.

use super::condition::{OptionName, Outcome};
use super::named::{NamedTest, of_texts, of_words, text, words};
use super::python_format::{Formatted, of_zero};
use super::python_regex;
use crate::nova::View;

pub(super) const TESTS: &[NamedTest] = &[
    NamedTest {
        name: "driver-is-libvirt",
        run: |view, names| driver_is("libvirt.", view, names),
    },
    NamedTest {
        name: "driver-is-ironic",
        run: |view, names| driver_is("ironic.", view, names),
    },
    NamedTest {
        name: "driver-is-vmware",
        run: |view, names| driver_is("vmwareapi.", view, names),
    },
    NamedTest {
        name: "item-missing",
        run: item_missing,
    },
    NamedTest {
        name: "mount-option-of-nova",
        run: mount_option_of_nova,
    },
    NamedTest {
        name: "no-regex",
        run: no_regex,
    },
    NamedTest {
        name: "template-unusable",
        run: template_unusable,
    },
    NamedTest {
        name: "template-too-long",
        run: template_too_long,
    },
];

/// How long the name of an instance may be on z/VM.
const LONGEST_ON_ZVM: usize = 8;
/// What nova itself gives to the program that mounts Virtuozzo storage.
const MOUNT_OPTIONS_OF_NOVA: [&str; 6] = ["-c", "-l", "-C", "-u", "-g", "-m"];

/// Whether the driver is of `package`, or no file of these says which.
fn driver_is(package: &str, view: &View<'_>, names: &[OptionName]) -> Outcome {
    for name in names {
        match text(view, name) {
            Ok(Some(text)) if !text.starts_with(package) => return Outcome::Fails,
            Ok(_) => {}
            Err(open) => return open,
        }
    }
    Outcome::of(true)
}

/// Whether the list that comes first has items, and the text that comes second is none of them.
fn item_missing(view: &View<'_>, names: &[OptionName]) -> Outcome {
    let [list, item] = names else {
        return Outcome::Fails;
    };
    match (words(view, list), text(view, item)) {
        (Ok(words), Ok(Some(item))) => Outcome::of(!words.is_empty() && !words.contains(&item)),
        (Err(open), _) | (_, Err(open)) => open,
        (_, Ok(None)) => Outcome::Open,
    }
}

/// The options of mounting that nova sets itself.
fn mount_option_of_nova(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_words(view, names, |words| {
        let own = words
            .iter()
            .filter(|word| MOUNT_OPTIONS_OF_NOVA.contains(&word.as_str()));
        let own: Vec<&str> = own.map(String::as_str).collect();
        if own.is_empty() {
            Outcome::Fails
        } else {
            Outcome::Holds(vec![own.join(", ")])
        }
    })
}

fn no_regex(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        Outcome::of(texts.iter().any(|text| python_regex::is_rejected(text)))
    })
}

fn template_unusable(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| match texts.first().map(|text| of_zero(text)) {
        Some(Formatted::Fails) => Outcome::of(true),
        Some(Formatted::Open) => Outcome::Open,
        _ => Outcome::Fails,
    })
}

fn template_too_long(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| match texts.first().map(|text| of_zero(text)) {
        Some(Formatted::Length(length)) => Outcome::of(length > LONGEST_ON_ZVM),
        Some(Formatted::Open) => Outcome::Open,
        _ => Outcome::Fails,
    })
}
