//! Functions that are not `async` themselves and end with an `async` block: `Box::pin(async move { .. })`, which
//! `#[async_trait]` makes of methods, and `async move { .. }` behind `-> impl Future`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::parse::{ParseStream, Parser};
use syn::{
    AssocType, Expr, GenericArgument, Local, LocalInit, Pat, Path, PathArguments, Result, Stmt, Token, Type,
    TypeParamBound,
};

/// What stands around the block.
pub(crate) struct Shell {
    /// The braces of the function.
    pub(crate) braces: Span,
    /// Everything up to the block, the path before parentheses included.
    before: Vec<TokenTree>,
    /// `async`, and maybe `move`.
    keywords: Vec<TokenTree>,
    /// The parentheses of `Box::pin`, and a comma within.
    parentheses: Option<(Span, Option<TokenTree>)>,
}

impl Shell {
    /// Takes the statements of the `async` block that ends `body` out of it.
    pub(crate) fn peel(body: &TokenStream, braces: Span) -> Option<(Self, TokenStream, Span)> {
        let mut before: Vec<_> = body.clone().into_iter().collect();
        let (keywords, block, parentheses) = match before.last()? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                let span = group.span();
                let mut within: Vec<_> = group.stream().into_iter().collect();
                before.pop();
                if !before.last().is_some_and(|last| is(last, "pin")) {
                    return None;
                }
                let comma = take_last(&mut within, |last| last.to_string() == ",");
                let (keywords, block) = async_block(&mut within)?;
                (keywords, block, within.is_empty().then_some(Some((span, comma)))?)
            }
            _ => {
                let (keywords, block) = async_block(&mut before)?;
                (keywords, block, None)
            }
        };
        Some((Self { braces, before, keywords, parentheses }, block.stream(), block.span()))
    }

    /// Puts the shell around the statements of a block.
    pub(crate) fn around(&self, within: TokenStream, braces: Span) -> TokenStream {
        let mut block = Group::new(Delimiter::Brace, within);
        block.set_span(braces);
        let mut made: TokenStream = self.keywords.iter().cloned().collect();
        made.append(block);
        if let Some((span, comma)) = &self.parentheses {
            made.extend(comma.clone());
            let mut parentheses = Group::new(Delimiter::Parenthesis, made);
            parentheses.set_span(*span);
            made = parentheses.into_token_stream();
        }
        self.before.iter().cloned().chain(made).collect()
    }
}

/// Takes an `async` block off the end of `tokens`: its keywords and its braces.
fn async_block(tokens: &mut Vec<TokenTree>) -> Option<(Vec<TokenTree>, Group)> {
    let Some(TokenTree::Group(block)) = tokens.pop() else { return None };
    let moves = take_last(tokens, |last| is(last, "move"));
    let starts = take_last(tokens, |last| is(last, "async"))?;
    let keywords = [Some(starts), moves].into_iter().flatten().collect();
    (block.delimiter() == Delimiter::Brace).then_some((keywords, block))
}

fn take_last(tokens: &mut Vec<TokenTree>, wanted: impl FnOnce(&TokenTree) -> bool) -> Option<TokenTree> {
    if tokens.last().is_some_and(wanted) { tokens.pop() } else { None }
}

fn is(token: &TokenTree, keyword: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == keyword)
}

/// A statement `let pattern = argument;` at the beginning of a block, which moves an argument into it.
pub(crate) struct Moved {
    pub(crate) argument: Ident,
    local: Local,
}

impl Moved {
    pub(crate) fn pat(&mut self) -> &mut Pat {
        &mut self.local.pat
    }
}

impl ToTokens for Moved {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.local.to_tokens(tokens);
    }
}

/// Takes those statements out of a block: one whose statements run more than once can move an argument once only.
pub(crate) fn hoist(block: &TokenStream) -> (Vec<Moved>, TokenStream) {
    let split = |input: ParseStream<'_>| {
        let mut rest = TokenStream::new();
        // `#[async_trait]` begins with a statement of its own that never runs.
        if input.peek(Token![if]) {
            while !input.is_empty() && !input.peek(syn::token::Brace) {
                rest.append(input.parse::<TokenTree>()?);
            }
            rest.extend(input.parse::<Option<TokenTree>>().ok().flatten());
        }
        let mut moved = Vec::new();
        while input.peek(Token![let]) {
            match moves(input) {
                Ok(Some(next)) => moved.push(next),
                _ => break,
            }
        }
        rest.extend(input.parse::<TokenStream>()?);
        Ok((moved, rest))
    };
    split.parse2(block.clone()).unwrap_or_else(|_| (Vec::new(), block.clone()))
}

fn moves(input: ParseStream<'_>) -> Result<Option<Moved>> {
    let ahead = input.fork();
    let Stmt::Local(local) = ahead.parse()? else { return Ok(None) };
    let argument = match &local.init {
        Some(LocalInit { expr, diverge: None, .. }) => argument(expr),
        _ => None,
    };
    let Some(argument) = argument else { return Ok(None) };
    // For good, this time.
    input.parse::<Stmt>()?;
    Ok(Some(Moved { argument, local }))
}

/// The argument that is all of `expr`: `argument`, or `{ let argument = argument; argument }`.
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

/// What the future of this type comes to, where that can be seen.
pub(crate) fn output(future: &Type) -> Option<&Type> {
    match future {
        Type::Group(ty) => output(&ty.elem),
        Type::Paren(ty) => output(&ty.elem),
        Type::ImplTrait(ty) => ty.bounds.iter().find_map(bound),
        Type::TraitObject(ty) => ty.bounds.iter().find_map(bound),
        Type::Path(ty) => {
            let alias = ty.path.segments.last().is_some_and(|last| last.ident.to_string().ends_with("BoxFuture"));
            let mut types = arguments(&ty.path).filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            });
            if alias { types.last() } else { types.find_map(output) }
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
