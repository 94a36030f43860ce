//! Defines [`require`], which reports a mistake in a constant of the user.

/// Panics with `message` if `is_allowed` is false.
///
/// Only the compiler calls this function, while it evaluates a constant. The panic becomes a compile error at the
/// constant.
#[expect(clippy::manual_assert, reason = "the text is a variable")]
#[track_caller]
pub(crate) const fn require(is_allowed: bool, message: &'static str) {
    if !is_allowed {
        panic!("{}", message);
    }
}
