//! The contract between the driver and the layers: `trait Layer`, and the tools with which a layer makes its tokens.

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::{Lifetime, Path};

use super::capture::Captures;
use crate::facts::Facts;
use crate::plan::plan::Plan;

/// One attribute on a function.
pub(crate) trait Layer {
    /// Returns the facts that the other stages know of this layer.
    fn facts(&self) -> Facts;

    /// Returns statements that create or find the shared state of all calls. They stand before the first layer.
    fn site(&self, _place: Place<'_>) -> Option<TokenStream> {
        None
    }

    /// Wraps `block`, the innermost of the layers below, in this layer.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements;

    /// Wraps the body, so that the layer can observe each poll.
    fn watch(&self, _place: Place<'_>, body: TokenStream) -> TokenStream {
        body
    }

    /// Returns how this layer ends a wait below it, or `None` if it does not.
    fn interrupt(&self, _place: Place<'_>) -> Option<Interrupt> {
        None
    }
}

/// The statements of a layer and of the layers below it.
pub(crate) enum Statements {
    /// Statements that bind `outcome`.
    Bind(TokenStream),
    /// Statements that end with the outcome as an expression.
    End(TokenStream),
}

/// How a layer ends a wait below it.
pub(crate) struct Interrupt {
    /// The expression that races with the wait.
    pub(crate) timer: TokenStream,
    /// The label of the block that the call leaves when the timer ends the wait.
    pub(crate) expired: Lifetime,
}

/// A stack of layers that becomes tokens.
pub(crate) struct Stack<'a> {
    pub(crate) layers: &'a [Box<dyn Layer>],
    pub(crate) plan: &'a Plan,
    /// The path of the runtime.
    pub(crate) runtime: &'a Path,
    /// The same path, with the span for errors about the return type.
    pub(crate) runtime_at: TokenStream,
    /// The name of the function.
    pub(crate) func: &'a Ident,
    pub(crate) captures: &'a Captures,
    /// The arguments, for a function that replaces an error.
    pub(crate) arguments: &'a [Ident],
    /// Whether a function of the user borrows arguments after the body has run once.
    pub(crate) lends: bool,
    /// The place of an error about the return type.
    pub(crate) at: Span,
}

/// A layer of a stack, or the place of the body behind the last layer.
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

    /// Returns the layer, or `None` at the place of the body.
    pub(crate) fn layer(self) -> Option<&'a dyn Layer> {
        self.stack.layers.get(self.index).map(|layer| &**layer)
    }

    /// Returns the place of another layer of the stack.
    pub(crate) fn at(self, index: usize) -> Self {
        Self { index, ..self }
    }

    pub(crate) fn runtime(self) -> &'a Path {
        self.stack.runtime
    }

    /// Returns the local variable of the layer: `circuit`, `circuit2` and so on. It is hygienic.
    pub(crate) fn local(self) -> Ident {
        self.numbered(self.facts().attribute)
    }

    /// Returns another local variable of the layer: this name, followed by the layer's number.
    pub(crate) fn numbered(self, name: &str) -> Ident {
        let number = match self.plan().number(self.index) {
            1 => String::new(),
            number => number.to_string(),
        };
        format_ident!("{name}{number}", span = Span::mixed_site())
    }

    /// Returns the local that holds the schedule of this retry, as a closure.
    pub(crate) fn schedule(self) -> Ident {
        format_ident!("{}_schedule", self.local(), span = Span::mixed_site())
    }

    /// Returns the label of the block that a call leaves for this layer.
    pub(crate) fn label(self) -> Lifetime {
        let local = self.local();
        Lifetime::new(&format!("'{local}"), local.span())
    }

    /// Returns the statements that clone arguments for an attempt.
    pub(crate) fn clones(self) -> Option<TokenStream> {
        self.stack.captures.clones_of(&self.facts().clones)
    }

    /// Returns the name of the function, as events show it.
    pub(crate) fn func(self) -> String {
        self.stack.func.to_string().trim_start_matches("r#").to_owned()
    }

    /// Returns a closure that returns the text of an error, if the error's type has one.
    pub(crate) fn error(self) -> TokenStream {
        let runtime = self.runtime();
        quote_spanned!(Span::mixed_site()=> |error| #runtime::__private::Shown::of(error).__error())
    }

    /// Returns a closure that finds the cause of an error. With `asks_own`, a rejection by a layer of this function comes
    /// first.
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
