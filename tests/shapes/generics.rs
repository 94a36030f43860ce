//! Tests decorated functions with generics, with lifetimes, and with types that have no name, such as `impl Iterator`.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::io;

use resilience_runtime::{circuit, get_circuit, retry, CircuitOpenError};

#[retry(delay = 0)]
#[circuit(name = "generics::generic")]
async fn generic<T, const N: usize>(values: [T; N], sink: impl Fn(String)) -> io::Result<usize>
where
    T: Display,
{
    for value in &values {
        sink(value.to_string());
    }
    Ok(N)
}

#[tokio::test]
async fn instances_of_generic_function_share_its_circuit() {
    let seen = Cell::new(0);
    let sink = |_| seen.set(seen.get() + 1);
    assert_eq!(generic([1, 2, 3], sink).await.unwrap(), 3);
    assert_eq!(generic(["a"], sink).await.unwrap(), 1);
    assert_eq!(seen.get(), 4);
    assert_eq!(get_circuit("generics::generic").unwrap().stats().successes, 2);
}

#[circuit(name = "generics::hidden")]
async fn hidden<'a>(words: &'a [&'a str]) -> Result<impl Iterator<Item = usize> + 'a, io::Error> {
    Ok(words.iter().map(|word| word.len()))
}

#[retry]
async fn hidden_retried<'a>(words: &'a [&'a str]) -> Result<impl Iterator<Item = usize> + 'a, io::Error> {
    Ok(words.iter().map(|word| word.len()))
}

#[retry(delay = 0)]
#[circuit(name = "generics::hidden_fn")]
async fn hidden_fn(offset: u32) -> Result<(impl Fn(u32) -> u32, Vec<impl Debug>), io::Error> {
    Ok((move |number| number + offset, vec![1_u8]))
}

#[retry(delay = 0)]
#[circuit(name = "generics::hidden_within")]
async fn hidden_within(last: u32) -> Result<Box<dyn Iterator<Item = impl Debug> + Send>, io::Error> {
    Ok(Box::new(0..last))
}

#[tokio::test]
async fn unnamed_type_can_be_returned() {
    assert_eq!(hidden(&["a", "bc"]).await.unwrap().sum::<usize>(), 3);
    assert_eq!(hidden_retried(&["a", "bc"]).await.unwrap().sum::<usize>(), 3);
    let (add, debug) = hidden_fn(3).await.unwrap();
    assert_eq!((add(4), format!("{debug:?}").as_str()), (7, "[1]"));
    let numbers: Vec<_> = hidden_within(2).await.unwrap().collect();
    assert_eq!(format!("{numbers:?}"), "[0, 1]");
}

#[circuit(name = "generics::borrowed")]
async fn borrowed<'a>(text: &'a mut String, more: &str) -> io::Result<&'a mut str> {
    text.push_str(more);
    Ok(text.as_mut_str())
}

#[retry(delay = 0)]
#[circuit(name = "generics::longest")]
async fn longest<'a, 'b: 'a>(left: &'a str, right: &'b str) -> io::Result<&'a str> {
    Ok(if left.len() > right.len() { left } else { right })
}

#[retry(delay = 0)]
async fn elided(text: Cow<'_, str>) -> io::Result<usize> {
    Ok(text.len())
}

#[circuit(name = "generics::higher_ranked")]
async fn higher_ranked<F>(text: &str, f: F) -> io::Result<usize>
where
    F: for<'a> Fn(&'a str) -> &'a str,
{
    Ok(f(text).len())
}

#[tokio::test]
async fn lifetimes_are_those_of_the_bare_function() {
    let mut text = "a".to_owned();
    assert_eq!(borrowed(&mut text, "b").await.unwrap(), "ab");
    assert_eq!(longest("ab", "c").await.unwrap(), "ab");
    assert_eq!(elided("abc".into()).await.unwrap(), 3);
    assert_eq!(higher_ranked(" ab ", |text| text.trim()).await.unwrap(), 2);
}

#[derive(Debug, PartialEq)]
struct Opaque;

impl From<CircuitOpenError> for Opaque {
    fn from(_: CircuitOpenError) -> Self {
        Self
    }
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "generics::error")]
async fn generic_error<E: From<CircuitOpenError>>(make: fn() -> E) -> Result<(), E> {
    Err(make())
}

struct Store<S, const N: usize> {
    inner: [S; N],
}

impl<S: Clone + Default, const N: usize> Store<S, N> {
    #[retry(delay = 0)]
    #[circuit(name = "generics::Store")]
    async fn get<Q>(&self, index: Q) -> io::Result<S>
    where
        Q: Into<usize> + Copy,
    {
        self.inner.get(index.into()).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

#[tokio::test]
async fn outer_generics_are_in_scope() {
    assert_eq!(generic_error(|| Opaque).await, Err(Opaque));
    let store = Store { inner: ["a", "b"] };
    assert_eq!(store.get(1_u8).await.unwrap(), "b");
    assert_eq!(store.get(2_usize).await.unwrap_err().kind(), io::ErrorKind::NotFound);
}
