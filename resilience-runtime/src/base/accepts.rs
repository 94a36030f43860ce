//! Defines [`Accepts`], which connects the types of a retry policy or a classifier with the types of an outcome. Some
//! options, such as `retry_if`, contain a function of the user. The policy or the classifier then accepts only the type
//! of this function's parameter. A policy or a classifier without such a function accepts every type.

/// The error type of a [`RetryPolicy`](crate::RetryPolicy) or a [`Classifier`](crate::Classifier) that accepts every
/// error type. A policy or a classifier has this error type if none of its functions, such as `retry_if`, receives an
/// error.
///
/// No value of this type exists.
#[derive(Debug)]
pub struct AnyError {
    _unsized: [Never],
}

/// The value type of a [`RetryPolicy`](crate::RetryPolicy) or a [`Classifier`](crate::Classifier) that accepts every
/// value type. A policy or a classifier has this value type if none of its functions, such as `retry_if_ok`, receives
/// an `Ok` value.
///
/// No value of this type exists.
#[derive(Debug)]
pub struct AnyValue {
    _unsized: [Never],
}

#[derive(Debug)]
enum Never {}

/// States that a [`RetryPolicy`](crate::RetryPolicy) or a [`Classifier`](crate::Classifier) with the error type `Self`
/// accepts outcomes with the error type `V`. The same applies to value types.
///
/// Each type accepts itself. [`AnyError`] and [`AnyValue`] accept every type. The trait is sealed, so only
/// this crate can implement it.
#[diagnostic::on_unimplemented(
    message = "functions for the type `{Self}` do not accept the type `{V}`",
    note = "the functions of a retry policy, such as `retry_if`, fix its error type and its value type",
    note = "the functions of a classifier, such as `failure_if`, fix its types, too"
)]
pub trait Accepts<V>: sealed::Accepts<V> {}

impl<P: sealed::Accepts<V> + ?Sized, V> Accepts<V> for P {}

/// Names a struct that contains functions of the user. The parameter of the struct is the type that these functions
/// receive, such as an error type.
pub trait Functions {
    /// The struct whose functions receive a `&P`. Its default contains no function.
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
        /// Returns the value for the user's functions. `AnyError` and `AnyValue` return `None`, because no function of
        /// the user exists for these types.
        fn see(value: &V) -> Option<&Self>;

        /// Converts the functions of a policy or a classifier to functions that receive `V`. For `AnyError` and
        /// `AnyValue`, the result contains no function.
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
                // `$any` is unsized. This implementation therefore does not overlap with the implementation above,
                // which applies to sized types only.
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
