//! What a user reads who makes a mistake: the text beside each file in `tests/ui`.
//!
//! `TRYBUILD=overwrite cargo test --test compile_errors` writes the texts anew; read them before you commit them.

#[test]
fn mistakes_are_told_in_the_users_own_tokens() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
