//! Items of lists that nova-compute warns of and leaves out: cache modes of disks, machine types, events that are counted, types
//! of mediated devices.

use super::values::MOST;
use super::{made, mdev};
use crate::nova::{Setting, View, printed};
use crate::oslo::value::Value;

/// What nova leaves out of one option's value.
#[derive(Debug)]
pub struct Ignored {
    /// The option and what sets it.
    pub setting: Setting,
    /// The items, in their order, each once; of very many the first [`MOST`].
    pub items: Vec<String>,
    /// Nova's warning about the first of them.
    pub warning: String,
    /// What an item must be, an order.
    pub instead: &'static str,
}

/// A list whose items nova looks at one by one.
struct List {
    name: &'static str,
    /// Nova's warning about an item that it leaves out; `None` where it takes it.
    warning: fn(&str) -> Option<String>,
    instead: &'static str,
}

const LISTS: [List; 3] = [
    List {
        name: "disk_cachemodes",
        warning: cache_mode,
        instead: "write `type=mode`, the mode one of `default`, `none`, `writethrough`, `writeback`, `directsync` and `unsafe`",
    },
    List {
        name: "hw_machine_type",
        warning: machine_type,
        instead: "write `architecture=type`, such as `x86_64=q35`",
    },
    List {
        name: "enabled_perf_events",
        warning: perf_event,
        instead: "write names that libvirt has, such as `cpu_clock` or `cache_misses`, or remove it",
    },
];

const CACHE_MODES: [&str; 6] = ["default", "none", "writethrough", "writeback", "directsync", "unsafe"];

/// What libvirt counts, as its constants `VIR_PERF_PARAM_*` name it.
const PERF_EVENTS: [&str; 22] = [
    "cmt",
    "mbmt",
    "mbml",
    "cache_misses",
    "cache_references",
    "instructions",
    "cpu_cycles",
    "branch_instructions",
    "branch_misses",
    "bus_cycles",
    "stalled_cycles_frontend",
    "stalled_cycles_backend",
    "ref_cpu_cycles",
    "cpu_clock",
    "task_clock",
    "page_faults",
    "context_switches",
    "cpu_migrations",
    "page_faults_min",
    "page_faults_maj",
    "alignment_faults",
    "emulation_faults",
];

/// All that nova-compute of the release of `view` leaves out, by option.
#[must_use]
pub fn found(view: &View<'_>) -> Vec<Ignored> {
    let of_lists = LISTS.iter().filter_map(|list| of_list(view, list));
    of_lists.chain(of_mdev_types(view)).collect()
}

/// Types of mediated devices for which no address is given.
fn of_mdev_types(view: &View<'_>) -> Option<Ignored> {
    let mut names = ["enabled_mdev_types", "enabled_vgpu_types"].into_iter();
    let setting = names.find_map(|name| view.setting("devices", name))?;
    let Value::List(items) = view.value(&setting).ok().filter(|_| setting.is_set())? else {
        return None;
    };
    let names: Vec<String> = items.iter().map(printed).collect();
    let (mut items, warning) = mdev::unused(&made::mdev_types(view, &names).ok()?, view.release())?;
    items.truncate(MOST);
    Some(Ignored {
        setting,
        items,
        warning,
        instead: if view.release().number() < 21 {
            "name one type: several work from ussuri on"
        } else {
            "write `device_addresses` in the group of each type, or name one type alone"
        },
    })
}

fn of_list(view: &View<'_>, list: &List) -> Option<Ignored> {
    let setting = view.setting("libvirt", list.name)?;
    let Value::List(items) = view.value(&setting).ok().filter(|_| setting.is_set())? else {
        return None;
    };
    let mut left_out: Vec<String> = Vec::new();
    for item in items.iter().map(printed) {
        if left_out.len() < MOST && (list.warning)(&item).is_some() && !left_out.contains(&item) {
            left_out.push(item);
        }
    }
    let warning = (list.warning)(left_out.first()?)?;
    Some(Ignored {
        setting,
        items: left_out,
        warning,
        instead: list.instead,
    })
}

fn cache_mode(item: &str) -> Option<String> {
    let (kind, mode) = item.split_once('=').unwrap_or((item, ""));
    (!CACHE_MODES.contains(&mode)).then(|| format!("Invalid cachemode {mode} specified for disk type {kind}."))
}

fn machine_type(item: &str) -> Option<String> {
    let machine = item.split_once('=').map_or("", |(_, machine)| machine);
    machine
        .is_empty()
        .then(|| format!("Invalid hw_machine_type config value {item}"))
}

fn perf_event(item: &str) -> Option<String> {
    let is_known = PERF_EVENTS.contains(&&*item.to_lowercase());
    (!is_known).then(|| format!("Libvirt does not support event type '{item}'."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Release;
    use crate::oslo::Document;
    use crate::oslo::stack::Stack;
    use crate::text::Source;

    #[test]
    fn what_nova_leaves_out_is_found_with_its_warning() {
        let conf = "[libvirt]\ndisk_cachemodes = file=writeback,block=writeabck,network\nhw_machine_type = x86_64=q35,pc\n\
                    enabled_perf_events = CPU_CLOCK,cpu_clok\n";
        let stack = Stack::of(Document::parse(Source::new("nova.conf", conf.as_bytes().to_vec())));
        for release in Release::all().filter(|release| release.is_complete()) {
            let found = found(&View::new(&stack, release));
            let [modes, machines, events] = &found[..] else {
                panic!("{release}: {found:?}");
            };
            assert_eq!(modes.items, ["block=writeabck", "network"]);
            assert_eq!(
                modes.warning,
                "Invalid cachemode writeabck specified for disk type block."
            );
            assert_eq!(machines.items, ["pc"]);
            assert_eq!(events.items, ["cpu_clok"]);
        }
    }
}
