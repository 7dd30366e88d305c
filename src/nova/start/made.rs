//! Options of groups that nova makes when it runs, from what others list: types of mediated devices, physical networks.

use super::mdev::MdevType;
use crate::nova::{Unusable, View, printed};
use crate::oslo::names::normal_group;
use crate::oslo::types::OptionType;
use crate::oslo::value::{self, Value};

/// The text of such an option by its names, (group, name), the current one first; `None` where nothing sets it.
///
/// # Errors
/// A template fills it in, or a reference leads nowhere.
pub fn text(view: &View<'_>, names: &[(&str, &str)]) -> Result<Option<String>, Unusable> {
    let stack = view.stack();
    let Some(site) = stack.find(names, false, view.reads_environment()).winner() else {
        return Ok(None);
    };
    if stack.is_unknown(site) {
        return Err(Unusable::Template);
    }
    view.expanded(names[0].0, &stack.value(site)).map(Some)
}

/// The items of `text`, each of the type `item`; `None` where oslo.config rejects one.
#[must_use]
pub fn items(view: &View<'_>, text: &str, item: OptionType) -> Option<Vec<String>> {
    let kind = OptionType::List {
        item: item.into(),
        bounds: false,
    };
    match value::check(&kind, text, view.profile()) {
        Ok(Value::List(items)) => Some(items.iter().map(printed).collect()),
        _ => None,
    }
}

/// The types of mediated devices called `names`, with what their groups say.
///
/// # Errors
/// What a group says is not known.
pub fn mdev_types(view: &View<'_>, names: &[String]) -> Result<Vec<MdevType>, Unusable> {
    let of_one = |name: &String| {
        let new = normal_group(&format!("mdev_{name}")).into_owned();
        let old = normal_group(&format!("vgpu_{name}")).into_owned();
        let mut groups = vec![(&*new, "device_addresses"), (&*old, "device_addresses")];
        if view.release().number() < 24 {
            groups.remove(0);
        }
        let addresses = text(view, &groups)?.and_then(|text| items(view, &text, OptionType::text()));
        Ok(MdevType {
            name: name.clone(),
            addresses: addresses.unwrap_or_default(),
            class: text(view, &[(&new, "mdev_class")])?,
        })
    };
    names.iter().map(of_one).collect()
}
