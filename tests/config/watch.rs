//! Tests the future of `Config::watch`, which watches a file with settings.

use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use resilience_runtime::{Config, reset_configuration, testing};
use tokio::time::sleep;

use crate::{Folder, ask, exa_api};

/// Replaces the file as an editor does: writes a new file, and renames the new file to `path`.
fn write(path: &Path, threshold: u32) {
    let new = path.with_extension("new");
    fs::write(&new, format!("[circuit.exa_api]\nthreshold = {threshold}")).unwrap();
    fs::rename(new, path).unwrap();
}

/// A reader of the events about settings. The number counts the events that the reader has read.
#[derive(Default)]
struct Events(usize);

impl Events {
    fn next(&mut self) -> Vec<String> {
        let events = testing::events().split_off(self.0);
        self.0 += events.len();
        let names = events.iter().map(|event| event.name().to_owned());
        names.filter(|name| name.starts_with("config_")).collect()
    }
}

/// Waits until [`Config::watch`] has read the file again.
async fn reading() {
    sleep(Duration::from_millis(1_500)).await;
}

#[resilience_runtime::test]
async fn threshold_takes_effect_at_the_next_failure() {
    let folder = Folder::new();
    let path = folder.join("settings.toml");
    write(&path, 10);
    testing::handle().spawn(Config::watch(&path));
    reading().await;
    for _ in 0..4 {
        ask().await.unwrap_err();
    }
    write(&path, 5);
    reading().await;
    assert_eq!(exa_api().state.as_str(), "closed");
    ask().await.unwrap_err();
    assert_eq!(exa_api().state.as_str(), "open");
}

#[resilience_runtime::test]
async fn file_that_breaks_and_returns_is_reported_once() {
    let folder = Folder::new();
    let path = folder.join("settings.toml");
    let mut events = Events::default();
    testing::handle().spawn(Config::watch(&path));
    let broken: [&[u8]; 5] = [
        b"[circuit.exa_api",
        b"[circuit.exa_api]\nthreshold = \xff",
        b"[circuit.exa_api]\nthreshold = 5\nthreshold = 6",
        b"[circuit.exa_apii]\nthreshold = 5",
        &vec![b'#'; 10 << 20],
    ];
    reading().await;
    assert_eq!(events.next(), ["config_refused"]);
    write(&path, 4);
    reading().await;
    assert_eq!(events.next(), ["config_applied"]);
    for bytes in broken {
        fs::write(&path, bytes).unwrap();
        reading().await;
        reading().await;
        assert_eq!(events.next(), ["config_refused"]);
        assert_eq!(exa_api().threshold, 4);
    }
    fs::remove_file(&path).unwrap();
    reading().await;
    assert_eq!(events.next(), ["config_refused"]);
    write(&path, 4);
    reading().await;
    assert_eq!(events.next(), ["config_applied"]);
    fs::write(&path, "").unwrap();
    reading().await;
    assert_eq!(events.next(), ["config_applied"]);
    assert_eq!(exa_api().threshold, 3);
}

#[cfg(unix)]
#[resilience_runtime::test]
async fn link_swap_of_a_config_map_is_seen() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    let inside = |name: &str| folder.join(name);
    // Kubernetes mounts the file `settings.toml` of a ConfigMap as a link to `..data/settings.toml`. The name `..data`
    // is a link to a folder. An update of the ConfigMap replaces the link `..data`.
    for (revision, threshold) in [("..1", 6), ("..2", 7)] {
        fs::create_dir(inside(revision)).unwrap();
        write(&inside(revision).join("settings.toml"), threshold);
    }
    symlink("..1", inside("..data")).unwrap();
    symlink("..data/settings.toml", inside("settings.toml")).unwrap();
    testing::handle().spawn(Config::watch(inside("settings.toml")));
    reading().await;
    assert_eq!(exa_api().threshold, 6);
    symlink("..2", inside("..data_tmp")).unwrap();
    fs::rename(inside("..data_tmp"), inside("..data")).unwrap();
    fs::remove_dir_all(inside("..1")).unwrap();
    reading().await;
    assert_eq!(exa_api().threshold, 7);
}

#[resilience_runtime::test]
async fn settings_that_are_in_force_emit_no_event() {
    let folder = Folder::new();
    let path = folder.join("settings.toml");
    write(&path, 6);
    Config::from_file(&path).unwrap().apply().unwrap();
    testing::handle().spawn(Config::watch(&path));
    reading().await;
    reading().await;
    assert_eq!(Events::default().next(), ["config_applied"], "from the call of `apply`");
    reset_configuration();
    reading().await;
    assert_eq!(exa_api().threshold, 3, "a reset is in force until the file changes");
}

#[resilience_runtime::test]
async fn refused_file_is_tried_again_after_registration() {
    let folder = Folder::new();
    let path = folder.join("settings.toml");
    fs::write(&path, "[circuit.later]\nthreshold = 2").unwrap();
    testing::handle().spawn(Config::watch(&path));
    reading().await;
    let later = resilience_runtime::CircuitBreaker::builder("later").register().unwrap();
    reading().await;
    assert_eq!(later.stats().threshold, 2);
    assert_eq!(Events::default().next(), ["config_refused", "config_applied"]);
}

#[test]
#[should_panic(expected = "runtime")]
fn watch_panics_outside_a_runtime() {
    let mut watch = pin!(Config::watch("settings.toml"));
    let _ = watch.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}
