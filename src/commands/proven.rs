//! Tests on this host what a fixed stack will do to a guest that does not converge.
//!
//! The trials are run by [`super::verify`]; this hands over what decides over a live migration, and no secret.

use std::ffi::OsStr;

use super::verify::{self, VerifyError};
use crate::catalog::{self, Release};
use crate::nova::View;
use crate::nova::migration::settings::decides;
use crate::oslo::stack::Stack;
use crate::redact;

/// The verdict on a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Whether it works as configured.
    pub works: bool,
    /// The verdict in a sentence.
    pub headline: String,
    /// What to do, where something is to be done.
    pub remedy: Option<String>,
}

/// Runs test migrations as `release` would with `stack`.
///
/// # Errors
/// They could not be run.
pub fn prove(stack: &Stack, release: Release) -> Result<Proven, VerifyError> {
    // the comment is for a stack that sets nothing: no text at all would be taken for one that did not come
    let options = format!("# what novamend is about to write\n{}", options(stack, release));
    let number = release.number().to_string();
    let (code, report) = verify::report(&options, &[OsStr::new("--to"), OsStr::new(&number)])?;
    let said = |name: &str| report["verdict"][name].as_str().map(str::to_owned);
    Ok(Proven {
        works: code == 0,
        headline: said("headline").ok_or_else(|| VerifyError::NoReport("its report holds no verdict".to_owned()))?,
        remedy: said("remedy"),
    })
}

/// The options that decide over a live migration, as a file of their own; values that nova rejects stay as they are.
fn options(stack: &Stack, release: Release) -> String {
    let view = View::new(stack, release);
    let all = catalog::options(release).filter(|facts| decides(facts.group(), facts.name()));
    let (mut text, mut group) = (String::new(), "");
    for facts in all {
        let setting = view.setting_of(facts);
        if !setting.is_set() {
            continue;
        }
        if facts.group() != group {
            group = facts.group();
            text.push_str(&format!("[{group}]\n"));
        }
        let texts = view.texts(&setting).unwrap_or_default();
        for value in texts {
            let is_secret = facts.is_secret() || redact::is_secret(facts.name(), &value);
            if !is_secret && !value.contains('\n') {
                text.push_str(&format!("{} = {}\n", facts.name(), value.replace('$', "$$")));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::oslo::document::Document;
    use crate::text::Source;

    #[test]
    fn only_what_decides_is_handed_over_with_references_resolved() {
        let text = b"[DEFAULT]\nmy_ip = 192.0.2.1\ntransport_url = rabbit://a:hush@b/\nreserved_host_memory_mb = 900\n[libvirt]\nrbd_secret_uuid = x\n\
            live_migration_completion_timeout = $reserved_host_memory_mb\nlive_migration_timeout_action = Wrong\n";
        let stack = Stack::of(Document::parse(Source::new(Path::new("nova.conf"), text.to_vec())));
        assert_eq!(
            options(&stack, Release::NEWEST),
            "[DEFAULT]\nmy_ip = 192.0.2.1\n[libvirt]\nlive_migration_completion_timeout = \
             900\nlive_migration_timeout_action = Wrong\n"
        );
    }
}
