//! Expands a stack of attributes in four steps:
//!
//! 1. Recognise the attributes of this crate on a function.
//! 2. Parse the options of each attribute.
//! 3. Check the stack for contradictions.
//! 4. Emit the tokens.
//!
//! rustc expands the outermost attribute of a function first. This expansion takes the other attributes of this crate
//! from the function, and contains the code of all these attributes. If each attribute expanded separately, the code of
//! the outermost attribute would become the innermost code.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Meta, Path, parse_quote_spanned};

use crate::emit::emit;
use crate::error::Errors;
use crate::layers::attribute::{Attribute, Parsed};
use crate::parse::function::Function;
use crate::plan::plan::Plan;
use crate::tokens::{EXPANDED, mentions};

/// The argument that marks an attribute as absorbed. The expansion of another attribute already contains the code of an
/// absorbed attribute. The absorbed attribute therefore changes nothing when rustc expands it.
///
/// An absorbed attribute stays in the output. Otherwise rustc would report the attribute's import as unused, or would
/// not report that the import is missing.
const ABSORBED: &str = "__absorbed";

/// Expands `attribute` with the options `args` on the function `item`. Also expands the attributes below `attribute`
/// that belong to `family`, the table of all attributes of this crate.
pub(crate) fn expand(
    attribute: &Attribute,
    family: &[Attribute],
    args: TokenStream,
    item: &TokenStream,
) -> TokenStream {
    if args.to_string() == ABSORBED {
        return item.clone();
    }
    let mut errors = Errors::default();
    let (layer, mut runtime) = (attribute.parse)(Span::call_site(), args, &mut errors);
    let mut function = match syn::parse2::<Function>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.add(error);
            return with_errors(errors, item);
        }
    };

    let mut layers = Vec::from_iter(layer);
    let mut absorbed = Vec::new();
    function.attrs.retain(|attr| {
        let Some(attribute) = recognise(attr.path(), runtime.as_ref(), family) else { return true };
        let (layer, path) = parse(attribute, attr, &mut errors);
        layers.extend(layer);
        runtime = runtime.take().or(path);
        absorbed.push(without_effect(attr.path()));
        false
    });

    function.check(&mut errors);
    comes_first(&function, &mut errors);
    let plan = Plan::new(layers.iter().map(|layer| layer.facts()).collect());
    plan.check(&mut errors);
    document(&mut function, &plan);
    let runtime = runtime.unwrap_or_else(|| parse_quote_spanned!(Span::mixed_site()=> ::resilience_runtime));
    let expansion = emit(&function, &layers, &plan, &runtime, &absorbed, &mut errors).unwrap_or_else(|| {
        function.attrs.extend(absorbed);
        function.into_token_stream()
    });
    with_errors(errors, &expansion)
}

/// Returns the attribute of this crate that `path` names, or `None` if `path` names another attribute. `path` contains
/// either the name of the attribute alone, or also the path of the runtime crate.
fn recognise<'a>(path: &Path, runtime: Option<&Path>, family: &'a [Attribute]) -> Option<&'a Attribute> {
    let mut names = names(path);
    let last = names.pop()?;
    let found = family.iter().find(|attribute| attribute.name == last)?;
    let is_ours = names.is_empty()
        || names == ["resilience_runtime"]
        || runtime.is_some_and(|runtime| self::names(runtime) == names);
    is_ours.then_some(found)
}

fn names(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

fn parse(attribute: &Attribute, attr: &syn::Attribute, errors: &mut Errors) -> Parsed {
    let args = match &attr.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(meta) => {
            errors.push(meta.eq_token.span, "expected a list of options: write `(option = value)`");
            TokenStream::new()
        }
    };
    (attribute.parse)(attr.path().span(), args, errors)
}

/// Returns `#[path(__absorbed)]`: the attribute `path` with the argument that marks it as absorbed.
fn without_effect(path: &Path) -> syn::Attribute {
    let absorbed = Ident::new(ABSORBED, Span::mixed_site());
    parse_quote_spanned!(Span::mixed_site()=> #[#path(#absorbed)])
}

/// Reports an error if another attribute of this crate has already expanded on the function. The other attribute did
/// not recognise the current attribute, because the user imported the current attribute under a new name.
fn comes_first(function: &Function, errors: &mut Errors) {
    if function.body.as_ref().is_some_and(|(body, _)| mentions(body, EXPANDED)) {
        errors.push(
            Span::call_site(),
            "another attribute of this family has been expanded before this one, which it could not recognise under \
             its changed name: put this one on top, or use it under its own name",
        );
    }
}

/// Adds the longest time that a call can take, and the circuit that one call can open, to the docs of the function, if the
/// attributes determine them. A function without docs gets no such line, so that rustc still reports the missing docs.
fn document(function: &mut Function, plan: &Plan) {
    // Does not count `#[doc(alias = ..)]` and `#[doc(hidden)]` as docs, because they contain no text.
    let is_text = |attr: &syn::Attribute| matches!(&attr.meta, Meta::NameValue(meta) if meta.path.is_ident("doc"));
    if !function.attrs.iter().any(is_text) {
        return;
    }
    for line in [plan.worst_case(), plan.opened_by_one_call()].into_iter().flatten() {
        let line = format!("\n\n{line}");
        function.attrs.push(parse_quote_spanned!(Span::mixed_site()=> #[doc = #line]));
    }
}

/// Returns the compile errors, followed by the function. The function stays in the output, so that calls of the
/// function still compile, and editors still find the function.
fn with_errors(errors: Errors, item: &TokenStream) -> TokenStream {
    let errors = errors.into_tokens();
    quote!(#errors #item)
}
