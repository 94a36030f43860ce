//! Defines [`Layer`], the trait that each attribute implements. Also defines [`Place`], the position of an attribute on
//! a function.

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::{Lifetime, Path, TypeImplTrait};

use super::capture::{Again, Captures};
use super::scope::Scope;
use crate::facts::Facts;
use crate::plan::plan::Plan;
use crate::tokens::located;

/// A layer: one attribute on a function.
pub(crate) trait Layer {
    fn facts(&self) -> Facts;

    /// Returns statements that bind a local variable to the state that all calls share, such as a circuit. The
    /// expansion contains these statements before the code of the outermost attribute. If each attempt of a retry has a
    /// circuit of its own, the statements are at the beginning of each attempt instead.
    fn site(&self, _place: Place<'_>) -> Option<TokenStream> {
        None
    }

    /// Returns the code of this attribute and of the attributes below, around `block`, which contains the body.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements;

    /// Wraps the body in a future that lets the attribute observe each poll of the body. If `body` is the future of a
    /// hedge, `waits` names the local variable that stores whether the body below the hedge has waited.
    fn watch(&self, _place: Place<'_>, body: TokenStream, _waits: Option<&Ident>) -> TokenStream {
        body
    }

    /// Returns the name of the local variable that contains the permit of a call. Only a circuit has a permit.
    fn permit(&self, _place: Place<'_>) -> Option<Ident> {
        None
    }

    /// If this attribute is a `#[timeout]`, returns the code that ends a wait when the time of the timeout is over. For
    /// any other attribute, returns `None`.
    fn interrupt(&self, _place: Place<'_>) -> Option<Interrupt> {
        None
    }
}

/// The statements of an attribute and of all attributes below it.
pub(crate) enum Statements {
    /// Statements that bind the outcome of the call to the local variable `outcome`.
    Bind(TokenStream),
    /// Statements that end with an expression for the outcome of the call.
    End(TokenStream),
}

/// The code with which a timeout ends the wait for the body, and each wait of an attribute below the timeout.
pub(crate) struct Interrupt {
    /// The expression for the timer that ends the wait.
    pub(crate) timer: TokenStream,
    /// The label of the block that the call leaves when the timer expires.
    pub(crate) expired: Lifetime,
}

/// All attributes of one function, and the data from which the attributes generate tokens.
pub(crate) struct Stack<'a> {
    pub(crate) layers: &'a [Box<dyn Layer>],
    pub(crate) plan: &'a Plan,
    /// The path of the crate `resilience_runtime`.
    pub(crate) runtime: &'a Path,
    /// The path of the crate `resilience_runtime`, with the span of the function's return type. Compile errors about
    /// this path therefore point at the return type.
    pub(crate) runtime_at: TokenStream,
    pub(crate) func: &'a Ident,
    pub(crate) scope: Scope<'a>,
    pub(crate) captures: &'a Captures,
    /// The arguments that the expansion passes to a fallback function. The list is empty if the decorated function has
    /// no `#[fallback(path)]`.
    pub(crate) arguments: &'a [Ident],
    /// Whether the expansion creates the future of the body only after the wait of a bulkhead or a rate limit. The
    /// field is `true` if code after the wait, such as a function in the option `error`, uses an argument of the body.
    pub(crate) starts_late: bool,
    /// Whether the function is not `async`. The body is then a closure, and a wait blocks the thread.
    pub(crate) blocks: bool,
    /// The span of the braces around the user's statements.
    pub(crate) braces: Span,
    /// The span of the return type of the function, for compile errors.
    pub(crate) at: Span,
    /// The output type that the signature declares, with `_` in place of each `impl Trait`. The field is `None` if the
    /// signature does not show the output type.
    pub(crate) output: Option<TokenStream>,
    /// Whether a test can inject faults into the function.
    pub(crate) takes_faults: bool,
    /// The same type as `output`, for the code that injects an error. The field is `None` if a test cannot inject an
    /// error.
    pub(crate) output_of_fault: Option<TokenStream>,
    /// The type `impl Trait` in an output type `Result<impl Trait, E>`.
    pub(crate) opaque_ok: Option<&'a TypeImplTrait>,
}

impl Stack<'_> {
    /// Returns the name of the decorated function without `r#`.
    pub(super) fn func(&self) -> String {
        self.func.to_string().trim_start_matches("r#").to_owned()
    }
}

/// The position of an attribute on a function. The position after the last attribute is the position of the function
/// body.
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

    pub(crate) fn layer(self) -> Option<&'a dyn Layer> {
        self.stack.layers.get(self.index).map(|layer| &**layer)
    }

    /// Returns the position of the attribute at `index`. The outermost attribute has the index 0.
    pub(crate) fn at(self, index: usize) -> Self {
        Self { index, ..self }
    }

    pub(crate) fn runtime(self) -> &'a Path {
        self.stack.runtime
    }

    /// Returns the path of the runtime module that contains the functions for waiting and for running the body. If the
    /// decorated function is not `async`, these functions block the thread.
    pub(crate) fn waits(self) -> TokenStream {
        let runtime = self.runtime();
        let mixed = Span::mixed_site();
        if self.stack.blocks {
            quote_spanned!(mixed=> #runtime::__private::blocking)
        } else {
            quote_spanned!(mixed=> #runtime::__private)
        }
    }

    /// Returns the name of a method that runs or observes the body: `name`, or `name_blocking` in a function that is
    /// not `async`.
    pub(crate) fn method(self, name: &str) -> Ident {
        let suffix = if self.stack.blocks { "_blocking" } else { "" };
        format_ident!("{name}{suffix}", span = Span::mixed_site())
    }

    /// Returns the hygienic name of a local variable for this attribute. For example, the name is `circuit` for the
    /// first circuit of the function, and `circuit2` for the second circuit.
    pub(crate) fn local(self) -> Ident {
        self.numbered(self.facts().attribute)
    }

    /// Returns a hygienic name for a local variable. If `name` is `permit`, for example, the result is `permit` for the
    /// first circuit of a function, and `permit2` for the second circuit.
    pub(crate) fn numbered(self, name: &str) -> Ident {
        let number = match self.plan().number(self.index) {
            1 => String::new(),
            number => number.to_string(),
        };
        format_ident!("{name}{number}", span = Span::mixed_site())
    }

    /// Returns the name of the local closure that returns the settings of this retry.
    pub(crate) fn schedule(self) -> Ident {
        format_ident!("{}_schedule", self.local(), span = Span::mixed_site())
    }

    /// Returns the label of the block around the code of the attributes below. A call that leaves this block continues
    /// with the code of this attribute.
    pub(crate) fn label(self) -> Lifetime {
        let local = self.local();
        Lifetime::new(&format!("'{local}"), local.span())
    }

    /// Returns whether the `key` of this circuit contains the attempt number of a retry, and a hedge is between the
    /// retry and the circuit.
    pub(crate) fn is_hedged_per_attempt(self) -> bool {
        let retry = self.plan().retry_of_key(self.index);
        retry.is_some_and(|retry| self.plan().block(self.index) > retry)
    }

    /// Returns the statements that clone arguments for this layer, if it is a fallback. Below the last layer, returns
    /// the statements that clone arguments for the body.
    pub(crate) fn clones(self) -> Option<TokenStream> {
        self.stack.captures.clones_of(&self.plan().clones_at(self.index), self.layer().is_none())
    }

    /// Returns dead code that borrows each argument that the function takes by value and the body uses. If the body
    /// consumes such an argument, rustc reports an error about the borrow at the span `at`. This error contains the
    /// macro name `list_a_consumed_argument_in_clone`, which tells the user to list the argument in `clone`.
    pub(crate) fn again(self, at: Span) -> Option<TokenStream> {
        let mixed = Span::mixed_site();
        let at = mixed.located_at(at);
        let runtime = located(self.runtime(), at);
        let uses = self.stack.captures.again.iter().map(|Again { cfgs, name }| {
            let advice = if name == "self" { "take_a_reference_to_self" } else { "list_a_consumed_argument_in_clone" };
            let advice = Ident::new(advice, at);
            quote_spanned!(at=> #(#cfgs)* #runtime::__private::#advice! { #name })
        });
        let uses: TokenStream = uses.collect();
        (!uses.is_empty()).then(|| quote_spanned!(mixed=> if false { #uses }))
    }

    /// Returns the name of the decorated function without `r#`, as events and statistics show it.
    pub(crate) fn func(self) -> String {
        self.stack.func()
    }

    /// Returns an expression for a closure. The closure returns the text of an error, or `None` if the error does not
    /// implement `Display`.
    pub(crate) fn error(self) -> TokenStream {
        let runtime = self.runtime();
        quote_spanned!(Span::mixed_site()=> |error| #runtime::__private::Shown::of(error).__error())
    }

    /// Returns an expression for a closure. The closure searches the sources of an error for a rejection or an expired
    /// deadline, and returns a `Cause`. If `asks_own` is true, the closure first reads the local variable `cause`,
    /// which the attributes of this function set. The closure then searches the sources only if `cause` is
    /// `Cause::None`.
    pub(crate) fn cause(self, asks_own: bool) -> TokenStream {
        let runtime = self.runtime();
        let mixed = Span::mixed_site();
        let of_error = quote_spanned!(mixed=> #runtime::__private::Search::of(error).__cause());
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
