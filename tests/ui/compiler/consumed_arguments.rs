use resilience_runtime::{circuit, fallback, retry};

use std::future::Future;
use std::pin::Pin;

type Result = std::io::Result<()>;

#[retry]
#[circuit(name = "a")]
async fn second(number: u8, text: String, list: Vec<u8>) -> Result {
//~ { | use of moved value: `list`
//~    consider cloning the value if the performance cost is acceptable
    println!("{number}{text}");
    drop(list);
    Ok(())
}

#[retry]
async fn of_a_pattern((text, number): (String, u8)) -> Result {
//~ { | use of moved value: `text`
//~    consider cloning the value if the performance cost is acceptable
    println!("{number}");
    drop(text);
    Ok(())
}

#[retry]
fn boxed(text: String) -> Pin<Box<dyn Future<Output = Result>>> {
    Box::pin(async move {
    //~ { | use of moved value: `text`
    //~    move occurs because `text` has type `String`, which does not implement the `Copy` trait
        drop(text);
        Ok(())
    })
}

#[fallback(instead)]
//~ instead | use of moved value: `text`
//~    consider cloning the value if the performance cost is acceptable
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
    async fn boxed_self(self: Box<Self>) -> Result {
    //~ { | use of moved value: `self`
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
    async fn send(&self, text: String) -> Result {
    //~ async | use of moved value: `text`
        drop(text);
        Ok(())
    }
}

fn main() {}
