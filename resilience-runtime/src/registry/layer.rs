//! Defines the trait [`Layer`] for every kind of layer except circuits, and the trait [`Options`] for the options of
//! these layers.
#![allow(missing_docs)] // Only the hidden module `__private` exports the items without docs.

use std::fmt::Debug;
use std::panic::Location;

use crate::base::config_error::{ConfigError, Value};
#[cfg(feature = "faults")]
use crate::base::function::{Function, Position};
use crate::base::name::Name;

/// The properties of the generated code that decide whether a change at run time can affect the calls of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Whether the layer has a name. Without a name, the generated code depends on the options of the attribute. For
    /// example, the code of a bulkhead without `wait` cannot wait.
    pub(crate) is_named: bool,
    /// Whether each call evaluates an expression for an option, such as the `wait` of a bulkhead.
    pub(crate) is_evaluated: bool,
}

/// A layer that attributes create: a retry, timeout, bulkhead, rate limit, hedge or fallback.
pub trait Layer: Clone + Debug + Send + Sync + 'static {
    type Options: Options;
    type Stats;
    /// The name of this kind of layer, such as `rate limit`, for messages to the user.
    const KIND: &'static str;

    /// Creates the layer. If a required option is absent, a bulkhead or a rate limit rejects every call, and a timeout
    /// or a hedge has no effect.
    fn create(name: Name, options: &Self::Options) -> Self;

    fn layer_stats(&self) -> Self::Stats;

    /// Returns an error if one of the `changes` at run time cannot affect the calls of the layer. `written` contains
    /// the options of the attributes.
    fn refusal(written: &Self::Options, code: Code, changes: &Self::Options) -> Option<ConfigError> {
        let _ = (written, code, changes);
        None
    }

    /// Changes the settings. Returns false, and changes nothing, if the settings are new and the layer has already had
    /// 2^16 different settings.
    fn apply(&self, options: &Self::Options) -> bool;

    /// Restores the state that a snapshot contains for this new layer. Only rate limits have such a state.
    #[cfg(feature = "serde")]
    fn take_waiting(&self, _name: &str) {}
}

/// The options that one attribute sets.
pub trait Options: Copy + Debug + PartialEq + Send + Sync + 'static {
    const NONE: Self;

    /// Returns the name and the value of each option, in a fixed order.
    fn entries(&self) -> Vec<(&'static str, Option<Value>)>;

    /// Returns the value of one option.
    fn get(&self, option: &str) -> Option<Value> {
        self.entries().into_iter().find(|(name, _)| *name == option)?.1
    }

    /// Sets each option that is absent in `self` to its value in `others`.
    #[must_use]
    fn or(self, others: Self) -> Self;

    /// Works like [`or`](Self::or), for changes at run time. If `self` contains `per_second`, removes `limit` and `per`
    /// from `others`. If `self` contains `limit` or `per`, removes `per_second` from `others`.
    #[must_use]
    fn over(self, others: Self) -> Self {
        self.or(others)
    }

    /// Removes each option that is set in `others`, and returns the removed options.
    fn take(&mut self, others: Self) -> Self;

    /// Works like [`or`](Self::or), for a further attribute with the same name. Leaves out each option in `others` that
    /// contradicts an option in `self`.
    #[must_use]
    fn joined(self, others: Self) -> Self;

    /// Leaves out each option whose name in a file is not in `names`.
    #[cfg(feature = "config")]
    #[must_use]
    fn only(self, names: &[&str]) -> Self;

    /// Leaves out the option `max_keys`, which only a layer with the option `key` has.
    #[must_use]
    fn without_max_keys(self) -> Self {
        self
    }

    /// Returns an error if two options contradict each other.
    fn contradiction(&self) -> Option<ConfigError> {
        None
    }

    /// Checks the options that a change at run time sets.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] for the first option outside its range.
    fn check(&self) -> Result<(), ConfigError>;

    /// Returns the name of each required option, and whether the option is set.
    fn required(&self) -> impl Iterator<Item = (&'static str, bool)>;

    /// Returns the name of the first required option that is absent.
    fn missing(&self) -> Option<&'static str> {
        self.required().find_map(|(option, is_set)| (!is_set).then_some(option))
    }
}

/// The options of one attribute, and the position of the attribute in the source.
#[derive(Debug)]
#[must_use]
pub struct LayerDeclaration<L: Layer> {
    /// The name of the decorated function.
    pub(crate) func: &'static str,
    /// The path of the module that contains the decorated function.
    pub(crate) module: &'static str,
    /// The value of the option `name`. Without a name, the attribute has its own layer.
    pub(crate) name: Option<&'static str>,
    pub(crate) place: &'static Location<'static>,
    pub(crate) options: L::Options,
    /// The name of an option that each call evaluates as an expression, or `*` for all options. Other attributes and
    /// changes at run time do not affect the value of this option.
    pub(crate) evaluated: Option<&'static str>,
    /// The position of the attribute among the attributes of its function.
    #[cfg(feature = "faults")]
    pub(crate) position: Option<Position>,
}

#[expect(clippy::expl_impl_clone_on_copy, reason = "a derived implementation would need `L: Clone`")]
impl<L: Layer> Clone for LayerDeclaration<L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L: Layer> Copy for LayerDeclaration<L> {}

impl<L: Layer> LayerDeclaration<L> {
    #[track_caller]
    pub const fn new(func: &'static str, module: &'static str) -> Self {
        let (options, place) = (L::Options::NONE, Location::caller());
        Self {
            func,
            module,
            name: None,
            place,
            options,
            evaluated: None,
            #[cfg(feature = "faults")]
            position: None,
        }
    }

    /// Sets the position of the attribute on its function. `index` is the number of attributes above this attribute.
    #[cfg(feature = "faults")]
    pub const fn within(mut self, function: &'static Function, index: usize) -> Self {
        self.position = Some(Position { function, index });
        self
    }

    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Sets the source position of the attribute to the position of the caller.
    #[track_caller]
    pub const fn placed(mut self) -> Self {
        self.place = Location::caller();
        self
    }

    pub const fn evaluated(mut self, option: &'static str) -> Self {
        self.evaluated = Some(option);
        self
    }

    /// Returns whether each call evaluates an expression for this option.
    pub(crate) fn evaluates(&self, option: &str) -> bool {
        matches!(self.evaluated, Some(own) if own == option || own == "*")
    }

    /// Returns the sort key of an attribute: file, line and column.
    pub(crate) fn order(&self) -> (&'static str, u32, u32) {
        (self.place.file(), self.place.line(), self.place.column())
    }
}

/// Declares a struct for the options of one kind of attribute, and the methods that set these options in a
/// [`LayerDeclaration`].
macro_rules! layer_options {
    (
        $(#[$doc:meta])*
        $name:ident for [$($layer:ty),*], needs [$($required:ident),*] { $($option:ident: $type:ty,)* } $($check:item)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs)] // This type needs no docs: only the hidden module `__private` exports it.
        pub struct $name {
            $(pub(crate) $option: Option<$type>,)*
        }

        impl $crate::registry::layer::Options for $name {
            const NONE: Self = Self { $($option: None,)* };

            fn entries(&self) -> Vec<(&'static str, Option<$crate::base::config_error::Value>)> {
                vec![$((stringify!($option), self.$option.map(Into::into)),)*]
            }

            #[allow(unused_variables)] // `FallbackOptions` has no fields, so its method does not use `others`.
            fn or(self, others: Self) -> Self {
                Self { $($option: self.$option.or(others.$option),)* }
            }

            #[allow(unused_variables)] // `FallbackOptions` has no fields.
            fn take(&mut self, others: Self) -> Self {
                Self { $($option: others.$option.and_then(|_| self.$option.take()),)* }
            }

            #[allow(unused_mut, unused_variables)] // `FallbackOptions` has no fields.
            fn joined(self, others: Self) -> Self {
                let all = self.or(others);
                if all.contradiction().is_none() {
                    return all;
                }
                let mut joined = self;
                $(
                    let mut next = joined;
                    next.$option = joined.$option.or(others.$option);
                    if next.contradiction().is_none() {
                        joined = next;
                    }
                )*
                joined
            }

            #[cfg(feature = "config")]
            #[allow(unused_variables)] // `FallbackOptions` has no fields.
            fn only(self, names: &[&str]) -> Self {
                let is_kept = |option| names.contains(&$crate::registry::configured::setting(option));
                Self { $($option: self.$option.filter(|_| is_kept(stringify!($option))),)* }
            }

            fn required(&self) -> impl Iterator<Item = (&'static str, bool)> {
                [$((stringify!($required), self.$required.is_some()),)*].into_iter()
            }

            $($check)*
        }

        $crate::registry::layer::layer_options! { @methods [$($layer),*] { $($option: $type,)* } }
    };
    (@methods [$($layer:ty),*] $options:tt) => {
        $($crate::registry::layer::layer_options! { @methods $layer, $options })*
    };
    (@methods $layer:ty, { $($option:ident: $type:ty,)* }) => {
        #[allow(missing_docs)] // These methods need no docs: only expansions call them.
        impl $crate::registry::layer::LayerDeclaration<$layer> {
            $(
                pub const fn $option(mut self, value: $type) -> Self {
                    self.options.$option = Some(value);
                    self
                }
            )*
        }
    };
}
pub(crate) use layer_options;
