//! Chance that is another one at each run: the seed is printed, and `NOVAMEND_SEED` repeats it.

/// A source of chance.
pub(crate) fn chance() -> fastrand::Rng {
    let asked = std::env::var("NOVAMEND_SEED").ok();
    let seed = asked.map_or_else(
        || fastrand::u64(..),
        |text| text.parse().expect("NOVAMEND_SEED is a number"),
    );
    eprintln!("NOVAMEND_SEED={seed} repeats this");
    fastrand::Rng::with_seed(seed)
}
