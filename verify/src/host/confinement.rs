//! What confines programs on this host beside their user: `AppArmor` or `SELinux`.
//!
//! It reads no profile; what was refused is in the kernel's log.

use std::fs;

/// What is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// `AppArmor`.
    AppArmor,
    /// `SELinux`, and it refuses.
    Selinux,
    /// `SELinux`, which only writes down what it would refuse.
    SelinuxPermissive,
    /// Neither.
    Nothing,
}

impl Confinement {
    /// As the kernel says.
    #[must_use]
    pub fn find() -> Self {
        let word = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
        match word("/sys/fs/selinux/enforce").as_deref() {
            Some("1") => Self::Selinux,
            Some(_) => Self::SelinuxPermissive,
            None if word("/sys/module/apparmor/parameters/enabled").as_deref() == Some("Y") => Self::AppArmor,
            None => Self::Nothing,
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AppArmor => "AppArmor is on",
            Self::Selinux => "SELinux is enforcing",
            Self::SelinuxPermissive => "SELinux is permissive",
            Self::Nothing => "neither AppArmor nor SELinux is on",
        }
    }

    /// Where to look whether it refused something, if that may be why a program said `message`.
    #[must_use]
    pub fn suspicion(self, message: &str) -> Option<String> {
        let look = match self {
            Self::AppArmor => "journalctl -k --grep 'apparmor=.DENIED'",
            Self::Selinux => "ausearch -m avc -ts recent",
            Self::SelinuxPermissive | Self::Nothing => return None,
        };
        let message = message.to_lowercase();
        let may_be = ["permission denied", "operation not permitted", "access denied"];
        may_be.iter().any(|words| message.contains(words)).then(|| {
            format!(
                "{}: check with `{look}` whether it denied that, and allow it in its profile",
                self.words()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_is_suspicious_and_only_where_something_may_refuse() {
        let said = "cannot execute binary /usr/bin/qemu-system-x86_64: Permission denied";
        assert!(
            Confinement::AppArmor
                .suspicion(said)
                .unwrap()
                .starts_with("AppArmor is on: ")
        );
        assert!(Confinement::Selinux.suspicion(said).unwrap().contains("ausearch"));
        assert_eq!(Confinement::Nothing.suspicion(said), None);
        assert_eq!(Confinement::AppArmor.suspicion("no such file"), None);
    }
}
