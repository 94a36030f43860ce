use resilience_runtime::{RetryPolicy, retry};

#[retry(with = policy, retry_after_ok = |_| None, cost_ok = |_| todo!())]
//~ cost_ok | `cost_ok` does not go with `with`: the policy that you hold has its own
//~ retry_after_ok | `retry_after_ok` does not go with `with`: the policy that you hold has its own
async fn f(policy: RetryPolicy) -> std::io::Result<()> {
//~ warning: policy | unused variable: `policy`
    Ok(())
}

fn main() {}
