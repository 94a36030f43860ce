//! Implements [`Layer`] for each kind of layer except circuits, and lists the layers of each kind.
#![allow(missing_docs)] // Only the hidden module `__private` exports the items without docs.

use crate::base::config_error::{ConfigError, Value};
#[cfg(feature = "faults")]
use crate::base::function::Position;
use crate::base::name::Name;
use crate::base::scope::scoped;
use crate::bulkhead::bulkhead::{Bulkhead, BulkheadStats};
use crate::fallback::{Fallback, FallbackStats};
use crate::hedge::hedge::Hedge;
use crate::hedge::stats::HedgeStats;
use crate::rate_limit::rate_limit::RateLimit;
use crate::rate_limit::stats::RateLimitStats;
use crate::registry::family::FamilyStats;
use crate::registry::keyed_limits::{KeyedBulkheads, KeyedRateLimits};
#[cfg(feature = "test-util")]
use crate::registry::layer::Options;
use crate::registry::layer::{Code, Layer, LayerDeclaration};
use crate::registry::layer_options::{
    BulkheadOptions, FallbackOptions, HedgeOptions, RateLimitOptions, RetryOptions, TimeoutOptions,
};
#[cfg(feature = "test-util")]
use crate::registry::layers::in_force;
use crate::registry::layers::{Layers, Listed};
use crate::registry::mistake::SettingsMistake;
use crate::registry::refusals::{needs, refuse_hedge, refuse_wait};
#[cfg(feature = "serde")]
use crate::registry::waiting;
use crate::retry::layer::{Retry, RetryStats};
use crate::timeout::timeout::{Timeout, TimeoutStats};

/// Implements [`Layer`] and [`Listed`] for each kind of layer. The functions `$create`, `$refusal` and `$apply`
/// implement the methods of [`Layer`] with the same names. `$take` implements `Layer::take_waiting`.
macro_rules! kinds {
    ($(
        $layer:ident, $options:ident, $stats:ident, $kind:literal, $create:expr, $apply:expr, $refusal:expr
        $(, waiting $take:path)? $(, beside $keyed:ident)? $(, with keys of $plain:ident)?;
    )*) => {
        /// A reference to the declaration of one attribute. The crate `inventory` collects all values of this type at
        /// link time.
        #[cfg(feature = "declare")]
        #[derive(Debug)]
        pub enum DeclaredLayer {
            $($layer(&'static LayerDeclaration<$layer>),)*
        }

        #[cfg(feature = "faults")]
        impl DeclaredLayer {
            /// Returns the position of the attribute on its function, and the value of the option `name`.
            pub(crate) fn position(&self) -> (Option<Position>, Option<&'static str>) {
                match self {
                    $(Self::$layer(declaration) => (declaration.position, declaration.name),)*
                }
            }

            /// Returns the options in force. Leaves out options that are not set, and therefore have their defaults.
            /// Also leaves out options that each call evaluates as an expression. For such an option, the value in
            /// force may belong to another attribute with the same name.
            #[cfg(feature = "test-util")]
            pub(crate) fn settings(&self) -> Vec<(&'static str, Value)> {
                match self {
                    $(Self::$layer(declaration) => {
                        let options = in_force(declaration).entries().into_iter();
                        let options = options.filter(|(option, _)| !declaration.evaluates(option));
                        options.filter_map(|(option, value)| Some((option, value?))).collect()
                    })*
                }
            }
        }

        $(
            impl Layer for $layer {
                type Options = $options;
                type Stats = $stats;
                const KIND: &'static str = $kind;

                fn create(name: Name, options: &$options) -> Self {
                    let create: fn(Name, &$options) -> Self = $create;
                    create(name, options)
                }

                fn layer_stats(&self) -> $stats {
                    self.stats()
                }

                fn refusal(written: &$options, code: Code, changes: &$options) -> Option<ConfigError> {
                    let refusal: fn(&$options, Code, &$options) -> Option<ConfigError> = $refusal;
                    refusal(written, code, changes)
                }

                fn apply(&self, options: &$options) -> bool {
                    let apply: fn(&Self, &$options) -> bool = $apply;
                    apply(self, options)
                }

                $(
                    #[cfg(feature = "serde")]
                    fn take_waiting(&self, name: &str) {
                        $take(self, name);
                    }
                )?
            }

            impl Listed for $layer {
                fn layers() -> &'static Layers<Self> {
                    static LAYERS: Layers<$layer> = Layers::new();
                    scoped(&LAYERS, Layers::new)
                }

                $(
                    fn names_of_other_kind() -> Vec<String> {
                        $keyed::layers().names()
                    }

                    fn conflict_of_kinds(name: &'static str) -> Option<SettingsMistake> {
                        Self::layers().conflict_of_kinds($keyed::layers(), name)
                    }
                )?
                $(
                    // Includes the labels of the other kind. If a macro writes both attributes, their functions and
                    // lines are equal. Only a number can then make the label of the layer with keys different.
                    fn names_of_other_kind() -> Vec<String> {
                        let layers = $plain::layers();
                        layers.names().into_iter().chain(layers.labelled().map(|(label, _)| label)).collect()
                    }

                    fn conflict_of_kinds(name: &'static str) -> Option<SettingsMistake> {
                        $plain::layers().conflict_of_kinds(Self::layers(), name)
                    }

                    fn renewed(&self, options: &$options) -> Option<Self> {
                        let name = Name::new(self.name());
                        self.is_unused().then(|| Self::new(&name, &options.settings(), options.max_keys))
                    }
                )?

                #[cfg(feature = "declare")]
                fn declared() -> Vec<&'static LayerDeclaration<Self>> {
                    let declared = inventory::iter::<DeclaredLayer>.into_iter();
                    declared.filter_map(|declared| match declared {
                        DeclaredLayer::$layer(declaration) => Some(*declaration),
                        _ => None,
                    }).collect()
                }

                #[cfg(not(feature = "declare"))]
                fn declared() -> Vec<&'static LayerDeclaration<Self>> {
                    Vec::new()
                }
            }

            #[cfg(feature = "declare")]
            impl crate::registry::site::Site<$layer> {
                pub const fn declared(&'static self) -> DeclaredLayer {
                    DeclaredLayer::$layer(self.declaration())
                }
            }
        )*
    };
}

kinds! {
    Bulkhead, BulkheadOptions, BulkheadStats, "bulkhead",
        |name, options| Bulkhead::new(name, options.settings()),
        |bulkhead, options| bulkhead.change(options.settings()),
        |written, code, changes| refuse_wait(code, [written.wait, changes.wait], [written.max_queue, changes.max_queue])
            .or_else(|| needs("max_keys", changes.max_keys.map(Value::Count), false, "key")),
        beside KeyedBulkheads;
    KeyedBulkheads, BulkheadOptions, FamilyStats, "bulkhead",
        |name, options| KeyedBulkheads::new(&name, &options.settings(), options.max_keys),
        |keyed, options| keyed.change(&options.settings(), options.max_keys),
        |written, code, changes| refuse_wait(code, [written.wait, changes.wait], [written.max_queue, changes.max_queue]),
        with keys of Bulkhead;
    KeyedRateLimits, RateLimitOptions, FamilyStats, "rate limit",
        |name, options| KeyedRateLimits::new(&name, &options.settings(), options.max_keys),
        |keyed, options| keyed.change(&options.settings(), options.max_keys),
        |written, code, changes| refuse_wait(code, [written.wait, changes.wait], [written.max_queue, changes.max_queue]),
        waiting waiting::give_keyed_limits, with keys of RateLimit;
    RateLimit, RateLimitOptions, RateLimitStats, "rate limit",
        |name, options| RateLimit::new(name, options.settings()),
        |limit, options| limit.change(options.settings()),
        |written, code, changes| refuse_wait(code, [written.wait, changes.wait], [written.max_queue, changes.max_queue])
            .or_else(|| needs("max_keys", changes.max_keys.map(Value::Count), false, "key")),
        waiting waiting::give_limit, beside KeyedRateLimits;
    Timeout, TimeoutOptions, TimeoutStats, "timeout",
        |_, options| Timeout::after_time(options.timeout),
        |timeout, options| timeout.change(options.timeout),
        |_, _, _| None;
    Hedge, HedgeOptions, HedgeStats, "hedge",
        |_, options| Hedge::declared(options.after, [options.min_after, options.max_after], options.max),
        |hedge, options| hedge.change(options.after, options.max),
        refuse_hedge;
    Fallback, FallbackOptions, FallbackStats, "fallback",
        |_, _| Fallback::default(),
        |_, _| true,
        |_, _, _| None;
    Retry, RetryOptions, RetryStats, "retry",
        |_, options| Retry::new(options.schedule()),
        |retry, options| retry.change(options.schedule()),
        |written, code, changes| {
            let limit = changes.max_elapsed.map(Value::Time);
            needs("max_elapsed", limit, code.is_named || written.max_elapsed.is_some(), "max_elapsed` or `name")
        };
}

#[cfg(feature = "declare")]
inventory::collect!(DeclaredLayer);

/// Returns the declarations of all attributes except `#[circuit]`.
#[cfg(feature = "faults")]
pub(crate) fn all() -> impl Iterator<Item = &'static DeclaredLayer> {
    inventory::iter::<DeclaredLayer>.into_iter()
}
