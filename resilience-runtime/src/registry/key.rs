//! Converts a key to a text. The name of a layer contains this text, such as `7` in the name `shard[7]`.
#![allow(missing_docs)] // Only the hidden module `__private` exports the items without docs.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::Rc;
use std::str::from_utf8;

use crate::base::sync::OnceLock;

/// Allows the values of a type to be the `key` of a circuit, a bulkhead or a rate limit. Text, whole numbers, `char`
/// and `bool` implement this trait. Tuples of two to four keys, and pointers to keys, are also keys.
///
/// Equal keys have the same circuit, and different keys have different circuits. As an exception, keys of different
/// types with the same text, such as `"7"` and `7`, or `"a"` and `'a'`, have the same circuit. The circuit's name shows
/// the key. In this name, a text has quotation marks if the text contains a comma or is part of a tuple:
///
/// ```
/// use resilience_runtime::KeyedCircuits;
///
/// # fn main() -> Result<(), resilience_runtime::ConfigError> {
/// let price = KeyedCircuits::builder("price").build()?;
/// assert_eq!(price.get("acme").name(), "price[acme]");
/// assert_eq!(price.get(7).name(), "price[7]");
/// assert_eq!(price.get(("a,b", 7)).name(), r#"price["a,b",7]"#);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a circuit",
    label = "neither a text nor a whole number",
    note = "make a text of it: `key = key.to_string()`"
)]
pub trait Key {
    /// Writes the text of a key.
    #[doc(hidden)]
    fn write(&self, to: &mut Text);

    /// Writes the text of a key that is part of a tuple.
    #[doc(hidden)]
    fn write_part(&self, to: &mut Text) {
        self.write(to);
    }

    /// Returns the key if it is a text.
    #[doc(hidden)]
    #[inline]
    fn as_text(&self) -> Option<&str> {
        None
    }
}

/// The maximum length of the text of a key, in bytes.
pub(crate) const LONGEST: usize = 128;
/// The maximum number of bytes that a shortened text contains from the start of a long key. An ellipsis and a hash of
/// the key (32 hexadecimal digits) follow these bytes.
const REMAINS: usize = LONGEST - DOTS.len() - DIGITS;
const DOTS: &[u8] = "…".as_bytes();
const DIGITS: usize = 32;

/// The text of a key, at most 128 bytes. A longer text is shortened, and ends with an ellipsis and a hash of the whole
/// key. The bytes are stored inline, so the conversion does not allocate memory.
#[derive(Debug)]
pub struct Text {
    bytes: [u8; LONGEST],
    used: usize,
    /// The two halves of the hash, or `None` while the whole text fits in `bytes`.
    hash: Option<[u64; 2]>,
}

impl Text {
    pub(crate) fn of<K: Key + ?Sized>(key: &K) -> Self {
        let mut text = Self { bytes: [0; LONGEST], used: 0, hash: None };
        key.write(&mut text);
        text
    }

    /// Returns the bytes of the key if the key is a text that needs no conversion. Otherwise, returns `None`, and the
    /// caller must use [`of`](Self::of). Most keys are such texts, and need no copy of their bytes.
    #[inline]
    pub(crate) fn borrow<K: Key + ?Sized>(key: &K) -> Option<&[u8]> {
        let text = key.as_text()?.as_bytes();
        (text.len() <= LONGEST && !has_comma(text) && !is_shortened(text)).then_some(text)
    }

    #[inline]
    pub(crate) fn push(&mut self, text: &[u8]) {
        match self.bytes.get_mut(self.used..self.used + text.len()) {
            Some(place) if self.hash.is_none() => {
                place.copy_from_slice(text);
                self.used += text.len();
            }
            _ => self.push_hash(text),
        }
    }

    /// Adds the whole `text` to the hash of the key. Also copies to the field `bytes` as many bytes of `text` as fit.
    #[cold]
    fn push_hash(&mut self, text: &[u8]) {
        self.hash = Some([0, 1].map(|half| {
            let mut hasher = secret().build_hasher();
            hasher.write_usize(half);
            match self.hash {
                Some(hash) => hasher.write_u64(hash[half]),
                None => hasher.write(&self.bytes[..self.used]),
            }
            hasher.write(text);
            hasher.finish()
        }));
        let room = &mut self.bytes[self.used..];
        let fits = room.len().min(text.len());
        room[..fits].copy_from_slice(&text[..fits]);
        self.used += fits;
    }

    /// Writes a text. A text with a comma is written in quotation marks, because `a,b` would look like a tuple.
    #[inline]
    fn push_text(&mut self, text: &str) {
        if has_comma(text.as_bytes()) { self.push_quoted(text) } else { self.push(text.as_bytes()) }
    }

    /// Writes a text in quotation marks. Inside the text, writes a backslash before each quotation mark and each
    /// backslash.
    #[cold]
    fn push_quoted(&mut self, text: &str) {
        let mut chunk = Chunk { text: self, bytes: [0; 64], used: 0 };
        chunk.add(b"\"");
        for part in text.split_inclusive(['"', '\\']) {
            let (start, end) = part.split_at(part.len() - usize::from(part.ends_with(['"', '\\'])));
            chunk.add(start.as_bytes());
            if !end.is_empty() {
                chunk.add(b"\\");
                chunk.add(end.as_bytes());
            }
        }
        chunk.add(b"\"");
        chunk.flush();
    }

    /// Writes a number in decimal. The formatting of the standard library would be too slow, because each call with a
    /// number as its key calls this method.
    fn push_number(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.push(&digits[first..]);
    }

    /// Returns the text of the key, shortened if the text has more than 128 bytes.
    #[inline]
    pub(crate) fn finish(&mut self) -> &[u8] {
        // Also shortens a short key that ends like a shortened text. Otherwise, this key could equal the shortened text
        // of a longer key, and both keys would share one circuit.
        if self.hash.is_some() || is_shortened(&self.bytes[..self.used]) {
            self.cut();
        }
        &self.bytes[..self.used]
    }

    #[cold]
    fn cut(&mut self) {
        let [high, low] = self.hash.unwrap_or_else(|| {
            self.push_hash(b"");
            self.hash.unwrap_or_default()
        });
        let is_start = |byte: &u8| byte & 0xC0 != 0x80;
        let end = (0..=REMAINS.min(self.used)).rev().find(|end| self.bytes.get(*end).is_none_or(is_start)).unwrap_or(0);
        (self.used, self.hash) = (end, None);
        self.push(DOTS);
        let _ = write!(self, "{high:016x}{low:016x}");
    }
}

/// Collects short pieces of a text. The text of a long key hashes each piece separately, which costs as much as the
/// hashing of 64 bytes. A long key of quotation marks would otherwise take several hundred milliseconds.
struct Chunk<'a> {
    text: &'a mut Text,
    bytes: [u8; 64],
    used: usize,
}

impl Chunk<'_> {
    fn add(&mut self, piece: &[u8]) {
        if piece.len() > self.bytes.len() - self.used {
            self.flush();
        }
        match self.bytes.get_mut(self.used..self.used + piece.len()) {
            Some(place) => {
                place.copy_from_slice(piece);
                self.used += piece.len();
            }
            None => self.text.push(piece),
        }
    }

    fn flush(&mut self) {
        self.text.push(&self.bytes[..self.used]);
        self.used = 0;
    }
}

/// Returns whether a text ends like the text of a shortened key.
#[inline]
pub(crate) fn is_shortened(text: &[u8]) -> bool {
    text.last_chunk::<{ DOTS.len() + DIGITS }>().is_some_and(|end| end.starts_with(DOTS))
}

/// Returns the name under which the statistics list a circuit. If `name` contains a whole key of more than 128 bytes,
/// the statistics show the shortened key.
pub(crate) fn shown(name: &str) -> Cow<'_, str> {
    let of_text = name_of_text(name).filter(|(key, _)| key.len() > LONGEST);
    of_text.map_or(Cow::Borrowed(name), |(_, shown)| Cow::Owned(shown))
}

/// Returns all names under which the statistics may list a circuit, for a `name` such as `price[a,b]`. If the key is a
/// tuple, the statistics show `price[a,b]`. If the key is a text, the statistics show `price["a,b"]`.
pub(crate) fn all_shown(name: &str) -> impl Iterator<Item = String> {
    [Some(shown(name).into_owned()), name_of_text(name).map(|(_, shown)| shown)].into_iter().flatten()
}

/// If `name` has the form `name[key]`, returns the key, and the name of the circuit whose key is this text.
fn name_of_text(name: &str) -> Option<(&str, String)> {
    let (family, key) = name.strip_suffix(']')?.split_once('[')?;
    let mut text = Text::of(key);
    // The default is never used, because the text of a key is always valid UTF-8.
    Some((key, format!("{family}[{}]", from_utf8(text.finish()).unwrap_or_default())))
}

/// Returns whether a text contains a comma. Tests eight bytes at once, because a search byte by byte costs 40
/// instructions for eight bytes. In the closure, the expression before `!= 0` is zero if none of the bytes is a comma
/// (Henry S. Warren, *Hacker's Delight*, 6-1).
#[inline]
fn has_comma(text: &[u8]) -> bool {
    const COMMAS: u64 = u64::from_ne_bytes([b','; 8]);
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut blocks = text.chunks_exact(8);
    let is_in_block = blocks.any(|block| {
        let differing = block.try_into().map_or(0, u64::from_ne_bytes) ^ COMMAS;
        differing.wrapping_sub(ONES) & !differing & HIGHEST != 0
    });
    is_in_block || blocks.remainder().contains(&b',')
}

/// Returns the random seed for the hashes of long keys. The seed prevents callers from choosing long keys with equal
/// hashes.
fn secret() -> &'static RandomState {
    static SECRET: OnceLock<RandomState> = OnceLock::new();
    SECRET.get_or_init(RandomState::new)
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

macro_rules! keys {
    ($($text:ty),*; $($number:ty),*; $($pointer:ty),*; $(($($part:ident)*))*) => {
        $(impl Key for $text {
            #[inline]
            fn write(&self, to: &mut Text) {
                to.push_text(self);
            }

            fn write_part(&self, to: &mut Text) {
                to.push_quoted(self);
            }

            #[inline]
            fn as_text(&self) -> Option<&str> {
                Some(self)
            }
        })*
        $(impl Key for $number {
            fn write(&self, to: &mut Text) {
                match u64::try_from(*self) {
                    Ok(number) => to.push_number(number),
                    // Cannot fail, because `Text::write_str` never returns an error.
                    Err(_) => drop(write!(to, "{self}")),
                }
            }
        })*
        $(impl<K: Key + ?Sized> Key for $pointer {
            #[inline]
            fn write(&self, to: &mut Text) {
                (**self).write(to);
            }

            fn write_part(&self, to: &mut Text) {
                (**self).write_part(to);
            }

            #[inline]
            fn as_text(&self) -> Option<&str> {
                (**self).as_text()
            }
        })*
        $(impl<$($part: Key),*> Key for ($($part,)*) {
            #[allow(non_snake_case)] // The variables have the names of the type parameters.
            fn write(&self, to: &mut Text) {
                let ($($part,)*) = self;
                let mut separator: &[u8] = b"";
                $(
                    to.push(separator);
                    $part.write_part(to);
                    separator = b",";
                )*
                let _ = separator;
            }

            /// Writes the tuple in parentheses, as part of another tuple.
            fn write_part(&self, to: &mut Text) {
                to.push(b"(");
                self.write(to);
                to.push(b")");
            }
        })*
    };
}
keys! {
    str, String, Cow<'_, str>;
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize;
    &K, &mut K, Box<K>, Rc<K>, std::sync::Arc<K>;
    (A B) (A B C) (A B C D)
}

impl Key for char {
    fn write(&self, to: &mut Text) {
        to.push_text(self.encode_utf8(&mut [0; 4]));
    }

    fn write_part(&self, to: &mut Text) {
        to.push_quoted(self.encode_utf8(&mut [0; 4]));
    }
}

impl Key for bool {
    fn write(&self, to: &mut Text) {
        to.push(if *self { b"true" } else { b"false" });
    }
}
