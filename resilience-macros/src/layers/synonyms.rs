//! Lists the names that other libraries give to the options of each attribute. If a user writes such a name, the error
//! message suggests the option of this crate. For example, the message for `max_attempts` suggests `max`.
//!
//! The names come from the following libraries:
//!
//! - Java: resilience4j, Spring Retry, `MicroProfile`, Hystrix, Sentinel and Failsafe
//! - .NET: Polly
//! - Go: failsafe-go and gobreaker
//! - JavaScript: opossum, cockatiel and node-retry
//! - Python: tenacity, stamina, backoff, pybreaker and circuitbreaker
//! - Rust: failsafe, recloser, tower, tower-resilience, backon, backoff, tokio-retry and governor

use crate::parse::suggestion::Synonyms;

// rustfmt would put each name on a line of its own. Each table below therefore has the attribute `rustfmt::skip`.

/// The end of a message that suggests an option whose value is a duration. In other libraries, the duration is a number
/// of milliseconds or a `Duration`.
const TIME: &str = ", in seconds or as a text such as \"250ms\"";
/// The end of a message that suggests an option whose value is a share. In other libraries, the share is a percentage.
const SHARE: &str = ", a share such as `0.5` for 50 %";
/// The end of a message that suggests an option for the number of attempts. In other libraries, options such as
/// `max_retries` do not count the first attempt.
const ATTEMPTS: &str = ", which also counts the first attempt";
/// The end of the message that suggests the option `retry_after`. In other libraries, one function reads the delay from
/// an `Err` or from an `Ok`.
const HINT: &str = ", a function of the error, or `retry_after_ok`, a function of the value";
/// The end of a message that suggests an attribute in place of an option.
const ATTRIBUTE: &str = ", an attribute of its own";
/// The end of the message that suggests the option `max_queue`.
const QUEUE: &str = ", the number of calls that wait";
/// The end of the message that suggests the option `error`.
const ERROR: &str = ", a function that turns the rejection into your error";

const fn row(ours: &'static str, difference: &'static str, theirs: &'static [&'static str]) -> Synonyms {
    Synonyms { ours, difference, theirs }
}

/// The names that other libraries give to the option `key`.
const KEY: Synonyms = row("key", "", &["key_by", "key_fn", "partition", "per_key", "keyed_by", "partition_key"]);

/// The names of options for which the error message suggests the attribute `#[fallback]`. In some libraries, a fallback
/// is an option of another attribute.
const NO_FALLBACK: Synonyms =
    row("#[fallback(path)]", ATTRIBUTE, &["fallback", "fallback_method", "fallback_function", "fallback_action"]);

#[rustfmt::skip]
pub(crate) const CIRCUIT: &[Synonyms] = &[
    row("name", "", &["id", "circuit_name", "circuit_id", "breaker_name", "backend", "service", "group"]),
    KEY,
    row("with", "", &["breaker", "circuit", "circuit_breaker", "instance"]),
    row("threshold", "", &[
        "failure_threshold", "failure_count_threshold", "failure_count", "failures", "max_failures", "fail_max",
        "allowed_failures", "consecutive_failures", "max_consecutive_failures", "consecutive_errors", "error_threshold",
        "errors", "max_errors", "exceptions_allowed_before_breaking", "handled_events_allowed_before_breaking",
        "trip_after", "ready_to_trip",
    ]),
    row("window", TIME, &[
        "sampling_duration", "sampling_period", "sliding_window_duration", "rolling_window", "rolling_duration",
        "rolling_count_timeout", "time_window", "window_duration", "window_ms", "window_seconds", "interval", "period",
        "failure_threshold_period", "thresholding_period", "stat_interval", "stat_interval_ms",
        "metrics_rolling_stats_time_in_milliseconds",
    ]),
    row("calls", ", or `window` for a time", &[
        "sliding_window_size", "sliding_window_type", "sliding_window", "window_size", "buffer_size", "last_calls",
        "failure_threshold_capacity", "ring_buffer_size_in_closed_state", "closed_len",
    ]),
    row("failure_rate", SHARE, &[
        "failure_rate_threshold", "failure_rate_percentage", "failure_percentage", "failure_percent",
        "failure_percentage_threshold", "error_threshold_percentage", "error_percentage", "error_percent_threshold",
        "circuit_breaker_error_threshold_percentage",
    ]),
    row("failure_rate", "", &["failure_ratio", "failure_threshold_ratio", "error_rate", "error_ratio"]),
    row("failure_rate", ", the share of failures", &[
        "success_rate", "required_success_rate", "success_rate_over_time_window",
    ]),
    row("slow_call", TIME, &[
        "slow_call_duration_threshold", "slow_call_duration", "slow_call_threshold", "slow_threshold", "slow_call_ms",
    ]),
    row("slow_rate", SHARE, &[
        "slow_call_rate_threshold", "slow_call_rate", "slow_call_percentage", "slow_ratio_threshold", "slow_ratio",
    ]),
    row("min_calls", "", &[
        "minimum_number_of_calls", "minimum_calls", "minimum_throughput", "min_throughput", "volume_threshold",
        "request_volume_threshold", "circuit_breaker_request_volume_threshold", "min_requests", "minimum_requests",
        "min_request_amount", "min_request_threshold", "failure_execution_threshold", "min_samples",
    ]),
    row("min_calls", ", a number of calls in the window", &["minimum_rps"]),
    row("cooldown", TIME, &[
        "reset_timeout", "reset_timeout_ms", "reset_timeout_duration", "reset_after", "reset_time", "reset_interval",
        "wait_duration", "wait_duration_in_open", "wait_duration_in_open_state", "break_duration", "duration_of_break",
        "sleep_window", "sleep_window_ms", "sleep_window_in_milliseconds", "half_open_after", "open_wait",
        "open_timeout", "open_duration", "open_interval", "open_for", "timeout_duration", "cool_down", "cool_off",
        "cooldown_ms", "cooldown_millis", "cooldown_duration", "cooldown_period", "retry_timeout", "base_ejection_time",
        "delay", "wait", "circuit_breaker_sleep_window_in_milliseconds",
    ]),
    row("cooldown", "", &[
        "recovery_timeout", "recovery_time", "cooldown_seconds", "cooldown_secs", "cooldown_time",
        "reset_timeout_seconds", "reset_timeout_secs", "ttl",
    ]),
    row("cooldown", ", or the attribute `#[timeout(5)]` for the time of a call", &["timeout", "timeout_ms"]),
    row("cooldown_factor", "", &[
        "factor", "multiplier", "backoff", "backoff_factor", "backoff_multiplier", "exponential_backoff_multiplier",
    ]),
    row("max_cooldown", TIME, &[
        "max_reset_timeout", "max_break_duration", "max_open_duration", "max_wait_duration", "max_delay", "max_backoff",
        "exponential_max_wait_duration_in_open_state", "max_ejection_time",
    ]),
    row("cooldown_jitter", SHARE, &["jitter", "randomized_wait_factor", "randomization_factor"]),
    row("half_open_max", "", &[
        "permitted_number_of_calls_in_half_open_state", "permitted_calls_in_half_open", "half_open_max_calls",
        "half_open_calls", "half_open_requests", "half_open_max_requests", "half_open_limit", "half_open_len",
        "max_half_open", "max_half_open_calls", "max_requests", "max_trial_calls", "trial_calls", "trials",
        "ring_buffer_size_in_half_open_state",
    ]),
    row("half_open_max", ", the number of trials and of successes that close the circuit", &[
        "success_threshold", "half_open_success_threshold", "successes", "required_successes", "close_after",
    ]),
    row("trial_timeout", TIME, &["max_wait_duration_in_half_open_state", "half_open_timeout"]),
    row("hung_after", TIME, &["hung_timeout", "hang_timeout", "hung_time", "stuck_after"]),
    row("count", ", which is \"attempts\" or \"requests\"", &["count_mode", "count_by"]),
    row("shadow", "", &["metrics_only", "dry_run"]),
    row("durations", "", &["histogram", "record_durations", "record_duration", "record_latency"]),
    row("failure_if", ", a function of the error", &[
        "record_exception", "record_exceptions", "record_failure_predicate", "should_handle", "handle", "handle_if",
        "handle_errors", "expected_exception", "failure_predicate", "failure_classifier", "is_failure", "fail_on",
        "trip_on", "record_if",
    ]),
    row("failure_if", ", a function that returns `false` for an ignored error", &[
        "ignore_exception", "ignore_exceptions", "ignore_if", "ignore", "error_filter", "exclude", "is_excluded",
        "skip_on", "is_successful",
    ]),
    row("failure_if_ok", ", a function of the value", &[
        "record_result", "record_result_predicate", "record_failure_result_predicate", "handle_result",
        "handle_result_if",
    ]),
    row("retry_after", HINT, &[
        "break_duration_generator", "delay_func", "delay_fn", "wait_interval_function_in_open_state",
    ]),
    row("error", ERROR, &["open", "open_error", "map_err", "rejection", "on_rejected", "error_mapper"]),
    row("#[bulkhead(max = 10)]", ATTRIBUTE, &["capacity", "max_concurrent_calls", "max_concurrent"]),
    NO_FALLBACK,
];

#[rustfmt::skip]
pub(crate) const RETRY: &[Synonyms] = &[
    row("max", "", &[
        "attempts", "max_attempts", "max_attempt", "maximum_attempts", "max_attempt_number", "total_attempts",
        "num", "num_attempts", "number_of_attempts", "attempt_limit", "tries", "max_tries", "stop_after_attempt", "max_calls",
    ]),
    row("max", ", or `max_elapsed` for a time", &["stop", "stop_after"]),
    row("max", ATTEMPTS, &[
        "retries", "max_retries", "max_retry", "max_retry_count", "max_retry_attempts", "maximum_retries", "max_times",
        "num_retries", "number_of_retries", "retry_count", "retry_limit", "retry_times", "times", "take", "limit",
        "count",
    ]),
    row("delay", TIME, &[
        "base_delay", "base_delay_ms", "base_ms", "initial_delay", "initial_delay_ms", "initial_interval",
        "initial_interval_millis", "initial_backoff", "initial_wait", "start_delay", "first_delay", "min_delay",
        "min_backoff", "min_interval", "min_timeout", "min_wait", "median_first_retry_delay", "interval", "wait_duration",
        "wait_time", "delay_ms", "delay_millis", "delay_duration", "delay_unit", "fixed_delay", "retry_delay",
        "retry_delay_ms", "retry_wait", "retry_interval", "backoff_delay", "wait_ms", "from_millis", "from_secs",
    ]),
    row("delay", "", &[
        "wait", "wait_fixed", "wait_initial", "wait_min", "wait_seconds", "delay_seconds", "delay_secs", "delay_s",
        "base", "pause",
    ]),
    row("backoff", ", the factor between two pauses", &[
        "factor", "multiplier", "exponential_base", "exp_base", "wait_exp_base", "base_factor", "backoff_factor",
        "backoff_multiplier", "exponential_backoff_multiplier", "backoff_coefficient", "delay_factor", "exponent",
        "backoff_base", "growth",
    ]),
    row("backoff", ", a factor: `1` for a constant pause, `2` for a doubled one", &[
        "backoff_type", "backoff_strategy", "strategy", "exponential", "exponential_backoff", "wait_exponential",
        "enable_exponential_backoff", "fixed_backoff", "interval_function", "constant", "linear",
    ]),
    row("max_delay", TIME, &[
        "max_backoff", "max_interval", "max_wait", "max_wait_duration", "max_wait_time",
        "exponential_max_wait_duration", "maximum_delay", "maximum_interval", "delay_max", "max_delay_ms",
        "max_backoff_ms", "max_backoff_millis", "max_delay_seconds", "max_timeout", "cap", "backoff_cap", "backoff_max",
    ]),
    row("max_delay", "", &["wait_max"]),
    row("jitter", ", which is \"full\", \"equal\" or \"decorrelated\"", &[
        "use_jitter", "jitter_mode", "jitter_type", "jitter_factor", "jitter_seed", "jitter_delay_duration",
        "wait_jitter", "wait_random", "wait_random_exponential", "random", "randomize", "randomization_factor",
        "randomized_wait_factor", "enable_randomized_wait", "full_jitter",
    ]),
    row("max_elapsed", TIME, &[
        "max_elapsed_time", "max_duration", "max_time", "max_total_delay", "total_delay", "total_timeout", "total_time",
        "max_retry_time", "stop_after_delay", "overall_timeout", "deadline",
    ]),
    row("#[timeout(5)]", " below the retry, for the time of each attempt", &[
        "attempt_timeout", "per_attempt_timeout", "try_timeout", "per_try_timeout",
    ]),
    row("max_elapsed", " for all attempts, or the attribute `#[timeout(5)]` for each", &["timeout", "timeout_ms"]),
    row("budget", "", &["retry_budget", "retry_ratio"]),
    row("retry_if", ", a function of the error", &[
        "when", "retry", "retry_on", "on", "predicate", "condition", "filter", "should_retry", "should_handle",
        "handle", "handle_if", "handle_errors", "is_retryable", "retryable", "retry_exceptions", "retry_for",
        "retry_on_error", "retry_on_exception", "retry_on_exceptions", "retry_on_exception_predicate", "retry_exception_predicate",
        "retry_if_exception", "retry_if_exception_type", "exceptions", "exception",
    ]),
    row("retry_if", ", a function that returns `false` for an error that ends the retry", &[
        "ignore_exception", "ignore_exceptions", "ignore_exception_predicate", "abort_on", "abort_if",
        "abort_on_errors", "giveup", "give_up", "no_retry_for", "exclude", "retry_unless",
        "retry_if_not_exception_type",
    ]),
    row("retry_if_ok", ", a function of the value", &[
        "retry_on_result", "retry_on_result_predicate", "retry_if_result", "result_predicate", "handle_result",
    ]),
    row("retry_after", HINT, &[
        "delay_generator", "delay_func", "delay_fn", "interval_bi_function", "adjust",
    ]),
    row("on_retry", "", &[
        "notify", "before_sleep", "on_backoff", "on_failed_attempt", "on_retry_scheduled", "on_attempt", "listener",
        "consume_result_before_retry_attempt",
    ]),
    row("attempt", ", the name of a variable", &["attempt_number", "attempt_num", "attempt_var"]),
    NO_FALLBACK,
];

#[rustfmt::skip]
pub(crate) const TIMEOUT: &[Synonyms] = &[
    row("#[timeout(5)]", ", a time in seconds without a name", &[
        "timeout", "after", "duration", "time", "limit", "value", "seconds", "secs", "s", "timeout_duration",
        "timeout_seconds", "timeout_secs", "time_limit", "delay", "max_duration", "max", "deadline", "unit",
        "from_secs", "minutes",
    ]),
    row("#[timeout(\"250ms\")]", ", a text with a unit and without a name", &[
        "millis", "milliseconds", "ms", "timeout_ms", "timeout_millis", "timeout_in_milliseconds", "duration_ms",
        "execution_timeout_in_milliseconds", "from_millis",
    ]),
    row("error", ", a function that turns the expiry into your error", &[
        "on_timeout", "timeout_error", "on_elapsed", "map_err",
    ]),
    NO_FALLBACK,
];

#[rustfmt::skip]
pub(crate) const BULKHEAD: &[Synonyms] = &[
    row("max", "", &[
        "max_concurrent_calls", "max_concurrent", "max_concurrency", "max_concurrent_requests", "max_calls",
        "max_parallel", "max_parallelism", "max_parallelization", "max_in_flight", "permits", "max_permits",
        "permit_limit", "limit", "concurrency", "concurrency_limit", "capacity", "size", "slots", "value",
    ]),
    row("wait", TIME, &[
        "max_wait_duration", "max_wait", "max_wait_time", "max_wait_ms", "wait_duration", "wait_timeout", "wait_ms",
        "wait_time", "timeout", "timeout_ms", "acquire_timeout", "queue_timeout",
    ]),
    row("max_queue", QUEUE, &[
        "queue", "queue_limit", "queue_size", "queue_capacity", "queue_depth", "queue_length", "max_queue_size",
        "max_queuing_actions", "waiting_task_queue",
    ]),
    KEY,
    row("with", "", &["bulkhead", "semaphore", "instance"]),
    row("error", ERROR, &["open", "on_rejected", "on_full", "on_bulkhead_rejected", "map_err"]),
    NO_FALLBACK,
];

#[rustfmt::skip]
pub(crate) const RATE_LIMIT: &[Synonyms] = &[
    row("per_second", "", &[
        "requests_per_second", "calls_per_second", "permits_per_second", "rps", "qps", "tps", "rate_per_second",
    ]),
    row("limit", ", with `per` for the period", &[
        "rate", "max", "quota", "count", "calls", "requests", "max_requests", "max_calls", "max_executions", "num",
        "permits", "permit_limit", "limit_for_period", "tokens_per_period", "number_of_executions", "value",
    ]),
    row("limit", ", with `per = \"1m\"` or `per = \"1h\"`", &[
        "per_minute", "per_min", "per_hour", "requests_per_minute", "requests_per_hour", "calls_per_minute",
        "calls_per_hour", "rpm",
    ]),
    row("per", TIME, &[
        "limit_refresh_period", "refresh_period", "replenishment_period", "refill_interval", "period", "interval",
        "duration", "per_timespan", "window", "time",
    ]),
    row("burst", "", &[
        "burst_size", "burst_capacity", "max_burst", "allow_burst", "capacity", "bucket_size", "bucket_capacity",
        "token_limit",
    ]),
    row("tokens", ", the number of tokens that a call takes", &["cost", "units", "weight", "permits_per_call"]),
    row("wait", TIME, &[
        "timeout_duration", "timeout", "timeout_ms", "max_wait", "max_wait_time", "max_wait_duration", "wait_duration",
        "acquire_timeout", "queue_timeout",
    ]),
    row("max_queue", QUEUE, &[
        "queue", "queue_limit", "queue_size", "queue_capacity", "queue_depth", "queue_length", "max_queue_size",
    ]),
    KEY,
    row("with", "", &["limiter", "rate_limiter", "instance"]),
    row("error", ERROR, &["open", "on_rejected", "on_limited", "on_rate_limit_exceeded", "map_err"]),
    NO_FALLBACK,
];

#[rustfmt::skip]
pub(crate) const HEDGE: &[Synonyms] = &[
    row("after", TIME, &[
        "delay", "delay_ms", "hedge_delay", "hedging_delay", "hedge_after", "latency", "threshold", "wait", "interval",
        "timeout", "after_ms",
    ]),
    row("after", ", which may be a percentile such as \"p95\"", &[
        "percentile", "quantile", "delay_quantile", "latency_percentile", "hedge_percentile",
    ]),
    row("min_after", TIME, &["min_delay", "min_hedge_delay", "min"]),
    row("max_after", TIME, &["max_delay", "max_hedge_delay", "initial_delay"]),
    row("max", ATTEMPTS, &[
        "hedges", "max_hedges", "max_hedged_attempts", "max_hedge_attempts", "max_hedged_requests", "num_hedges",
    ]),
    row("max", "", &["attempts", "max_attempts", "max_requests"]),
    row("budget", "", &["hedge_budget", "hedging_budget", "retry_budget", "retry_throttling", "throttling"]),
];

#[rustfmt::skip]
pub(crate) const FALLBACK: &[Synonyms] = &[
    row("#[fallback(path)]", ", the path of an `async fn` without a name", &[
        "fallback", "fallback_method", "fallback_function", "fallback_action", "fallback_to", "function", "func",
        "method", "handler", "action", "callback", "path", "to",
    ]),
    row("value", ", an expression for the `Ok` value", &[
        "fallback_value", "fallback_result", "default", "default_value", "result",
    ]),
    row("#[fallback(|error| Ok(value))]", ", a closure without a name", &[
        "closure", "or_else", "recover",
    ]),
    row("on", ", which is \"any\" or \"rejected\"", &[
        "when", "handle", "handle_if", "handle_errors", "should_handle", "apply_on", "skip_on", "predicate",
    ]),
    row("with_error", "", &["pass_error", "from_error", "error"]),
];

#[rustfmt::skip]
#[cfg(feature = "test-util")]
pub(crate) const TEST: &[Synonyms] = &[
    row("start_paused", "", &["paused", "pause", "paused_clock"]),
    row("testing::isolated(async { .. })", " in a `#[tokio::test]`, for a runtime with several threads", &[
        "flavor", "flavour", "worker_threads", "multi_thread",
    ]),
    row("seed", "", &["jitter_seed", "random_seed", "rng"]),
];
