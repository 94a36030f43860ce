use resilience_runtime::hedge;

use std::future::Future;
use std::pin::Pin;

#[hedge(after = 1)]
async fn f(x: &mut u8, mut y: u8, _z: &mut u8) -> std::io::Result<()> {
//~ x | a function that changes `x` through `&mut` cannot be hedged: the attempts run at the same time, and only one may hold a `&mut`; take `x` by `&`, or remove `#[hedge]`
//~ y | the attempts of a hedge run at the same time and share `y`, so that it cannot be changed: write `clone(y)` in `#[hedge]`, or put it into a `Mutex`
    *x += 1;
    y += *x;
    assert_eq!(y, 1);
    Ok(())
}

#[hedge(after = 1)]
async fn pair((left, right): (&mut u8, u8)) -> std::io::Result<()> {
//~ left | a function that changes `left` through `&mut` cannot be hedged: the attempts run at the same time, and only one may hold a `&mut`; take `left` by `&`, or remove `#[hedge]`
    *left += right;
    Ok(())
}

#[hedge(after = 1)]
fn boxed<'a>(x: &'a mut u8, y: &'a u8) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + 'a>> {
//~ x | a function that changes `x` through `&mut` cannot be hedged: the attempts run at the same time, and only one may hold a `&mut`; take `x` by `&`, or remove `#[hedge]`
    Box::pin(async move {
        *x += *y;
        Ok(())
    })
}

struct Counter(u8);

trait Counts {
    fn count(&mut self) -> impl Future<Output = std::io::Result<()>>;
}

impl Counts for Counter {
    #[hedge(after = 1)]
    async fn count(&mut self) -> std::io::Result<()> {
    //~ self | a function that changes `self` through `&mut` cannot be hedged: the attempts run at the same time, and only one may hold a `&mut`; take `self` by `&`, or remove `#[hedge]`
        self.0 += 1;
        Ok(())
    }
}

impl Counter {
    #[hedge(after = 1)]
    fn returned(&mut self) -> impl Future<Output = std::io::Result<()>> {
    //~ self | a function that changes `self` through `&mut` cannot be hedged: the attempts run at the same time, and only one may hold a `&mut`; take `self` by `&`, or remove `#[hedge]`
        async move {
            self.0 += 1;
            Ok(())
        }
    }

    #[hedge(after = 1)]
    async fn by_value(mut self) -> std::io::Result<()> {
    //~ self | the attempts of a hedge run at the same time and share `self`, so that it cannot be changed: remove `mut`, and write `let mut this = self.clone();` in the body
        self.0 += 1;
        Ok(())
    }
}

#[async_trait::async_trait]
trait Sends {
    async fn send(&mut self, x: &mut u8) -> std::io::Result<()>;
}

#[async_trait::async_trait]
impl Sends for Counter {
    #[hedge(after = 1)]
    async fn send(&mut self, x: &mut u8) -> std::io::Result<()> {
    //~ self | a function that changes `self` through `&mut` cannot be hedged: the attempts run at the same time, and only one may hold a `&mut`; take `self` by `&`, or remove `#[hedge]`
    //~ x | a function that changes `x` through `&mut` cannot be hedged: the attempts run at the same time, and only one may hold a `&mut`; take `x` by `&`, or remove `#[hedge]`
        *x += self.0;
        Ok(())
    }
}

fn main() {}
