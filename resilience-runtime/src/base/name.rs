use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::from_utf8;

use crate::base::config_error::ConfigError;
use crate::base::sync::Arc;

/// Whether there is something in a name.
pub(crate) fn check(name: &str) -> Result<(), ConfigError> {
    if name.trim().is_empty() {
        return Err(ConfigError::new("name", format!("{name:?}"), "a text that is not blank"));
    }
    Ok(())
}

/// The name of a circuit or of another thing that calls share. A clone never allocates, and that of a static or a short
/// name touches no shared count.
#[derive(Clone)]
pub(crate) enum Name {
    Shared(Arc<str>),
    Static(&'static str),
    /// In the room that the others take anyway: most keys fit, and comparing one misses no cache of its own.
    Short(Short),
}

/// With the tag of the name before it, three words.
#[derive(Clone, Copy)]
pub(crate) struct Short {
    length: u8,
    bytes: [u8; 22],
}

impl Name {
    /// One that is made at run time.
    pub(crate) fn new(name: &str) -> Self {
        let mut bytes = [0; size_of::<Short>() - 1];
        match (bytes.get_mut(..name.len()), u8::try_from(name.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(name.as_bytes());
                Self::Short(Short { length, bytes })
            }
            _ => Self::Shared(name.into()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Static(name) => name,
            // A whole text was copied in, so this is one.
            Self::Short(_) => from_utf8(self.as_bytes()).unwrap_or_default(),
            Self::Shared(name) => name,
        }
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Static(name) => name.as_bytes(),
            Self::Short(Short { length, bytes }) => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Shared(name) => name.as_bytes(),
        }
    }
}

impl From<Cow<'static, str>> for Name {
    fn from(name: Cow<'static, str>) -> Self {
        match name {
            Cow::Borrowed(name) => Self::Static(name),
            Cow::Owned(name) => Self::new(&name),
        }
    }
}

/// Shows the name escaped, so that a line of a log stays a line.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_str().escape_debug(), f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

// All four go by the text and not by who owns it; by its bytes, which need no look at whether they are a text.
impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Name {}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_text_that_made_it_however_long() {
        for text in
            ["", "a", "\0", "ä", "twenty-two letters fit", "twenty-three letters no", &"ÿ".repeat(11), &"ÿ".repeat(12)]
        {
            let name = Name::new(text);
            assert_eq!(name.as_str(), text);
            assert_eq!(size_of_val(&name), 24);
            assert_eq!(matches!(name, Name::Short(_)), text.len() <= 22);
        }
        assert_eq!(Name::new("one"), Name::Static("one"));
        assert!(Name::new("one") < Name::new("one that is longer"));
    }
}
