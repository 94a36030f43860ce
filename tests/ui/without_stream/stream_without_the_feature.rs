use std::io;

use futures_util::Stream;
use futures_util::stream::empty;
use resilience_runtime::{circuit, retry};

#[retry]
#[circuit(name = "opaque", stream, failure_if = |error| fails(error))]
//~ stream | `stream` needs the feature `stream` of `resilience-runtime`: run `cargo add resilience-runtime --features stream`
//~    stream!
async fn opaque() -> io::Result<impl Stream<Item = io::Result<u8>>> {
    Ok(empty())
}

#[circuit(name = "named", stream = "first_item")]
//~ stream | `stream` needs the feature `stream` of `resilience-runtime`: run `cargo add resilience-runtime --features stream`
//~    stream!
async fn named() -> io::Result<u8> {
    Ok(7)
}

fn fails(_: &io::Error) -> bool {
    true
}

fn main() {}
