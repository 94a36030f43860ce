//! The shapes of functions that users have: each compiles, and does what the bare one does.

use std::cell::Cell;
use std::fmt::Display;
use std::io;
use std::pin::Pin;
use std::rc::Rc;

use resilience_runtime::{CircuitOpenError, circuit, retry};

type Boxed = Box<dyn std::error::Error + Send + Sync>;

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[circuit(name = "shapes::question_mark")]
async fn question_mark(text: &str) -> Result<u32, Boxed> {
    if text == "early" {
        return Ok(1);
    }
    let number: u32 = text.parse()?;
    Ok(number)
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "shapes::question_mark_retried")]
async fn question_mark_retried(text: &str) -> Result<u32, Boxed> {
    if text == "boxed" {
        return Err("unsized coercion".into());
    }
    Ok(text.parse::<u32>()?)
}

#[tokio::test]
async fn question_mark_return_and_coercion_work() {
    assert_eq!(question_mark("early").await.unwrap(), 1);
    assert_eq!(question_mark("7").await.unwrap(), 7);
    assert!(question_mark("x").await.is_err());
    assert_eq!(question_mark_retried("7").await.unwrap(), 7);
    assert_eq!(question_mark_retried("boxed").await.unwrap_err().to_string(), "unsized coercion");
}

#[retry(delay = 0)]
#[circuit(name = "shapes::generic")]
async fn generic<T, const N: usize>(values: [T; N], sink: impl Fn(String)) -> io::Result<usize>
where
    T: Display,
{
    for value in &values {
        sink(value.to_string());
    }
    Ok(N)
}

#[circuit(name = "shapes::hidden")]
async fn hidden<'a>(words: &'a [&'a str]) -> Result<impl Iterator<Item = usize> + 'a, io::Error> {
    Ok(words.iter().map(|word| word.len()))
}

#[retry]
async fn hidden_retried<'a>(words: &'a [&'a str]) -> Result<impl Iterator<Item = usize> + 'a, io::Error> {
    Ok(words.iter().map(|word| word.len()))
}

#[circuit(name = "shapes::borrowed")]
async fn borrowed<'a>(text: &'a mut String, more: &str) -> io::Result<&'a mut str> {
    text.push_str(more);
    Ok(text.as_mut_str())
}

#[tokio::test]
async fn generics_hidden_types_and_borrows_work() {
    let seen = Cell::new(0);
    assert_eq!(generic([1, 2, 3], |_| seen.set(seen.get() + 1)).await.unwrap(), 3);
    assert_eq!(seen.get(), 3);
    assert_eq!(hidden(&["a", "bc"]).await.unwrap().sum::<usize>(), 3);
    assert_eq!(hidden_retried(&["a", "bc"]).await.unwrap().sum::<usize>(), 3);
    let mut text = "a".to_owned();
    assert_eq!(borrowed(&mut text, "b").await.unwrap(), "ab");
}

struct Pair {
    left: u32,
    right: u32,
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "shapes::patterns")]
async fn patterns(
    (a, mut b): (u32, u32),
    Pair { left, right: renamed }: Pair,
    mut plain: u32,
    _: u32,
    _unused: u32,
    [first, .., last]: [u32; 3],
) -> io::Result<u32> {
    b += 1;
    plain += 1;
    Ok(a + b + left + renamed + plain + first + last)
}

#[tokio::test]
async fn patterns_in_arguments_work() {
    assert_eq!(patterns((1, 2), Pair { left: 4, right: 8 }, 16, 0, 0, [32, 0, 64]).await.unwrap(), 129);
}

struct Client {
    calls: Cell<u32>,
}

impl Client {
    #[retry(max = 3, delay = 0)]
    #[circuit(name = "shapes::Client::by_ref")]
    async fn by_ref(&self) -> io::Result<u32> {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get() < 3 { Err(io::Error::other("again")) } else { Ok(self.calls.get()) }
    }

    #[retry(max = 3, delay = 0)]
    #[circuit(name = "shapes::Client::by_mut", threshold = 5)]
    async fn by_mut(&mut self, more: &mut u32) -> io::Result<u32> {
        *self.calls.get_mut() += 1;
        *more += 1;
        if *more < 2 { Err(io::Error::other("again")) } else { Ok(self.calls.get()) }
    }

    #[retry]
    #[circuit(name = "shapes::Client::by_value")]
    async fn by_value(self) -> io::Result<u32> {
        Ok(self.calls.get())
    }

    #[circuit(name = "shapes::Client::consumed")]
    async fn consumed(mut self, more: String) -> io::Result<(Self, String)> {
        *self.calls.get_mut() += 1;
        Ok((self, more))
    }

    #[retry]
    async fn by_rc(self: Rc<Self>) -> io::Result<usize> {
        Ok(Rc::strong_count(&self))
    }

    #[retry]
    async fn by_box(self: Box<Self>) -> io::Result<u32> {
        Ok(self.calls.get())
    }

    #[retry]
    #[circuit(name = "shapes::Client::by_pin")]
    async fn by_pin(mut self: Pin<&mut Self>) -> io::Result<u32> {
        self.as_mut().calls.set(9);
        Ok(self.calls.get())
    }
}

#[tokio::test]
async fn every_receiver_works() {
    let client = || Client { calls: Cell::new(0) };
    assert_eq!(client().by_ref().await.unwrap(), 3);
    assert_eq!(client().by_mut(&mut 0).await.unwrap(), 2);
    assert_eq!(client().by_value().await.unwrap(), 0);
    assert_eq!(client().consumed("x".to_owned()).await.unwrap().1, "x");
    assert_eq!(Rc::new(client()).by_rc().await.unwrap(), 1);
    assert_eq!(Box::new(client()).by_box().await.unwrap(), 0);
    assert_eq!(Pin::new(&mut client()).by_pin().await.unwrap(), 9);
}

trait Search {
    type Hit;

    async fn search(&self, query: &str) -> Result<Self::Hit, io::Error>;

    #[retry(delay = 0)]
    #[circuit(name = "shapes::Search::both", threshold = 5)]
    async fn both(&self, query: &str) -> Result<(Self::Hit, Self::Hit), io::Error> {
        Ok((self.search(query).await?, self.search(query).await?))
    }
}

impl Search for Client {
    type Hit = String;

    #[circuit(name = "shapes::Search::search")]
    #[retry(max = 2, delay = 0)]
    async fn search(&self, query: &str) -> Result<Self::Hit, io::Error> {
        self.calls.set(self.calls.get() + 1);
        Ok(format!("{query}{}", self.calls.get()))
    }
}

#[tokio::test]
async fn trait_methods_and_default_methods_work() {
    let client = Client { calls: Cell::new(0) };
    assert_eq!(client.both("q").await.unwrap(), ("q1".to_owned(), "q2".to_owned()));
}

#[retry]
#[circuit(name = "shapes::not_sync")]
async fn send_but_not_sync(cell: Cell<u32>, (nested, _): (Cell<u32>, u32), by_mut: &mut Cell<u32>) -> io::Result<u32> {
    tokio::task::yield_now().await;
    Ok(cell.get() + nested.get() + by_mut.get())
}

#[retry]
#[circuit(name = "shapes::not_send")]
async fn not_send(value: Rc<u32>) -> io::Result<u32> {
    tokio::task::yield_now().await;
    Ok(*value)
}

#[tokio::test]
async fn a_future_is_send_exactly_when_the_bare_one_is() {
    let mut third = Cell::new(4);
    let call = assert_send(send_but_not_sync(Cell::new(1), (Cell::new(2), 0), &mut third));
    assert_eq!(call.await.unwrap(), 7);
    assert_eq!(not_send(Rc::new(7)).await.unwrap(), 7);
    assert_eq!(tokio::spawn(question_mark_retried("7")).await.unwrap().unwrap(), 7);
}

#[retry(max = 3, delay = 0, clone(body, tags))]
#[circuit(name = "shapes::cloned", threshold = 5)]
async fn cloned(body: String, mut tags: Vec<u32>, sent: &Cell<u32>) -> io::Result<(String, Vec<u32>)> {
    sent.set(sent.get() + 1);
    tags.push(sent.get());
    if sent.get() < 3 {
        drop(body);
        return Err(io::Error::other("again"));
    }
    Ok((body, tags))
}

#[tokio::test]
async fn what_is_listed_is_cloned_for_each_attempt() {
    let sent = Cell::new(0);
    assert_eq!(cloned("b".to_owned(), vec![], &sent).await.unwrap(), ("b".to_owned(), vec![3]));
}

#[derive(Debug)]
struct Opaque;

impl From<CircuitOpenError> for Opaque {
    fn from(_: CircuitOpenError) -> Self {
        Self
    }
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "shapes::opaque")]
async fn error_without_display() -> Result<(), Opaque> {
    Err(Opaque)
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "shapes::generic_error")]
async fn generic_error<E: From<CircuitOpenError>>(make: fn() -> E) -> Result<(), E> {
    Err(make())
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "shapes::no_rejection", open = |open| open.name().len())]
async fn error_that_holds_no_rejection(error: usize) -> Result<(), usize> {
    Err(error)
}

#[tokio::test]
async fn an_error_needs_no_bound() {
    assert!(error_without_display().await.is_err());
    assert!(generic_error(|| Opaque).await.is_err());
    assert_eq!(error_that_holds_no_rejection(1).await, Err(1));
    assert_eq!(error_that_holds_no_rejection(2).await, Err(2));
    assert_eq!(error_that_holds_no_rejection(3).await, Err("shapes::no_rejection".len()));
}

mod shadows {
    //! A user's names that an expansion must not stumble over.
    #![allow(dead_code)] // they are here to be in the way

    struct Ok;
    struct Err;
    struct Some;
    struct None;
    struct Result;
    struct Option;
    struct Duration;
    mod std {}
    mod core {}
    mod resilience {}
    const CIRCUIT: u32 = 3;

    #[resilience_runtime::retry(max = 2)]
    #[resilience_runtime::circuit(name = "shapes::shadows")]
    pub(crate) async fn all(circuit: u32, retry: u32, outcome: u32, permit: u32, delay: u32) -> ::std::io::Result<u32> {
        let open = 1;
        ::std::result::Result::Ok(circuit + retry + outcome + permit + delay + open + CIRCUIT)
    }
}

#[tokio::test]
async fn names_of_the_user_are_not_in_the_way() {
    assert_eq!(shadows::all(1, 1, 1, 1, 1).await.unwrap(), 9);
}

macro_rules! made {
    ($name:ident, $circuit:literal, $threshold:literal, $body:block) => {
        #[retry(max = $threshold, delay = 0)]
        #[circuit(name = $circuit, threshold = $threshold)]
        async fn $name() -> io::Result<u32> $body
    };
}

made!(made_by_macro, "shapes::made", 2, { Ok(7) });

#[tokio::test]
async fn functions_made_by_macros_work() {
    assert_eq!(made_by_macro().await.unwrap(), 7);
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "shapes::recursive")]
async fn recursive(depth: u32) -> io::Result<u32> {
    if depth == 0 { Ok(0) } else { Ok(1 + Box::pin(recursive(depth - 1)).await?) }
}

#[tokio::test]
async fn recursion_works() {
    assert_eq!(recursive(5).await.unwrap(), 5);
}
