//! The options of an attribute: `key = value` and `key(list)`, in any order, each at most once; before them, in some, a
//! value that needs no key.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, Result, Token, parenthesized, token};

use super::value::identifier;
use crate::error::Errors;

/// What an attribute says, with the spans to complain about it.
pub(crate) struct Args {
    /// Where the attribute stands.
    span: Span,
    args: Vec<(Ident, Value)>,
    /// Something could not be read, and may have been meant for any option.
    broken: bool,
}

enum Value {
    Expr(Expr),
    List(TokenStream),
}

impl Args {
    /// Reads the options, of which `known` are allowed, and goes on after every mistake.
    pub(crate) fn parse(span: Span, tokens: TokenStream, known: &[&str], errors: &mut Errors) -> Self {
        Self::parse_after(None, span, tokens, known, errors)
    }

    /// Like [`Args::parse`], where the first value may stand without the key `first`, and only so.
    pub(crate) fn parse_after(
        first: Option<&str>,
        span: Span,
        tokens: TokenStream,
        known: &[&str],
        errors: &mut Errors,
    ) -> Self {
        let mut args = Vec::<(Ident, Value)>::new();
        let mut broken = false;
        let parser = |input: ParseStream<'_>| {
            let is_known = |key: Ident| known.iter().any(|name| key == name);
            // A call of something else is a value.
            let keyed = |input: ParseStream<'_>| {
                input.peek(syn::Ident::peek_any)
                    && (input.peek2(Token![=])
                        || input.peek2(token::Paren) && input.fork().call(Ident::parse_any).is_ok_and(is_known))
            };
            if let Some(first) = first.filter(|_| !input.is_empty() && !keyed(input)) {
                let value = input.parse::<Expr>().map_err(|error| errors.add(error));
                if let Ok(value) = value {
                    args.push((Ident::new(first, value.span()), Value::Expr(value)));
                } else {
                    broken = true;
                    skip_to_comma(input);
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            while !input.is_empty() {
                match argument(input, known) {
                    Ok((key, _)) if args.iter().any(|(other, _)| *other == key) => {
                        errors.push(key.span(), format_args!("duplicate option `{key}`: write it once"));
                    }
                    Ok(arg) => args.push(arg),
                    Err(error) => {
                        errors.add(error);
                        broken = true;
                        skip_to_comma(input);
                    }
                }
                if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                    errors.push(input.span(), "expected `,` between two options");
                    if !input.peek(syn::Ident::peek_any) {
                        skip_to_comma(input);
                        let _ = input.parse::<Token![,]>();
                    }
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.add(error);
        }
        Self { span, args, broken }
    }

    /// Asks for an option that must be there.
    pub(crate) fn require(&self, key: &str, message: &str, errors: &mut Errors) {
        if !self.broken && !self.args.iter().any(|(ident, _)| ident == key) {
            errors.push(self.span, message);
        }
    }

    /// Complains about options that may not be there.
    pub(crate) fn refuse(&self, keys: &[&str], message: &str, errors: &mut Errors) {
        for key in keys.iter().filter_map(|key| self.key(key)) {
            errors.push(key.span(), format_args!("`{key}` {message}"));
        }
    }

    /// Something could not be read, and may have been meant for any option.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// The name of an option, as it was written.
    pub(crate) fn key(&self, key: &str) -> Option<Ident> {
        self.args.iter().find(|(ident, _)| ident == key).map(|(ident, _)| ident.clone())
    }

    pub(crate) fn read<T>(
        &mut self,
        key: &str,
        errors: &mut Errors,
        read: impl FnOnce(&str, &Expr) -> Result<T>,
    ) -> Option<T> {
        let (ident, value) = self.take(key)?;
        errors.ok(match value {
            Value::Expr(expr) => read(key, &expr),
            Value::List(_) => Err(Error::new(ident.span(), format_args!("expected a value: write `{key} = ..`"))),
        })
    }

    pub(crate) fn list(&mut self, key: &str, errors: &mut Errors) -> Vec<Ident> {
        match self.take(key) {
            Some((_, Value::List(list))) => match Punctuated::<Expr, Token![,]>::parse_terminated.parse2(list) {
                Ok(list) => list.iter().filter_map(|value| errors.ok(argument_name(key, value))).collect(),
                Err(error) => {
                    errors.push(error.span(), names_only(key));
                    Vec::new()
                }
            },
            Some((ident, Value::Expr(_))) => {
                errors.push(ident.span(), format_args!("expected a list: write `{key}(..)`"));
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn take(&mut self, key: &str) -> Option<(Ident, Value)> {
        let index = self.args.iter().position(|(ident, _)| ident == key)?;
        Some(self.args.swap_remove(index))
    }
}

fn argument(input: ParseStream<'_>, known: &[&str]) -> Result<(Ident, Value)> {
    let valid = || known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    if !input.peek(syn::Ident::peek_any) {
        return Err(input.error(format_args!("expected `option = value`; the options are {}", valid())));
    }
    let key = input.call(Ident::parse_any)?;
    if !known.iter().any(|name| key == name) {
        let hint = match nearest(&key.to_string(), known) {
            Some(name) => format!("did you mean `{name}`? the options are {}", valid()),
            None => format!("the options are {}", valid()),
        };
        return Err(Error::new(key.span(), format_args!("unknown option `{key}`; {hint}")));
    }
    if input.peek(token::Paren) {
        let list;
        parenthesized!(list in input);
        return Ok((key, Value::List(list.parse()?)));
    }
    if !input.peek(Token![=]) {
        return Err(Error::new(key.span(), format_args!("expected a value: write `{key} = ..`")));
    }
    let equals = input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(equals.span, format_args!("expected a value: write `{key} = ..`")));
    }
    Ok((key, Value::Expr(input.parse()?)))
}

fn argument_name(key: &str, value: &Expr) -> Result<Ident> {
    identifier(value).ok_or_else(|| Error::new_spanned(value, names_only(key)))
}

fn names_only(key: &str) -> String {
    format!("`{key}` takes the names of arguments")
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<TokenTree>();
    }
}

/// The known name that is fewest edits away from `key`, if those are few.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|name| (edits(key, name), *name)).min()?;
    (near.0 <= 1 + near.1.len() / 3).then_some(near.1)
}

/// The Levenshtein distance.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}
