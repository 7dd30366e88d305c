//! The speed of a network, as people write it and as it is reckoned with.
//!
//! It measures nothing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Bits in a second, from 1 Mbit/s to 1 Tbit/s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Speed(u64);

/// The network that migrations go over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Link {
    /// Its speed.
    pub bits_per_second: Speed,
    /// The interface that tells it; null where the operator said it.
    pub interface: Option<String>,
}

impl Link {
    /// One whose speed was said.
    #[must_use]
    pub fn said(speed: Speed) -> Self {
        Self {
            bits_per_second: speed,
            interface: None,
        }
    }
}

/// Why a text is no speed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpeedError {
    /// Not a number and a unit.
    #[error("`{0}` is not a speed: write a number and a unit of bits a second, such as 200M, 2.5G or 10G")]
    NotOne(String),
    /// Bytes, in which nobody sells networks.
    #[error("`{0}` is in bytes; the speed of a network is in bits a second: 1 GB/s is 8G")]
    Bytes(String),
    /// Beyond every network that migrations are sent over.
    #[error("`{0}` is not between 1M and 1T (1 Mbit/s and 1 Tbit/s)")]
    OutOfRange(String),
}

impl Speed {
    /// The slowest that is reckoned with.
    pub const SLOWEST: Self = Self(1_000_000);
    /// The fastest.
    pub const FASTEST: Self = Self(1_000_000_000_000);

    /// So many bits a second; none where that is no speed to migrate at.
    #[must_use]
    pub fn of_bits(bits: u64) -> Option<Self> {
        let speed = Self(bits);
        (Self::SLOWEST..=Self::FASTEST).contains(&speed).then_some(speed)
    }

    /// Bits a second.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// MiB a second.
    #[must_use]
    pub fn mib(self) -> f64 {
        self.0 as f64 / 8.0 / 1_048_576.0
    }
}

/// The units, largest first.
const UNITS: [(&str, f64); 4] = [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)];

impl FromStr for Speed {
    type Err = SpeedError;

    /// `10G`, `10 Gbit/s`, `2.5gbps`, `200 Mbit`: powers of 1000, as everywhere for networks.
    fn from_str(text: &str) -> Result<Self, SpeedError> {
        let no_speed = || SpeedError::NotOne(text.to_owned());
        let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let number: f64 = number.parse().map_err(|_| no_speed())?;
        let unit = unit.trim_start();
        let is_of = |(letter, _): &&(&str, f64)| unit.get(..1).is_some_and(|first| first.eq_ignore_ascii_case(letter));
        let (_, factor) = UNITS.iter().find(is_of).ok_or_else(no_speed)?;
        let rest = unit.get(1..).unwrap_or_default();
        if rest.starts_with('B') || rest.starts_with("iB") {
            return Err(SpeedError::Bytes(text.to_owned()));
        }
        if !["", "b", "bit", "bits", "bit/s", "bits/s", "b/s", "bps"].contains(&rest.to_ascii_lowercase().as_str()) {
            return Err(no_speed());
        }
        let bits = (number * factor).round();
        // a number beyond all bounds stays beyond them
        Self::of_bits(bits as u64).ok_or_else(|| SpeedError::OutOfRange(text.to_owned()))
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0 as f64;
        let (unit, factor) = UNITS
            .into_iter()
            .find(|(_, factor)| bits >= *factor)
            .unwrap_or(("M", 1e6));
        // 2.5 and 10, and never 10.0
        let number = (bits / factor * 100.0).round() / 100.0;
        write!(out, "{number} {unit}bit/s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(text: &str) -> Result<u64, SpeedError> {
        text.parse::<Speed>().map(Speed::bits)
    }

    #[test]
    fn a_speed_is_read_as_people_write_it() {
        for (text, wanted) in [
            ("10G", 10_000_000_000),
            ("10g", 10_000_000_000),
            ("200M", 200_000_000),
            ("200 Mbit/s", 200_000_000),
            ("2.5Gbit", 2_500_000_000),
            ("1000000k", 1_000_000_000),
            ("0.1t", 100_000_000_000),
            ("25 gbps", 25_000_000_000),
        ] {
            assert_eq!(bits(text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_speed_is_refused_with_the_reason() {
        for text in [
            "", "G", "10", "ten G", "10X", "10Gx", "-1G", "1e3M", "1.2.3G", "10Gbit/h", "nanG", "10 é",
        ] {
            assert!(matches!(bits(text), Err(SpeedError::NotOne(_))), "{text}");
        }
        for text in ["1GB/s", "10GiB", "1 MB"] {
            assert!(matches!(bits(text), Err(SpeedError::Bytes(_))), "{text}");
        }
        for text in ["0G", "1k", "999k", "2T", "99999999999999999999999G"] {
            assert!(matches!(bits(text), Err(SpeedError::OutOfRange(_))), "{text}");
        }
    }

    #[test]
    fn a_speed_is_shown_as_it_is_sold() {
        for (text, wanted) in [
            ("10G", "10 Gbit/s"),
            ("2500M", "2.5 Gbit/s"),
            ("200M", "200 Mbit/s"),
            ("1000M", "1 Gbit/s"),
            ("1T", "1 Tbit/s"),
        ] {
            assert_eq!(text.parse::<Speed>().unwrap().to_string(), wanted);
        }
    }
}
