//! Tests `#[fallback]` with a value or a closure, which replaces an error of the decorated function.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};

use axum::extract::State;
use resilience_runtime::{Bulkhead, bulkhead, circuit, fallback, get_circuit, get_stats, hedge, retry, timeout};
use support::{Error, assert_send, seconds};
use tokio::task::yield_now;
use tokio::time::sleep;

fn next(evaluated: &Cell<u32>) -> u32 {
    evaluated.set(evaluated.get() + 1);
    evaluated.get()
}

#[fallback(value = 100 + next(evaluated))]
async fn value(fails: bool, evaluated: &Cell<u32>) -> Result<u32, Error> {
    if fails { Err(Error::Down) } else { Ok(7) }
}

#[fallback(|error| Ok(format!("{error} {}", next(evaluated))))]
async fn closure(fails: bool, evaluated: &Cell<u32>) -> Result<String, Error> {
    if fails { Err(Error::Down) } else { Ok("up".to_owned()) }
}

#[tokio::test]
async fn fallback_is_evaluated_only_after_an_error() {
    let evaluated = Cell::new(0);
    assert_eq!(value(false, &evaluated).await, Ok(7));
    assert_eq!(closure(false, &evaluated).await, Ok("up".to_owned()));
    assert_eq!(evaluated.get(), 0);
    assert_eq!(value(true, &evaluated).await, Ok(101));
    assert_eq!(closure(true, &evaluated).await, Ok("down 2".to_owned()));
}

#[fallback(|error| match error {
    Error::Status(404) => Ok(0),
    error => Err(error),
})]
async fn passes_on(status: u16) -> Result<u32, Error> {
    Err(Error::Status(status))
}

#[fallback(|_| { let number: u32 = text.parse().map_err(|_| Error::Other)?; Ok(number) })]
async fn asks(text: &str) -> Result<u32, Error> {
    Err(Error::Down)
}

#[fallback(value = text.parse().map_err(|_| Error::Other)?)]
async fn asks_in_value(text: &str) -> Result<u32, Error> {
    Err(Error::Down)
}

#[tokio::test]
async fn fallback_may_return_an_error() {
    assert_eq!(passes_on(404).await, Ok(0));
    assert_eq!(passes_on(500).await, Err(Error::Status(500)));
    assert_eq!((asks("7").await, asks("x").await), (Ok(7), Err(Error::Other)));
    assert_eq!((asks_in_value("7").await, asks_in_value("x").await), (Ok(7), Err(Error::Other)));
}

fn consume(_: String) {}

#[fallback(value = id.clone())]
async fn borrows(id: String, body: String) -> Result<String, Error> {
    consume(body);
    Err(Error::Status(u16::try_from(id.len()).unwrap()))
}

#[fallback(|_| Ok(id))]
async fn moves(id: String) -> Result<String, Error> {
    Err(Error::Status(u16::try_from(id.len()).unwrap()))
}

#[fallback(value = id, clone(id))]
async fn clones(mut id: String, body: String) -> Result<String, Error> {
    id.push('!');
    consume(id);
    consume(body);
    Err(Error::Down)
}

#[fallback(|_| Ok(seen))]
async fn changes(mut seen: Vec<u8>, list: &mut Vec<u8>) -> Result<Vec<u8>, Error> {
    list.push(1);
    seen.push(2);
    Err(Error::Down)
}

#[fallback(|_| { list.push(3); Ok(list.len()) })]
async fn changes_too(list: &mut Vec<u8>) -> Result<usize, Error> {
    list.push(1);
    Err(Error::Down)
}

#[fallback(value = number)]
async fn of_a_pattern(State(number): State<u32>, (text, _): (String, u8)) -> Result<u32, Error> {
    consume(text);
    Err(Error::Status(u16::try_from(number).unwrap()))
}

#[tokio::test]
async fn fallback_names_arguments() {
    let text = || "four".to_owned();
    assert_eq!(borrows(text(), text()).await, Ok(text()));
    assert_eq!(moves(text()).await, Ok(text()));
    assert_eq!(clones(text(), text()).await, Ok(text()), "not the clone of the body");
    let mut list = Vec::new();
    assert_eq!(changes(vec![1], &mut list).await, Ok(vec![1, 2]));
    assert_eq!(changes_too(&mut list).await, Ok(3));
    assert_eq!(of_a_pattern(State(9), (text(), 1)).await, Ok(9));
}

#[fallback(|_| { drop(async move { sleep(seconds(number)).await }); Ok(number) })]
async fn with_block(number: u64) -> Result<u64, Error> {
    Err(Error::Down)
}

#[tokio::test]
async fn closure_may_contain_an_async_block() {
    assert_eq!(with_block(7).await, Ok(7));
}

#[fallback(value = "none")]
async fn lends<'a>(text: &'a mut String) -> Result<&'a str, Error> {
    text.push('!');
    if text.len() > 2 { Ok(text) } else { Err(Error::Down) }
}

#[tokio::test]
async fn body_may_lend_arguments_that_fallback_does_not_name() {
    assert_eq!(lends(&mut "ab".to_owned()).await, Ok("ab!"));
    assert_eq!(lends(&mut "a".to_owned()).await, Ok("none"));
}

struct Client {
    default: u32,
}

impl Client {
    #[fallback(value = self.default)]
    async fn get(&self, text: String) -> Result<u32, Error> {
        consume(text);
        Err(Error::Down)
    }

    #[fallback(|_| Ok(self.default))]
    async fn set(&mut self) -> Result<u32, Error> {
        self.default += 1;
        Err(Error::Down)
    }

    #[fallback(|_| Ok(self.default))]
    async fn owned(self: Arc<Self>) -> Result<u32, Error> {
        Err(Error::Down)
    }

    #[fallback(value = self.default + *more)]
    fn boxed<'a>(&'a self, more: &'a u32) -> Pin<Box<dyn Future<Output = Result<u32, Error>> + Send + 'a>> {
        Box::pin(async { Err(Error::Down) })
    }

    #[fallback(value = text.len())]
    fn without_move(text: String) -> Pin<Box<dyn Future<Output = Result<usize, Error>> + Send>> {
        assert!(!text.is_empty(), "a statement before the block");
        Box::pin(async { Err(Error::Down) })
    }

    #[fallback(value = text)]
    fn consumed(text: String) -> Pin<Box<dyn Future<Output = Result<String, Error>> + Send>> {
        Box::pin(async move { Err(Error::Status(u16::try_from(text.len()).unwrap())) })
    }
}

#[async_trait::async_trait]
trait Store {
    async fn find(&mut self, key: String) -> Result<usize, Error>;
    async fn find_clone(&self, key: String) -> Result<String, Error>;
    async fn find_pair(&self, pair: (String, u32)) -> Result<String, Error>;
}

#[async_trait::async_trait]
impl Store for Client {
    #[fallback(|_| Ok(self.default as usize + key.len()))]
    async fn find(&mut self, key: String) -> Result<usize, Error> {
        self.default += 1;
        Err(Error::Status(u16::try_from(key.len()).unwrap()))
    }

    #[fallback(value = key, clone(key))]
    async fn find_clone(&self, key: String) -> Result<String, Error> {
        consume(key);
        Err(Error::Down)
    }

    #[fallback(value = "none".to_owned(), clone(key))]
    async fn find_pair(&self, (key, number): (String, u32)) -> Result<String, Error> {
        consume(format!("{key}{number}"));
        consume(key);
        Err(Error::Down)
    }
}

#[fallback(value = text.len())]
#[tracing::instrument(skip_all)]
async fn traced(text: String) -> Result<usize, Error> {
    let _ = text.len();
    Err(Error::Down)
}

#[tokio::test]
async fn fallback_works_in_each_kind_of_function() {
    let mut client = Client { default: 1 };
    assert_eq!(client.get(String::new()).await, Ok(1));
    assert_eq!(client.set().await, Ok(2));
    assert_eq!(client.boxed(&5).await, Ok(7));
    assert_eq!(client.find("four".to_owned()).await, Ok(7));
    assert_eq!(client.find_clone("four".to_owned()).await, Ok("four".to_owned()));
    assert_eq!(client.find_pair(("four".to_owned(), 7)).await, Ok("none".to_owned()));
    assert_eq!(Client::without_move("four".to_owned()).await, Ok(4));
    assert_eq!(Arc::new(client).owned().await, Ok(3));
    assert_eq!(Client::consumed("four".to_owned()).await, Ok("four".to_owned()));
    assert_eq!(traced("four".to_owned()).await, Ok(4));
}

#[test]
fn future_is_send_if_arguments_are_send() {
    drop(assert_send(moves(String::new())));
    drop(assert_send(closure_over_not_sync(Cell::new(1))));
}

#[fallback(|_| Ok(cell.get()))]
async fn closure_over_not_sync(cell: Cell<u32>) -> Result<u32, Error> {
    cell.set(2);
    Err(Error::Down)
}

#[fallback(value = 0, on = "rejected")]
#[circuit(name = "fallback_in_place::rejected", threshold = 1)]
async fn value_when_rejected() -> Result<u32, Error> {
    Err(Error::Down)
}

#[fallback(|error| Ok(error.to_string()), on = "rejected")]
#[bulkhead(max = 1)]
async fn closure_when_rejected(wait: bool) -> Result<String, Error> {
    if wait {
        sleep(seconds(1)).await;
    }
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn on_rejected_keeps_other_errors() {
    assert_eq!(value_when_rejected().await, Err(Error::Down));
    assert_eq!(value_when_rejected().await, Ok(0));
    let mut first = pin!(closure_when_rejected(true));
    assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(closure_when_rejected(false).await.unwrap().contains("full"));
    assert_eq!(first.await, Err(Error::Down));
}

#[fallback(value = 1, name = "fallback_in_place::counted")]
async fn counted(fails: bool) -> Result<u32, Error> {
    if fails { Err(Error::Down) } else { Ok(0) }
}

#[fallback(|error| Err(error), name = "fallback_in_place::counted")]
async fn counted_error() -> Result<u32, Error> {
    Err(Error::Down)
}

#[tokio::test]
async fn statistics_count_values_and_closures() {
    assert_eq!((counted(true).await, counted(false).await), (Ok(1), Ok(0)));
    assert_eq!(counted_error().await, Err(Error::Down));
    let stats = &get_stats().fallbacks["fallback_in_place::counted"];
    assert_eq!((stats.total_fell_back, stats.total_failed), (2, 1));
}

#[timeout(20)]
#[fallback(|error| Ok(u32::from(matches!(error, Error::Timeout(_))) + *id))]
#[retry(max = 3, delay = 1, clone(id))]
#[hedge(after = 1)]
#[timeout(2)]
async fn above_others(id: Box<u32>, calls: &std::sync::atomic::AtomicU32) -> Result<u32, Error> {
    calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    drop(id);
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn fallback_works_above_other_attributes() {
    assert_eq!(above_others(Box::new(6), &0.into()).await, Ok(7));
}

#[fallback(value = text.len())]
#[fallback(|error| if text.is_empty() { Ok(9) } else { Err(error) })]
async fn two(text: String) -> Result<usize, Error> {
    Err(Error::Status(u16::try_from(text.len()).unwrap()))
}

#[fallback(|_| Ok(text), clone(text))]
#[fallback(spare, clone(text))]
async fn closure_above_path(text: String) -> Result<String, Error> {
    consume(text);
    Err(Error::Down)
}

async fn spare(text: String) -> Result<String, Error> {
    yield_now().await;
    assert_eq!(text, "four");
    Err(Error::Other)
}

#[tokio::test]
async fn error_of_closure_reaches_the_next_fallback() {
    assert_eq!(two(String::new()).await, Ok(9));
    assert_eq!(two("four".to_owned()).await, Ok(4));
    assert_eq!(closure_above_path("four".to_owned()).await, Ok("four".to_owned()));
}

#[circuit(name = "fallback_in_place::panics", threshold = 9)]
#[fallback(|_| panic!("in the fallback"))]
async fn panics() -> Result<u32, Error> {
    Err(Error::Down)
}

#[tokio::test]
async fn panic_of_closure_counts_as_failure() {
    assert!(tokio::spawn(panics()).await.unwrap_err().is_panic());
    let stats = get_circuit("fallback_in_place::panics").unwrap().stats();
    assert_eq!((stats.total_failed, stats.total_cancelled), (1, 0));
}

/// An error type that can contain a rejection, but does not implement `std::error::Error`.
#[derive(Debug, PartialEq)]
enum Hidden {
    Rejected(resilience_runtime::Rejection),
    Other,
}

impl From<resilience_runtime::Rejection> for Hidden {
    fn from(rejection: resilience_runtime::Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

#[circuit(name = "fallback_in_place::inner", threshold = 1)]
async fn inner() -> Result<u32, Hidden> {
    Ok(1)
}

#[circuit(name = "fallback_in_place::outer", threshold = 9)]
#[fallback(|error| if keep { Err(error) } else { Err(Hidden::Other) })]
async fn outer(keep: bool) -> Result<u32, Hidden> {
    inner().await
}

#[tokio::test]
async fn circuit_above_ignores_only_a_rejection_that_closure_returns() {
    inner().await.unwrap();
    get_circuit("fallback_in_place::inner").unwrap().force_open();
    let stats = || get_circuit("fallback_in_place::outer").unwrap().stats();
    outer(true).await.unwrap_err();
    assert_eq!((stats().total_ignored, stats().total_failed), (1, 0));
    assert_eq!(outer(false).await, Err(Hidden::Other));
    assert_eq!((stats().total_ignored, stats().total_failed), (1, 1));
}

/// The error that a fallback returns: the error that it received, a rejection, or another error.
#[derive(Clone, Copy, Debug)]
enum Returns {
    TheSame,
    Rejection,
    Other,
}

/// Returns the error that `returns` selects. `error` is the error that the fallback received.
fn instead(returns: Returns, error: Hidden) -> Result<u32, Hidden> {
    match returns {
        Returns::TheSame => Err(error),
        Returns::Rejection => {
            let open = get_circuit("fallback_in_place::instead").unwrap().try_acquire().unwrap_err();
            Err(Hidden::Rejected(open.into()))
        }
        Returns::Other => Err(Hidden::Other),
    }
}

#[circuit(name = "fallback_in_place::instead")]
async fn forced_open() -> Result<u32, Hidden> {
    Ok(1)
}

#[circuit(name = "fallback_in_place::stale")]
async fn calls_forced_open() -> Result<u32, Hidden> {
    forced_open().await
}

#[circuit(name = "fallback_in_place::attribute", threshold = 9)]
#[fallback(|error| instead(returns, error))]
#[bulkhead(with = full)]
async fn rejected_by_attribute(full: &Bulkhead, returns: Returns) -> Result<u32, Hidden> {
    Ok(1)
}

#[circuit(name = "fallback_in_place::plain", threshold = 9)]
#[fallback(|error| instead(returns, error))]
#[bulkhead(with = full)]
fn plain_rejected_by_attribute(full: &Bulkhead, returns: Returns) -> Result<u32, Hidden> {
    Ok(1)
}

#[circuit(name = "fallback_in_place::body", threshold = 9)]
#[fallback(|error| instead(returns, error))]
async fn rejected_in_body(full: &Bulkhead, returns: Returns) -> Result<u32, Hidden> {
    full.try_acquire().map(|_| 1).map_err(|full| Hidden::Rejected(full.into()))
}

#[tokio::test]
async fn circuit_above_closure_ignores_rejections_of_every_layer() {
    get_circuit("fallback_in_place::instead").unwrap().force_open();
    let full = Bulkhead::builder("fallback_in_place", 1).build().unwrap();
    let _slot = full.try_acquire().unwrap();
    for (returns, ignored) in [(Returns::TheSame, 1), (Returns::Rejection, 1), (Returns::Other, 0)] {
        // A rejection of an earlier call on this thread must not change the outcome.
        for earlier in [false, true] {
            for name in ["attribute", "plain", "body"] {
                let circuit = get_circuit(&format!("fallback_in_place::{name}")).unwrap();
                let before = circuit.stats();
                if earlier {
                    calls_forced_open().await.unwrap_err();
                } else {
                    asks("no text").await.unwrap_err();
                }
                match name {
                    "attribute" => rejected_by_attribute(&full, returns).await,
                    "plain" => plain_rejected_by_attribute(&full, returns),
                    _ => rejected_in_body(&full, returns).await,
                }
                .unwrap_err();
                let (now, case) = (circuit.stats(), (returns, earlier, name));
                assert_eq!(now.total_ignored - before.total_ignored, ignored, "{case:?}");
                assert_eq!(now.total_failed - before.total_failed, 1 - ignored, "{case:?}");
            }
        }
    }
}
