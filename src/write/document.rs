//! A file of novamend's own, such as a report: made, or replaced where it is one already; never what somebody else put
//! there.

use std::path::Path;

use super::directory::Directory;
use super::error::WriteError;
use super::place::ResolvedPath;
use super::{Links, Planned, job};
use crate::bounded;

/// What it takes to write `after` to `path`, as the file there is now: `Planned.before` is its text, if it has one.
///
/// `is_own` is asked about the text of a file that is there already; `what` names what it must be, with its article.
///
/// # Errors
/// The path is a symbolic link, no regular file, a file of another user or one that `is_own` refuses.
pub fn document(
    path: &Path,
    after: Vec<u8>,
    what: &'static str,
    is_own: impl Fn(&[u8]) -> bool,
) -> Result<Planned, WriteError> {
    let place = ResolvedPath::resolve(None, path, Links::Refuse, true)?;
    let planned = |before| Planned {
        path: path.to_owned(),
        before,
        after,
        links: Links::Refuse,
    };
    let directory = Directory::open_directory(&place.parent)?;
    if directory.look(&place.name).is_err() {
        return Ok(planned(None));
    }
    let (file, looked) = job::open(&directory, &place)?;
    if looked.owner() != rustix::process::geteuid().as_raw() {
        return Err(WriteError::NotOwn {
            path: path.to_owned(),
            owner: looked.owner(),
        });
    }
    match bounded::read_whole(file, bounded::LIMIT) {
        Ok(text) if is_own(&text) => Ok(planned(Some(text))),
        Ok(_) | Err(bounded::ReadRefusal::TooLong(_)) => Err(WriteError::Foreign {
            path: path.to_owned(),
            what,
        }),
        Err(error) => Err(WriteError::io(path, "reading it", std::io::Error::other(error))),
    }
}
