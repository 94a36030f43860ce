//! Defines the bulkheads and the rate limits of an attribute with the option `key`.
#![allow(missing_docs)] // Only the hidden module `__private` exports the items without docs.

#[cfg(feature = "serde")]
use std::collections::BTreeMap;

use crate::base::name::Name;
use crate::base::sums::LimitSums;
use crate::base::sync::Arc;
use crate::base::versions::Versions;
use crate::bulkhead::bulkhead::{self, Bulkhead};
use crate::circuit::options::MAX_KEYS;
#[cfg(feature = "serde")]
use crate::rate_limit::kept::KeptLimit;
use crate::rate_limit::rate_limit::{self, RateLimit};
use crate::registry::family::{Family, FamilyStats};
use crate::registry::key::Key;
use crate::registry::owned::Owned;

macro_rules! keyed_limits {
    ($($(#[$doc:meta])* $name:ident of $layer:ty, $settings:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $name {
                family: Arc<Family<$layer>>,
                /// The current settings and all earlier settings. This field limits the number of settings, because the
                /// layer of each key may store all of them.
                settings: Arc<Versions<$settings>>,
            }

            impl $name {
                pub(crate) fn new(name: &Name, settings: &$settings, max_keys: Option<u32>) -> Self {
                    let name = name.as_str().to_owned();
                    let family = Family::new(name.into(), settings, max_keys.unwrap_or(MAX_KEYS));
                    Self { family: Arc::new(family), settings: Arc::new(Versions::new(*settings)) }
                }

                /// Changes the settings of the layers of all keys. Returns false, and changes nothing, if the settings
                /// are new and the layers have already had 2^16 different settings.
                pub(crate) fn change(&self, settings: &$settings, max_keys: Option<u32>) -> bool {
                    let is_changed = self.settings.change(*settings);
                    if is_changed {
                        self.family.apply(settings, max_keys.unwrap_or(MAX_KEYS));
                    }
                    is_changed
                }

                /// Returns whether no key has a layer, and no other handle of the family exists.
                pub(crate) fn is_unused(&self) -> bool {
                    Arc::strong_count(&self.family) == 1 && self.family.stats().keys == 0
                }

                pub(crate) fn stats(&self) -> FamilyStats {
                    self.family.stats()
                }

                pub(crate) fn name(&self) -> &str {
                    self.family.name()
                }

                /// Returns the totals of all layers, see [`Family::sums`].
                pub(crate) fn sums(&self, see: impl FnMut(&$layer, &LimitSums)) -> LimitSums {
                    self.family.sums(see)
                }

                /// Returns each layer, with the part of its name that shows the key, such as `[acme]`.
                pub(crate) fn iter(&self) -> impl Iterator<Item = (String, $layer)> + '_ {
                    let key = |layer: &$layer| layer.name().get(self.family.name().len()..).unwrap_or_default().to_owned();
                    self.family.iter().map(move |layer| (key(&layer), layer))
                }

                pub fn __of<K: Key + ?Sized>(&self, key: &K) -> Owned<$layer> {
                    Owned::of(self.family.of(key))
                }
            }
        )*
    };
}

#[cfg(feature = "serde")]
impl KeyedRateLimits {
    /// Returns the state of each key for a snapshot.
    pub(crate) fn keep(&self) -> BTreeMap<String, KeptLimit> {
        self.family.kept_keys(RateLimit::keep)
    }

    /// Restores the state of each key from a snapshot. Returns the number of states that were dropped because
    /// `max_keys` keys exist already.
    pub(crate) fn restore(&self, states: &BTreeMap<String, KeptLimit>) -> usize {
        self.family.restore(states, RateLimit::restore, |_| false)
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
