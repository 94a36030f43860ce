//! Replays the test suites of other libraries. The JSON files of this folder contain the suites as data.

mod breaker;
mod retry;
