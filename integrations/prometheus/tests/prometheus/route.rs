//! Serves the metrics over HTTP on the loopback interface.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use resilience_runtime::metrics::MetricsReader;

/// Serves the metrics until the program ends: in the format of Prometheus at `/metrics`, and in the format of
/// OpenMetrics at `/openmetrics`.
pub(crate) fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().for_each(|stream| answer(&stream.unwrap())));
    address
}

fn answer(mut stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let reader = MetricsReader::new().top_keys(3);
    let (kind, text) = if request.starts_with("GET /openmetrics ") {
        (MetricsReader::OPENMETRICS_CONTENT_TYPE, reader.openmetrics_text())
    } else {
        (MetricsReader::PROMETHEUS_CONTENT_TYPE, reader.prometheus_text())
    };
    let length = text.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    // Ignores the error, because a client may close its connection early.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes()));
}
