//! Plays the roles of a user, an operator, a load balancer and Prometheus in an outage, and checks each answer.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::{env, fs, io, process};

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use resilience_runtime::metrics::MetricsReader;
use tokio::time::sleep;

use crate::service::{SEARCH_IS_UP, SUGGESTIONS_ARE_UP};

pub(crate) struct Outage {
    file: PathBuf,
    http: Client,
    url: String,
}

impl Outage {
    /// Creates the file with the settings, which the operator changes later.
    pub(crate) fn settings_file() -> io::Result<PathBuf> {
        let file = env::temp_dir().join(format!("resilience-operations-{}.toml", process::id()));
        fs::write(&file, "[circuit.search]\nthreshold = 100\ncooldown = \"2s\"\n")?;
        Ok(file)
    }

    pub(crate) fn new(file: PathBuf, address: SocketAddr) -> Result<Self, Box<dyn Error>> {
        // Ignores proxy settings and installed certificates, so that the program runs on every machine.
        let http = Client::builder().no_proxy().tls_certs_only([]).build()?;
        Ok(Self { file, http, url: format!("http://{address}") })
    }

    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        println!("The service works:");
        assert_eq!(self.get("/search").await?, (200, "three results, two suggestions".to_owned()));
        assert_eq!(self.get("/ready").await?, (200, "ok".to_owned()));

        println!("\nThe suggestions are down. The page works without them, so the service is only degraded:");
        SUGGESTIONS_ARE_UP.store(false, Ordering::Relaxed);
        assert_eq!(self.get("/search").await?, (200, "three results, no suggestions".to_owned()));
        assert_eq!(self.get("/ready").await?, (200, "degraded: suggestions (open for 0s)".to_owned()));
        assert_eq!(self.state_in_metrics("suggestions").await?, "open");

        println!("\nThe search is down, too, but the threshold of its circuit is too high:");
        SEARCH_IS_UP.store(false, Ordering::Relaxed);
        for _ in 0..4 {
            assert_eq!(self.get("/search").await?, (502, "timed out".to_owned()));
        }
        assert_eq!(self.state_in_metrics("search").await?, "closed");

        println!("\nThe operator makes a mistake, and the settings in force stay:");
        self.write("threshold = 0").await?;
        assert!(self.get("/settings").await?.1.contains("threshold = 100"));

        println!("\nThe operator lowers the threshold, and the next failure opens the circuit:");
        self.write("threshold = 5").await?;
        assert_eq!(self.get("/search").await?, (502, "timed out".to_owned()));
        assert_eq!(self.state_in_metrics("search").await?, "open");
        assert_eq!(self.get("/search").await?, (502, "Circuit 'search' is open. Retry in 2s".to_owned()));
        let (code, report) = self.get("/ready").await?;
        assert!(code == 503 && report.starts_with("down: search (open for 0s), suggestions "));
        assert_eq!(self.get("/live").await?.0, 200);

        println!("\nThe load balancer sends calls again after the cooldown, and the circuits close:");
        SEARCH_IS_UP.store(true, Ordering::Relaxed);
        SUGGESTIONS_ARE_UP.store(true, Ordering::Relaxed);
        sleep(Duration::from_millis(2_100)).await;
        let (code, report) = self.get("/ready").await?;
        assert!(code == 200 && report.starts_with("degraded: "));
        assert_eq!(self.get("/search").await?.0, 200);
        assert_eq!(self.get("/ready").await?, (200, "ok".to_owned()));
        assert_eq!(self.state_in_metrics("search").await?, "closed");
        fs::remove_file(self.file)?;
        Ok(())
    }

    /// Changes the settings file, and waits long enough for the service to read this file.
    async fn write(&self, threshold: &str) -> io::Result<()> {
        fs::write(&self.file, format!("[circuit.search]\n{threshold}\ncooldown = \"2s\"\n"))?;
        sleep(Duration::from_millis(1_200)).await;
        Ok(())
    }

    async fn get(&self, path: &str) -> Result<(u16, String), reqwest::Error> {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await?;
        let (status, text) = (answer.status().as_u16(), answer.text().await?);
        println!("GET {path:9} {status} {}", text.lines().collect::<Vec<_>>().join(" | "));
        Ok((status, text))
    }
    /// Reads the metrics as Prometheus does, and returns the current state of a circuit. The metrics contain a line for
    /// each possible state, and only the line of the current state has the value 1.
    async fn state_in_metrics(&self, circuit: &str) -> Result<String, Box<dyn Error>> {
        let answer = self.http.get(format!("{}/metrics", self.url)).send().await?;
        assert_eq!(answer.headers()[CONTENT_TYPE], MetricsReader::PROMETHEUS_CONTENT_TYPE);
        let text = answer.text().await?;
        let start = format!("resilience_circuit_state{{name=\"{circuit}\",state=\"");
        let states = text.lines().filter_map(|line| line.strip_prefix(&start)?.strip_suffix("\"} 1"));
        let states: Vec<_> = states.inspect(|state| println!("GET /metrics  200 {start}{state}\"}} 1")).collect();
        Ok(states.join(" and "))
    }
}
