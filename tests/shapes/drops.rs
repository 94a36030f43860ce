//! Tests that attributes do not change the order in which a function drops its arguments and local variables. The order
//! must also stay the same if the caller drops the future before its end.
//!
//! The tests allow one difference. If no attribute repeats the body, the decorated function drops its unused arguments
//! last.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Waker};

use resilience_runtime::{circuit, retry};
use tokio::task::yield_now;

type Log = RefCell<Vec<&'static str>>;

struct Noisy<'a>(&'static str, &'a Log);

impl Drop for Noisy<'_> {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

struct Both<'a> {
    upper: Noisy<'a>,
    lower: Noisy<'a>,
}

macro_rules! functions {
    ($($(#[$attr:meta])* $name:ident;)*) => {
        $(
            $(#[$attr])*
            async fn $name(
                first: Noisy<'_>,
                _unused: Noisy<'_>,
                (left, right): (Noisy<'_>, Noisy<'_>),
                Both { upper, lower }: Both<'_>,
                _: Noisy<'_>,
                last: Noisy<'_>,
            ) -> io::Result<()> {
                let local = Noisy("local", first.1);
                yield_now().await;
                let _mentioned_in_another_order = (&last, &left, &first, &right, &lower, &local, &upper);
                Ok(())
            }
        )*
    };
}

functions! {
    bare;
    #[circuit(name = "drops::circuit")] in_a_circuit;
    #[retry(delay = 0)] retried;
    #[retry(delay = 0)] #[circuit(name = "drops::both")] in_both;
    #[circuit(name = "drops::outer")] #[circuit(name = "drops::inner")] in_two_circuits;
}

/// Polls the call `polls` times, and then drops the call. Returns the names of all dropped values, in the order of
/// their drops.
fn drops<'a, F>(log: &'a Log, polls: u32, call: impl FnOnce([Noisy<'a>; 8]) -> F) -> Vec<&'static str>
where
    F: Future<Output = io::Result<()>>,
{
    let noisy = ["first", "unused", "left", "right", "upper", "lower", "blank", "last"].map(|name| Noisy(name, log));
    {
        let mut future = pin!(call(noisy));
        for _ in 0..polls {
            let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    }
    log.take()
}

#[test]
fn drop_order_is_that_of_bare_function() {
    macro_rules! order {
        ($name:ident, $log:expr, $polls:expr) => {
            drops($log, $polls, |[a, b, c, d, upper, lower, e, f]| $name(a, b, (c, d), Both { upper, lower }, e, f))
        };
    }
    let log = &Log::default();
    for polls in 0..3 {
        let mut expected = order!(bare, log, polls);
        assert_eq!(order!(retried, log, polls), expected, "retried, {polls} polls");
        assert_eq!(order!(in_both, log, polls), expected, "in both, {polls} polls");
        if polls > 0 {
            expected.sort_by_key(|name| ["unused", "blank"].contains(name));
        }
        assert_eq!(order!(in_a_circuit, log, polls), expected, "in a circuit, {polls} polls");
        assert_eq!(order!(in_two_circuits, log, polls), expected, "in two circuits, {polls} polls");
    }
}

impl<'a> Noisy<'a> {
    fn log(&self) -> io::Result<&'a Log> {
        self.1.try_borrow().map(|_| self.1).map_err(io::Error::other)
    }
}

macro_rules! ending_with_a_temporary {
    ($($(#[$attr:meta])* $name:ident;)*) => {
        $(
            $(#[$attr])*
            async fn $name(argument: Noisy<'_>) -> io::Result<&Log> {
                let _local = Noisy("local", argument.1);
                Noisy("temporary", argument.1).log()
            }
        )*
    };
}

ending_with_a_temporary! {
    bare_end;
    #[circuit(name = "drops::end")] end_in_a_circuit;
    #[retry(delay = 0)] #[circuit(name = "drops::end_in_both")] end_in_both;
}

#[tokio::test]
async fn tail_temporaries_drop_by_edition() {
    let log = &Log::default();
    macro_rules! order {
        ($name:ident) => {{
            $name(Noisy("argument", log)).await.unwrap();
            log.take()
        }};
    }
    let expected = order!(bare_end);
    assert_eq!(order!(end_in_a_circuit), expected);
    assert_eq!(order!(end_in_both), expected);
}
