//! What the body of a retry captures of its arguments, and how.
//!
//! A body that may run again borrows its arguments. A shared borrow would make the future `!Send` for an argument
//! that is `Send` but not `Sync`, so dead code in the body borrows each argument uniquely.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{FnArg, Pat, PatIdent, Receiver, ReceiverKind, Signature, Token, Type};

use crate::error::Errors;
use crate::item::mentions;
use crate::shell::Moved;

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
///
/// With a shell around the body, statements before it may have shadowed an argument or moved it to another name.
pub(crate) fn capture(
    sig: &mut Signature,
    has_shell: bool,
    moved: &mut [Moved],
    body: &TokenStream,
    clone: &[Ident],
    errors: &mut Errors,
) -> Captures {
    let mut captures = Captures::default();
    let mut cloned = Vec::new();
    for input in &mut sig.inputs {
        let is_lent = lent(input);
        let renamed: Vec<_> = moved.iter_mut().filter(|moved| names(input, &moved.argument)).map(Moved::pat).collect();
        let (pats, rebind) = match input {
            _ if !renamed.is_empty() => (renamed, false),
            FnArg::Typed(input) => (vec![&mut *input.pat], has_shell),
            FnArg::Receiver(receiver) => {
                captures.receive(receiver, is_lent, body);
                continue;
            }
        };
        for pat in pats {
            let nested = rebind || !matches!(pat, Pat::Ident(_));
            bindings(pat, &mut |binding| {
                cloned.extend(clone.iter().find(|name| **name == binding.ident).cloned());
                captures.bind(binding, nested, is_lent, body, clone);
            });
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

/// Whether an argument is a reference, and which kind.
#[derive(Clone, Copy)]
enum Lent {
    No,
    Shared,
    Unique,
}

fn lent(input: &FnArg) -> Lent {
    let ty = match input {
        FnArg::Typed(input) => &*input.ty,
        FnArg::Receiver(receiver) => match &receiver.kind {
            ReceiverKind::Reference(_, _, Some(_)) => return Lent::Unique,
            ReceiverKind::Reference(_, _, None) => return Lent::Shared,
            ReceiverKind::Typed(_, ty) => ty,
            _ => return Lent::No,
        },
    };
    match ty {
        Type::Reference(ty) if ty.mutability.is_some() => Lent::Unique,
        Type::Reference(_) => Lent::Shared,
        _ => Lent::No,
    }
}

fn names(input: &FnArg, argument: &Ident) -> bool {
    match input {
        FnArg::Receiver(_) => argument == "self",
        FnArg::Typed(input) => matches!(&*input.pat, Pat::Ident(pat) if pat.ident == *argument),
    }
}

impl Captures {
    fn receive(&mut self, receiver: &mut Receiver, lent: Lent, body: &TokenStream) {
        if !mentions(body, "self") || receiver.mutability.is_some() {
            return;
        }
        let this = receiver.self_token;
        match lent {
            Lent::Shared => {}
            Lent::Unique => self.borrows.push(quote!(&mut *#this)),
            Lent::No => {
                receiver.mutability = Some(Token![mut](Span::mixed_site()));
                self.borrows.push(quote!(&mut #this));
            }
        }
    }

    fn bind(&mut self, binding: &mut PatIdent, nested: bool, lent: Lent, body: &TokenStream, clone: &[Ident]) {
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
        match lent {
            _ if nested => {
                self.rebound.extend(quote_spanned!(mixed=> let #make_mut #ident = #ident;));
                self.borrows.push(quote!(&mut #ident));
            }
            Lent::Shared => {}
            Lent::Unique => self.borrows.push(quote!(&mut *#ident)),
            Lent::No => {
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
