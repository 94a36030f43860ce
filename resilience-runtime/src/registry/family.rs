//! Circuits that share a name and settings, one for each key.
#![allow(missing_docs)] // what is public here is hidden in `__private`

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::{self, Write};
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::str::from_utf8;

use crate::__private::Held;
use crate::base::name::Name;
use crate::base::sync::{Arc, Mutex, OnceLock, lock};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::Settings;
use crate::events;
use crate::registry::named::{ByBytes, Named};
use crate::registry::registry;
use crate::registry::site::Declaration;

/// One `#[circuit(key = ..)]` in the program, with the family that it resolves to at its first call.
#[derive(Debug)]
pub struct KeyedSite {
    declaration: Declaration,
    family: OnceLock<Arc<Family>>,
}

impl KeyedSite {
    pub const fn new(declaration: Declaration) -> Self {
        Self { declaration, family: OnceLock::new() }
    }

    /// The circuit of this key.
    pub fn of<K: Key + ?Sized>(&'static self, key: &K) -> Held {
        let family = self.family.get().unwrap_or_else(|| self.resolve());
        Held(family.breaker(key))
    }

    #[cold]
    fn resolve(&'static self) -> &'static Arc<Family> {
        let Declaration { name, written } = self.declaration;
        let (family, conflicts) = registry::join_family(name, written);
        if self.family.set(family.clone()).is_ok() {
            conflicts.iter().for_each(events::conflict);
        }
        self.family.get_or_init(|| family)
    }
}

/// What tells the circuits of a family apart: a text or a whole number.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a circuit",
    label = "neither a text nor a whole number",
    note = "make a text of it: `key = key.to_string()`"
)]
pub trait Key {
    fn write(&self, to: &mut Text);
}

/// Room for the name of a circuit with its key; a longer one takes an allocation.
#[derive(Debug)]
pub struct Text {
    bytes: [u8; 112],
    used: usize,
    longer: Option<Vec<u8>>,
}

impl Text {
    fn new() -> Self {
        Self { bytes: [0; 112], used: 0, longer: None }
    }

    #[inline]
    fn push(&mut self, text: &[u8]) {
        match (&mut self.longer, self.bytes.get_mut(self.used..self.used + text.len())) {
            (None, Some(place)) => {
                place.copy_from_slice(text);
                self.used += text.len();
            }
            (Some(longer), _) => longer.extend_from_slice(text),
            (None, None) => self.longer = Some([self.as_bytes(), text].concat()),
        }
    }

    /// As `fmt` writes it, for less: that would take a good part of a look-up.
    fn push_number(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.push(&digits[first..]);
    }

    fn as_bytes(&self) -> &[u8] {
        self.longer.as_deref().unwrap_or(&self.bytes[..self.used])
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

impl Key for str {
    #[inline]
    fn write(&self, to: &mut Text) {
        to.push(self.as_bytes());
    }
}

macro_rules! keys {
    ($($text:ty),*; $($number:ty),*; $($shown:ty),*; $($pointer:ty),*) => {
        $(impl Key for $text {
            #[inline]
            fn write(&self, to: &mut Text) {
                to.push(self.as_bytes());
            }
        })*
        $(impl Key for $number {
            fn write(&self, to: &mut Text) {
                match u64::try_from(*self) {
                    Ok(number) => to.push_number(number),
                    // Room for a text never runs out.
                    Err(_) => drop(write!(to, "{self}")),
                }
            }
        })*
        $(impl Key for $shown {
            fn write(&self, to: &mut Text) {
                let _ = write!(to, "{self}");
            }
        })*
        $(impl<K: Key + ?Sized> Key for $pointer {
            #[inline]
            fn write(&self, to: &mut Text) {
                (**self).write(to);
            }
        })*
    };
}
keys! {
    String, Cow<'_, str>;
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize;
    char, bool;
    &K, &mut K, Box<K>, Rc<K>, std::sync::Arc<K>
}

/// The circuits of one name by their keys, at most so many.
pub(crate) struct Family {
    name: &'static str,
    /// Several, so that threads with different keys seldom wait for each other.
    shards: Box<[Mutex<Shard>]>,
    /// By which a name is put into one of them, so that nobody can choose keys that are all in one.
    secret: u64,
}

impl Family {
    const MAX_KEYS: u32 = 10_000;

    pub(crate) fn new(name: &'static str, settings: &Arc<Settings>, max_keys: Option<u32>) -> Self {
        let most = max_keys.unwrap_or(Self::MAX_KEYS) as usize;
        // Few keys need no more than one, and none that is left over by rounding.
        let shards = (most / 64).clamp(1, 16);
        let shard = || Mutex::new(Shard::new(settings.clone(), most / shards));
        Self { name, shards: (0..shards).map(|_| shard()).collect(), secret: RandomState::new().hash_one(name) | 1 }
    }

    pub(crate) fn apply(&self, settings: &Arc<Settings>, max_keys: Option<u32>) {
        let most = max_keys.unwrap_or(Self::MAX_KEYS) as usize;
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.settings = settings.clone();
            shard.most = (most / self.shards.len()).max(1);
            shard.all().for_each(|breaker| breaker.apply(settings.clone()));
        }
    }

    fn breaker<K: Key + ?Sized>(&self, key: &K) -> CircuitBreaker {
        let mut text = Text::new();
        text.push(self.name.as_bytes());
        text.push(b"[");
        key.write(&mut text);
        text.push(b"]");
        let name = text.as_bytes();
        let mut shard = lock(self.shard(name));
        shard.find(name).unwrap_or_else(|| shard.add(name))
    }

    /// The circuit of this whole name, if its key is known.
    pub(crate) fn get(&self, name: &str) -> Option<CircuitBreaker> {
        lock(self.shard(name.as_bytes())).look(name.as_bytes()).cloned()
    }

    /// Shows every circuit to `see`, without a lock and one at a time: whoever held them all would make each look used,
    /// and a turn at that moment would keep them in the place of new ones.
    pub(crate) fn each(&self, see: &mut impl FnMut(&CircuitBreaker)) {
        for shard in &self.shards {
            let circuits: Vec<_> = lock(shard).all().map(CircuitBreaker::find_again).collect();
            circuits.iter().filter_map(|find| find()).for_each(|circuit| see(&circuit));
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "of a hash any part will do")]
    fn shard(&self, name: &[u8]) -> &Mutex<Shard> {
        // Folded products, as wyhash has them: a fraction of the price of the hash within, and good enough to spread.
        let fold = |hash: u64, word: [u8; 8]| {
            let product = u128::from(hash ^ u64::from_le_bytes(word)) * u128::from(self.secret);
            (product ^ (product >> 64)) as u64
        };
        // The last eight bytes may overlap with those before; a name that is shorter has seven at most.
        let mut short = [0; 8];
        let last = name.last_chunk().copied().unwrap_or_else(|| {
            short[..name.len()].copy_from_slice(name);
            short
        });
        let words = name.chunks_exact(8).map(|chunk| chunk.try_into().unwrap_or_default());
        let hash = fold(words.fold(self.secret, fold), last);
        &self.shards[hash as usize % self.shards.len()]
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A part of a family. Keys that were used since the last turn are young; a turn forgets those of the old ones that are idle.
///
/// Two generations tell nearly as well as a list in the order of use which keys are in use, and keep no list.
struct Shard {
    settings: Arc<Settings>,
    most: usize,
    young: HashSet<Named, ByBytes>,
    old: HashSet<Named, ByBytes>,
    /// So many new keys may come before it is worth looking for idle ones again.
    patience: usize,
}

impl Shard {
    fn new(settings: Arc<Settings>, most: usize) -> Self {
        Self { settings, most, young: HashSet::default(), old: HashSet::default(), patience: 0 }
    }

    fn all(&self) -> impl Iterator<Item = &CircuitBreaker> {
        self.young.iter().chain(&self.old).map(|named| &named.0)
    }

    /// Like [`find`](Self::find), and does not count as a use: whoever looks keeps no key that nobody calls with.
    fn look(&self, name: &[u8]) -> Option<&CircuitBreaker> {
        self.young.get(name).or_else(|| self.old.get(name)).map(|named| &named.0)
    }

    fn find(&mut self, name: &[u8]) -> Option<CircuitBreaker> {
        if let Some(Named(breaker)) = self.young.get(name) {
            return Some(breaker.clone());
        }
        let named = self.old.take(name)?;
        let breaker = named.0.clone();
        self.young.insert(named);
        Some(breaker)
    }

    /// Makes a circuit for a new key. Where all the others are in use, it is there for this one call only.
    fn add(&mut self, name: &[u8]) -> CircuitBreaker {
        if self.young.len() > self.most / 2 {
            self.turn();
        }
        if self.is_full() && self.patience == 0 {
            self.turn();
            if self.is_full() {
                // Those that were young until now are idle, too, unless somebody needs them.
                self.turn();
            }
            self.patience = if self.is_full() { self.most / 8 } else { 0 };
        }
        self.patience = self.patience.saturating_sub(1);
        // Whole texts make up a name, so it is one.
        let name = Name::new(from_utf8(name).unwrap_or_default());
        let breaker = CircuitBreaker::one_of_many(name, self.settings.clone());
        if !self.is_full() {
            self.young.insert(Named(breaker.clone()));
        }
        breaker
    }

    fn is_full(&self) -> bool {
        self.young.len() + self.old.len() >= self.most
    }

    /// No more than half are forgotten at once: where all are as old, one new key must not empty the table.
    fn turn(&mut self) {
        let mut room = (self.most / 2).max(1);
        self.old.retain(|named| {
            let goes = room > 0 && named.0.is_idle();
            room -= usize::from(goes);
            !goes
        });
        self.old.extend(self.young.drain());
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;
    use crate::circuit::settings::Options;

    #[test]
    fn who_lists_the_keys_keeps_none_but_the_one_it_looks_at() {
        let family = Family::new("listed", &Settings::shared(Options::NONE), Some(4));
        for key in 0..4 {
            family.breaker(&key);
        }
        let mut seen = Vec::new();
        family.each(&mut |circuit| {
            if seen.is_empty() {
                for key in 10..14 {
                    family.breaker(&key);
                }
            }
            seen.push(circuit.name().to_owned());
        });
        let known = |name: &String| family.get(name).is_some();
        let kept: Vec<_> = (0..4).map(|key| format!("listed[{key}]")).filter(known).collect();
        assert_eq!(kept, seen);
    }
}
