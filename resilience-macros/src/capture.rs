//! What the body of a retry captures of its arguments, and how.
//!
//! A body that may run again borrows its arguments. A shared borrow would make the future `!Send` for an argument
//! that is `Send` but not `Sync`, so dead code in the body borrows each argument uniquely.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{FnArg, Pat, PatIdent, ReceiverKind, Signature, Token, Type};

use crate::error::Errors;
use crate::item::mentions;

#[derive(Default)]
pub(crate) struct Captures {
    /// Statements before the layers: bindings of nested patterns, made mutable.
    pub(crate) rebound: TokenStream,
    /// A unique borrow of each argument.
    pub(crate) borrows: Vec<TokenStream>,
    /// Statements before each attempt.
    pub(crate) clones: TokenStream,
}

/// Reads off how `body` captures the arguments of `sig`, and makes those mutable that it has to borrow uniquely.
pub(crate) fn capture(sig: &mut Signature, body: &TokenStream, clone: &[Ident], errors: &mut Errors) -> Captures {
    let mut captures = Captures::default();
    let mut cloned = Vec::new();
    for input in &mut sig.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                let this = receiver.self_token;
                if !mentions(body, "self") || receiver.mutability.is_some() {
                    continue;
                }
                match &receiver.kind {
                    ReceiverKind::Reference(_, _, Some(_)) => captures.borrows.push(quote!(&mut *#this)),
                    ReceiverKind::Reference(_, _, None) => {}
                    ReceiverKind::Typed(_, ty) if matches!(**ty, Type::Reference(_)) => {}
                    _ => {
                        receiver.mutability = Some(Token![mut](Span::mixed_site()));
                        captures.borrows.push(quote!(&mut #this));
                    }
                }
            }
            FnArg::Typed(input) => {
                let nested = !matches!(*input.pat, Pat::Ident(_));
                bindings(&mut input.pat, &mut |binding| {
                    cloned.extend(clone.iter().find(|name| **name == binding.ident).cloned());
                    captures.bind(binding, nested, &input.ty, body, clone);
                });
            }
        }
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

impl Captures {
    fn bind(&mut self, binding: &mut PatIdent, nested: bool, ty: &Type, body: &TokenStream, clone: &[Ident]) {
        let ident = &binding.ident;
        let mixed = Span::mixed_site();
        let make_mut = Token![mut](mixed);
        if let Some(name) = clone.iter().find(|name| *name == ident) {
            // The `mut` moves from the argument, which is only cloned, to the clone.
            let user_mut = binding.mutability.take();
            if user_mut.is_none() && mentions(body, &ident.to_string()) {
                self.borrows.push(quote!(&mut #ident));
            }
            let is_mut = user_mut.unwrap_or(make_mut);
            let at = mixed.located_at(name.span());
            self.clones.extend(quote_spanned!(at=> let #is_mut #ident = ::core::clone::Clone::clone(&#ident);));
            return;
        }
        let borrowed = binding.by_ref.is_some() || binding.mutability.is_some();
        if borrowed || !mentions(body, &ident.to_string()) {
            return;
        }
        match ty {
            Type::Reference(ty) if !nested => {
                if ty.mutability.is_some() {
                    self.borrows.push(quote!(&mut *#ident));
                }
            }
            _ if nested => {
                self.rebound.extend(quote_spanned!(mixed=> let #make_mut #ident = #ident;));
                self.borrows.push(quote!(&mut #ident));
            }
            _ => {
                binding.mutability = Some(make_mut);
                self.borrows.push(quote!(&mut #ident));
            }
        }
    }
}

/// Every name that a pattern binds.
fn bindings(pat: &mut Pat, found: &mut impl FnMut(&mut PatIdent)) {
    match pat {
        Pat::Ident(ident) => {
            found(ident);
            if let Some((_, pat)) = &mut ident.subpat {
                bindings(pat, found);
            }
        }
        Pat::Paren(pat) => bindings(&mut pat.pat, found),
        Pat::Reference(pat) => bindings(&mut pat.pat, found),
        Pat::Type(pat) => bindings(&mut pat.pat, found),
        Pat::Slice(pat) => pat.elems.iter_mut().for_each(|pat| bindings(pat, found)),
        Pat::Tuple(pat) => pat.elems.iter_mut().for_each(|pat| bindings(pat, found)),
        Pat::TupleStruct(pat) => pat.elems.iter_mut().for_each(|pat| bindings(pat, found)),
        Pat::Struct(pat) => pat.fields.iter_mut().for_each(|field| bindings(&mut field.pat, found)),
        _ => {}
    }
}

/// The type as an expression may name it: what `impl Trait` stands for is inferred.
pub(crate) fn nameable(ty: &Type) -> TokenStream {
    let mut ty = ty.clone();
    infer(&mut ty);
    ty.into_token_stream()
}

fn infer(ty: &mut Type) {
    match ty {
        Type::ImplTrait(_) => *ty = syn::parse_quote!(_),
        Type::Array(ty) => infer(&mut ty.elem),
        Type::Group(ty) => infer(&mut ty.elem),
        Type::Paren(ty) => infer(&mut ty.elem),
        Type::Reference(ty) => infer(&mut ty.elem),
        Type::Slice(ty) => infer(&mut ty.elem),
        Type::Tuple(ty) => ty.elems.iter_mut().for_each(infer),
        Type::Path(ty) => {
            for segment in &mut ty.path.segments {
                if let syn::PathArguments::AngleBracketed(args) = &mut segment.arguments {
                    for arg in &mut args.args {
                        if let syn::GenericArgument::Type(ty) = arg {
                            infer(ty);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}
