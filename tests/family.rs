//! Tests that each list of attributes, such as a table of the README, contains every attribute. Also tests that each
//! list of options contains every option of its attribute.
//!
//! The test reads the names of the attributes from `attributes!` in `resilience-macros/src/lib.rs`. The test reads the
//! names of an attribute's options from `options!` in the source file of the attribute.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use resilience_runtime::{Bulkhead, CircuitBreaker, Hedge, KeyedCircuits, RateLimit, RetryPolicy};

#[expect(dead_code, reason = "the default of a bulkhead's wait has no counterpart to compare")]
#[path = "../resilience-macros/src/layers/limits.rs"]
mod limits;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the text of a file, or the text of all files in a folder and its subfolders.
fn read_all(path: &str) -> String {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if !full.is_dir() {
        return read(path);
    }
    let files = fs::read_dir(&full).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files.map(|file| read_all(&format!("{path}/{file}"))).collect()
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(found, _)| found)
}

/// Returns the names of all attributes of this project, such as `circuit`.
fn family() -> Vec<String> {
    let source = read("resilience-macros/src/lib.rs");
    let table = between(&source, "\nattributes! {", "}").expect("the table of the family");
    let names: Vec<_> = table.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    assert!(names.len() >= 7, "the table has {names:?}");
    names
}

fn options(attribute: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("resilience-macros/src/layers").join(attribute);
    let file = if folder.is_dir() { format!("{attribute}/options") } else { attribute.to_owned() };
    let source = read(&format!("resilience-macros/src/layers/{file}.rs"));
    let grammar = between(&source, "options! {", "\n}").unwrap_or_else(|| panic!("{file}.rs has no `options!`"));
    // Skips an option in parentheses, such as `(After) = "timeout"`, because a user does not write its name: for
    // example `#[timeout(5)]`.
    let named = grammar.lines().filter(|line| !line.trim_start().starts_with('('));
    let options: BTreeSet<_> = named.filter_map(|line| Some(between(line, "= \"", "\"")?.to_owned())).collect();
    assert!(options.contains("crate"), "{file}.rs has {options:?}");
    options
}

/// Returns the names in the first column of the Markdown table with the header row `head`.
fn rows(text: &str, head: &str) -> BTreeSet<String> {
    let (_, table) = text.split_once(head).unwrap_or_else(|| panic!("no table with the head {head}"));
    let table = table.split_once('\n').map_or(table, |(_, rows)| rows);
    let rows = table.lines().map(|line| line.trim_start_matches("///").trim()).take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    // In the first column, option names are inline code, such as `name = "…"` or `clone(a, b)`. In a cell that is split
    // at backticks, every second piece is inline code. The first word of the piece is the name.
    let code = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    code.map(|code| code.split([' ', '(', '=']).next().unwrap_or_default().to_owned()).collect()
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_attribute_appears_in_each_place() {
    let (readme, page) = (read("README.md"), read("resilience-runtime/src/lib.rs"));
    let docs: String = page.lines().take_while(|line| line.starts_with("//!")).collect();
    let places = [
        ("tests/layers", read_all("tests/layers")),
        ("tests/lints.rs", read("tests/lints.rs")),
        ("tests/events", read_all("tests/events")),
        ("tests/future_size.rs", read("tests/future_size.rs")),
        ("tests/allocations.rs", read("tests/allocations.rs")),
        (".ci/measure", read(".ci/measure")),
    ];
    for name in family() {
        for (place, text) in &places {
            let spellings = ["", "resilience_runtime::"].map(|path| format!("#[{path}{name}"));
            assert!(spellings.iter().any(|attribute| text.contains(attribute)), "`#[{name}]` is missing in {place}");
        }
        assert!(readme.contains(&format!("`#[{name}(")), "`#[{name}]` is missing in README.md");
        assert!(docs.contains(&format!("`#[{name}]`](macro@{name})")), "the crate page has no link to `#[{name}]`");
        assert!(!read(&format!("resilience-runtime/docs/{name}.md")).is_empty());
    }
}

/// Returns the names that other libraries use for the attributes of this project. The macro crate defines a hidden
/// attribute for each of these names.
fn synonyms() -> BTreeSet<String> {
    let source = read("resilience-macros/src/lib.rs");
    let table = between(&source, "\nsynonyms! {", "}").expect("the table of the synonyms");
    let rows = table.split(';').filter_map(|row| Some(row.split_once(':')?.1));
    set(rows.flat_map(|names| names.split(',')).map(str::trim))
}

#[test]
fn every_synonym_of_an_attribute_appears_in_each_place() {
    let page = read("resilience-runtime/src/lib.rs");
    let hidden = "#[doc(hidden)]\n#[cfg(feature = \"macros\")]\npub use resilience_macros::{";
    let exported = set(between(&page, hidden, "}").unwrap().split(',').map(str::trim).filter(|name| !name.is_empty()));
    assert_eq!(exported, synonyms(), "the hidden re-exports of the runtime");
    for case in ["below", "imported"] {
        let case = format!("tests/ui/cases/attribute_synonyms_{case}.rs");
        let source = read(&case);
        let told = source.lines().filter_map(|line| between(line, "| unknown attribute `", "`"));
        assert_eq!(set(told), synonyms(), "the messages in {case}");
    }
}

#[test]
fn each_page_lists_the_options_of_its_attribute() {
    for name in family() {
        let page = read(&format!("resilience-runtime/docs/{name}.md"));
        assert_eq!(rows(&page, "| option | default | meaning |"), options(&name), "options of `#[{name}]`");
    }
}

#[test]
fn the_readme_lists_the_options_of_circuit_and_retry() {
    let readme = read("README.md");
    for name in ["circuit", "retry"] {
        let mut expected = options(name);
        // A sentence below the tables describes the option `crate` for all attributes, so the tables do not list this
        // option.
        expected.remove("crate");
        assert!(readme.contains("All attributes have the option `crate = path`"));
        assert_eq!(
            rows(&readme, &format!("| `#[{name}(…)]` | default | meaning |")),
            expected,
            "options of `#[{name}]`"
        );
    }
}

/// Returns the text of the builder's second source file, or an empty text if the builder has only one source file.
fn further_methods(builder: &str) -> String {
    if builder.ends_with("/retry/builder.rs") {
        read("resilience-runtime/src/retry/functions.rs")
    } else if builder.ends_with("/registry/builder.rs") {
        read("resilience-runtime/src/registry/keyed_builder.rs")
    } else {
        String::new()
    }
}

#[test]
fn each_builder_has_the_settings_of_its_attribute() {
    // `circuit`, `limit`, `retry` and `hedge` contain the options for which the builders have no methods.
    let judge = ["failure_if", "failure_if_ok", "retry_after", "retry_after_ok"];
    let circuit = set(["name", "key", "with", "error", "stream", "crate"].into_iter().chain(judge));
    // The builder of a classifier has methods only for the options in `judge`.
    let others: BTreeSet<_> = options("circuit").difference(&set(judge)).cloned().collect();
    let limit = set(["name", "key", "max_keys", "with", "tokens", "error", "crate"]);
    let retry = set(["attempt", "clone", "crate", "name", "with"]);
    let hedge = set(["clone", "crate", "name", "with"]);
    for (attribute, builder, others, more) in [
        ("circuit", "resilience-runtime/src/registry/builder.rs", circuit, set([])),
        ("circuit", "resilience-runtime/src/circuit/classifier_builder.rs", others, set(["as_error"])),
        ("retry", "resilience-runtime/src/retry/builder.rs", retry, set(["seed"])),
        ("bulkhead", "resilience-runtime/src/bulkhead/builder.rs", limit.clone(), set([])),
        ("rate_limit", "resilience-runtime/src/rate_limit/builder.rs", limit, set([])),
        ("hedge", "resilience-runtime/src/hedge/builder.rs", hedge, set(["percentile"])),
    ] {
        let expected: BTreeSet<_> = options(attribute).difference(&others).cloned().chain(more).collect();
        let source = read(builder) + &further_methods(builder);
        let methods = source.lines().filter_map(|line| between(line, "    pub fn ", "("));
        let methods = methods.filter_map(|name| name.split('<').next());
        let mut methods = set(methods.map(|name| if name == "count_requests" { "count" } else { name }));
        // The functions that create a builder take the required options as arguments.
        match attribute {
            "bulkhead" => methods.extend(set(["max"])),
            "rate_limit" => methods.extend(set(["per_second", "limit"])),
            _ => {}
        }
        let others = set(["builder", "new", "build", "register"]);
        assert_eq!(methods.difference(&others).cloned().collect::<BTreeSet<_>>(), expected, "methods of {builder}");
        let rows = rows(&source, "/// | option | default |");
        let rows = set(rows.iter().map(|name| if name == "count_requests" { "count" } else { name }));
        assert_eq!(rows, expected, "table in {builder}");
    }
}

/// The macro crate and the runtime crate each define the ranges and defaults of the options.
#[test]
fn both_crates_have_the_same_ranges_and_defaults() {
    let refused = |error: resilience_runtime::ConfigError| error.option().to_owned();
    let circuit = || CircuitBreaker::builder("family");

    let calls = |calls| circuit().threshold(1).calls(calls).build().map(drop).map_err(refused);
    assert_eq!((calls(*limits::CIRCUIT_CALLS.start()), calls(*limits::CIRCUIT_CALLS.end())), (Ok(()), Ok(())));
    assert_eq!(calls(limits::CIRCUIT_CALLS.end() + 1), Err("calls".to_owned()));
    assert_eq!(calls(limits::CIRCUIT_CALLS.start() - 1), Err("calls".to_owned()));

    let window = |window| circuit().threshold(1).window(window).build().map(drop).map_err(refused);
    let nanosecond = std::time::Duration::from_nanos(1);
    let (shortest, longest) = (*limits::CIRCUIT_WINDOW.start(), *limits::CIRCUIT_WINDOW.end());
    assert_eq!((window(shortest), window(longest)), (Ok(()), Ok(())));
    assert_eq!(window(shortest.saturating_sub(nanosecond)), Err("window".to_owned()));
    assert_eq!(window(longest + nanosecond), Err("window".to_owned()));

    let jitter = |share| circuit().cooldown_jitter(share).build().map(drop).map_err(refused);
    let (least, most) = (*limits::CIRCUIT_COOLDOWN_JITTER.start(), *limits::CIRCUIT_COOLDOWN_JITTER.end());
    assert_eq!((jitter(least), jitter(most)), (Ok(()), Ok(())));
    assert_eq!(jitter(least - 0.01), Err("cooldown_jitter".to_owned()));
    assert_eq!(jitter(most + 0.01), Err("cooldown_jitter".to_owned()));

    let hedge = |max| Hedge::new(nanosecond, max).map(drop).map_err(refused);
    assert_eq!((hedge(*limits::HEDGE_MAX.start()), hedge(*limits::HEDGE_MAX.end())), (Ok(()), Ok(())));
    assert_eq!(hedge(limits::HEDGE_MAX.start() - 1), Err("max".to_owned()));
    assert_eq!(hedge(limits::HEDGE_MAX.end() + 1), Err("max".to_owned()));
    assert!(limits::HEDGE_MAX.contains(&limits::HEDGE_MAX_DEFAULT));

    let second = std::time::Duration::from_secs(1);
    let percentile = |percentile| {
        let builder = Hedge::builder().percentile(percentile).min_after(second).max_after(second);
        builder.build().map(drop).map_err(refused)
    };
    let (least, most) = (*limits::HEDGE_PERCENTILE.start(), *limits::HEDGE_PERCENTILE.end());
    assert_eq!((percentile(least), percentile(most)), (Ok(()), Ok(())));
    assert_eq!(percentile(least - 0.01), Err("percentile".to_owned()));
    assert_eq!(percentile(most + 0.01), Err("percentile".to_owned()));

    let rate = |rate| RateLimit::builder("family", rate).build().map(drop).map_err(refused);
    let (least, most) = (*limits::RATE_LIMIT_PER_SECOND.start(), *limits::RATE_LIMIT_PER_SECOND.end());
    assert_eq!((rate(least), rate(most)), (Ok(()), Ok(())));
    assert_eq!(rate(least - 1), Err("per_second".to_owned()));
    assert_eq!(rate(most + 1), Err("per_second".to_owned()));

    let per = |per| RateLimit::per("family", 1, per).build().map(drop).map_err(refused);
    let (shortest, longest) = (*limits::RATE_LIMIT_PER.start(), *limits::RATE_LIMIT_PER.end());
    assert_eq!((per(shortest), per(longest)), (Ok(()), Ok(())));
    assert_eq!(per(shortest.saturating_sub(nanosecond)), Err("per".to_owned()));
    assert_eq!(per(longest + nanosecond), Err("per".to_owned()));
    let second = std::time::Duration::from_secs(1);
    let most = u32::try_from(second.as_nanos() / limits::RATE_LIMIT_STEP.as_nanos()).unwrap();
    let limit = |limit| RateLimit::per("family", limit, second).build().map(drop).map_err(refused);
    assert_eq!((limit(most), limit(most + 1)), (Ok(()), Err("limit".to_owned())));

    let queue = |calls| RateLimit::builder("family", 1).max_queue(calls).build().map(drop).map_err(refused);
    let slots = |calls| Bulkhead::builder("family", 1).max_queue(calls).build().map(drop).map_err(refused);
    let (least, most) = (*limits::MAX_QUEUE.start(), *limits::MAX_QUEUE.end());
    assert_eq!((queue(least), queue(most), slots(least), slots(most)), (Ok(()), Ok(()), Ok(()), Ok(())));
    for outside in [least - 1, most + 1] {
        assert_eq!((queue(outside), slots(outside)), (Err("max_queue".to_owned()), Err("max_queue".to_owned())));
    }

    let keys = |keys| KeyedCircuits::builder("family").max_keys(keys).build().map(drop).map_err(refused);
    let (least, most) = (*limits::MAX_KEYS.start(), *limits::MAX_KEYS.end());
    assert_eq!((keys(least), keys(most)), (Ok(()), Ok(())));
    assert_eq!((keys(least - 1), keys(most + 1)), (Err("max_keys".to_owned()), Err("max_keys".to_owned())));

    let policy = RetryPolicy::default();
    let (delay, backoff) = (limits::RETRY_DELAY_DEFAULT, limits::RETRY_BACKOFF_DEFAULT);
    assert_eq!((policy.delay_after(1), policy.delay_after(2)), (delay, delay.mul_f64(backoff)));
    let shown = format!("{policy:?}");
    assert!(shown.contains(&format!("max: {}", limits::RETRY_MAX_DEFAULT)), "{shown}");
}
