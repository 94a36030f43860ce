//! Emits the events about settings from files and from the environment.

use crate::config::mistake::RefusedConfig;
use crate::events::event;

/// Emits an event after the settings of `source` are in force.
pub(super) fn applied(source: &str, settings: usize) {
    event!(info, "config_applied", source, settings = settings as u64);
}

/// Emits an event after the settings of `source` were refused.
pub(super) fn refused(source: &str, error: &RefusedConfig) {
    let (mistakes, mistake) = (error.count() as u64, error.mistakes().first().map(ToString::to_string));
    let mistake = &*mistake.unwrap_or_default();
    event!(warn, "config_refused", source, mistakes, mistake);
}
