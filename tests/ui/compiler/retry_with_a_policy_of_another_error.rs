use std::{fmt, io};

use resilience_runtime::{RetryPolicy, retry};

struct Client {
    policy: RetryPolicy<fmt::Error>,
}

impl Client {
    #[retry(with = self.policy)]
    //~ self | functions for the type `std::fmt::Error` do not accept the type `std::io::Error`
    //~    the functions of a retry policy, such as `retry_if`, fix its error type and its value type
    //~    the functions of a classifier, such as `failure_if`, fix its types, too
    async fn ask(&self) -> io::Result<()> {
        Ok(())
    }
}

fn main() {}
