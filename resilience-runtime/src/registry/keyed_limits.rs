//! Defines the bulkheads and the rate limits of an attribute with the option `key`.
#![allow(missing_docs)] // Only the hidden module `__private` exports the items without docs.

#[cfg(feature = "serde")]
use std::collections::BTreeMap;

use crate::base::name::Name;
use crate::base::sums::LimitSums;
use crate::base::sync::Arc;
use crate::bulkhead::bulkhead::{self, Bulkhead};
#[cfg(feature = "serde")]
use crate::rate_limit::kept::KeptLimit;
use crate::rate_limit::rate_limit::{self, RateLimit};
use crate::registry::family::{Family, FamilyStats, MAX_KEYS};
use crate::registry::key::Key;
use crate::registry::owned::Owned;

macro_rules! keyed_limits {
    ($($(#[$doc:meta])* $name:ident of $layer:ty, $settings:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $name(Arc<Family<$layer>>);

            impl $name {
                pub(crate) fn new(name: &Name, settings: &$settings, max_keys: Option<u32>) -> Self {
                    let name = name.as_str().to_owned();
                    Self(Arc::new(Family::new(name.into(), settings, max_keys.unwrap_or(MAX_KEYS))))
                }

                /// Changes the settings of the layers of all keys.
                pub(crate) fn change(&self, settings: &$settings, max_keys: Option<u32>) -> bool {
                    self.0.apply(settings, max_keys.unwrap_or(MAX_KEYS));
                    true
                }

                pub(crate) fn stats(&self) -> FamilyStats {
                    self.0.stats()
                }

                pub(crate) fn name(&self) -> &str {
                    self.0.name()
                }

                /// Returns the totals of all layers, see [`Family::sums`].
                pub(crate) fn sums(&self, see: impl FnMut(&$layer, &LimitSums)) -> LimitSums {
                    self.0.sums(see)
                }

                /// Returns each layer, with the part of its name that shows the key, such as `[acme]`.
                pub(crate) fn iter(&self) -> impl Iterator<Item = (String, $layer)> + '_ {
                    let key = |layer: &$layer| layer.name().get(self.0.name().len()..).unwrap_or_default().to_owned();
                    self.0.iter().map(move |layer| (key(&layer), layer))
                }

                pub fn __of<K: Key + ?Sized>(&self, key: &K) -> Owned<$layer> {
                    Owned::of(self.0.of(key))
                }
            }
        )*
    };
}

#[cfg(feature = "serde")]
impl KeyedRateLimits {
    /// Returns the state of each key for a snapshot.
    pub(crate) fn keep(&self) -> BTreeMap<String, KeptLimit> {
        self.0.kept_keys(RateLimit::keep)
    }

    /// Restores the state of each key from a snapshot. Returns the number of states that were dropped because
    /// `max_keys` keys exist already.
    pub(crate) fn restore(&self, states: &BTreeMap<String, KeptLimit>) -> usize {
        self.0.restore(states, RateLimit::restore, |kept| kept.quota.is_some())
    }
}

keyed_limits! {
    /// The bulkheads of an attribute with the option `key`: one bulkhead for each key. Attributes with the same name
    /// share these bulkheads.
    KeyedBulkheads of Bulkhead, bulkhead::Settings;
    /// The rate limits of an attribute with the option `key`: one rate limit for each key. Attributes with the same
    /// name share these rate limits.
    KeyedRateLimits of RateLimit, rate_limit::Settings;
}
