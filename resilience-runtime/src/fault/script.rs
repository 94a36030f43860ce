//! Parses the script of a fault, such as `ok err err hang 250ms ok`.

use std::time::Duration;

/// One step of a script: the effect of the fault on one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Pass,
    Error,
    Hang,
    Panic,
    Wait(Duration),
}

/// Parses a script.
///
/// # Errors
///
/// Returns an error message about the first unknown word, or about an empty script.
pub(crate) fn parse(script: &str) -> Result<Vec<Step>, String> {
    let words = script.split_whitespace().enumerate();
    let steps: Vec<_> = words.map(|(index, word)| step(word).ok_or((index, word))).collect::<Result<_, _>>().map_err(
        |(index, word)| {
            let column = word.as_ptr().addr() - script.as_ptr().addr() + 1;
            format!(
                "`{}` is unknown, at word {} (column {column}): write `ok`, `err`, `hang`, `panic`, or a time such as \
                 `250ms`",
                word.escape_debug(),
                index + 1
            )
        },
    )?;
    if steps.is_empty() {
        Err("no word: write `ok`, `err`, `hang`, `panic`, or a time such as `250ms`".to_owned())
    } else {
        Ok(steps)
    }
}

fn step(word: &str) -> Option<Step> {
    match word {
        "ok" => Some(Step::Pass),
        "err" => Some(Step::Error),
        "hang" => Some(Step::Hang),
        "panic" => Some(Step::Panic),
        word => time(word).map(Step::Wait),
    }
}

/// Parses a time such as `250ms`: a whole number and one of the units `us`, `ms`, `s`, `m` and `h`.
fn time(word: &str) -> Option<Duration> {
    let digits = word.find(|char: char| !char.is_ascii_digit())?;
    let (number, unit) = word.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "us" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3_600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_has_a_step_for_each_word() {
        let (wait, hour) = (Step::Wait(Duration::from_millis(250)), Step::Wait(Duration::from_secs(3_600)));
        let steps = vec![Step::Pass, Step::Error, Step::Hang, wait, Step::Panic, hour];
        assert_eq!(parse(" ok err\n hang 250ms panic 1h"), Ok(steps));
    }

    #[test]
    fn unknown_word_is_named_with_its_place() {
        for (script, place) in [
            ("ok errr", "`errr` is unknown, at word 2 (column 4)"),
            ("250", "`250` is unknown, at word 1 (column 1)"),
            ("ok ms", "`ms` is unknown, at word 2 (column 4)"),
            ("1.5s", "`1.5s` is unknown, at word 1 (column 1)"),
            ("", "no word"),
        ] {
            assert!(parse(script).unwrap_err().starts_with(place), "{script}");
        }
    }
}
