//! Tests the waits of rate limits and bulkheads: queues, tokens, owned slots, and random arrivals.

mod arrivals;
mod rate_tokens;
mod rate_wait;
mod slots;
