//! Tests the order in which decorated functions that are not `async` drop their arguments. Also tests arguments that
//! the body overwrites.

use std::cell::RefCell;
use std::fmt::Display;
use std::io;
use std::rc::Rc;

use resilience_runtime::{circuit, retry};

struct Dropped(&'static str, Rc<RefCell<Vec<&'static str>>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

macro_rules! dropping {
    ($first:ident: $($(#[$attr:meta])* $name:ident;)*) => {
        $(
            $(#[$attr])*
            fn $name(
                $first: Dropped,
                second: Dropped,
                mut replaced: Dropped,
                (left, mut right): (Dropped, Dropped),
                _: Dropped,
                last: Dropped,
                _unused: Dropped,
            ) -> io::Result<usize> {
                let local = Dropped("local", $first.1.clone());
                let _mentioned_in_another_order = (&last, &left, &$first, &right, &second, &replaced, &local);
                right = Dropped("new right", last.1.clone());
                replaced = Dropped("new", last.1.clone());
                Ok(right.0.len() + replaced.0.len())
            }
        )*
    };
}

dropping! {
    first:
    bare_drops;
    #[circuit(name = "plain_arguments::drops")] drops;
    #[circuit(name = "plain_arguments::drops_lent", failure_if = |_| first.0.is_empty())] lends;
}

#[test]
fn plain_function_drops_arguments_it_uses_in_order() {
    macro_rules! order {
        ($name:ident) => {{
            let order = Rc::new(RefCell::new(vec![]));
            let make = |name| Dropped(name, order.clone());
            let pair = (make("left"), make("right"));
            let (first, second, replaced, last) = (make("first"), make("second"), make("replaced"), make("last"));
            let called = $name(first, second, replaced, pair, make("ignored"), last, make("unused"));
            assert_eq!(called.unwrap(), "new right".len() + "new".len());
            let unused = |name: &&str| !["ignored", "unused"].contains(name);
            let order: Vec<_> = order.borrow().iter().copied().filter(unused).collect();
            order
        }};
    }
    let expected = order!(bare_drops);
    assert_eq!(expected.len(), 9);
    assert_eq!(order!(drops), expected);
    let but_first = |order: Vec<_>| order.into_iter().filter(|name| *name != "first").collect::<Vec<_>>();
    assert_eq!(but_first(order!(lends)), but_first(expected), "the circuit needs `first` after the body");
}

#[circuit(name = "plain_arguments::overwritten")]
fn overwritten<'a>(log: &'a mut Vec<u32>, mut number: u32, text: impl Display) -> io::Result<&'a mut u32> {
    number += text.to_string().len() as u32;
    log.push(number);
    number = 0;
    log.get_mut(number as usize).ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[retry(max = 2, delay = 0, clone(tags))]
fn overwritten_clone(mut tags: Vec<u32>, sent: &mut u32) -> io::Result<Vec<u32>> {
    *sent += 1;
    let seen = tags.len();
    tags = vec![*sent];
    if *sent < 2 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    tags.push(seen as u32);
    Ok(tags)
}

#[test]
fn plain_function_may_overwrite_arguments() {
    assert_eq!(overwritten(&mut vec![], 4, "abc").unwrap(), &7);
    assert_eq!(overwritten_clone(vec![0; 5], &mut 0).unwrap(), [2, 5]);
}
