//! Parses the signature of a function. Keeps the body as tokens, because the body may be incomplete while the user
//! edits the function.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{AttrStyle, Attribute, Error, Result, ReturnType, Signature, Token, Type, Visibility};

use super::future;
use super::shell::{Shell, is_forwarded};
use crate::error::Errors;
use crate::tokens::{awaits, is_generated};

pub(crate) struct Function {
    /// The outer attributes of the function, followed by the inner attributes (`#![..]`) of its body.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// The tokens of the body without its braces, and the span of these braces. If the user's statements are in an
    /// inner `async` block, the tokens and the span belong to this block. The field is `None` for a trait method
    /// without a body.
    pub(crate) body: Option<(TokenStream, Span)>,
    /// The tokens around the inner `async` block with the user's statements, such as `Box::pin(..)`. The field is
    /// `None` if the statements are directly in the body of the function.
    pub(crate) shell: Option<Shell>,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let keyword = input.fork().call(Ident::parse_any)?;
        let sig: Signature = input.parse().map_err(|error| wrong_item(&keyword).unwrap_or(error))?;
        let mut body = if input.parse::<Option<Token![;]>>()?.is_some() {
            None
        } else {
            let group = braces(input.parse()?)?;
            let within = |input: ParseStream<'_>| {
                attrs.extend(input.call(Attribute::parse_inner)?);
                input.parse::<TokenStream>()
            };
            Some((syn::parse::Parser::parse2(within, group.stream())?, group.span()))
        };
        let mut shell = None;
        if let Some((outer, braces)) = &body {
            if let Some((found, inner, span)) = Shell::peel(outer, *braces, sig.asyncness.is_some()) {
                shell = Some(found);
                body = Some((inner, span));
            }
        }
        Ok(Self { attrs, vis, sig, body, shell })
    }
}

/// Returns a function body: the braces, and the tokens inside the braces. Removes the invisible groups that a
/// `macro_rules!` macro may have put around the body.
fn braces(body: TokenTree) -> Result<Group> {
    match body {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => braces(syn::parse2(group.stream())?),
        body => Err(Error::new(body.span(), "expected the body of a function")),
    }
}

/// Returns the error for an item that is not a function. `keyword` is the word after the visibility of the item, such
/// as `struct`. Returns `None` if the item is a function with a mistake in the signature.
fn wrong_item(keyword: &Ident) -> Option<Error> {
    let message = match keyword.to_string().as_str() {
        "async" | "const" | "extern" | "fn" | "safe" | "unsafe" => return None,
        "impl" | "trait" => {
            "put this on each method that it is for: one name for all methods would make one circuit of them"
        }
        _ => "put this on a function",
    };
    Some(Error::new(keyword.span(), message))
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.with(&self.sig, self.body.as_ref().map(|(body, _)| body.clone())));
    }
}

impl Function {
    /// Returns the tokens of this function with the signature `sig` and the body `body`.
    pub(crate) fn with(&self, sig: &Signature, body: Option<TokenStream>) -> TokenStream {
        let (inner, outer): (Vec<_>, Vec<_>) =
            self.attrs.iter().partition(|attr| matches!(attr.style, AttrStyle::Inner(_)));
        let mut tokens = TokenStream::new();
        tokens.append_all(outer);
        self.vis.to_tokens(&mut tokens);
        sig.to_tokens(&mut tokens);
        if let (Some(body), Some((_, span))) = (body, &self.body) {
            let (body, braces) = match &self.shell {
                Some(shell) => (shell.around(&body), shell.braces),
                None => (body, *span),
            };
            let mut within = TokenStream::new();
            within.append_all(inner);
            within.extend(body);
            // Uses the span of the user's braces. Without this span, rustc would not report an unused function.
            let mut group = Group::new(Delimiter::Brace, within);
            group.set_span(braces);
            tokens.append(group);
        } else {
            <Token![;]>::default().to_tokens(&mut tokens);
        }
        tokens
    }

    /// Returns whether the attribute `#[instrument]` has wrapped or will wrap the body in an `async` block.
    pub(crate) fn is_instrumented(&self) -> bool {
        let is_instrument =
            |attr: &Attribute| attr.path().segments.last().is_some_and(|last| last.ident == "instrument");
        self.attrs.iter().any(is_instrument) || self.shell.as_ref().is_some_and(Shell::is_instrumented)
    }

    /// Reports an error for each mistake in the function, such as a missing `async`.
    pub(crate) fn check(&self, errors: &mut Errors) {
        let Signature { constness, abi, fn_token, ident, output, .. } = &self.sig;
        if let Some(constness) = constness {
            errors.push(constness.span, "a `const fn` cannot wait for anything: remove `const`");
        } else if let Some(message) = self.lacks_future() {
            errors.push(fn_token.span, message);
            return;
        }
        if let Some(early) = self.shell.as_ref().and_then(Shell::early_return) {
            errors.push(early, "this returns past the layers: move it into the `async` block, or write `async fn`");
        }
        if let Some(abi) = abi {
            errors.push(abi.extern_token.span, "an `extern` function cannot be decorated");
        }
        if self.body.is_none() {
            errors.push(ident.span(), "this method has no body: put this on its implementations");
        }
        if matches!(output, ReturnType::Default) {
            errors.push(ident.span(), "this function must return a `Result`: what fails is told by `Err`");
        }
        if let Some(ty) = self.output().filter(|ty| never_a_result(ty)) {
            errors.add(Error::new_spanned(ty, "this must be a `Result`: what fails is told by `Err`"));
        }
    }

    /// Returns whether the function is plain: it is not `async`, and does not end with an `async` block. The body of a
    /// plain function runs on the caller's thread. An attribute that waits blocks this thread.
    pub(crate) fn is_blocking(&self) -> bool {
        self.sig.asyncness.is_none() && self.shell.is_none()
    }

    /// Returns the error for a function that should be `async`. This error has three possible reasons: the return type
    /// names a future, the body contains `.await`, or another attribute replaced `async` by `block_on`.
    fn lacks_future(&self) -> Option<String> {
        let (body, _) = self.body.as_ref().filter(|_| self.is_blocking())?;
        let future = match &self.sig.output {
            ReturnType::Type(_, ty) if future::is_named(ty.to_token_stream()) => Some(ty),
            _ => None,
        };
        if is_generated(body, "block_on") {
            let message = "this function is not async: write `async fn`, or, if an attribute above has made it so, put that \
                           one below";
            return Some(message.to_owned());
        }
        match future {
            Some(ty) if is_forwarded(body) => {
                let ending = ending(ty, "other(..).await");
                Some(format!("this function hands on the future of another: end it with `{ending}`"))
            }
            Some(ty) => {
                let ending = ending(ty, "..");
                Some(format!("this function does not end with its future: write `async fn`, or end it with `{ending}`"))
            }
            None => awaits(body.clone()).map(|_| "this function is not async: write `async fn`".to_owned()),
        }
    }

    /// Returns the type of the outcome of a call. If the function returns a future, this type is the output type of the
    /// future. Returns `None` if the signature does not show the type.
    pub(crate) fn output(&self) -> Option<&Type> {
        match &self.sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) if self.sig.asyncness.is_some() || self.is_blocking() => Some(ty),
            ReturnType::Type(_, ty) => future::output(ty),
        }
    }
}

/// Returns `true` if the type cannot be a `Result`. A tuple and a reference, for example, cannot be a `Result`. Returns
/// `false` for a path, because the path may name an alias of `Result`.
fn never_a_result(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => never_a_result(&group.elem),
        Type::Paren(paren) => never_a_result(&paren.elem),
        Type::Path(_) | Type::Macro(_) | Type::Infer(_) | Type::Verbatim(_) => false,
        _ => true,
    }
}

/// Returns the text of an expression for the end of a function with the return type `ty`. The expression creates a
/// future that runs the statements `body`.
fn ending(ty: &Type, body: &str) -> String {
    match ty {
        Type::ImplTrait(_) => format!("async move {{ {body} }}"),
        _ => format!("Box::pin(async move {{ {body} }})"),
    }
}
