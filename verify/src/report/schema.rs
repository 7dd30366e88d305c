//! The JSON Schemas of what is printed, which [`hold`] makes of the types: `docs/schema/<kind>.schema.json`.

use novamend::output::envelope::Kind;
use novamend::output::schema::hold;

use super::rescue::Rescue;
use super::{Probe, Report, Stacks};

#[test]
fn the_schemas_are_those_of_the_types() {
    hold::<Stacks<Probe<'static>>>(Kind::Probe);
    hold::<Stacks<Report<'static>>>(Kind::Verify);
    hold::<Rescue<'static>>(Kind::Rescue);
}
