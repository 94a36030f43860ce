use std::time::Duration;

use resilience_runtime::{bulkhead, circuit, rate_limit, retry};

struct Client {
    max: u32,
}

impl Client {
    const COOLDOWN: Duration = Duration::from_secs(3);
    const MAX: u32 = 3;

    #[retry(max = self.max)]
    //~ self | `max` must be a constant, and `self` belongs to one call: for a value of the call, hold the layer and write `with = ..`
    async fn f0(&self) -> std::io::Result<()> {
        Ok(())
    }

    #[circuit(name = "a", cooldown = Self::COOLDOWN)]
    //~ Self | all calls share `cooldown`, so that it cannot name `Self`: write the name of a type, such as `Client::LIMIT`
    async fn f1(&self) -> std::io::Result<()> {
        Ok(())
    }

    #[bulkhead(max = Self::MAX)]
    //~ Self | all calls share `max`, so that it cannot name `Self`: write the name of a type, such as `Client::LIMIT`
    async fn f2(&self) -> std::io::Result<()> {
        Ok(())
    }
}

#[retry(max = max)]
//~ max | `max` must be a constant, and `max` belongs to one call: for a value of the call, hold the layer and write `with = ..`
async fn f3(max: u32) -> std::io::Result<()> {
    let _ = max;
    Ok(())
}

struct Named;

impl Named {
    const MAX: u32 = 3;

    #[retry(name = "a", max = Self::MAX)]
    //~ Self | all calls share `max`, so that it cannot name `Self`: write the name of a type, such as `Client::LIMIT`
    async fn f5(&self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Generic<T>(T);

impl<T: Limits> Generic<T> {
    #[circuit(name = "b", threshold = T::MAX)]
    //~ T | all calls share `threshold`, so that it cannot name `T`: write the name of a type, such as `Client::LIMIT`
    async fn f6(&self) -> std::io::Result<()> {
        Ok(())
    }
}

trait Limits {
    const MAX: u32;
}

#[rate_limit(per_second = N)]
//~ N | all calls share `per_second`, so that it cannot name `N`: write the name of a type, such as `Client::LIMIT`
async fn f4<const N: u32>() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
