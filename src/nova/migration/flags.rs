//! Libvirt's migration flags, which operators listed up to Mitaka and nova chooses by itself from Newton on.
//!
//! Sources: `_parse_migration_flags` of nova/virt/libvirt/driver.py at mitaka-eol and newton-eol.

use std::collections::BTreeSet;

use super::settings::{AUTO_CONVERGE, POST_COPY, TUNNELLED};

/// The flags that became options of `[libvirt]`; each option counts for migrations with and without copied disks.
pub const OPTIONS: [(&str, &str); 3] = [
    ("VIR_MIGRATE_AUTO_CONVERGE", AUTO_CONVERGE),
    ("VIR_MIGRATE_POSTCOPY", POST_COPY),
    ("VIR_MIGRATE_TUNNELLED", TUNNELLED),
];

/// The flags that nova sets by itself.
const BY_ITSELF: [&str; 5] = [
    "VIR_MIGRATE_LIVE",
    "VIR_MIGRATE_NON_SHARED_INC",
    "VIR_MIGRATE_PEER2PEER",
    "VIR_MIGRATE_PERSIST_DEST",
    "VIR_MIGRATE_UNDEFINE_SOURCE",
];

/// What became of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagFate {
    /// This option of `[libvirt]` sets it.
    Option(&'static str),
    /// Nova sets it by itself.
    ByItself,
    /// Nova sets it no more.
    Gone,
    /// It is no flag of libvirt's; Mitaka warned and went on.
    NoFlag,
}

/// The flags in a list as nova takes it apart.
#[must_use]
pub fn split(list: &str) -> BTreeSet<&str> {
    list.split(',').map(str::trim).filter(|flag| !flag.is_empty()).collect()
}

/// What became of `flag`; libvirt's names are case-sensitive.
#[must_use]
pub fn fate(flag: &str) -> FlagFate {
    if let Some((_, option)) = OPTIONS.iter().find(|(known, _)| *known == flag) {
        FlagFate::Option(option)
    } else if BY_ITSELF.contains(&flag) {
        FlagFate::ByItself
    } else if flag.starts_with("VIR_MIGRATE_") {
        FlagFate::Gone
    } else {
        FlagFate::NoFlag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_taken_apart_and_each_flag_has_a_fate() {
        let flags = split("VIR_MIGRATE_LIVE, VIR_MIGRATE_TUNNELLED,,VIR_MIGRATE_UNSAFE ,live");
        let fates: Vec<FlagFate> = flags.into_iter().map(fate).collect();
        let tunnelled = FlagFate::Option("live_migration_tunnelled");
        assert_eq!(fates, [FlagFate::ByItself, tunnelled, FlagFate::Gone, FlagFate::NoFlag]);
    }
}
