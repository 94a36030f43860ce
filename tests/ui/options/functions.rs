//! What cannot be decorated, and several mistakes at once.

use resilience_runtime::{circuit, retry};

#[circuit(name = "a")]
fn not_async() -> std::io::Result<()> { Ok(()) }

#[circuit(name = "a")]
struct Struct;

struct Client;

#[retry]
impl Client {
    async fn search(&self) -> std::io::Result<()> { Ok(()) }
}

trait Search {
    #[circuit(name = "a")]
    async fn no_body(&self) -> std::io::Result<()>;
}

#[retry(max = 0, delay = -1)]
#[circuit(nam = "a", threshold = 0)]
async fn four_mistakes() -> std::io::Result<()> { Ok(()) }

#[circuit(name = "twins")]
#[circuit(name = "twins")]
async fn one_name_twice() -> std::io::Result<()> { Ok(()) }

use resilience_runtime::circuit as breaker;

#[retry]
#[breaker(name = "a")]
async fn renamed_below() -> std::io::Result<()> { Ok(()) }

fn main() {
    // What has a mistake is still there: a caller gets errors of its own only.
    let _: u32 = Client.search();
}
