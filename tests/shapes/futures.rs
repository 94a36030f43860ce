//! Tests functions that return a future: methods of `#[async_trait]`, and functions that return `impl Future` or a
//! boxed future.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use resilience_runtime::{bulkhead, circuit, fallback, get_circuit, hedge, retry, timeout};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[derive(Default)]
struct Service {
    calls: AtomicU32,
}

impl Service {
    fn answer(&self) -> io::Result<u32> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if call < 3 {
            Err(io::Error::other("again"))
        } else {
            Ok(call)
        }
    }
}

fn failures(name: &str) -> u64 {
    get_circuit(name).expect("declared by an attribute").stats().total_failed
}

#[async_trait]
trait Search {
    async fn by_ref(&self, query: &str, more: String) -> io::Result<String>;
    async fn by_mut(&mut self, log: &mut Vec<u32>) -> io::Result<u32>;
    async fn by_box(self: Box<Self>) -> io::Result<u32>;
    async fn cloned(&self, pair: (u32, u32), body: Vec<u8>) -> io::Result<(u32, Vec<u8>)>;

    #[retry(max = 3, delay = 0)]
    #[circuit(name = "futures::provided", threshold = 9)]
    async fn provided(&self, query: &str) -> io::Result<String>
    where
        Self: Sync,
    {
        self.by_ref(query, "provided".to_owned()).await
    }
}

#[async_trait]
impl Search for Service {
    #[retry(max = 3, delay = 0)]
    #[circuit(name = "futures::by_ref", threshold = 9)]
    async fn by_ref(&self, query: &str, more: String) -> io::Result<String> {
        let call = self.answer()?;
        Ok(format!("{query} {more} {call}"))
    }

    #[circuit(name = "futures::by_mut")]
    #[retry(max = 3, delay = 0)]
    async fn by_mut(&mut self, log: &mut Vec<u32>) -> io::Result<u32> {
        log.push(*self.calls.get_mut());
        tokio::task::yield_now().await;
        self.answer()
    }

    #[circuit(name = "futures::by_box")]
    async fn by_box(self: Box<Self>) -> io::Result<u32> {
        Ok(self.calls.into_inner())
    }

    #[retry(max = 3, delay = 0, clone(body))]
    async fn cloned(&self, (left, mut right): (u32, u32), body: Vec<u8>) -> io::Result<(u32, Vec<u8>)> {
        right += 1;
        self.answer()?;
        Ok((left + right, body))
    }
}

#[tokio::test]
async fn methods_of_async_trait_work() {
    let service = Service::default;
    let by_ref = service();
    let call = assert_send(by_ref.by_ref("a", "b".to_owned()));
    assert_eq!(call.await.unwrap(), "a b 3");
    assert_eq!(failures("futures::by_ref"), 2, "below the retry, each attempt counts");
    let mut log = Vec::new();
    assert_eq!(service().by_mut(&mut log).await.unwrap(), 3);
    assert_eq!((log, failures("futures::by_mut")), (vec![0, 1, 2], 0));
    assert_eq!(Box::new(service()).by_box().await.unwrap(), 0);
    assert_eq!(service().cloned((1, 2), vec![7]).await.unwrap(), (4 + 2, vec![7]));
    let object: Box<dyn Search + Sync> = Box::new(service());
    assert_eq!(object.provided("a").await.unwrap(), "a provided 3");
    assert_eq!(failures("futures::provided"), 0);
}

#[async_trait(?Send)]
trait Local {
    async fn local(&self, calls: &Cell<u32>) -> io::Result<u32>;
}

#[async_trait(?Send)]
impl Local for u32 {
    #[retry(max = 3, delay = 0)]
    async fn local(&self, calls: &Cell<u32>) -> io::Result<u32> {
        calls.set(calls.get() + 1);
        tokio::task::yield_now().await;
        if calls.get() < *self {
            Err(io::Error::other("again"))
        } else {
            Ok(calls.get())
        }
    }
}

#[tokio::test]
async fn methods_of_local_async_trait_work() {
    assert_eq!(3.local(&Cell::new(0)).await.unwrap(), 3);
}

#[retry(max = 3, delay = 0)]
#[circuit(name = "futures::box_future", threshold = 9)]
fn box_future<'a>(service: &'a Service, text: String) -> BoxFuture<'a, io::Result<String>> {
    let text = format!("{text}!");
    Box::pin(async move { Ok(format!("{text}{}", service.answer()?)) })
}

#[retry(max = 3, delay = 0)]
fn spelled_out(service: &Service) -> Pin<Box<dyn Future<Output = io::Result<u32>> + Send + '_>> {
    std::boxed::Box::pin(async move { service.answer() })
}

#[retry(max = 3, delay = 0)]
#[circuit(name = "futures::impl_future", threshold = 9)]
fn impl_future<'a>(service: &'a Service) -> impl Future<Output = io::Result<u32>> + Send + 'a {
    async move { service.answer() }
}

type Boxed = Box<dyn std::error::Error + Send + Sync>;
type Adds = Box<dyn Fn(u32) -> u32 + Send>;

#[retry(max = 2, delay = 0)]
#[circuit(name = "futures::question_mark")]
fn question_mark(text: &str) -> BoxFuture<'_, Result<Adds, Boxed>> {
    Box::pin(async move {
        if text.is_empty() {
            return Err("empty".into());
        }
        let number: u32 = text.parse()?;
        Ok(Box::new(move |other| number + other))
    })
}

trait Asks {
    fn ask(&self) -> impl Future<Output = io::Result<u32>> + Send;
}

impl Asks for Service {
    #[circuit(name = "futures::rpitit")]
    #[retry(max = 3, delay = 0)]
    fn ask(&self) -> impl Future<Output = io::Result<u32>> + Send {
        async move { self.answer() }
    }
}

#[tokio::test]
async fn functions_that_return_an_async_block_work() {
    let service = Service::default;
    assert_eq!(assert_send(box_future(&service(), "x".to_owned())).await.unwrap(), "x!3");
    assert_eq!(spelled_out(&service()).await.unwrap(), 3);
    assert_eq!(impl_future(&service()).await.unwrap(), 3);
    assert_eq!(service().ask().await.unwrap(), 3);
    assert_eq!(question_mark("7").await.unwrap()(1), 8);
    assert_eq!(question_mark("").await.map(drop).unwrap_err().to_string(), "empty");
    assert_eq!(
        (failures("futures::box_future"), failures("futures::impl_future"), failures("futures::rpitit")),
        (2, 2, 0)
    );
}

/// Each attempt runs the statement `let mut left = from;` again.
#[retry(max = 3, delay = 0)]
fn starts_anew(steps: &Cell<u32>, from: u32) -> impl Future<Output = io::Result<()>> + '_ {
    async move {
        let mut left = from;
        while left > 0 {
            left -= 1;
            steps.set(steps.get() + 1);
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}

#[async_trait::async_trait]
trait Counts {
    async fn count(&self, steps: &AtomicU32, from: u32) -> io::Result<()>;
}

#[async_trait::async_trait]
impl Counts for Service {
    #[retry(max = 3, delay = 0)]
    async fn count(&self, steps: &AtomicU32, from: u32) -> io::Result<()> {
        let mut left = from;
        while left > 0 {
            left -= 1;
            steps.fetch_add(1, Ordering::Relaxed);
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}

#[retry(max = 2, delay = 0, clone(name))]
fn consumes_a_clone(name: String) -> Pin<Box<dyn Future<Output = io::Result<usize>> + Send>> {
    Box::pin(async move {
        let owned = name;
        Ok(owned.len())
    })
}

/// The statement `let client = Client { name };` consumes the argument `name`. The `async` block uses only
/// `client.name`.
#[retry(max = 2, delay = 0)]
fn is_used_up_before(name: String) -> impl Future<Output = io::Result<usize>> {
    struct Client {
        name: String,
    }
    let client = Client { name };
    async move { Ok(client.name.len() + format!("{{name}}{}", 1).len()) }
}

#[tokio::test]
async fn each_attempt_runs_statements_before_the_block() {
    let steps = Cell::new(0);
    starts_anew(&steps, 3).await.unwrap_err();
    assert_eq!(steps.get(), 9);
    let steps = AtomicU32::new(0);
    Service::default().count(&steps, 3).await.unwrap_err();
    assert_eq!(steps.into_inner(), 9);
    assert_eq!(consumes_a_clone("four".to_owned()).await.unwrap(), 4);
    assert_eq!(is_used_up_before("four".to_owned()).await.unwrap(), 11);
}

/// Each `return` before the `async` block ends only a closure.
#[retry(max = 2, delay = 0)]
#[rustfmt::skip]
fn returns_within(n: u32) -> impl Future<Output = io::Result<u32>> {
    let parse = |x: u32| -> u32 { if x > 3 { return 3; } x };
    let or_none = |x: Option<u32>| match x { Some(x) => x, None => return 0 };
    let never = || return 7;
    let n = parse(n) | or_none(None);
    async move { Ok(n + never()) }
}

/// The argument `n` is `Send` but not `Sync`. The function uses `n` before the `async` block and in the block.
#[retry(max = 2, delay = 0)]
fn is_looked_at_before(n: Cell<u32>) -> impl Future<Output = io::Result<u32>> + Send {
    let before = n.get();
    async move {
        tokio::task::yield_now().await;
        n.set(1);
        tokio::task::yield_now().await;
        Ok(n.get() + before)
    }
}

#[tokio::test]
async fn statements_before_the_block_stay_unchanged() {
    assert_eq!(returns_within(9).await.unwrap(), 10);
    assert_eq!(assert_send(is_looked_at_before(Cell::new(2))).await.unwrap(), 3);
}

/// A copy of the methods `boxed` and `boxed_local` of the crate `futures`.
trait FutureExt: Future + Sized {
    fn boxed<'a>(self) -> BoxFuture<'a, Self::Output>
    where
        Self: Send + 'a,
    {
        Box::pin(self)
    }

    fn boxed_local<'a>(self) -> Pin<Box<dyn Future<Output = Self::Output> + 'a>>
    where
        Self: 'a,
    {
        Box::pin(self)
    }
}

impl<F: Future> FutureExt for F {}

/// A type with methods whose `async` block has no `move`, or ends with `.boxed()`.
#[derive(Default)]
struct Borrowed {
    name: String,
    count: u32,
}

async fn length(text: &str) -> io::Result<usize> {
    tokio::task::yield_now().await;
    Ok(text.len())
}

async fn also_borrowed(this: &Borrowed) -> io::Result<usize> {
    length(&this.name).await
}

impl Borrowed {
    #[circuit(name = "futures::without_move")]
    fn once(&self) -> BoxFuture<'_, io::Result<usize>> {
        Box::pin(async { length(&self.name).await })
    }

    #[retry(max = 2, delay = 0)]
    #[circuit(name = "futures::without_move_retried")]
    fn retried(&mut self) -> BoxFuture<'_, io::Result<usize>> {
        Box::pin(async {
            self.count += 1;
            length(&self.name).await
        })
    }

    #[circuit(name = "futures::without_move_key", key = host, failure_if = |_| self.name == *host)]
    fn keyed<'a>(&'a self, host: &'a str) -> impl Future<Output = io::Result<usize>> + 'a {
        async { Ok(length(&self.name).await? + length(&*host).await?) }
    }

    #[fallback(also_borrowed)]
    #[timeout(5)]
    fn replaced(&self) -> BoxFuture<'_, io::Result<usize>> {
        Box::pin(async { length(&self.name[7..]).await.and(Err(io::ErrorKind::TimedOut.into())) })
    }

    #[hedge(after = 1)]
    fn hedged(&self) -> BoxFuture<'_, io::Result<usize>> {
        Box::pin(async { length(&self.name).await })
    }

    #[retry(max = 2, delay = 0, clone(text))]
    fn cloned(&self, text: String) -> BoxFuture<'_, io::Result<usize>> {
        Box::pin(async {
            drop(text);
            length(&self.name).await
        })
    }

    #[bulkhead(max = 1, wait = 1)]
    fn lent_back<'a>(&'a self, text: &'a mut String) -> BoxFuture<'a, io::Result<&'a mut String>> {
        Box::pin(async {
            text.push_str(&self.name);
            Ok(text)
        })
    }

    #[retry(max = 2, delay = 0)]
    fn boxed(&self, text: String) -> BoxFuture<'_, io::Result<usize>> {
        let text = text + "!";
        async move { Ok(length(&text).await? + self.name.len()) }.boxed()
    }

    #[circuit(name = "futures::boxed_local")]
    fn boxed_local(&mut self) -> Pin<Box<dyn Future<Output = io::Result<u32>> + '_>> {
        async {
            self.count += 1;
            Ok(self.count)
        }
        .boxed_local()
    }

    #[retry(max = 2, delay = 0)]
    fn boxed_by_path(&self) -> BoxFuture<'_, io::Result<usize>> {
        FutureExt::boxed(async { length(&self.name).await })
    }
}

#[tokio::test]
async fn blocks_without_move_and_boxed_blocks_work() {
    let mut this = Borrowed { name: "abc".to_owned(), count: 0 };
    assert_eq!(this.once().await.unwrap(), 3);
    assert_eq!(this.retried().await.unwrap(), 3);
    assert_eq!(this.count, 1);
    assert_eq!(this.keyed("host").await.unwrap(), 7);
    this.name = "abcdefg".to_owned();
    assert_eq!(this.replaced().await.unwrap(), 7);
    assert_eq!(this.hedged().await.unwrap(), 7);
    assert_eq!(this.cloned(String::new()).await.unwrap(), 7);
    assert_eq!(this.lent_back(&mut String::new()).await.unwrap(), "abcdefg");
    assert_eq!(this.boxed("ab".to_owned()).await.unwrap(), 10);
    assert_eq!(this.boxed_local().await.unwrap(), 2);
    assert_eq!(this.boxed_by_path().await.unwrap(), 7);
}

struct Item<'a>(&'a u32);

#[fallback(of_text)]
fn of_a_shadowed_argument(text: &str) -> Pin<Box<dyn Future<Output = io::Result<usize>> + Send>> {
    let text = text.to_owned();
    Box::pin(async move { Err(io::Error::other(text.len().to_string())) })
}

#[fallback(of_text)]
fn of_a_pattern_that_shadows(text: &(String, u32)) -> BoxFuture<'static, io::Result<usize>> {
    let (text, number) = text.clone();
    Box::pin(async move { Err(io::Error::other(format!("{text}{number}"))) })
}

async fn of_text(text: String) -> io::Result<usize> {
    length(&text).await
}

#[fallback(of_static)]
fn of_a_static_argument(text: &'static str) -> Pin<Box<dyn Future<Output = io::Result<usize>> + Send>> {
    Box::pin(async move { Err(io::Error::other(text)) })
}

async fn of_static(text: &'static str) -> io::Result<usize> {
    length(text).await
}

#[fallback(of_two)]
fn of_a_longer_lifetime<'a, 'b: 'a>(one: &'a str, two: &'b str) -> BoxFuture<'a, io::Result<usize>> {
    let length = one.len() + two.len();
    Box::pin(async move { Err(io::Error::other(length.to_string())) })
}

async fn of_two(one: &str, two: &str) -> io::Result<usize> {
    Ok(length(one).await? + length(two).await?)
}

type OfItem<'a> = Pin<Box<dyn Future<Output = io::Result<Option<&'static Item<'a>>>>>>;

#[fallback(of_number)]
fn of_an_output_with_a_longer_lifetime(
    number: &u32,
) -> Pin<Box<dyn Future<Output = io::Result<Option<&'static Item<'_>>>>>> {
    Box::pin(async move { Err(io::Error::other(number.to_string())) })
}

fn of_number<'a>(number: &'a u32) -> OfItem<'a> {
    assert_eq!(*number, 7);
    Box::pin(std::future::ready(Ok(None)))
}

trait Measures {
    fn measure(&self, text: &str) -> impl Future<Output = io::Result<usize>>;
}

impl Measures for u32 {
    #[fallback(measured)]
    fn measure(&self, text: &str) -> impl Future<Output = io::Result<usize>> {
        let length = text.len();
        async move { Err(io::Error::other(length.to_string())) }
    }
}

async fn measured(number: &u32, text: &str) -> io::Result<usize> {
    Ok(*number as usize + length(text).await?)
}

#[tokio::test]
async fn future_keeps_all_arguments_for_the_fallback() {
    assert_eq!(of_a_shadowed_argument("abc").await.unwrap(), 3);
    assert_eq!(of_a_pattern_that_shadows(&("abc".to_owned(), 1)).await.unwrap(), 3);
    assert_eq!(of_a_static_argument("abc").await.unwrap(), 3);
    assert_eq!(of_a_longer_lifetime("ab", "c").await.unwrap(), 3);
    assert!(of_an_output_with_a_longer_lifetime(&7).await.unwrap().is_none_or(|item| *item.0 == 7));
    assert_eq!(7.measure("abc").await.unwrap(), 10);
}

type ServiceBoxFuture<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

#[circuit(name = "futures::alias", threshold = 1)]
fn alias_with_suffix<'a>(number: u32) -> ServiceBoxFuture<'a, u32> {
    Box::pin(async move { Ok(number) })
}

#[tokio::test]
async fn alias_whose_name_ends_like_box_future_works() {
    assert_eq!(alias_with_suffix(7).await.unwrap(), 7);
}
