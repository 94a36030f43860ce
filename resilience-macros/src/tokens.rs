//! Defines functions that search or create tokens.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Path;

/// The name of a constant that an expansion may add to the function body. If an attribute finds this name in the body,
/// another attribute of this crate has already expanded on the function. The attribute then reports an error.
pub(crate) const EXPANDED: &str = "__RESILIENCE_EXPANDED";

/// Returns whether `tokens` contain the name `ident`. The name also counts inside a format string, such as `"{ident}"`.
/// The name of a field or of a method does not count.
pub(crate) fn mentions(tokens: &TokenStream, ident: &str) -> bool {
    let mut dots = 0;
    tokens.clone().into_iter().any(|token| {
        let after_dots = dots;
        dots = if matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.') { dots + 1 } else { 0 };
        match token {
            TokenTree::Group(group) => mentions(&group.stream(), ident),
            TokenTree::Ident(token) => after_dots != 1 && token == ident,
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let braces = |at: usize| at - text[..at].trim_end_matches('{').len();
                text.match_indices(ident).any(|(at, _)| braces(at) % 2 == 1)
            }
            TokenTree::Punct(_) => false,
        }
    })
}

/// Returns `{ within }` as one group of tokens, with `span` as the span of the braces.
pub(crate) fn braced(within: TokenStream, span: Span) -> TokenTree {
    let mut group = Group::new(Delimiter::Brace, within);
    group.set_span(span);
    TokenTree::Group(group)
}

/// Returns the tokens of `path` with the location `at`, so that compile errors point at `at`. The tokens keep their
/// hygiene.
pub(crate) fn located(path: &Path, at: Span) -> TokenStream {
    let tokens = path.to_token_stream().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(at));
        token
    });
    tokens.collect()
}
