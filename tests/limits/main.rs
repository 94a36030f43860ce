//! Tests the queues, tokens, slots and keys of rate limits and bulkheads, and random arrivals. Also tests the type
//! `KeyedCircuits`.

mod arrivals;
mod keys;
mod quotas;
mod rate_tokens;
mod rate_wait;
mod slots;
