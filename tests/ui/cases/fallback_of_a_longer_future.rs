use resilience_runtime::fallback;

use std::future::Future;
use std::pin::Pin;

type Result = std::io::Result<u8>;
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[fallback(one)]
fn boxed(text: &str) -> Pin<Box<dyn Future<Output = Result>>> {
//~ text | the future keeps `text` for the fallback: add `+ '_` after `dyn Future<..>`, or take it by value
    let length = text.len() as u8;
    Box::pin(async move { Ok(length) })
}

#[fallback(one)]
fn written(text: &str) -> Pin<Box<dyn Future<Output = Result> + Send + 'static>> {
//~ text | the future keeps `text` for the fallback: write `'_` in place of `'static`, or take it by value
    let length = text.len() as u8;
    Box::pin(async move { Ok(length) })
}

#[fallback(one)]
fn alias(text: &str) -> BoxFuture<'static, Result> {
//~ text | the future keeps `text` for the fallback: write `'_` in place of `'static`, or take it by value
    let length = text.len() as u8;
    Box::pin(async move { Ok(length) })
}

#[fallback(one)]
fn opaque(text: &str) -> impl Future<Output = Result> + 'static {
//~ text | the future keeps `text` for the fallback: write `'_` in place of `'static`, or take it by value
    let length = text.len() as u8;
    async move { Ok(length) }
}

#[fallback(one)]
fn capturing(text: &str) -> impl Future<Output = Result> + use<> {
//~ text | the future keeps `text` for the fallback: add `'_` to `use<..>`, or take it by value
    let length = text.len() as u8;
    async move { Ok(length) }
}

async fn one(_: &str) -> Result {
    Ok(0)
}

#[fallback(two)]
fn of_another_argument<'a>(text: &'a str, list: &mut [u8]) -> BoxFuture<'a, Result> {
//~ list | the future keeps `list` for the fallback: declare `'a`, and write it in every reference and in the future, or take it by value
    list[0] = 1;
    Box::pin(async move { Ok(text.len() as u8) })
}

async fn two(_: &str, _: &mut [u8]) -> Result {
    Ok(0)
}

struct Client(u8);

impl Client {
    #[fallback(Self::other)]
    fn ask(&self) -> Pin<Box<dyn Future<Output = Result> + Send>> {
    //~ self | the future keeps `self` for the fallback: add `+ '_` after `dyn Future<..>`, or take it by value
        let number = self.0;
        Box::pin(async move { Ok(number) })
    }

    async fn other(&self) -> Result {
        Ok(self.0)
    }

    #[fallback(Self::also_of_text)]
    fn of_self_only(&self, text: &str) -> BoxFuture<'_, Result> {
    //~ text | the future keeps `text` for the fallback: declare `'a`, and write it in every reference and in the future, or take it by value
        let length = text.len() as u8;
        Box::pin(async move { Ok(self.0 + length) })
    }

    #[fallback(Self::also_of_text)]
    fn of_neither(&self, text: &str) -> BoxFuture<'static, Result> {
    //~ self | the future keeps `self` for the fallback: declare `'a`, and write it in every reference and in the future, or take it by value
        let number = self.0 + text.len() as u8;
        Box::pin(async move { Ok(number) })
    }

    async fn also_of_text(&self, _: &str) -> Result {
        Ok(self.0)
    }

    #[fallback(Self::by_value)]
    fn of_a_consumed_self(self, text: &str) -> BoxFuture<'static, Result> {
    //~ text | the future keeps `text` for the fallback: write `'_` in place of `'static`, or take it by value
        let number = self.0 + text.len() as u8;
        Box::pin(async move { Ok(number) })
    }

    async fn by_value(self, _: &str) -> Result {
        Ok(self.0)
    }
}

fn main() {}
