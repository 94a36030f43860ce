//! Replays the test suites of other libraries, which the files of JSON in this folder hold as data.

mod breaker;
mod retry;
