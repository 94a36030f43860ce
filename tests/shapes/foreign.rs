//! Other attributes above, between and below ours.

use std::io;

use resilience_runtime::{circuit, get_circuit, retry};

/// Documented above.
#[inline]
#[retry(max = 2, delay = 0)]
#[doc(alias = "between")]
#[circuit(name = "foreign::plain")]
#[must_use = "it is asked for"]
#[allow(clippy::unused_async)] // the lint is about the bare function, too
async fn plain_attributes() -> io::Result<u32> {
    #![allow(unused_labels)] // an inner attribute stays one
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

/// `instrument` reads our expansion, with its label and all, by way of syn.
#[circuit(name = "foreign::instrumented_outer", threshold = 9)]
#[retry(max = 2, delay = 0)]
#[circuit(name = "foreign::instrumented_inner", threshold = 9, open = io::Error::other)]
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

/// The attempts that reached the circuit.
fn calls(name: &str) -> u64 {
    let stats = get_circuit(name).unwrap().stats();
    stats.total_failed + stats.total_succeeded
}

#[tokio::test]
async fn attributes_of_the_language() {
    assert_eq!(plain_attributes().await.unwrap(), 7);
    #[allow(deprecated)] // that it is told is looked at elsewhere
    let called = deprecated().await;
    assert_eq!(called.unwrap(), 7);
    assert_eq!(configured(7).await.unwrap(), 7);
    assert!(configured(0).await.is_err());
    assert_eq!(calls("foreign::cfg"), 3);
}

#[tokio::test]
async fn instrument_wherever_it_stands() {
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
async fn a_test_can_be_decorated() -> io::Result<()> {
    if calls("foreign::test") == 0 {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(())
    }
}
