//! Implements the subscriptions to events.

use std::fmt;
use std::future::pending;
#[cfg(feature = "stream")]
use std::future::{Future, poll_fn};
#[cfg(feature = "stream")]
use std::pin::Pin;
#[cfg(feature = "stream")]
use std::task::{Context, Poll, Waker, ready};

use thiserror::Error;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::base::sync::Arc;
use crate::events::hub::{Hub, Wanted};
use crate::events::value::Event;

/// Returns a stream of the events that report state changes of circuits.
///
/// The stream contains the events `circuit_opened`, `circuit_half_open`, `circuit_closed`, `circuit_reset`,
/// `circuit_forced_open` and `circuit_disabled` of all circuits. The stream does not contain `circuit_restored`, which
/// reports a state from a snapshot. The first event is the next event after this call. At most 1,024 events wait for
/// the reader of the stream. If the reader is too slow, the oldest events are lost, and [`recv`](EventStream::recv)
/// returns the number of lost events.
///
/// The subscription slows down only calls that change the state of a circuit. The library holds no lock while it passes
/// an event to the stream, and never waits for a reader.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{CircuitState, circuit, subscribe};
///
/// #[circuit(name = "subscribe_example", threshold = 1)]
/// async fn ask() -> std::io::Result<()> {
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut events = subscribe();
/// assert!(ask().await.is_err());
/// # let mut event = events.recv().await?;
/// # while event.circuit() != Some("subscribe_example") { event = events.recv().await?; }
/// # if false {
/// let event = events.recv().await?;
/// # }
/// assert_eq!(event.circuit(), Some("subscribe_example"));
/// assert_eq!((event.from(), event.to()), (Some(CircuitState::Closed), Some(CircuitState::Open)));
/// assert_eq!((event.reason(), event.error()), (Some("threshold"), Some("timed out")));
/// # Ok(())
/// # }
/// ```
pub fn subscribe() -> EventStream {
    EventStream::new(Wanted::Transitions)
}

/// Returns a stream of all events of this crate. The [table of events](crate#events) lists the events.
///
/// Works like [`subscribe`], but slows down every call. While a stream of all events exists, each call creates its
/// events, such as `circuit_success`, and reads the clock to measure its duration.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, subscribe_all};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("subscribe_all_example").build()?;
/// let mut events = subscribe_all();
/// breaker.try_acquire()?.success();
/// # let mut event = events.try_recv()?.unwrap();
/// # while event.circuit() != Some("subscribe_all_example") { event = events.try_recv()?.unwrap(); }
/// # if false {
/// let event = events.try_recv()?.unwrap();
/// # }
/// assert_eq!(event.name(), "circuit_success");
/// # Ok(())
/// # }
/// ```
pub fn subscribe_all() -> EventStream {
    EventStream::new(Wanted::All)
}

/// Receives the events of this crate. [`subscribe`] and [`subscribe_all`] return this stream.
///
/// With the feature `stream`, the type implements `Stream`. Dropping the stream ends the subscription.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, EventStream, subscribe};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("stream_example").build()?;
/// let mut events: EventStream = subscribe();
/// breaker.trip();
/// while let Some(event) = events.try_recv()? {
///     println!("{event}"); // circuit_opened circuit=stream_example reason=manual failures=0
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "the subscription ends as soon as the stream is dropped"]
pub struct EventStream {
    hub: &'static Hub,
    wanted: Wanted,
    /// The receiver of the events, or `None` while the future in the field `waiting` owns the receiver.
    receiver: Option<Receiver<Arc<Event>>>,
    /// The future that receives the next event, or `None` while the field `receiver` contains the receiver.
    #[cfg(feature = "stream")]
    waiting: Option<Waiting>,
}

/// A future that returns the next event, together with the receiver.
#[cfg(feature = "stream")]
type Waiting = Pin<Box<dyn Future<Output = (Result<Arc<Event>, RecvError>, Receiver<Arc<Event>>)> + Send + Sync>>;

impl EventStream {
    fn new(wanted: Wanted) -> Self {
        let hub = Hub::current();
        Self {
            hub,
            wanted,
            receiver: Some(hub.subscribe(wanted)),
            #[cfg(feature = "stream")]
            waiting: None,
        }
    }

    /// Waits for the next event.
    ///
    /// # Errors
    ///
    /// Returns [`Missed`], with the number of the lost events, if the reader was too slow. The next call of `recv`
    /// returns the oldest event that is left.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns loses no event.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, subscribe};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("recv_example").build()?;
    /// let mut events = subscribe();
    /// breaker.force_open();
    /// # let mut event = events.recv().await?;
    /// # while event.circuit() != Some("recv_example") { event = events.recv().await?; }
    /// # if false {
    /// let event = events.recv().await?;
    /// # }
    /// assert_eq!(event.name(), "circuit_forced_open");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Result<Event, Missed> {
        if let Some(receiver) = &mut self.receiver {
            return match receiver.recv().await {
                Ok(event) => Ok(Arc::unwrap_or_clone(event)),
                Err(RecvError::Lagged(count)) => Err(Missed { count }),
                // This error never occurs, because the sender is never dropped.
                Err(RecvError::Closed) => pending().await,
            };
        }
        #[cfg(feature = "stream")]
        return poll_fn(|cx| self.poll_recv(cx)).await;
        #[cfg(not(feature = "stream"))]
        pending().await
    }

    /// Returns the next event, or `None` if no event is waiting.
    ///
    /// # Errors
    ///
    /// Returns [`Missed`], with the number of the lost events, if the reader was too slow.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, subscribe};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("try_recv_example").build()?;
    /// let mut events = subscribe();
    /// breaker.disable();
    /// assert!(events.try_recv()?.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv(&mut self) -> Result<Option<Event>, Missed> {
        #[cfg(feature = "stream")]
        if self.receiver.is_none() {
            return match self.poll_recv(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(received) => received.map(Some),
                Poll::Pending => Ok(None),
            };
        }
        match self.receiver.as_mut().map(Receiver::try_recv) {
            Some(Ok(event)) => Ok(Some(Arc::unwrap_or_clone(event))),
            Some(Err(TryRecvError::Lagged(count))) => Err(Missed { count }),
            Some(Err(TryRecvError::Empty | TryRecvError::Closed)) | None => Ok(None),
        }
    }

    #[cfg(feature = "stream")]
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Missed>> {
        if let Some(mut receiver) = self.receiver.take() {
            self.waiting = Some(Box::pin(async move {
                let next = receiver.recv().await;
                (next, receiver)
            }));
        }
        let Some(waiting) = &mut self.waiting else { return Poll::Pending };
        let (next, receiver) = ready!(waiting.as_mut().poll(cx));
        (self.waiting, self.receiver) = (None, Some(receiver));
        match next {
            Ok(event) => Poll::Ready(Ok(Arc::unwrap_or_clone(event))),
            Err(RecvError::Lagged(count)) => Poll::Ready(Err(Missed { count })),
            // This error never occurs, because the sender is never dropped.
            Err(RecvError::Closed) => Poll::Pending,
        }
    }
}

#[cfg(feature = "stream")]
impl futures_core::Stream for EventStream {
    type Item = Result<Event, Missed>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_recv(cx).map(Some)
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.hub.leave(self.wanted);
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

/// Reports that a reader was too slow to receive all events of an [`EventStream`].
///
/// ```
/// use resilience_runtime::{CircuitBreaker, subscribe};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("missed_example").build()?;
/// let mut events = subscribe();
/// (0..1_025).for_each(|_| breaker.reset());
/// assert!(events.try_recv().unwrap_err().count >= 1);
/// assert!(events.try_recv()?.is_some()); // the oldest event that is left
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("missed {count} events: the reader of the event stream was too slow")]
#[non_exhaustive]
pub struct Missed {
    /// Number of the lost events.
    pub count: u64,
}

/// Calls a function for each state change of a circuit, until the returned guard is dropped. The function receives the
/// events that [`subscribe`] lists.
///
/// The function runs in the thread that changes the state, after the change, and while the library holds no lock. The
/// function must not block, because it delays the call that changes the state. The function may make calls through
/// other circuits. These calls do not affect the delayed call. If the function panics, the call continues, and the
/// event `callback_panicked` (ERROR) reports the panic.
///
/// If two threads change the state of one circuit at almost the same time, their events may arrive in the wrong order.
/// To learn the current state, the function can call [`CircuitBreaker::state`](crate::CircuitBreaker::state). The page
/// of [`Event::circuit`] describes how to find the circuit of an event.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use resilience_runtime::{CircuitBreaker, on_transition};
///
/// static OPENED: AtomicU32 = AtomicU32::new(0);
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let guard = on_transition(|event| {
///     if event.circuit() == Some("callback_example") && event.name() == "circuit_opened" {
///         OPENED.fetch_add(1, Ordering::Relaxed);
///     }
/// });
/// let breaker = CircuitBreaker::builder("callback_example").build()?;
/// breaker.trip();
/// drop(guard);
/// breaker.trip();
/// assert_eq!(OPENED.load(Ordering::Relaxed), 1);
/// # Ok(())
/// # }
/// ```
pub fn on_transition(callback: impl Fn(&Event) + Send + Sync + 'static) -> TransitionGuard {
    let hub = Hub::current();
    TransitionGuard { hub, id: hub.add_callback(Arc::new(callback)) }
}

/// Removes a callback when this guard is dropped. [`on_transition`] returns this guard.
///
/// ```
/// use resilience_runtime::{TransitionGuard, on_transition};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// struct Monitor { _guard: TransitionGuard }
///
/// let monitor = Monitor { _guard: on_transition(|event| println!("{event}")) };
/// drop(monitor); // removes the callback
/// # Ok(())
/// # }
/// ```
#[must_use = "the callback is removed as soon as the guard is dropped"]
pub struct TransitionGuard {
    hub: &'static Hub,
    id: u64,
}

impl Drop for TransitionGuard {
    fn drop(&mut self) {
        self.hub.remove_callback(self.id);
    }
}

impl fmt::Debug for TransitionGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransitionGuard").finish_non_exhaustive()
    }
}
