//! The command that goes on from a report, to be copied: the same files, the same upgrade, another verb or flag.
//!
//! Whatever is quoted in it is quoted for a shell.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use novamend::inputs::arguments::CatalogArguments;
use novamend::inputs::load::{Input, STDIN};
use novamend::inputs::{Sources, Upgrade};
use novamend::output::shown_path;

/// So many paths are named in a command to be copied; of more it says that they are to be named.
const MOST: usize = 5;

/// `novamend VERB` with what names the upgrade and the files, `flags` in between.
pub(super) fn command(verb: &str, upgrade: Upgrade, sources: &Sources, flags: &[&str]) -> String {
    let mut words = vec!["novamend".to_owned(), verb.to_owned()];
    for (flag, release) in [("--from", upgrade.from), ("--to", upgrade.to)] {
        words.extend(
            release
                .into_iter()
                .flat_map(|release| [flag.to_owned(), release.short().to_owned()]),
        );
    }
    // The release to come may be known by a file alone.
    let arguments: Vec<_> = std::env::args_os().collect();
    let catalog = CatalogArguments::of(&arguments).words();
    words.extend(catalog.iter().map(|word| quoted(Path::new(word))));
    if !sources.root.is_host() {
        words.extend(["--root".to_owned(), quoted(sources.root.path())]);
    }
    for input in &sources.ordered {
        match input {
            Input::File(path) | Input::Walked(path) | Input::Default(path) => {
                words.extend(["--config-file".to_owned(), quoted(path)]);
            }
            Input::Directory(path) => {
                words.extend(["--config-dir".to_owned(), quoted(path)]);
            }
            Input::Stdin => words.push(STDIN.to_owned()),
        }
    }
    if !sources.environment.is_empty() {
        words.push("--env".to_owned());
    }
    words.extend(flags.iter().map(|&flag| flag.to_owned()));
    if sources.paths.iter().any(|path| is_like_a_flag(path)) {
        words.push("--".to_owned());
    }
    if sources.paths.len() > MOST {
        // As in the usage of a command: to be put in place of it.
        words.push("PATH...".to_owned());
    } else {
        words.extend(sources.paths.iter().map(|path| quoted(path)));
    }
    words.join(" ")
}

/// Whether `path` would be taken for a flag; `-` is standard input.
fn is_like_a_flag(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    bytes.len() > 1 && bytes.starts_with(b"-")
}

/// A path as a shell takes it; one that cannot be printed as it is in `$'…'`, as bash, ksh and zsh have it.
fn quoted(path: &Path) -> String {
    let shown = shown_path(path);
    if shown.as_bytes() != path.as_os_str().as_bytes() {
        return escaped(path.as_os_str().as_bytes());
    }
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !shown.is_empty() && shown.chars().all(is_plain) {
        return shown;
    }
    format!("'{}'", shown.replace('\'', "'\\''"))
}

/// `bytes` in `$'…'`: what could be misread, or could not be printed, by its octal number, three digits each.
fn escaped(bytes: &[u8]) -> String {
    let each = bytes.iter().map(|&byte| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    });
    format!("$'{}'", each.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::process::Command;

    use novamend::plain;

    use super::*;

    #[test]
    fn a_shell_takes_a_quoted_path_for_what_it_is() {
        let paths: [&[u8]; 7] = [
            b"plain.conf",
            b"a b's.conf",
            b"$HOME `id` \\.conf",
            b"line\nend 7.conf",
            b"\xff\xfe7'\\.conf",
            b"\x1b[31m.conf",
            "\u{202e}ä\n.conf".as_bytes(),
        ];
        for bytes in paths {
            let word = quoted(Path::new(OsStr::from_bytes(bytes)));
            assert_eq!(plain::line(&word), word);
            let script = format!("printf %s {word}");
            let printed = Command::new("bash").args(["-c", &script]).output().expect("bash");
            assert_eq!(printed.stdout, bytes, "{word}");
        }
    }
}
