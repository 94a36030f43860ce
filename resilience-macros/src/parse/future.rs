//! Reads the type of the future that a function returns.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{AssocType, CapturedParam, GenericArgument, Lifetime, Path, PathArguments, Type, TypeParamBound};

/// Returns whether `ty` names a future, such as `impl Future` or `BoxFuture`.
pub(crate) fn is_named(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Group(group) => is_named(group.stream()),
        TokenTree::Ident(name) => name.to_string().ends_with("Future"),
        _ => false,
    })
}

/// Returns the output type of the future type `future`, or `None` if `future` does not name its output type.
pub(crate) fn output(future: &Type) -> Option<&Type> {
    match future {
        Type::Group(ty) => output(&ty.elem),
        Type::Paren(ty) => output(&ty.elem),
        Type::ImplTrait(ty) => ty.bounds.iter().find_map(bound),
        Type::TraitObject(ty) => ty.bounds.iter().find_map(bound),
        Type::Path(ty) => {
            let is_alias = |name: &Ident| name == "BoxFuture" || name == "LocalBoxFuture";
            let is_alias = ty.path.segments.last().is_some_and(|last| is_alias(&last.ident));
            let types = arguments(&ty.path).filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            });
            match types.collect::<Vec<_>>()[..] {
                [only] if is_alias => Some(only),
                ref types => types.iter().find_map(|ty| output(ty)),
            }
        }
        _ => None,
    }
}

/// A lifetime limit in the type of a future. The limit restricts the references that the future may hold.
pub(crate) enum Limit<'a> {
    /// The limit `'static` of a boxed future without a written lifetime.
    Default,
    /// A written lifetime, such as `'a` in `dyn Future<..> + 'a`.
    Outlives(&'a Lifetime),
    /// The lifetimes in `impl Future<..> + use<'a>`.
    Captures(Vec<&'a Lifetime>),
}

impl Limit<'_> {
    /// Returns whether the limit allows a borrow with the elided lifetime `'_`.
    pub(crate) fn is_elided(&self) -> bool {
        match self {
            Self::Default => false,
            Self::Outlives(lifetime) => lifetime.ident == "_",
            Self::Captures(lifetimes) => lifetimes.iter().any(|lifetime| lifetime.ident == "_"),
        }
    }
}

/// Returns the lifetime limits in the future type `future`. A plain `impl Future` contains no limit. In edition 2024,
/// and in trait methods, such a future may hold every argument.
pub(crate) fn limits(future: &Type) -> Vec<Limit<'_>> {
    match future {
        Type::Group(ty) => limits(&ty.elem),
        Type::Paren(ty) => limits(&ty.elem),
        Type::ImplTrait(ty) => ty.bounds.iter().filter_map(limit).collect(),
        Type::Path(ty) => match (ty.path.segments.last(), arguments(&ty.path).collect::<Vec<_>>().as_slice()) {
            (Some(last), [GenericArgument::Lifetime(lifetime), GenericArgument::Type(_)])
                if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" =>
            {
                vec![Limit::Outlives(lifetime)]
            }
            (Some(last), [GenericArgument::Type(ty)]) if last.ident == "Pin" => boxed(ty),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Returns the lifetime limits in a type such as `Box<dyn Future<..> + Send>`.
fn boxed(ty: &Type) -> Vec<Limit<'_>> {
    let Type::Path(ty) = ty else { return Vec::new() };
    let object = match (ty.path.segments.last(), arguments(&ty.path).collect::<Vec<_>>().as_slice()) {
        (Some(last), [GenericArgument::Type(Type::TraitObject(object))]) if last.ident == "Box" => object,
        _ => return Vec::new(),
    };
    let written: Vec<_> = object.bounds.iter().filter_map(limit).collect();
    if written.is_empty() { vec![Limit::Default] } else { written }
}

fn limit(bound: &TypeParamBound) -> Option<Limit<'_>> {
    match bound {
        TypeParamBound::Lifetime(lifetime) => Some(Limit::Outlives(lifetime)),
        TypeParamBound::PreciseCapture(captures) => {
            let lifetimes = captures.params.iter().filter_map(|param| match param {
                CapturedParam::Lifetime(lifetime) => Some(lifetime),
                _ => None,
            });
            Some(Limit::Captures(lifetimes.collect()))
        }
        _ => None,
    }
}

fn bound(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    arguments(&bound.path).find_map(|argument| match argument {
        GenericArgument::AssocType(AssocType { ident, ty, .. }) if ident == "Output" => Some(ty),
        _ => None,
    })
}

fn arguments(path: &Path) -> impl Iterator<Item = &GenericArgument> {
    let arguments = path.segments.iter().filter_map(|segment| match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    });
    arguments.flatten()
}
