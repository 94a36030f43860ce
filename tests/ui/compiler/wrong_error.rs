use resilience_runtime::circuit;

#[circuit(name = "a")]
async fn f() -> std::io::Result<u32> {
    let number = "7".parse::<u32>()?;
    //~ ? | `?` couldn't convert the error to `std::io::Error`
    //~    the question mark operation (`?`) implicitly performs a conversion on the error value using the `From` trait
    Ok(number)
}

fn main() {}
