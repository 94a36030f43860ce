//! Tests a line that an attribute adds to the docs of a function. The line begins with "Worst case:", and states the
//! longest time of a call.

use proc_macro2::TokenStream;

use super::expand;

fn docs(attributes: &str) -> Option<String> {
    let function = format!("/// Asks.\n{attributes} async fn f() -> io::Result<()> {{ Ok(()) }}");
    let expanded = expand("circuit", r#"name = "a""#.parse().unwrap(), &function.parse().unwrap()).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    let (_, rest) = expanded.split_once(r"\n\nWorst case: ")?;
    Some(rest.split_once('"').unwrap().0.to_owned())
}

#[test]
fn docs_tell_worst_case_if_attributes_do() {
    for (attributes, told) in [
        ("#[timeout(5)]", "5 s."),
        ("#[retry(max = 3, delay = 1)] #[timeout(5)]", "3 attempts of at most 5 s and pauses of 1 s and 2 s: 18 s."),
        (
            "#[retry(max = 2, delay = \"250ms\")] #[timeout(5)]",
            "2 attempts of at most 5 s and a pause of 0.25 s: 10.25 s.",
        ),
        (
            "#[retry(max = 9, delay = 1, backoff = 1)] #[timeout(1)]",
            "9 attempts of at most 1 s and pauses of 8 s in all: 17 s.",
        ),
        ("#[retry(max = 1)] #[timeout(5)]", "5 s."),
        ("#[timeout(10)] #[retry] #[timeout(5)]", "10 s."),
        ("#[timeout(20)] #[retry] #[timeout(5)]", "3 attempts of at most 5 s and pauses of 1 s and 2 s: 18 s."),
        ("#[bulkhead(max = 1, wait = 1)] #[rate_limit(per_second = 1)] #[timeout(5)]", "a wait of 1 s and 5 s: 6 s."),
        ("#[bulkhead(max = 1)] #[timeout(5)]", "5 s."),
        ("#[hedge(after = 1, max = 3)] #[timeout(5)]", "3 attempts of at most 5 s, one each 1 s: 7 s."),
        ("#[timeout(\"10us\")]", "less than 1 ms."),
    ] {
        assert_eq!(docs(attributes).as_deref(), Some(told), "{attributes}");
    }
    for attributes in [
        "",
        "#[retry]",
        "#[retry(jitter = \"full\")] #[timeout(5)]",
        "#[retry(retry_after = f)] #[timeout(5)]",
        "#[retry] #[circuit(name = \"b\", retry_after = f)] #[timeout(5)]",
        "#[fallback(g)] #[timeout(5)]",
        "#[bulkhead(with = b)] #[timeout(5)]",
    ] {
        assert_eq!(docs(attributes), None, "{attributes}");
    }
}

#[test]
fn function_without_docs_gets_no_worst_case() {
    for attribute in ["", "#[doc(alias = \"g\")]"] {
        let function = format!("{attribute} pub async fn f() -> io::Result<()> {{ Ok(()) }}").parse().unwrap();
        let expanded = expand("timeout", "5".parse().unwrap(), &function).to_string();
        assert!(!expanded.contains("Worst case"), "{expanded}");
    }
}

#[test]
fn huge_number_of_attempts_expands() {
    let function: TokenStream = "/// Asks.\n#[timeout(5)] async fn f() -> io::Result<()> { Ok(()) }".parse().unwrap();
    for options in [
        "max = 4294967295, backoff = 1.7e308",
        "max = 4294967295, delay = \"213503d\"",
        "max = 4294967295, delay = 0, backoff = 1e300",
    ] {
        let expanded = expand("retry", options.parse().unwrap(), &function).to_string();
        assert!(!expanded.contains("compile_error") && !expanded.contains("inf"), "{expanded}");
    }
}
