//! Generates the dead code that determines how the `async` block of the body captures each argument.
//!
//! For example, a block that contains `let _ = &mut argument;` borrows the argument uniquely, even if the statement
//! never runs.
//!
//! A body that runs at most once takes ownership of its arguments. A body that may run again borrows each argument
//! uniquely (`&mut`). With a shared borrow, an argument that is `Send` but not `Sync` would make the future `!Send`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ExprClosure, FnArg, Pat, PatIdent, Receiver, Signature, Token};

use crate::error::Errors;
use crate::parse::async_trait::Moved;
use crate::parse::future::Shell;
use crate::parse::pattern::{Bound, bindings};
use crate::tokens::mentions;

#[derive(Default)]
pub(crate) struct Captures {
    /// Statements such as `let mut name = name;` at the beginning of the new function body. Each statement makes a
    /// variable mutable, because the pattern of the argument may not allow a `mut` before the variable.
    pub(crate) rebound: TokenStream,
    /// Statements in dead code at the beginning of the `async` block. Each statement borrows or moves an argument, so
    /// that the block captures the argument. The block captures the arguments in the order of these statements, and
    /// drops owned arguments in this order.
    pub(crate) borrows: Vec<TokenStream>,
    /// The arguments in the option `clone(..)`, each with the statement that clones the argument before an attempt.
    clones: Vec<(Ident, TokenStream)>,
    /// Whether attempts run at the same time, as in a hedge. If the field is `true`, the body borrows no argument
    /// uniquely (`&mut`).
    shared: bool,
    /// The spans of arguments that the body may change, although concurrent attempts share these arguments. The macro
    /// reports a compile error at each of these spans.
    refused: Vec<Span>,
}

/// Returns how a body that may run again captures the arguments of `sig`. Adds `mut` to each argument in `sig` that the
/// `async` block of the body must borrow uniquely (`&mut`).
///
/// `shell` is the user's code around the `async` block of the body, such as `Box::pin(async move { .. })`. The result
/// does not contain an argument that the code around the block may move or shadow. `hedges` is true if the decorated
/// function has a hedge, whose attempts run at the same time. The attempts of a hedge share each argument that is not
/// in `clone`.
pub(crate) fn capture(
    sig: &mut Signature,
    shell: Option<&Shell>,
    hedges: bool,
    moved: &mut [Moved],
    body: &TokenStream,
    clone: &[Ident],
    errors: &mut Errors,
) -> Captures {
    let mut captures = Captures { shared: hedges, ..Captures::default() };
    let mut cloned = Vec::new();
    for input in &mut sig.inputs {
        let bound = Bound::argument(input);
        let cfgs = cfgs(input);
        let renamed: Vec<_> = moved.iter_mut().filter(|moved| moved.moves(input)).map(Moved::pat).collect();
        let (pats, bound, ty) = match input {
            _ if !renamed.is_empty() => (renamed, bound, None),
            FnArg::Typed(input) if shell.is_some() => (vec![&mut *input.pat], Bound::Unknown, None),
            FnArg::Typed(input) => (vec![&mut *input.pat], bound, Some(&*input.ty)),
            FnArg::Receiver(receiver) => {
                captures.receive(receiver, bound, body);
                continue;
            }
        };
        for pat in pats {
            bindings(pat, bound, ty, &mut |binding, bound| {
                let name = clone.iter().find(|name| **name == binding.ident);
                cloned.extend(name.cloned());
                let is_used_before = |shell: &Shell| shell.takes(&binding.ident.to_string());
                if name.is_some() || !(matches!(bound, Bound::Unknown) && shell.is_some_and(is_used_before)) {
                    captures.bind(binding, bound, body, name, &cfgs);
                }
            });
        }
    }
    for at in &captures.refused {
        errors.push(
            *at,
            "the attempts of a hedge run at the same time and share this, so that it cannot be changed: list it in \
 `clone(..)`, or share what can be",
        );
    }
    for name in clone {
        if name == "self" {
            errors.push(
                name.span(),
                "`self` cannot be cloned for each attempt: borrow it, or clone what is needed of it",
            );
        } else if !cloned.contains(name) {
            errors.push(name.span(), format_args!("`{name}` is not an argument of this function"));
        }
    }
    captures
}

/// Returns how a body that runs at most once captures the arguments of `sig`.
///
/// A function drops its arguments in the reverse order of the signature. An `async` block drops captured arguments in
/// the order in which the block first names the arguments. Dead code at the beginning of the block therefore names the
/// arguments in the reverse order of the signature. The dead code leaves out arguments that the body does not use, so
/// that rustc and clippy report these arguments as unused. The block borrows the arguments in `lent`, and takes
/// ownership of all other arguments.
pub(crate) fn hold(sig: &mut Signature, body: &TokenStream, lent: &[String]) -> Captures {
    let mut captures = Captures::default();
    for input in &mut sig.inputs {
        let cfgs = cfgs(input);
        match input {
            FnArg::Receiver(receiver) => {
                let this = &receiver.self_token;
                captures.borrows.extend(mentions(body, "self").then(|| held(lent, &[], this)));
            }
            FnArg::Typed(input) => bindings(&mut input.pat, Bound::Unknown, None, &mut |binding, _| {
                let ident = &binding.ident;
                captures.borrows.extend(mentions(body, &ident.to_string()).then(|| held(lent, &cfgs, ident)));
            }),
        }
    }
    captures.borrows.reverse();
    captures
}

/// Returns the names of the arguments that both the body and a function in `late` use. The expansion calls the
/// functions in `late`, such as `failure_if`, after the body has run. Leaves out an argument that is declared `mut`,
/// because the body owns this argument or a copy of the argument.
pub(crate) fn lent<'a>(
    sig: &Signature,
    body: &TokenStream,
    late: impl Iterator<Item = &'a TokenStream>,
) -> Vec<String> {
    let late: Vec<_> = late
        .map(|function| match syn::parse2::<ExprClosure>(function.clone()) {
            // Collects the parameters of the closure, because each parameter shadows an argument with the same name.
            Ok(closure) => (function, closure.inputs.to_token_stream()),
            Err(_) => (function, TokenStream::new()),
        })
        .collect();
    let is_lent = |name: &String| {
        let asks = |(function, own): &(&TokenStream, TokenStream)| mentions(function, name) && !mentions(own, name);
        late.iter().any(asks) && mentions(body, name)
    };
    let names = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Receiver(receiver) => receiver.mutability.is_none().then(|| "self".to_owned()),
        FnArg::Typed(input) => match &*input.pat {
            Pat::Ident(pat) if pat.mutability.is_none() => Some(pat.ident.to_string()),
            _ => None,
        },
    });
    names.filter(is_lent).collect()
}

/// Returns the name of each argument, for the call of the fallback function. Reports an argument whose pattern is not a
/// name. Also reports an argument with a `#[cfg]`.
pub(crate) fn arguments(sig: &Signature, moved: &mut [Moved], errors: &mut Errors) -> Vec<Ident> {
    let mut arguments = Vec::new();
    for input in &sig.inputs {
        if let Some(cfg) = cfgs(input).first() {
            errors.add(syn::Error::new_spanned(
                cfg,
                "the fallback is called with this argument, and rustc takes no `#[cfg]` there: put it on the function",
            ));
        }
        let renamed = moved.iter_mut().find(|moved| moved.moves(input));
        match (renamed.map(|moved| &*moved.pat()), input) {
            (Some(Pat::Ident(pat)), _) => arguments.push(pat.ident.clone()),
            (None, FnArg::Receiver(receiver)) => arguments.push(Ident::new("self", receiver.self_token.span)),
            (None, FnArg::Typed(input)) => match &*input.pat {
                Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) => arguments.push(ident.clone()),
                pat => errors.add(unnamed(pat)),
            },
            (Some(pat), _) => errors.add(unnamed(pat)),
        }
    }
    arguments
}

fn unnamed(pat: &Pat) -> syn::Error {
    syn::Error::new_spanned(
        pat,
        "the fallback is called with this argument: bind it to a name, and take it apart in the body",
    )
}

/// Returns the `#[cfg]` attributes of an argument. Every generated statement that names the argument needs these
/// attributes, too.
fn cfgs(input: &FnArg) -> Vec<TokenStream> {
    match input {
        FnArg::Receiver(_) => Vec::new(),
        FnArg::Typed(input) => {
            input.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).map(ToTokens::to_token_stream).collect()
        }
    }
}

/// Returns a statement for dead code in the `async` block of the body. The statement makes the block capture
/// `argument`. If `lent` is empty, the statement only borrows the argument, because the block is then an `async move`
/// block, which owns each argument that it names. If `lent` contains the argument, the statement borrows the argument,
/// too. In all other cases, the statement moves the argument into the block.
fn held(lent: &[String], cfgs: &[TokenStream], argument: &impl ToTokens) -> TokenStream {
    let argument = argument.to_token_stream();
    if lent.is_empty() || lent.contains(&argument.to_string()) {
        return borrow(cfgs, &quote!(&#argument));
    }
    quote_spanned!(Span::mixed_site()=> #(#cfgs)* let _held = #argument;)
}

fn borrow(cfgs: &[TokenStream], borrow: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #(#cfgs)* let _ = #borrow;)
}

impl Captures {
    /// Returns the statements that clone the arguments in `names`, or `None` if `names` is empty.
    pub(crate) fn clones_of<'a>(&'a self, names: &'a [Ident]) -> Option<TokenStream> {
        let clones = self.clones.iter().filter(|(ident, _)| names.contains(ident)).map(|(_, clone)| clone);
        (!names.is_empty()).then(|| clones.cloned().collect())
    }

    /// Returns whether the function has a hedge, whose attempts run at the same time and share the arguments. If the
    /// body may change a shared argument (`changes` is true), records `at` as the span of an error.
    fn shares(&mut self, changes: bool, at: Span) -> bool {
        self.refused.extend((self.shared && changes).then_some(at));
        self.shared
    }

    fn receive(&mut self, receiver: &mut Receiver, bound: Bound, body: &TokenStream) {
        let is_mut = receiver.mutability.is_some();
        if !mentions(body, "self")
            || self.shares(is_mut || matches!(bound, Bound::Unique), receiver.self_token.span)
            || is_mut
        {
            return;
        }
        let this = receiver.self_token.to_token_stream();
        match bound {
            Bound::Shared => {}
            Bound::Unique => self.borrows.push(borrow(&[], &quote!(&mut *#this))),
            Bound::Value | Bound::Unknown => {
                receiver.mutability = Some(Token![mut](Span::mixed_site()));
                self.borrows.push(borrow(&[], &quote!(&mut #this)));
            }
        }
    }

    fn bind(
        &mut self,
        binding: &mut PatIdent,
        bound: Bound,
        body: &TokenStream,
        cloned: Option<&Ident>,
        cfgs: &[TokenStream],
    ) {
        let ident = &binding.ident;
        let mixed = Span::mixed_site();
        let make_mut = Token![mut](mixed);
        let borrow = |borrowed| borrow(cfgs, &borrowed);
        if let Some(name) = cloned {
            // Moves the user's `mut` from the argument to the clone, because the body uses only the clone.
            let user_mut = binding.mutability.take();
            if user_mut.is_none() && !self.shared && mentions(body, &ident.to_string()) {
                self.borrows.push(borrow(quote!(&mut #ident)));
            }
            let is_mut = user_mut.unwrap_or(make_mut);
            let at = mixed.located_at(name.span());
            let clone = quote_spanned!(at=> #(#cfgs)* let #is_mut #ident = ::core::clone::Clone::clone(&#ident););
            self.clones.push((ident.clone(), clone));
            return;
        }
        let is_mut = binding.mutability.is_some();
        if !mentions(body, &ident.to_string())
            || self.shares(is_mut || matches!(bound, Bound::Unique), ident.span())
            || is_mut
            || binding.by_ref.is_some()
        {
            return;
        }
        match bound {
            Bound::Shared => {}
            Bound::Unique => self.borrows.push(borrow(quote!(&mut *#ident))),
            Bound::Value => {
                binding.mutability = Some(make_mut);
                self.borrows.push(borrow(quote!(&mut #ident)));
            }
            Bound::Unknown => {
                self.rebound.extend(quote_spanned!(mixed=> #(#cfgs)* let #make_mut #ident = #ident;));
                self.borrows.push(borrow(quote!(&mut #ident)));
            }
        }
    }
}
