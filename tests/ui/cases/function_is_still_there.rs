use resilience_runtime::circuit;

struct Client;

impl Client {
    #[circuit(name = "a", threshold = 0)]
    //~ 0 | `threshold` must be a whole number from 1 to 4294967295
    async fn method(&self) -> std::io::Result<()> {
        Ok(())
    }
}

trait Search {
    async fn search(&self) -> std::io::Result<()>;
}

impl Search for Client {
    #[circuit(name = "a", cooldown = -1)]
    //~ -1 | `cooldown` must not be negative
    async fn search(&self) -> std::io::Result<()> {
        Ok(())
    }
}

#[circuit(nam = "a")]
//~ nam | unknown option `nam`; did you mean `name`? the options are `name`, `key`, `max_keys`, `with`, `threshold`, `window`, `calls`, `failure_rate`, `slow_call`, `slow_rate`, `min_calls`, `cooldown`, `cooldown_factor`, `max_cooldown`, `cooldown_jitter`, `half_open_max`, `trial_timeout`, `hung_after`, `count`, `shadow`, `durations`, `stream`, `failure_if`, `failure_if_ok`, `retry_after`, `retry_after_ok`, `error`, `crate`
async fn free() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    let _ = (Client.method(), Client.search());
    let _: u32 = free();
    //~ free() | mismatched types
}
