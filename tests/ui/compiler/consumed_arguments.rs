use resilience_runtime::{circuit, fallback, retry};

use std::future::Future;
use std::pin::Pin;

type Result = std::io::Result<()>;

#[retry]
//~ #[retry] | borrow of moved value: `list`
//~    consider cloning the value if the performance cost is acceptable
//~    list_a_consumed_argument_in_clone!
#[circuit(name = "a")]
async fn second(number: u8, text: String, list: Vec<u8>) -> Result {
    println!("{number}{text}");
    drop(list);
    Ok(())
}

#[retry]
//~ #[retry] | borrow of moved value: `text`
//~    consider cloning the value if the performance cost is acceptable
//~    list_a_consumed_argument_in_clone!
async fn of_a_pattern((text, number): (String, u8)) -> Result {
    println!("{number}");
    drop(text);
    Ok(())
}

#[retry]
//~ #[retry] | borrow of moved value: `text`
//~    move occurs because `text` has type `String`, which does not implement the `Copy` trait
//~    list_a_consumed_argument_in_clone!
fn boxed(text: String) -> Pin<Box<dyn Future<Output = Result>>> {
    Box::pin(async move {
        drop(text);
        Ok(())
    })
}

#[fallback(instead)]
//~ instead | borrow of moved value: `text`
//~    consider cloning the value if the performance cost is acceptable
//~    list_a_consumed_argument_in_clone!
async fn replaced(text: String) -> Result {
    drop(text);
    Ok(())
}

async fn instead(_: String) -> Result {
    Ok(())
}

struct Client;

impl Client {
    #[retry]
    //~ #[retry] | borrow of moved value: `self`
    //~    take_a_reference_to_self!
    async fn boxed_self(self: Box<Self>) -> Result {
        drop(self);
        Ok(())
    }
}

#[async_trait::async_trait]
trait Sends {
    async fn send(&self, text: String) -> Result;
}

#[async_trait::async_trait]
impl Sends for Client {
    #[retry]
    //~ #[retry] | borrow of moved value: `text`
    //~    list_a_consumed_argument_in_clone!
    async fn send(&self, text: String) -> Result {
        drop(text);
        Ok(())
    }
}

fn main() {}
