//! Chance that can be repeated.
//!
//! The seed is `NOVAMEND_SEED`, else the one given; a failing test prints what it was.

/// A source of chance.
pub(crate) struct Random {
    seed: u64,
    generator: fastrand::Rng,
}

impl Random {
    /// Starts with `NOVAMEND_SEED` or `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        let asked = std::env::var("NOVAMEND_SEED").ok();
        let seed = asked.map_or(seed, |text| text.parse().expect("NOVAMEND_SEED is a number"));
        let generator = fastrand::Rng::with_seed(seed);
        Self { seed, generator }
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.generator.usize(..bound)
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of them.
    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("NOVAMEND_SEED={} repeats this", self.seed);
        }
    }
}
