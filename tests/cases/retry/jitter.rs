//! Runs the cases of `retry.json` about jitter (the random part of a pause between two attempts).

use std::sync::mpsc;
use std::time::Duration;

use resilience_runtime::{Jitter, RetryBuilder, RetryEvent, RetryPolicy};
use serde_json::Value;

use super::Case;

impl Case {
    /// Makes calls with 500 seeds of the random number generator for each row of the case's table. Every pause that the
    /// row selects must be from `min` to `max`, the limits in the row. The lowest and the highest tenth of this range
    /// must each contain at least one pause.
    pub(super) async fn replay_jitter(&self) {
        for row in self.expect["rows"].as_array().unwrap() {
            let get = |key: &str| row.get(key).and_then(Value::as_f64);
            let cap = Duration::from_secs_f64(get("cap").unwrap());
            let [min, max] = ["min", "max"].map(|bound| get(bound).unwrap_or(0.0));
            let formula = self.config["formula"].as_str().unwrap();
            let jitters: &[_] = match formula.split(':').next().unwrap() {
                "full" => &[Jitter::Full],
                "equal" => &[Jitter::Equal],
                "decorrelated (AWS)" => &[Jitter::Decorrelated],
                _ => &[Jitter::Full, Jitter::Equal, Jitter::Decorrelated],
            };
            let delay = Duration::from_secs_f64(get("d").or(get("start")).unwrap_or(0.1));
            let mut seen = Vec::new();
            for (jitter, seed) in jitters.iter().flat_map(|jitter| (0..500).map(move |seed| (*jitter, seed))) {
                let builder = RetryPolicy::builder().max(12).delay(delay).max_delay(cap).jitter(jitter).seed(seed);
                let pauses = pauses(builder).await;
                match (row["i"].as_u64(), get("prev")) {
                    (Some(i), _) => seen.push(pauses[usize::try_from(i).unwrap()]),
                    (_, Some(prev)) => seen.extend(after(&pauses, delay.as_secs_f64(), prev)),
                    _ => seen.extend(pauses),
                }
            }
            let (least, most) = seen.iter().fold((f64::MAX, 0.0_f64), |(a, b), seen| (a.min(*seen), b.max(*seen)));
            assert!(least >= min && most <= max, "{}: {least} to {most} is not within {row}", self.id);
            let near = (max - min) / 10.0;
            assert!(least < min + near && most > max - near, "{}: only {least} to {most} of {row}", self.id);
        }
    }
}

/// Makes a call whose attempts all fail, and returns the pauses between the attempts, in seconds.
async fn pauses(builder: RetryBuilder) -> Vec<f64> {
    let (told, pauses) = mpsc::channel();
    let tell = move |event: &RetryEvent<'_, ()>| told.send(event.delay.as_secs_f64()).unwrap();
    builder.on_retry(tell).build().unwrap().call(async || Err::<(), _>(())).await.unwrap_err();
    pauses.try_iter().collect()
}

/// Returns each pause whose previous pause lasted from 0.9 × `prev` to `prev` seconds. The first pause counts as if it
/// followed a pause of `delay` seconds.
fn after(pauses: &[f64], delay: f64, prev: f64) -> Vec<f64> {
    let before = std::iter::once(&delay).chain(pauses);
    let near = |(before, _): &(&f64, _)| (0.9 * prev..=prev).contains(*before);
    before.zip(pauses).filter(near).map(|(_, pause)| *pause).collect()
}
