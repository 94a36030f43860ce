//! Defines [`Watch`], the trait of the values that observe a watched stream.

use std::task::Poll;

/// Observes the polls and the items (of type `I`) of a stream. Records the outcome of the stream when the stream ends,
/// or when this observer is dropped.
#[diagnostic::on_unimplemented(
    message = "a circuit watches streams whose items are `Result`s, not `{I}`",
    label = "the items of this stream are no `Result`s"
)]
pub trait Watch<I>: Sized {
    /// Marks the beginning of a poll. If this observer is dropped before [`end_poll`](Self::end_poll) is called, the
    /// stream has panicked.
    fn begin_poll(&mut self) {}

    fn end_poll(&mut self) {}

    /// Calls `poll`, which polls the stream once. The implementation for a circuit also records whether the error in a
    /// returned item is a rejection or an expired deadline.
    #[inline]
    fn observe(_watch: &mut Option<Self>, poll: impl FnOnce() -> Poll<Option<I>>) -> Poll<Option<I>> {
        poll()
    }

    /// Examines an item. If the item decides the outcome, records the outcome and leaves `None` in `watch`.
    #[inline]
    fn examine(_watch: &mut Option<Self>, _item: &I) {}

    /// Records the regular end of the stream.
    fn end(self) {}
}
