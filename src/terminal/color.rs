//! Whether there are colours: by the argument, the conventions of the environment, and what the output goes to.

use clap::ColorChoice;

/// What the conventions say, of the variables that `of` looks up: `NO_COLOR` (no-color.org), `FORCE_COLOR` (force-color.org),
/// `CLICOLOR_FORCE` and `CLICOLOR` (bixense.com/clicolors), `TERM`. An argument overrules them all, and `NO_COLOR` all others. An empty
/// variable is as good as none.
pub(super) fn is_wanted(choice: ColorChoice, is_terminal: bool, of: impl Fn(&str) -> Option<String>) -> bool {
    let said = |name: &str| of(name).filter(|value| !value.is_empty());
    let is_no = |value: &String| value == "0" || value.eq_ignore_ascii_case("false");
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if said("NO_COLOR").is_some() => false,
        ColorChoice::Auto => {
            let forced = said("FORCE_COLOR").map(|value| !is_no(&value));
            let forced = forced.or_else(|| said("CLICOLOR_FORCE").filter(|value| !is_no(value)).map(|_| true));
            let can_be = || is_terminal && !said("CLICOLOR").is_some_and(|value| is_no(&value)) && !is_dumb(&of);
            forced.unwrap_or_else(can_be)
        }
    }
}

/// Whether the terminal says that it can show nothing but text.
pub(super) fn is_dumb(of: impl Fn(&str) -> Option<String>) -> bool {
    of("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conventions_are_heeded_in_their_order() {
        let on_terminal: [(&[(&str, &str)], bool); 12] = [
            (&[], true),
            (&[("NO_COLOR", "1")], false),
            (&[("NO_COLOR", "")], true),
            (&[("CLICOLOR", "0")], false),
            (&[("CLICOLOR", "1")], true),
            (&[("CLICOLOR", "0"), ("FORCE_COLOR", "1")], true),
            (&[("CLICOLOR", "0"), ("CLICOLOR_FORCE", "1")], true),
            (&[("TERM", "dumb")], false),
            (&[("TERM", "dumb"), ("FORCE_COLOR", "3")], true),
            (&[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], false),
            (&[("FORCE_COLOR", "0")], false),
            (&[("FORCE_COLOR", "true")], true),
        ];
        for (variables, expected) in on_terminal {
            let of = |name: &str| {
                let term = [("TERM", "xterm")];
                let mut all = variables.iter().chain(&term);
                all.find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(is_wanted(ColorChoice::Auto, true, of), expected, "{variables:?}");
            assert!(is_wanted(ColorChoice::Always, false, of) && !is_wanted(ColorChoice::Never, true, of));
        }
        let none = |_: &str| None;
        assert!(!is_wanted(ColorChoice::Auto, false, none));
        let forced = |name: &str| (name == "CLICOLOR_FORCE").then(|| "1".to_owned());
        assert!(is_wanted(ColorChoice::Auto, false, forced));
        let not_forced = |name: &str| (name == "CLICOLOR_FORCE").then(|| "0".to_owned());
        assert!(!is_wanted(ColorChoice::Auto, false, not_forced));
    }
}
