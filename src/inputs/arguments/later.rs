//! `--catalog-update` and `--catalog-key`: releases that came out after the program, from files that somebody has signed.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{ArgumentsError, KEY, PREFIX};
use crate::bounded;
use crate::catalog::{Release, update};

/// Releases that came out after the program, in every verb.
///
/// They are read before the arguments are ([`CatalogArguments::add`]), as those may name such a release.
#[derive(Clone, Debug, Default, Args)]
#[group(skip)]
pub struct CatalogArguments {
    /// The options of a release that this program does not know yet, as docs/catalog.md describes it; its signature is beside
    /// it, FILE.minisig
    #[arg(long, global = true, value_name = "FILE")]
    pub catalog_update: Vec<PathBuf>,
    /// The public key of minisign by which such files must be signed [default: /etc/novamend/catalog.pub]
    #[arg(long, global = true, value_name = "FILE")]
    pub catalog_key: Option<PathBuf>,
}

impl CatalogArguments {
    /// What all `arguments` of a process say, wherever they stand before a `--`, else the variables for them.
    #[must_use]
    pub fn of(arguments: &[OsString]) -> Self {
        let mut found = Self::default();
        let mut words = arguments.iter().skip(1).take_while(|word| *word != "--");
        while let Some(word) = words.next() {
            let text = word.to_string_lossy();
            let value = |words: &mut dyn Iterator<Item = &OsString>, flag: &str| match text.strip_prefix(flag)? {
                "" => words.next().map(PathBuf::from),
                rest => rest.strip_prefix('=').map(PathBuf::from),
            };
            if let Some(path) = value(&mut words, "--catalog-update") {
                found.catalog_update.push(path);
            } else if let Some(path) = value(&mut words, "--catalog-key") {
                found.catalog_key = Some(path);
            }
        }
        let variable = |flag: &str| std::env::var_os(format!("{PREFIX}{flag}")).filter(|value| !value.is_empty());
        if found.catalog_update.is_empty() {
            found
                .catalog_update
                .extend(variable("CATALOG_UPDATE").iter().flat_map(paths));
        }
        found.catalog_key = found.catalog_key.or_else(|| variable("CATALOG_KEY").map(PathBuf::from));
        found
    }

    /// The arguments that say the same, for a program that this one becomes.
    #[must_use]
    pub fn words(&self) -> Vec<OsString> {
        let updates = self.catalog_update.iter().map(|path| ("--catalog-update", path));
        let key = self.catalog_key.iter().map(|path| ("--catalog-key", path));
        let pairs = updates.chain(key);
        pairs
            .flat_map(|(flag, path)| [flag.into(), path.clone().into_os_string()])
            .collect()
    }

    /// Adds the releases of the files to the catalog; what is worth a word is returned: a line for each file.
    ///
    /// # Errors
    /// A file that cannot be read, that the key has not signed, or that is no catalog.
    pub fn add(&self) -> Result<Vec<String>, ArgumentsError> {
        if self.catalog_update.is_empty() {
            return Ok(Vec::new());
        }
        let key_path = self.catalog_key.clone().unwrap_or_else(|| PathBuf::from(KEY));
        if self.catalog_key.is_none() && is_open_to_others(&key_path) {
            return Err(ArgumentsError::Key(key_path));
        }
        let text = |path: PathBuf| {
            bounded::read_text(&path, bounded::LIMIT).map_err(|why| ArgumentsError::UpdateRefused { path, why })
        };
        let key = text(key_path.clone())?;
        let refused = |path: &Path, why| ArgumentsError::Update {
            path: path.to_owned(),
            key: key_path.clone(),
            why,
        };
        let mut updates = Vec::new();
        for path in &self.catalog_update {
            let mut signature = path.clone().into_os_string();
            signature.push(".minisig");
            let (list, signature) = (text(path.clone())?, text(signature.into())?);
            updates.push(update::read(&list, &signature, &key).map_err(|why| refused(path, why))?);
        }
        let known = update::add(updates).map_err(|why| refused(&self.catalog_update[0], why))?;
        let known = known.into_iter().map(|release| {
            format!(
                "release {} is one that this program knows itself; its file is not used",
                release.number
            )
        });
        let new = Release::all().filter(|release| release.came().is_some()).map(|release| {
            let last = Release::NEWEST;
            format!("of {release} the options are known, by `--catalog-update`; what values and starts of it ask for is taken to be as in {last}")
        });
        Ok(known.chain(new).collect())
    }
}

/// The paths of a variable, which commas separate.
fn paths(value: &OsString) -> Vec<PathBuf> {
    let parts = value.as_bytes().split(|byte| *byte == b',');
    parts.map(|part| OsStr::from_bytes(part).into()).collect()
}

/// Whether somebody else than root and who runs this may write `path`.
fn is_open_to_others(path: &Path) -> bool {
    let own = rustix::process::geteuid().as_raw();
    path.metadata()
        .is_ok_and(|file| (file.uid() != 0 && file.uid() != own) || file.mode() & 0o022 != 0)
}
