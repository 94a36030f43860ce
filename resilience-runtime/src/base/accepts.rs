//! Defines the trait [`Accepts`]. At compile time, this trait checks that a retry policy fits the error type and the
//! `Ok` type of an outcome. A policy with a function of the user, such as `retry_if`, accepts only the parameter type
//! of this function. A policy without such a function accepts every type. The same rules apply to a
//! [`Classifier`](crate::Classifier), which contains functions of the user such as `failure_if`.

/// Stands for every error type, in the type of a [`RetryPolicy`](crate::RetryPolicy) or a
/// [`Classifier`](crate::Classifier) that accepts every error type. A policy or a classifier has this error type if it
/// contains no function that receives an error, such as `retry_if`.
///
/// No value of this type exists.
///
/// ```
/// use resilience_runtime::{AnyError, AnyValue, RetryPolicy};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let _any: RetryPolicy<AnyError, AnyValue> = RetryPolicy::default(); // the same type as `RetryPolicy`
/// let _of_errors: RetryPolicy<std::io::Error> = RetryPolicy::builder().retry_if(|_: &std::io::Error| true).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AnyError {
    _unsized: [Never],
}

/// Stands for every value type, in the type of a [`RetryPolicy`](crate::RetryPolicy) or a
/// [`Classifier`](crate::Classifier) that accepts every value type. A policy or a classifier has this value type if it
/// contains no function that receives an `Ok` value, such as `retry_if_ok`.
///
/// No value of this type exists.
///
/// ```
/// use resilience_runtime::{AnyError, Classifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let classifier = Classifier::builder().failure_if_ok(|status: &u16| *status >= 500);
/// let _of_values: Classifier<AnyError, u16> = classifier.build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AnyValue {
    _unsized: [Never],
}

#[derive(Debug)]
enum Never {}

/// States that a [`RetryPolicy`](crate::RetryPolicy) or a [`Classifier`](crate::Classifier) with the error type `Self`
/// accepts outcomes with the error type `V`. The same applies to value types, which are the types of `Ok` values.
///
/// Each type accepts itself. [`AnyError`] and [`AnyValue`] accept every type. The trait is sealed, so only this crate
/// can implement the trait.
///
/// ```
/// use resilience_runtime::{Accepts, RetryPolicy};
///
/// async fn ask<E, T>(policy: &RetryPolicy<E, T>) -> std::io::Result<u32>
/// where
///     E: Accepts<std::io::Error> + ?Sized,
///     T: Accepts<u32> + ?Sized,
/// {
///     policy.call(|| async { Ok(7) }).await
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(ask(&RetryPolicy::default()).await?, 7);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "functions for the type `{Self}` do not accept the type `{V}`",
    note = "the functions of a retry policy, such as `retry_if`, fix its error type and its value type",
    note = "the functions of a classifier, such as `failure_if`, fix its types, too"
)]
pub trait Accepts<V>: sealed::Accepts<V> {}

impl<P: sealed::Accepts<V> + ?Sized, V> Accepts<V> for P {}

/// Names a generic struct that contains functions of the user, such as `retry_if`. The type parameter of the struct is
/// the type that these functions receive, such as an error type.
pub trait Functions {
    /// The struct whose functions receive a `&P`. The default value of the struct contains no function.
    type Of<P: ?Sized>: Default;
}

mod sealed {
    use super::{AnyError, AnyValue, Functions};

    #[diagnostic::on_unimplemented(
        message = "functions for the type `{Self}` do not accept the type `{V}`",
        note = "the functions of a retry policy, such as `retry_if`, fix its error type and its value type",
        note = "the functions of a classifier, such as `failure_if`, fix its types, too"
    )]
    pub trait Accepts<V> {
        /// Returns `value` with the type that the user's functions receive. For `AnyError` and `AnyValue`, returns
        /// `None`, because the user passed no function.
        fn see(value: &V) -> Option<&Self>;

        /// Converts a struct of functions that receive `Self` to a struct of functions that receive `V`. For `AnyError`
        /// and `AnyValue`, the result contains no function.
        fn convert<F: Functions>(functions: F::Of<Self>) -> F::Of<V>;
    }

    impl<V> Accepts<V> for V {
        #[inline]
        fn see(value: &V) -> Option<&Self> {
            Some(value)
        }

        fn convert<F: Functions>(functions: F::Of<Self>) -> F::Of<V> {
            functions
        }
    }

    macro_rules! any {
        ($($any:ty),*) => {
            $(
                // This implementation does not overlap with `impl<V> Accepts<V> for V`, because `V` is sized and `$any`
                // is not.
                impl<V> Accepts<V> for $any {
                    #[inline]
                    fn see(_: &V) -> Option<&Self> {
                        None
                    }

                    fn convert<F: Functions>(_: F::Of<Self>) -> F::Of<V> {
                        F::Of::default()
                    }
                }
            )*
        };
    }

    any!(AnyError, AnyValue);
}

pub(crate) use sealed::Accepts as Seen;
