//! Defines [`Accepts`], which lets functions of the user fix the error type and the value type of a policy or of a
//! classifier. Without such a function, a policy or a classifier accepts every type.

/// The error type of a [`RetryPolicy`](crate::RetryPolicy) or a [`Classifier`](crate::Classifier) without a function
/// that receives an error, such as `retry_if`. The policy or the classifier accepts every error type.
///
/// No value of this type exists.
#[derive(Debug)]
pub struct AnyError {
    _unsized: [Never],
}

/// The value type of a [`RetryPolicy`](crate::RetryPolicy) or a [`Classifier`](crate::Classifier) without a function
/// that receives an `Ok` value, such as `retry_if_ok`. The policy or the classifier accepts every value type.
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

/// A struct that contains functions of the user. The functions receive a value of the type `P`, such as an error.
pub trait Functions {
    /// The struct for the type `P`. Its default contains no function.
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
        /// Returns the value that the user's functions receive. `AnyError` and `AnyValue` return `None`, because no
        /// function of the user receives a value of these types.
        fn see(value: &V) -> Option<&Self>;

        /// Changes the type that the user's functions receive to `V`.
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
