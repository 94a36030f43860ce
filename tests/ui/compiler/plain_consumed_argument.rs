use std::io;

use resilience_runtime::{circuit, fallback, retry};

#[derive(Debug)]
struct NoRoom;

#[retry]
//~ #[retry] | borrow of moved value: `text`
//~    consider moving the expression out of the loop so it is only moved once
//~    consider cloning the value if the performance cost is acceptable
//~    list_a_consumed_argument_in_clone!
fn consumed(text: String) -> io::Result<String> {
    Ok(text)
}

#[fallback(instead)]
//~ instead | borrow of moved value: `text`
//~    consider cloning the value if the performance cost is acceptable
//~    list_a_consumed_argument_in_clone!
fn replaced(text: String) -> io::Result<String> {
    Ok(text)
}

fn instead(text: String) -> io::Result<String> {
    Ok(text)
}

#[circuit(name = "a")]
fn no_room() -> Result<u32, NoRoom> {
//~ Result | `NoRoom` cannot hold a `CircuitOpenError`
//~    if it is a type parameter, add the bound `NoRoom: From<Rejection>`
//~    or write in the attribute how to make one: `error = |error| ..`
    Ok(1)
}

#[retry]
fn wrong_value() -> io::Result<u32> {
    Ok("1")
    //~ "1" | mismatched types
}

fn main() {
    let _ = (consumed, replaced, no_room, wrong_value);
}
