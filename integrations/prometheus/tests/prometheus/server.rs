//! Starts and queries a real Prometheus on the loopback interface.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use serde_json::Value;

use crate::grafana;

/// A running Prometheus. Dropping this value stops the server and removes its folder.
pub(crate) struct Prometheus {
    address: SocketAddr,
    folder: PathBuf,
    child: Child,
}

impl Prometheus {
    /// Starts a server with the jobs `text` and `openmetrics`. Each job scrapes `target` twice a second.
    pub(crate) fn start(target: SocketAddr) -> Self {
        let folder = env::temp_dir().join(format!("resilience-prometheus-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let config = format!(
            "global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}\n\
             rule_files: ['{rules}']\n\
             scrape_configs:\n\
             - {{job_name: text, metrics_path: /metrics, static_configs: [{{targets: ['{target}']}}]}}\n\
             - {{job_name: openmetrics, metrics_path: /openmetrics, static_configs: [{{targets: ['{target}']}}]}}\n",
            rules = grafana("alerts.yml").canonicalize().unwrap().display(),
        );
        let file = folder.join("prometheus.yml");
        fs::write(&file, config).unwrap();
        // Another program could take the free port before the server starts. The test then fails, but succeeds when it
        // is repeated.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .stdout(Stdio::null())
            .spawn()
            .expect("the program `prometheus` is installed");
        let server = Self { address, folder, child };
        wait_for("the server is ready", || server.get("/-/ready").is_some_and(|text| text.contains("Ready")));
        server
    }

    /// Returns the time series in the result of a query, as JSON values.
    pub(crate) fn query(&self, query: &str) -> Vec<Value> {
        let mut path = String::from("/api/v1/query?query=");
        for byte in query.bytes() {
            let _ = write!(path, "%{byte:02x}");
        }
        let mut answer = self.api(&path);
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        serde_json::from_value(answer["data"]["result"].take()).unwrap()
    }

    /// Returns the JSON with which the API answers a GET request.
    pub(crate) fn api(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).expect("the server answers")).unwrap()
    }

    /// Returns the body of the answer to a GET request, or `None` if the server does not answer.
    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        // Uses HTTP/1.0, because an answer in HTTP/1.0 has no chunks.
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer.split_once("\r\n\r\n")?.1.to_owned())
    }
}

/// Waits until `is_met` returns true. Panics after 30 seconds.
pub(crate) fn wait_for(condition: &str, is_met: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_met() {
        assert!(begin.elapsed() < Duration::from_secs(30), "{condition}");
        thread::sleep(Duration::from_millis(200));
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
