//! Tests that the future of a decorated function is `Send` if and only if the undecorated function's future is `Send`.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::mpsc::Receiver;

use resilience_runtime::{
    bulkhead, circuit, fallback, hedge, rate_limit, retry, timeout, BulkheadFullError, CircuitOpenError, TimeoutError,
};
use tokio::task::yield_now;

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[retry(delay = 0)]
#[circuit(name = "send::not_sync")]
async fn send_but_not_sync(
    cell: Cell<u32>,
    (nested, _): (Cell<u32>, u32),
    by_mut: &mut Cell<u32>,
    numbers: Receiver<u32>,
    mut list: RefCell<Vec<u32>>,
) -> io::Result<u32> {
    yield_now().await;
    list.get_mut().extend(numbers.try_iter());
    Ok(cell.get() + nested.get() + by_mut.get() + list.borrow().iter().sum::<u32>())
}

#[circuit(name = "send::once")]
async fn send_once(cell: Cell<u32>, numbers: Receiver<u32>) -> io::Result<u32> {
    yield_now().await;
    Ok(cell.get() + numbers.try_iter().sum::<u32>())
}

struct Session {
    calls: Cell<u32>,
}

impl Session {
    #[retry(delay = 0)]
    #[circuit(name = "send::by_mut")]
    async fn by_mut(&mut self) -> io::Result<u32> {
        yield_now().await;
        Ok(self.calls.get())
    }

    #[retry(delay = 0)]
    #[circuit(name = "send::by_value")]
    async fn by_value(self) -> io::Result<u32> {
        yield_now().await;
        Ok(self.calls.get())
    }
}

#[tokio::test]
async fn argument_need_not_be_sync() {
    let (sender, numbers) = std::sync::mpsc::channel();
    sender.send(8).unwrap();
    let (cell, nested, mut by_mut) = (Cell::new(1), (Cell::new(2), 0), Cell::new(4));
    let call = assert_send(send_but_not_sync(cell, nested, &mut by_mut, numbers, RefCell::default()));
    assert_eq!(call.await.unwrap(), 15);
    let (_, numbers) = std::sync::mpsc::channel();
    assert_eq!(assert_send(send_once(Cell::new(1), numbers)).await.unwrap(), 1);
    let mut session = Session { calls: Cell::new(7) };
    assert_eq!(assert_send(session.by_mut()).await.unwrap(), 7);
    assert_eq!(tokio::spawn(session.by_value()).await.unwrap().unwrap(), 7);
}

#[retry(delay = 0)]
#[circuit(name = "send::not_send")]
async fn not_send(value: Rc<u32>) -> io::Result<u32> {
    let held = value.clone();
    yield_now().await;
    Ok(*held)
}

/// An error that is not `Send`. The future of a retry is `Send`, because the retry drops the error before the pause.
#[derive(Debug)]
struct LocalError(#[allow(dead_code)] Rc<u32>);

impl From<CircuitOpenError> for LocalError {
    fn from(_: CircuitOpenError) -> Self {
        Self(Rc::new(0))
    }
}

impl From<TimeoutError> for LocalError {
    fn from(_: TimeoutError) -> Self {
        Self(Rc::new(0))
    }
}

impl From<BulkheadFullError> for LocalError {
    fn from(_: BulkheadFullError) -> Self {
        Self(Rc::new(0))
    }
}

async fn instead(_: bool) -> Result<u32, LocalError> {
    yield_now().await;
    Err(LocalError(Rc::new(2)))
}

#[fallback(instead)]
#[timeout(9)]
#[retry(max = 2, delay = "1ms")]
#[circuit(name = "send::error")]
#[bulkhead(max = 1, wait = 1)]
#[timeout(5)]
async fn fails_locally(fail: bool) -> Result<u32, LocalError> {
    yield_now().await;
    if fail {
        Err(LocalError(Rc::new(1)))
    } else {
        Ok(7)
    }
}

#[tokio::test(start_paused = true)]
async fn bounds_are_those_of_the_bare_function() {
    assert_eq!(not_send(Rc::new(7)).await.unwrap(), 7);
    assert_eq!(assert_send(fails_locally(false)).await.unwrap(), 7);
    assert!(assert_send(fails_locally(true)).await.is_err());
}

/// Checks whether a value of the type `T` is `Send`. If `T` is `Send`, the compiler selects the inherent method
/// `is_send`, which returns `true`. If `T` is not `Send`, the compiler selects the method of the trait [`IsSend`],
/// which returns `false`.
struct Probe<T>(std::marker::PhantomData<T>);

impl<T> Probe<T> {
    fn of(_: &T) -> Self {
        Probe(std::marker::PhantomData)
    }
}

#[expect(clippy::unused_self, reason = "the compiler selects a method by the type of `self`")]
impl<T: Send> Probe<T> {
    fn is_send(&self) -> bool {
        true
    }
}

trait IsSend {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> IsSend for Probe<T> {}

async fn one() -> io::Result<u32> {
    yield_now().await;
    Ok(1)
}

async fn other_with_rc() -> io::Result<u32> {
    let value = Rc::new(1);
    yield_now().await;
    Ok(*value)
}

macro_rules! attributes {
    ($($name:ident: $(#[$layer:meta])*;)*) => {
        $(
            mod $name {
                use super::*;

                $(#[$layer])*
                pub(super) async fn sends() -> io::Result<u32> {
                    yield_now().await;
                    Ok(1)
                }

                $(#[$layer])*
                pub(super) async fn does_not_send() -> io::Result<u32> {
                    let held = Rc::new(1);
                    yield_now().await;
                    Ok(*held)
                }
            }
        )*

        #[test]
        fn future_is_send_exactly_if_bare_future_is() {
            $(
                let (sends, does_not) = ($name::sends(), $name::does_not_send());
                assert!(Probe::of(&sends).is_send(), stringify!($name));
                assert!(!Probe::of(&does_not).is_send(), stringify!($name));
            )*
        }
    };
}

attributes! {
    no_attribute: ;
    a_circuit: #[circuit(name = "send::exactly")];
    a_keyed_circuit: #[circuit(name = "send::exactly_keyed", key = 7)];
    a_retry: #[retry(delay = 0)];
    a_timeout: #[timeout(5)];
    a_bulkhead: #[bulkhead(max = 1, wait = 1)];
    a_rate_limit: #[rate_limit(per_second = 1)];
    a_fallback: #[fallback(one)];
    a_fallback_value: #[fallback(value = 1)];
    a_fallback_closure: #[fallback(|error| Err(error), on = "rejected")];
    a_hedge: #[hedge(after = 1)];
    a_stack: #[fallback(one)] #[timeout(9)] #[retry(max = 2, delay = 0)] #[circuit(name = "send::exactly_stack")] #[bulkhead(max = 1)];
}

#[hedge(after = 1)]
async fn hedged(cell: Cell<u32>) -> io::Result<u32> {
    yield_now().await;
    Ok(cell.get())
}

#[hedge(after = 1, clone(cell))]
async fn hedged_clone(cell: Cell<u32>) -> io::Result<u32> {
    yield_now().await;
    Ok(cell.get())
}

#[fallback(other_with_rc)]
async fn falls_back() -> io::Result<u32> {
    Ok(1)
}

#[test]
fn hedge_and_fallback_may_make_future_not_send() {
    assert!(!Probe::of(&hedged(Cell::new(1))).is_send());
    assert!(!Probe::of(&hedged_clone(Cell::new(1))).is_send());
    assert!(!Probe::of(&falls_back()).is_send());
}
