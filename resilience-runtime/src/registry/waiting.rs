//! Stores waiting states. A waiting state comes from a restored snapshot, and belongs to a circuit or a rate limit that
//! does not exist yet. A new circuit or rate limit takes the waiting state of its name.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::name::Name;
use crate::base::scope::scoped;
use crate::base::sync::lock_std;
use crate::base::sync::statics::{AtomicU32, Ordering};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::core::kept::Kept;
use crate::circuit::core::state::CircuitState;
use crate::circuit::events;
use crate::rate_limit::kept::KeptLimit;
use crate::rate_limit::rate_limit::RateLimit;
use crate::registry::family::Family;
use crate::registry::keyed_limits::KeyedRateLimits;

/// A state from a snapshot, or a map from keys to states.
pub(crate) trait Keeps: Clone + Send + Sync + 'static {
    /// Advances the state by the duration `passed`. For example, the remaining cooldown becomes shorter.
    fn after(self, passed: Duration) -> Self;

    /// Returns the number of states in this value.
    fn count(&self) -> usize {
        1
    }
}

impl Keeps for Kept {
    fn after(self, passed: Duration) -> Self {
        Self::after(self, passed)
    }
}

impl Keeps for KeptLimit {
    fn after(self, passed: Duration) -> Self {
        Self::after(self, passed)
    }
}

/// The states of the circuits or the rate limits with one name, listed by key.
pub(crate) type OfKeys<K> = BTreeMap<String, K>;

impl<K: Keeps> Keeps for OfKeys<K> {
    fn after(self, passed: Duration) -> Self {
        self.into_iter().map(|(key, kept)| (key, kept.after(passed))).collect()
    }

    fn count(&self) -> usize {
        self.values().map(K::count).sum()
    }
}

/// The restored states of one kind that no layer has taken yet, such as the states of circuits without a key.
#[derive(Debug)]
pub(crate) struct Waiting<K> {
    /// The number of names with a waiting state. If the number is zero, [`take`](Self::take) needs no lock.
    count: AtomicU32,
    /// The time at which the snapshot was restored, and the waiting states by name.
    states: Mutex<Option<(Tick, BTreeMap<String, K>)>>,
}

impl<K: Keeps> Waiting<K> {
    const fn new() -> Self {
        Self { count: AtomicU32::new(0), states: Mutex::new(None) }
    }

    /// Replaces all waiting states by `states`. Dropping the old states limits the memory to the states of one
    /// snapshot.
    pub(crate) fn replace(&self, states: BTreeMap<String, K>) {
        let mut current = lock_std(&self.states);
        self.count.store(u32::try_from(states.len()).unwrap_or(u32::MAX), Ordering::Relaxed);
        *current = (!states.is_empty()).then(|| (Tick::now(), states));
    }

    /// Removes and returns the waiting state of this name. The state is advanced to the current time: for example, the
    /// remaining cooldown is shorter than in the snapshot.
    ///
    /// For a new circuit, the caller holds the lock of the registry part that contains the circuit.
    /// [`restore`](crate::restore) takes the same lock after [`replace`](Self::replace), so the relaxed load cannot
    /// miss a state.
    pub(crate) fn take(&self, name: &str) -> Option<K> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut current = lock_std(&self.states);
        let (restored, states) = current.as_mut()?;
        let kept = states.remove(name)?;
        self.count.store(u32::try_from(states.len()).unwrap_or(u32::MAX), Ordering::Relaxed);
        Some(kept.after(Tick::now().since(*restored)))
    }

    /// Returns all waiting states, advanced to the current time.
    pub(crate) fn all(&self) -> BTreeMap<String, K> {
        let (restored, states) = lock_std(&self.states).clone().unwrap_or_else(|| (Tick::now(), BTreeMap::new()));
        states.after(Tick::now().since(restored))
    }

    /// Returns the number of waiting states.
    fn total(&self) -> usize {
        lock_std(&self.states).as_ref().map_or(0, |(_, states)| states.count())
    }

    pub(crate) fn names(&self) -> Vec<String> {
        lock_std(&self.states).iter().flat_map(|(_, states)| states.keys().cloned()).collect()
    }
}

macro_rules! waiting {
    ($($(#[$doc:meta])* $function:ident: $kept:ty;)*) => {
        $(
            $(#[$doc])*
            pub(crate) fn $function() -> &'static Waiting<$kept> {
                static WAITING: Waiting<$kept> = Waiting::new();
                scoped(&WAITING, Waiting::new)
            }
        )*
    };
}

waiting! {
    /// Returns the waiting states of circuits without a key.
    circuits: Kept;
    /// Returns the waiting states of circuits with the option `key`.
    keyed_circuits: OfKeys<Kept>;
    /// Returns the waiting states of rate limits without a key.
    rate_limits: KeptLimit;
    /// Returns the waiting states of rate limits with the option `key`.
    keyed_rate_limits: OfKeys<KeptLimit>;
}

/// Returns the number of all restored states that wait until their circuit or rate limit is created.
pub(crate) fn total() -> usize {
    circuits().total() + keyed_circuits().total() + rate_limits().total() + keyed_rate_limits().total()
}

pub(super) fn drop_circuits() {
    circuits().replace(BTreeMap::new());
    keyed_circuits().replace(BTreeMap::new());
}

pub(super) fn drop_limits() {
    rate_limits().replace(BTreeMap::new());
    keyed_rate_limits().replace(BTreeMap::new());
}

thread_local! {
    /// The circuits that this thread has restored, and whose events [`announce`] has not emitted yet.
    static RESTORED: Cell<Vec<Restored>> = const { Cell::new(Vec::new()) };
}

/// A circuit whose state was restored from a snapshot, with the data for the event that reports the restored state.
#[derive(Debug)]
struct Restored {
    name: Name,
    state: CircuitState,
    left: Duration,
}

/// Restores the state of a circuit. The caller must release all locks, and then call [`announce`].
fn give(breaker: &CircuitBreaker, kept: &Kept) {
    breaker.restore(kept);
    // Reads the remaining cooldown from the circuit, because the circuit's settings may have shortened it.
    let Kept { state, left, .. } = breaker.keep();
    // An error means that the thread is ending and has no list any more. The event is then lost.
    let _ = RESTORED.try_with(|list| {
        let mut restored = list.take();
        restored.push(Restored { name: breaker.label().clone(), state, left });
        list.set(restored);
    });
}

/// Restores the state of a circuit if a state from a snapshot waits for this circuit's name. The caller must release
/// all locks, and then call [`announce`].
pub(super) fn give_waiting(breaker: &CircuitBreaker) {
    if let Some(kept) = circuits().take(breaker.name()) {
        give(breaker, &kept);
    }
}

/// Restores the waiting states of the circuits in `family`. Returns the number of states that were dropped because
/// `max_keys` keys exist already. The caller must release all locks, and then call [`announce`].
pub(super) fn give_family(family: &Family<CircuitBreaker>) -> usize {
    let states = keyed_circuits().take(family.name()).unwrap_or_default();
    family.restore(&states, give, |kept| kept.state != CircuitState::Closed)
}

/// Restores the state of a new rate limit if a state from a snapshot waits for this name.
pub(super) fn give_limit(limit: &RateLimit, name: &str) {
    if let Some(kept) = rate_limits().take(name) {
        limit.restore(&kept);
    }
}

/// Restores the waiting states of the rate limits in `keyed`.
pub(super) fn give_keyed_limits(keyed: &KeyedRateLimits, name: &str) {
    if let Some(states) = keyed_rate_limits().take(name) {
        keyed.restore(&states);
    }
}

/// Emits an event for each circuit that this thread has restored. The caller must hold no lock.
pub(crate) fn announce() {
    for Restored { name, state, left } in RESTORED.try_with(Cell::take).unwrap_or_default() {
        events::restored(&name, state, left);
    }
}

#[cfg(all(test, not(feature = "declare"), not(resilience_loom)))]
mod tests {
    use super::*;
    use crate::circuit::breaker::CircuitBreaker;
    use crate::registry::declared::CircuitDeclaration;
    use crate::registry::keyed_circuits::KeyedCircuits;
    use crate::registry::layer::LayerDeclaration;
    use crate::registry::site::Site;
    use crate::snapshot::restore::restore;

    #[test]
    fn layers_take_waiting_states_at_first_call() {
        static CIRCUIT: Site<CircuitBreaker> = Site::new(CircuitDeclaration::new("waits"));
        static FAMILY: Site<KeyedCircuits> = Site::new(CircuitDeclaration::new("waits by key").keyed());
        static LIMIT: Site<RateLimit> =
            Site::new(LayerDeclaration::<RateLimit>::new("ask", "test").name("waits").per_second(1));
        static LIMITS: Site<KeyedRateLimits> =
            Site::new(LayerDeclaration::<KeyedRateLimits>::new("ask", "test").name("waits by key").per_second(1));

        let (state, limit) = (r#"{"state":"forced_open"}"#, r#"{"full_in":1}"#);
        let json = format!(
            r#"{{"version":1, "circuits":{{"waits":{state}}}, "keyed_circuits":{{"waits by key":{{"acme":{state}}}}},
                "rate_limits":{{"waits":{limit}}}, "keyed_rate_limits":{{"waits by key":{{"acme":{limit}}}}}}}"#
        );
        assert_eq!(restore(serde_json::from_str(&json).unwrap()).unwrap().waiting, 4);
        assert_eq!(CIRCUIT.get().state(), CircuitState::ForcedOpen);
        assert_eq!(FAMILY.get().get("acme").state(), CircuitState::ForcedOpen);
        assert_eq!(FAMILY.get().get("other").state(), CircuitState::Closed);
        assert!(LIMIT.get().try_acquire().is_err());
        assert!(LIMITS.get().__of("acme").get().try_acquire().is_err());
        assert!(LIMITS.get().__of("other").get().try_acquire().is_ok());
    }
}
