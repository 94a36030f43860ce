//! Implements the web search. If the cache contains no answer, the search calls the service Exa. If Exa fails, the
//! search calls the service Tavily.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use resilience_runtime::{circuit, fallback, retry, timeout};

use crate::services::{Exa, Hit, ServiceError, Tavily};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Cache,
    Exa,
    Tavily,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cache => "the cache",
            Self::Exa => "Exa",
            Self::Tavily => "Tavily",
        })
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) source: Source,
    pub(crate) hits: Vec<Hit>,
}

/// The reason for a failed search. This project's original specification prescribes the text of each error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SearchError {
    #[error("Search failed: No query provided")]
    NoQuery,
    /// The circuit of Exa is open, and the search has no client for Tavily.
    #[error("Search failed: Exa circuit open")]
    ExaOpen,
    #[error("Search failed: All search services unavailable")]
    Unavailable,
    #[error("Search failed: {}", excerpt(.0))]
    Service(#[source] ServiceError),
}

impl From<ServiceError> for SearchError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Open(open) if open.name() == "exa_api" => Self::ExaOpen,
            ServiceError::Open(_) => Self::Unavailable,
            error => Self::Service(error),
        }
    }
}

fn excerpt(error: &ServiceError) -> String {
    error.to_string().chars().take(50).collect()
}

pub(crate) struct WebSearch {
    exa: Exa,
    tavily: Option<Tavily>,
    cache: Mutex<HashMap<String, Vec<Hit>>>,
}

impl WebSearch {
    pub(crate) fn new(exa: Exa, tavily: Option<Tavily>) -> Self {
        Self { exa, tavily, cache: Mutex::default() }
    }

    pub(crate) async fn search(&self, query: &str) -> Result<Answer, SearchError> {
        if query.trim().is_empty() {
            return Err(SearchError::NoQuery);
        }
        if let Some(hits) = self.cached(query) {
            return Ok(Answer { source: Source::Cache, hits });
        }
        let answer = self.ask_exa(query).await?;
        // Stores only the answer of a successful search. After a failed search, the next search for the same query
        // calls the services again.
        self.store(query, &answer.hits);
        Ok(answer)
    }

    // `main.rs` and `outage.rs` set the threshold of the circuit to 3 failures. One search makes at most two attempts,
    // so one search alone cannot open the circuit.
    #[fallback(Self::ask_tavily, with_error = true)]
    #[retry(max = 2, delay = "100ms", retry_if = ServiceError::is_temporary)]
    #[circuit(name = "exa_api", failure_if = ServiceError::is_the_services_fault)]
    #[timeout(2)]
    async fn ask_exa(&self, query: &str) -> Result<Answer, ServiceError> {
        Ok(Answer { source: Source::Exa, hits: self.exa.search(query).await? })
    }

    async fn ask_tavily(&self, query: &str, error: ServiceError) -> Result<Answer, ServiceError> {
        let tavily = self.tavily.as_ref().ok_or(error)?;
        Ok(Answer { source: Source::Tavily, hits: tavily.search(query).await? })
    }

    fn cached(&self, query: &str) -> Option<Vec<Hit>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(query).cloned()
    }

    fn store(&self, query: &str, hits: &[Hit]) {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).insert(query.to_owned(), hits.to_vec());
    }
}
