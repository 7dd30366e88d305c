//! Whom a fact about an upgrade concerns: whether a stack of files meets its condition in the release of the fact, and the
//! named tests that such conditions call.

use super::condition::{Condition, OptionName, Outcome};
use super::named::of_words;
use crate::catalog::{self, Release};
use crate::nova::View;
use crate::oslo::stack::Stack;

/// Whether `stack` meets the condition `when`, as `release` reads both. What is not known is not met.
#[must_use]
pub fn meets(stack: &Stack, release: Release, when: &'static str) -> bool {
    Condition::holds(when, &View::new(stack, release))
}

/// Some option of the group is written, by any of its names.
pub(super) fn section_used(view: &View<'_>, names: &[OptionName]) -> Outcome {
    let stack = view.stack();
    let is_of_one = |place| {
        let read = catalog::by_any_name(stack.group(place), &stack.key(place), view.release());
        read.is_some_and(|read| names.iter().any(|name| name.group == read.option.group()))
    };
    Outcome::of(stack.places().any(is_of_one))
}

/// Something sets one of the options.
pub(super) fn any_set(view: &View<'_>, names: &[OptionName]) -> Outcome {
    let is_set = |name: &OptionName| name.setting(view).is_some_and(|setting| setting.is_set());
    Outcome::of(names.iter().any(is_set))
}

/// Notifications are sent somewhere: a driver is named that does something.
pub(super) fn sends_notifications(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_items(view, names, |items| {
        items.iter().any(|item| !item.is_empty() && item != "noop")
    })
}

/// A filter that places guests by the NUMA nodes of a host is asked.
pub(super) fn numa_filter(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_items(view, names, |items| {
        items.iter().any(|item| item == "NUMATopologyFilter")
    })
}

/// All weighers of nova are asked, new ones too.
pub(super) fn every_weigher(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_items(view, names, |items| {
        items.iter().any(|item| item == "nova.scheduler.weights.all_weighers")
    })
}

/// The properties of signed images, of which the list of a file names some, or none.
const SIGNATURE: [&str; 4] = [
    "img_signature",
    "img_signature_hash_method",
    "img_signature_key_type",
    "img_signature_certificate_uuid",
];

/// A file sets the list, and it lacks one of the properties of signed images.
pub(super) fn lacks_signature_properties(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_written_items(view, names, |items| {
        SIGNATURE.iter().any(|name| !items.iter().any(|item| item == name))
    })
}

/// A file sets the list, and it names properties that are about signatures or encryption keys.
pub(super) fn names_signature_properties(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_written_items(view, names, |items| {
        let is_named = |item: &String| SIGNATURE.contains(&&**item) || item.starts_with("cinder_encryption_key");
        items.iter().any(is_named)
    })
}

/// As [`of_items`], of an option that something sets.
fn of_written_items(view: &View<'_>, names: &[OptionName], judge: impl Fn(&[String]) -> bool) -> Outcome {
    let is_set = |name: &OptionName| name.setting(view).is_some_and(|setting| setting.is_set());
    if names.iter().any(is_set) {
        of_items(view, names, judge)
    } else {
        Outcome::Fails
    }
}

/// What `judge` says of the items of the first of `names`, a list or an option of several values.
fn of_items(view: &View<'_>, names: &[OptionName], judge: impl Fn(&[String]) -> bool) -> Outcome {
    of_words(view, names, |items| Outcome::of(judge(items)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oslo::Document;
    use crate::text::Source;

    fn holds(conf: &str, when: &'static str) -> bool {
        let source = Source::new("nova.conf", conf.as_bytes().to_vec());
        meets(&Stack::of(Document::parse(source)), Release::NEWEST, when)
    }

    #[test]
    fn a_section_is_used_where_one_of_its_options_is_written_by_any_name() {
        let when = "section-used([scheduler] workers)";
        assert!(holds("[scheduler]\nmax_attempts = 3\n", when));
        assert!(!holds("[scheduler]\n[api]\nmax_limit = 3\n", when));
        assert!(!holds("[scheduler]\nno_such_option = 3\n", when));
    }

    #[test]
    fn lists_are_asked_for_items() {
        let notifies = "sends-notifications([oslo_messaging_notifications] driver)";
        assert!(holds(
            "[oslo_messaging_notifications]\ndriver = messagingv2\n",
            notifies
        ));
        assert!(!holds("[oslo_messaging_notifications]\ndriver = noop\n", notifies));
        assert!(!holds("", notifies));
        let weighers = "every-weigher([filter_scheduler] weight_classes)";
        assert!(holds("", weighers));
        assert!(!holds("[filter_scheduler]\nweight_classes = mine.Weigher\n", weighers));
        assert!(holds(
            "[filter_scheduler]\nenabled_filters = ComputeFilter, NUMATopologyFilter\n",
            "numa-filter([filter_scheduler] enabled_filters)"
        ));
    }

    #[test]
    fn what_is_not_known_is_not_met() {
        let when = "numa-filter([filter_scheduler] enabled_filters)";
        assert!(!holds("[filter_scheduler]\nenabled_filters = $nowhere\n", when));
        assert!(!holds("", "this is no condition"));
    }
}
