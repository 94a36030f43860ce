//! What a user reads who makes a mistake: the text beside each file in `tests/ui` and `tests/ui-types`.
//!
//! `TRYBUILD=overwrite cargo test --test compile_errors -- --include-ignored` writes the texts anew; read them before
//! you commit them.

#[test]
fn mistakes_are_told_in_the_users_own_tokens() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

#[test]
#[ignore = "holds text of the compiler's own, here that of Rust 1.95; `.ci/test` runs it"]
fn a_wrong_type_is_told_in_the_users_own_tokens() {
    trybuild::TestCases::new().compile_fail("tests/ui-types/*.rs");
}
