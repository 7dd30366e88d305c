//! Post-copy on hosts whose guests hold devices that QEMU does not migrate by post-copy.
//!
//! Devices that nova itself does not live-migrate, or takes out of the guest before, are not its business.

use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::Setting;
use crate::nova::migration::settings::{LIBVIRT, POST_COPY};
use crate::oslo::stack::Site;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "post-copy-with-passthrough",
    severity: Severity::Warning,
    effect: Effect::StopsWork,
    summary: "guests with a passed-through device cannot migrate while post-copy is permitted",
    doc: include_str!("../../../docs/rules/post-copy-with-passthrough.md"),
    check,
    yields_to: &[],
};

/// The first release that live-migrates guests with mediated devices: 2024.1.
const MEDIATED_SINCE: u32 = 29;
/// The first release that live-migrates guests with PCI devices as such: 2025.1.
const PCI_SINCE: u32 = 31;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.after().post_copy {
        return;
    }
    let to = u32::from(context.to.release().number());
    if to >= MEDIATED_SINCE
        && let Some(setting) = context.to.setting("devices", "enabled_mdev_types")
        && let Some(&site) = setting.found.effective.last()
        && has_items(context, &setting)
    {
        findings.push(report(context, site, "mediated devices (vGPUs)"));
    }
    if to >= PCI_SINCE
        && let Some(setting) = context.to.setting("pci", "device_spec")
    {
        let sites = setting.found.effective.iter().copied();
        for site in sites.filter(|&site| is_live_migratable(&context.stack.value(site))) {
            findings.push(report(context, site, "these PCI devices"));
        }
    }
}

fn report(context: &Context<'_>, site: Site, devices: &str) -> Finding {
    let message = format!("guests with {devices} cannot migrate while post-copy is permitted");
    let finding = Finding::new(&RULE, context.site_location(site), message)
        .with_reason(
            "a VFIO device cannot wait for memory that has not arrived yet, so QEMU refuses to start a migration that may \
             become post-copy (older versions lose the guest when it does); nova permits post-copy for all guests or \
             for none",
        )
        .with_help(format!(
            "remove `{POST_COPY}` on the hosts that have such devices; `force_complete` then pauses their guests"
        ));
    context.along_with(finding, (LIBVIRT, POST_COPY), "post-copy is permitted here")
}

fn has_items(context: &Context<'_>, setting: &Setting) -> bool {
    let text = context.to.text(setting).ok().flatten().unwrap_or_default();
    text.split(',').any(|item| !item.trim().is_empty())
}

/// Whether a device specification says `"live_migratable": "yes"`, in any of the words that nova takes for it.
fn is_live_migratable(spec: &str) -> bool {
    let plain: String = spec
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\''))
        .flat_map(char::to_lowercase)
        .collect();
    plain.split("live_migratable:").skip(1).any(|rest| {
        let word = rest.split([',', '}']).next().unwrap_or_default();
        matches!(word, "yes" | "true" | "y" | "t" | "on" | "1")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_live_migratable_where_its_specification_says_so() {
        for yes in [
            r#"{"vendor_id": "8086", "live_migratable": "yes"}"#,
            r#"[{"live_migratable":"no"},{"live_migratable":"True","managed":"no"}]"#,
        ] {
            assert!(is_live_migratable(yes), "{yes}");
        }
        for no in [
            r#"{"vendor_id": "8086"}"#,
            r#"{"live_migratable": "no", "x": "yes"}"#,
            "",
        ] {
            assert!(!is_live_migratable(no), "{no}");
        }
    }
}
