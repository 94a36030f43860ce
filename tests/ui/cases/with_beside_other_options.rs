use resilience_runtime::{Hedge, RetryPolicy, Timeout, hedge, retry, timeout};

#[retry(with = policy, max = 3, retry_if = |_| true)]
//~ max | `max` does not go with `with`: the policy that you hold has its own
//~ retry_if | `retry_if` does not go with `with`: the policy that you hold has its own
async fn f0(policy: RetryPolicy) -> std::io::Result<()> {
//~ warning: policy | unused variable: `policy`
    Ok(())
}

#[timeout(3, with = held)]
//~ 3 | this does not go with `with`: the timeout that you hold has its own time
async fn f1(held: Timeout) -> std::io::Result<()> {
//~ warning: held | unused variable: `held`
    Ok(())
}

#[hedge(with = held, after = 3, max = 2)]
//~ after | `after` does not go with `with`: the hedge that you hold has its own
//~ max | `max` does not go with `with`: the hedge that you hold has its own
async fn f2(held: Hedge) -> std::io::Result<()> {
//~ warning: held | unused variable: `held`
    Ok(())
}

fn main() {}
