//! Defines the kinds of faults, and the effect of a fault on one call.

use std::any::{Any, type_name};
#[cfg(feature = "test-util")]
use std::collections::VecDeque;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::base::random;
use crate::base::sync::Arc;
#[cfg(feature = "test-util")]
use crate::fault::script::Step;

/// A function that creates errors of one type, and the name of this type.
#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) type_name: &'static str,
    make: Arc<dyn Fn() -> Box<dyn Any> + Send + Sync>,
}

impl Maker {
    pub(crate) fn new<E: 'static>(make: impl Fn() -> E + Send + Sync + 'static) -> Self {
        Self { type_name: type_name::<E>(), make: Arc::new(move || Box::new(make())) }
    }

    pub(crate) fn make(&self) -> Box<dyn Any> {
        (self.make)()
    }
}

impl fmt::Debug for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Maker").field(&self.type_name).finish()
    }
}

/// The kind of a fault.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The next calls return an error. The number counts the calls that are left.
    #[cfg(feature = "test-util")]
    Next(u32, Maker),
    /// Each call returns an error.
    #[cfg(feature = "chaos")]
    Error(Maker),
    /// Each call waits for a random time between two limits before the body runs.
    Latency(RangeInclusive<Duration>),
    Hang,
    Panic,
    /// The remaining steps of a script, one for each call.
    #[cfg(feature = "test-util")]
    Script(VecDeque<Step>, Maker),
}

/// The effect of a fault on one call, apart from latency.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Error(Maker),
    Hang,
    Panic,
}

impl Effect {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Error(_) => "error",
            Self::Hang => "hang",
            Self::Panic => "panic",
        }
    }
}

impl Kind {
    /// Returns the word that stands for this kind of fault in events.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Hang => "hang",
            Self::Panic => "panic",
            #[cfg(feature = "chaos")]
            Self::Error(_) => "error",
            #[cfg(feature = "test-util")]
            Self::Next(..) => "error",
            #[cfg(feature = "test-util")]
            Self::Script(..) => "script",
        }
    }

    pub(crate) fn is_latency(&self) -> bool {
        matches!(self, Self::Latency(_))
    }

    /// Returns true for a fault of the kind `Next` that has no errors left.
    pub(crate) fn is_used_up(&self) -> bool {
        match self {
            #[cfg(feature = "test-util")]
            Self::Next(left, _) => *left == 0,
            _ => false,
        }
    }

    /// Returns the latency and the effect of the fault on the next call, or `None` if the fault has ended.
    pub(crate) fn next(&mut self) -> Option<(Duration, Option<Effect>)> {
        let at_once = |effect| Some((Duration::ZERO, Some(effect)));
        match self {
            #[cfg(feature = "test-util")]
            Self::Next(left, maker) => {
                *left = left.checked_sub(1)?;
                at_once(Effect::Error(maker.clone()))
            }
            #[cfg(feature = "chaos")]
            Self::Error(maker) => at_once(Effect::Error(maker.clone())),
            Self::Latency(range) => Some((random_time(range), None)),
            Self::Hang => at_once(Effect::Hang),
            Self::Panic => at_once(Effect::Panic),
            #[cfg(feature = "test-util")]
            Self::Script(steps, maker) => match steps.pop_front()? {
                Step::Pass => Some((Duration::ZERO, None)),
                Step::Wait(latency) => Some((latency, None)),
                Step::Error => at_once(Effect::Error(maker.clone())),
                Step::Hang => at_once(Effect::Hang),
                Step::Panic => at_once(Effect::Panic),
            },
        }
    }
}

fn random_time(range: &RangeInclusive<Duration>) -> Duration {
    let (shortest, longest) = (*range.start(), *range.end());
    let length = longest.saturating_sub(shortest);
    if length.is_zero() { shortest } else { shortest + length.mul_f64(random::unit(random::next())) }
}
