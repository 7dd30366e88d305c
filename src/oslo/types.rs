//! What values an option takes, as plain data: the word that the catalog and the reader of values share.
//!
//! It neither reads values (that is [`crate::oslo::value`]) nor knows options (that is [`crate::catalog`]).

/// One of oslo.config's types with its limits (`oslo_config/types.py`).
#[derive(Clone, Debug, PartialEq)]
pub enum OptionType {
    /// `true 1 on yes`, `false 0 off no`, in any case.
    Bool,
    /// A Python int; choices take the place of the bounds.
    Int {
        /// The least value.
        min: Option<i64>,
        /// The greatest value.
        max: Option<i64>,
        /// The only values, where they are counted out.
        choices: Option<Vec<i64>>,
    },
    /// A Python float.
    Float {
        /// The least value.
        min: Option<f64>,
        /// The greatest value.
        max: Option<f64>,
    },
    /// Text, as far as the limits go.
    Text(TextLimits),
    /// Items between commas.
    List {
        /// The type of one item.
        item: Box<OptionType>,
        /// Whether `[` and `]` must stand around it.
        bounds: bool,
    },
    /// `key:value` between commas.
    Dict {
        /// The type of one value.
        value: Box<OptionType>,
        /// Whether `{` and `}` must stand around it.
        bounds: bool,
    },
    /// An option that may stand several times: each value is of this type.
    Multi(Box<OptionType>),
    /// `first-last`, or one number.
    Range {
        /// The least number.
        min: Option<i64>,
        /// The greatest number.
        max: Option<i64>,
    },
    /// An IPv4 (4) or IPv6 (6) address, or either.
    Ip {
        /// The only version allowed.
        version: Option<u8>,
    },
    /// A host name.
    Hostname,
    /// An IP address or a host name.
    HostAddress {
        /// The only IP version allowed.
        version: Option<u8>,
    },
    /// An IP address or a host name with underscores allowed.
    HostDomain {
        /// The only IP version allowed.
        version: Option<u8>,
    },
    /// A URI with a scheme and a host.
    Uri {
        /// The only schemes, where they are counted out.
        schemes: Option<Vec<String>>,
        /// The most characters.
        max_length: Option<usize>,
    },
    /// A type of the program's own that only the program can judge.
    Opaque,
}

/// The limits on a text; the default has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextLimits {
    /// The only values, where they are counted out.
    pub choices: Option<Vec<String>>,
    /// A Python regular expression that must be found somewhere in it.
    pub regex: Option<String>,
    /// Whether case is ignored in choices and regex.
    pub ignore_case: bool,
    /// The most characters; 0 is no limit.
    pub max_length: usize,
    /// Whether quotes around it are taken off.
    pub quotes: bool,
}

impl OptionType {
    /// Text without a limit.
    #[must_use]
    pub fn text() -> Self {
        Self::Text(TextLimits::default())
    }

    /// A port: an int from 0 to 65535, or between closer bounds.
    #[must_use]
    pub fn port(min: Option<i64>, max: Option<i64>, choices: Option<Vec<i64>>) -> Self {
        Self::Int {
            min: min.or(Some(0)),
            max: max.or(Some(65535)),
            choices,
        }
    }

    /// Whether an option of this type takes several values, one a line.
    #[must_use]
    pub fn is_multi(&self) -> bool {
        matches!(self, Self::Multi(_))
    }
}
