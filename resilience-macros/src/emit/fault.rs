//! Generates the code that applies injected faults in the body of a function. The expansion contains this code only
//! with the feature `faults` of this crate.

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{GenericArgument, GenericParam, Generics, PathArguments, Type};

use super::layer::{Place, Stack};
use crate::tokens::mentions;

/// Returns the name of the static variable that describes the decorated function. The name is unusual, because macro
/// hygiene does not protect items of the user from a static variable with the same name.
fn function() -> Ident {
    Ident::new("__RESILIENCE_FUNCTION", Span::mixed_site())
}

impl Stack<'_> {
    /// Returns the declaration of the static variable that contains the names of the function, its module and its
    /// attributes.
    pub(super) fn function(&self) -> Option<TokenStream> {
        if !self.takes_faults {
            return None;
        }
        let mixed = Span::mixed_site();
        let (runtime, function, func) = (self.runtime, function(), self.func());
        let attributes = (0..self.layers.len()).map(|index| self.plan.facts(index).attribute);
        Some(quote_spanned! {mixed=>
            static #function: #runtime::__private::Function =
                #runtime::__private::Function::new(#func, ::core::module_path!(), &[#(#attributes),*]);
            #runtime::__private::declare!(#function);
        })
    }

    /// Returns the statement that applies an injected fault before the user's statements run.
    ///
    /// Output: `if let Some(fault) = Fault::next(&FUNCTION) { fault.wait().await; .. return outcome; .. }`
    pub(super) fn fault(&self) -> Option<TokenStream> {
        if !self.takes_faults {
            return None;
        }
        let mixed = Span::mixed_site();
        let (runtime, function) = (self.runtime, function());
        let wait = if self.blocks {
            quote_spanned!(mixed=> fault.block();)
        } else {
            quote_spanned!(mixed=> fault.wait().await;)
        };
        let end = match &self.output_of_fault {
            Some(output) => quote_spanned! {mixed=>
                if let ::core::option::Option::Some(outcome) =
                    #runtime::__private::Faulted::<#output>::new().__outcome(fault)
                {
                    return outcome;
                }
            },
            None => quote_spanned!(mixed=> fault.without_error();),
        };
        Some(quote_spanned! {mixed=>
            if let ::core::option::Option::Some(fault) = #runtime::__private::Fault::next(&#function) {
                #wait
                #end
            }
        })
    }
}

impl Place<'_> {
    /// Returns the call `.within(function, index)`. With this call, the declaration of an attribute states the
    /// decorated function, and the position of the attribute on this function.
    pub(crate) fn position(self) -> Option<TokenStream> {
        let (function, index) = (function(), Literal::usize_unsuffixed(self.index));
        self.stack.takes_faults.then(|| quote_spanned!(Span::mixed_site()=> .within(&#function, #index)))
    }
}

/// Returns whether a test can name the error type of a function. `output` is the output type that the signature
/// declares. For example, a test cannot name a type parameter of the function.
pub(super) fn returns_known_error(output: &Type, generics: &Generics) -> bool {
    let path = match output {
        Type::Group(ty) => return returns_known_error(&ty.elem, generics),
        Type::Paren(ty) => return returns_known_error(&ty.elem, generics),
        Type::Path(ty) => &ty.path,
        _ => return false,
    };
    let Some(last) = path.segments.last().filter(|last| last.ident == "Result") else {
        return is_known(output.to_token_stream(), generics);
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return true };
    let is_type = |argument: &&GenericArgument| matches!(argument, GenericArgument::Type(_));
    match arguments.args.iter().filter(is_type).nth(1) {
        Some(error) => is_known(error.to_token_stream(), generics),
        // An alias such as `io::Result<T>` has a fixed error type.
        None => arguments.args.iter().all(|argument| is_type(&argument)),
    }
}

/// Returns whether a test can name the type `ty`. A test cannot name a type parameter of the function, `Self`, `impl
/// Trait`, or a lifetime other than `'static`.
fn is_known(ty: TokenStream, generics: &Generics) -> bool {
    let is_parameter = |param: &GenericParam| match param {
        GenericParam::Type(param) => mentions(&ty, &param.ident.to_string()),
        _ => false,
    };
    !generics.params.iter().any(is_parameter) && !mentions(&ty, "Self") && !mentions(&ty, "impl") && is_static(ty)
}

/// Returns whether each lifetime in `tokens` is `'static`, and each reference has a lifetime.
fn is_static(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_static = match token {
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'')
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                matches!(tokens.peek(), Some(TokenTree::Ident(lifetime)) if lifetime == "static")
            }
            TokenTree::Group(group) => is_static(group.stream()),
            _ => true,
        };
        if !is_static {
            return false;
        }
    }
    true
}
