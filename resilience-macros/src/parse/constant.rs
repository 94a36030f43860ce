//! Parses an option whose value is a literal, or an expression of the user, such as a constant.
//!
//! The macro checks the range of a literal, but does not know the value of a constant. A `const fn` of the runtime
//! crate therefore checks the constant, and the compiler reports a value outside the range.

use std::ops::RangeInclusive;
use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, LitStr, Path, Result};

use super::value;

/// The value of an option: a literal, or an expression of the user.
#[derive(Clone)]
pub(crate) enum Given<T> {
    Literal(T),
    Constant(Constant),
}

impl<T> Given<T> {
    /// Parses the value `expr` of an option. The function in the parameter `read` parses a literal. Any other
    /// expression becomes a [`Constant`]. `kind` is the type and the range of the option.
    pub(crate) fn read(
        key: &'static str,
        expr: &Expr,
        kind: Kind,
        read: impl FnOnce(&str, &Expr) -> Result<T>,
    ) -> Result<Self> {
        if value::is_literal(expr) {
            return read(key, expr).map(Self::Literal);
        }
        let tokens = expr.to_token_stream();
        value::without_exit(key, &tokens)?;
        Ok(Self::Constant(Constant { key, tokens, kind, is_path: value::is_path(expr) }))
    }

    pub(crate) fn literal(&self) -> Option<&T> {
        match self {
            Self::Literal(value) => Some(value),
            Self::Constant(_) => None,
        }
    }

    /// Returns the expression of the user, or `None` if the value is a literal.
    pub(crate) fn expression(&self) -> Option<TokenStream> {
        self.constant().map(|constant| constant.tokens.clone())
    }

    pub(crate) fn constant(&self) -> Option<&Constant> {
        match self {
            Self::Literal(_) => None,
            Self::Constant(constant) => Some(constant),
        }
    }

    /// Returns the tokens of the value. `literal` converts a literal to tokens.
    pub(crate) fn tokens(&self, runtime: &Path, literal: impl FnOnce(&T) -> TokenStream) -> TokenStream {
        match self {
            Self::Literal(value) => literal(value),
            Self::Constant(constant) => constant.checked(runtime),
        }
    }
}

impl Given<LitStr> {
    /// Returns the name of a layer as text, and the span of the name. The text is a literal in quotes, or the tokens of
    /// the user's constant. If the texts of two attributes are equal, the attributes have the same name.
    pub(crate) fn label(&self) -> (String, Span) {
        match self {
            Self::Literal(name) => (format!("{:?}", name.value()), name.span()),
            Self::Constant(constant) => (constant.tokens.to_string(), constant.span()),
        }
    }
}

/// An expression of the user in place of a literal.
#[derive(Clone)]
pub(crate) struct Constant {
    /// The name of the option.
    pub(crate) key: &'static str,
    pub(crate) tokens: TokenStream,
    kind: Kind,
    /// Whether the expression is a path, such as `LIMIT` or `Self::LIMIT`.
    is_path: bool,
}

/// The type and the range of an option.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A whole number in a range. The fields are the smallest and the largest allowed number.
    Count(u32, u32),
    /// A duration of at most 584 years.
    Time,
    /// A duration that is longer than zero and at most 584 years.
    SomeTime,
    /// A duration in a range. The fields are the shortest and the longest allowed duration.
    TimeWithin(Duration, Duration),
    /// A finite number of at least 1.
    Factor,
    /// A number that is greater than 0 and at most 1.
    Rate,
    /// A number from 0 to 1.
    Share,
    Flag,
    /// The name of a circuit, a bulkhead or a rate limit. The field `has_key` states whether the attribute has the
    /// option `key`.
    Name {
        has_key: bool,
    },
    /// The name of a layer that cannot have a `key`, such as a retry.
    Text,
    /// A value of an enum of the runtime crate. The field is the name of the enum.
    Enum(&'static str),
    /// A text that a function of the runtime crate converts to a variant of an enum. The field is the name of the
    /// function.
    Word(&'static str),
}

impl Kind {
    pub(crate) const fn count() -> Self {
        Self::Count(1, u32::MAX)
    }

    pub(crate) const fn whole(range: &RangeInclusive<u32>) -> Self {
        Self::Count(*range.start(), *range.end())
    }

    pub(crate) const fn time_within(range: &RangeInclusive<Duration>) -> Self {
        Self::TimeWithin(*range.start(), *range.end())
    }
}

impl Constant {
    pub(crate) fn span(&self) -> Span {
        self.tokens.span()
    }

    pub(crate) fn is_path(&self) -> bool {
        self.is_path
    }

    /// Returns a constant expression that checks the range of the user's constant, and evaluates to the value of this
    /// constant.
    pub(crate) fn checked(&self, runtime: &Path) -> TokenStream {
        let mixed = Span::mixed_site();
        let at = mixed.located_at(self.span());
        let Self { key, tokens, kind, .. } = self;
        let seconds = |time: Duration| {
            let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
            quote_spanned!(mixed=> #runtime::__private::Duration::new(#seconds, #nanos))
        };
        let (function, bounds) = match *kind {
            Kind::Count(least, most) => {
                let [least, most] = [least, most].map(Literal::u32_unsuffixed);
                ("count", quote_spanned!(mixed=> #least, #most,))
            }
            Kind::Time => ("time", TokenStream::new()),
            Kind::SomeTime => ("some_time", TokenStream::new()),
            Kind::TimeWithin(least, most) => {
                let [least, most] = [least, most].map(seconds);
                ("time_within", quote_spanned!(mixed=> #least, #most,))
            }
            Kind::Factor => ("factor", TokenStream::new()),
            Kind::Rate => ("rate", TokenStream::new()),
            Kind::Share => ("share", TokenStream::new()),
            Kind::Flag | Kind::Enum(_) => ("any", TokenStream::new()),
            Kind::Name { has_key } => ("name", quote_spanned!(mixed=> #has_key,)),
            Kind::Text => ("text", TokenStream::new()),
            Kind::Word(of) => (of, TokenStream::new()),
        };
        let ty = kind.ty(runtime);
        let message = format!("`{key}` must be {}", kind.allowed());
        let function = Ident::new(function, at);
        // If the constant has a wrong type, the type in the `let` makes the compiler name the expected type.
        quote_spanned! {at=>
            {
                let __resilience_value: #ty = #tokens;
                #runtime::__private::constant::#function(__resilience_value, #bounds #message)
            }
        }
    }

    /// Returns an expression for the value of the user's constant, for use in a function body. The compiler evaluates
    /// this expression at compile time.
    pub(crate) fn inline(&self, runtime: &Path) -> TokenStream {
        inline(&self.kind.ty(runtime), &self.checked(runtime), [self].into_iter())
    }
}

/// Returns an expression that evaluates `value` at compile time, for use in a function body. `ty` is the type of
/// `value`. `constants` are the user's expressions in `value`.
///
/// The expression usually contains a `const` item, because `cargo check` evaluates `const` items, but not `const`
/// blocks. However, an item cannot name `Self` or a generic parameter. If the constants may contain such a name, the
/// expression is a `const` block.
pub(crate) fn inline<'a>(
    ty: &TokenStream,
    value: &TokenStream,
    mut constants: impl Iterator<Item = &'a Constant>,
) -> TokenStream {
    let mixed = Span::mixed_site();
    if constants.any(|constant| names_type(&constant.tokens)) {
        return quote_spanned!(mixed=> const { #value });
    }
    quote_spanned! {mixed=>
        {
            const __RESILIENCE_CONSTANT: #ty = #value;
            __RESILIENCE_CONSTANT
        }
    }
}

/// Returns whether `tokens` contain a name that may be a type or a generic parameter. For example, `T` and `Self` may
/// be types, but `LIMIT` is a constant.
fn names_type(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => names_type(&group.stream()),
        TokenTree::Ident(name) => {
            let name = name.to_string();
            name.starts_with(char::is_uppercase) && (name.len() == 1 || name.contains(char::is_lowercase))
        }
        _ => false,
    })
}

impl Kind {
    /// Returns the type of the option.
    fn ty(self, runtime: &Path) -> TokenStream {
        let mixed = Span::mixed_site();
        match self {
            Self::Count(..) => quote_spanned!(mixed=> ::core::primitive::u32),
            Self::Time | Self::SomeTime | Self::TimeWithin(..) => quote_spanned!(mixed=> #runtime::__private::Duration),
            Self::Factor | Self::Rate | Self::Share => quote_spanned!(mixed=> ::core::primitive::f64),
            Self::Flag => quote_spanned!(mixed=> ::core::primitive::bool),
            Self::Name { .. } | Self::Text | Self::Word(_) => quote_spanned!(mixed=> &'static ::core::primitive::str),
            Self::Enum(of) => {
                let of = Ident::new(of, mixed);
                quote_spanned!(mixed=> #runtime::__private::#of)
            }
        }
    }

    /// Returns the description of the range for error messages.
    fn allowed(self) -> String {
        match self {
            Self::Count(least, most) => format!("a whole number from {least} to {most}"),
            Self::Time => "at most 584 years".to_owned(),
            Self::SomeTime => "longer than zero, and at most 584 years".to_owned(),
            Self::TimeWithin(..) => "from 1 ms to 24 h".to_owned(),
            Self::Factor => "a finite number of at least 1".to_owned(),
            Self::Rate => "a number greater than 0, to 1, such as `0.5`".to_owned(),
            Self::Share => "a number from 0 to 1, such as `0.2`".to_owned(),
            Self::Name { has_key: false } => "a text that is not blank, and does not end like `name[key]`".to_owned(),
            Self::Name { has_key: true } => "a text that is not blank, without `[`".to_owned(),
            Self::Text => "a text that is not blank".to_owned(),
            Self::Word(of) => match of {
                "counting" => "\"attempts\" or \"requests\"".to_owned(),
                _ => String::new(),
            },
            Self::Flag | Self::Enum(_) => String::new(),
        }
    }
}
