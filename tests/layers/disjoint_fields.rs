//! Tests an `async` block that borrows `self.count`, while a variable outside the block borrows `self.name`. Before
//! edition 2021, such a block would borrow the whole `self`, so this file needs edition 2021.

use std::future::Future;
use std::io;
use std::pin::Pin;

use resilience_runtime::circuit;

struct Counter {
    name: String,
    count: u32,
}

impl Counter {
    #[circuit(name = "disjoint_fields::count")]
    fn count(&mut self) -> Pin<Box<dyn Future<Output = io::Result<usize>> + Send + '_>> {
        let name = &mut self.name;
        Box::pin(async {
            self.count += 1;
            name.push('d');
            tokio::task::yield_now().await;
            Ok(name.len())
        })
    }
}

#[tokio::test]
async fn block_without_move_borrows_single_fields() {
    let mut counter = Counter { name: "abc".to_owned(), count: 0 };
    assert_eq!(counter.count().await.unwrap(), 4);
    assert_eq!(counter.count, 1);
}
