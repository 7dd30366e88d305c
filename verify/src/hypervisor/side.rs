//! The two daemons that a guest is moved between, as places.
//!
//! Which of them is the source is another matter: it changes when a guest is moved back.

use std::ops::Index;

/// One of the two daemons: a place, where [`super::End`] is a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Where the guest is first started.
    First,
    /// The other one.
    Second,
}

impl Side {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// One thing for each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides<T> {
    /// That of [`Side::First`].
    pub first: T,
    /// That of [`Side::Second`].
    pub second: T,
}

impl<T> Sides<T> {
    /// Made for the first side, then for the second.
    pub fn of(mut make: impl FnMut(Side) -> T) -> Self {
        Self {
            first: make(Side::First),
            second: make(Side::Second),
        }
    }

    /// The same where making one may fail.
    ///
    /// # Errors
    /// The first that could not be made.
    pub fn try_of<E>(mut make: impl FnMut(Side) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self {
            first: make(Side::First)?,
            second: make(Side::Second)?,
        })
    }

    /// What `change` makes of each.
    pub fn map<U>(self, mut change: impl FnMut(Side, T) -> U) -> Sides<U> {
        Sides {
            first: change(Side::First, self.first),
            second: change(Side::Second, self.second),
        }
    }

    /// That of `side`, to be changed.
    pub fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::First => &mut self.first,
            Side::Second => &mut self.second,
        }
    }

    /// Both with their sides.
    pub fn iter(&self) -> impl Iterator<Item = (Side, &T)> {
        [(Side::First, &self.first), (Side::Second, &self.second)].into_iter()
    }
}

impl<T> Index<Side> for Sides<T> {
    type Output = T;

    fn index(&self, side: Side) -> &T {
        match side {
            Side::First => &self.first,
            Side::Second => &self.second,
        }
    }
}
