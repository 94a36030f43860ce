//! Watches a file with settings.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::config::config::Config;
use crate::config::file::{self, Text};
use crate::config::mistake::RefusedConfig;
use crate::config::{apply, events};

/// The time between two readings of the file.
const BETWEEN_READINGS: Duration = Duration::from_secs(1);

/// Watches a file with settings. [`Config::watch`] returns this future, which never ends.
///
/// ```
/// use resilience_runtime::{Config, WatchedConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let watched: WatchedConfig = Config::watch("resilience.toml");
/// let task = tokio::spawn(watched);
/// task.abort(); // ends the watch
/// # Ok(())
/// # }
/// ```
#[must_use = "a future does nothing until it is polled: spawn it"]
pub struct WatchedConfig {
    path: PathBuf,
    // Uses a box, because a return type `impl Future` would capture the lifetime of the argument `path`.
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Config {
    /// Returns a future that applies the settings of a file at once, and then after each change of the file. The future
    /// never ends.
    ///
    /// The future reads the file once a second, and compares the content with the previous content. The future
    /// therefore also notices a change if an editor replaces the file, or if an update of a Kubernetes `ConfigMap`
    /// replaces a symbolic link.
    ///
    /// Replace the file by a rename. If a program writes into the file itself, the future may read only the beginning
    /// of the new text. This beginning is a valid file if it ends between two lines.
    ///
    /// If the file is missing, or contains a mistake, the settings in force do not change. The event `config_refused`
    /// then reports the first mistake, but is not repeated each second. If a layer in the file is unknown, the future
    /// tries to apply the file again each second. The program may register this layer later.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled outside a tokio runtime, or if the timer of the runtime is not enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the watch. The settings in force do not change.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::Config;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// tokio::spawn(Config::watch("resilience.toml"));
    /// # }
    /// ```
    pub fn watch(path: impl Into<PathBuf>) -> WatchedConfig {
        let path = path.into();
        WatchedConfig { path: path.clone(), future: Box::pin(watch(path)) }
    }
}

impl Future for WatchedConfig {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.future.as_mut().poll(cx)
    }
}

impl fmt::Debug for WatchedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedConfig").field("path", &self.path).finish_non_exhaustive()
    }
}

async fn watch(path: PathBuf) {
    let mut watched = Watched { path, is_first: true, content: None, config: None, refused: None };
    loop {
        let path = watched.path.clone();
        // The blocking task fails only in two cases: its code panics, or the runtime shuts down. Reading a file cannot
        // panic, and a runtime that shuts down does not poll this future again.
        if let Ok(read) = spawn_blocking(move || file::read(&path)).await {
            watched.see(read);
        }
        sleep(BETWEEN_READINGS).await;
    }
}

/// The result of the last reading of a file.
struct Watched {
    path: PathBuf,
    is_first: bool,
    /// The content, or `None` if the file could not be read.
    content: Option<String>,
    /// The settings in the content, or `None` if the content has a mistake.
    config: Option<Config>,
    /// The error of the last reading, or `None` if the settings in the file are in force.
    refused: Option<RefusedConfig>,
}

impl Watched {
    fn see(&mut self, read: Result<Text, RefusedConfig>) {
        let text = match read {
            Ok(text) if self.content.as_ref() == Some(&text.text) => None,
            Ok(text) => Some(text),
            Err(error) => {
                // Forgets the old content. The next successful reading then applies the settings, even if the content
                // has not changed.
                (self.content, self.config) = (None, None);
                return self.refuse(error);
            }
        };
        let is_new = text.is_some();
        if let Some(text) = text {
            self.content = Some(text.text.clone());
            self.config = None;
            match Config::of_text(text) {
                Ok(config) => self.config = Some(config),
                Err(error) => return self.refuse(error),
            }
        }
        // Tries refused settings again, because a later call of `register` may add the missing layer.
        let Some(config) = self.config.as_ref().filter(|_| is_new || self.refused.is_some()) else { return };
        let is_applied = self.is_first && apply::is_applied(&config.tables);
        self.is_first = false;
        match config.put_in_force() {
            Ok(()) if is_applied => {}
            Ok(()) => events::applied(&self.path.to_string_lossy(), config.tables.count()),
            Err(error) => return self.refuse(error),
        }
        self.refused = None;
    }

    /// Emits an event if `error` differs from the error of the last reading.
    fn refuse(&mut self, error: RefusedConfig) {
        if self.refused.as_ref() != Some(&error) {
            events::refused(&self.path.to_string_lossy(), &error);
            self.refused = Some(error);
        }
    }
}
