//! Tests on this host, by real migrations, what a fixed stack will do to a guest that does not converge.
//!
//! [`program`] runs them; this hands over what decides over a live migration, and no secret.

pub(crate) mod program;

use novamend::catalog::{self, Release};
use novamend::handover::Verdict;
use novamend::nova::View;
use novamend::nova::migration::settings::decides;
use novamend::oslo::stack::Stack;
use novamend::redact;

pub(crate) use program::HostTrialError;

/// What is decided is what happens to a guest that does not converge; what guests are made of no fix changes.
const PLAIN: [&str; 2] = ["--shape", "plain"];

/// Runs test migrations as `to` would with `stack`, which `from` reads today, and returns the verdict.
///
/// # Errors
/// They could not be run.
pub(crate) fn run(stack: &Stack, from: Release, to: Release) -> Result<Verdict, HostTrialError> {
    // the comment is for a stack that sets nothing: no text at all would be taken for one that did not come
    let options = format!("# what novamend is about to write\n{}", options(stack, to));
    let (from, to) = (from.number().to_string(), to.number().to_string());
    let [shape, plain] = PLAIN;
    program::verdict(&options, &["--from", &from, "--to", &to, shape, plain])
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
    use novamend::oslo::document::Document;
    use novamend::text::Source;

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
