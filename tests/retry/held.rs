use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use resilience_runtime::{RetryPolicy, retry};

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
