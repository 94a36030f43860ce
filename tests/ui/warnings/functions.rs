// Each function below `// decorate` has arguments about which rustc warns, or about which rustc must not warn. The word
// after a dash excludes attributes:
//
// - `once`: The body consumes an argument. Or the body assigns to an argument, which the next attempt of a retry and
//   the function of a fallback may read.
// - `unused`: A fallback passes the argument to its function.
// - `pattern`: A fallback needs a name for each argument.
// - `unique`: The attempts of a hedge cannot share the argument.

#![allow(dead_code)]

use std::io;

#[derive(Clone)]
struct Guard {
    open: bool,
    name: String,
}

impl Drop for Guard {
    fn drop(&mut self) {}
}

#[derive(Clone)]
struct Plain {
    open: bool,
}

#[derive(Clone)]
struct Owning {
    open: bool,
    name: String,
}

#[derive(Clone, Copy)]
struct Small {
    open: bool,
}

// Arguments whose field is written last.

// decorate - once
async fn field_of_drop(mut guard: Guard) -> io::Result<()> { guard.open = false; Ok(()) }

// decorate - once
async fn field_of_plain(mut plain: Plain) -> io::Result<()> { plain.open = false; Ok(()) }

// decorate - once
async fn field_of_owning(mut owning: Owning) -> io::Result<()> { owning.open = false; Ok(()) }

// decorate - once
async fn field_of_small(mut small: Small) -> io::Result<()> { small.open = false; Ok(()) }

// decorate - once
async fn field_of_read(mut plain: Plain) -> io::Result<bool> { let was = plain.open; plain.open = true; Ok(was) }

// decorate - once
async fn field_of_consumed(mut owning: Owning) -> io::Result<String> { owning.open = false; Ok(owning.name) }

// decorate - once
async fn field_before_await(mut guard: Guard) -> io::Result<()> { guard.open = false; pause().await; Ok(()) }

// decorate - once
async fn field_in_a_loop(mut guard: Guard) -> io::Result<()> { while guard.open { guard.open = false; } Ok(()) }

// decorate - once
async fn field_added(mut pair: (u32, u32)) -> io::Result<()> { pair.0 += 1; Ok(()) }

// decorate - once
async fn element(mut numbers: [u32; 2]) -> io::Result<()> { numbers[0] = 1; Ok(()) }

// decorate - once
async fn field_among_others(first: Guard, mut guard: Guard, last: String) -> io::Result<usize> {
    guard.open = first.open;
    Ok(last.len())
}

// decorate - once
async fn field_of_two(mut first: Guard, mut second: Plain) -> io::Result<()> {
    first.open = true;
    second.open = true;
    Ok(())
}

impl Guard {
    // decorate - once
    async fn field_of_self(mut self) -> io::Result<()> { self.open = false; Ok(()) }

    // decorate - once
    async fn field_of_boxed_self(mut self: Box<Self>) -> io::Result<()> { self.open = false; Ok(()) }

    // decorate - unique
    async fn field_of_borrowed_self(&mut self) -> io::Result<()> { self.open = false; Ok(()) }

    // decorate - once
    async fn self_and_argument(mut self, mut plain: Plain) -> io::Result<()> { self.open = false; plain.open = true; Ok(()) }

    // decorate - once
    async fn self_never_changed(mut self) -> io::Result<bool> { Ok(self.open) }

    // decorate - unused
    async fn self_unused(self, unused: u32) -> io::Result<()> { Ok(()) }
}

impl Owning {
    // decorate - once
    async fn field_of_owning_self(mut self) -> io::Result<()> { self.open = false; Ok(()) }

    // decorate - once
    async fn field_and_consumed(mut self) -> io::Result<String> { self.open = false; Ok(self.name) }
}

impl Small {
    // decorate - once
    async fn field_of_small_self(mut self) -> io::Result<()> { self.open = false; Ok(()) }

    // decorate - once
    async fn small_self_replaced(mut self) -> io::Result<()> { self = Self { open: true }; Ok(()) }
}

// Arguments that are written as a whole.

// decorate - once
async fn overwritten(mut number: u32) -> io::Result<()> { number = 5; Ok(()) }

// decorate - once
async fn overwritten_first(mut number: u32) -> io::Result<u32> { number = 5; Ok(number) }

// decorate - once
async fn overwritten_last(mut number: u32) -> io::Result<u32> { let was = number; number = 5; Ok(was) }

// decorate - once
async fn added_last(mut number: u32) -> io::Result<u32> { let was = number; number += 5; Ok(was) }

// decorate - once
async fn shifted(mut number: u32) -> io::Result<()> { number <<= 5; Ok(()) }

// decorate - once
async fn text_overwritten(mut text: String) -> io::Result<()> { text = String::new(); Ok(()) }

// decorate - once
async fn text_overwritten_first(mut text: String) -> io::Result<String> { text = String::new(); Ok(text) }

// decorate - once
async fn reference_overwritten(mut number: &u32) -> io::Result<()> { number = &1; Ok(()) }

// decorate - once
async fn unique_reference_overwritten<'a>(mut to: &'a mut u32, other: &'a mut u32) -> io::Result<()> {
    *to = 1;
    to = other;
    Ok(())
}

// decorate - once
async fn destructured(mut left: u32, mut right: u32) -> io::Result<u32> {
    let sum = left + right;
    (left, right) = (1, 2);
    Ok(sum)
}

// decorate - once
async fn overwritten_beside_others(first: Guard, mut number: u32, mut guard: Guard) -> io::Result<String> {
    number = 5;
    guard = first;
    Ok(guard.name.repeat(number as usize))
}

// decorate - once
async fn overwritten_beside_a_pattern(mut number: u32, (mut text, guard): (String, Guard)) -> io::Result<String> {
    number = 5;
    text = number.to_string();
    Ok(text + &guard.name)
}

// decorate - once
async fn overwritten_under_a_pattern(mut pair @ (mut number, _): (u32, u32)) -> io::Result<u32> {
    number = 5;
    pair = (number, 5);
    Ok(pair.0)
}

// decorate - once
async fn many_overwritten(mut one: u32, two: u32, mut three: u32, four: u32, mut five: u32, mut six: u32) -> io::Result<u32> {
    (one, three, five, six) = (1, 3, 5, 6);
    Ok(one + two + three + four + five + six)
}

// decorate - once
async fn in_a_closure(mut number: u32) -> io::Result<()> { let add = || number += 1; drop(add); Ok(()) }

// decorate - once
async fn in_a_moved_closure(mut number: u32) -> io::Result<()> { let mut add = move || number += 1; add(); Ok(()) }

// Patterns.

// decorate - once
async fn tuple_with_drop((mut guard, plain): (Guard, Plain)) -> io::Result<()> { guard.open = plain.open; Ok(()) }

// decorate - once
async fn tuple_without_drop((mut left, right): (Plain, Plain)) -> io::Result<()> { left.open = right.open; Ok(()) }

// decorate - once
async fn of_a_struct(Plain { mut open }: Plain) -> io::Result<()> { open = true; Ok(()) }

// decorate - once
async fn tuple_never_changed((mut left, right): (String, u32)) -> io::Result<String> { Ok(left + &right.to_string()) }

// decorate - pattern
async fn tuple_unused((left, right): (u32, u32)) -> io::Result<u32> { Ok(left) }

// decorate - pattern
async fn tuple_of_references((left, right): &(String, u32)) -> io::Result<usize> { Ok(left.len()) }

// Unused, shadowed and immutable arguments.

// decorate - unused
async fn unused(number: u32, guard: Guard) -> io::Result<()> { Ok(()) }

// decorate - unused
async fn unused_mut(mut number: u32) -> io::Result<()> { Ok(()) }

// decorate - unused
async fn shadowed_by_a_pattern(number: u32, guard: Guard) -> io::Result<u32> {
    if true { pause().await; }
    let (number, mut guard) = (7, 8);
    guard += number;
    Ok(guard)
}

// decorate - once
async fn shadowed_by_itself(mut number: u32, text: String) -> io::Result<String> {
    number = 5;
    let text = text + "a";
    let number = number + 1;
    if let number = 7 { return Ok(number.to_string()); }
    Ok(text)
}

// decorate - once
async fn shadowed_and_never_changed(mut number: u32) -> io::Result<u32> {
    if number > 5 { let number = 7; return Ok(number); }
    Ok(3)
}

// decorate - unused
async fn shadowed(number: u32) -> io::Result<u32> { let number = 7; Ok(number) }

// decorate - pattern
async fn underscored(_number: u32, _: Guard) -> io::Result<()> { Ok(()) }

// decorate - once
async fn never_changed(mut number: u32, mut guard: Guard) -> io::Result<u32> { guard.name.clear(); Ok(number) }

// decorate
async fn only_read(number: u32, guard: Guard, text: String) -> io::Result<usize> {
    pause().await;
    Ok(number as usize + guard.name.len() + text.len())
}

// decorate - once
async fn consumed(guard: Guard, text: String) -> io::Result<String> { drop(guard); pause().await; Ok(text) }

// decorate - once
async fn kept_until_the_end(guard: Guard, text: String) -> io::Result<()> { let _guard = guard; let kept = text; Ok(()) }

// decorate - unique
async fn written_through(to: &mut u32) -> io::Result<()> { *to = 1; Ok(()) }

// decorate - once
async fn pushed_last(mut list: Vec<u32>) -> io::Result<()> { list.push(1); Ok(()) }

// Other warnings about the body.

// decorate
async fn local(number: u32) -> io::Result<u32> { let mut local = number; let forgotten = 7; (local) ; Ok(local) }

// decorate
async fn unreachable(number: u32) -> io::Result<u32> { return Ok(number); let after = 7; }

// decorate
async fn written_local(number: u32) -> io::Result<u32> { let mut local = number; local = 5; Ok(local) }

// decorate
async fn must_use(text: &str) -> io::Result<()> { text.len() ; text.parse::<u32>(); pause(); Ok(()) }

async fn pause() {}

fn main() {}
