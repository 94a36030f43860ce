//! What a function returns.

use resilience_runtime::{circuit, retry};

#[derive(Debug)]
struct NoRoom;

#[circuit(name = "a")]
async fn error_that_cannot_hold_a_rejection() -> Result<(), NoRoom> { Err(NoRoom) }

#[circuit(name = "a")]
async fn no_result() -> u32 { 7 }

#[retry]
async fn no_result_either() -> Option<u32> { Some(7) }

#[retry]
async fn wrong_value() -> Result<u32, NoRoom> { Ok("seven") }

#[retry]
async fn consumed(text: String) -> Result<usize, NoRoom> { Ok(text.into_bytes().len()) }

struct NotClone;

#[retry(clone(value))]
async fn not_clone(value: NotClone) -> Result<(), NoRoom> { drop(value); Ok(()) }

fn main() {}
