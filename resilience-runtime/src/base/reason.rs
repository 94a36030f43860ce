//! Defines the reason for which a rate limit rejects a call.

use std::fmt;
use std::time::Duration;

/// The reason for which a rate limit rejects a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The call comes too early, by this number of nanoseconds.
    Early(u64),
    /// The call takes more tokens than this number, the `burst` of the rate limit.
    AboveBurst(u32),
    /// No attribute with the name of the rate limit sets a rate.
    NoRate,
}

impl Reason {
    /// The bit that marks an `AboveBurst` in the encoded `u64`. The lower 32 bits of this `u64` contain the burst.
    const ABOVE_BURST: u64 = 1 << 63;
    const NO_RATE: u64 = u64::MAX;

    pub(crate) const fn to_bits(self) -> u64 {
        match self {
            Self::Early(nanos) if nanos < Self::ABOVE_BURST => nanos,
            Self::Early(_) => Self::ABOVE_BURST - 1,
            Self::AboveBurst(burst) => Self::ABOVE_BURST | burst as u64,
            Self::NoRate => Self::NO_RATE,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower 32 bits contain the burst")]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        match bits {
            Self::NO_RATE => Self::NoRate,
            Self::ABOVE_BURST.. => Self::AboveBurst(bits as u32),
            nanos => Self::Early(nanos),
        }
    }

    pub(crate) const fn is_above_burst(self) -> bool {
        matches!(self, Self::AboveBurst(_))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Early(nanos) => write!(f, "is reached, retry in {:?}", Duration::from_nanos(*nanos)),
            Self::AboveBurst(burst) => {
                write!(f, "never admits a call of more than {burst} tokens, its `burst`: take fewer tokens")
            }
            Self::NoRate => f.write_str("has no `per_second`: write it in one of the attributes with this name"),
        }
    }
}
