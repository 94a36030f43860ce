//! Packs two `u32` numbers into one `u64`, so that one atomic operation can read or change both numbers.

#[inline]
pub(crate) const fn join(upper: u32, lower: u32) -> u64 {
    (upper as u64) << u32::BITS | lower as u64
}

#[expect(clippy::cast_possible_truncation, reason = "takes the word apart")]
#[inline]
pub(crate) const fn split(word: u64) -> (u32, u32) {
    ((word >> u32::BITS) as u32, word as u32)
}
