//! Where the pages of the rules lie, for a terminal that makes links: beside the program, as it is packaged or as it is built.

use std::path::{Path, PathBuf};

use novamend::text::encoded;

/// Seen from the directory of the program: where a package has the pages, and where the sources have them.
const PLACES: [&str; 3] = [
    "../share/doc/novamend/rules",
    "../share/doc/novamend/docs/rules",
    "../../docs/rules",
];
/// A page that has been there from the beginning.
const KNOWN: &str = "removed-option.md";

/// How the addresses of the pages begin; `None` where they are not on this host.
pub(super) fn start() -> Option<&'static str> {
    let program = std::env::current_exe().ok()?;
    let mut places = PLACES.iter().map(|place| program.parent().map(|near| near.join(place)));
    let place = places.find_map(|place| place.filter(|place| place.join(KNOWN).is_file()))?;
    let place: PathBuf = place.canonicalize().ok()?;
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Some(Box::leak(address(&host, &place).into_boxed_str()))
}

/// The address of the directory `place`: a terminal may run on another host, so this one is named.
fn address(host: &str, place: &Path) -> String {
    let place = encoded(place.as_os_str().as_encoded_bytes());
    format!("file://{}{place}/", encoded(host.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_nothing_that_a_terminal_takes_for_more() {
        assert_eq!(address("h", Path::new("/a b/\u{1b}\u{7}c")), "file://h/a%20b/%1B%07c/");
    }
}
