//! Tests `hold_clock` together with an HTTP server in another thread.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use resilience_runtime::{assert_circuit, circuit, expect_events, fallback, retry, testing, timeout};
use testing::hold_clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, advance};

use super::SECOND;

/// An HTTP server on the loopback interface. The server stops when this value is dropped.
pub(super) struct Server {
    address: SocketAddr,
    requests: Arc<AtomicU32>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server that answers the n-th request, counted from 1, with the status `status(n)`. The function
    /// `status` runs in the thread of the server.
    pub(super) fn start(mut status: impl FnMut(u32) -> u16 + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, requests) = (listener.local_addr().unwrap(), Arc::<AtomicU32>::default());
        let counter = requests.clone();
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                // A connection without a request stops the server.
                let Some(_request) = lines.next() else { return };
                lines.find(String::is_empty);
                let status = status(counter.fetch_add(1, Ordering::Relaxed) + 1);
                // Ignores errors, because a client closes the connection after a timeout.
                let _ = write!(&stream, "HTTP/1.1 {status} x\r\ncontent-length: 1\r\nconnection: close\r\n\r\n7");
            }
        });
        Self { address, requests, thread: Some(thread) }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = TcpStream::connect(self.address);
        let end = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(end, Some(Ok(()))), "the server has panicked");
    }
}

/// Requests a page, and returns the status of the answer.
pub(super) async fn get(address: SocketAddr) -> io::Result<u16> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

async fn unknown(_: SocketAddr) -> io::Result<u16> {
    Ok(0)
}

#[fallback(unknown, on = "rejected")]
#[retry(max = 2, delay = 5)]
#[circuit(name = "server_price", threshold = 2, cooldown = 30)]
#[timeout(2)]
async fn price(address: SocketAddr) -> io::Result<u16> {
    match get(address).await? {
        200 => Ok(200),
        status => Err(io::Error::other(status.to_string())),
    }
}

#[resilience_runtime::test]
async fn slow_server_answers_within_the_timeout() {
    let server = Server::start(|_| {
        thread::sleep(Duration::from_millis(20));
        200
    });
    let begin = Instant::now();
    let _held = hold_clock();
    assert_eq!(price(server.address()).await.unwrap(), 200);
    assert_eq!((server.requests(), begin.elapsed()), (1, Duration::ZERO));
}

#[resilience_runtime::test]
async fn server_that_fails_opens_the_circuit() {
    let server = Server::start(|request| if request < 3 { 503 } else { 200 });
    testing::no_delays();
    let _held = hold_clock();
    price(server.address()).await.unwrap_err();
    assert_circuit!("server_price", Open);
    assert_eq!((price(server.address()).await.unwrap(), server.requests()), (0, 2));
    advance(31 * SECOND).await;
    assert_eq!((price(server.address()).await.unwrap(), server.requests()), (200, 3));
    assert_circuit!("server_price", Closed);
    expect_events![circuit_opened, circuit_rejected, fell_back, circuit_half_open, circuit_closed];
}

#[resilience_runtime::test]
async fn server_that_hangs_ends_with_the_timeout() {
    let server;
    // The server waits until this channel is dropped. The channel is declared after `server`, so Rust drops the channel
    // first, even after a failed assertion.
    let (_release, released) = mpsc::channel::<()>();
    server = Server::start(move |_| {
        let _ = released.recv();
        200
    });
    let _held = hold_clock();
    let call = testing::handle().spawn(price(server.address()));
    while !call.is_finished() {
        advance(SECOND).await;
    }
    assert_eq!(call.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    expect_events![timed_out, retry_attempt, timed_out, circuit_opened, retry_exhausted];
    assert_circuit!("server_price", Open);
}
