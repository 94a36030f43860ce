//! Tests decorated functions whose arguments have unusual patterns or types.

use std::cell::Cell;
use std::io;

use resilience_runtime::{circuit, fallback, get_circuit, retry, timeout, CircuitState};

struct Pair {
    left: u32,
    right: u32,
}

struct Wrapped(u32, String);

#[retry(max = 2, delay = 0)]
#[circuit(name = "arguments::patterns")]
async fn patterns(
    (a, mut b): (u32, u32),
    Pair { left, right: renamed }: Pair,
    mut plain: u32,
    _: u32,
    _unused: u32,
    [first, .., last]: [u32; 3],
    &reference: &u32,
    Wrapped(number, ref text): Wrapped,
    whole @ (inner, _): (u32, u32),
) -> io::Result<u32> {
    b += 1;
    plain += 1;
    let text = text.len() as u32;
    Ok(a + b + left + renamed + plain + first + last + reference + number + text + whole.0 + inner)
}

#[circuit(name = "arguments::once")]
async fn patterns_once((left, right): (String, String), Pair { left: mut number, .. }: Pair) -> io::Result<String> {
    number += 1;
    Ok(left + &right + &number.to_string())
}

#[tokio::test]
async fn patterns_bind_as_in_the_bare_function() {
    let pair = Pair { left: 4, right: 8 };
    let wrapped = Wrapped(256, "x".to_owned());
    let sum = patterns((1, 2), pair, 16, 0, 0, [32, 0, 64], &128, wrapped, (512, 0)).await.unwrap();
    assert_eq!(sum, 1 + 3 + 4 + 8 + 17 + 32 + 64 + 128 + 256 + 1 + 512 + 512);
    let pair = Pair { left: 1, right: 0 };
    assert_eq!(patterns_once(("a".to_owned(), "b".to_owned()), pair).await.unwrap(), "ab2");
}

#[retry(max = 3, delay = 0, clone(body, tags))]
#[circuit(name = "arguments::cloned", threshold = 5)]
async fn cloned(body: String, mut tags: Vec<u32>, sent: &Cell<u32>) -> io::Result<(String, Vec<u32>)> {
    sent.set(sent.get() + 1);
    tags.push(sent.get());
    if sent.get() < 3 {
        drop(body);
        return Err(io::Error::other("again"));
    }
    Ok((body, tags))
}

#[retry(max = 3, delay = 0)]
async fn kept(mut tags: Vec<u32>, sent: &Cell<u32>) -> io::Result<usize> {
    sent.set(sent.get() + 1);
    tags.push(sent.get());
    if sent.get() < 3 {
        Err(io::Error::other("again"))
    } else {
        Ok(tags.len())
    }
}

#[tokio::test]
async fn listed_arguments_are_cloned_and_others_lent() {
    assert_eq!(cloned("b".to_owned(), vec![], &Cell::new(0)).await.unwrap(), ("b".to_owned(), vec![3]));
    assert_eq!(kept(vec![], &Cell::new(0)).await.unwrap(), 3);
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "arguments::mutated")]
async fn mutated(log: &mut Vec<u32>, count: &mut u32, text: &str) -> io::Result<usize> {
    *count += 1;
    log.push(*count);
    if *count < 2 {
        Err(io::Error::other("again"))
    } else {
        Ok(log.len() + text.len())
    }
}

#[retry(delay = 0)]
#[circuit(name = "arguments::functions")]
async fn functions(
    plain: fn(u32) -> u32,
    generic: impl Fn(u32) -> u32,
    mut counting: impl FnMut() -> u32,
    boxed: Box<dyn Fn(u32) -> u32>,
) -> io::Result<u32> {
    Ok(plain(1) + generic(1) + counting() + counting() + boxed(1))
}

#[circuit(name = "arguments::once_only")]
async fn once_only(make: impl FnOnce() -> String, mut parts: impl Iterator<Item = char>) -> io::Result<String> {
    let mut text = make();
    text.extend(parts.next());
    Ok(text)
}

#[retry(max = 3, delay = 0)]
async fn formatted(name: String, number: u32) -> io::Result<String> {
    Ok(format!("{name} {number:>3}"))
}

#[tokio::test]
async fn arguments_work_as_in_the_bare_function() {
    let (mut log, mut count) = (vec![], 0);
    assert_eq!(mutated(&mut log, &mut count, "xyz").await.unwrap(), 5);
    assert_eq!((log, count), (vec![1, 2], 2));
    let (offset, mut calls) = (10, 0);
    let counting = || {
        calls += 1;
        calls
    };
    let sum = functions(|n| n, |n| n + offset, counting, Box::new(move |n| n + offset)).await.unwrap();
    assert_eq!(sum, 1 + 11 + 1 + 2 + 11);
    assert_eq!(once_only(|| "a".to_owned(), "bc".chars()).await.unwrap(), "ab");
    assert_eq!(formatted("n".to_owned(), 7).await.unwrap(), "n   7");
}

#[circuit(name = "arguments::cfg")]
async fn absent_once(a: u32, #[cfg(any())] extra: u32) -> io::Result<u32> {
    #[cfg(any())]
    let a = a + extra;
    Ok(a)
}

#[retry(max = 2, delay = 0, clone(text, absent))]
async fn absent_again(text: String, #[cfg(any())] absent: String, present: Vec<u32>) -> io::Result<usize> {
    #[cfg(any())]
    let text = text + &absent;
    drop(text);
    Ok(present.len())
}

#[tokio::test]
async fn argument_removed_by_cfg_is_not_used() {
    assert_eq!(absent_once(7).await.unwrap(), 7);
    assert_eq!(absent_again(String::new(), vec![1, 2]).await.unwrap(), 2);
}

fn fits(error: &io::Error, tenant: &str) -> bool {
    error.to_string().starts_with(tenant)
}

#[circuit(name = "arguments::late", threshold = 1, failure_if = |error| fits(error, &tenant))]
async fn judged_by_an_argument(tenant: String) -> io::Result<usize> {
    Err(io::Error::other(tenant.clone()))
}

#[timeout(5, error = |_| io::Error::other(format!("no answer from {host}")))]
async fn named_by_an_argument(host: String) -> io::Result<usize> {
    tokio::time::sleep(std::time::Duration::from_secs(host.len() as u64)).await;
    Ok(host.len())
}

/// The closure in the attribute uses its parameter `error`, and not the argument `error`. The body may therefore
/// consume the argument.
#[circuit(name = "arguments::own", failure_if = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut)]
async fn consumes(error: io::Error) -> io::Result<usize> {
    Err(error)
}

#[tokio::test(start_paused = true)]
async fn later_closure_may_name_an_argument() {
    judged_by_an_argument("acme".to_owned()).await.unwrap_err();
    assert_eq!(get_circuit("arguments::late").unwrap().state(), CircuitState::Open);
    let error = named_by_an_argument("example".to_owned()).await.unwrap_err();
    assert_eq!(error.to_string(), "no answer from example");
    assert_eq!(named_by_an_argument("four".to_owned()).await.unwrap(), 4);
    consumes(io::Error::other("gone")).await.unwrap_err();
}

async fn instead(r#type: u32, r#fn: u32) -> io::Result<u32> {
    std::future::ready(Ok(r#type - r#fn)).await
}

#[fallback(instead)]
#[retry(max = 2, delay = 0, clone(r#type))]
async fn raw(r#type: u32, r#fn: u32) -> io::Result<u32> {
    r#fn.checked_sub(r#type).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

#[tokio::test]
async fn raw_names_work() {
    assert_eq!(raw(3, 1).await.unwrap(), 2);
}

struct Cursor<'a> {
    inner: &'a mut u32,
}

/// The closure in the attribute does not use the argument `cursor`, so the body may return a reference from `cursor`.
#[circuit(name = "arguments::gives_back", failure_if = |_| limit > 3)]
async fn gives_back<'a>(cursor: Cursor<'a>, limit: u32) -> io::Result<&'a mut u32> {
    if limit == 0 {
        *cursor.inner += 1;
    }
    Ok(&mut *cursor.inner)
}

/// The body changes a copy of the argument `left`, so `failure_if` still reads the original value.
#[circuit(name = "arguments::copies", threshold = 1, failure_if = |_| left > 0)]
async fn counts_down(mut left: u32) -> io::Result<()> {
    while left > 0 {
        left -= 1;
    }
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test]
async fn only_arguments_read_later_are_lent() {
    let mut number = 7;
    *gives_back(Cursor { inner: &mut number }, 0).await.unwrap() += 1;
    assert_eq!(number, 9);
    counts_down(3).await.unwrap_err();
    assert_eq!(get_circuit("arguments::copies").unwrap().state(), CircuitState::Open);
}
