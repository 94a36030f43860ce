//! Implements [`Keyed`] for circuits, bulkheads and rate limits.

use std::sync::Weak;

use tracing::field::display;

use crate::base::clock::Tick;
use crate::base::name::Name;
use crate::base::sums::LimitSums;
use crate::base::sync::Arc;
use crate::bulkhead::bulkhead::{self, Bulkhead};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::core::core::Core;
use crate::circuit::core::state::Phase;
use crate::circuit::settings::Settings;
use crate::circuit::sums::CircuitSums;
use crate::events::event;
use crate::rate_limit::rate_limit::{self, RateLimit};
use crate::registry::keys::{Keyed, Rank};

/// Implements the methods of [`Keyed`] that are the same for circuits, bulkheads and rate limits. A bulkhead may hold
/// handles of itself after its number of slots became smaller. `$settle` drops the handles that no call needs any more.
macro_rules! keyed {
    ($shared:ty, $field:ident $(, $settle:ident)?) => {
        type Weak = Weak<$shared>;

        fn label(&self) -> &Name {
            &self.0.name
        }

        fn is_in_use(&self) -> bool {
            let is_shared = || Arc::strong_count(&self.0) > 1;
            is_shared() $(&& { self.$settle(); is_shared() })?
        }

        fn downgrade(&self) -> Weak<$shared> {
            Arc::downgrade(&self.0)
        }

        fn upgrade(weak: &Weak<$shared>) -> Option<Self> {
            weak.upgrade().map(Self)
        }

        fn keys_full(name: &str, max_keys: u32) {
            event!(warn, "keys_full", $field = display(name.escape_debug()), max_keys);
        }
    };
}

impl Keyed for CircuitBreaker {
    type Settings = Arc<Settings>;
    type Sums = CircuitSums;
    const IS_SHARED_BEYOND: bool = false;
    keyed!(Core, circuit);

    fn create(name: Name, settings: &Arc<Settings>) -> Self {
        Self::one_of_many(name, settings.clone())
    }

    fn apply(&self, settings: &Arc<Settings>) {
        self.apply(settings.clone());
    }

    fn sums(&self) -> CircuitSums {
        self.sums()
    }

    /// Returns `Rank::Fresh` for a circuit that would admit the next call. Otherwise, keys that failed long ago would
    /// keep their circuits for ever, and the keys in use would have to share the remaining places.
    fn rank(&self) -> Rank {
        match self.phase() {
            Phase::Closed { .. } | Phase::HalfOpen => Rank::Fresh,
            Phase::Open { until } if until <= Tick::now() => Rank::Fresh,
            Phase::Open { .. } | Phase::Full { .. } => Rank::Used,
            Phase::ForcedOpen { .. } | Phase::Disabled { .. } => Rank::Manual,
        }
    }
}

impl Keyed for Bulkhead {
    type Settings = bulkhead::Settings;
    type Sums = LimitSums;
    const IS_SHARED_BEYOND: bool = true;
    keyed!(bulkhead::Shared, bulkhead, settle);

    fn create(name: Name, settings: &bulkhead::Settings) -> Self {
        Self::new(name, *settings)
    }

    /// Ignores new settings if the bulkhead has already had 2^16 different settings.
    fn apply(&self, settings: &bulkhead::Settings) {
        self.change(*settings);
    }

    fn sums(&self) -> LimitSums {
        let stats = self.stats();
        LimitSums { admitted: stats.total_admitted, rejected: stats.total_rejected }
    }

    /// Returns `Rank::Fresh`, because an idle bulkhead has no running or waiting calls, and therefore admits the same
    /// calls as a new bulkhead.
    fn rank(&self) -> Rank {
        Rank::Fresh
    }
}

impl Keyed for RateLimit {
    type Settings = rate_limit::Settings;
    type Sums = LimitSums;
    const IS_SHARED_BEYOND: bool = true;
    keyed!(rate_limit::Shared, rate_limit);

    fn create(name: Name, settings: &rate_limit::Settings) -> Self {
        Self::new(name, *settings)
    }

    /// Ignores new settings if the rate limit has already had 2^16 different settings.
    fn apply(&self, settings: &rate_limit::Settings) {
        self.change(*settings);
    }

    fn sums(&self) -> LimitSums {
        let stats = self.stats();
        LimitSums { admitted: stats.total_admitted, rejected: stats.total_rejected }
    }

    fn rank(&self) -> Rank {
        if self.is_full() { Rank::Fresh } else { Rank::Used }
    }
}
