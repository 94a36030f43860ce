use resilience_runtime::fallback;

use std::future::Future;

type Result = std::io::Result<u8>;

struct Client(u8);

impl Client {
    #[fallback(Self::other)]
    fn ask(&self) -> impl Future<Output = Result> {
        let number = self.0;
        async move { Ok(number) }
        //~ async move { Ok(number) } | hidden type for `impl Future<Output = std::result::Result<u8, std::io::Error>>` captures lifetime that does not appear in bounds
    }

    #[fallback(Self::other)]
    fn with_use(&self) -> impl Future<Output = Result> + use<'_> {
        let number = self.0;
        async move { Ok(number) }
    }

    async fn other(&self) -> Result {
        Ok(self.0)
    }
}

fn main() {}
