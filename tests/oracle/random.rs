//! Chance that can be repeated.
//!
//! The seed is `NOVAMEND_SEED`, else the one given; a failing test prints what it was.

/// A small generator of good enough chance (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    /// Starts with `NOVAMEND_SEED` or `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        let asked = std::env::var("NOVAMEND_SEED").ok();
        Self(asked.map_or(seed, |text| text.parse().expect("NOVAMEND_SEED is a number")))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
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
