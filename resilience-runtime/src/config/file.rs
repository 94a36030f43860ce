//! Reads a file with settings.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::base::sync::Arc;
use crate::config::mistake::RefusedConfig;
use crate::registry::configured::Place;

/// The maximum size of a file, in bytes.
const LARGEST: u64 = 1 << 20;

/// The path and the content of a file.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) file: Arc<str>,
    pub(super) text: String,
}

pub(super) fn read(path: &Path) -> Result<Text, RefusedConfig> {
    let file: Arc<str> = Arc::from(path.to_string_lossy());
    let refuse = |line, message: String| RefusedConfig::one(Some(&Place::Line(Some(file.clone()), line)), message);
    let bytes = bytes(path).map_err(|message| {
        let name = file.escape_debug();
        RefusedConfig::one(None, format!("{name}: {message}"))
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Text { file, text }),
        Err(error) => {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count();
            Err(refuse(line, "the line is no UTF-8 text".to_owned()))
        }
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let fail = |error: std::io::Error| error.to_string();
    // Refuses a named pipe, because reading a named pipe could block the thread.
    if !fs::metadata(path).map_err(fail)?.is_file() {
        return Err("is no regular file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(fail)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > LARGEST {
        return Err("is larger than 1 MiB".to_owned());
    }
    Ok(bytes)
}
