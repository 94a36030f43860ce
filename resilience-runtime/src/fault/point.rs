//! Applies a fault at the beginning of the body of a decorated function.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::any::type_name;
use std::future::{self, Future};
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use tokio::time::sleep;

use crate::base::blocking;
use crate::base::function::Function;
use crate::fault::events;
use crate::fault::faults::Faults;
use crate::fault::injected::Hit;
use crate::fault::kind::Effect;

/// The combined effect of all faults on one call. The generated code first calls `wait` or `block`. The generated code
/// then passes the `Fault` to `__outcome`, which returns the injected error.
#[derive(Debug)]
pub struct Fault {
    function: &'static Function,
    // The box keeps the future of the decorated function small.
    hit: Box<Hit>,
}

impl Fault {
    /// Returns the combined effect of all faults on a call that begins now, or `None` if no fault affects this call.
    #[inline]
    pub fn next(function: &'static Function) -> Option<Self> {
        Faults::current().hit(function).map(|hit| Self::new(function, hit))
    }

    #[cold]
    fn new(function: &'static Function, hit: Hit) -> Self {
        events::injected(&hit, function.name());
        Self { function, hit: Box::new(hit) }
    }

    /// Waits for the injected latency. Then panics or hangs, if the fault is a panic or a hang.
    pub fn wait(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            if !self.hit.latency.is_zero() {
                sleep(self.hit.latency).await;
            }
            match self.hit.effect {
                Some(Effect::Hang) => future::pending().await,
                Some(Effect::Panic) => self.panic(),
                Some(Effect::Error(_)) | None => {}
            }
        })
    }

    /// Works like [`wait`](Self::wait), for a function that is not `async`.
    ///
    /// # Panics
    ///
    /// Panics if the fault is a panic. In a test, also panics if the fault is a hang.
    pub fn block(&self) {
        if !self.hit.latency.is_zero() {
            blocking::sleep(self.hit.latency);
        }
        match self.hit.effect {
            // In a running service, the hang is refused, because the service must not lose a thread for ever.
            Some(Effect::Hang) if self.hit.is_in_service => self.refuse("a hang", None),
            Some(Effect::Hang) => panic!(
                "the fault `hang` for `{}` needs an async function: `{}` would block its thread for ever",
                self.hit.name,
                self.function.path()
            ),
            Some(Effect::Panic) => self.panic(),
            Some(Effect::Error(_)) | None => {}
        }
    }

    fn panic(&self) -> ! {
        panic!("the fault `panic` for `{}`, in `{}`", self.hit.name, self.function.path())
    }

    /// Removes a fault of a running service, because the function cannot have this fault. Also emits the event
    /// `chaos_refused`. `made` is the text `a hang`, or the type of the injected error. For an injected error, `wanted`
    /// is the error type of the function, or `None` if this type is unknown.
    fn refuse(&self, made: &str, wanted: Option<&str>) {
        Faults::current().remove(self.hit.id);
        events::refused(&self.hit, self.function.name(), made, wanted);
    }

    /// Returns the injected error, or `None` if the fault is not an error. In a running service, also returns `None` if
    /// the type of the injected error differs from the error type of the function.
    ///
    /// # Panics
    ///
    /// Panics in a test if the type of the injected error differs from the error type of the function.
    fn error<E: 'static>(self) -> Option<E> {
        let Some(Effect::Error(maker)) = &self.hit.effect else { return None };
        let wanted = type_name::<E>();
        if let Ok(error) = maker.make().downcast() {
            return Some(*error);
        }
        if self.hit.is_in_service {
            self.refuse(maker.type_name, Some(wanted));
            return None;
        }
        panic!(
            "the fault for `{}` makes errors of the type `{}`, but `{}` returns errors of the type `{wanted}`: inject an \
             error of this type",
            self.hit.name,
            maker.type_name,
            self.function.path(),
        );
    }

    /// Handles the fault of a function whose error type is unknown. The function cannot return an injected error. In a
    /// running service, a fault that is an error is therefore removed.
    ///
    /// # Panics
    ///
    /// Panics in a test if the fault is an error.
    pub fn without_error(&self) {
        let Some(Effect::Error(maker)) = &self.hit.effect else { return };
        if self.hit.is_in_service {
            return self.refuse(maker.type_name, None);
        }
        panic!(
            "the fault for `{}` is an error, but `{}` takes no injected errors, because the type of its errors has a type \
             parameter, a lifetime or `Self`: inject latency, a hang or a panic instead",
            self.hit.name,
            self.function.path()
        );
    }
}

/// Returns the injected error as the outcome of a call, if the error type of the function is known. `R` is the declared
/// return type of the function.
///
/// The generated code contains the expression `Faulted::<R>::new().__outcome(fault)`. If `R` is a `Result` with a known
/// error type, this expression calls the method `__outcome` of `Faulted`. For any other `R`, the compiler dereferences
/// `Faulted`, and the expression calls the method `__outcome` of [`NoFault`].
///
/// The method of `Faulted` has the bound `Unpin` to exclude error types that are type parameters. Nearly all other
/// error types are `Unpin`. The bound `'static` alone would not exclude type parameters, because the compiler ignores
/// lifetimes when it selects a method.
#[derive(Debug)]
pub struct Faulted<R>(NoFault, PhantomData<fn() -> R>);

#[derive(Debug)]
pub struct NoFault;

impl<R> Faulted<R> {
    #[expect(clippy::new_without_default, reason = "only the generated code creates this value")]
    pub fn new() -> Self {
        Self(NoFault, PhantomData)
    }
}

impl<T, E: Unpin + 'static> Faulted<Result<T, E>> {
    pub fn __outcome(&self, fault: Fault) -> Option<Result<T, E>> {
        fault.error().map(Err)
    }
}

impl<R> Deref for Faulted<R> {
    type Target = NoFault;

    fn deref(&self) -> &NoFault {
        &self.0
    }
}

impl NoFault {
    #[expect(clippy::needless_pass_by_value, reason = "the method of `Faulted` also takes the fault")]
    pub fn __outcome<R>(&self, fault: Fault) -> Option<R> {
        fault.without_error();
        None
    }
}
