//! Implements the builder of [`KeyedCircuits`].

use std::borrow::Cow;

use crate::base::config_error::ConfigError;
use crate::base::name;
use crate::base::sync::Arc;
use crate::circuit::settings::Settings;
use crate::registry::builder::CircuitBuilder;
use crate::registry::family::Family;
use crate::registry::keyed_circuits::KeyedCircuits;
use crate::registry::registry;

impl KeyedCircuits {
    /// Returns a builder for a set of circuits with this name: one circuit for each key.
    ///
    /// Events, statistics and errors show the name, which must not be blank. The name must not contain `[`, because the
    /// circuit of a key has a name such as `price[acme]`.
    #[track_caller]
    pub fn builder(name: impl Into<Cow<'static, str>>) -> CircuitBuilder<KeyedCircuits> {
        CircuitBuilder::new(name.into())
    }
}

impl CircuitBuilder<KeyedCircuits> {
    /// Sets the maximum number of circuits, 1 to 9,999,999. Default: 10,000.
    ///
    /// If this number of circuits exists, a new key evicts (removes) a circuit that no call uses.
    pub fn max_keys(mut self, keys: u32) -> Self {
        self.options.max_keys = Some(keys);
        self
    }

    /// Creates the set of circuits without registering it. [`get_circuit_stats`](crate::get_circuit_stats) does not
    /// list the circuits of this set.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] for a blank name, a name that contains `[`, an option outside its range, or options
    /// that cannot be combined.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::KeyedCircuits;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hosts = KeyedCircuits::builder("host").threshold(5).max_keys(100).build()?;
    /// hosts.get("a.example").try_acquire()?.success();
    /// assert_eq!((hosts.stats().keys, hosts.stats().max_keys), (1, 100));
    /// # Ok(())
    /// # }
    /// ```
    pub fn build(self) -> Result<KeyedCircuits, ConfigError> {
        self.check_keyed()?;
        let family = Family::new(self.name, &Settings::shared(self.options), self.options.max_keys());
        Ok(KeyedCircuits::new(Arc::new(family)))
    }

    /// Returns the set of circuits that is registered under this name. Creates and registers the set if it does not
    /// exist. The whole program shares this set.
    ///
    /// If no function with these circuits has been called yet, the options of this builder take precedence over the
    /// options of attributes. The other rules are the same as for a circuit without a key, see
    /// [`CircuitBuilder::register`](CircuitBuilder::<CircuitBreaker>::register).
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`], and leaves all registered circuits unchanged, in these cases:
    ///
    /// - The name is blank, or contains `[`.
    /// - A circuit without a key has this name, and no set of circuits has this name.
    /// - An option of this builder is outside its range, or cannot be combined with another option of this builder.
    /// - An attribute or another builder has set an option to a different value, and this builder can no longer
    ///   override this value.
    /// - A change at run time, such as a setting of a file, cannot be combined with an option of this builder.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::{KeyedCircuits, get_circuit};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenants = KeyedCircuits::builder("tenant").register()?;
    /// tenants.get(7).try_acquire()?.success();
    /// assert_eq!(get_circuit("tenant[7]").map(|circuit| circuit.stats().successes), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn register(self) -> Result<KeyedCircuits, ConfigError> {
        self.check_keyed()?;
        Ok(KeyedCircuits::new(registry::register_family(self.name.clone(), self.written())?))
    }

    fn check_keyed(&self) -> Result<(), ConfigError> {
        name::check(&self.name)?;
        if self.name.contains('[') {
            return Err(ConfigError::of_name(&self.name, "a name without `[`"));
        }
        self.options.check()
    }
}
