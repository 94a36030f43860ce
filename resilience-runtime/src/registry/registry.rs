//! The circuits that a program shares by name, and the options that its places write about them.

use std::collections::{BTreeMap, HashMap};
use std::sync::PoisonError;

use crate::base::config_error::ConfigError;
use crate::base::interner::Interner;
use crate::base::name::Name;
#[cfg(not(resilience_loom))]
use crate::base::sync::LazyLock;
use crate::base::sync::{Arc, Mutex, MutexGuard, lock};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{Options, Settings};
use crate::circuit::stats::CircuitStats;
use crate::registry::conflict::{CircuitConflict, conflicts};
use crate::registry::declared::declarations;
use crate::registry::family::Family;
use crate::registry::named::{ByBytes, Named};
use crate::registry::written::{Written, merge};

/// The options of one circuit from all places.
#[derive(Default)]
struct Sources {
    preset: Option<Box<Options>>,
    /// In the order of registration: where two write one option, the first has it.
    written: Vec<Arc<Written>>,
}

/// The sources are elsewhere: the smaller the entries of a table, the fewer caches a look-up misses.
type Circuits = HashMap<Named, Box<Sources>, ByBytes>;

#[cfg(not(resilience_loom))]
static CIRCUITS: LazyLock<Mutex<Circuits>> = LazyLock::new(Mutex::default);

#[cfg(resilience_loom)]
loom::lazy_static! {
    static ref CIRCUITS: Mutex<Circuits> = Mutex::default();
}

/// The circuits that have keys, and what was written about them in the order of registration.
type Families = BTreeMap<&'static str, (Arc<Family>, Vec<Arc<Written>>)>;

// Loom's cannot be made at compile time, and no model has keys.
static FAMILIES: std::sync::Mutex<Families> = std::sync::Mutex::new(BTreeMap::new());

fn families() -> std::sync::MutexGuard<'static, Families> {
    FAMILIES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn circuits() -> MutexGuard<'static, Circuits> {
    lock(&CIRCUITS)
}

impl Sources {
    fn write(&mut self, written: Written, breaker: &CircuitBreaker) {
        if add(&mut self.written, written) {
            self.apply(breaker);
        }
    }

    fn apply(&self, breaker: &CircuitBreaker) {
        breaker.apply(Settings::shared(merge(&self.written).or(self.preset.as_deref().copied().unwrap_or_default())));
    }
}

/// The circuit of this name, made where there is none, and what was written about it.
#[expect(clippy::mutable_key_type, reason = "the name of a breaker does not change")]
fn entry(circuits: &mut Circuits, name: Name) -> (CircuitBreaker, &mut Sources) {
    let breaker = match circuits.get_key_value(name.as_bytes()) {
        Some((Named(breaker), _)) => breaker.clone(),
        None => CircuitBreaker::new(name, Settings::shared(Options::NONE)),
    };
    let sources = circuits.entry(Named(breaker.clone())).or_default();
    (breaker, sources)
}

/// Returns false if it is known: a place may register any number of times, and says the same each time.
fn add(all: &mut Vec<Arc<Written>>, written: Written) -> bool {
    /// One place may register any number of circuits, too.
    static NEWEST: Interner<Written> = Interner::new();
    let new = !all.iter().any(|known| **known == written);
    if new {
        all.reserve_exact(1);
        all.push(NEWEST.intern(written));
    }
    new
}

/// All that attributes declare, by name, each name's in the order of file and line.
fn declared() -> BTreeMap<&'static str, Vec<Arc<Written>>> {
    let mut by_name = BTreeMap::<_, Vec<_>>::new();
    for declaration in declarations() {
        by_name.entry(declaration.name).or_default().push(Arc::new(declaration.written));
    }
    for written in by_name.values_mut() {
        written.sort_by_key(|written| (written.place.file(), written.place.line(), written.place.column()));
    }
    by_name
}

/// Registers the options of a builder, or returns a conflict to the caller.
pub(crate) fn register(name: Name, written: Written) -> Result<CircuitBreaker, ConfigError> {
    let mut circuits = circuits();
    let before = circuits.get(name.as_bytes()).map_or(&[][..], |sources| &sources.written);
    if let Some(conflict) = conflicts(name.as_str(), before, &written).into_iter().next() {
        let CircuitConflict { option, values: [kept, value], places: [place, _], .. } = conflict;
        let allowed = format!("{kept}, which circuit '{name}' has from {place}");
        return Err(ConfigError::new(option, value, allowed));
    }
    let (breaker, sources) = entry(&mut circuits, name);
    sources.write(written, &breaker);
    Ok(breaker)
}

/// Registers the options of an attribute. The first value stays in a conflict, and the caller emits an event.
pub(crate) fn join(name: &'static str, written: Written) -> (CircuitBreaker, Vec<CircuitConflict>) {
    let mut circuits = circuits();
    let (breaker, sources) = entry(&mut circuits, Name::Static(name));
    let conflicts = conflicts(name, &sources.written, &written);
    sources.write(written, &breaker);
    (breaker, conflicts)
}

/// Registers the options of an attribute with keys, like [`join`].
pub(crate) fn join_family(name: &'static str, next: Written) -> (Arc<Family>, Vec<CircuitConflict>) {
    let mut families = families();
    let (family, written) =
        families.entry(name).or_insert_with(|| (Arc::new(Family::new(name, next.options)), Vec::new()));
    let conflicts = conflicts(name, written, &next);
    if add(written, next) {
        family.apply(merge(written));
    }
    (family.clone(), conflicts)
}

/// Registers a preset. Each written option takes precedence.
pub(crate) fn preset(name: &'static str, options: Options) -> CircuitBreaker {
    let mut circuits = circuits();
    let (breaker, sources) = entry(&mut circuits, Name::Static(name));
    if sources.preset.as_deref() != Some(&options) {
        sources.preset = Some(Box::new(options));
        sources.apply(&breaker);
    }
    breaker
}

/// Every circuit of the program by its name: those that are registered, and those that an attribute declares and
/// nobody has called yet.
///
/// Circuits that were made with [`build`](crate::CircuitBuilder::build) belong to whoever made them and are not
/// listed. Listing registers nothing and changes nothing. Without the feature `declare` a circuit of an attribute is
/// known from its first call on.
///
/// ```
/// use resilience_runtime::{CircuitState, circuit, get_circuit_stats};
///
/// #[circuit(name = "listed_before_its_first_call", threshold = 5)]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # if cfg!(not(feature = "declare")) { ask().await.unwrap() }
/// let stats = &get_circuit_stats()["listed_before_its_first_call"];
/// assert_eq!((stats.state, stats.threshold), (CircuitState::Closed, 5));
/// # }
/// ```
pub fn get_circuit_stats() -> BTreeMap<String, CircuitStats> {
    let mut read = Vec::new();
    each(|breaker| read.push((breaker.name().to_owned(), breaker.stats())));
    let mut stats: BTreeMap<_, _> = read.into_iter().collect();
    for (name, written) in declared() {
        stats
            .entry(name.to_owned())
            .or_insert_with(|| CircuitBreaker::new(Name::Static(name), Settings::shared(merge(&written))).stats());
    }
    stats
}

/// Resets every registered circuit; see [`CircuitBreaker::reset`].
///
/// ```
/// use resilience_runtime::{CircuitBreaker, CircuitState, reset_all_circuits};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("reset_example").threshold(1).register()?;
/// breaker.try_acquire()?.failure();
/// assert_eq!(breaker.state(), CircuitState::Open);
///
/// reset_all_circuits();
/// assert_eq!(breaker.state(), CircuitState::Closed);
/// # Ok(())
/// # }
/// ```
pub fn reset_all_circuits() {
    each(CircuitBreaker::reset);
}

/// The circuit of this name, also one that an attribute declares and nobody has called yet; that one is registered
/// here.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, get_circuit};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// CircuitBreaker::builder("found_by_name").register()?;
/// assert!(get_circuit("found_by_name").is_some());
/// assert!(get_circuit("never heard of").is_none());
/// # Ok(())
/// # }
/// ```
pub fn get_circuit(name: &str) -> Option<CircuitBreaker> {
    if let Some((Named(breaker), _)) = circuits().get_key_value(name.as_bytes()) {
        return Some(breaker.clone());
    }
    if let Some((family, key)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        let family = families().get(family)?.0.clone();
        return family.get(key);
    }
    let (name, written) = declared().remove_entry(name)?;
    let mut circuits = circuits();
    // Another thread may have registered it in the meantime.
    let (breaker, sources) = entry(&mut circuits, Name::Static(name));
    if sources.written.is_empty() {
        sources.written = written;
        sources.apply(&breaker);
    }
    Some(breaker)
}

/// Looks for circuits that are declared or registered with two values for one option. Those with keys are registered by the
/// first call of each function.
///
/// A program runs with such a conflict: the first to register has its way, and a WARN event tells about the other.
/// A test of one line keeps it from getting there:
///
/// ```
/// // in a #[test]:
/// assert_eq!(resilience_runtime::check_circuits(), Ok(()));
/// ```
///
/// # Errors
///
/// Every conflict, each with the name, the option, both values and both places.
pub fn check_circuits() -> Result<(), Vec<CircuitConflict>> {
    let mut places: BTreeMap<String, Vec<Arc<Written>>> = circuits()
        .iter()
        .map(|(Named(breaker), sources)| (breaker.name().to_owned(), sources.written.clone()))
        .collect();
    let families: Vec<_> =
        families().iter().map(|(name, (_, written))| ((*name).to_owned(), written.clone())).collect();
    for (name, written) in declared() {
        let known = places.entry(name.to_owned()).or_default();
        for next in written {
            if !known.contains(&next) {
                known.push(next);
            }
        }
    }
    let found: Vec<_> = places
        .iter()
        .chain(families.iter().map(|(name, written)| (name, written)))
        .flat_map(|(name, written)| {
            (1..written.len()).flat_map(move |index| conflicts(name, &written[..index], &written[index]))
        })
        .collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Shows every circuit to `see`, without a lock: in the order of their names, those with keys at the end.
fn each(mut see: impl FnMut(&CircuitBreaker)) {
    let mut breakers: Vec<_> = circuits().keys().map(|Named(breaker)| breaker.clone()).collect();
    breakers.sort_unstable_by(|one, other| one.label().cmp(other.label()));
    breakers.iter().for_each(&mut see);
    let families: Vec<_> = families().values().map(|(family, _)| family.clone()).collect();
    for family in families {
        family.each(&mut see);
    }
}
