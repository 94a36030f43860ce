//! Gives each isolated test (a test with `#[resilience_runtime::test]`) its own copy of the global values of a program,
//! such as the registry. All calls outside isolated tests share the global values.
//!
//! With the feature `test-util`, each isolated test has a `Scope`, which contains these copies. A thread-local variable
//! refers to the scope of the running test. Without the feature, the functions of this file always use the global
//! values.

#[cfg(feature = "test-util")]
pub(crate) use self::of_tests::{Entered, Scope};

/// In an isolated test, returns the test's copy of `global`. The first call creates this copy with `create`. Outside an
/// isolated test, returns `global` itself.
#[inline]
#[cfg_attr(not(feature = "test-util"), expect(unused_variables, reason = "only an isolated test creates a value"))]
pub(crate) fn scoped<T: Send + Sync>(global: &'static T, create: fn() -> T) -> &'static T {
    #[cfg(feature = "test-util")]
    if let Some(scope) = Scope::current() {
        return scope.value(std::ptr::from_ref(global).addr(), create);
    }
    global
}

/// Calls `f` with the global values, even if an isolated test runs on this thread.
pub(crate) fn outside<T>(f: impl FnOnce() -> T) -> T {
    #[cfg(feature = "test-util")]
    return Scope::with(None, f);
    #[cfg(not(feature = "test-util"))]
    f()
}

#[cfg(feature = "test-util")]
mod of_tests {
    use std::any::{Any, TypeId};
    use std::cell::Cell;
    use std::collections::HashMap;
    use std::fmt;
    use std::marker::PhantomData;
    use std::sync::Mutex;

    use crate::base::sync::lock_std;

    thread_local! {
        static CURRENT: Cell<Option<&'static Scope>> = const { Cell::new(None) };
    }

    /// The copies of the global values for one isolated test. The scope is never freed, because the generated code
    /// refers to layers with the lifetime `'static`.
    #[derive(Default)]
    pub(crate) struct Scope {
        /// Maps the address and the type of a global value to its copy. The key contains the type, because a `static`
        /// and its first field have the same address.
        values: Mutex<HashMap<(usize, TypeId), &'static (dyn Any + Send + Sync)>>,
    }

    impl Scope {
        /// Creates the scope of an isolated test.
        pub(crate) fn new() -> &'static Self {
            Box::leak(Box::default())
        }

        /// Returns the scope of the isolated test that runs on this thread.
        #[inline]
        pub(crate) fn current() -> Option<&'static Self> {
            CURRENT.get()
        }

        /// Returns the copy of the global value at the address `of`. The first call creates the copy. Holds no lock
        /// while `create` runs, because `create` may read other values of the scope.
        pub(crate) fn value<T: Send + Sync + 'static>(&self, of: usize, create: impl FnOnce() -> T) -> &'static T {
            let key = (of, TypeId::of::<T>());
            let known = lock_std(&self.values).get(&key).copied();
            let value = known.unwrap_or_else(|| {
                let new = create();
                // Another thread of the same test may have created the copy in the meantime.
                *lock_std(&self.values).entry(key).or_insert_with(|| Box::leak(Box::new(new)))
            });
            value.downcast_ref().expect("the key contains the type of the value")
        }

        /// Makes this scope the current scope of this thread, until the returned guard is dropped.
        pub(crate) fn enter(&'static self) -> Entered {
            Self::replace(Some(self))
        }

        /// Calls `f` in the given scope, or outside any scope if `scope` is `None`.
        pub(crate) fn with<T>(scope: Option<&'static Self>, f: impl FnOnce() -> T) -> T {
            let _entered = Self::replace(scope);
            f()
        }

        /// Enters the given scope until the returned guard is dropped. If `scope` is `None`, leaves the current scope
        /// instead.
        pub(crate) fn replace(scope: Option<&'static Self>) -> Entered {
            Entered { before: CURRENT.replace(scope), of_thread: PhantomData }
        }
    }

    impl fmt::Debug for Scope {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Scope").finish_non_exhaustive()
        }
    }

    /// A guard that makes the previous scope current again when the guard is dropped.
    #[derive(Debug)]
    pub(crate) struct Entered {
        before: Option<&'static Scope>,
        /// Makes the guard `!Send`, because the guard must be dropped on the thread that created the guard.
        of_thread: PhantomData<*const ()>,
    }

    impl Drop for Entered {
        fn drop(&mut self) {
            CURRENT.set(self.before);
        }
    }
}
