//! Named tests about what a compute host gives its guests: mediated devices, persistent memory, huge pages, and which NUMA
//! nodes its networks are on.

use super::{NamedTest, texts};
use crate::nova::start::condition::{OptionName, Outcome};
use crate::nova::start::huge_pages;
use crate::nova::start::judged::Judged;
use crate::nova::start::made;
use crate::nova::start::mdev::{self, MdevFault};
use crate::nova::start::pmem::{self, PmemFault};
use crate::nova::{View, printed};
use crate::oslo::names::normal_group;
use crate::oslo::types::OptionType;
use crate::oslo::value::{self, Value};

pub(super) const TESTS: &[NamedTest] = &[
    NamedTest {
        name: "mdev-address-wrong",
        run: |view, names| mdev_fault(view, names, MdevFault::Address),
    },
    NamedTest {
        name: "mdev-address-twice",
        run: |view, names| mdev_fault(view, names, MdevFault::Twice),
    },
    NamedTest {
        name: "mdev-class-wrong",
        run: |view, names| mdev_fault(view, names, MdevFault::Class),
    },
    NamedTest {
        name: "pmem-malformed",
        run: |view, names| pmem_fault(view, names, PmemFault::Form),
    },
    NamedTest {
        name: "pmem-twice",
        run: |view, names| pmem_fault(view, names, PmemFault::Twice),
    },
    NamedTest {
        name: "huge-pages-rejected",
        run: huge_pages_rejected,
    },
    NamedTest {
        name: "physnet-without-nodes",
        run: physnet_without_nodes,
    },
    NamedTest {
        name: "physnet-nodes-wrong",
        run: physnet_nodes_wrong,
    },
];

/// The items of the first of `names` that the release has, none where nothing sets it.
fn items(view: &View<'_>, names: &[OptionName]) -> Result<Vec<String>, Outcome> {
    let Some(setting) = names.iter().find_map(|name| name.setting(view)) else {
        return Ok(Vec::new());
    };
    match view.value(&setting) {
        Ok(Value::List(items)) if setting.is_set() => Ok(items.iter().map(printed).collect()),
        Ok(_) => Ok(Vec::new()),
        Err(_) => Err(Outcome::Open),
    }
}

fn outcome<Fault: PartialEq>(judged: Judged<Fault>, fault: &Fault) -> Outcome {
    match judged {
        Judged::Refused(found, message) if found == *fault => Outcome::Holds(vec![message]),
        Judged::Open => Outcome::Open,
        _ => Outcome::Fails,
    }
}

/// The outcome of a test that ends early where something is not known.
fn ended(result: Result<Outcome, Outcome>) -> Outcome {
    result.unwrap_or_else(|open| open)
}

fn mdev_fault(view: &View<'_>, names: &[OptionName], fault: MdevFault) -> Outcome {
    let types = items(view, names).and_then(|names| made::mdev_types(view, &names).map_err(|_| Outcome::Open));
    ended(types.map(|types| outcome(mdev::judge(&types, view.release()), &fault)))
}

fn pmem_fault(view: &View<'_>, names: &[OptionName], fault: PmemFault) -> Outcome {
    let items = items(view, names);
    ended(items.map(|items| outcome(pmem::judge(items.iter().map(String::as_str)), &fault)))
}

fn huge_pages_rejected(view: &View<'_>, names: &[OptionName]) -> Outcome {
    let Some((name, setting)) = names.first().and_then(|name| Some((name, name.setting(view)?))) else {
        return Outcome::Fails;
    };
    let texts = match texts(view, name) {
        Ok(texts) => texts,
        Err(open) => return open,
    };
    let OptionType::Multi(kind) = setting.facts.option_type() else {
        return Outcome::Fails;
    };
    let mut values = Vec::with_capacity(texts.len());
    for text in &texts {
        // What oslo.config rejects is reported as that.
        let Ok(Value::Dict(pairs)) = value::check(kind, text, view.profile()) else {
            return Outcome::Fails;
        };
        values.push(pairs.into_iter().map(|(key, value)| (key, printed(&value))).collect());
    }
    match huge_pages::rejected(&values) {
        Some(message) => Outcome::Holds(vec![message]),
        None => Outcome::Fails,
    }
}

/// What `numa_nodes` of each network's group says, with the network's name; `None` where nothing sets it.
fn networks(view: &View<'_>, names: &[OptionName]) -> Result<Vec<(String, Option<String>)>, Outcome> {
    let of_one = |network: String| {
        let group = normal_group(&format!("neutron_physnet_{network}")).into_owned();
        let nodes = made::text(view, &[(&group, "numa_nodes")]).map_err(|_| Outcome::Open)?;
        Ok((network, nodes))
    };
    items(view, names)?.into_iter().map(of_one).collect()
}

fn nodes(view: &View<'_>, text: &str) -> Option<Vec<String>> {
    let number = OptionType::Int {
        min: None,
        max: None,
        choices: None,
    };
    made::items(view, text, number)
}

fn physnet_without_nodes(view: &View<'_>, names: &[OptionName]) -> Outcome {
    ended(networks(view, names).map(|networks| {
        let has_none = |text: &Option<String>| match text {
            Some(text) => nodes(view, text).is_some_and(|nodes| nodes.is_empty()),
            None => true,
        };
        let lacking = networks.into_iter().find(|(_, nodes)| has_none(nodes));
        lacking.map_or(Outcome::Fails, |(network, _)| {
            Outcome::Holds(vec![network.clone(), network])
        })
    }))
}

fn physnet_nodes_wrong(view: &View<'_>, names: &[OptionName]) -> Outcome {
    ended(networks(view, names).map(|networks| {
        let is_wrong = |text: &Option<String>| text.as_ref().is_some_and(|text| nodes(view, text).is_none());
        let wrong = networks.into_iter().find(|(_, nodes)| is_wrong(nodes));
        wrong.map_or(Outcome::Fails, |(network, _)| Outcome::Holds(vec![network]))
    }))
}
