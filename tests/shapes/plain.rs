//! Tests decorated functions that are not `async`, with signatures and bodies of every kind.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt::Display;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use resilience_runtime::{bulkhead, circuit, fallback, get_circuit, rate_limit, retry};

type Boxed = Box<dyn Error + Send + Sync>;
type Answer<T> = Result<T, io::Error>;

fn again() -> io::Error {
    io::Error::other("again")
}

struct Pair {
    left: u32,
    right: u32,
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "plain::patterns")]
fn patterns(
    (a, mut b): (u32, u32),
    Pair { left, right: renamed }: Pair,
    mut count: u32,
    _: u32,
    _unused: u32,
    [first, .., last]: [u32; 3],
    &(reference, ..): &(u32, [u32; 4]),
    whole @ (inner, _): (u32, u32),
) -> Answer<u32> {
    b += 1;
    count += 1;
    Ok(a + b + left + renamed + count + first + last + reference + whole.0 + inner)
}

#[circuit(name = "plain::once")]
fn patterns_once((left, right): (String, String), Pair { left: mut number, .. }: Pair) -> Answer<String> {
    number += 1;
    Ok(left + &right + &number.to_string())
}

#[test]
fn patterns_of_plain_function_bind() {
    let sum = patterns((1, 2), Pair { left: 4, right: 8 }, 16, 0, 0, [32, 0, 64], &(128, [0; 4]), (512, 0)).unwrap();
    assert_eq!(sum, 1 + 3 + 4 + 8 + 17 + 32 + 64 + 128 + 512 + 512);
    let pair = Pair { left: 1, right: 0 };
    assert_eq!(patterns_once(("a".to_owned(), "b".to_owned()), pair).unwrap(), "ab2");
}

#[retry(max = 3, delay = 0)]
#[circuit(name = "plain::mutated")]
fn mutated(log: &mut Vec<u32>, count: &mut u32, text: String) -> io::Result<usize> {
    *count += 1;
    log.push(*count);
    if *count < 3 {
        Err(again())
    } else {
        Ok(log.len() + text.len())
    }
}

#[retry(max = 3, delay = 0, clone(body))]
fn cloned(body: Vec<u32>, mut tags: Vec<u32>, sent: &Cell<u32>) -> io::Result<(Vec<u32>, usize)> {
    sent.set(sent.get() + 1);
    tags.push(sent.get());
    if sent.get() < 3 {
        drop(body);
        return Err(again());
    }
    Ok((body, tags.len()))
}

#[test]
fn retry_of_plain_function_lends_arguments() {
    let (mut log, mut count) = (vec![], 0);
    assert_eq!(mutated(&mut log, &mut count, "xyz".to_owned()).unwrap(), 6);
    assert_eq!((log, count), (vec![1, 2, 3], 3));
    assert_eq!(cloned(vec![7], vec![], &Cell::new(0)).unwrap(), (vec![7], 3));
}

#[circuit(name = "plain::question_mark")]
fn question_mark(text: &str) -> Result<u32, Boxed> {
    if text == "early" {
        return Ok(1);
    }
    Ok(text.parse::<u32>()?)
}

#[retry(max = 2, delay = 0)]
fn coerced(wanted: bool) -> Result<Box<dyn Fn(u32) -> u32>, Boxed> {
    if !wanted {
        return Err("unsized coercion".into());
    }
    Ok(Box::new(|number| number + 1))
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "plain::labels", threshold = 5)]
fn labels(limit: u32) -> anyhow::Result<u32> {
    const STEP: u32 = 2;
    let mut sum = 0;
    'outer: loop {
        for number in 0..limit {
            if sum > 10 {
                break 'outer;
            }
            sum += number * STEP;
        }
        anyhow::ensure!(sum > 0, "no sum");
    }
    Ok(sum)
}

#[test]
fn body_of_plain_function_leaves_as_usual() {
    assert_eq!(question_mark("early").unwrap(), 1);
    assert_eq!(question_mark("7").unwrap(), 7);
    assert!(question_mark("x").is_err());
    assert_eq!(coerced(true).unwrap()(7), 8);
    assert_eq!(coerced(false).err().unwrap().to_string(), "unsized coercion");
    assert_eq!(labels(3).unwrap(), 12);
    assert_eq!(labels(1).unwrap_err().to_string(), "no sum");
}

#[circuit(name = "plain::lent_back")]
#[bulkhead(max = 1, wait = 1)]
#[rate_limit(per_second = 1000, wait = 1)]
fn lent_back<'a>(log: &'a mut Vec<u32>, number: u32) -> io::Result<&'a mut u32> {
    log.push(number);
    log.last_mut().ok_or_else(again)
}

#[bulkhead(max = 1)]
fn lent_back_by_bulkhead(log: &mut Vec<u32>) -> io::Result<&mut u32> {
    log.last_mut().ok_or_else(again)
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "plain::shared")]
fn shared<'t>(text: &'t str, other: &str) -> io::Result<&'t str> {
    text.split(other).next().ok_or_else(again)
}

#[retry(max = 2, delay = 0)]
fn generic<T, const N: usize>(value: T, map: impl Fn(&T) -> [u8; N]) -> io::Result<impl Display>
where
    T: Display,
{
    let mapped = map(&value);
    Ok(format!("{} {}", value, mapped.len()))
}

#[test]
fn plain_function_returns_borrows_and_opaque_types() {
    let mut log = vec![];
    *lent_back(&mut log, 1).unwrap() += 1;
    *lent_back_by_bulkhead(&mut log).unwrap() += 1;
    assert_eq!(log, [3]);
    let text = {
        let other = "-".to_owned();
        shared("a-b", &other).unwrap()
    };
    assert_eq!(text, "a");
    assert_eq!(generic("x", |_| [0; 3]).unwrap().to_string(), "x 3");
}

struct Client {
    sent: Vec<u32>,
    limit: u32,
}

impl Client {
    #[retry(max = 3, delay = 0, retry_if = |error| error.kind() == io::ErrorKind::Other)]
    #[circuit(name = "plain::unique", threshold = 9, failure_if = |error| error.kind() == io::ErrorKind::Other)]
    fn unique(&mut self, by: u32) -> io::Result<usize> {
        self.sent.push(by);
        if self.sent.len() < self.limit as usize {
            return Err(again());
        }
        Ok(self.sent.len())
    }

    #[circuit(name = "plain::owned")]
    fn owned(mut self, by: u32) -> io::Result<Self> {
        self.limit += by;
        Ok(self)
    }

    #[retry(max = 2, delay = 0)]
    fn counted(self: Arc<Self>) -> io::Result<u32> {
        Ok(self.limit)
    }

    #[circuit(name = "plain::boxed")]
    fn boxed(self: Box<Self>) -> io::Result<Client> {
        Ok(*self)
    }

    #[fallback(Self::instead)]
    #[circuit(name = "plain::fallback", threshold = 1)]
    fn falls_back(&mut self, by: u32) -> io::Result<u32> {
        self.limit = by;
        Err(again())
    }

    fn instead(&mut self, by: u32) -> io::Result<u32> {
        Ok(self.limit + by)
    }
}

#[test]
fn receivers_of_plain_methods_work() {
    let mut client = Client { sent: vec![], limit: 3 };
    assert_eq!(client.unique(1).unwrap(), 3);
    assert_eq!(client.falls_back(7).unwrap(), 14);
    assert_eq!(client.falls_back(8).unwrap(), 15, "the circuit is open");
    let client = Box::new(client.owned(1).unwrap()).boxed().unwrap();
    assert_eq!(Arc::new(client).counted().unwrap(), 8);
}

trait Ask {
    #[retry(max = 2, delay = 0)]
    fn ask(&self, text: String) -> io::Result<usize> {
        Ok(text.len())
    }

    fn name(&self) -> io::Result<&str>;
}

impl Ask for String {
    #[circuit(name = "plain::in_trait")]
    fn name(&self) -> io::Result<&str> {
        Ok(self)
    }
}

#[test]
fn plain_methods_of_traits_work() {
    assert_eq!("a".to_owned().ask("xyz".to_owned()).unwrap(), 3);
    assert_eq!("a".to_owned().name().unwrap(), "a");
}

fn doubled(text: String, number: u32) -> io::Result<String> {
    Ok(text.repeat(number as usize))
}

fn told(_: &Rc<RefCell<u32>>, error: io::Error) -> io::Result<String> {
    Ok(error.to_string())
}

#[fallback(doubled, clone(text))]
#[retry(max = 2, delay = 0)]
#[circuit(name = "plain::cloned", threshold = 9)]
fn consumed(text: String, number: u32) -> io::Result<String> {
    drop(text);
    assert_eq!(number, 3);
    Err(again())
}

#[fallback(told, with_error = true)]
#[circuit(name = "plain::with_error", failure_if_ok = String::is_empty)]
fn with_error(calls: &Rc<RefCell<u32>>) -> io::Result<String> {
    *calls.borrow_mut() += 1;
    Err(again())
}

#[fallback(|error| if text.is_empty() { Err(error) } else { Ok(text) })]
fn with_closure(text: String) -> io::Result<String> {
    if text.len() < 5 {
        return Err(again());
    }
    Ok(String::new())
}

#[fallback(value = number, on = "rejected")]
#[rate_limit(per_second = 1)]
fn with_value(number: u32) -> io::Result<u32> {
    Ok(number + 1)
}

#[test]
fn fallbacks_of_plain_functions_receive_arguments() {
    assert_eq!(consumed("ab".to_owned(), 3).unwrap(), "ababab");
    let calls = Rc::new(RefCell::new(0));
    assert_eq!(with_error(&calls).unwrap(), "again");
    assert_eq!(*calls.borrow(), 1);
    assert_eq!(with_closure("abc".to_owned()).unwrap(), "abc");
    assert_eq!(with_closure("abcde".to_owned()).unwrap(), "");
    assert!(with_closure(String::new()).is_err());
    assert_eq!((with_value(1).unwrap(), with_value(1).unwrap()), (2, 1));
}

macro_rules! make {
    ($name:ident, $circuit:literal, $body:block) => {
        #[retry(max = 2, delay = 0)]
        #[circuit(name = $circuit)]
        fn $name() -> io::Result<u32> $body
    };
}

make!(made, "plain::made", { Ok(7) });

#[tracing::instrument]
#[retry(max = 2, delay = 0)]
#[circuit(name = "plain::instrument")]
#[tracing::instrument(err)]
fn instrumented(text: String) -> io::Result<usize> {
    Ok(text.len())
}

#[inline]
#[circuit(name = "plain::recursive")]
fn recursive(calls: u32) -> io::Result<u32> {
    if calls == 0 {
        return Ok(0);
    }
    Ok(recursive(calls - 1)? + 1)
}

#[test]
fn plain_function_of_macro_or_attribute_works() {
    assert_eq!(made().unwrap(), 7);
    assert_eq!(instrumented("abc".to_owned()).unwrap(), 3);
    assert_eq!(recursive(9).unwrap(), 9);
    assert_eq!(get_circuit("plain::recursive").unwrap().stats().total_succeeded, 10);
}

#[bulkhead(max = 2)]
fn blocks_on(runtime: &tokio::runtime::Runtime) -> io::Result<u32> {
    runtime.block_on(async {
        tokio::task::yield_now().await;
        Ok(7)
    })
}

#[test]
fn plain_function_may_block_on_future() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(blocks_on(&runtime).unwrap(), 7);
}
