//! novamend beside the real thing: the same text, read by oslo.config of three ages, must come out the same.
//!
//! The environments come from `tests/oracle/make-venvs`. `NOVAMEND_ORACLE_DOCS` is how many documents each run makes up
//! (20,000 where it is not set), `NOVAMEND_SEED` repeats a run.

#[cfg(test)]
mod beside;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod in_json;
#[cfg(test)]
mod parsing;
#[cfg(test)]
mod python;
#[cfg(test)]
mod random;
#[cfg(test)]
mod stacks;
#[cfg(test)]
mod uris;
#[cfg(test)]
mod values;

/// How many documents to make up.
#[cfg(test)]
fn documents() -> usize {
    std::env::var("NOVAMEND_ORACLE_DOCS").map_or(20_000, |text| text.parse().expect("a number of documents"))
}
