//! Generates the tokens of a decorated function from its layers (attributes).
//!
//! Callers see the signature that the user wrote. The new function body consists of statements around one `async`
//! block. The `async` block contains the user's statements. A generated local variable has the hygiene of
//! `Span::mixed_site`, so the user's code cannot read the variable. If compile errors about a token should point at the
//! user's code, the token has the location of this code.

mod arguments;
mod body;
pub(crate) mod capture;
mod exit;
mod fault;
mod kept;
pub(crate) mod layer;
mod scope;
mod time;
pub(crate) mod types;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Path, ReturnType, Signature, Token};

use self::arguments::{Lent, arguments, names, share};
use self::capture::{capture, hold};
use self::fault::returns_known_error;
use self::layer::{Layer, Place, Stack, Statements};
use self::scope::{Scope, parameter};
use self::types::{nameable, opaque_ok};
use crate::error::Errors;
use crate::parse::async_trait::{hoist, receiver, without_moved_self};
use crate::parse::function::Function;
use crate::plan::plan::Plan;
use crate::tokens::{EXPANDED, located, mentions};

/// Returns the tokens that replace the decorated function. Returns `None` if the function has no body, or if `errors`
/// contains errors.
///
/// Example input: `async fn f(args) -> Output { body }` with the attributes `#[retry] #[circuit]`. The first element of
/// `layers` is the outermost attribute, `#[retry]`.
///
/// Example output, without paths and spans:
///
/// ```text
/// async fn f(args) -> Output {
///     let circuit = { static SITE: Site<CircuitBreaker> = ..; declare!(SITE); &SITE };
///     let schedule = || const { &Schedule::DEFAULT.. };
///     let mut retry = Attempts::without_limit();
///     loop {
///         let delay = {
///             let mut permit = match admit(circuit.get(), retry.is_repeat()) {
///                 Ok(permit) => permit,
///                 Err(error) => return rejected(error),
///             };
///             let outcome = retry.watch(watch(&mut permit, Body::<Output>::new().__note(async { body }))).await;
///             let outcome = settle(permit, outcome, ..);
///             match retry.judge(schedule, outcome).circuits(|| [circuit.get()]).next(..) {
///                 ControlFlow::Continue(delay) => delay,
///                 ControlFlow::Break(outcome) => break outcome,
///             }
///         };
///         if !delay.is_zero() {
///             let () = sleep(delay).await;
///         }
///     }
/// }
/// ```
///
/// If the circuit admits the call, `admit` returns a permit. Later, `settle` records the outcome with this permit. The
/// `match` unwraps the result of `admit` before the body runs, so that the future of `f` stores only the permit. The
/// block after `let delay =` drops the outcome before the sleep, so that the outcome need not be `Send`.
///
/// All attributes share one `async` block. With an `async` block for each attribute, the future would store the
/// arguments several times. Only a hedge adds an `async` block for each attempt. A rejected call leaves the function by
/// `return`. If an attribute above handles the rejection, the rejected call leaves a labelled block by `break` instead.
/// A rejected attempt of a hedge leaves the `async` block of the attempt by `return`.
pub(crate) fn emit(
    function: &Function,
    layers: &[Box<dyn Layer>],
    plan: &Plan,
    runtime: &Path,
    absorbed: &[Attribute],
    takes_faults: bool,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let Function { sig, body: Some((body, braces)), shell, .. } = function else { return None };
    let mixed = Span::mixed_site();
    let returned = match &sig.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => sig.output.span(),
    };
    let at = mixed.located_at(function.output().map_or(returned, Spanned::span));

    let mut sig = syn::parse2::<Signature>(sig.to_token_stream()).ok()?;
    let generics: Vec<_> = sig.generics.params.iter().filter_map(parameter).collect();
    let shell = shell.as_ref();
    let (mut moved, hoisted) = match shell {
        Some(_) => hoist(body, &sig),
        None => (Vec::new(), body.clone()),
    };
    let variables: Vec<_> = names(&mut sig, &mut moved).into_iter().map(|(name, _)| name).collect();
    let scope = Scope { variables: &variables, generics: &generics };
    scope.check(plan, errors);
    let written = sig.receiver().and_then(|receiver| receiver.mutability.as_ref().map(|written| written.span));
    let hoisted = without_moved_self(&mut sig, &mut moved, hoisted);
    let clones = plan.clones();
    let lent = Lent::new(&mut sig, &mut moved, &hoisted, plan);
    let starts_late = share(&mut sig, &mut moved, &hoisted, plan.code_after_a_wait());
    // The body of an `#[async_trait]` method begins with statements that bind the arguments. The expansion moves these
    // statements before the body if the body may run again. The expansion also moves the statements if a function in an
    // option such as `failure_if` uses an argument, or if the user lists an argument in `clone`.
    let body = if plan.repeats() || !lent.is_empty() || starts_late || !clones.is_empty() {
        hoisted
    } else {
        moved.clear();
        if let Some(receiver) = receiver(&mut sig) {
            receiver.mutability = written.map(Token![mut]);
        }
        body.clone()
    };
    let arguments = if plan.passes_arguments() { arguments(&mut sig, &mut moved, errors) } else { Vec::new() };
    let mut captures = if plan.repeats() {
        capture(&mut sig, function, plan.shares(), &mut moved, &body, &clones, errors)
    } else {
        hold(&mut sig, function, &mut moved, &body, &lent, &clones, errors)
    };
    captures.lends |= shell.is_some_and(|shell| !shell.moves);
    for name in plan.attempts() {
        let taken = |input: &FnArg| match input {
            FnArg::Typed(input) => mentions(&input.pat.to_token_stream(), &name.to_string()),
            FnArg::Receiver(_) => false,
        };
        if sig.inputs.iter().any(taken) {
            errors.push(name.span(), format_args!("`{name}` is an argument of this function: choose another name"));
        }
    }
    if plan.replaces() {
        kept::check(function, plan, errors);
    }
    if !errors.is_empty() {
        return None;
    }

    let stack = Stack {
        layers,
        plan,
        runtime,
        runtime_at: located(runtime, at),
        func: &sig.ident,
        scope,
        captures: &captures,
        arguments: &arguments,
        starts_late,
        blocks: function.is_blocking(),
        braces: *braces,
        output: function.output().map(nameable),
        takes_faults,
        output_of_fault: function
            .output()
            .filter(|output| takes_faults && returns_known_error(output, &function.sig.generics))
            .map(nameable),
        opaque_ok: function.output().and_then(opaque_ok),
        at,
    };
    let first = Place { stack: &stack, index: 0 };
    let shared = (0..layers.len()).filter(|index| !plan.facts(*index).per_attempt);
    let sites = shared.filter_map(|index| layers[index].site(first.at(index)));
    let block = stack.block(&body, *braces);
    let cause = first.declared_cause();
    let outcome = first.ending(&block);
    let rebound = &captures.rebound;
    let absorbed = absorbed.iter().map(|attr| quote_spanned!(mixed=> #attr const _: () = ();));
    let marker = marker(function, runtime);
    let declared = stack.function();
    let within = quote_spanned!(mixed=> #marker #(#absorbed)* #declared #(#moved)* #rebound #(#sites)* #cause #outcome);
    Some(function.with(&sig, Some(within)))
}

impl Place<'_> {
    /// Returns the code of all attributes below this attribute. The code contains `block`, the `async` block of the
    /// body. The code ends with an expression for the outcome of the call.
    pub(crate) fn tail(self, block: &TokenStream) -> TokenStream {
        self.at(self.index + 1).ending(block)
    }

    /// Works like [`tail`](Self::tail), but the code binds the outcome to the local variable `outcome`.
    pub(crate) fn bound(self, block: &TokenStream) -> TokenStream {
        self.at(self.index + 1).binding(block)
    }

    /// Works like [`bound`](Self::bound). If this attribute handles rejections by attributes below, a rejected call
    /// leaves a labelled block by `break`. The variable `outcome` then contains an `Err` with the error of the
    /// rejection.
    pub(crate) fn caught(self, block: &TokenStream) -> TokenStream {
        if !self.plan().is_left(self.index) {
            return self.bound(block);
        }
        let label = self.label();
        let tail = self.tail(block);
        quote_spanned!(Span::mixed_site()=> let outcome = #label: { #tail };)
    }

    fn ending(self, block: &TokenStream) -> TokenStream {
        match self.statements(block) {
            Statements::Bind(bound) => quote_spanned!(Span::mixed_site()=> #bound outcome),
            Statements::End(tail) => tail,
        }
    }

    fn binding(self, block: &TokenStream) -> TokenStream {
        match self.statements(block) {
            Statements::Bind(bound) => bound,
            Statements::End(tail) => quote_spanned!(Span::mixed_site()=> let outcome = { #tail };),
        }
    }

    /// Returns the statements of this attribute and of all attributes below. At the position of the body, returns the
    /// statements that wait for the body. `block` is the `async` block of the body.
    fn statements(self, block: &TokenStream) -> Statements {
        let mixed = Span::mixed_site();
        if let Some(layer) = self.layer() {
            return layer.emit(self, block);
        }
        let wait = self.wait(
            mixed,
            &quote_spanned!(mixed=> outcome),
            self.run(&self.noted(&self.watched(&self.waiting(block)))),
        );
        let ran = self.ran();
        // Puts the clones of arguments into a separate block, so that functions in options such as `retry_if` read the
        // original arguments.
        let wait = match self.clones() {
            Some(clones) => {
                let clones = self.as_body(&clones);
                quote_spanned!(mixed=> let outcome = { #clones #wait outcome };)
            }
            None => wait,
        };
        Statements::Bind(quote_spanned!(mixed=> #ran #wait))
    }
}

/// Returns a constant that marks the function as expanded, if the function has an unknown attribute. The unknown
/// attribute may be an attribute of this crate that the user imported under another name. If so, the expansion of the
/// unknown attribute finds the constant, and reports an error.
fn marker(function: &Function, runtime: &Path) -> Option<TokenStream> {
    const HARMLESS: [&str; 8] = ["doc", "allow", "expect", "warn", "deny", "inline", "must_use", "deprecated"];
    let marker = format_ident!("{EXPANDED}", span = Span::mixed_site());
    let foreign = function.attrs.iter().any(|attr| !HARMLESS.iter().any(|harmless| attr.path().is_ident(harmless)));
    foreign.then(|| quote_spanned!(Span::mixed_site()=> const _: () = #runtime::__private::#marker;))
}
