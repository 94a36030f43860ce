//! Runs test cases from the test suites of other libraries. The JSON files in this folder contain the cases.

mod breaker;
mod retry;
