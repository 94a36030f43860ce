//! Tests functions that also have attributes of Rust or of other crates. These attributes are above, between or below
//! the attributes of this project.

use std::cell::Cell;
use std::io;

use resilience_runtime::{circuit, fallback, get_circuit, hedge, retry};

/// This doc comment is an attribute of Rust above the attributes of this project.
#[inline]
#[retry(max = 2, delay = 0)]
#[doc(alias = "between")]
#[circuit(name = "foreign::plain")]
#[must_use = "it is asked for"]
#[allow(clippy::unused_async)] // The body contains no `.await`.
async fn plain_attributes() -> io::Result<u32> {
    #![allow(unused_labels)] // If `#[retry]` dropped this line, rustc would warn about the label `'unused`.
    'unused: {
        Ok(7)
    }
}

#[retry(max = 2, delay = 0)]
#[deprecated(note = "for the test")]
#[circuit(name = "foreign::deprecated")]
async fn deprecated() -> io::Result<u32> {
    Ok(7)
}

#[cfg_attr(not(any()), retry(max = 2, delay = 0))]
#[cfg_attr(any(), retry(max = 99, delay = 99))]
#[cfg(not(any()))]
#[circuit(name = "foreign::cfg", threshold = 9)]
async fn configured(#[cfg(any())] absent: u32, #[cfg(not(any()))] present: u32) -> io::Result<u32> {
    if present == 0 {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(present)
    }
}

#[tracing::instrument(skip_all)]
#[retry(max = 2, delay = 0)]
#[circuit(name = "foreign::instrumented_above", threshold = 9)]
async fn instrumented_above(value: u32) -> io::Result<u32> {
    if value == 0 {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(value)
    }
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "foreign::instrumented_below", threshold = 9)]
#[tracing::instrument(skip_all, err)]
async fn instrumented_below(value: u32) -> io::Result<u32> {
    if value == 0 {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(value)
    }
}

/// The three attributes above `instrument` generate code with a label, which `instrument` must be able to parse.
#[circuit(name = "foreign::instrumented_outer", threshold = 9)]
#[retry(max = 2, delay = 0)]
#[circuit(name = "foreign::instrumented_inner", threshold = 9, error = io::Error::other)]
#[tracing::instrument(skip_all)]
async fn instrumented_below_three(value: u32) -> io::Result<u32> {
    if value == 0 {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(value)
    }
}

#[retry(max = 2, delay = 0)]
#[tracing::instrument(fields(length = text.len()))]
#[circuit(name = "foreign::instrumented_between", threshold = 9)]
async fn instrumented_between(text: String) -> io::Result<usize> {
    if text.is_empty() {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(text.len())
    }
}

fn calls(name: &str) -> u64 {
    let stats = get_circuit(name).unwrap().stats();
    stats.total_failed + stats.total_succeeded
}

#[tokio::test]
async fn language_attributes_are_kept() {
    assert_eq!(plain_attributes().await.unwrap(), 7);
    #[allow(deprecated)] // A test in `tests/ui` checks that this call causes a warning.
    let called = deprecated().await;
    assert_eq!(called.unwrap(), 7);
    assert_eq!(configured(7).await.unwrap(), 7);
    assert!(configured(0).await.is_err());
    assert_eq!(calls("foreign::cfg"), 3);
}

#[tokio::test]
async fn instrument_works_in_every_position() {
    assert!(instrumented_above(0).await.is_err());
    assert_eq!(calls("foreign::instrumented_above"), 2);
    assert!(instrumented_below(0).await.is_err());
    assert_eq!(calls("foreign::instrumented_below"), 2);
    assert!(instrumented_below_three(0).await.is_err());
    assert_eq!((calls("foreign::instrumented_outer"), calls("foreign::instrumented_inner")), (1, 2));
    assert!(instrumented_between(String::new()).await.is_err());
    assert_eq!(calls("foreign::instrumented_between"), 2);
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "foreign::test")]
#[tokio::test]
async fn test_function_can_be_decorated() -> io::Result<()> {
    if calls("foreign::test") == 0 {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(())
    }
}

#[tracing::instrument]
#[retry(max = 2, delay = 0)]
#[circuit(name = "foreign::lends", threshold = 9)]
async fn instrumented_above_lends(text: String, seen: &mut Vec<String>) -> io::Result<usize> {
    seen.push(text.clone());
    Err(io::ErrorKind::TimedOut.into())
}

#[tracing::instrument(skip_all, err, ret)]
#[fallback(replaced)]
#[retry(max = 2, delay = 0, clone(text))]
async fn instrumented_above_clones(text: String) -> io::Result<String> {
    drop(text);
    Err(io::ErrorKind::TimedOut.into())
}

async fn replaced(text: String) -> io::Result<String> {
    tokio::task::yield_now().await;
    Ok(text)
}

#[tracing::instrument(skip_all, err)]
#[hedge(after = 1)]
async fn instrumented_above_hedges(text: String) -> io::Result<usize> {
    Ok(text.len())
}

/// The body awaits an `async move` block, like the code that `instrument` generates. The retry must not mistake this
/// block for generated code.
#[tracing::instrument(skip_all)]
#[retry(max = 2, delay = 0)]
async fn instrumented_above_a_block(calls: &Cell<u32>) -> io::Result<u32> {
    let x = async move { calls.get() }.await;
    calls.set(x + 1);
    Err(io::ErrorKind::TimedOut.into())
}

struct Instrumented(u32);

#[async_trait::async_trait]
trait Ask {
    async fn ask(&mut self, text: String) -> io::Result<usize>;
}

#[async_trait::async_trait]
impl Ask for Instrumented {
    #[tracing::instrument(skip_all)]
    #[retry(max = 3, delay = 0)]
    async fn ask(&mut self, text: String) -> io::Result<usize> {
        self.0 += 1;
        if self.0 < 3 {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(text.len())
        }
    }
}

#[tokio::test]
async fn instrument_above_lends_arguments_to_each_attempt() {
    let mut seen = Vec::new();
    instrumented_above_lends("text".to_owned(), &mut seen).await.unwrap_err();
    assert_eq!((seen, calls("foreign::lends")), (vec!["text".to_owned(); 2], 2));
    assert_eq!(instrumented_above_clones("text".to_owned()).await.unwrap(), "text");
    assert_eq!(instrumented_above_hedges("text".to_owned()).await.unwrap(), 4);
    let calls = Cell::new(0);
    instrumented_above_a_block(&calls).await.unwrap_err();
    assert_eq!(calls.get(), 2);
    assert_eq!(Instrumented(0).ask("text".to_owned()).await.unwrap(), 4);
}
