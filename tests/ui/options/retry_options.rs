//! Each attribute has one mistake, and gets one error.

use resilience_runtime::retry;

type Result = std::io::Result<()>;

#[retry(max = 0)]
async fn max_zero() -> Result { Ok(()) }

#[retry(max = -1)]
async fn max_negative() -> Result { Ok(()) }

#[retry(3)]
async fn max_without_key() -> Result { Ok(()) }

#[retry(delay = -1.0)]
async fn delay_negative() -> Result { Ok(()) }

#[retry(delay = "-5ms")]
async fn delay_negative_in_a_text() -> Result { Ok(()) }

#[retry(delay = f64::NAN)]
async fn delay_not_a_number() -> Result { Ok(()) }

#[retry(delay = 1e400)]
async fn delay_infinite() -> Result { Ok(()) }

#[retry(delay = "250")]
async fn delay_without_a_unit() -> Result { Ok(()) }

#[retry(backoff = 0.5)]
async fn backoff_below_one() -> Result { Ok(()) }

#[retry(backoff = -2)]
async fn backoff_negative() -> Result { Ok(()) }

#[retry(backoff = 1e400)]
async fn backoff_infinite() -> Result { Ok(()) }

#[retry(backoff = "exponential")]
async fn backoff_is_a_text() -> Result { Ok(()) }

#[retry(retry_if = true)]
async fn retry_if_is_no_function() -> Result { Ok(()) }

#[retry(clone = request)]
async fn clone_is_no_list(request: String) -> Result { drop(request); Ok(()) }

#[retry(clone(reqest))]
async fn clone_of_an_unknown_argument(request: String) -> Result { drop(request); Ok(()) }

#[retry(max_attempts = 3)]
async fn misspelled() -> Result { Ok(()) }

fn main() {}
