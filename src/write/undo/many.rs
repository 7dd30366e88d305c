//! The undo of many files: side by side where they are different ones, and each as if it were alone.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::mem;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Undone, alone, side_by_side};
use crate::write::batch::most_together;
use crate::write::error::WriteError;
use crate::write::place::ResolvedPath;
use crate::write::{Links, Options};

/// So many files at once, where they need not be open all the time.
const MOST_FILES: usize = 1000;
/// Of the texts that are in memory at once; the last of them may be longer.
const MOST_BYTES: u64 = 16 << 20;

/// Does as [`super::undo`] for each of `paths`, one after the other as far as anybody can see, and `tell`s what came of
/// it; one that fails does not keep the others from it.
pub fn undo_all<'a>(
    paths: impl IntoIterator<Item = &'a Path>,
    options: &Options,
    mut tell: impl FnMut(Result<Undone, WriteError>),
) {
    let mut waiting = Waiting::default();
    for path in paths {
        let mut file = Candidate::find(path, options);
        if !waiting.has_room_for(&file, options) {
            mem::take(&mut waiting).bring_back(options, &mut tell);
            // What was brought back may be where a link led, or no longer there.
            file = Candidate::find(path, options);
        }
        waiting.add(file);
    }
    waiting.bring_back(options, &mut tell);
}

/// A file that is to be brought back, as it is found.
struct Candidate {
    place: Result<ResolvedPath, WriteError>,
    /// `None` where it cannot be looked at.
    found: Option<Metadata>,
}

impl Candidate {
    fn find(path: &Path, options: &Options) -> Self {
        let place = ResolvedPath::resolve(options.root.as_ref(), path, Links::Follow, false);
        let found = place.as_ref().ok().and_then(|place| fs::metadata(&place.target).ok());
        Self { place, found }
    }
}

/// Files whose backups are brought back side by side.
#[derive(Default)]
struct Waiting {
    places: Vec<Result<ResolvedPath, WriteError>>,
    known: HashSet<(u64, u64)>,
    directories: HashSet<PathBuf>,
    size: u64,
}

impl Waiting {
    /// Not for a file that is there already, under whatever name: its second undo comes after its first.
    fn has_room_for(&self, file: &Candidate, options: &Options) -> bool {
        let (most, files) = (most_together(), self.places.len());
        let most_files = if options.in_place { most } else { MOST_FILES };
        let is_known = |found: &Metadata| self.known.contains(&(found.dev(), found.ino()));
        files < most_files
            && self.directories.len() < most
            && self.size < MOST_BYTES
            && !file.found.as_ref().is_some_and(is_known)
    }

    fn add(&mut self, Candidate { place, found }: Candidate) {
        if let (Ok(place), Some(found)) = (&place, found) {
            self.known.insert((found.dev(), found.ino()));
            self.directories.insert(place.parent.clone());
            self.size = self.size.saturating_add(found.len());
        }
        self.places.push(place);
    }

    fn bring_back(self, options: &Options, tell: &mut impl FnMut(Result<Undone, WriteError>)) {
        let places: Vec<ResolvedPath> = self.places.iter().flatten().cloned().collect();
        // Where not all can be locked, each says for itself what is wrong.
        let together = side_by_side(&places, None, options).ok();
        let mut together = together.into_iter().flatten();
        for place in self.places {
            let done = place.and_then(|place| together.next().unwrap_or_else(|| alone(place, None, options)));
            tell(done);
        }
    }
}
