//! Converts the declared return type to a type that an expression may contain.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{GenericArgument, Path, PathArguments, Token, Type, TypeImplTrait, TypeParamBound};

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

/// Returns the type `impl Trait` if `output` is `Result<impl Trait, E>`.
pub(crate) fn opaque_ok(output: &Type) -> Option<&TypeImplTrait> {
    match output {
        Type::Group(ty) => opaque_ok(&ty.elem),
        Type::Paren(ty) => opaque_ok(&ty.elem),
        Type::Path(ty) => match generic_arguments(&ty.path)?.first()? {
            GenericArgument::Type(Type::ImplTrait(ty)) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the type `X` of `impl Stream<Item = X>`.
pub(crate) fn item(ty: &TypeImplTrait) -> Option<TokenStream> {
    let bounds = ty.bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => generic_arguments(&bound.path),
        _ => None,
    });
    bounds.flatten().find_map(|argument| match argument {
        GenericArgument::AssocType(assoc) if assoc.ident == "Item" => Some(nameable(&assoc.ty)),
        _ => None,
    })
}

fn generic_arguments(path: &Path) -> Option<&Punctuated<GenericArgument, Token![,]>> {
    match &path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
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
                if let TypeParamBound::Trait(bound) = bound {
                    infer_within(&mut bound.path);
                }
            }
        }
        _ => {}
    }
}

fn infer_within(path: &mut Path) {
    for segment in &mut path.segments {
        if let PathArguments::AngleBracketed(args) = &mut segment.arguments {
            for arg in &mut args.args {
                match arg {
                    GenericArgument::Type(ty) => infer(ty),
                    GenericArgument::AssocType(assoc) => infer(&mut assoc.ty),
                    _ => {}
                }
            }
        }
    }
}
