//! Tests that the guide on configuration contains the code with which `read.rs` reads settings.

const GUIDE: &str = include_str!("../../../../resilience-runtime/docs/guide/configuration.md");

#[test]
fn guide_shows_the_code_that_reads_settings() {
    for function in include_str!("read.rs").split("\nfn with_").skip(1) {
        let lines = function.lines().skip(1).take_while(|line| !line.contains("assert_eq!"));
        let code: Vec<_> = lines.map(|line| line.strip_prefix("    ").unwrap()).collect();
        assert!(code.len() >= 3 && GUIDE.contains(&code.join("\n")), "the guide does not contain {code:#?}");
    }
}
