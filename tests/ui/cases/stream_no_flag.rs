use std::io;

use futures_util::Stream;
use futures_util::stream::empty;
use resilience_runtime::{circuit, retry};

#[circuit(name = "number", stream = 5)]
//~ 5 | `stream` must be `true`, `false` or "first_item"
async fn number() -> io::Result<impl Stream<Item = io::Result<u8>>> {
    Ok(empty())
}

#[circuit(name = "text", stream = "last_item")]
//~ "last_item" | `stream` must be `true`, `false` or "first_item"
async fn text() -> io::Result<impl Stream<Item = io::Result<u8>>> {
    Ok(empty())
}

#[circuit(name = "twice", stream, stream = true)]
//~ stream | duplicate option `stream`: write it once
async fn twice() -> io::Result<impl Stream<Item = io::Result<u8>>> {
    Ok(empty())
}

#[circuit(name = "list", stream(true))]
//~ stream | expected a value: write `stream = ..`
async fn list() -> io::Result<impl Stream<Item = io::Result<u8>>> {
    Ok(empty())
}

#[circuit(name = "shadow", stream, shadow)]
//~ shadow | expected a value: write `shadow = ..`
async fn shadow() -> io::Result<impl Stream<Item = io::Result<u8>>> {
    Ok(empty())
}

#[retry(stream)]
//~ stream | unknown option `stream`; the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn retried() -> io::Result<impl Stream<Item = io::Result<u8>>> {
    Ok(empty())
}

fn main() {}
