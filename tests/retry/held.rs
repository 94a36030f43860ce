//! Tests `#[retry]` with a `RetryPolicy` or a `RetryBudget` from a field of a struct (options `with` and `budget`).

use std::cell::Cell;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use resilience_runtime::{RetryBudget, RetryPolicy, TokenBucket, circuit, retry};
use support::seconds;
use tokio::time::{Instant, advance};

struct Client {
    retry: RetryPolicy<io::Error>,
    calls: AtomicU32,
}

impl Client {
    #[retry(with = self.retry, attempt = n)]
    async fn ask(&self, kind: io::ErrorKind) -> io::Result<u32> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let _ = n;
        Err(kind.into())
    }
}

#[tokio::test(start_paused = true)]
async fn policy_of_self_decides() {
    let policy = RetryPolicy::builder()
        .max(5)
        .delay(Duration::ZERO)
        .retry_if(|error: &io::Error| error.kind() == io::ErrorKind::TimedOut)
        .build()
        .unwrap();
    let client = Client { retry: policy, calls: AtomicU32::new(0) };
    client.ask(io::ErrorKind::TimedOut).await.unwrap_err();
    assert_eq!(client.calls.swap(0, Ordering::Relaxed), 5);
    client.ask(io::ErrorKind::NotFound).await.unwrap_err();
    assert_eq!(client.calls.load(Ordering::Relaxed), 1);
}

#[retry(with = policy)]
async fn shared(policy: Arc<RetryPolicy>, calls: &AtomicU32) -> Result<(), ()> {
    calls.fetch_add(1, Ordering::Relaxed);
    Err(())
}

#[tokio::test(start_paused = true)]
async fn policy_of_an_argument_decides() {
    let calls = AtomicU32::new(0);
    let _ = shared(Arc::new(RetryPolicy::builder().max(2).build().unwrap()), &calls).await;
    assert_eq!(calls.into_inner(), 2);
}

struct Paying {
    budget: RetryBudget,
    retry: RetryPolicy,
    calls: AtomicU32,
}

impl Paying {
    #[retry(max = 9, delay = 0, budget = self.budget)]
    async fn by_field(&self) -> Result<(), ()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Err(())
    }

    #[retry(max = 9, delay = 0, budget = budget.clone())]
    async fn by_argument(&self, budget: &RetryBudget) -> Result<(), ()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Err(())
    }

    #[retry(with = self.retry, budget = self.budget)]
    async fn in_place_of_the_budget_of_the_policy(&self) -> Result<(), ()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Err(())
    }

    #[retry(with = self.retry)]
    async fn by_policy(&self) -> Result<(), ()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Err(())
    }
}

#[tokio::test(start_paused = true)]
async fn clones_of_a_budget_share_its_tokens() {
    let tokens = |capacity| RetryBudget::bucket(TokenBucket { capacity, retry_cost: 1, ..TokenBucket::DEFAULT });
    let (budget, of_policy) = (tokens(10), tokens(5));
    let retry = RetryPolicy::builder().max(4).delay(Duration::ZERO).budget(&of_policy).build().unwrap();
    let paying = Paying { budget: budget.clone(), retry, calls: AtomicU32::new(0) };
    let _ = paying.by_field().await;
    assert_eq!((paying.calls.swap(0, Ordering::Relaxed), budget.stats().tokens), (9, 2));
    let _ = paying.by_argument(&budget).await;
    assert_eq!((paying.calls.swap(0, Ordering::Relaxed), budget.stats().tokens), (3, 0));
    let _ = paying.in_place_of_the_budget_of_the_policy().await;
    assert_eq!((paying.calls.swap(0, Ordering::Relaxed), of_policy.stats().tokens), (1, 5));
    let _ = paying.by_policy().await;
    assert_eq!((paying.calls.swap(0, Ordering::Relaxed), of_policy.stats().tokens), (4, 2));
}

/// A connection that only one call at a time can borrow.
struct Connection(u32);

impl Connection {
    async fn send(&mut self) -> Result<u32, u32> {
        tokio::task::yield_now().await;
        self.0 += 1;
        if self.0 < 3 { Err(self.0) } else { Ok(self.0) }
    }
}

async fn sent(policy: &RetryPolicy, connection: &mut Connection) -> Result<u32, u32> {
    let mut attempts = policy.start();
    loop {
        match attempts.next(connection.send()).await {
            ControlFlow::Continue(()) => {}
            ControlFlow::Break(outcome) => return outcome,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn started_policy_repeats_a_call_that_borrows_mutably() {
    let begin = Instant::now();
    assert_eq!(sent(&RetryPolicy::default(), &mut Connection(0)).await, Ok(3));
    assert_eq!(begin.elapsed(), seconds(3));
    let twice = RetryPolicy::builder().max(2).delay(Duration::ZERO).build().unwrap();
    assert_eq!(sent(&twice, &mut Connection(0)).await, Err(2));
}

#[circuit(name = "held::started", threshold = 1)]
async fn failing(calls: &Cell<u32>) -> Result<(), support::Error> {
    calls.set(calls.get() + 1);
    Err(support::Error::Down)
}

#[tokio::test(start_paused = true)]
async fn started_policy_ends_at_an_open_circuit() {
    let (begin, calls) = (Instant::now(), Cell::new(0));
    let mut attempts = RetryPolicy::default().start();
    let outcome = attempts.next(failing(&calls)).await;
    assert_eq!((outcome.is_break(), calls.get(), begin.elapsed()), (true, 1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn max_elapsed_of_started_policy_counts_from_first_attempt() {
    let policy = RetryPolicy::builder().max(9).delay(Duration::ZERO).max_elapsed(seconds(3)).build().unwrap();
    let (mut attempts, mut plain_attempts) = (policy.start(), policy.start());
    for (pause, continues) in [(9, true), (3, true), (1, false)] {
        advance(seconds(pause)).await;
        let attempt = attempts.next(async { Err::<(), _>("down") }).await;
        assert_eq!(attempt.is_continue(), continues, "after another {pause} s");
        let plain_attempt = plain_attempts.next_blocking(|| Err::<(), _>("down"));
        assert_eq!(plain_attempt.is_continue(), continues, "after another {pause} s, plain");
    }
}
