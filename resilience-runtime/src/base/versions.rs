//! Stores settings that can change while calls read them without a lock.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::race::OnceBox;

use crate::base::sync::lock_std;

/// The settings of a layer: the first version and all later versions.
///
/// A version stays in memory as long as the layer, because a running call may refer to the version. The memory is
/// limited: equal settings share one version, and [`SHELVES`] limits the number of versions.
#[derive(Debug)]
pub(crate) struct Versions<T> {
    first: T,
    later: OnceBox<Later<T>>,
}

/// The versions that [`Versions::change`] has added. The version with the number `n` is in the array
/// `shelves[ilog2(n)]`. The version with the number 0 is the field `first` of [`Versions`].
#[derive(Debug)]
struct Later<T> {
    current: AtomicUsize,
    shelves: [OnceBox<Box<[OnceBox<T>]>>; SHELVES],
    /// The number of versions, including the first version. The lock lets only one thread at a time add a version.
    count: Mutex<usize>,
}

/// The number of arrays of versions. Each array is twice as long as the array before it, so a layer can have 2^16
/// different settings.
const SHELVES: usize = 16;

impl<T: PartialEq> Versions<T> {
    pub(crate) const fn new(first: T) -> Self {
        Self { first, later: OnceBox::new() }
    }

    /// Returns the current settings.
    #[inline]
    pub(crate) fn current(&self) -> &T {
        match self.later.get() {
            None => &self.first,
            Some(later) => self.changed(later),
        }
    }

    #[cold]
    fn changed<'v>(&'v self, later: &'v Later<T>) -> &'v T {
        later.version(later.current.load(Ordering::Acquire)).unwrap_or(&self.first)
    }

    /// Changes the current settings. Returns false, and changes nothing, if the settings are new and the arrays have no
    /// space for another version.
    pub(crate) fn change(&self, settings: T) -> bool {
        if settings == self.first && self.later.get().is_none() {
            return true;
        }
        let later = self.later.get_or_init(|| {
            let shelves = std::array::from_fn(|_| OnceBox::new());
            Box::new(Later { current: AtomicUsize::new(0), shelves, count: Mutex::new(1) })
        });
        let mut count = lock_std(&later.count);
        let known = (1..*count).find(|number| later.version(*number) == Some(&settings));
        let number = if settings == self.first { Some(0) } else { known };
        let number = number.or_else(|| later.add(*count, settings).then_some(*count));
        let Some(number) = number else { return false };
        *count = (*count).max(number + 1);
        later.current.store(number, Ordering::Release);
        true
    }
}

impl<T> Later<T> {
    /// Returns the version with this number, or `None` if no such version exists.
    fn version(&self, number: usize) -> Option<&T> {
        let index = number.checked_ilog2()?;
        self.shelves.get(index as usize)?.get()?.get(number - (1 << index))?.get()
    }

    /// Adds a version with this number. Returns false if the number is too large for the arrays.
    fn add(&self, number: usize, settings: T) -> bool {
        let Some(index) = number.checked_ilog2() else { return false };
        let Some(place) = self.shelves.get(index as usize) else { return false };
        let versions = place.get_or_init(|| Box::new((0..1 << index).map(|_| OnceBox::new()).collect()));
        versions.get(number - (1 << index)).is_some_and(|version| version.set(Box::new(settings)).is_ok())
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn last_change_is_current() {
        let versions = Versions::new(0);
        assert_eq!(*versions.current(), 0);
        for settings in [0, 7, 9, 7, 0, 3, 3] {
            assert!(versions.change(settings));
            assert_eq!(*versions.current(), settings);
        }
    }

    #[test]
    fn equal_settings_share_a_version() {
        let versions = Versions::new(0);
        (0..100_000).for_each(|n| assert!(versions.change(n % 3)));
        assert_eq!(*lock_std(&versions.later.get().unwrap().count), 3);
    }

    #[test]
    fn too_many_settings_change_nothing() {
        let versions = Versions::new(0);
        let later = || versions.later.get().unwrap();
        assert!(versions.change(1));
        *lock_std(&later().count) = (1 << SHELVES) - 1;
        assert!(versions.change(2));
        assert!(!versions.change(3));
        assert_eq!(*versions.current(), 2);
        assert!(versions.change(0));
        assert_eq!(*versions.current(), 0);
    }

    #[test]
    fn readers_see_whole_settings() {
        let versions = Versions::new([0; 8]);
        std::thread::scope(|scope| {
            scope.spawn(|| (1..2_000).for_each(|n| assert!(versions.change([n; 8]))));
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut last = 0;
                    while last < 1_999 {
                        let now = versions.current();
                        assert!(now.iter().all(|part| *part == now[0]) && now[0] >= last);
                        last = now[0];
                    }
                });
            }
        });
    }
}
