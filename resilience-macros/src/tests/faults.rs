//! Compares the expansions with and without the code that applies injected faults. The feature `faults` adds this code.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::stacks::{expansion, for_each_alone};
use crate::tokens::mentions;

/// The static variable that each expansion with faults declares.
const FUNCTION: &str = "__RESILIENCE_FUNCTION";

#[test]
fn code_for_faults_is_the_only_difference() {
    let mut compared = 0;
    for_each_alone(|stack, item| {
        let (Some(without), Some(with)) = (expansion(false, stack, item), expansion(true, stack, item)) else { return };
        assert!(!mentions(&without, FUNCTION), "{stack:?} {item}: faults without the feature");
        if !mentions(&with, "compile_error") && mentions(&with, "__private") {
            assert!(mentions(&with, FUNCTION), "{stack:?} {item}: no faults with the feature");
            compared += 1;
        }
        assert_eq!(without_faults(with).to_string(), without.to_string(), "{stack:?} {item}");
    });
    assert!(compared > 500, "{compared} stacks have faults");
}

/// Removes the code for faults: the static variable, the statement that applies a fault, and the calls of the method
/// `within`.
fn without_faults(tokens: TokenStream) -> TokenStream {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut kept = Vec::new();
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        let rest = &tokens[index..];
        let is_of_faults = |length: usize| mentions(&rest.iter().take(length).cloned().collect(), FUNCTION);
        let skipped = match token.to_string().as_str() {
            // Skips the declaration of the static variable, and the statement `declare!(..);` after this declaration.
            "static" if is_of_faults(2) => through(rest, ";", 2),
            "if" if is_of_faults(through_block(rest) - 1) => through_block(rest),
            "." if matches!(rest.get(1), Some(method) if method.to_string() == "within") && is_of_faults(3) => 3,
            _ => 0,
        };
        if skipped == 0 {
            kept.push(match token {
                TokenTree::Group(group) => {
                    let mut within = Group::new(group.delimiter(), without_faults(group.stream()));
                    within.set_span(group.span());
                    within.into()
                }
                token => token.clone(),
            });
            index += 1;
        }
        index += skipped;
    }
    kept.into_iter().collect()
}

/// Returns the number of tokens up to and including the `n`-th token with the text `text`.
fn through(tokens: &[TokenTree], text: &str, n: usize) -> usize {
    let found = tokens.iter().enumerate().filter(|(_, token)| token.to_string() == text).nth(n - 1);
    found.expect("the statements end").0 + 1
}

/// Returns the number of tokens up to and including the first block.
fn through_block(tokens: &[TokenTree]) -> usize {
    let is_block =
        |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    tokens.iter().position(is_block).map_or(1, |index| index + 1)
}
