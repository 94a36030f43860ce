//! Tests that a panic in a decorated function reports the line of the user's `panic!`.

use std::io;
use std::panic;
use std::sync::Mutex;

use resilience_runtime::{circuit, retry};

#[retry(max = 2, delay = 0)]
#[circuit(name = "panics::line")]
async fn panics_here(at: &Mutex<u32>) -> io::Result<()> {
    *at.lock().unwrap() = line!() + 1;
    panic!("here")
}

#[test]
fn panic_is_reported_at_its_line() {
    static TOLD: Mutex<Option<(String, u32)>> = Mutex::new(None);
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref() == Some(&"here") {
            let place = info.location().unwrap();
            *TOLD.lock().unwrap() = Some((place.file().to_owned(), place.line()));
        } else {
            before(info);
        }
    }));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let at = Mutex::new(0);
    let panicked = panic::catch_unwind(panic::AssertUnwindSafe(|| runtime.block_on(panics_here(&at))));
    assert!(panicked.is_err());
    let told = TOLD.lock().unwrap().take().unwrap();
    assert_eq!(told, (file!().to_owned(), *at.lock().unwrap()));
}
