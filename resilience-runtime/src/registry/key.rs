//! Keys of circuits, and how they are written into a name.
#![allow(missing_docs)] // public items here are hidden in `__private`

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::rc::Rc;

/// What tells the circuits of a family apart: a text or a whole number.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a circuit",
    label = "neither a text nor a whole number",
    note = "make a text of it: `key = key.to_string()`"
)]
pub trait Key {
    fn write(&self, to: &mut Text);
}

/// Room for the name of a circuit with its key; a longer one takes an allocation.
#[derive(Debug)]
pub struct Text {
    bytes: [u8; 112],
    used: usize,
    longer: Option<Vec<u8>>,
}

impl Text {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; 112], used: 0, longer: None }
    }

    #[inline]
    pub(crate) fn push(&mut self, text: &[u8]) {
        match (&mut self.longer, self.bytes.get_mut(self.used..self.used + text.len())) {
            (None, Some(place)) => {
                place.copy_from_slice(text);
                self.used += text.len();
            }
            (Some(longer), _) => longer.extend_from_slice(text),
            (None, None) => self.longer = Some([self.as_bytes(), text].concat()),
        }
    }

    /// As `fmt` writes it, for less: that would take a good part of a look-up.
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

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.longer.as_deref().unwrap_or(&self.bytes[..self.used])
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

impl Key for str {
    #[inline]
    fn write(&self, to: &mut Text) {
        to.push(self.as_bytes());
    }
}

macro_rules! keys {
    ($($text:ty),*; $($number:ty),*; $($shown:ty),*; $($pointer:ty),*) => {
        $(impl Key for $text {
            #[inline]
            fn write(&self, to: &mut Text) {
                to.push(self.as_bytes());
            }
        })*
        $(impl Key for $number {
            fn write(&self, to: &mut Text) {
                match u64::try_from(*self) {
                    Ok(number) => to.push_number(number),
                    // Room for a text never runs out.
                    Err(_) => drop(write!(to, "{self}")),
                }
            }
        })*
        $(impl Key for $shown {
            fn write(&self, to: &mut Text) {
                let _ = write!(to, "{self}");
            }
        })*
        $(impl<K: Key + ?Sized> Key for $pointer {
            #[inline]
            fn write(&self, to: &mut Text) {
                (**self).write(to);
            }
        })*
    };
}
keys! {
    String, Cow<'_, str>;
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize;
    char, bool;
    &K, &mut K, Box<K>, Rc<K>, std::sync::Arc<K>
}
