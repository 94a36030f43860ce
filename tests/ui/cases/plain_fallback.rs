use std::io;

use resilience_runtime::{circuit, fallback};

async fn not_plain(number: u32) -> io::Result<u32> {
    Ok(number)
}

fn other(number: u32) -> io::Result<String> {
    Ok(number.to_string())
}

#[fallback(not_plain)]
//~ not_plain | mismatched types
fn alone(number: u32) -> io::Result<u32> {
    Ok(number)
}

#[circuit(name = "a")]
#[fallback(not_plain, on = "rejected")]
//~ not_plain | mismatched types
fn below_a_circuit(number: u32) -> io::Result<u32> {
    Ok(number)
}

#[fallback(other)]
//~ other | mismatched types
//~    expected enum `Result<u32, _>`    found enum `Result<String, _>`
fn another_result(number: u32) -> io::Result<u32> {
    Ok(number)
}

#[circuit(name = "b")]
#[fallback(other)]
//~ other | mismatched types
//~    expected enum `Result<u32, _>`    found enum `Result<String, _>`
fn another_result_below_a_circuit(number: u32) -> io::Result<u32> {
    Ok(number)
}

fn main() {
    let _ = (alone, below_a_circuit, another_result, another_result_below_a_circuit);
}
