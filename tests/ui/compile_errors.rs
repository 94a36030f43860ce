//! What a user reads who makes a mistake: the text beside each file in `options` and `types`.
//!
//! `TRYBUILD=overwrite cargo test --package resilience-compile-errors -- --include-ignored` writes the texts anew; read them before
//! you commit them.

#[test]
fn mistakes_are_told_in_the_users_own_tokens() {
    trybuild::TestCases::new().compile_fail("options/*.rs");
}

#[test]
#[ignore = "holds text of the compiler's own, here that of Rust 1.95; `.ci/test` runs it"]
fn a_wrong_type_is_told_in_the_users_own_tokens() {
    trybuild::TestCases::new().compile_fail("types/*.rs");
}
