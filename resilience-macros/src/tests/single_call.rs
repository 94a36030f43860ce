//! Tests a warning that an attribute adds to the docs of a function. The warning states, for example: "With the
//! threshold of 3, the 3 attempts of one failing call can open the circuit".

use super::expand;

fn docs(attributes: &str) -> Option<String> {
    let function = format!("/// Asks.\n{attributes} async fn f() -> io::Result<()> {{ Ok(()) }}");
    let expanded = expand("bulkhead", "max = 1".parse().unwrap(), &function.parse().unwrap()).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    let (_, rest) = expanded.split_once(r"\n\nWith the ")?;
    let (line, _) = rest.split_once(r" With `count = \").unwrap();
    Some(line.replace(" of one failing call can open the circuit", ""))
}

#[test]
fn docs_name_circuit_that_attempts_of_one_call_open() {
    for (attributes, line) in [
        (r#"#[retry] #[circuit(name = "a")]"#, "default threshold of 3, the 3 attempts `a`."),
        (r#"#[retry(max = 9)] #[circuit(name = "a", threshold = 5)]"#, "threshold of 5, the 9 attempts `a`."),
        (
            r#"#[retry(max = 5)] #[circuit(name = "a", threshold = 5, window = 60)]"#,
            "threshold of 5, the 5 attempts `a`.",
        ),
        (
            r#"#[retry] #[hedge(after = 1)] #[circuit(name = "a", threshold = 6)]"#,
            "threshold of 6, the 6 attempts `a`.",
        ),
        (
            r#"#[retry(jitter = "full", max_elapsed = 60)] #[circuit(name = "a")]"#,
            "default threshold of 3, the 3 attempts `a`.",
        ),
        (
            r#"#[circuit(name = "a")] #[retry] #[circuit(name = "b", count = "attempts")]"#,
            "default threshold of 3, the 3 attempts `b`.",
        ),
    ] {
        assert_eq!(docs(attributes).as_deref(), Some(line), "{attributes}");
    }
    for attributes in [
        r#"#[circuit(name = "a", threshold = 1)]"#,
        r#"#[retry(max = 2)] #[circuit(name = "a")]"#,
        r#"#[retry] #[circuit(name = "a", threshold = 4)]"#,
        r#"#[circuit(name = "a")] #[retry]"#,
        r#"#[retry] #[circuit(name = "a", count = "requests")]"#,
        r#"#[retry] #[circuit(name = "a", failure_rate = 0.5, min_calls = 3, calls = 9)]"#,
        r#"#[retry] #[circuit(name = "a", slow_rate = 0.5, slow_call = 1, min_calls = 3, calls = 9)]"#,
        "#[retry] #[circuit(with = a)]",
        r#"#[retry(attempt = n)] #[circuit(name = "a", key = n)]"#,
    ] {
        assert_eq!(docs(attributes), None, "{attributes}");
    }
}
