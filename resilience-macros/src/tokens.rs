//! Defines functions that search or create tokens.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Path;

/// The name of a constant that an expansion may add to the function body. If an attribute of this crate finds this
/// constant, another attribute of this crate has already expanded the function.
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

/// Returns whether `tokens` contain the variable `ident`. A segment of a longer path, such as `ident::LIMIT`, is not a
/// variable. A field name in a struct expression, such as `Limits { ident: 3 }`, is not a variable either.
pub(crate) fn reads(tokens: &TokenStream, ident: &str) -> bool {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let is = |at: Option<usize>, sign| matches!(at.and_then(|at| tokens.get(at)), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Group(group) => reads(&group.stream(), ident),
        TokenTree::Ident(token) => {
            let is_segment = is(at.checked_sub(1), ':') && is(at.checked_sub(2), ':');
            // One colon follows a field name, and two colons follow a segment.
            let is_name = is_segment || is(Some(at + 1), ':');
            token == ident && !is_name && mentions(&tokens[at.saturating_sub(2)..=at].iter().cloned().collect(), ident)
        }
        _ => false,
    })
}

/// Returns whether the statements in `body` use the variable `ident`. Returns `false` if a `let` statement shadows the
/// variable before its first use.
pub(crate) fn uses(body: &TokenStream, ident: &str) -> bool {
    let tokens: Vec<_> = body.clone().into_iter().collect();
    let names = |tokens: &[TokenTree]| mentions(&tokens.iter().cloned().collect(), ident);
    let is = |token: &TokenTree, sign| matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign);
    let mut rest = &tokens[..];
    loop {
        let statement = rest.iter().position(|token| is(token, ';')).unwrap_or(rest.len());
        let (statement, after) = rest.split_at(statement);
        if names(statement) {
            // Skips blocks before the `let`, because a block needs no `;`, as in `if a { .. } let b = c;`.
            let start = statement.iter().rposition(|token| is_word(token, "let"));
            let Some(start) = start else { return true };
            let (before, declared) = statement.split_at(start);
            let is_statement = match before.last() {
                None => true,
                Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
                Some(_) => false,
            };
            let pattern = declared.iter().position(|token| is(token, '=')).unwrap_or(declared.len());
            let (pattern, value) = declared.split_at(pattern);
            return !is_statement || names(before) || names(value) || !names(pattern);
        }
        match after {
            [_, after @ ..] => rest = after,
            [] => return false,
        }
    }
}

/// Returns the tokens as a text for error messages. Does not use `Display`, because the spaces in its output differ
/// between versions of rustc.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    let mut text = String::new();
    for token in tokens.to_token_stream() {
        let next = match &token {
            TokenTree::Group(group) => {
                let within = self::text(&group.stream());
                match group.delimiter() {
                    Delimiter::Parenthesis => format!("({within})"),
                    Delimiter::Bracket => format!("[{within}]"),
                    Delimiter::Brace => format!(" {{ {within} }}"),
                    Delimiter::None => within,
                }
            }
            token => token.to_string(),
        };
        let is_word = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '"' | '&' | '\'' | '.');
        let is_split = text.ends_with([',', ':']) && !text.ends_with("::") && !next.starts_with(':')
            || text.ends_with(|sign: char| is_word(sign) && !matches!(sign, '&' | '\'' | '.'))
                && next.starts_with(is_word);
        text += if is_split { " " } else { "" };
        text += &next;
    }
    text
}

/// Returns whether `tokens` contain a name `ident` that a macro has generated. The source text of a generated name
/// differs from the name itself.
pub(crate) fn is_generated(tokens: &TokenStream, ident: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => is_generated(&group.stream(), ident),
        TokenTree::Ident(name) => name == ident && name.span().source_text().is_some_and(|text| text != ident),
        _ => false,
    })
}

/// Returns the span of the first `.await` in `tokens`. Leaves out the contents of `async` blocks.
pub(crate) fn awaits(tokens: TokenStream) -> Option<Span> {
    let mut is_async = false;
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(name) if name == "await" => Some(name.span()),
        TokenTree::Ident(name) => {
            is_async |= name == "async";
            None
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            let within = if is_async { None } else { awaits(group.stream()) };
            is_async = false;
            within
        }
        TokenTree::Group(group) => awaits(group.stream()),
        _ => None,
    })
}

/// Returns whether `tokens` may assign to the variable `ident`, or to a field or an element of the variable.
pub(crate) fn assigns(tokens: &TokenStream, ident: &str) -> bool {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    tokens.iter().enumerate().any(|(at, token)| {
        let declares = |before: usize| ["let", "mut", "ref"].iter().any(|word| is_word(&tokens[before], word));
        let is_assigned = |after| is_assignment(after) && !at.checked_sub(1).is_some_and(declares);
        match token {
            TokenTree::Group(group) => {
                let within = group.stream();
                assigns(&within, ident) || (is_assigned(&tokens[at + 1..]) && mentions(&within, ident))
            }
            TokenTree::Ident(name) => name == ident && is_assigned(after_fields(&tokens[at + 1..])),
            _ => false,
        }
    })
}

/// Returns the first `.await`, `?` or `return` of an expression, and its span. Ignores closures, `async` blocks and
/// inner functions, because a `return` in them does not leave the outer function.
pub(crate) fn exit(expression: &TokenStream) -> Option<(&'static str, Span)> {
    let tokens: Vec<_> = expression.clone().into_iter().collect();
    let is = |at: Option<usize>, sign| matches!(at.and_then(|at| tokens.get(at)), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    // A `|` after a value is an operator. Any other `|` begins a closure.
    let ends_value = |at: usize| match &tokens[at] {
        TokenTree::Ident(name) => {
            !["move", "return", "in", "else", "match", "if", "while", "static"].iter().any(|word| name == word)
        }
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Group(_) | TokenTree::Literal(_) => true,
    };
    let after =
        |at: usize, ends: &dyn Fn(usize) -> bool| (at..tokens.len()).find(|at| ends(*at)).unwrap_or(tokens.len());
    let is_block = |at: usize| matches!(&tokens[at], TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Group(group) => {
                if let Some(found) = exit(&group.stream()) {
                    return Some(found);
                }
            }
            TokenTree::Ident(name) if name == "await" && is(at.checked_sub(1), '.') => {
                return Some((".await", name.span()));
            }
            TokenTree::Ident(name) if name == "return" => return Some(("return", name.span())),
            TokenTree::Ident(name) if name == "fn" => at = after(at, &is_block),
            TokenTree::Ident(name) if name == "async" => {
                let moves = tokens.get(at + 1).is_some_and(|token| is_word(token, "move"));
                let block = at + 1 + usize::from(moves);
                if tokens.get(block).is_some_and(|_| is_block(block)) {
                    at = block;
                }
            }
            TokenTree::Punct(sign) if sign.as_char() == '?' => return Some(("?", sign.span())),
            TokenTree::Punct(sign) if sign.as_char() == '|' => {
                let is_double = is(Some(at + 1), '|');
                if at.checked_sub(1).is_some_and(ends_value) {
                    at += usize::from(is_double);
                } else {
                    let body = after(at + 1, &|at| is(Some(at), '|'));
                    at = after(body, &|at| is(Some(at), ',') || is(Some(at), ';'));
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(name) if name == word)
}

/// Skips the fields and indices at the beginning of `tokens`, such as `.0.name[1]`, and returns the remaining tokens.
fn after_fields(mut tokens: &[TokenTree]) -> &[TokenTree] {
    loop {
        tokens = match tokens {
            [TokenTree::Punct(dot), TokenTree::Ident(_) | TokenTree::Literal(_), rest @ ..] if dot.as_char() == '.' => {
                rest
            }
            [TokenTree::Group(index), rest @ ..] if index.delimiter() == Delimiter::Bracket => rest,
            _ => return tokens,
        };
    }
}

/// Returns whether `tokens` begin with an assignment operator, such as `=` or `+=`.
fn is_assignment(tokens: &[TokenTree]) -> bool {
    let operator: String = tokens
        .iter()
        .map_while(|token| match token {
            TokenTree::Punct(punct) => Some(punct.as_char()),
            _ => None,
        })
        .take(3)
        .collect();
    let assigned = operator.strip_prefix("<<").or_else(|| operator.strip_prefix(">>"));
    let assigned = assigned.unwrap_or_else(|| operator.trim_start_matches(|sign| "+-*/%^&|".contains(sign)));
    assigned.starts_with('=') && !operator.starts_with("==") && !operator.starts_with("=>")
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

/// Returns whether the source text of the attribute at `span` has the form `#[path = value]`.
pub(crate) fn is_assigned(span: Span) -> bool {
    let text = span.source_text().unwrap_or_default();
    let path = text.strip_prefix("#[").unwrap_or_default();
    path.find(['=', '(', '[', '{', ']']).is_some_and(|at| path[at..].starts_with('='))
}
