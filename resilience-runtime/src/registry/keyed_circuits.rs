//! Defines [`KeyedCircuits`], the circuits of one name with one circuit for each key.

use std::fmt;

use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::registry::family::{Family, FamilyStats};
use crate::registry::key::Key;
use crate::registry::owned::Owned;

/// The circuits of one name, with one circuit for each key, such as a host, a shard or a tenant.
///
/// All circuits have the same settings. If the number of circuits reaches `max_keys`, a new key evicts a circuit that
/// no call uses, approximately the least recently used circuit. If all circuits are in use, a new key gets a temporary
/// circuit, which serves only one call. A `KeyedCircuits` is a cheap handle, and all its clones share the circuits.
///
/// The attribute `#[circuit(with = self.price, key = tenant)]` takes the circuit of a key from a `KeyedCircuits`.
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

    /// Returns the name of the circuits. The circuit of a key has the name `name[key]`.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Returns the circuit of this key, and creates the circuit if it does not exist. This call counts as a use of the
    /// circuit. As long as the returned handle exists, the circuit is not evicted.
    ///
    /// The method allocates memory only if it creates the circuit. The circuits are divided into up to 16 parts with
    /// one lock each, and the method takes the lock of one part.
    pub fn get(&self, key: impl Key) -> CircuitBreaker {
        self.0.of(&key)
    }

    /// Returns the circuit of this key, or `None` if the circuit does not exist. This call does not count as a use of
    /// the circuit, and so does not delay an eviction.
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

    /// Returns an iterator over all circuits, in no particular order. A circuit that exists during the whole iteration
    /// is returned exactly once. The iterator holds no lock between two circuits.
    ///
    /// A circuit cannot be evicted as long as the returned handle of the circuit exists.
    pub fn iter(&self) -> impl Iterator<Item = CircuitBreaker> + '_ {
        self.0.iter()
    }

    /// Resets every circuit, as [`CircuitBreaker::reset`] does.
    pub fn reset(&self) {
        self.iter().for_each(|circuit| circuit.reset());
    }

    /// Returns the circuit of this key for one call of a decorated function.
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
