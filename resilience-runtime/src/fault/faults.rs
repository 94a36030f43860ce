//! Contains the faults that wait for calls, by the names of functions and layers.

use std::any::{Any, type_name};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::base::nearest::suggestion;
use crate::base::scope::scoped;
use crate::base::sync::{Arc, lock_std};
use crate::fault::function::{self, Function};
use crate::fault::script::Step;

/// A function that makes errors of one type, and the name of this type.
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

/// The effect of a fault on one call.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Error(Maker),
    Hang,
    Panic,
}

/// The faults of a name.
#[derive(Debug)]
pub(crate) enum Kind {
    /// The next calls return an error. The number of calls decreases with each call.
    Next(u32, Maker),
    /// Each call takes longer.
    Latency(Duration),
    Hang,
    Panic,
    /// The remaining steps of a script, one for each call.
    Script(VecDeque<Step>, Maker),
}

#[derive(Debug)]
struct Injected {
    id: u64,
    name: String,
    kind: Kind,
}

/// The faults that wait for calls.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    is_any: AtomicBool,
    injected: Mutex<Vec<Injected>>,
}

/// The latency and the effect of all faults that hit one call.
#[derive(Debug, Default)]
pub(crate) struct Hit {
    /// The name by which the fault was injected.
    pub(crate) name: String,
    pub(crate) latency: Duration,
    pub(crate) effect: Option<Effect>,
}

impl Faults {
    /// Returns the faults of the program, or of the current isolated test.
    #[inline]
    pub(crate) fn current() -> &'static Self {
        static FAULTS: Faults = Faults { is_any: AtomicBool::new(false), injected: Mutex::new(Vec::new()) };
        scoped(&FAULTS, Self::default)
    }

    /// Adds a fault, and returns its number.
    ///
    /// # Errors
    ///
    /// Returns a message if no decorated function has the name.
    pub(crate) fn inject(&self, name: &str, kind: Kind) -> Result<u64, String> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let known = function::names();
        if !known.contains(name) {
            let suggestion = suggestion(name, known.iter().copied());
            return Err(format!(
                "no decorated function and no layer of an attribute has the name `{}`:{suggestion} a fault needs the name of a layer, such as the `name` of a `#[circuit]`, or a path such as `shop::orders::submit`",
                name.escape_debug()
            ));
        }
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let injected = &mut *lock_std(&self.injected);
        injected.push(Injected { id, name: name.to_owned(), kind });
        self.is_any.store(true, Ordering::Relaxed);
        Ok(id)
    }

    pub(crate) fn remove(&self, id: u64) {
        self.retain(|fault| fault.id != id);
    }

    pub(crate) fn clear(&self) {
        self.retain(|_| false);
    }

    fn retain(&self, keep: impl FnMut(&Injected) -> bool) {
        let injected = &mut *lock_std(&self.injected);
        injected.retain(keep);
        self.is_any.store(!injected.is_empty(), Ordering::Relaxed);
    }

    /// Returns the faults for a call of this function, and counts the call for these faults.
    #[inline]
    pub(crate) fn hit(&self, function: &Function) -> Option<Hit> {
        if self.is_any.load(Ordering::Relaxed) { self.find(function) } else { None }
    }

    /// All latencies add up. The oldest of the other faults takes effect, and only this fault counts the call.
    #[cold]
    fn find(&self, function: &Function) -> Option<Hit> {
        let injected = &mut *lock_std(&self.injected);
        let mut hit: Option<Hit> = None;
        let mut is_decided = false;
        for fault in injected.iter_mut().filter(|fault| function.has_name(&fault.name)) {
            let found = match &mut fault.kind {
                Kind::Latency(latency) => Some((*latency, None)),
                _ if is_decided => None,
                Kind::Next(0, _) => None,
                Kind::Next(left, maker) => {
                    *left -= 1;
                    Some((Duration::ZERO, Some(Effect::Error(maker.clone()))))
                }
                Kind::Hang => Some((Duration::ZERO, Some(Effect::Hang))),
                Kind::Panic => Some((Duration::ZERO, Some(Effect::Panic))),
                Kind::Script(steps, maker) => steps.pop_front().map(|step| {
                    is_decided = true;
                    match step {
                        Step::Pass => (Duration::ZERO, None),
                        Step::Wait(latency) => (latency, None),
                        Step::Error => (Duration::ZERO, Some(Effect::Error(maker.clone()))),
                        Step::Hang => (Duration::ZERO, Some(Effect::Hang)),
                        Step::Panic => (Duration::ZERO, Some(Effect::Panic)),
                    }
                }),
            };
            if let Some((latency, effect)) = found {
                let hit = hit.get_or_insert_default();
                hit.latency += latency;
                if effect.is_some() {
                    is_decided = true;
                    hit.effect = effect;
                    hit.name.clone_from(&fault.name);
                }
            }
        }
        injected.retain(|fault| !matches!(fault.kind, Kind::Next(0, _)));
        self.is_any.store(!injected.is_empty(), Ordering::Relaxed);
        hit
    }
}
