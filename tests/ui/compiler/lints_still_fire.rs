use resilience_runtime::{circuit, retry};

use std::collections::HashMap;
//~ warning: std::collections::HashMap | unused import: `std::collections::HashMap`

#[retry]
#[circuit(name = "unused")]
async fn never_called() -> std::io::Result<()> {
//~ warning: never_called | function `never_called` is never used
    Ok(())
}

#[retry(delay = 0)]
#[circuit(name = "variables")]
async fn variables(unused: u32, used: u32) -> std::io::Result<u32> {
//~ warning: unused | unused variable: `unused`
    let mut never_changed = used;
    //~ warning: mut never_changed | variable does not need to be mutable
    let forgotten = 7;
    //~ warning: forgotten | unused variable: `forgotten`
    must_be_used();
    //~ warning: must_be_used() | unused return value of `must_be_used` that must be used
    Ok(never_changed)
}

#[circuit(name = "once")]
async fn once(mut never_changed: String, unused: u32) -> std::io::Result<String> {
//~ warning: mut never_changed | variable does not need to be mutable
//~ warning: unused | unused variable: `unused`
    Ok(never_changed)
}

#[must_use]
fn must_be_used() -> u32 {
    7
}

#[must_use]
#[circuit(name = "must_use")]
async fn decorated_must_be_used() -> std::io::Result<()> {
    Ok(())
}

#[deprecated]
#[circuit(name = "deprecated")]
async fn old() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "short")]
async fn short(used: std::io::Result<u32>) -> std::io::Result<u32> { used }

fn main() {
    drop((variables(1, 2), once(String::new(), 3), old(), short(Ok(4))));
    //~ warning: old | use of deprecated function `old`
    decorated_must_be_used();
    //~ warning: decorated_must_be_used() | unused implementer of `Future` that must be used
    //~    futures do nothing unless you `.await` or poll them
    //~ warning: decorated_must_be_used() | unused return value of `decorated_must_be_used` that must be used
}
