//! Stores the injected faults, and finds the faults that affect a call.

#[cfg(feature = "chaos")]
use std::collections::BTreeMap;
use std::mem;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::base::function::Function;
use crate::base::nearest::suggestion;
use crate::base::scope::scoped;
use crate::base::sync::lock_std;
use crate::fault::events;
use crate::fault::injected::{Hit, Injected};
use crate::fault::kind::Kind;
use crate::fault::limits::Limits;
use crate::fault::names;
#[cfg(feature = "chaos")]
use crate::fault::stats::{ChaosStats, FaultStats};

/// Reports a name that neither a decorated function nor a layer of an attribute has.
#[derive(Debug)]
pub(crate) struct UnknownName {
    /// A question about a similar name, see [`suggestion`].
    pub(crate) suggestion: String,
}

/// The injected faults.
#[derive(Debug)]
pub(crate) struct Faults {
    is_any: AtomicBool,
    injected: Mutex<Vec<Injected>>,
    /// The numbers of calls that faults in a running service have affected. Each key is the name of a function or
    /// layer.
    #[cfg(feature = "chaos")]
    counts: Mutex<BTreeMap<String, FaultStats>>,
}

impl Faults {
    const fn new() -> Self {
        Self {
            is_any: AtomicBool::new(false),
            injected: Mutex::new(Vec::new()),
            #[cfg(feature = "chaos")]
            counts: Mutex::new(BTreeMap::new()),
        }
    }

    /// Returns the faults of the program, or of the current isolated test.
    #[inline]
    pub(crate) fn current() -> &'static Self {
        static FAULTS: Faults = Faults::new();
        scoped(&FAULTS, Self::new)
    }

    /// Adds a fault, and returns the number that identifies the fault.
    ///
    /// # Errors
    ///
    /// Returns an [`UnknownName`] if neither a decorated function nor a layer has the name `name`.
    pub(crate) fn inject(&self, name: &str, kind: Kind, limits: Option<Limits>) -> Result<u64, UnknownName> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let known = names::all();
        if !known.contains(name) {
            return Err(UnknownName { suggestion: suggestion(name, known.iter().copied()) });
        }
        let fault = Injected { id: NEXT.fetch_add(1, Ordering::Relaxed), name: name.to_owned(), kind, limits };
        lock_std(&self.injected).push(fault.clone());
        self.is_any.store(true, Ordering::Relaxed);
        events::armed(&fault);
        Ok(fault.id)
    }

    pub(crate) fn remove(&self, id: u64) {
        self.end(|fault| fault.id == id, "removed");
    }

    /// Removes all faults that the [`Armed`](crate::chaos::Armed) value with the number `armed` has injected.
    #[cfg(feature = "chaos")]
    pub(crate) fn disarm(&self, armed: u64) {
        self.end(|fault| fault.limits.is_some_and(|limits| limits.armed == armed), "disarmed");
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn clear(&self) {
        self.end(|_| true, "reset");
    }

    /// Returns the statistics of the faults in the running service.
    #[cfg(feature = "chaos")]
    pub(crate) fn stats(&self) -> ChaosStats {
        let is_active = |fault: &Injected| fault.limits.is_some_and(|limits| !limits.remaining().is_zero());
        ChaosStats { is_armed: lock_std(&self.injected).iter().any(is_active), faults: lock_std(&self.counts).clone() }
    }

    /// Removes the faults for which `is_ended` returns true. Drops these faults while no lock is held, because a fault
    /// may contain a closure of the user, whose destructor may run any code.
    fn end(&self, is_ended: impl FnMut(&Injected) -> bool, reason: &'static str) {
        let ended = {
            let injected = &mut *lock_std(&self.injected);
            let (ended, left): (Vec<_>, _) = mem::take(injected).into_iter().partition(is_ended);
            *injected = left;
            self.is_any.store(!injected.is_empty(), Ordering::Relaxed);
            ended
        };
        for fault in &ended {
            events::disarmed(fault, reason);
        }
    }

    /// Returns the combined effect of all injected faults on a call of this function. If a fault in a running service
    /// affects the call, also adds the call to the statistics.
    #[inline]
    pub(crate) fn hit(&self, function: &Function) -> Option<Hit> {
        if self.is_any.load(Ordering::Relaxed) { self.find(function) } else { None }
    }

    #[cold]
    fn find(&self, function: &Function) -> Option<Hit> {
        self.end(|fault| fault.limits.is_some_and(|limits| limits.remaining().is_zero()), "time");
        let (hit, due) = self.next(function);
        self.end(|fault| fault.kind.is_used_up(), "used");
        due.iter().for_each(events::armed);
        hit
    }

    /// Returns the effect of all faults on a call of this function. Also returns the faults for which another event
    /// `chaos_armed` is due.
    ///
    /// A fault of the kind `Next` has a limited number of errors. A script has one step for each call. A fault is
    /// skipped if its `limits` do not select the call, or if the fault has no error or step left.
    ///
    /// The times of all latency faults that are not skipped add up. Among the faults of other kinds that are not
    /// skipped, only the oldest affects the call. The younger faults keep their errors and steps for later calls.
    fn next(&self, function: &Function) -> (Option<Hit>, Vec<Injected>) {
        let names = names::of(function);
        let (mut hit, mut due) = (None::<Hit>, Vec::new());
        let mut is_decided = false;
        for fault in lock_std(&self.injected).iter_mut().filter(|fault| names.contains(&fault.name)) {
            if fault.limits.as_mut().is_some_and(Limits::is_due) {
                due.push(fault.clone());
            }
            let is_latency = fault.kind.is_latency();
            if is_decided && !is_latency || fault.limits.is_some_and(|limits| !limits.selects()) {
                continue;
            }
            let Some((latency, effect)) = fault.kind.next() else { continue };
            is_decided |= !is_latency;
            #[cfg(feature = "chaos")]
            if fault.limits.is_some() {
                lock_std(&self.counts).entry(fault.name.clone()).or_default().count(&fault.kind);
            }
            let hit = hit.get_or_insert_default();
            hit.latency = hit.latency.saturating_add(latency);
            if effect.is_some() || hit.name.is_empty() {
                hit.name.clone_from(&fault.name);
                (hit.id, hit.is_in_service) = (fault.id, fault.limits.is_some());
            }
            hit.effect = hit.effect.take().or(effect);
        }
        (hit, due)
    }
}
