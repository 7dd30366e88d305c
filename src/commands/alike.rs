//! Files of a fleet that hold the same are looked at once: what is found in one is found in all of them.
//!
//! Only their places differ: a report that says each finding by itself is put together for each file.

use std::collections::HashMap;
use std::ffi::OsString;
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;
use novamend::nova::today::Today;

/// So many texts are kept, and so many bytes of them together.
const MOST: usize = 256;
const ROOM: usize = 1 << 24;

/// What decides what is found in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    name: Name,
    today: Today,
    bytes: Vec<u8>,
}

/// What a path may say of its file: fleets number theirs, and no number says anything but in the last part.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    stem: String,
    extension: Option<OsString>,
    /// A directory such as `nova.conf.d`.
    directory: Option<OsString>,
}

/// What was found, by what decides it.
pub(super) struct Alike<R> {
    hasher: RandomState,
    known: Mutex<Known<R>>,
}

struct Known<R> {
    found: HashMap<u64, Vec<(Key, Arc<R>)>>,
    texts: usize,
    bytes: usize,
}

impl Key {
    /// Of the file at `path` that holds `bytes`, on a host where `today` may run.
    pub(super) fn new(path: &Path, bytes: Vec<u8>, today: &Today) -> Self {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut without = String::with_capacity(stem.len());
        for c in stem.chars() {
            if !c.is_ascii_digit() {
                without.push(c);
            } else if !without.ends_with('0') {
                without.push('0');
            }
        }
        let directory = path.parent().and_then(Path::file_name);
        let directory = directory.filter(|name| name.as_encoded_bytes().ends_with(b".d"));
        Self {
            name: Name {
                stem: without,
                extension: path.extension().map(OsString::from),
                directory: directory.map(OsString::from),
            },
            today: today.clone(),
            bytes,
        }
    }

    /// The bytes of the file, and the key once more where it `is_kept`.
    pub(super) fn into_bytes(self, is_kept: bool) -> (Vec<u8>, Option<Self>) {
        if is_kept {
            (self.bytes.clone(), Some(self))
        } else {
            (self.bytes, None)
        }
    }
}

impl<R> Default for Alike<R> {
    fn default() -> Self {
        Self {
            hasher: RandomState::default(),
            known: Mutex::new(Known {
                found: HashMap::new(),
                texts: 0,
                bytes: 0,
            }),
        }
    }
}

impl<R> Alike<R> {
    /// What was found in a file like it.
    pub(super) fn find(&self, key: &Key) -> Option<Arc<R>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = known.found.get(&self.hasher.hash_one(&key.bytes))?;
        same.iter()
            .find(|(known, _)| known == key)
            .map(|(_, found)| Arc::clone(found))
    }

    /// Whether there is room for what is found in the file of `key`.
    pub(super) fn has_room(&self, key: &Key) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.has_room(key)
    }

    /// Keeps `found` for files like it, where there is room.
    pub(super) fn keep(&self, key: Key, found: Arc<R>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.has_room(&key) {
            known.texts += 1;
            known.bytes += key.bytes.len();
            let hash = self.hasher.hash_one(&key.bytes);
            known.found.entry(hash).or_default().push((key, found));
        }
    }
}

impl<R> Known<R> {
    fn has_room(&self, key: &Key) -> bool {
        self.texts < MOST && self.bytes + key.bytes.len() <= ROOM
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use novamend::catalog::Release;

    #[test]
    fn numbers_in_names_make_no_difference_and_all_else_does() {
        let key = |path: &str, text: &str| {
            let today = Today::said(Release::ROCKY);
            Key::new(Path::new(path), text.as_bytes().to_vec(), &today)
        };
        let first = key("fleet/compute01.conf", "x");
        let alike = Alike::default();
        alike.keep(first.clone(), Arc::new(1));
        assert!(alike.find(&key("other/compute9000.conf", "x")).is_some());
        for (path, text) in [
            ("fleet/compute01.conf", "y"),
            ("fleet/cinder01.conf", "x"),
            ("fleet/compute01.conf.j2", "x"),
            ("nova.conf.d/compute01.conf", "x"),
        ] {
            assert!(alike.find(&key(path, text)).is_none(), "{path}");
        }
    }
}
