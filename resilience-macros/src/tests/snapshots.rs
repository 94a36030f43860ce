//! Compares the expansions of decorated functions with the files `snapshots/*.rs`. If a commit changes one of these
//! expansions, the commit must also update the file of this expansion.
//!
//! The files of [`SNAPSHOTS`] contain the expansions without the feature `faults`. The files of [`WITH_FAULTS`] contain
//! expansions with this feature.
//!
//! The command `RESILIENCE_BLESS=1 cargo test --package resilience-macros snapshots` updates all these files, and
//! formats them with rustfmt. The comparison ignores the punctuation that rustfmt adds and removes, so the version of
//! rustfmt does not matter.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::expanded_with;

const PLAIN: &str = "async fn fetch(url: String, client: &Client) -> Result<Page, Error> {\n    \
                     client.get(&url).await?.page()\n}";
const STREAM: &str = "async fn events(client: &Client) -> Result<impl Stream<Item = Result<Event, Error>>, Error> {\n    \
                      client.events().await\n}";
const METHOD: &str = "/// Sends a message.\npub async fn send(&mut self, mut to: Vec<u8>, by: impl Into<Name>) \
                      -> Result<(), Error> {\n    to.push(0);\n    self.client.send(to, by.into()).await\n}";
const SHARED: &str = "/// Asks.\npub async fn ask(&self, question: Question) -> Result<Answer, Error> {\n    \
                      self.client.ask(&question).await\n}";
const BOXED: &str = "fn load<'a, 'async_trait>(&'a self, key: String) \
                     -> Pin<Box<dyn Future<Output = Result<u8, Error>> + Send + 'async_trait>> {\n    \
                     Box::pin(async move {\n        \
                     if let Some(__ret) = None::<Result<u8, Error>> {\n            return __ret;\n        }\n        \
                     let __self = self;\n        let key = key;\n        \
                     let __ret: Result<u8, Error> = { __self.get(key).await };\n        __ret\n    })\n}";
const RETURNED: &str = "fn load(key: String) -> impl Future<Output = Result<u8, Error>> {\n    \
                        let key = key.trim().to_owned();\n    async move { get(key).await }\n}";
const TRACED: &str = "async fn load(key: String) -> Result<u8, Error> {\n    \
                      let __tracing_attr_span = span!(\"load\", key = %key);\n    \
                      let __tracing_instrument_future = async move { get(key).await };\n    \
                      __tracing_instrument_future.instrument(__tracing_attr_span).await\n}";

const BLOCKING: &str = "fn read(path: &Path, mut log: Vec<u8>) -> Result<Page, Error> {\n    \
                        log.push(0);\n    fs::read(path)?.page(log)\n}";
const BORROWING: &str = "async fn ask<'a>(question: &'a str) -> Result<Answer, Error<'a>> {\n    \
                         client().ask(question).await\n}";

const OVERWRITTEN: &str = "fn read(files: &Files, mut path: PathBuf, limit: u32) -> Result<Page, Error> {\n    \
                           path = files.resolve(path)?;\n    files.read(&path, limit)\n}";

/// The name of a snapshot file, the attributes, and the function. The outermost attribute comes first.
type Snapshot = (&'static str, &'static [&'static str], &'static str);

/// The expansions without the feature `faults`.
pub(super) const SNAPSHOTS: [Snapshot; 29] = [
    ("bulkhead", &["bulkhead(max = 10, error = |full| Error::Full(full))"], PLAIN),
    ("bulkhead_that_waits", &["bulkhead(max = 10, wait = \"250ms\")"], METHOD),
    ("circuit", &["circuit(name = \"search\", threshold = 5, cooldown = 30)"], PLAIN),
    (
        "circuit_that_borrows_an_argument",
        &["circuit(name = \"ask\", failure_if = |error| question.is_failure(error), error = Error::Open)"],
        SHARED,
    ),
    ("circuit_with_a_key", &["circuit(name = \"host\", key = url.host(), max_keys = 100, retry_after = hint)"], PLAIN),
    ("circuit_held", &["circuit(with = self.breaker)"], SHARED),
    (
        "circuit_of_a_stream",
        &[
            "retry(max = 2)",
            "circuit(name = \"events\", stream = \"first_item\", failure_if = is_failure)",
            "timeout(5)",
        ],
        STREAM,
    ),
    ("fallback", &["fallback(cached, with_error = true, clone(url))"], PLAIN),
    ("fallback_on_rejected", &["fallback(cached, on = \"rejected\")", "circuit(name = \"ask\")"], PLAIN),
    ("fallback_closure", &["fallback(|error| self.answer(&question, error), on = \"rejected\")"], SHARED),
    ("fallback_value", &["fallback(value = to, clone(to))", "circuit(name = \"send\")"], METHOD),
    ("hedge", &["hedge(after = \"100ms\", max = 3, clone(url))"], PLAIN),
    ("hedge_with_a_budget", &["hedge(with = self.hedge, budget = BUDGET)"], SHARED),
    (
        "hedge_with_a_percentile",
        &["timeout(5)", "hedge(after = \"p95\", min_after = \"5ms\", max_after = MOST, budget = self.budget)"],
        SHARED,
    ),
    ("rate_limit", &["rate_limit(per_second = 100, burst = 10)"], PLAIN),
    ("rate_limit_held", &["rate_limit(with = LIMIT, error = Error::limited)"], METHOD),
    ("retry", &["retry(max = 5, jitter = \"full\", retry_if = Error::is_transient, attempt = n)"], PLAIN),
    ("retry_with_a_budget", &["retry(budget = RetryBudget::new(0.1), cost = cost, clone(to))"], METHOD),
    (
        "retry_of_an_ok",
        &[
            "retry(budget = BUDGET, retry_if_ok = Page::is_busy, cost_ok = Page::cost)",
            "circuit(name = \"page\", failure_if_ok = Page::is_busy, retry_after_ok = Page::retry_after)",
        ],
        PLAIN,
    ),
    ("retry_in_async_trait", &["retry(max = 2)"], BOXED),
    ("retry_in_impl_future", &["retry", "timeout(5)"], RETURNED),
    ("timeout", &["timeout(5, error = Error::late)"], METHOD),
    ("timeout_in_instrument", &["timeout(\"250ms\")", "rate_limit(per_second = 1)"], TRACED),
    ("circuit_above_limits", &["circuit(name = \"ask\")", "bulkhead(max = 1)", "timeout(2)"], SHARED),
    ("plain_argument_overwritten", &["circuit(name = \"files\")"], OVERWRITTEN),
    ("plain_circuit", &["circuit(name = \"files\")", "bulkhead(max = 8, wait = 1)"], BLOCKING),
    (
        "plain_stack",
        &[
            "fallback(cached, clone(log))",
            "retry(max = 3)",
            "circuit(name = \"files\")",
            "rate_limit(per_second = 1, wait = 1)",
        ],
        BLOCKING,
    ),
    ("retry_above_a_hedge", &["retry", "circuit(name = \"a\")", "hedge(after = 1)", "circuit(name = \"b\")"], PLAIN),
    (
        "whole_family",
        &[
            "fallback(cached)",
            "timeout(60)",
            "retry(max = 3)",
            "circuit(name = \"ask\")",
            "rate_limit(per_second = 100)",
            "bulkhead(max = 8, wait = 1)",
            "timeout(5)",
        ],
        PLAIN,
    ),
];

/// The expansions with the feature `faults`: an async function, a function that is not `async`, and a function whose
/// error type a test cannot name.
const WITH_FAULTS: [Snapshot; 3] = [
    ("with_faults", &["retry(max = 2)", "circuit(name = \"ask\")", "timeout(5)"], PLAIN),
    ("with_faults_plain", &["circuit(name = \"files\")", "bulkhead(max = 8, wait = 1)"], BLOCKING),
    ("with_faults_of_unknown_error", &["circuit(name = \"files\")"], BORROWING),
];

#[test]
fn expansions_without_faults_equal_their_snapshots() {
    compare(false, &SNAPSHOTS);
}

#[test]
fn expansions_with_faults_equal_their_snapshots() {
    compare(true, &WITH_FAULTS);
}

fn compare(takes_faults: bool, snapshots: &[Snapshot]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/snapshots");
    let path = |name: &str| folder.join(name).with_extension("rs");
    let mut differ = Vec::new();
    for (name, stack, function) in snapshots {
        let attributes: Vec<_> = stack.iter().map(|attribute| format!("#[{attribute}]\n")).collect();
        let input = format!("{}{function}\n", attributes.concat());
        let expansion = expanded_with(takes_faults, input.parse().unwrap());
        if env::var_os("RESILIENCE_BLESS").is_some() {
            write(&path(name), &input, &expansion);
        }
        let snapshot = fs::read_to_string(path(name)).unwrap();
        let is_input = snapshot.starts_with(&commented(&input));
        if !is_input || comparable(snapshot.parse().unwrap()) != comparable(expansion) {
            differ.push(name);
        }
    }
    assert!(differ.is_empty(), "these expansions differ from their snapshots: {differ:?}");
}

#[test]
fn each_snapshot_has_a_stack() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/snapshots");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let snapshots = || SNAPSHOTS.iter().chain(&WITH_FAULTS);
    let orphans: Vec<_> = files.filter(|path| snapshots().all(|(snapshot, ..)| *snapshot != name(path))).collect();
    assert!(orphans.is_empty(), "{orphans:?}");
}

fn commented(input: &str) -> String {
    input.split_inclusive('\n').flat_map(|line| ["// ", line]).collect()
}

fn write(path: &Path, input: &str, expansion: &TokenStream) {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=120,use_small_heuristics=Max"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    rustfmt.stdin.take().unwrap().write_all(expansion.to_string().as_bytes()).unwrap();
    let formatted = rustfmt.wait_with_output().unwrap();
    assert!(formatted.status.success(), "{}", path.display());
    fs::write(path, format!("{}\n{}", commented(input), String::from_utf8(formatted.stdout).unwrap())).unwrap();
}

/// Returns the tokens without the punctuation that rustfmt may add or remove:
/// - Removes a comma or a semicolon at the end of a list, a block or generic arguments.
/// - Removes a comma after a block.
/// - Removes the braces around the single expression of a match arm or a closure.
fn comparable(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::<String>::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                let within = comparable(group.stream());
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                let is_value = matches!(&found[..], [.., last] if last == "|" || last == ">");
                let is_single = open == "{" && is_value && !within.contains(&";".to_owned());
                let is_closure = is_single && found.last().is_some_and(|last| last == "|");
                found.extend((!is_single).then(|| open.to_owned()));
                found.extend(within);
                found.extend((!is_single).then(|| close.to_owned()));
                if open == "{" && !is_closure {
                    tokens.next_if(|next| next.to_string() == ",");
                }
            }
            TokenTree::Punct(punct)
                if matches!(punct.as_char(), ',' | ';') && tokens.peek().is_none_or(|next| next.to_string() == ">") => {
            }
            token => found.push(token.to_string()),
        }
    }
    found
}
