//! Tests decorated `async fn` in traits: in implementations, with default bodies, and with associated types.

use std::cell::Cell;
use std::io;

use resilience_runtime::{circuit, get_circuit, retry};

trait Search {
    type Hit;
    const LIMIT: usize = 2;

    async fn search(&self, query: &str) -> Result<Self::Hit, io::Error>;

    #[retry(max = 3, delay = 0)]
    #[circuit(name = "traits::both", threshold = 5)]
    async fn both(&self, query: &str) -> Result<Vec<Self::Hit>, io::Error> {
        let mut hits = Vec::with_capacity(Self::LIMIT);
        for _ in 0..Self::LIMIT {
            hits.push(self.search(query).await?);
        }
        Ok(hits)
    }
}

#[derive(Default)]
struct Client {
    calls: Cell<u32>,
}

impl Search for Client {
    type Hit = String;

    #[circuit(name = "traits::search")]
    #[retry(max = 3, delay = 0)]
    async fn search(&self, query: &str) -> Result<Self::Hit, io::Error> {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get() < 3 {
            Err(io::Error::other("again"))
        } else {
            Ok(format!("{query}{}", self.calls.get()))
        }
    }
}

#[tokio::test]
async fn trait_methods_and_default_methods_work() {
    assert_eq!(Client::default().both("q").await.unwrap(), ["q3", "q4"]);
    assert_eq!(get_circuit("traits::search").unwrap().stats().total_failed, 0, "above the retry, requests count");
    assert_eq!(get_circuit("traits::both").unwrap().stats().total_succeeded, 1);
}

trait Store<K> {
    async fn put(&mut self, key: K, value: String) -> io::Result<Option<String>>;
}

impl<K: Ord> Store<K> for std::collections::BTreeMap<K, String> {
    #[circuit(name = "traits::put")]
    async fn put(&mut self, key: K, value: String) -> io::Result<Option<String>> {
        Ok(self.insert(key, value))
    }
}

trait Blanket: Search {
    #[circuit(name = "traits::blanket")]
    async fn length(&self) -> io::Result<usize>
    where
        Self::Hit: AsRef<str>,
    {
        Ok(self.search("query").await?.as_ref().len())
    }
}

impl<S: Search> Blanket for S {}

#[tokio::test]
async fn generic_and_blanket_traits_work() {
    let mut store = std::collections::BTreeMap::new();
    assert_eq!(store.put(1, "a".to_owned()).await.unwrap(), None);
    assert_eq!(store.put(1, "b".to_owned()).await.unwrap(), Some("a".to_owned()));
    assert_eq!(Client::default().length().await.unwrap(), "query3".len());
}
