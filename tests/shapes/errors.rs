//! Tests decorated functions whose error types implement few traits.

use resilience_runtime::{circuit, retry, CircuitOpenError};

#[derive(Debug, PartialEq)]
struct Opaque;

impl From<CircuitOpenError> for Opaque {
    fn from(_: CircuitOpenError) -> Self {
        Self
    }
}

type Answer<T> = Result<T, Opaque>;

#[retry(max = 2, delay = 0)]
#[circuit(name = "errors::opaque")]
async fn without_display() -> Answer<()> {
    Err(Opaque)
}

#[retry(max = 2, delay = 0, retry_if = |code| *code < 500)]
#[circuit(name = "errors::number", threshold = 2, error = |open| open.name().len(), failure_if = |code| *code != 404)]
async fn number(code: usize) -> Result<(), usize> {
    Err(code)
}

fn try_later(open: CircuitOpenError) -> &'static str {
    if open.retry_after().is_zero() {
        "now"
    } else {
        "later"
    }
}

#[circuit(name = "errors::text", threshold = 1, error = try_later)]
async fn text() -> Result<(), &'static str> {
    Err("down")
}

struct Judge {
    lenient: bool,
}

impl Judge {
    fn is_failure(error: &str) -> bool {
        error == "down"
    }

    #[retry(max = 2, delay = 0, retry_if = |_| !self.lenient)]
    #[circuit(name = "errors::captures", threshold = 1, failure_if = |error| !self.lenient && Self::is_failure(error), error = |_| "open")]
    async fn judged(&self, error: &'static str) -> Result<(), &'static str> {
        Err(error)
    }
}

#[tokio::test]
async fn error_needs_no_bound() {
    assert_eq!(without_display().await, Err(Opaque));
    assert_eq!(number(404).await, Err(404));
    assert_eq!(number(500).await, Err(500));
    assert_eq!(number(500).await, Err(500));
    assert_eq!(number(500).await, Err("errors::number".len()));
    assert_eq!(text().await, Err("down"));
    assert_eq!(text().await, Err("later"));
}

#[tokio::test]
async fn predicate_may_use_generics_of_the_function() {
    let lenient = Judge { lenient: true };
    assert_eq!(lenient.judged("down").await, Err("down"));
    assert_eq!(lenient.judged("down").await, Err("down"));
    let strict = Judge { lenient: false };
    assert_eq!(strict.judged("other").await, Err("other"));
    assert_eq!(strict.judged("down").await, Err("down"));
    assert_eq!(strict.judged("down").await, Err("open"));
}
