//! Implements [`Hedged`], the future of a hedged call.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::base::repeat::Repeat;
use crate::base::sync::Ordering;
use crate::hedge::source::HedgeSource;
use crate::timeout::deadline::deadline_remaining;
use crate::timeout::timeout::Timer;

/// The outcome of one attempt of a hedged call.
#[diagnostic::on_unimplemented(
    message = "a decorated function must return a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "what failed is told from what did not by `Err`: return `Result<{Self}, SomeError>`"
)]
pub trait Attempted {
    /// Returns whether this outcome ends the call, even if other attempts still run.
    fn wins(&self) -> bool;
}

impl<T, E> Attempted for Result<T, E> {
    fn wins(&self) -> bool {
        self.is_ok()
    }
}

pin_project! {
    /// The future of a hedged call, which polls the running attempts and starts further attempts.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Hedged<S, B, P> {
        source: S,
        begin: B,
        // The number of attempts that may still start.
        left: u32,
        // The number of attempts that have started.
        begun: u32,
        // The timer that ends when the next attempt is due.
        #[pin]
        timer: Option<Timer>,
        // An array with one element for each attempt. An element is `None` if its attempt has not started, or has
        // ended. The type of the array is a type parameter, because the macro `pin_project!` does not support a const
        // generic for the length of the array.
        attempts: P,
    }
}

impl<'a, S, B, F, const MAX: usize> Hedged<S, B, [Pin<&'a mut Option<F>>; MAX]>
where
    S: HedgeSource,
    // rustc shows the next line in its error about a body that consumes an argument.
    B: Fn(u32) -> F, // write `clone(argument)` in `#[hedge]` for an argument that the body consumes
    F: Future,
{
    /// Creates the future of a call. The number of attempts is limited by `MAX` and by the option `max` of the hedge.
    /// The function `begin` receives the number of an attempt, counted from 1, and returns the future of the attempt.
    #[expect(clippy::cast_possible_truncation, reason = "there are at most five places")]
    pub fn new(source: S, attempts: [Pin<&'a mut Option<F>>; MAX], begin: B) -> Self {
        let left = source.core().settings.current().max.min(MAX as u32);
        Self { source, begin, left, begun: 0, timer: None, attempts }
    }
}

/// Polls all running attempts in the order of their starts. Returns the outcome of the first attempt that succeeds, and
/// the index of this attempt. If no attempt succeeds and an attempt still runs, returns `None`. If no attempt succeeds
/// and no attempt runs any more, returns the outcome that this poll received last, and the index of its attempt.
fn poll_all<F: Future<Output: Attempted>>(
    attempts: &mut [Pin<&mut Option<F>>],
    cx: &mut Context<'_>,
) -> Option<(usize, F::Output)> {
    let mut last = None;
    let mut runs = false;
    for (index, attempt) in attempts.iter_mut().enumerate() {
        let _mark = Repeat::mark_hedged(index > 0);
        match attempt.as_mut().as_pin_mut().map(|attempt| attempt.poll(cx)) {
            Some(Poll::Ready(output)) => {
                attempt.set(None);
                if output.wins() {
                    return Some((index, output));
                }
                last = Some((index, output));
            }
            Some(Poll::Pending) => runs = true,
            None => {}
        }
    }
    last.filter(|_| !runs)
}

impl<S, B, F, const MAX: usize> Future for Hedged<S, B, [Pin<&mut Option<F>>; MAX]>
where
    S: HedgeSource,
    B: Fn(u32) -> F,
    F: Future<Output: Attempted>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        loop {
            // Polls no attempts before the first attempt starts. Without this condition, `Hedge::call` costs 288
            // instructions instead of 251.
            if *this.begun > 0 {
                let ended = poll_all(this.attempts, cx);
                if this.attempts.first().is_some_and(|first| first.is_none()) {
                    this.source.first_ended(matches!(&ended, Some((0, output)) if output.wins()));
                }
                if let Some((index, output)) = ended {
                    if output.wins() {
                        this.source.call_succeeded(*this.begun, index > 0);
                    }
                    return Poll::Ready(output);
                }
            }
            let due = match this.timer.as_mut().as_pin_mut() {
                None => true,
                Some(timer) => *this.left > 0 && timer.poll(cx).is_ready(),
            };
            // Starts no attempt after the caller's deadline. Even if the timer ends before the deadline, the runtime
            // may poll this task after the deadline.
            let late = *this.begun > 0 && deadline_remaining().is_some_and(|left| left.is_zero());
            if !due || late {
                return Poll::Pending;
            }
            if *this.begun == 0 {
                this.source.call_began();
                this.source.first_began();
            } else if this.source.is_denied() {
                *this.left = 0;
                return Poll::Pending;
            }
            *this.left -= 1;
            *this.begun += 1;
            this.source.core().begun.fetch_add(1, Ordering::Relaxed);
            // Starts the timer before `begin`, because a function of the user may work before it returns its future.
            this.timer.set(Some(Timer::new(this.source.after())));
            if let Some(place) = this.attempts.get_mut(*this.begun as usize - 1) {
                let _mark = Repeat::mark_hedged(*this.begun > 1);
                place.set(Some((this.begin)(*this.begun)));
            }
            if deadline_remaining().is_some_and(|left| this.source.after() >= left) {
                *this.left = 0;
            }
        }
    }
}
