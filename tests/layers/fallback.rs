//! Tests `#[fallback]`. If a decorated function returns an error, the fallback calls another function with the same
//! arguments.

#![allow(clippy::unused_async)] // Some fallbacks contain no `.await`.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use resilience_runtime::{circuit, fallback, get_circuit, retry, timeout};
use support::Error;
use tokio::time::{Instant, sleep};

async fn cached(key: &str, calls: &Cell<u32>) -> Result<String, Error> {
    if key == "unknown" { Err(Error::Other) } else { Ok(format!("{key} as of call {}", calls.get())) }
}

#[fallback(cached)]
async fn ask(key: &str, calls: &Cell<u32>) -> Result<String, Error> {
    calls.set(calls.get() + 1);
    if key == "works" { Ok("fresh".to_owned()) } else { Err(Error::Down) }
}

#[tokio::test]
async fn fallback_runs_only_after_an_error() {
    let calls = Cell::new(0);
    assert_eq!(ask("works", &calls).await, Ok("fresh".to_owned()));
    assert_eq!(ask("fails", &calls).await, Ok("fails as of call 2".to_owned()));
    assert_eq!(ask("unknown", &calls).await, Err(Error::Other), "its own error comes back");
}

#[fallback(unless_down, with_error = true)]
async fn told(key: &str, found: Result<u32, Error>) -> Result<u32, Error> {
    let _ = key;
    match found {
        Ok(found) => Ok(found),
        Err(Error::Down) => Err(Error::Down),
        Err(_) => Err(Error::Other),
    }
}

async fn unless_down(key: &str, _: Result<u32, Error>, error: Error) -> Result<u32, Error> {
    match error {
        Error::Other => Ok(u32::try_from(key.len()).unwrap()),
        error => Err(error),
    }
}

#[tokio::test]
async fn fallback_with_error_may_return_that_error() {
    assert_eq!(told("four", Err(Error::Other)).await, Ok(4));
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
async fn body_borrows_arguments_that_fallback_takes() {
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
    #[circuit(name = "fallback::method", threshold = 1)]
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
async fn method_may_be_fallback_of_method() {
    let client = Client { answers: RefCell::new(0) };
    assert_eq!(client.answer("four".into()).await, Ok(4));
    assert_eq!(client.answer("four".into()).await, Ok(4), "an open circuit is an error, too");
    assert_eq!(get_circuit("fallback::method").unwrap().stats().total_rejected, 1);
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
async fn fallback_works_in_async_trait() {
    assert_eq!(Remote.find("four".to_owned()).await, Ok(4));
    assert_eq!(Remote.find(String::new()).await, Ok(99));
}

async fn instead(calls: &Cell<u32>) -> Result<u32, Error> {
    Ok(1000 + calls.get())
}

#[fallback(instead, on = "rejected")]
#[retry(max = 2, delay = 1)]
#[circuit(name = "fallback::rejected", threshold = 3)]
async fn only_when_rejected(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn on_rejected_keeps_errors_of_admitted_calls() {
    let calls = Cell::new(0);
    assert_eq!(only_when_rejected(&calls).await, Err(Error::Down));
    assert_eq!(only_when_rejected(&calls).await, Err(Error::Down), "the call that opens it was made");
    assert_eq!(only_when_rejected(&calls).await, Ok(1003));
}

#[fallback(instead, on = "rejected")]
#[timeout(2)]
#[retry(max = 2, delay = 1.5)]
#[circuit(name = "fallback::outer", threshold = 9)]
#[circuit(name = "fallback::inner", threshold = 1, cooldown = 1)]
async fn rejected_far_below(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    if calls.get() == 1 { Err(Error::Down) } else { pending().await }
}

#[tokio::test(start_paused = true)]
async fn on_rejected_sees_distant_rejection_but_no_timeout() {
    let (begin, calls) = (Instant::now(), Cell::new(0));
    assert!(matches!(rejected_far_below(&calls).await, Err(Error::Timeout(_))), "in the trial after a pause");
    assert_eq!(begin.elapsed().as_secs(), 2);
    assert!(matches!(rejected_far_below(&calls).await, Err(Error::Timeout(_))), "in the trial");
    let trial = get_circuit("fallback::inner").unwrap().try_acquire_owned().unwrap();
    assert_eq!(rejected_far_below(&calls).await, Ok(1003));
    assert_eq!(begin.elapsed().as_secs(), 4, "no pause after a rejection, though a circuit between has seen it");
    drop(trial);
    let outer = get_circuit("fallback::outer").unwrap().stats();
    assert_eq!((outer.total_failed, outer.total_ignored), (1, 1), "the rejection is no failure");
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
async fn timeout_above_includes_the_fallback() {
    let begin = Instant::now();
    let Err(Error::Timeout(error)) = all_in_time(&Cell::new(0)).await else { panic!("not ended") };
    assert_eq!((error.after().as_secs(), begin.elapsed().as_secs()), (5, 5));
}

#[circuit(name = "fallback::above", threshold = 1)]
#[fallback(instead)]
#[circuit(name = "fallback::below", threshold = 1)]
async fn between(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    Err(Error::Down)
}

#[tokio::test]
async fn circuit_above_counts_outcome_of_fallback() {
    let calls = Cell::new(0);
    assert_eq!(between(&calls).await, Ok(1001));
    assert_eq!(between(&calls).await, Ok(1001));
    let [above, below] = ["fallback::above", "fallback::below"].map(|name| get_circuit(name).unwrap().stats());
    assert_eq!((above.total_succeeded, above.total_failed), (2, 0));
    assert_eq!((below.total_failed, below.total_rejected), (1, 1));
}

async fn empty(_: &Cell<u32>) -> Result<u32, Error> {
    Err(Error::Other)
}

#[fallback(instead)]
#[fallback(empty)]
async fn two(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    Err(Error::Down)
}

#[tokio::test]
async fn error_of_fallback_calls_the_next_fallback() {
    assert_eq!(two(&Cell::new(0)).await, Ok(1001));
}
