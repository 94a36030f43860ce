//! Defines [`KeyedCircuits`], a set of circuits with one name: one circuit for each key.

use std::fmt;

use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::registry::family::{Family, FamilyStats};
use crate::registry::key::Key;
use crate::registry::owned::Owned;

/// Holds a set of circuits with one name: one circuit for each key, such as a host, a shard or a tenant.
///
/// All circuits have the same settings. If `max_keys` circuits exist, a new key evicts (removes) an idle circuit, which
/// no call uses. A closed circuit is evicted before an open circuit. Among circuits with equal states, approximately
/// the least recently used circuit is evicted. If all circuits are in use, a new key gets a temporary circuit for one
/// call. All clones of a `KeyedCircuits` share the circuits.
///
/// In `#[circuit(with = self.price, key = tenant)]`, the field `price` is a `KeyedCircuits`.
///
/// ```
/// use resilience_runtime::{CircuitState, KeyedCircuits};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let price = KeyedCircuits::builder("price").threshold(2).max_keys(1_000).build()?;
/// assert_eq!(price.get("acme").state(), CircuitState::Closed);
/// assert_eq!(price.find("acme").map(|circuit| circuit.name().to_owned()), Some("price[acme]".to_owned()));
/// assert!(price.find("unknown").is_none());
///
/// price.get("acme").trip();
/// let open: Vec<_> = price.iter().filter(|circuit| circuit.state() == CircuitState::Open).collect();
/// assert_eq!(open.len(), 1);
/// price.reset();
/// assert_eq!(price.get("acme").state(), CircuitState::Closed);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct KeyedCircuits(Arc<Family<CircuitBreaker>>);

impl KeyedCircuits {
    pub(crate) fn new(family: Arc<Family<CircuitBreaker>>) -> Self {
        Self(family)
    }

    /// Returns the name of the set. The circuit of a key has the name `name[key]`.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Returns the circuit of this key, and creates the circuit if it does not exist. While the returned handle exists,
    /// the circuit is not evicted. If `max_keys` circuits exist and all are in use, a new key gets a temporary circuit.
    /// The set does not keep a temporary circuit.
    ///
    /// The method allocates memory only if it creates a circuit. The set is divided into at most 16 parts, and the
    /// method locks only the part of this key.
    ///
    /// ```
    /// use resilience_runtime::KeyedCircuits;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let users = KeyedCircuits::builder("user").max_keys(1).build()?;
    /// let first = users.get("ann");
    /// let temporary = users.get("bob"); // the handle `first` keeps its circuit from eviction
    /// assert!(users.find("ann").is_some() && users.find("bob").is_none());
    ///
    /// drop((first, temporary));
    /// users.get("bob");
    /// assert!(users.find("ann").is_none() && users.find("bob").is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, key: impl Key) -> CircuitBreaker {
        self.0.of(&key)
    }

    /// Returns the circuit of this key, or `None` if the circuit does not exist. This lookup does not count as a use of
    /// the circuit, so it does not delay an eviction.
    pub fn find(&self, key: impl Key) -> Option<CircuitBreaker> {
        self.0.find(&key)
    }

    /// Returns the number of circuits, and the maximum number of circuits.
    pub fn stats(&self) -> FamilyStats {
        self.0.stats()
    }

    /// Returns the number of circuits.
    pub fn len(&self) -> usize {
        self.stats().keys as usize
    }

    /// Returns whether no circuit exists.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns an iterator over all circuits, in no particular order. If a circuit exists during the whole iteration,
    /// the iterator returns it exactly once. The iterator holds no lock between two circuits.
    ///
    /// While a returned handle exists, its circuit is not evicted.
    pub fn iter(&self) -> impl Iterator<Item = CircuitBreaker> + '_ {
        self.0.iter()
    }

    /// Calls [`CircuitBreaker::reset`] for every circuit.
    pub fn reset(&self) {
        self.iter().for_each(|circuit| circuit.reset());
    }

    /// Returns the circuit of this key, for one call of a decorated function.
    #[doc(hidden)]
    pub fn __of<K: Key + ?Sized>(&self, key: &K) -> Owned<CircuitBreaker> {
        Owned::of(self.0.of(key))
    }
}

impl fmt::Debug for KeyedCircuits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedCircuits").field("name", self.0.name()).field("stats", &self.stats()).finish()
    }
}
