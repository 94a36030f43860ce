//! Parses the statements with which `#[async_trait]` moves the arguments of a method into an `async` block.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Expr, FnArg, Local, LocalInit, Pat, PatIdent, Receiver, ReceiverKind, Result, Signature, Stmt, Token};

use crate::tokens::mentions;

/// A statement `let pattern = argument;` that `#[async_trait]` generates at the beginning of an `async` block.
pub(crate) struct Moved {
    pub(crate) argument: Ident,
    local: Local,
}

impl Moved {
    pub(crate) fn moves(&self, input: &FnArg) -> bool {
        match input {
            FnArg::Receiver(_) => self.argument == "self",
            FnArg::Typed(input) => matches!(&*input.pat, Pat::Ident(pat) if pat.ident == self.argument),
        }
    }

    pub(crate) fn pat(&mut self) -> &mut Pat {
        &mut self.local.pat
    }
}

impl ToTokens for Moved {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.local.to_tokens(tokens);
    }
}

/// Splits an `async` block from `#[async_trait]` into the statements that move the arguments, and the remaining tokens.
/// The expansion places these statements before the block, because a block that runs again cannot move the arguments.
///
/// If `block` is not from `#[async_trait]`, returns an empty list and the unchanged block.
pub(crate) fn hoist(block: &TokenStream, sig: &Signature) -> (Vec<Moved>, TokenStream) {
    let split = |input: ParseStream<'_>| {
        // Recognises a block of `#[async_trait]` by its first statement, which is dead code: `if let Some(__ret) = None
        // { return __ret; }`.
        let mut rest = TokenStream::new();
        while !input.is_empty() && !input.peek(syn::token::Brace) {
            rest.append(input.parse::<TokenTree>()?);
        }
        let is_marked =
            input.peek(syn::token::Brace) && rest.to_string().starts_with("if let") && mentions(&rest, "__ret");
        let mut moved = Vec::<Moved>::new();
        if is_marked {
            rest.append(input.parse::<TokenTree>()?);
            let is_new = |next: &Moved, moved: &[Moved]| {
                sig.inputs.iter().any(|input| next.moves(input))
                    && moved.iter().all(|other| other.argument != next.argument)
            };
            while input.peek(Token![let]) {
                let ahead = input.fork();
                match moves(&ahead) {
                    Ok(Some(next)) if is_new(&next, &moved) => moved.push(next),
                    _ => break,
                }
                // Removes the statement from `input`. Only `ahead`, a fork of `input`, has read the statement so far.
                input.parse::<Stmt>()?;
            }
        }
        rest.extend(input.parse::<TokenStream>()?);
        Ok((moved, rest))
    };
    split.parse2(block.clone()).unwrap_or_else(|_| (Vec::new(), block.clone()))
}

/// Returns the block without the statement that moves `self`, and removes this statement from `moved`. A function in an
/// option such as `retry_if` can then read `self`. A statement that moves a `&self` remains, because it makes a copy.
///
/// For a `&mut self`, the returned block borrows `self` instead. For any other receiver, such as `self: Arc<Self>`, the
/// returned block uses `self` in place of the variable to which the statement moved `self`. If this variable was
/// declared `mut`, `sig` gets a `mut self`.
pub(crate) fn without_moved_self(sig: &mut Signature, moved: &mut Vec<Moved>, block: TokenStream) -> TokenStream {
    let at = moved.iter().position(|moved| moved.argument == "self");
    let (Some(receiver), Some(at)) = (receiver(sig), at) else { return block };
    let span = receiver.self_token.span;
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => block,
        ReceiverKind::Reference(..) => {
            let pat = moved.remove(at).local.pat;
            let this = Token![self](span);
            quote_spanned!(Span::mixed_site()=> let #pat = &mut *#this; #block)
        }
        _ => {
            let Pat::Ident(PatIdent { ident, mutability, .. }) = moved.remove(at).local.pat else { return block };
            receiver.mutability = mutability;
            renamed(block, &ident, span)
        }
    }
}

pub(crate) fn receiver(sig: &mut Signature) -> Option<&mut Receiver> {
    match sig.inputs.first_mut() {
        Some(FnArg::Receiver(receiver)) => Some(receiver),
        _ => None,
    }
}

/// Returns the tokens with `self` in place of each variable `name`. `span` is the span of the receiver in the signature.
fn renamed(tokens: TokenStream, name: &Ident, span: Span) -> TokenStream {
    let rename = |token| match token {
        TokenTree::Ident(ident) if ident == *name => Ident::new("self", span.located_at(ident.span())).into(),
        TokenTree::Group(group) => {
            let mut new = Group::new(group.delimiter(), renamed(group.stream(), name, span));
            new.set_span(group.span());
            new.into()
        }
        token => token,
    };
    tokens.into_iter().map(rename).collect()
}

fn moves(input: ParseStream<'_>) -> Result<Option<Moved>> {
    let Stmt::Local(local) = input.parse()? else { return Ok(None) };
    let argument = match &local.init {
        Some(LocalInit { expr, diverge: None, .. }) => argument(expr),
        _ => None,
    };
    Ok(argument.map(|argument| Moved { argument, local }))
}

/// Returns the name of an argument if `expr` consists of this argument only. The two possible forms are `argument` and
/// `{ let argument = argument; argument }`.
fn argument(expr: &Expr) -> Option<Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident().cloned(),
        Expr::Block(block) => match &block.block.stmts[..] {
            [Stmt::Local(_), Stmt::Expr(expr, None)] => argument(expr),
            _ => None,
        },
        _ => None,
    }
}
