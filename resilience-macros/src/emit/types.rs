//! Converts the declared return type to a type that an expression may contain.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Path, Type};

/// Returns the type `ty` with `_` in place of each `impl Trait`, because an expression must not contain `impl Trait`.
pub(crate) fn nameable(ty: &Type) -> TokenStream {
    let tokens = ty.to_token_stream();
    match syn::parse2(tokens.clone()) {
        Ok(mut ty) => {
            infer(&mut ty);
            ty.into_token_stream()
        }
        Err(_) => tokens,
    }
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
        Type::Path(ty) => infer_within(&mut ty.path),
        Type::TraitObject(ty) => {
            for bound in &mut ty.bounds {
                if let syn::TypeParamBound::Trait(bound) = bound {
                    infer_within(&mut bound.path);
                }
            }
        }
        _ => {}
    }
}

fn infer_within(path: &mut Path) {
    for segment in &mut path.segments {
        if let syn::PathArguments::AngleBracketed(args) = &mut segment.arguments {
            for arg in &mut args.args {
                match arg {
                    syn::GenericArgument::Type(ty) => infer(ty),
                    syn::GenericArgument::AssocType(assoc) => infer(&mut assoc.ty),
                    _ => {}
                }
            }
        }
    }
}
