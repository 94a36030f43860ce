//! Tests both ends of the ranges of options. The last value inside a range gives no error. The next value outside the
//! range gives exactly one error.

use super::expand;

fn mistakes(name: &str, options: &str) -> usize {
    let function = "async fn f() -> io::Result<()> { Ok(()) }".parse().unwrap();
    expand(name, options.parse().unwrap(), &function).to_string().matches("compile_error").count()
}

#[test]
fn circuit_option_beyond_its_range_is_one_mistake() {
    for (on, beyond) in [
        ("threshold = 1, window = \"1ms\"", "threshold = 1, window = \"999us\""),
        ("threshold = 1, window = \"24h\"", "threshold = 1, window = \"86401s\""),
        ("threshold = 65535, calls = 65535", "threshold = 65536, calls = 65536"),
        ("threshold = 9, calls = 9", "threshold = 10, calls = 9"),
        ("failure_rate = 1, min_calls = 9, calls = 9", "failure_rate = 1, min_calls = 10, calls = 9"),
        ("cooldown = 5, max_cooldown = 5", "cooldown = 5, max_cooldown = 4.999"),
        ("cooldown_jitter = 0", "cooldown_jitter = -0.001"),
        ("cooldown_jitter = 1", "cooldown_jitter = 1.001"),
        ("cooldown_factor = 1", "cooldown_factor = 0.999"),
        ("key = 7, max_keys = 9999999", "key = 7, max_keys = 10000000"),
    ] {
        for (options, expected) in [(on, 0), (beyond, 1)] {
            assert_eq!(mistakes("circuit", &format!("name = \"a\", {options}")), expected, "{options}");
        }
    }
}

#[test]
fn retry_option_beyond_its_range_is_one_mistake() {
    for (on, beyond) in [
        ("delay = 2, max_delay = 2", "delay = 2, max_delay = 1.999"),
        ("delay = 2, max_elapsed = 2", "delay = 2, max_elapsed = 1.999"),
        ("delay = 2, max_elapsed = 1, jitter = \"equal\"", "delay = 2, max_elapsed = 0.999, jitter = \"equal\""),
        ("delay = 2, max_elapsed = 0, jitter = \"full\"", "delay = 2, max_elapsed = 0, jitter = \"decorrelated\""),
        ("max = 1, max_elapsed = 0", "max = 2, max_elapsed = 0"),
        // The parser must report the invalid `delay` only. If the parser replaced this value by the default of 1 s, it
        // would also report the `max_elapsed` of 0 s.
        ("delay = 0, max_elapsed = 0", "delay = -1, max_elapsed = 0"),
        ("delay = 0, max_elapsed = 0", "delay 0, max_elapsed = 0"),
    ] {
        for (options, expected) in [(on, 0), (beyond, 1)] {
            assert_eq!(mistakes("retry", options), expected, "{options}");
        }
    }
}
