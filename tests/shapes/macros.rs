//! Tests decorated functions that a `macro_rules!` macro defines.

use std::cell::Cell;
use std::io;

use resilience_runtime::{circuit, get_circuit, retry};

macro_rules! made {
    ($vis:vis $name:ident, $circuit:literal, $threshold:literal, $delay:expr, $output:ty, $body:block) => {
        #[retry(max = $threshold, delay = $delay)]
        #[circuit(name = $circuit, threshold = $threshold)]
        $vis async fn $name() -> $output $body
    };
}

made!(pub(crate) of_parts, "macros::parts", 2, 0, io::Result<u32>, { Ok(7) });

macro_rules! with_arguments {
    ($name:ident($($argument:ident: $ty:ty),*) -> $output:ty = $value:expr) => {
        #[circuit(name = "macros::with_arguments")]
        #[retry(max = 2, delay = 0, clone($($argument),*))]
        async fn $name($($argument: $ty),*) -> $output {
            Ok($value)
        }
    };
}

with_arguments!(joined(left: String, right: String) -> io::Result<String> = left + &right);

macro_rules! repeated {
    ($($name:ident = $circuit:literal),*) => {
        $(
            #[circuit(name = $circuit, failure_if = |error: &io::Error| error.kind() != io::ErrorKind::NotFound)]
            async fn $name(kind: io::ErrorKind) -> io::Result<()> {
                Err(kind.into())
            }
        )*
    };
}

repeated!(first = "macros::first", second = "macros::second");

struct Client {
    calls: Cell<u32>,
}

macro_rules! method {
    ($self:ident, $name:ident, $body:expr) => {
        #[retry(max = 3, delay = 0)]
        async fn $name(&$self) -> io::Result<u32> {
            $body
        }
    };
}

impl Client {
    fn answer(&self) -> io::Result<u32> {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get() < 3 {
            Err(io::Error::other("again"))
        } else {
            Ok(self.calls.get())
        }
    }

    method!(self, with_self_from_outside, self.answer());
}

macro_rules! whole {
    ($item:item) => {
        #[retry(max = 2, delay = 0)]
        $item
    };
}

whole! {
    #[circuit(name = "macros::whole")]
    async fn whole_item(text: &str) -> io::Result<usize> {
        Ok(text.len())
    }
}

#[tokio::test]
async fn functions_made_by_macros_work() {
    assert_eq!(of_parts().await.unwrap(), 7);
    assert!(first(io::ErrorKind::NotFound).await.is_err());
    assert!(second(io::ErrorKind::TimedOut).await.is_err());
    assert_eq!(get_circuit("macros::first").unwrap().stats().total_ignored, 1);
    assert_eq!(get_circuit("macros::second").unwrap().stats().total_failed, 1);
    assert_eq!(Client { calls: Cell::new(0) }.with_self_from_outside().await.unwrap(), 3);
    assert_eq!(joined("a".to_owned(), "b".to_owned()).await.unwrap(), "ab");
    assert_eq!(whole_item("abc").await.unwrap(), 3);
}
