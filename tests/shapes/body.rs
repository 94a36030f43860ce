//! Tests decorated functions with bodies of every kind.

use std::error::Error;
use std::io;

use resilience_runtime::{circuit, retry};

type Boxed = Box<dyn Error + Send + Sync>;

#[circuit(name = "body::question_mark")]
async fn question_mark(text: &str) -> Result<u32, Boxed> {
    if text == "early" {
        return Ok(1);
    }
    let number: u32 = text.parse()?;
    Ok(number)
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "body::question_mark_retried")]
async fn question_mark_retried(text: &str) -> Result<u32, Boxed> {
    if text == "boxed" {
        return Err("unsized coercion".into());
    }
    Ok(text.parse::<u32>()?)
}

#[tokio::test]
async fn question_mark_return_and_coercion_work() {
    assert_eq!(question_mark("early").await.unwrap(), 1);
    assert_eq!(question_mark("7").await.unwrap(), 7);
    assert!(question_mark("x").await.is_err());
    assert_eq!(question_mark_retried("7").await.unwrap(), 7);
    assert_eq!(question_mark_retried("boxed").await.unwrap_err().to_string(), "unsized coercion");
}

#[circuit(name = "body::coerced")]
async fn coerced(wanted: bool) -> Result<Box<dyn Fn(u32) -> u32 + Send>, Boxed> {
    if wanted {
        return Ok(Box::new(|number| number + 1));
    }
    Ok(Box::new(|number| number - 1))
}

#[tokio::test]
async fn value_coerces_to_unsized_type() {
    assert_eq!(coerced(true).await.unwrap()(7), 8);
    assert_eq!(coerced(false).await.unwrap()(7), 6);
}

#[retry(max = 2, delay = 0)]
async fn bails(fail: bool) -> anyhow::Result<u32> {
    if fail {
        anyhow::bail!("bailed");
    }
    anyhow::ensure!(!fail, "never");
    Ok(7)
}

#[circuit(name = "body::anyhow", threshold = 1)]
async fn bails_at_once() -> anyhow::Result<u32> {
    anyhow::bail!("bailed")
}

#[tokio::test]
async fn anyhow_error_holds_bail_and_rejection() {
    assert_eq!(bails(false).await.unwrap(), 7);
    assert_eq!(bails(true).await.unwrap_err().to_string(), "bailed");
    assert_eq!(bails_at_once().await.unwrap_err().to_string(), "bailed");
    let rejection = bails_at_once().await.unwrap_err();
    assert!(rejection.is::<resilience_runtime::CircuitOpenError>());
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "body::statements")]
async fn statements(limit: u32) -> io::Result<Vec<u32>> {
    use std::collections::BTreeSet;
    const STEP: u32 = 2;
    struct Even(u32);
    impl Even {
        fn value(&self) -> u32 {
            self.0 * STEP
        }
    }
    macro_rules! insert {
        ($set:ident, $value:expr) => {
            $set.insert($value)
        };
    }
    let mut found = BTreeSet::new();
    'outer: for left in 0..limit {
        for right in 0.. {
            if left + right > limit {
                continue 'outer;
            }
            if right > 3 {
                break 'outer;
            }
            insert!(found, Even(left * right).value());
        }
    }
    let found = 'found: {
        if found.is_empty() {
            break 'found Vec::new();
        }
        found.into_iter().collect()
    };
    Ok(found)
}

#[tokio::test]
async fn labels_loops_and_items_work() {
    assert_eq!(statements(3).await.unwrap(), [0, 2, 4]);
    assert_eq!(statements(0).await.unwrap(), [0; 0]);
}

#[circuit(name = "body::nested_futures")]
async fn nested_futures(numbers: &[u32]) -> io::Result<u32> {
    let double = async |number: u32| number * 2;
    let mut sum = 0;
    for number in numbers {
        sum += double(*number).await;
    }
    let block = async {
        // This `return` ends only the `async` block, and not `nested_futures`.
        return Ok::<_, io::Error>(1);
    };
    sum += block.await?;
    let (left, right) = tokio::join!(async { sum }, async { 1 });
    Ok(left + right)
}

#[retry(max = 2, delay = 0)]
async fn tail_temporaries(text: &std::sync::Mutex<String>) -> io::Result<usize> {
    Ok(text.lock().unwrap().len())
}

#[circuit(name = "body::match_tail")]
async fn match_tail(text: &str) -> Result<u32, Boxed> {
    match text.parse() {
        Ok(number) => Ok(number),
        Err(_) if text.is_empty() => Err("empty")?,
        Err(error) => Err(Box::new(error) as Boxed),
    }
}

#[retry(delay = 0)]
async fn empty_statements() -> io::Result<()> {
    {};
    Ok(())
}

#[circuit(name = "body::never_returns", error = |_| ())]
async fn diverges(stop: bool) -> Result<std::convert::Infallible, ()> {
    loop {
        if stop {
            return Err(());
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn futures_temporaries_and_tails_work() {
    assert_eq!(nested_futures(&[1, 2]).await.unwrap(), 8);
    assert_eq!(tail_temporaries(&std::sync::Mutex::new("abc".to_owned())).await.unwrap(), 3);
    assert_eq!(match_tail("7").await.unwrap(), 7);
    assert!(match_tail("x").await.is_err());
    empty_statements().await.unwrap();
    assert_eq!(diverges(true).await, Err(()));
}
