use std::io;

use futures_util::Stream;
use futures_util::stream::empty;
use resilience_runtime::circuit;

#[circuit(name = "borrows", stream, failure_if = |error| error.kind() != kind)]
//~ |error| | closure may outlive the current function, but it borrows `kind`, which is owned by the current function
async fn borrows(kind: io::ErrorKind) -> io::Result<impl Stream<Item = io::Result<u8>>> {
    Ok(empty())
}

#[circuit(name = "moves", stream, failure_if = move |error: &io::Error| error.kind() != kind)]
async fn moves(kind: io::ErrorKind) -> io::Result<impl Stream<Item = io::Result<u8>>> {
    Ok(empty())
}

fn main() {}
