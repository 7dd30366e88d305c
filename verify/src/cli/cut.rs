//! `verify --cut`: what may be broken, and that it is meant.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use novamend_verify::hosts;
use novamend_verify::trial::cut::Cut;

use super::Failure;

/// The flags.
#[derive(Args)]
pub(super) struct CutArguments {
    /// Instead of the trials, break the test guest's migration in post-copy and report what libvirt, QEMU and nova's monitor
    /// do, and whether the guest can be brought back; WHAT is a list of `reset`, `reset_and_resume`, `link_down`,
    /// `destination_qemu`, `source_daemon` and `destination_daemon`, or `all` (the default)
    #[arg(
        long = "cut",
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all",
        value_parser = choice,
        conflicts_with = "action"
    )]
    choice: Option<Choice>,
    /// Without this, --cut is refused
    #[arg(long, requires = "choice")]
    yes_cut_the_test_guest: bool,
}

/// What is to be cut.
#[derive(Clone)]
enum Choice {
    /// All that can be, where it is.
    All,
    /// What was named.
    Named(Vec<Cut>),
}

fn choice(text: &str) -> Result<Choice, String> {
    if text == "all" {
        return Ok(Choice::All);
    }
    let cuts = text.split(',').map(|word| Cut::from_str(word, false));
    cuts.collect::<Result<_, _>>().map(Choice::Named).map_err(|_| {
        let known: Vec<_> = Cut::value_variants()
            .iter()
            .filter_map(Cut::to_possible_value)
            .collect();
        let known: Vec<_> = known.iter().map(PossibleValue::get_name).collect();
        format!("it must be all, or some of {}", known.join(", "))
    })
}

impl CutArguments {
    /// What is to be cut, between two hosts or in the sandbox; none where that is not asked for.
    ///
    /// # Errors
    /// It is not said to be meant, or cannot be done on hosts that are in use.
    pub(super) fn accepted(&self, is_between_hosts: bool) -> Result<Option<Vec<Cut>>, Failure> {
        let Some(choice) = &self.choice else { return Ok(None) };
        if !self.yes_cut_the_test_guest {
            return Err(
                "`--cut` breaks the migration of the test guest on purpose, and of no other guest; say that this is \
                 meant with --yes-cut-the-test-guest"
                    .into(),
            );
        }
        let cuts = match choice {
            Choice::All if is_between_hosts => hosts::CUTS.to_vec(),
            Choice::All => Cut::ALL.to_vec(),
            Choice::Named(cuts) => cuts.clone(),
        };
        let refused = cuts.iter().find_map(|&cut| Some((cut, hosts::why_no_cut(cut)?)));
        match refused.filter(|_| is_between_hosts) {
            Some((cut, why)) => Err(format!(
                "`--cut`: {}: not between two hosts, as {why}; it can be tried in the sandbox, without --source",
                cut.words()
            )
            .into()),
            None => Ok(Some(cuts)),
        }
    }
}
