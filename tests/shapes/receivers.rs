//! Tests decorated methods with every kind of receiver.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use resilience_runtime::{circuit, retry};

#[derive(Default)]
struct Client {
    calls: Cell<u32>,
}

impl Client {
    fn answer(&self) -> io::Result<u32> {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get() < 3 {
            Err(io::Error::other("again"))
        } else {
            Ok(self.calls.get())
        }
    }

    #[retry(max = 3, delay = 0)]
    #[circuit(name = "receivers::by_ref")]
    async fn by_ref(&self) -> io::Result<u32> {
        self.answer()
    }

    #[circuit(name = "receivers::by_mut")]
    #[retry(max = 3, delay = 0)]
    async fn by_mut(&mut self, more: &mut u32) -> io::Result<u32> {
        *more += 1;
        *self.calls.get_mut() += 1;
        self.answer()
    }

    #[retry(max = 3, delay = 0)]
    #[circuit(name = "receivers::by_value")]
    async fn by_value(self) -> io::Result<u32> {
        self.answer()
    }

    #[retry(max = 3, delay = 0)]
    async fn by_mut_value(mut self) -> io::Result<u32> {
        *self.calls.get_mut() += 1;
        self.answer()
    }

    #[circuit(name = "receivers::consumed")]
    async fn consumed(mut self, more: String) -> io::Result<(Self, String)> {
        *self.calls.get_mut() += 1;
        Ok((self, more))
    }

    #[retry(max = 3, delay = 0)]
    async fn by_typed_ref(self: &Self) -> io::Result<u32> {
        self.answer()
    }

    #[retry(max = 3, delay = 0)]
    async fn by_typed_mut(self: &mut Self) -> io::Result<u32> {
        *self.calls.get_mut() += 1;
        self.answer()
    }

    #[retry(max = 3, delay = 0)]
    async fn by_rc(self: Rc<Self>) -> io::Result<u32> {
        self.answer()
    }

    #[retry(max = 3, delay = 0)]
    #[circuit(name = "receivers::by_arc")]
    async fn by_arc(self: &Arc<Self>) -> io::Result<u32> {
        self.answer()
    }

    #[retry(max = 3, delay = 0)]
    async fn by_box(self: Box<Self>) -> io::Result<u32> {
        self.answer()
    }

    #[retry(max = 3, delay = 0)]
    #[circuit(name = "receivers::by_pin")]
    async fn by_pin(self: Pin<&mut Self>) -> io::Result<u32> {
        self.answer()
    }

    #[retry(max = 3, delay = 0)]
    async fn by_mut_pin(mut self: Pin<&mut Self>) -> io::Result<u32> {
        self.as_mut().calls.set(8);
        self.answer()
    }

    #[circuit(name = "receivers::lent_back")]
    async fn lent_back(&mut self) -> io::Result<&mut u32> {
        Ok(self.calls.get_mut())
    }

    #[circuit(name = "receivers::chosen")]
    async fn chosen<'a>(&self, left: &'a str, _right: &str) -> io::Result<&'a str> {
        Ok(left)
    }

    #[retry]
    #[circuit(name = "receivers::unmentioned")]
    async fn unmentioned(&self) -> io::Result<u32> {
        Ok(7)
    }

    #[circuit(name = "receivers::associated")]
    async fn associated(calls: u32) -> io::Result<Self> {
        Ok(Self { calls: Cell::new(calls) })
    }
}

#[tokio::test]
async fn every_receiver_is_lent_to_each_attempt() {
    let client = Client::default;
    assert_eq!(client().by_ref().await.unwrap(), 3);
    let mut more = 0;
    assert_eq!(client().by_mut(&mut more).await.unwrap(), 4);
    assert_eq!(more, 2);
    assert_eq!(client().by_value().await.unwrap(), 3);
    assert_eq!(client().by_mut_value().await.unwrap(), 4);
    assert_eq!(client().by_typed_ref().await.unwrap(), 3);
    assert_eq!(client().by_typed_mut().await.unwrap(), 4);
    assert_eq!(Rc::new(client()).by_rc().await.unwrap(), 3);
    assert_eq!(Arc::new(client()).by_arc().await.unwrap(), 3);
    assert_eq!(Box::new(client()).by_box().await.unwrap(), 3);
    assert_eq!(Pin::new(&mut client()).by_pin().await.unwrap(), 3);
    assert_eq!(Pin::new(&mut client()).by_mut_pin().await.unwrap(), 9);
}

#[tokio::test]
async fn body_that_runs_once_may_consume_and_lend() {
    let (mut client, more) = Client::default().consumed("x".to_owned()).await.unwrap();
    assert_eq!(more, "x");
    *client.lent_back().await.unwrap() += 6;
    assert_eq!(client.calls.get(), 7);
    assert_eq!(client.chosen("left", "right").await.unwrap(), "left");
    assert_eq!(client.unmentioned().await.unwrap(), 7);
    assert_eq!(Client::associated(7).await.unwrap().calls.get(), 7);
}
