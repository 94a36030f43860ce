//! Passes random tokens to each attribute. The attribute must return an expansion or a compile error, and must not
//! panic.

use proc_macro2::TokenStream;
use proptest::prelude::*;

use super::expand;
use crate::ATTRIBUTES;

/// The tokens that the tests combine at random. The function `options` uses the first 13 tokens as names of options.
const WORDS: [&str; 64] = [
    "name",
    "threshold",
    "cooldown",
    "half_open_max",
    "trial_timeout",
    "failure_if",
    "open",
    "crate",
    "max",
    "delay",
    "backoff",
    "retry_if",
    "clone",
    "self",
    "mut",
    "ref",
    "async",
    "fn",
    "pub",
    "const",
    "unsafe",
    "extern",
    "impl",
    "dyn",
    "move",
    "let",
    "if",
    "loop",
    "return",
    "await",
    "f",
    "x",
    "_",
    "Result",
    "Self",
    "io",
    "Box",
    "pin",
    "circuit",
    "retry",
    "=",
    ",",
    "::",
    "->",
    "=>",
    "&",
    "|",
    "-",
    "!",
    "?",
    "#",
    "'a",
    "..",
    "<",
    ">",
    ";",
    "0",
    "3",
    "1.5",
    "1e999",
    "30s",
    "\"a\"",
    "\"250ms\"",
    "\"\"",
];

/// Returns a text of fewer than `length` random token trees. All brackets in the text are balanced.
fn tokens(length: usize) -> impl Strategy<Value = String> {
    let word = prop::sample::select(&WORDS[..]).prop_map(str::to_owned);
    let tree = word.prop_recursive(4, 64, 8, |inner| {
        (prop::sample::select(&["()", "[]", "{}"][..]), prop::collection::vec(inner, 0..8))
            .prop_map(|(group, trees)| format!("{}{}{}", &group[..1], trees.join(" "), &group[1..]))
    });
    prop::collection::vec(tree, 0..length).prop_map(|trees| trees.join(" "))
}

fn options() -> impl Strategy<Value = String> {
    let option = (prop::sample::select(&WORDS[..13]), tokens(3)).prop_map(|(key, value)| format!("{key} = {value}"));
    prop_oneof![tokens(8), prop::collection::vec(option, 0..5).prop_map(|options| options.join(", "))]
}

/// Returns the text of a function with random generics, arguments, return type and body.
fn function() -> impl Strategy<Value = String> {
    (options(), tokens(4), prop::bool::ANY, tokens(6), tokens(4), tokens(12)).prop_map(
        |(below, generics, is_async, arguments, output, body)| {
            let is_async = if is_async { "async" } else { "" };
            format!("#[retry({below})] {is_async} fn f<{generics}>({arguments}) -> {output} {{ {body} }}")
        },
    )
}

/// Returns the text of a function with a valid signature, and with random tokens in the body and in `retry_if`.
fn whole_function() -> impl Strategy<Value = String> {
    let pattern = prop::sample::select(
        &[
            "x: T",
            "mut x: T",
            "&x: &u8",
            "(x, _): (A, B)",
            "P { x, .. }: P",
            "_: T",
            "x @ Some(_): O",
            "[x, ..]: [T; 3]",
        ][..],
    );
    (prop::collection::vec(pattern, 0..4), tokens(12), tokens(3)).prop_map(|(arguments, body, predicate)| {
        let arguments = arguments.join(", ");
        format!("#[retry(retry_if = |e| ({predicate}))] async fn f({arguments}) -> io::Result<impl Sized> {{ {body} }}")
    })
}

fn check(name: &str, options: &str, item: &str) -> Result<(), TestCaseError> {
    // Skips a text that the lexer rejects, because the compiler never passes invalid tokens to a macro.
    let (Ok(options), Ok(item)) = (options.parse::<TokenStream>(), item.parse::<TokenStream>()) else { return Ok(()) };
    let output = expand(name, options, &item);
    let text = output.to_string();
    if !text.contains("compile_error") {
        let parsed = syn::parse2::<syn::ItemFn>(output);
        // The type `ItemFn` of `syn` rejects an expansion if the random tokens of the body are not valid Rust. The type
        // `Function` of this crate accepts any body, because `Function` parses only the signature.
        prop_assert!(
            parsed.is_ok() || syn::parse2::<crate::parse::function::Function>(text.parse().unwrap()).is_ok(),
            "{text}"
        );
        prop_assert!(text.contains("__private"), "neither an expansion nor an error: {text}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_options_expand_or_fail(options in options()) {
        for attribute in ATTRIBUTES {
            check(attribute.name, &options, "async fn f(x: u8) -> io::Result<u8> { Ok(x) }")?;
        }
    }

    #[test]
    fn any_item_expands_or_fails(item in prop_oneof![tokens(12), function(), whole_function()]) {
        check("circuit", "name = \"a\"", &item)?;
        check("retry", "clone(x)", &item)?;
        check("timeout", "5", &item)?;
        check("fallback", "g, clone(x)", &item)?;
        check("bulkhead", "max = 1, wait = 1", &item)?;
        check("rate_limit", "per_second = 1", &item)?;
        check("hedge", "after = 1, clone(x)", &item)?;
    }
}
