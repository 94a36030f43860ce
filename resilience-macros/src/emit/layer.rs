//! Defines [`Layer`], the trait that each attribute implements, and [`Place`], which helps a layer to generate its
//! tokens.

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::{Lifetime, Path};

use super::capture::Captures;
use crate::facts::Facts;
use crate::plan::plan::Plan;

/// A layer: one attribute on a function.
pub(crate) trait Layer {
    /// Returns the properties of this layer for the other stages of the macro.
    fn facts(&self) -> Facts;

    /// Returns statements that bind the state that all calls share, such as a circuit. The expansion executes these
    /// statements before the first layer. Default: none.
    fn site(&self, _place: Place<'_>) -> Option<TokenStream> {
        None
    }

    /// Wraps `block`, which contains the body, in the code of the layers below, and then in the code of this layer.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements;

    /// Wraps the body in a future by which the layer observes each poll. Default: the unchanged body.
    fn watch(&self, _place: Place<'_>, body: TokenStream) -> TokenStream {
        body
    }

    /// Returns how this layer ends a wait of the layers below, or `None` if this layer ends no waits. Default: `None`.
    fn interrupt(&self, _place: Place<'_>) -> Option<Interrupt> {
        None
    }
}

/// The statements of a layer and of the layers below it.
pub(crate) enum Statements {
    /// Statements that bind the local `outcome`.
    Bind(TokenStream),
    /// Statements that end with the outcome as an expression.
    End(TokenStream),
}

/// The way in which a layer, such as a timeout, ends a wait of the layers below.
pub(crate) struct Interrupt {
    /// The expression for the timer that races with the wait.
    pub(crate) timer: TokenStream,
    /// The label of the block that the call leaves when the timer ends the wait.
    pub(crate) expired: Lifetime,
}

/// All layers of one function, and the data from which they generate their tokens.
pub(crate) struct Stack<'a> {
    pub(crate) layers: &'a [Box<dyn Layer>],
    pub(crate) plan: &'a Plan,
    /// The path of the crate `resilience_runtime`.
    pub(crate) runtime: &'a Path,
    /// The path of the crate `resilience_runtime`, with the span for errors about the return type.
    pub(crate) runtime_at: TokenStream,
    /// The name of the decorated function.
    pub(crate) func: &'a Ident,
    pub(crate) captures: &'a Captures,
    /// The names of the arguments for the call of a fallback function. The list is empty if the function has no
    /// fallback.
    pub(crate) arguments: &'a [Ident],
    /// Whether a function of the user borrows arguments after the body has run. False if the body may run again.
    pub(crate) lends: bool,
    /// The span for errors about the return type.
    pub(crate) at: Span,
    /// The declared output, with `_` in place of each `impl Trait`.
    pub(crate) output: Option<TokenStream>,
}

/// A position in the stack of a function's layers: a layer, or the body below the last layer.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) stack: &'a Stack<'a>,
    pub(crate) index: usize,
}

impl<'a> Place<'a> {
    pub(crate) fn plan(self) -> &'a Plan {
        self.stack.plan
    }

    pub(crate) fn facts(self) -> &'a Facts {
        self.plan().facts(self.index)
    }

    /// Returns the layer, or `None` if this place is the body.
    pub(crate) fn layer(self) -> Option<&'a dyn Layer> {
        self.stack.layers.get(self.index).map(|layer| &**layer)
    }

    /// Returns the place of the layer at `index` in the same stack. The outermost layer has the index 0.
    pub(crate) fn at(self, index: usize) -> Self {
        Self { index, ..self }
    }

    pub(crate) fn runtime(self) -> &'a Path {
        self.stack.runtime
    }

    /// Returns the name of the layer's local variable: `circuit` for the first circuit, `circuit2` for the second. The
    /// name is hygienic.
    pub(crate) fn local(self) -> Ident {
        self.numbered(self.facts().attribute)
    }

    /// Returns a hygienic name for another local variable of the layer. The name is `name`, followed by the number of
    /// the layer among the layers of the same attribute. The number 1 is left out.
    pub(crate) fn numbered(self, name: &str) -> Ident {
        let number = match self.plan().number(self.index) {
            1 => String::new(),
            number => number.to_string(),
        };
        format_ident!("{name}{number}", span = Span::mixed_site())
    }

    /// Returns the name of the local closure that returns the schedule of this retry, which contains the settings.
    pub(crate) fn schedule(self) -> Ident {
        format_ident!("{}_schedule", self.local(), span = Span::mixed_site())
    }

    /// Returns the label of the block around the layers below. A call that leaves this block continues at this layer.
    pub(crate) fn label(self) -> Lifetime {
        let local = self.local();
        Lifetime::new(&format!("'{local}"), local.span())
    }

    /// Returns the statements that clone the arguments in `clone(..)` of this layer.
    pub(crate) fn clones(self) -> Option<TokenStream> {
        self.stack.captures.clones_of(&self.facts().clones)
    }

    /// Returns the name of the decorated function without `r#`, for events.
    pub(crate) fn func(self) -> String {
        self.stack.func.to_string().trim_start_matches("r#").to_owned()
    }

    /// Returns the tokens of a closure. The closure returns the text of an error, or `None` if the type of the error
    /// has no text.
    pub(crate) fn error(self) -> TokenStream {
        let runtime = self.runtime();
        quote_spanned!(Span::mixed_site()=> |error| #runtime::__private::Shown::of(error).__error())
    }

    /// Returns the tokens of a closure that reads the cause of a rejection from an error. If `asks_own` is true, the
    /// local `cause`, which the layers of this function set, takes precedence over the error.
    pub(crate) fn cause(self, asks_own: bool) -> TokenStream {
        let runtime = self.runtime();
        let mixed = Span::mixed_site();
        let of_error = quote_spanned!(mixed=> #runtime::__private::Rejection::of(error).__cause());
        let cause = if asks_own { quote_spanned!(mixed=> cause.or(|| #of_error)) } else { of_error };
        quote_spanned!(mixed=> |error| #cause)
    }

    pub(crate) fn duration(self, duration: Duration) -> TokenStream {
        let runtime = self.runtime();
        let seconds = Literal::u64_unsuffixed(duration.as_secs());
        let nanos = Literal::u32_unsuffixed(duration.subsec_nanos());
        quote_spanned!(Span::mixed_site()=> #runtime::__private::Duration::new(#seconds, #nanos))
    }
}
