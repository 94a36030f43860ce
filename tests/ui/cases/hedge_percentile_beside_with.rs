use resilience_runtime::{Hedge, hedge};

#[hedge(with = held, after = "p95", min_after = 1, max_after = 2)]
//~ after | `after` does not go with `with`: the hedge that you hold has its own
//~ max_after | `max_after` does not go with `with`: the hedge that you hold has its own
//~ min_after | `min_after` does not go with `with`: the hedge that you hold has its own
async fn f0(held: Hedge) -> std::io::Result<()> {
//~ warning: held | unused variable: `held`
    Ok(())
}

fn main() {}
