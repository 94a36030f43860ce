//! Finds the arguments of the decorated function that code outside the body uses. Examples of this code are a function
//! in the option `failure_if`, and the call of a fallback function.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{ExprClosure, FnArg, Pat, PatIdent, Receiver, Signature, Type};

use crate::error::Errors;
use crate::parse::async_trait::Moved;
use crate::parse::pattern::{Bound, bindings};
use crate::plan::plan::Plan;
use crate::tokens::{mentions, text, uses};

/// Arguments used both by the body and by a late function. The expansion calls a late function, such as the function in
/// the option `failure_if`, after the body has started.
pub(crate) struct Lent {
    names: Vec<String>,
    /// Whether a late function, such as the function in the option `failure_if`, uses `self`.
    pub(super) asks_self: bool,
}

impl Lent {
    /// Finds the arguments of `sig` that the body shares with a late function. A late function runs after the body has
    /// started.
    ///
    /// Leaves out a `mut` argument that no fallback uses, because the body owns this argument or a copy of it. The
    /// expansion evaluates the closure or the value of a fallback after the body. The closure or the value must see the
    /// changes that the body made to a `mut` argument.
    pub(crate) fn new(sig: &mut Signature, moved: &mut [Moved], body: &TokenStream, plan: &Plan) -> Self {
        let late: Vec<_> = plan.late().collect();
        let names = names(sig, moved);
        let asks_self = late.iter().any(|function| asks(function, "self"));
        let replaces = |name: &str| plan.replacing_expressions().any(|expression| asks(expression, name));
        let names =
            names.into_iter().filter(|(name, is_mut)| (!is_mut || replaces(name)) && is_shared(name, body, &late));
        Self { names: names.map(|(name, _)| name).collect(), asks_self }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|lent| lent == name)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// Returns whether the body and a function in `functions` use the same argument of `sig`.
pub(crate) fn share<'a>(
    sig: &mut Signature,
    moved: &mut [Moved],
    body: &TokenStream,
    functions: impl Iterator<Item = &'a TokenStream>,
) -> bool {
    let functions: Vec<_> = functions.collect();
    names(sig, moved).iter().any(|(name, _)| is_shared(name, body, &functions))
}

fn is_shared(name: &str, body: &TokenStream, functions: &[&TokenStream]) -> bool {
    functions.iter().any(|function| asks(function, name)) && uses(body, name)
}

/// Returns whether `function`, the value of an option such as `failure_if`, uses the argument `name` of the decorated
/// function. Returns `false` if `function` is a closure with a parameter of the same name.
fn asks(function: &TokenStream, name: &str) -> bool {
    let is_own = |closure: ExprClosure| mentions(&closure.inputs.to_token_stream(), name);
    mentions(function, name) && !syn::parse2::<ExprClosure>(function.clone()).is_ok_and(is_own)
}

/// Returns the name of each variable that the arguments of `sig` bind, and whether the variable is declared `mut`.
pub(crate) fn names(sig: &mut Signature, moved: &mut [Moved]) -> Vec<(String, bool)> {
    let mut names = Vec::new();
    for input in &mut sig.inputs {
        let pats = match patterns(input, moved) {
            Patterns::Receiver(receiver) => {
                names.push(("self".to_owned(), receiver.mutability.is_some()));
                continue;
            }
            Patterns::Moved(pats) => pats,
            Patterns::Typed(pat, _) => vec![pat],
        };
        for pat in pats {
            bindings(pat, Bound::Unknown, None, &mut |binding, _| {
                names.push((binding.ident.to_string(), binding.mutability.is_some()));
            });
        }
    }
    names
}

pub(super) enum Patterns<'a> {
    Receiver(&'a mut Receiver),
    /// The patterns that bind the argument in statements such as `let pattern = argument;`. The macro `#[async_trait]`
    /// generates these statements.
    Moved(Vec<&'a mut Pat>),
    Typed(&'a mut Pat, &'a Type),
}

pub(super) fn patterns<'a>(input: &'a mut FnArg, moved: &'a mut [Moved]) -> Patterns<'a> {
    let renamed: Vec<_> = moved.iter_mut().filter(|moved| moved.moves(input)).map(Moved::pat).collect();
    match input {
        _ if !renamed.is_empty() => Patterns::Moved(renamed),
        FnArg::Receiver(receiver) => Patterns::Receiver(receiver),
        FnArg::Typed(input) => Patterns::Typed(&mut input.pat, &input.ty),
    }
}

/// Returns the name of each argument, for the call of the fallback function. Adds a compile error to `errors` for each
/// argument that has a `#[cfg]`, or whose pattern is not a name.
pub(crate) fn arguments(sig: &mut Signature, moved: &mut [Moved], errors: &mut Errors) -> Vec<Ident> {
    let mut arguments = Vec::new();
    for input in &mut sig.inputs {
        if let Some(cfg) = cfgs(input).first() {
            errors.add(syn::Error::new_spanned(
                cfg,
                "the fallback is called with this argument, and rustc takes no `#[cfg]` there: write `#[cfg(..)]` above the \
                 function",
            ));
        }
        let renamed = moved.iter_mut().find(|moved| moved.moves(input));
        match (renamed.map(Moved::pat), input) {
            (Some(Pat::Ident(pat)), _) => arguments.push(pat.ident.clone()),
            (None, FnArg::Receiver(receiver)) => arguments.push(Ident::new("self", receiver.self_token.span)),
            (None, FnArg::Typed(input)) => match &mut *input.pat {
                Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) => arguments.push(ident.clone()),
                pat => errors.add(unnamed(pat, &input.ty)),
            },
            (Some(pat), FnArg::Typed(input)) => errors.add(unnamed(pat, &input.ty)),
            (Some(_), FnArg::Receiver(_)) => {}
        }
    }
    arguments
}

/// Returns the compile error for an argument whose pattern is not a name. An example is `State(state): State<App>`. The
/// message suggests an argument with a name, such as `state: State<App>`.
fn unnamed(pat: &mut Pat, ty: &Type) -> syn::Error {
    let mut names = Vec::new();
    bindings(pat, Bound::Unknown, None, &mut |binding, _| names.push(binding.ident.to_string()));
    let name = match &names[..] {
        [name] => name,
        _ => "argument",
    };
    let within = match &*pat {
        Pat::Wild(_) => String::new(),
        pat => format!(", and `let {} = {name};` in the body", text(pat)),
    };
    let ty = text(ty);
    syn::Error::new_spanned(
        pat,
        format_args!("the fallback is called with this argument: write `{name}: {ty}`{within}"),
    )
}

/// Returns the `#[cfg]` attributes of an argument. Every generated statement that names the argument needs these
/// attributes, too.
pub(super) fn cfgs(input: &FnArg) -> Vec<TokenStream> {
    match input {
        FnArg::Receiver(_) => Vec::new(),
        FnArg::Typed(input) => {
            input.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).map(ToTokens::to_token_stream).collect()
        }
    }
}
