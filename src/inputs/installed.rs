//! Which nova is installed beside the files: what Python's metadata of the package says, else Debian's package list.
//!
//! It runs nothing, stays below the root it is given, and reads only what is regular and short.

use std::path::{Path, PathBuf};

use crate::bounded::{self, Kinds, Root};
use crate::catalog::Release;
use crate::nova::today::{Evidence, Today};

/// Where distributions, `pip` and deployers put Python packages; `*` stands for the rest of a name.
const PLACES: &[&str] = &[
    "usr/lib/python*/dist-packages",
    "usr/lib/python*/site-packages",
    "usr/lib64/python*/site-packages",
    "usr/local/lib/python*/dist-packages",
    "usr/local/lib/python*/site-packages",
    "usr/local/lib64/python*/site-packages",
    // Kolla's images, OpenStack-Ansible, DevStack, other virtual environments.
    "var/lib/kolla/venv/lib/python*/site-packages",
    "var/lib/openstack/lib/python*/site-packages",
    "openstack/venvs/nova*/lib/python*/site-packages",
    "opt/stack/nova*",
    "opt/stack/venv/lib/python*/site-packages",
    "opt/stack/data/venv/lib/python*/site-packages",
    "opt/nova*/lib/python*/site-packages",
    "opt/openstack*/lib/python*/site-packages",
    "opt/venv*/lib/python*/site-packages",
    "srv/nova*/lib/python*/site-packages",
    "snap/nova*/current/lib/python*/site-packages",
    "snap/openstack*/current/lib/python*/site-packages",
    "snap/openstack*/current/usr/lib/python*/dist-packages",
];
/// Debian's packages that have nova's version.
const PACKAGES: [&str; 5] = ["nova-common", "nova-compute", "nova-api", "python3-nova", "python-nova"];
/// So many entries of one directory are looked at.
const ENTRIES: usize = 20_000;
/// Debian's list of packages may be so long, in bytes.
const STATUS: u64 = bounded::LIMIT;

/// The releases of the novas that are installed below `root`; `None` where there is none, or none of a known release.
#[must_use]
pub fn installed(root: &Root) -> Option<Today> {
    let mut versions: Vec<String> = PLACES.iter().flat_map(|place| in_place(root, place)).collect();
    if versions.is_empty() {
        versions = of_debian(root);
    }
    today(versions)
}

fn today(mut versions: Vec<String>) -> Option<Today> {
    versions.retain(|version| release(version).is_some());
    versions.sort_by_key(|version| (release(version), version.clone()));
    versions.dedup();
    let oldest = versions.first().and_then(|version| release(version))?;
    let newest = versions.last().and_then(|version| release(version))?;
    let words = match &versions[..] {
        [only] => format!("nova {only} is installed"),
        many => format!("nova {} are installed", many.join(" and ")),
    };
    Some(Today {
        oldest,
        newest,
        evidence: Evidence::Installed(words),
    })
}

/// The release of a version: `26.2.2`, `29.0.1.dev7`.
fn release(version: &str) -> Option<Release> {
    let major = version.split(|c: char| !c.is_ascii_digit()).next()?;
    major.parse().ok().and_then(Release::from_number)
}

/// The versions of nova whose metadata lies in the directories that `place` means below `root`.
fn in_place(root: &Root, place: &str) -> Vec<String> {
    let mut directories = vec![root.path().to_owned()];
    for part in place.split('/') {
        directories = directories.iter().flat_map(|at| matching(root, at, part)).collect();
    }
    directories
        .iter()
        .flat_map(|directory| in_directory(root, directory))
        .collect()
}

/// The directories in `at` called `part`, in which `*` may stand for the rest.
fn matching(root: &Root, at: &Path, part: &str) -> Vec<PathBuf> {
    let paths: Vec<PathBuf> = match part.strip_suffix('*') {
        None => vec![at.join(part)],
        Some(start) => {
            let mut paths = entries(root, at);
            paths.retain(|path| name(path).starts_with(start));
            paths
        }
    };
    paths.into_iter().filter(|path| root.is_dir(path)).collect()
}

fn entries(root: &Root, directory: &Path) -> Vec<PathBuf> {
    let names = root.names(directory, ENTRIES).unwrap_or_default().into_iter();
    names.map(|name| directory.join(name)).collect()
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn in_directory(root: &Root, directory: &Path) -> Vec<String> {
    let paths = entries(root, directory);
    paths.iter().filter_map(|path| of_metadata(root, path)).collect()
}

/// The version that `nova-26.2.2.dist-info`, `nova-26.2.2-py3.9.egg-info` or `nova.egg-info` has; `None` of anything else,
/// and of a directory that an installation left behind empty.
fn of_metadata(root: &Root, path: &Path) -> Option<String> {
    let name = name(path);
    let (stem, metadata) = if let Some(stem) = name.strip_suffix(".dist-info") {
        (stem, "METADATA")
    } else {
        (name.strip_suffix(".egg-info")?, "PKG-INFO")
    };
    if stem != "nova" && !stem.starts_with("nova-") {
        return None;
    }
    let file = if root.is_dir(path) {
        path.join(metadata)
    } else {
        path.to_owned()
    };
    let text = bounded::read_in(root, &file, Kinds::Regular, 1 << 20).ok()?;
    let written = field(&text, "Version:");
    let in_name = || {
        let version = stem.strip_prefix("nova-")?.split('-').next()?;
        version
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| version.to_owned())
    };
    written.or_else(in_name).filter(|version| is_version(version))
}

/// Whether it may be shown: it came from a file that nobody checked.
fn is_version(version: &str) -> bool {
    let is_fitting = |c: char| c.is_ascii_alphanumeric() || ".+~-".contains(c);
    version.len() <= 64 && version.chars().all(is_fitting)
}

/// The first line of a list of headers that starts with `key`, without it.
fn field(text: &[u8], key: &str) -> Option<String> {
    let mut lines = text.split(|&byte| byte == b'\n').take_while(|line| !line.is_empty());
    let value = lines.find_map(|line| line.strip_prefix(key.as_bytes()))?;
    Some(String::from_utf8_lossy(value).trim().to_owned())
}

/// The versions of nova's packages in Debian's list: `2:26.2.2-1~deb12u3` is 26.2.2.
fn of_debian(root: &Root) -> Vec<String> {
    let status = root.join("var/lib/dpkg/status");
    let text = bounded::read_in(root, &status, Kinds::Regular, STATUS).unwrap_or_default();
    let mut versions = Vec::new();
    let mut rest = &text[..];
    while !rest.is_empty() {
        let end = memchr::memmem::find(rest, b"\n\n").map_or(rest.len(), |at| at + 2);
        let (paragraph, after) = rest.split_at(end);
        rest = after;
        let is_novas = field(paragraph, "Package:").is_some_and(|name| PACKAGES.contains(&&*name));
        if is_novas && field(paragraph, "Status:").is_some_and(|status| status.ends_with(" installed")) {
            versions.extend(field(paragraph, "Version:").map(|version| upstream(&version).to_owned()));
        }
    }
    versions.retain(|version| is_version(version));
    versions
}

/// The version without Debian's epoch and revision.
fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    version.rsplit_once('-').map_or(version, |(upstream, _)| upstream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn found(files: &[(&str, &str)]) -> Option<(u8, u8, String)> {
        let today = installed(&Root::open(root(files).path()).unwrap())?;
        Some((today.oldest.number(), today.newest.number(), today.why()))
    }

    const METADATA: &str = "Metadata-Version: 2.1\nName: nova\nVersion: 26.2.2\n\nVersion: 13.0.0\n";

    #[test]
    fn the_metadata_of_the_package_says_the_release_wherever_it_lies() {
        for place in [
            "usr/lib/python3/dist-packages/nova-26.2.2.dist-info/METADATA",
            "usr/lib/python3.9/site-packages/nova-26.2.2-py3.9.egg-info/PKG-INFO",
            "usr/lib/python3/dist-packages/nova-26.2.2.egg-info",
            "var/lib/kolla/venv/lib/python3.10/site-packages/nova-26.2.2.dist-info/METADATA",
            "openstack/venvs/nova-26.1.0/lib/python3.10/site-packages/nova-26.2.2.dist-info/METADATA",
            "opt/stack/nova/nova.egg-info/PKG-INFO",
        ] {
            let words = "today's release is zed (26): nova 26.2.2 is installed".to_owned();
            assert_eq!(found(&[(place, METADATA)]), Some((26, 26, words)), "{place}");
        }
    }

    #[test]
    fn other_packages_and_what_was_left_behind_count_for_nothing() {
        assert_eq!(
            found(&[
                (
                    "usr/lib/python3/dist-packages/nova_powervm-9.0.0.dist-info/METADATA",
                    "Version: 18.0.0\n"
                ),
                ("usr/lib/python3/dist-packages/nova-18.0.0.dist-info/RECORD", ""),
                (
                    "usr/lib/python3/dist-packages/nova-99.0.0.dist-info/METADATA",
                    "Version: 99.0.0\n"
                ),
                (
                    "usr/lib/python3/dist-packages/python_novaclient-18.0.0.dist-info/METADATA",
                    "Version: 18.0.0\n"
                ),
            ]),
            None
        );
    }

    #[test]
    fn several_novas_leave_a_range() {
        let files = [
            (
                "openstack/venvs/nova-28/lib/python3.10/site-packages/nova-28.1.0.dist-info/METADATA",
                "Version: 28.1.0\n",
            ),
            (
                "openstack/venvs/nova-29/lib/python3.10/site-packages/nova-29.0.1.dist-info/METADATA",
                "Version: 29.0.1\n",
            ),
        ];
        let words =
            "today's release is one of 2023.2 bobcat (28) to 2024.1 caracal (29): nova 28.1.0 and 29.0.1 are installed"
                .to_owned();
        assert_eq!(found(&files), Some((28, 29, words)));
    }

    #[test]
    fn debians_list_is_asked_where_no_metadata_lies() {
        let status = "Package: nova-compute\nStatus: deinstall ok config-files\nVersion: 2:18.1.0-1\n\n\
                      Package: nova-common\nStatus: install ok installed\nVersion: 2:26.2.2-1~deb12u3\n\n\
                      Package: python3-novaclient\nStatus: install ok installed\nVersion: 2:18.1.0-2\n";
        let words = "today's release is zed (26): nova 26.2.2 is installed".to_owned();
        assert_eq!(found(&[("var/lib/dpkg/status", status)]), Some((26, 26, words)));
    }

    #[test]
    fn a_link_is_followed_within_the_root_and_never_out_of_it() {
        let outside = root(&[("site/nova-18.0.0.dist-info/METADATA", "Version: 18.0.0\n")]);
        let inside = root(&[("real/nova-26.2.2.dist-info/METADATA", METADATA)]);
        let at = |path: &str| inside.path().join(path);
        fs::create_dir_all(at("usr/lib/python3")).unwrap();
        symlink("/real", at("usr/lib/python3/dist-packages")).unwrap();
        symlink(outside.path().join("site"), at("usr/lib/python3/site-packages")).unwrap();
        assert_eq!(
            installed(&Root::open(inside.path()).unwrap()).map(|today| today.newest.number()),
            Some(26)
        );
    }
}
