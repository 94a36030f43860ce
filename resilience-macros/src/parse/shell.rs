//! Finds an `async` block that contains the user's statements. Three kinds of functions contain such a block:
//!
//! - A method of `#[async_trait]` ends with `Box::pin(async move { .. })`.
//! - A function with the return type `impl Future` ends with `async move { .. }`.
//! - A function expanded by `#[instrument]` contains the user's body in `async move { .. }`.

use crate::tokens::mentions;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// The tokens of a function body, and the position of an `async` block in these tokens.
pub(crate) struct Shell {
    /// The span of the braces around the function body.
    pub(crate) braces: Span,
    body: TokenStream,
    /// The position of the `async` block: an index for each level of nesting. The first index selects a token of the
    /// body. Each further index selects a token inside the group that the previous index selects.
    path: Vec<usize>,
    /// Whether the `async` block takes ownership of its variables by `move`.
    pub(crate) moves: bool,
}

impl Shell {
    /// Searches the function body for the `async` block that contains the user's statements. Returns the tokens around
    /// the block, the tokens inside its braces, and the span of these braces. Returns `None` if the search finds no
    /// block.
    ///
    /// In a function that is not `async`, the block is the last expression of the function. If `#[instrument]` has
    /// wrapped the body in an `async` block, `peel` finds the block of `#[instrument]`. The attributes of this crate
    /// then run inside the tracing span.
    pub(crate) fn peel(body: &TokenStream, braces: Span, is_async: bool) -> Option<(Self, TokenStream, Span)> {
        let mut path = Vec::new();
        let ending = if is_async { None } else { Some(ending(body, &mut path)?) };
        let within = ending.as_ref().map_or_else(|| body.clone(), Group::stream);
        let block = instrumented(&within, &mut path).or(ending)?;
        let mut shell = Self { braces, body: body.clone(), path, moves: true };
        shell.moves = shell.is_followed_by_block("move");
        if shell.is_whole() {
            shell.add_move();
        }
        Some((shell, block.stream(), block.span()))
    }

    /// Adds `move` to the `async` block, if the block has no `move`. For example, the user's block may borrow only the
    /// field `self.url`, but the expansion also uses `self` as a whole. Without `move`, the block would then borrow the
    /// local variable `self`, and could not outlive the function.
    pub(crate) fn add_move(&mut self) {
        if !self.moves {
            self.body = with_move(&self.body, &self.path);
            if let Some(at) = self.path.last_mut() {
                *at += 1;
            }
            self.moves = true;
        }
    }

    pub(crate) fn is_instrumented(&self) -> bool {
        mentions(&self.body, "__tracing_instrument_future")
    }

    /// Returns whether no statement precedes the `async` block. After a statement that borrows a variable, the block
    /// could not move this variable.
    fn is_whole(&self) -> bool {
        let is_statement = |token: &TokenTree| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        let before = self.path.first().copied().unwrap_or_default();
        !self.body.clone().into_iter().take(before).any(|token| is_statement(&token))
    }

    /// Returns whether `keyword` directly precedes the braces of the `async` block.
    fn is_followed_by_block(&self, keyword: &str) -> bool {
        let mut tokens = self.body.clone();
        for at in &self.path[..self.path.len().saturating_sub(1)] {
            match tokens.into_iter().nth(*at) {
                Some(TokenTree::Group(group)) => tokens = group.stream(),
                _ => return false,
            }
        }
        let before = self.path.last().and_then(|at| at.checked_sub(1));
        before.and_then(|at| tokens.into_iter().nth(at)).is_some_and(|token| is(&token, keyword))
    }

    /// Returns the function body with `within` in place of the statements inside the `async` block.
    pub(crate) fn around(&self, within: &TokenStream) -> TokenStream {
        replace(&self.body, &self.path, within)
    }

    /// Returns whether the statements outside the `async` block may move or shadow the variable `ident`.
    pub(crate) fn takes(&self, ident: &str) -> bool {
        takes(&self.around(&TokenStream::new()), ident)
    }

    /// Returns whether the statements outside the `async` block may declare a new variable with the name `ident`.
    pub(crate) fn shadows(&self, ident: &str) -> bool {
        shadows(&self.around(&TokenStream::new()), ident)
    }

    /// Returns the span of the first `return` outside the `async` block.
    pub(crate) fn early_return(&self) -> Option<Span> {
        returns(self.around(&TokenStream::new()))
    }
}

/// Returns the `async` block at the end of `body`. The block may be the argument of `Box::pin(..)`, or may be followed
/// by `.boxed()`. Appends the position of the block to `path`.
fn ending(body: &TokenStream, path: &mut Vec<usize>) -> Option<Group> {
    let mut tokens: Vec<_> = body.clone().into_iter().collect();
    if let [.., TokenTree::Group(_), TokenTree::Punct(dot), TokenTree::Ident(name), TokenTree::Group(arguments)] =
        &tokens[..]
    {
        if dot.as_char() == '.' && (name == "boxed" || name == "boxed_local") && arguments.stream().is_empty() {
            tokens.truncate(tokens.len() - 3);
        }
    }
    if let Some(TokenTree::Group(last)) = tokens.last() {
        if last.delimiter() == Delimiter::Parenthesis {
            let within: Vec<_> = last.stream().into_iter().collect();
            path.push(tokens.len() - 1);
            tokens.pop();
            ["pin", "boxed", "boxed_local"]
                .iter()
                .any(|name| tokens.last().is_some_and(|last| is(last, name)))
                .then_some(())?;
            tokens = within;
            if tokens.last().is_some_and(|last| last.to_string() == ",") {
                tokens.pop();
            }
            (tokens.len() <= 3).then_some(())?;
        }
    }
    path.push(tokens.len().checked_sub(1)?);
    async_block(&tokens)
}

/// Returns the `async` block in which `#[instrument]` has wrapped the body. Appends the position of the block to
/// `path`.
fn instrumented(tokens: &TokenStream, path: &mut Vec<usize>) -> Option<Group> {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let at = tokens.iter().position(|token| is(token, "__tracing_instrument_future"))? + 4;
    let mut block = async_block(tokens.get(..=at)?)?;
    path.push(at);
    // With the option `err` or `ret`, `#[instrument]` generates two nested `async` blocks. The inner block is a part of
    // `match async move { .. }.await` or `let x = async move { .. }.await`. The user's body may contain `async` blocks,
    // too. A generated block is recognised by its `async` token: the source text of this token is not `async`.
    let generated =
        |token: &TokenTree| is(token, "async") && token.span().source_text().is_some_and(|text| text != "async");
    loop {
        let tokens: Vec<_> = block.stream().into_iter().take(6).collect();
        let Some(at) = tokens.iter().position(generated).map(|at| at + 2) else { return Some(block) };
        block = async_block(tokens.get(..=at)?)?;
        path.push(at);
    }
}

/// Returns the group in braces if `tokens` end with `async { .. }` or `async move { .. }`.
fn async_block(tokens: &[TokenTree]) -> Option<Group> {
    let (TokenTree::Group(block), before) = tokens.split_last()? else { return None };
    let before = match before.split_last()? {
        (last, before) if is(last, "move") => before,
        _ => before,
    };
    (block.delimiter() == Delimiter::Brace && is(before.last()?, "async")).then(|| block.clone())
}

/// Returns `tokens` with `move` before one group. `path` is the position of this group.
fn with_move(tokens: &TokenStream, path: &[usize]) -> TokenStream {
    let Some((at, path)) = path.split_first() else { return tokens.clone() };
    let made = tokens.clone().into_iter().enumerate().flat_map(|(index, token)| match token {
        TokenTree::Group(group) if index == *at => {
            let within = if path.is_empty() { group.stream() } else { with_move(&group.stream(), path) };
            let mut made = Group::new(group.delimiter(), within);
            made.set_span(group.span());
            let word = path.is_empty().then(|| TokenTree::Ident(Ident::new("move", Span::mixed_site())));
            word.into_iter().chain([TokenTree::Group(made)])
        }
        token => None.into_iter().chain([token]),
    });
    made.collect()
}

/// Returns `tokens` with `within` as the contents of one group. `path` is the position of this group: an index for each
/// level of nesting.
fn replace(tokens: &TokenStream, path: &[usize], within: &TokenStream) -> TokenStream {
    let Some((at, path)) = path.split_first() else { return within.clone() };
    let replaced = tokens.clone().into_iter().enumerate().map(|(index, token)| match token {
        TokenTree::Group(group) if index == *at => {
            let mut made = Group::new(group.delimiter(), replace(&group.stream(), path, within));
            made.set_span(group.span());
            TokenTree::Group(made)
        }
        token => token,
    });
    replaced.collect()
}

/// Returns whether `tokens` may move or shadow the variable `ident`.
///
/// Three uses of the variable do not count:
///
/// - The tokens `&ident` borrow the variable.
/// - The tokens `%ident` and `?ident` record the variable in a field of a tracing span.
/// - The tokens `ident.` begin a method call or a field access, such as `ident.len()`.
fn takes(tokens: &TokenStream, ident: &str) -> bool {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let is_one_of = |token: Option<&TokenTree>, marks: &str| match token {
        Some(TokenTree::Punct(punct)) => marks.contains(punct.as_char()),
        _ => false,
    };
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Group(group) => takes(&group.stream(), ident),
        TokenTree::Ident(_) => {
            let before = at.checked_sub(1).and_then(|before| tokens.get(before));
            is(token, ident) && !is_one_of(before, "&%?.") && !is_one_of(tokens.get(at + 1), ".")
        }
        _ => false,
    })
}

/// Returns whether `tokens` may declare a variable `ident`, by a pattern, an item or a macro.
fn shadows(tokens: &TokenStream, ident: &str) -> bool {
    let mut declares = false;
    let mut after_mark = false;
    tokens.clone().into_iter().any(|token| {
        let of_macro = after_mark;
        after_mark = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '!');
        match &token {
            TokenTree::Group(group) if declares || of_macro => mentions(&group.stream(), ident),
            TokenTree::Group(group) => shadows(&group.stream(), ident),
            TokenTree::Punct(punct) => {
                declares &= !matches!(punct.as_char(), '=' | ';');
                false
            }
            TokenTree::Ident(name) if declares && name == ident => true,
            TokenTree::Ident(name) => {
                declares |= ["let", "const", "static", "use", "fn"].iter().any(|word| name == word);
                false
            }
            TokenTree::Literal(_) => false,
        }
    })
}

/// Returns the span of the first `return` that leaves the function itself. A `return` in an inner closure, `async`
/// block or function does not count.
fn returns(tokens: TokenStream) -> Option<Span> {
    #[derive(PartialEq)]
    enum Within {
        Nothing,
        Function,
        Arguments,
        Closure,
    }
    let mut within = Within::Nothing;
    let mut before = String::new();
    for token in tokens {
        let text = token.to_string();
        // A `|` begins the parameters of a closure in two cases: the `|` is the first token, or it follows a token
        // listed below. After a value, a `|` is an operator or separates two patterns.
        let starts =
            before.is_empty() || matches!(&*before, "move" | "async" | "return") || "=,;(>&".contains(&*before);
        within = match (within, &*text) {
            (Within::Nothing, "return") => return Some(token.span()),
            (Within::Nothing, "fn") => Within::Function,
            (Within::Nothing, "|") if starts => Within::Arguments,
            (Within::Arguments, "|") => Within::Closure,
            (Within::Function | Within::Closure, ";") | (Within::Closure, ",") => Within::Nothing,
            (within, _) => match &token {
                TokenTree::Group(group) if within == Within::Function && group.delimiter() == Delimiter::Brace => {
                    Within::Nothing
                }
                TokenTree::Group(group) if within == Within::Nothing && !matches!(&*before, "async" | "move") => {
                    if let Some(found) = returns(group.stream()) {
                        return Some(found);
                    }
                    within
                }
                _ => within,
            },
        };
        before = text;
    }
    None
}

fn is(token: &TokenTree, keyword: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == keyword)
}

/// Returns whether the body ends with a call and contains no `async` block, as in `{ self.inner.send(request) }`.
pub(crate) fn is_forwarded(body: &TokenStream) -> bool {
    let is_call =
        |last: TokenTree| matches!(last, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis);
    !mentions(body, "async") && body.clone().into_iter().last().is_some_and(is_call)
}
