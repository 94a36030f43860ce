//! Tests the suggestions for the names that other libraries give to options and attributes.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;

use super::expand;
use crate::layers::synonyms;
use crate::parse::suggestion::Synonyms;
use crate::{ATTRIBUTES, SYNONYMS};

fn expansion(attribute: &str, options: &str) -> String {
    let function = "async fn f() -> io::Result<()> { Ok(()) }".parse().unwrap();
    expand(attribute, options.parse().unwrap(), &function).to_string().replace("\\\"", "\"")
}

/// Returns the attribute and its options, if `ours` is an attribute such as `#[timeout(5)]`.
fn attribute(ours: &str) -> Option<(&str, &str)> {
    ours.strip_prefix("#[")?.strip_suffix(")]")?.split_once('(')
}

fn tables() -> [(&'static str, &'static [Synonyms]); 7] {
    [
        ("bulkhead", synonyms::BULKHEAD),
        ("circuit", synonyms::CIRCUIT),
        ("fallback", synonyms::FALLBACK),
        ("hedge", synonyms::HEDGE),
        ("rate_limit", synonyms::RATE_LIMIT),
        ("retry", synonyms::RETRY),
        ("timeout", synonyms::TIMEOUT),
    ]
}

#[test]
fn each_attribute_has_a_table() {
    assert!(ATTRIBUTES.iter().map(|attribute| attribute.name).eq(tables().map(|(name, _)| name)));
}

#[test]
fn each_synonym_suggests_an_existing_option() {
    for (name, table) in tables() {
        for Synonyms { ours, difference, theirs } in table {
            for synonym in *theirs {
                let text = expansion(name, &format!("{synonym} = 1"));
                let message =
                    format!("unknown option `{synonym}`; did you mean `{ours}`{difference}? the options are ");
                let (_, options) = text.split_once(&message).unwrap_or_else(|| panic!("no {message} in {text}"));
                let exists = match attribute(ours) {
                    Some((name, options)) => !expansion(name, options).contains("compile_error"),
                    None => options.split('"').next().unwrap().contains(&format!("`{ours}`")),
                };
                assert!(exists, "`{ours}` for `{synonym}` of `#[{name}]`");
            }
        }
    }
}

#[test]
fn each_synonym_appears_once_in_snake_case() {
    for (name, table) in tables() {
        let mut known = BTreeSet::new();
        for synonym in table.iter().flat_map(|row| row.theirs) {
            assert!(known.insert(synonym), "`{synonym}` of `#[{name}]` appears twice");
            assert!(synonym.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{synonym}");
            assert!(!synonym.starts_with("with_"), "{synonym}");
        }
    }
}

#[test]
fn each_spelling_of_a_synonym_suggests_the_same_option() {
    for (attribute, unknown, ours) in [
        ("retry", "max_retries", "max"),
        ("retry", "maxRetries", "max"),
        ("retry", "MaxRetryAttempts", "max"),
        ("retry", "withMaxRetries", "max"),
        ("retry", "with_max_times", "max"),
        ("retry", "retryIf", "retry_if"),
        ("circuit", "waitDurationInOpenState", "cooldown"),
        ("circuit", "failureRate", "failure_rate"),
        ("bulkhead", "with_max", "max"),
    ] {
        let text = expansion(attribute, &format!("{unknown} = 1"));
        assert!(text.contains(&format!("unknown option `{unknown}`; did you mean `{ours}`")), "{text}");
    }
}

#[test]
fn attribute_of_another_crate_stays_under_its_path() {
    for name in SYNONYMS.iter().map(|(name, _)| name) {
        let attribute = format!("#[other::{name}(a = 1)]");
        let function = format!("{attribute} async fn f() -> io::Result<()> {{ Ok(()) }}");
        let expansion = expand("retry", TokenStream::new(), &function.parse().unwrap()).to_string();
        let attribute = attribute.parse::<TokenStream>().unwrap().to_string();
        assert!(!expansion.contains("compile_error") && expansion.contains(&attribute), "{expansion}");
    }
}
