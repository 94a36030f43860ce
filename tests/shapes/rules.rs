//! Tests options such as `retry_if` whose function reads arguments of the decorated function.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::pin::Pin;

use resilience_runtime::{
    bulkhead, circuit, deadline, fallback, get_circuit, hedge, rate_limit, retry, timeout, CircuitBreaker,
    CircuitState, RetryBudget, RetryCost, TokenBucket,
};

/// An argument of decorated functions. A body sets `whole` to `false` in its clone of the argument. The options of the
/// attributes must read the original, in which `whole` is `true`.
#[derive(Clone, Debug)]
struct Request {
    whole: bool,
    text: String,
}

impl Request {
    fn new() -> Self {
        Self { whole: true, text: "text".to_owned() }
    }
}

fn failed() -> io::Error {
    io::Error::other("failed")
}

async fn send(request: Request) -> io::Result<()> {
    tokio::task::yield_now().await;
    drop(request.text);
    Err(failed())
}

#[retry(
    max = 3,
    delay = 0,
    clone(request),
    retry_if = |_| note(log, "retry_if", request.whole),
    retry_after = |_| note(log, "retry_after", request.whole).then_some(std::time::Duration::ZERO),
    on_retry = |_| assert!(note(log, "on_retry", request.whole)),
    budget = RetryBudget::bucket(TokenBucket::DEFAULT),
    cost = |_| if note(log, "cost", request.whole) { RetryCost::Failure } else { RetryCost::Throttle }
)]
#[circuit(
    name = "rules::every",
    threshold = 2,
    key = request.text.len(),
    failure_if = |_| note(log, "failure_if", request.whole),
    failure_if_ok = |()| note(log, "failure_if_ok", request.whole),
    error = |open| { note(log, "open", request.whole); open.into() }
)]
#[timeout(5, error = |late| { note(log, "timeout", request.whole); late.into() })]
#[bulkhead(max = 1, wait = 1, error = |full| { note(log, "bulkhead", request.whole); full.into() })]
#[rate_limit(per_second = 100, error = |limited| { note(log, "rate_limit", request.whole); limited.into() })]
async fn every_rule(mut request: Request, log: &RefCell<Vec<&'static str>>) -> io::Result<()> {
    assert!(request.whole, "each attempt begins with a clone of the argument");
    request.whole = false;
    tokio::task::yield_now().await;
    send(request).await
}

fn note(log: &RefCell<Vec<&'static str>>, rule: &'static str, whole: bool) -> bool {
    assert!(whole, "a rule reads the clone of the body");
    log.borrow_mut().push(rule);
    true
}

#[tokio::test(start_paused = true)]
async fn rules_read_the_argument_and_not_its_clone() {
    let log = RefCell::default();
    every_rule(Request::new(), &log).await.unwrap_err();
    let attempt = ["failure_if", "retry_if", "retry_after", "cost", "on_retry"];
    let mut rules = log.take();
    for rule in attempt {
        assert!(rules.contains(&rule), "one of the rules was not called");
    }
    rules.retain(|rule| *rule == "open");
    assert_eq!(rules, [] as [&str; 0]);
    every_rule(Request::new(), &log).await.unwrap_err();
    assert_eq!(log.take(), ["open"]);
}

async fn instead(request: Request) -> io::Result<()> {
    assert!(request.whole, "the fallback reads the clone of the body");
    send(request).await.or(Ok(()))
}

#[fallback(instead, clone(request))]
#[circuit(name = "rules::above", threshold = 1, failure_if = |_| request.whole)]
#[fallback(instead, clone(request))]
#[circuit(name = "rules::below", threshold = 1, failure_if = |_| request.whole)]
async fn two_fallbacks(mut request: Request) -> io::Result<()> {
    request.whole = false;
    send(request).await
}

#[circuit(name = "rules::hedge_above", threshold = 1, failure_if = |_| request.whole)]
#[hedge(after = 1, clone(request))]
#[circuit(name = "rules::hedge_below", threshold = 1, failure_if = |_| request.whole)]
async fn hedged(mut request: Request) -> io::Result<()> {
    request.whole = false;
    send(request).await
}

#[retry(max = 2, delay = 0, clone(request), retry_if = |_| { seen.set(seen.get() + 1); request.whole && *n > 0 })]
async fn of_a_pattern((request, n): (Request, &u32), seen: &Cell<u32>) -> io::Result<()> {
    send(request).await
}

#[retry(max = 2, delay = 0, clone(request), retry_if = |_| request.whole)]
#[circuit(name = "rules::boxed", threshold = 1, failure_if = |_| request.whole)]
fn boxed(mut request: Request) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send>> {
    Box::pin(async move {
        request.whole = false;
        send(request).await
    })
}

#[retry(max = 2, delay = 0, clone(request), retry_if = |_| request.whole)]
#[circuit(name = "rules::instrument", threshold = 1, failure_if = |_| request.whole)]
#[tracing::instrument(skip_all, err)]
async fn instrumented(mut request: Request) -> io::Result<()> {
    request.whole = false;
    send(request).await
}

#[async_trait::async_trait]
trait Sends {
    async fn send(&self, request: Request) -> io::Result<()>;
    async fn send_once(&self, request: (Request, u32)) -> io::Result<()>;
}

#[async_trait::async_trait]
impl Sends for u32 {
    #[retry(max = 2, delay = 0, clone(request), retry_if = |_| request.whole)]
    #[circuit(name = "rules::async_trait", threshold = 1, failure_if = |_| request.whole)]
    async fn send(&self, mut request: Request) -> io::Result<()> {
        request.whole = false;
        send(request).await
    }

    #[circuit(name = "rules::async_trait_once", threshold = 1, failure_if = |_| request.whole && n == *self)]
    async fn send_once(&self, (request, n): (Request, u32)) -> io::Result<()> {
        assert_eq!((request.text.len(), n), (4, 7));
        Err(failed())
    }
}

#[tokio::test(start_paused = true)]
async fn rules_read_the_argument_in_every_shape() {
    two_fallbacks(Request::new()).await.unwrap();
    hedged(Request::new()).await.unwrap_err();
    let seen = Cell::new(0);
    of_a_pattern((Request::new(), &1), &seen).await.unwrap_err();
    assert_eq!(seen.get(), 1, "the rule is called once, before the second attempt");
    boxed(Request::new()).await.unwrap_err();
    instrumented(Request::new()).await.unwrap_err();
    7.send(Request::new()).await.unwrap_err();
    7.send_once((Request::new(), 7)).await.unwrap_err();
    let below = ["below", "hedge_above", "hedge_below", "boxed", "instrument", "async_trait", "async_trait_once"];
    for name in below {
        assert_eq!(get_circuit(&format!("rules::{name}")).unwrap().state(), CircuitState::Open, "{name}");
    }
    assert_eq!(get_circuit("rules::above").unwrap().state(), CircuitState::Closed);
}

fn named(text: &str) -> io::Error {
    io::Error::other(text.to_owned())
}

/// Declares functions whose body consumes the arguments. After a rejection, the option `error` must still be able to
/// read the arguments.
macro_rules! consuming {
    ($($(#[$attr:meta])* $name:ident($text:ident, $more:ident);)*) => {
        $(
            $(#[$attr])*
            async fn $name($text: String, (mut $more, kept): (String, u8)) -> io::Result<String> {
                $more.push('.');
                tokio::time::sleep(std::time::Duration::from_secs(9)).await;
                Ok($text + &$more + &kept.to_string())
            }
        )*
    };
}

consuming! {
    #[bulkhead(max = 1, wait = 1)]
    #[bulkhead(max = 1, error = |_| named(&text))]
    by_bulkhead(text, more);

    #[bulkhead(max = 1, wait = 1, error = |_| named(&text))]
    #[circuit(name = "rules::consuming")]
    by_waiting_bulkhead(text, more);

    #[bulkhead(max = 2, wait = 1)]
    #[rate_limit(per_second = 1, error = |_| named(&text))]
    by_rate_limit(text, more);

    #[bulkhead(max = 2, wait = 1)]
    #[timeout(10)]
    #[circuit(name = "rules::open", error = |_| named(&text))]
    by_circuit(text, more);

    #[bulkhead(max = 1, wait = 1, error = |_| named(&more))]
    by_pattern(text, more);

    #[bulkhead(max = 1, wait = 1, error = |_| named(&text))]
    #[tracing::instrument(skip_all)]
    by_instrumented(text, more);
}

#[bulkhead(max = 1, wait = 1, error = |_| named(&text))]
fn by_boxed(text: String, more: (String, u8)) -> Pin<Box<dyn Future<Output = io::Result<String>>>> {
    Box::pin(async move {
        tokio::time::sleep(std::time::Duration::from_secs(9)).await;
        Ok(text + &more.0)
    })
}

#[tokio::test(start_paused = true)]
async fn rejection_reads_an_argument_that_the_body_consumes() {
    get_circuit("rules::open").unwrap().force_open();
    macro_rules! check {
        ($name:ident, $expected:expr) => {{
            let call = || $name("text".to_owned(), ("more".to_owned(), 7));
            let (first, second) = tokio::join!(call(), call());
            assert_eq!(second.or(first).unwrap_err().to_string(), $expected, stringify!($name));
        }};
    }
    macro_rules! second {
        ($name:ident, $expected:expr) => {{
            let call = || $name("text".to_owned(), ("more".to_owned(), 7));
            let (first, second) = tokio::join!(call(), call());
            assert!(first.unwrap().starts_with("textmore"), stringify!($name));
            assert_eq!(second.unwrap_err().to_string(), $expected, stringify!($name));
        }};
    }
    second!(by_waiting_bulkhead, "text");
    second!(by_rate_limit, "text");
    second!(by_pattern, "more");
    second!(by_instrumented, "text");
    second!(by_boxed, "text");
    check!(by_circuit, "text");
    assert_eq!(by_bulkhead("text".to_owned(), ("more".to_owned(), 7)).await.unwrap(), "textmore.7");
}

struct Client(String);

impl Client {
    #[circuit(name = "rules::of_a_pattern", threshold = 1, failure_if = |_| text == "text" && number == 7)]
    async fn of_a_pattern((text, number): (String, u32)) -> io::Result<()> {
        tokio::task::yield_now().await;
        Err(named(&format!("{text}{number}")))
    }

    #[circuit(name = "rules::of_an_instrumented", threshold = 1, failure_if = |_| text == "text")]
    #[tracing::instrument(skip_all)]
    async fn of_an_instrumented(text: String) -> io::Result<()> {
        Err(named(&text))
    }

    #[circuit(name = "rules::of_a_boxed", threshold = 1, failure_if = |_| self.0 == "textend")]
    fn of_a_boxed(&mut self) -> Pin<Box<dyn Future<Output = io::Result<()>> + '_>> {
        Box::pin(async move {
            self.0.push_str("end");
            Err(named(&self.0))
        })
    }
}

#[tokio::test]
async fn rule_reads_an_argument_that_the_body_borrows() {
    Client::of_a_pattern(("text".to_owned(), 7)).await.unwrap_err();
    Client::of_an_instrumented("text".to_owned()).await.unwrap_err();
    Client("text".to_owned()).of_a_boxed().await.unwrap_err();
    for name in ["rules::of_a_pattern", "rules::of_an_instrumented", "rules::of_a_boxed"] {
        assert_eq!(get_circuit(name).unwrap().state(), CircuitState::Open, "{name}");
    }
}

#[circuit(name = "rules::send", failure_if = |_| cell.get() > 0)]
async fn reads_a_cell(cell: Cell<u32>) -> io::Result<u32> {
    tokio::task::yield_now().await;
    Ok(cell.get())
}

#[tokio::test]
async fn rule_over_a_cell_leaves_the_future_send() {
    assert_eq!(
        tokio::spawn(deadline(std::time::Duration::from_secs(9), reads_a_cell(Cell::new(7)))).await.unwrap().unwrap(),
        7
    );
}

#[async_trait::async_trait]
trait Changes {
    async fn by_circuit(&mut self) -> io::Result<()>;
    async fn by_retry(&mut self, more: &mut u32) -> io::Result<u32>;
    async fn by_fallback(&mut self, error: &str) -> io::Result<()>;
    async fn lent_back(&mut self, text: String) -> io::Result<&mut str>;
}

#[async_trait::async_trait]
impl Changes for Client {
    #[circuit(name = "rules::mut_self", threshold = 1, failure_if = |_| self.0 == "textend")]
    async fn by_circuit(&mut self) -> io::Result<()> {
        self.0.push_str("end");
        Err(named(&self.0))
    }

    #[retry(max = 5, delay = 0, retry_if = |_| self.0.len() < 6, on_retry = |_| self.0.push('!'))]
    #[circuit(name = "rules::key_of_mut_self", key = self.0, threshold = 9)]
    async fn by_retry(&mut self, more: &mut u32) -> io::Result<u32> {
        *more += 1;
        self.0.push('?');
        if self.0.is_empty() {
            Ok(*more)
        } else {
            Err(named(&self.0))
        }
    }

    #[fallback(Self::instead, on = "rejected")]
    #[circuit(with = self.breaker(), failure_if = |_| self.0 == "text")]
    async fn by_fallback(&mut self, error: &str) -> io::Result<()> {
        Err(named(error))
    }

    #[circuit(name = "rules::lent_back", failure_if = |_| text == "text")]
    async fn lent_back(&mut self, text: String) -> io::Result<&mut str> {
        self.0.push_str(&text);
        Ok(&mut self.0)
    }
}

impl Client {
    fn breaker(&self) -> CircuitBreaker {
        get_circuit("rules::mut_self").unwrap_or_else(|| unreachable!("{}", self.0))
    }

    async fn instead(&mut self, error: &str) -> io::Result<()> {
        self.0.push_str(error);
        std::future::ready(Ok(())).await
    }
}

#[tokio::test]
async fn rule_reads_mut_self_under_async_trait() {
    let mut client = Client("text".to_owned());
    client.by_circuit().await.unwrap_err();
    assert_eq!(get_circuit("rules::mut_self").unwrap().state(), CircuitState::Open);
    client.by_fallback("error").await.unwrap();
    assert_eq!(client.0, "textenderror");

    let mut client = Client("a".to_owned());
    assert_eq!(client.by_retry(&mut 0).await.unwrap_err().to_string(), "a?!?!?");
    assert_eq!(client.lent_back("text".to_owned()).await.unwrap(), "a?!?!?text");
}
