//! A fallback is called with the same arguments in the place of an error from what is below it.

#![allow(clippy::unused_async)] // a fallback that has nothing to wait for

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use resilience_runtime::{CircuitOpenError, TimeoutError, circuit, fallback, get_circuit, retry, timeout};
use tokio::time::{Instant, sleep};

#[derive(Debug, PartialEq, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Open(#[from] CircuitOpenError),
    #[error(transparent)]
    Timeout(#[from] TimeoutError),
    #[error("down")]
    Down,
    #[error("not in the cache")]
    NotCached,
}

async fn cached(key: &str, calls: &Cell<u32>) -> Result<String, Error> {
    if key == "unknown" { Err(Error::NotCached) } else { Ok(format!("{key} as of call {}", calls.get())) }
}

#[fallback(cached)]
async fn ask(key: &str, calls: &Cell<u32>) -> Result<String, Error> {
    calls.set(calls.get() + 1);
    if key == "works" { Ok("fresh".to_owned()) } else { Err(Error::Down) }
}

#[tokio::test]
async fn it_is_called_only_in_the_place_of_an_error() {
    let calls = Cell::new(0);
    assert_eq!(ask("works", &calls).await, Ok("fresh".to_owned()));
    assert_eq!(ask("fails", &calls).await, Ok("fails as of call 2".to_owned()));
    assert_eq!(ask("unknown", &calls).await, Err(Error::NotCached), "its own error comes back");
}

#[fallback(unless_down, with_error = true)]
async fn told(key: &str, found: Result<u32, Error>) -> Result<u32, Error> {
    let _ = key;
    match found {
        Ok(found) => Ok(found),
        Err(Error::Down) => Err(Error::Down),
        Err(_) => Err(Error::NotCached),
    }
}

async fn unless_down(key: &str, _: Result<u32, Error>, error: Error) -> Result<u32, Error> {
    match error {
        Error::NotCached => Ok(u32::try_from(key.len()).unwrap()),
        error => Err(error),
    }
}

#[tokio::test]
async fn it_may_see_the_error_and_give_it_back() {
    assert_eq!(told("four", Err(Error::NotCached)).await, Ok(4));
    assert_eq!(told("four", Err(Error::Down)).await, Err(Error::Down));
    assert_eq!(told("four", Ok(7)).await, Ok(7));
}

async fn spare(text: String, list: &mut Vec<String>, number: u32) -> Result<usize, Error> {
    list.push(text);
    Ok(list.len() + number as usize)
}

#[fallback(spare)]
#[retry(max = 3, delay = 0)]
async fn lends(mut text: String, list: &mut Vec<String>, number: u32) -> Result<usize, Error> {
    text.push('!');
    list.push(format!("{text}{number}"));
    Err(Error::Down)
}

#[fallback(spare, clone(text))]
async fn consumes(text: String, list: &mut Vec<String>, number: u32) -> Result<usize, Error> {
    list.push(text);
    if number == 0 { Ok(0) } else { Err(Error::Down) }
}

#[tokio::test]
async fn arguments_by_value_are_lent_to_the_body_and_given_to_the_fallback() {
    let mut list = Vec::new();
    assert_eq!(lends("a".to_owned(), &mut list, 7).await, Ok(4 + 7));
    assert_eq!(list, ["a!7", "a!!7", "a!!!7", "a!!!"]);
    list.clear();
    assert_eq!(consumes("a".to_owned(), &mut list, 1).await, Ok(2 + 1));
    assert_eq!(list, ["a", "a"]);
}

struct Client {
    answers: RefCell<u32>,
}

impl Client {
    async fn default_answer(&self, _query: Rc<str>) -> Result<u32, Error> {
        Ok(*self.answers.borrow())
    }

    #[fallback(Self::default_answer)]
    #[circuit(name = "fallbacks::method", threshold = 1)]
    async fn answer(&self, query: Rc<str>) -> Result<u32, Error> {
        *self.answers.borrow_mut() += u32::try_from(query.len()).unwrap();
        Err(Error::Down)
    }

    async fn gone(self) -> Result<u32, Error> {
        Ok(self.answers.into_inner())
    }

    #[fallback(Client::gone)]
    async fn finish(self) -> Result<u32, Error> {
        *self.answers.borrow_mut() += 1;
        Err(Error::Down)
    }
}

#[tokio::test]
async fn a_method_falls_back_to_a_method() {
    let client = Client { answers: RefCell::new(0) };
    assert_eq!(client.answer("four".into()).await, Ok(4));
    assert_eq!(client.answer("four".into()).await, Ok(4), "an open circuit is an error, too");
    assert_eq!(get_circuit("fallbacks::method").unwrap().stats().total_rejected, 1);
    assert_eq!(client.finish().await, Ok(5));
}

#[async_trait::async_trait]
trait Store {
    async fn find(&self, key: String) -> Result<usize, Error>;
}

struct Remote;

impl Remote {
    async fn find_nothing(&self, key: String) -> Result<usize, Error> {
        Ok(key.len())
    }
}

#[async_trait::async_trait]
impl Store for Remote {
    #[fallback(Self::find_nothing)]
    async fn find(&self, key: String) -> Result<usize, Error> {
        if key.is_empty() { Ok(99) } else { Err(Error::Down) }
    }
}

#[tokio::test]
async fn in_an_async_trait() {
    assert_eq!(Remote.find("four".to_owned()).await, Ok(4));
    assert_eq!(Remote.find(String::new()).await, Ok(99));
}

async fn instead(calls: &Cell<u32>) -> Result<u32, Error> {
    Ok(1000 + calls.get())
}

#[fallback(instead, on = "rejected")]
#[retry(max = 2, delay = 1)]
#[circuit(name = "fallbacks::rejected", threshold = 3)]
async fn only_when_rejected(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn on_rejected_leaves_the_errors_of_calls_that_were_made() {
    let calls = Cell::new(0);
    assert_eq!(only_when_rejected(&calls).await, Err(Error::Down));
    assert_eq!(only_when_rejected(&calls).await, Err(Error::Down), "the call that opens it was made");
    assert_eq!(only_when_rejected(&calls).await, Ok(1003));
}

#[fallback(instead, on = "rejected")]
#[timeout(2)]
#[retry(max = 2, delay = 1.5)]
#[circuit(name = "fallbacks::outer", threshold = 9)]
#[circuit(name = "fallbacks::inner", threshold = 1, cooldown = 1)]
async fn rejected_far_below(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    if calls.get() == 1 { Err(Error::Down) } else { pending().await }
}

#[tokio::test(start_paused = true)]
async fn a_rejection_far_below_is_told_and_a_timeout_is_none() {
    let (begin, calls) = (Instant::now(), Cell::new(0));
    assert!(matches!(rejected_far_below(&calls).await, Err(Error::Timeout(_))), "in the trial after a pause");
    assert_eq!(begin.elapsed().as_secs(), 2);
    assert!(matches!(rejected_far_below(&calls).await, Err(Error::Timeout(_))), "in the trial");
    let trial = get_circuit("fallbacks::inner").unwrap().try_acquire_owned().unwrap();
    assert_eq!(rejected_far_below(&calls).await, Ok(1003));
    assert_eq!(begin.elapsed().as_secs(), 4, "no pause after a rejection, though a circuit between has seen it");
    drop(trial);
    assert_eq!(get_circuit("fallbacks::outer").unwrap().stats().total_failed, 2);
}

async fn slow(_: &Cell<u32>) -> Result<u32, Error> {
    sleep(Duration::from_secs(60)).await;
    Ok(0)
}

#[timeout(5)]
#[fallback(slow)]
#[timeout(3)]
async fn all_in_time(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    pending().await
}

#[tokio::test(start_paused = true)]
async fn a_timeout_above_is_for_the_fallback_too() {
    let begin = Instant::now();
    let Err(Error::Timeout(error)) = all_in_time(&Cell::new(0)).await else { panic!("not ended") };
    assert_eq!((error.after().as_secs(), begin.elapsed().as_secs()), (5, 5));
}

#[circuit(name = "fallbacks::above", threshold = 1)]
#[fallback(instead)]
#[circuit(name = "fallbacks::below", threshold = 1)]
async fn between(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    Err(Error::Down)
}

#[tokio::test]
async fn a_circuit_above_sees_what_the_fallback_comes_to() {
    let calls = Cell::new(0);
    assert_eq!(between(&calls).await, Ok(1001));
    assert_eq!(between(&calls).await, Ok(1001));
    let [above, below] = ["fallbacks::above", "fallbacks::below"].map(|name| get_circuit(name).unwrap().stats());
    assert_eq!((above.total_succeeded, above.total_failed), (2, 0));
    assert_eq!((below.total_failed, below.total_rejected), (1, 1));
}

async fn empty(_: &Cell<u32>) -> Result<u32, Error> {
    Err(Error::NotCached)
}

#[fallback(instead)]
#[fallback(empty)]
async fn two(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    Err(Error::Down)
}

#[tokio::test]
async fn the_error_of_one_calls_the_next() {
    assert_eq!(two(&Cell::new(0)).await, Ok(1001));
}
