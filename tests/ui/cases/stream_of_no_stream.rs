use std::io;
use std::pin::Pin;

use futures_util::Stream;
use futures_util::stream::{Empty, empty};
use resilience_runtime::circuit;

#[circuit(name = "number", stream)]
async fn number() -> io::Result<u8> {
//~ io | `stream` needs an `Ok` that is `impl Stream` or a boxed stream of `Result`s, not `u8`
//~    return `Result<impl Stream<Item = Result<T, E>>, E>`, or a boxed stream
    Ok(7)
}

#[circuit(name = "opaque", stream)]
async fn opaque() -> io::Result<impl Sized> {
//~ io | `stream` needs an `Ok` that is a stream of `Result`s, not `u8`
//~    return `Result<impl Stream<Item = Result<T, E>>, E>`, or a boxed stream
    Ok(7_u8)
}

#[circuit(name = "judged", stream, failure_if = |error| fails(error), retry_after = |_| None)]
async fn judged() -> io::Result<String> {
//~ io | `stream` needs an `Ok` that is `impl Stream` or a boxed stream of `Result`s, not `String`
//~    return `Result<impl Stream<Item = Result<T, E>>, E>`, or a boxed stream
    Ok(String::new())
}

#[circuit(name = "boxed_items", stream)]
async fn boxed_items() -> io::Result<Pin<Box<dyn Stream<Item = u8>>>> {
//~ io | `stream` needs an `Ok` that is `impl Stream` or a boxed stream of `Result`s, not `Pin<Box<dyn Stream<Item = u8>>>`
//~    return `Result<impl Stream<Item = Result<T, E>>, E>`, or a boxed stream
    Ok(Box::pin(empty()))
}

#[circuit(name = "named", stream)]
async fn named() -> io::Result<Empty<io::Result<u8>>> {
//~ io | `stream` needs an `Ok` that is `impl Stream` or a boxed stream of `Result`s, not `futures_util::stream::Empty<Result<u8, std::io::Error>>`
//~    return `Result<impl Stream<Item = Result<T, E>>, E>`, or a boxed stream
    Ok(empty())
}

fn fails(_: &io::Error) -> bool {
    true
}

fn main() {}
