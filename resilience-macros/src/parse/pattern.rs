//! Finds the variables in the pattern of an argument, such as `x` and `y` in `(x, mut y): (u8, u8)`.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::{FnArg, Pat, PatIdent, Path, ReceiverKind, Type};

/// The kind of value that a variable of a pattern holds: an owned value, a shared reference or a unique reference.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    Value,
    Shared,
    Unique,
    /// The type of the argument does not show whether the variable holds an owned value or a reference. The expansion
    /// then adds no `mut` to the pattern, because Rust forbids `mut` on a variable that a pattern binds through a
    /// reference.
    Unknown,
}

impl Bound {
    fn of(ty: &Type) -> Self {
        match ty {
            Type::Reference(ty) if ty.mutability.is_some() => Self::Unique,
            Type::Reference(_) => Self::Shared,
            _ => Self::Value,
        }
    }

    pub(crate) fn argument(input: &FnArg) -> Self {
        match input {
            FnArg::Typed(input) => Self::of(&input.ty),
            FnArg::Receiver(receiver) => match &receiver.kind {
                ReceiverKind::Reference(_, _, Some(_)) => Self::Unique,
                ReceiverKind::Reference(_, _, None) => Self::Shared,
                ReceiverKind::Typed(_, ty) => Self::of(ty),
                _ => Self::Value,
            },
        }
    }
}

/// Calls `found` with each variable in `pat`, and with the kind of value that the variable holds.
///
/// If the pattern may match through a reference, the kind of each variable is [`Bound::Unknown`].
pub(crate) fn bindings(pat: &mut Pat, bound: Bound, ty: Option<&Type>, found: &mut impl FnMut(&mut PatIdent, Bound)) {
    let same = |path: &Path| matches!(ty, Some(Type::Path(ty)) if last(&ty.path) == last(path));
    let value = |seen: bool| if seen { Bound::Value } else { Bound::Unknown };
    match pat {
        Pat::Ident(ident) => {
            found(ident, bound);
            if let Some((_, pat)) = &mut ident.subpat {
                bindings(pat, Bound::Unknown, ty, found);
            }
        }
        Pat::Paren(pat) => bindings(&mut pat.pat, bound, ty, found),
        Pat::Tuple(pat) => match ty {
            Some(Type::Tuple(ty)) if ty.elems.len() == pat.elems.len() => {
                for (pat, ty) in pat.elems.iter_mut().zip(&ty.elems) {
                    bindings(pat, Bound::of(ty), Some(ty), found);
                }
            }
            _ => each(&mut pat.elems, value(matches!(ty, Some(Type::Tuple(_)))), found),
        },
        Pat::Slice(pat) => each(&mut pat.elems, value(matches!(ty, Some(Type::Array(_)))), found),
        Pat::TupleStruct(pat) => {
            let bound = value(same(&pat.path));
            each(&mut pat.elems, bound, found);
        }
        Pat::Struct(pat) => {
            let bound = value(same(&pat.path));
            pat.fields.iter_mut().for_each(|field| bindings(&mut field.pat, bound, None, found));
        }
        Pat::Reference(pat) => bindings(&mut pat.pat, Bound::Unknown, None, found),
        _ => {}
    }
}

fn each<P>(pats: &mut Punctuated<Pat, P>, bound: Bound, found: &mut impl FnMut(&mut PatIdent, Bound)) {
    pats.iter_mut().for_each(|pat| bindings(pat, bound, None, found));
}

fn last(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}
