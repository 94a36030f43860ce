//! Reports an error if the future must keep a borrowed argument for a fallback, but the signature forbids this.
//!
//! The expansion calls the fallback function with all arguments, inside the `async` block of the body. The block
//! therefore holds every argument, even if the user reads the argument only before the block. A fallback that is a
//! closure or a value needs only the arguments that it names. The signature may forbid the future to hold a borrow, for
//! example with `Future + 'static`. The error of rustc would then point at the body, and would not mention the
//! fallback. This module reports a clearer error at the argument.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{FnArg, Lifetime, Pat, ReceiverKind, ReturnType, Type};

use crate::error::Errors;
use crate::parse::function::Function;
use crate::parse::future::{Limit, limits, output};
use crate::parse::shell::Shell;
use crate::plan::plan::Plan;
use crate::tokens::mentions;

/// Reports the first borrowed argument that the future cannot hold. Considers only references without a named lifetime,
/// such as `text: &str`. A named lifetime may be long enough for the future. Reports nothing if `function` is an `async
/// fn`, whose future holds all arguments.
pub(crate) fn check(function: &Function, plan: &Plan, errors: &mut Errors) {
    let (ReturnType::Type(_, ty), None, Some(shell)) = (&function.sig.output, &function.sig.asyncness, &function.shell)
    else {
        return;
    };
    // If the output contains a borrow, the future may be able to hold the argument, so this function reports nothing.
    // For example, with the output `&'static Item<'_>`, rustc knows that `'_` outlives `'static`, so a `'static` future
    // can hold the argument.
    if output(ty).is_some_and(|output| borrows(output.to_token_stream())) {
        return;
    }
    let inputs = &function.sig.inputs;
    let is_named = |input: &FnArg| {
        let name = match input {
            FnArg::Receiver(_) => "self".to_owned(),
            FnArg::Typed(input) => match &*input.pat {
                Pat::Ident(pat) => pat.ident.to_string(),
                _ => return false,
            },
        };
        plan.passes_arguments() || plan.replacing_expressions().any(|expression| mentions(expression, &name))
    };
    let kept: Vec<_> = inputs.iter().filter(|input| is_kept(input, shell) && is_named(input)).collect();
    let receiver = inputs.iter().find_map(|input| match input {
        FnArg::Receiver(receiver) => Some(&receiver.kind),
        FnArg::Typed(_) => None,
    });
    let is_ref = matches!(receiver, Some(ReceiverKind::Reference(..)));
    let is_receiver = |input: &FnArg| matches!(input, FnArg::Receiver(_));
    let exceeds = |limit: &Limit<'_>, input: &FnArg| !limit.is_elided() || (is_ref && !is_receiver(input));
    let limits = limits(ty);
    let found = limits.iter().find_map(|limit| Some((limit, kept.iter().find(|input| exceeds(limit, input))?)));
    let Some((limit, input)) = found else { return };
    // The error suggests `'_` only if `'_` in the return type means the lifetime of this argument.
    let is_only = match receiver {
        Some(ReceiverKind::Reference(..)) => is_receiver(input),
        Some(ReceiverKind::Typed(..)) => false,
        _ => inputs.iter().filter(|input| has_lifetime(input.to_token_stream())).count() == 1,
    };
    let instead = match limit {
        _ if !is_only || kept.len() > 1 => "declare `'a`, and write it in every reference and in the future".to_owned(),
        Limit::Default => "add `+ '_` after `dyn Future<..>`".to_owned(),
        Limit::Outlives(written) => format!("write `'_` in place of `{written}`"),
        Limit::Captures(_) => "add `'_` to `use<..>`".to_owned(),
    };
    let (name, at) = match input {
        FnArg::Receiver(receiver) => ("self".to_owned(), receiver.self_token.span),
        FnArg::Typed(input) => {
            let name = match &*input.pat {
                Pat::Ident(name) => name.ident.to_token_stream(),
                pat => pat.to_token_stream(),
            };
            (name.to_string(), input.pat.span())
        }
    };
    errors.push(at, format_args!("the future keeps `{name}` for the fallback: {instead}, or take it by value"));
}

/// Returns whether the argument is a reference without a named lifetime. Returns `false` if a statement before the
/// `async` block may declare a variable with the same name.
fn is_kept(input: &FnArg, shell: &Shell) -> bool {
    match input {
        FnArg::Receiver(receiver) => match &receiver.kind {
            ReceiverKind::Reference(_, lifetime, _) => is_elided(lifetime.as_ref()),
            _ => false,
        },
        FnArg::Typed(input) => match &*input.pat {
            Pat::Ident(pat) => is_reference(&input.ty) && !shell.shadows(&pat.ident.to_string()),
            _ => false,
        },
    }
}

fn is_reference(ty: &Type) -> bool {
    match ty {
        Type::Group(ty) => is_reference(&ty.elem),
        Type::Paren(ty) => is_reference(&ty.elem),
        Type::Reference(ty) => is_elided(ty.lifetime.as_ref()),
        _ => false,
    }
}

fn is_elided(lifetime: Option<&Lifetime>) -> bool {
    lifetime.is_none_or(|lifetime| lifetime.ident == "_")
}

fn has_lifetime(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_lifetime(group.stream()),
        TokenTree::Punct(punct) => matches!(punct.as_char(), '&' | '\''),
        _ => false,
    })
}

/// Returns whether `tokens` contain the lifetime `'_`, or a reference without a lifetime.
fn borrows(tokens: TokenStream) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let is =
        |token: Option<&TokenTree>, sign| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Group(group) => borrows(group.stream()),
        TokenTree::Punct(punct) if punct.as_char() == '&' => !is(tokens.get(at + 1), '\''),
        TokenTree::Punct(punct) if punct.as_char() == '\'' => {
            tokens.get(at + 1).is_some_and(|name| name.to_string() == "_")
        }
        _ => false,
    })
}
