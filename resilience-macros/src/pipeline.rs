//! Expands all attributes of this crate on one function, in four steps:
//!
//! 1. Recognise the attributes of this crate.
//! 2. Parse the options of each attribute.
//! 3. Check the attributes for contradictions.
//! 4. Generate the tokens of the decorated function.
//!
//! rustc expands the outermost attribute of a function first. The outermost attribute generates the code of all
//! attributes of this crate. The other attributes of this crate then generate nothing, see [`ABSORBED`]. If each
//! attribute expanded alone, the outermost attribute would wrap the body first. The attributes below would then wrap
//! the result, so the order of the attributes would be reversed.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Meta, Path, parse_quote_spanned};

use crate::emit::emit;
use crate::error::Errors;
use crate::layers::attribute::{Attribute, Parsed};
use crate::parse::function::Function;
use crate::plan::plan::Plan;
use crate::tokens::{EXPANDED, is_assigned, mentions};

/// The argument that marks an attribute as absorbed, as in `#[retry(__absorbed)]`. The outermost attribute has already
/// generated the code of this attribute. An absorbed attribute therefore returns its item unchanged.
///
/// The expansion keeps the absorbed attribute, so that rustc checks its import. Without the attribute, rustc would
/// report `use resilience_runtime::retry` as unused, and would accept code without this import.
const ABSORBED: &str = "__absorbed";

/// Expands `attribute` with the options `args` on the function `item`. Also expands each attribute of this crate below
/// `attribute`. `attributes` is the table of all attributes of this crate. `synonyms` pairs the name of an attribute in
/// another library with the name in this crate, such as `("circuit_breaker", "circuit")`. If `takes_faults` is true, a
/// test can inject faults into the function.
pub(crate) fn expand(
    attribute: &Attribute,
    attributes: &[Attribute],
    synonyms: &[(&str, &str)],
    takes_faults: bool,
    args: TokenStream,
    item: &TokenStream,
) -> TokenStream {
    // Reports no error for an attribute such as `#[circuit = "name"]`, because rustc itself reports an error.
    if args.to_string() == ABSORBED || is_assigned(Span::call_site()) {
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
        let Some(attribute) = recognise(attr.path(), runtime.as_ref(), attributes) else {
            let Some((theirs, ours)) = synonyms.iter().find(|(theirs, _)| attr.path().is_ident(theirs)) else {
                return true;
            };
            let message = unknown_attribute(theirs, ours) + "; an attribute of another crate needs its path here";
            errors.push(attr.path().span(), message);
            return false;
        };
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
    if function.is_blocking() {
        plan.blocks(&mut errors);
    }
    if let Some(shell) = function.shell.as_mut().filter(|_| plan.repeats() || plan.replaces()) {
        shell.add_move();
    }
    document(&mut function, &plan);
    let runtime = runtime.unwrap_or_else(|| parse_quote_spanned!(Span::mixed_site()=> ::resilience_runtime));
    let expansion =
        emit(&function, &layers, &plan, &runtime, &absorbed, takes_faults, &mut errors).unwrap_or_else(|| {
            function.attrs.extend(absorbed);
            function.into_token_stream()
        });
    with_errors(errors, &expansion)
}

/// Returns `item` and a compile error. The error tells the user to write the attribute `ours`, which another library
/// calls `theirs`.
pub(crate) fn unknown(theirs: &str, ours: &str, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    errors.push(Span::call_site(), unknown_attribute(theirs, ours));
    with_errors(errors, item)
}

fn unknown_attribute(theirs: &str, ours: &str) -> String {
    format!("unknown attribute `{theirs}`; the attribute is `#[{ours}]`")
}

/// Returns the attribute of this crate that `path` names, such as `retry` or `resilience_runtime::retry`. Returns
/// `None` for an attribute of another crate.
fn recognise<'a>(path: &Path, runtime: Option<&Path>, attributes: &'a [Attribute]) -> Option<&'a Attribute> {
    let mut names = names(path);
    let last = names.pop()?;
    let found = attributes.iter().find(|attribute| attribute.name == last)?;
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
            return (None, None);
        }
    };
    (attribute.parse)(attr.path().span(), args, errors)
}

/// Returns `#[path(__absorbed)]`, an attribute without an effect.
fn without_effect(path: &Path) -> syn::Attribute {
    let absorbed = Ident::new(ABSORBED, Span::mixed_site());
    parse_quote_spanned!(Span::mixed_site()=> #[#path(#absorbed)])
}

/// Reports an error if another attribute of this crate has already expanded, but did not recognise this attribute. An
/// import such as `use resilience_runtime::circuit as breaker` causes this error, because the import changes the name.
fn comes_first(function: &Function, errors: &mut Errors) {
    if function.body.as_ref().is_some_and(|(body, _)| mentions(body, EXPANDED)) {
        errors.push(
            Span::call_site(),
            "another attribute of this family has been expanded before this one, which it could not recognise under \
             its changed name: put this one on top, or use it under its own name",
        );
    }
}

/// Adds up to two sentences to the docs of the function. The first sentence states the longest time of a call, if the
/// attributes determine this time. The second sentence warns the user if the attempts of one failing call can open a
/// circuit. A function without docs gets no sentence, so that rustc still reports the missing docs.
fn document(function: &mut Function, plan: &Plan) {
    // Does not count `#[doc(alias = ..)]` and `#[doc(hidden)]` as docs, because these attributes contain no text.
    let is_text = |attr: &syn::Attribute| matches!(&attr.meta, Meta::NameValue(meta) if meta.path.is_ident("doc"));
    if !function.attrs.iter().any(is_text) {
        return;
    }
    for line in [plan.worst_case(), plan.opened_by_one_call()].into_iter().flatten() {
        let line = format!("\n\n{line}");
        function.attrs.push(parse_quote_spanned!(Span::mixed_site()=> #[doc = #line]));
    }
}

/// Returns the compile errors, followed by the function. The output contains the function, so that calls of the
/// function still compile, and editors still find the function.
fn with_errors(errors: Errors, item: &TokenStream) -> TokenStream {
    let errors = errors.into_tokens();
    quote!(#errors #item)
}
