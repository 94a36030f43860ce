//! Serializes the report about the health of a program.

use std::time::Duration;

use serde::ser::{Serialize, Serializer};

use crate::circuit::error::whole_seconds;
use crate::health::health::{Health, HealthStatus, Outage};
use crate::serialize::fields::serialize;
use crate::serialize::seconds::Seconds;

impl Serialize for HealthStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

serialize! {
    Health { status, outages, more, }
    Outage {
        name,
        state,
        status,
        is_essential,
        lasts => Seconds(whole_millis(*lasts)),
        cooldown_remaining => whole_seconds(*cooldown_remaining),
    }
}

/// Rounds the duration of an outage down to milliseconds, because the library measures whole milliseconds.
fn whole_millis(time: Duration) -> Duration {
    Duration::new(time.as_secs(), time.subsec_millis() * 1_000_000)
}
