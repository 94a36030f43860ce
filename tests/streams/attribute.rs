//! Tests the option `stream` of `#[circuit]`.

use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, Stream, StreamExt};
use resilience_runtime::{
    Bulkhead, CircuitBreaker, CircuitState, LimitedStream, bulkhead, circuit, fallback, get_circuit, hedge, retry,
    timeout,
};
use support::{Error, assert_send, seconds};
use tokio::time::{advance, sleep};

use crate::script::{Script, Step, poll};

type Items<'a> = BoxStream<'a, Result<u16, Error>>;

fn counts(breaker: &CircuitBreaker) -> [u64; 4] {
    let stats = breaker.stats();
    [stats.total_succeeded, stats.total_failed, stats.total_ignored, stats.total_cancelled]
}

#[circuit(name = "attribute::opaque", stream)]
async fn opaque(
    steps: Result<&[Step], Error>,
) -> Result<impl Stream<Item = Result<u16, Error>> + Unpin + use<>, Error> {
    Ok(Script::new(steps?))
}

#[circuit(name = "attribute::boxed", stream = true)]
async fn boxed(steps: Result<&[Step], Error>) -> Result<Items<'static>, Error> {
    Ok(Script::new(steps?).boxed())
}

#[circuit(name = "attribute::local", stream)]
async fn local(steps: Result<&[Step], Error>) -> Result<Pin<Box<dyn Stream<Item = Result<u16, Error>> + '_>>, Error> {
    Ok(Box::pin(Script::new(steps?)))
}

#[circuit(name = "attribute::unpin", stream)]
async fn unpin(
    steps: Result<&[Step], Error>,
) -> Result<Box<dyn Stream<Item = Result<u16, Error>> + Send + Unpin>, Error> {
    Ok(Box::new(Script::new(steps?)))
}

#[expect(clippy::manual_async_fn, reason = "tests a function that returns a future")]
#[circuit(name = "attribute::returned", stream)]
fn returned(
    steps: Result<&[Step], Error>,
) -> impl Future<Output = Result<impl Stream<Item = Result<u16, Error>> + use<>, Error>> {
    async move { Ok(Script::new(steps?)) }
}

struct Client {
    breaker: CircuitBreaker,
}

impl Client {
    #[circuit(with = self.breaker, stream)]
    async fn method<'a>(&self, steps: Result<&'a [Step], Error>) -> Result<Items<'a>, Error> {
        Ok(Script::new(steps?).boxed())
    }
}

#[async_trait::async_trait]
trait Source {
    async fn items(&self, steps: Result<&'static [Step], Error>) -> Result<Items<'static>, Error>;
}

#[async_trait::async_trait]
impl Source for Client {
    #[circuit(with = self.breaker, stream)]
    async fn items(&self, steps: Result<&'static [Step], Error>) -> Result<Items<'static>, Error> {
        Ok(Script::new(steps?).boxed())
    }
}

#[circuit(name = "attribute::keyed", key = host, stream)]
async fn keyed<S: Stream<Item = Result<u16, Error>>>(
    host: &str,
    stream: Result<S, Error>,
) -> Result<impl Stream<Item = Result<u16, Error>> + use<S>, Error> {
    assert_eq!(host, "a");
    stream
}

#[tokio::test]
async fn each_kind_of_function_moves_its_permit_into_the_stream() {
    let client = Client { breaker: CircuitBreaker::builder("attribute::client").threshold(9).build().unwrap() };
    for kind in ["opaque", "boxed", "local", "unpin", "returned", "keyed[a]", "method", "trait"] {
        let start = |steps: Result<&'static [Step], Error>| {
            let client = &client;
            async move {
                Ok::<Pin<Box<dyn Stream<Item = Result<u16, Error>>>>, Error>(match kind {
                    "opaque" => Box::pin(opaque(steps).await?),
                    "boxed" => boxed(steps).await?,
                    "local" => local(steps).await?,
                    "unpin" => Box::pin(unpin(steps).await?),
                    "returned" => Box::pin(returned(steps).await?),
                    "keyed[a]" => Box::pin(keyed("a", steps.map(Script::new)).await?),
                    "method" => client.method(steps).await?,
                    _ => client.items(steps).await?,
                })
            }
        };
        client.breaker.reset();
        drop(start(Ok(&[])).await.unwrap());
        let breaker = match kind {
            "method" | "trait" => client.breaker.clone(),
            name => get_circuit(&format!("attribute::{name}")).unwrap(),
        };
        breaker.reset();
        let before = counts(&breaker);
        let added = || {
            let mut added = counts(&breaker);
            added.iter_mut().zip(before).for_each(|(count, before)| *count -= before);
            added
        };
        let mut stream = start(Ok(&[Step::Item(1), Step::End])).await.unwrap();
        assert_eq!((stream.next().await, added()), (Some(Ok(1)), [0; 4]), "{kind}");
        assert_eq!((stream.next().await, added()), (None, [1, 0, 0, 0]), "{kind}");
        drop(stream);
        let items: Vec<_> = start(Ok(&[Step::Down, Step::Item(2), Step::End])).await.unwrap().collect().await;
        assert_eq!((items, added()), (vec![Err(Error::Down), Ok(2)], [1, 1, 0, 0]), "{kind}");
        assert_eq!(start(Ok(&[Step::Rejected, Step::End])).await.unwrap().count().await, 1);
        assert_eq!(added(), [1, 1, 1, 0], "{kind}");
        drop(start(Ok(&[Step::Item(1)])).await.unwrap());
        assert_eq!(added(), [1, 1, 1, 1], "{kind}");
        assert_eq!(start(Err(Error::Down)).await.err(), Some(Error::Down));
        assert_eq!(added(), [1, 2, 1, 1], "{kind}");
        assert!(matches!(start(Err(crate::script::rejected())).await.err(), Some(Error::Full(_))));
        assert_eq!(added(), [1, 2, 2, 1], "{kind}");
        breaker.trip();
        assert!(matches!(start(Ok(&[Step::Item(1)])).await.err(), Some(Error::Open(_))), "{kind}");
        assert_eq!(added(), [1, 2, 2, 1], "{kind}");
    }
}

fn is_failure(error: &Error) -> bool {
    *error != Error::Status(404)
}

#[circuit(
    name = "attribute::judged",
    threshold = 1,
    cooldown = 5,
    stream,
    failure_if = is_failure,
    failure_if_ok = |status| *status >= 500,
    retry_after = |error| matches!(error, Error::Down).then_some(seconds(60)),
    retry_after_ok = |status| Some(seconds(u64::from(*status))),
)]
async fn judged(steps: Result<&[Step], Error>) -> Result<Items<'static>, Error> {
    Ok(Script::new(steps?).boxed())
}

#[tokio::test(start_paused = true)]
async fn functions_of_the_circuit_judge_items() {
    for (steps, expected, cooldown) in [
        (Ok(&[Step::Item(200), Step::Item(503), Step::Down, Step::End][..]), [0, 1, 0, 0], 503),
        (Ok(&[Step::Item(200), Step::Down, Step::End]), [0, 1, 0, 0], 60),
        (Ok(&[Step::NotFound, Step::Down, Step::End]), [0, 0, 1, 0], 0),
        (Ok(&[Step::Rejected, Step::End]), [0, 1, 0, 0], 5),
        (Ok(&[Step::Item(200), Step::End]), [1, 0, 0, 0], 0),
        (Err(Error::Down), [0, 1, 0, 0], 60),
        (Err(Error::Status(404)), [0, 0, 1, 0], 0),
    ] {
        let shown = format!("{steps:?}");
        let breaker = get_circuit("attribute::judged").unwrap();
        let before = counts(&breaker);
        if let Ok(stream) = judged(steps).await {
            stream.count().await;
        }
        let added: Vec<_> = counts(&breaker).iter().zip(before).map(|(after, before)| after - before).collect();
        assert_eq!(added, expected, "{shown}");
        assert_eq!(breaker.stats().cooldown_remaining, seconds(cooldown), "{shown}");
        breaker.reset();
    }
}

#[circuit(name = "attribute::hung", stream, hung_after = 1)]
async fn hung() -> Result<impl Stream<Item = Result<u16, Error>>, Error> {
    Ok(Script::new(&[]))
}

#[tokio::test(start_paused = true)]
async fn time_of_a_hung_stream_begins_with_the_call() {
    let breaker = get_circuit("attribute::hung").unwrap();
    for (time, expected) in [(Duration::from_millis(999), [0, 0, 0, 1]), (seconds(1), [0, 1, 0, 1])] {
        let stream = hung().await.unwrap();
        advance(time).await;
        drop(stream);
        assert_eq!(counts(&breaker), expected);
    }
}

#[circuit(name = "attribute::slow", stream, slow_call = 5, slow_rate = 1, min_calls = 9, calls = 9)]
async fn slow_at_the_end() -> Result<impl Stream<Item = Result<u16, Error>>, Error> {
    Ok(Script::new(&[Step::Item(1), Step::End]))
}

#[circuit(name = "attribute::slow", stream = "first_item")]
async fn slow_at_the_first_item(wait: u64) -> Result<impl Stream<Item = Result<u16, Error>>, Error> {
    sleep(seconds(wait)).await;
    Ok(Script::new(&[Step::Item(1), Step::End]))
}

#[tokio::test(start_paused = true)]
async fn slowness_is_judged_as_the_attribute_says() {
    async fn follow(stream: impl Stream<Item = Result<u16, Error>>) -> u64 {
        let mut stream = pin!(stream);
        assert_eq!(stream.next().await, Some(Ok(1)));
        advance(seconds(5)).await;
        assert_eq!(stream.next().await, None);
        get_circuit("attribute::slow").unwrap().stats().window_slow
    }
    assert_eq!(follow(slow_at_the_first_item(4).await.unwrap()).await, 0);
    assert_eq!(follow(slow_at_the_first_item(5).await.unwrap()).await, 1);
    assert_eq!(follow(slow_at_the_end().await.unwrap()).await, 2);
}

static SLOTS: AtomicU32 = AtomicU32::new(0);

#[fallback(value = stream::iter([Ok(0)]).boxed())]
#[retry(max = 3, delay = 0)]
#[circuit(name = "attribute::stack", stream)]
#[bulkhead(max = 1)]
#[timeout(5)]
async fn stack(failures: u32) -> Result<Items<'static>, Error> {
    match SLOTS.fetch_add(1, Ordering::Relaxed) {
        attempt if attempt < failures => Err(Error::Failed(attempt)),
        9.. => pending().await,
        attempt => {
            Ok(LimitedStream::new(Script::new(&[Step::Item(u16::try_from(attempt).unwrap())])).idle(seconds(1)).boxed())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn other_layers_end_before_the_stream() {
    let breaker = get_circuit("attribute::stack").unwrap();
    let mut stream = stack(2).await.unwrap();
    assert_eq!(counts(&breaker), [0, 2, 0, 0]);
    let mut second = stack(0).await.unwrap(); // The slot of the bulkhead is free again.
    assert_eq!(second.next().await, Some(Ok(3)));
    sleep(seconds(60)).await; // The timeout does not apply to the stream.
    assert_eq!(stream.next().await, Some(Ok(2)));
    assert!(matches!(stream.next().await, Some(Err(Error::Timeout(_)))));
    assert_eq!((stream.next().await, counts(&breaker)), (None, [0, 3, 0, 0]));
    drop(second);
    assert_eq!(counts(&breaker), [0, 3, 0, 1]);

    breaker.reset();
    let rejected = async {
        let full = stack(0).await.unwrap().next().await; // The bulkhead is full, so the fallback answers.
        assert_eq!((full, counts(&breaker)), (Some(Ok(0)), [0, 3, 3, 1]));
    };
    SLOTS.store(9, Ordering::Relaxed);
    let mut taken = pin!(stack(0));
    assert!(taken.as_mut().now_or_never().is_none());
    rejected.await;
}

#[hedge(after = 1)]
#[circuit(name = "attribute::hedged", stream)]
async fn hedged(calls: &AtomicU32) -> Result<impl Stream<Item = Result<u16, Error>> + use<>, Error> {
    let call = calls.fetch_add(1, Ordering::Relaxed);
    if call == 0 {
        sleep(seconds(60)).await;
    }
    Ok(Script::new(&[Step::Item(u16::try_from(call).unwrap()), Step::End]))
}

#[tokio::test(start_paused = true)]
async fn hedge_drops_the_stream_of_the_loser() {
    let stream = hedged(&AtomicU32::new(0)).await.unwrap();
    assert_eq!(stream.collect::<Vec<_>>().await, [Ok(1)]);
    assert_eq!(counts(&get_circuit("attribute::hedged").unwrap()), [1, 0, 0, 1]);
}

#[circuit(name = "attribute::trial", threshold = 1, cooldown = 5, stream)]
async fn trial(steps: &[Step]) -> Result<impl Stream<Item = Result<u16, Error>> + use<>, Error> {
    Ok(Script::new(steps))
}

#[tokio::test(start_paused = true)]
async fn trial_lasts_until_the_end_of_its_stream() {
    let breaker = get_circuit("attribute::trial").unwrap();
    breaker.trip();
    advance(seconds(5)).await;
    let mut first = pin!(trial(&[Step::Item(1), Step::End]).await.unwrap());
    assert_eq!(first.next().await, Some(Ok(1)));
    assert!(matches!(trial(&[]).await.err(), Some(Error::Open(_))));
    assert_eq!((first.next().await, breaker.state()), (None, CircuitState::Closed));
}

#[circuit(name = "attribute::outer", stream)]
#[retry(max = 2, delay = 0, retry_if_ok = |_| false)]
#[circuit(
    name = "attribute::inner",
    stream,
    failure_if_ok = |item: &u16| *item == 0,
    retry_after_ok = |item: &u16| Some(seconds(u64::from(*item))),
)]
async fn two_circuits(steps: &[Step]) -> Result<impl Stream<Item = Result<u16, Error>> + use<>, Error> {
    Ok(Script::new(steps))
}

#[tokio::test]
async fn two_circuits_count_one_stream() {
    assert_eq!(two_circuits(&[Step::Item(0), Step::End]).await.unwrap().count().await, 1);
    assert_eq!(counts(&get_circuit("attribute::outer").unwrap()), [1, 0, 0, 0]);
    assert_eq!(counts(&get_circuit("attribute::inner").unwrap()), [0, 1, 0, 0]);
}

#[circuit(name = "attribute::off", stream = false)]
async fn no_stream() -> Result<u8, Error> {
    Ok(7)
}

#[tokio::test]
async fn option_that_is_false_needs_no_stream() {
    assert_eq!(no_stream().await, Ok(7));
    assert_eq!(counts(&get_circuit("attribute::off").unwrap()), [1, 0, 0, 0]);
}

#[circuit(name = "attribute::sent", stream)]
async fn sent() -> Result<impl Stream<Item = Result<u16, Error>> + Unpin, Error> {
    Ok(Script::new(&[]))
}

#[test]
fn future_and_stream_are_send() {
    let stream = assert_send(sent()).now_or_never().unwrap().unwrap();
    let mut stream = assert_send(stream);
    assert_eq!(poll(Pin::new(&mut stream)), Poll::Pending);
}

/// A server that sends events. Each element of `connections` contains the poll results of one connection.
struct Server {
    connections: Vec<&'static [Step]>,
    accepted: AtomicU32,
    slots: Bulkhead,
}

impl Server {
    fn new(connections: &[&'static [Step]]) -> Self {
        let slots = Bulkhead::builder("attribute::server", 8).build().unwrap();
        Self { connections: connections.to_vec(), accepted: AtomicU32::new(0), slots }
    }

    fn connect(&self) -> impl Stream<Item = Result<u16, Error>> + Send + use<> {
        let connection = self.accepted.fetch_add(1, Ordering::Relaxed);
        self.slots.try_acquire_owned().unwrap().watch(Script::new(self.connections[connection as usize]))
    }
}

/// Waits for the first event inside the body. The retry therefore repeats a connection only if the connection has sent
/// no event.
#[retry(max = 3, delay = 0)]
#[circuit(name = "attribute::events", threshold = 9, stream)]
async fn events(server: &Server) -> Result<Items<'static>, Error> {
    let mut events = LimitedStream::new(server.connect()).first_item(seconds(1)).boxed();
    match events.next().await {
        Some(first) => Ok(stream::iter([Ok(first?)]).chain(events).boxed()),
        None => Err(Error::Other),
    }
}

#[tokio::test(start_paused = true)]
async fn retry_before_the_first_event_repeats_no_event() {
    let server =
        Server::new(&[&[Step::Down], &[Step::Pending], &[Step::Item(1), Step::Item(2), Step::Down, Step::End]]);
    let received: Vec<_> = events(&server).await.unwrap().collect().await;
    assert_eq!(received, [Ok(1), Ok(2), Err(Error::Down)]);
    assert_eq!(server.accepted.load(Ordering::Relaxed), 3);
    assert_eq!(server.slots.stats().in_use, 0);
    assert_eq!(counts(&get_circuit("attribute::events").unwrap()), [0, 3, 0, 0]);

    let server = Server::new(&[&[Step::End], &[Step::Item(1), Step::End]]);
    let received: Vec<_> = events(&server).await.unwrap().collect().await;
    assert_eq!((received, server.accepted.into_inner()), (vec![Ok(1)], 2));
    assert_eq!(counts(&get_circuit("attribute::events").unwrap()), [1, 4, 0, 0]);
}
