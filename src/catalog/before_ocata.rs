//! Names that nova had in `[DEFAULT]` before Ocata, the first release whose options are all known.
//!
//! It knows names only: what the options meant, and which release had them last, it does not.

/// The names, one a line, sorted; lines with `#` are comments.
const NAMES: &str = include_str!("data/before_ocata.txt");

/// Whether a nova before Ocata had an option `name` in `[DEFAULT]` that no release from Ocata on takes there.
#[must_use]
pub fn had(name: &str) -> bool {
    let (mut text, mut is_there) = (NAMES, false);
    while !text.is_empty() && !is_there {
        // The line in the middle.
        let middle = text.as_bytes()[..text.len() / 2]
            .iter()
            .rposition(|&byte| byte == b'\n');
        let (before, rest) = text.split_at(middle.map_or(0, |end| end + 1));
        let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        let order = name.cmp(line);
        is_there = order.is_eq();
        text = if order.is_lt() { before } else { behind };
    }
    is_there && !name.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn options_of_old_releases_are_known_by_name() {
        for name in [
            "memcached_servers",
            "fixed_range",
            "osapi_volume_listen_port",
            "volume_driver",
        ] {
            assert!(had(name), "{name}");
        }
        assert!(!had("fixed_rang") && !had("compute_driver") && !had("# Names"));
    }

    #[test]
    fn every_name_of_the_list_is_found() {
        let names = NAMES.lines().filter(|line| !line.starts_with('#'));
        assert!(names.clone().is_sorted() && names.clone().all(had));
        assert!(!had("") && !had("zzz") && !had("\n"));
    }

    #[test]
    fn no_name_is_one_that_a_known_release_takes_in_default() {
        let names = NAMES.lines().filter(|line| !line.starts_with('#'));
        let known: Vec<_> = names
            .filter(|name| catalog::is_known_anywhere("DEFAULT", name))
            .collect();
        assert!(known.is_empty(), "{known:?}");
    }
}
