//! Tests when the future of a decorated function is `Send`. The future must be `Send` exactly if the future of the same
//! function without attributes is `Send`.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::mpsc::Receiver;

use resilience_runtime::{
    bulkhead, circuit, fallback, retry, timeout, BulkheadFullError, CircuitOpenError, TimeoutError,
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

/// An error that is not `Send`. A retry drops the error before the pause, so that the future of the retry is `Send`.
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
