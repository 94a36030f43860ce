//! Tests that `docs/promises.md` names an existing test for each promise of the documentation. Also tests that the page
//! contains each sentence of the sections "Guarantees" in the README and in `lib.rs`. Also tests promises about the
//! sources, such as the absence of `unsafe` code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the rows of the tables in `docs/promises.md`. A row contains a promise and the names of its tests.
fn promises() -> Vec<(String, Vec<String>)> {
    let page = read("docs/promises.md");
    let rows = page.lines().filter(|line| line.starts_with("| ") && *line != "| promise | tests |");
    rows.map(|row| {
        let (promise, tests) = row.trim_matches(['|', ' ']).rsplit_once(" | ").expect("two cells");
        (promise.to_owned(), tests.split('`').skip(1).step_by(2).map(str::to_owned).collect())
    })
    .collect()
}

/// Returns the files that may contain the test `name`. For example, `tests/circuit/hung.rs` may contain the test
/// `circuit::hung::deadline_after_hang_is_a_failure`.
fn files_of(name: &str) -> Vec<PathBuf> {
    let mut parts: Vec<_> = name.split("::").collect();
    parts.pop();
    let folder = match parts[0] {
        "resilience-runtime" | "resilience-macros" => format!("{}/src", parts.remove(0)),
        _ => "tests".to_owned(),
    };
    let path = |parts: &[&str]| root().join(&folder).join(parts.join("/"));
    let mut files = vec![path(&parts).with_extension("rs"), path(&parts).join("main.rs")];
    // The unit tests of a file are in its module `tests`.
    if let [file @ .., "tests"] = &parts[..] {
        files.push(path(file).with_extension("rs"));
    }
    files
}

fn is_test(source: &str, function: &str) -> bool {
    source.split_once(&format!("fn {function}(")).is_some_and(|(before, _)| {
        let mut lines =
            before.trim_end().lines().rev().take_while(|line| !line.trim().is_empty() && !line.contains('}'));
        let attributes = ["#[test]", "#[tokio::test", "#[resilience_runtime::test"];
        lines.any(|line| attributes.iter().any(|attribute| line.contains(attribute)))
    })
}

#[test]
fn each_promise_names_tests_that_exist() {
    let promises = promises();
    assert!(promises.len() > 150, "{} promises", promises.len());
    for (promise, tests) in promises {
        assert!(!tests.is_empty(), "no test holds this promise: {promise}");
        for test in tests {
            let Some((_, function)) = test.rsplit_once("::") else {
                let text = read(&test);
                assert!(
                    text.contains(if test.starts_with("resilience-runtime/docs/") { "\n```\n" } else { "//~" }),
                    "{test} has no test"
                );
                continue;
            };
            let sources = files_of(&test).into_iter().filter_map(|file| fs::read_to_string(file).ok());
            assert!(sources.into_iter().any(|source| is_test(&source, function)), "there is no test {test}");
        }
    }
}

/// Returns the sentences of the section with the heading `head`.
fn sentences(text: &str, head: &str) -> Vec<String> {
    let (_, section) = text.split_once(&format!("\n{head}\n")).unwrap_or_else(|| panic!("no section {head}"));
    let level = head.split(' ').next().unwrap();
    let section = section.split(&format!("\n{level} ")).next().unwrap();
    let mut sentences = Vec::new();
    for item in section.split("\n- ").flat_map(|item| item.split("\n  - ")) {
        let item = item.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut item = item.trim_start_matches("- ");
        while let Some(end) = item.find(". ") {
            sentences.push(item[..=end].to_owned());
            item = &item[end + 2..];
        }
        sentences.push(item.to_owned());
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

fn crate_page() -> String {
    let source = read("resilience-runtime/src/lib.rs");
    let lines = source.lines().filter_map(|line| line.strip_prefix("//!"));
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_guarantee_is_in_the_list() {
    let promises: BTreeSet<_> = promises().into_iter().map(|(promise, _)| promise).collect();
    for (page, head) in [(read("README.md"), "## Guarantees"), (crate_page(), "# Guarantees")] {
        let guarantees = sentences(&page, head);
        assert!(guarantees.len() > 15, "{guarantees:?}");
        for guarantee in guarantees {
            assert!(promises.contains(&guarantee), "docs/promises.md lacks this promise: {guarantee}");
        }
    }
}

/// Returns the path and the code of each source file in `folder`, without unit tests.
fn library_code(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(library_code(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
            let code = code.split("not(resilience_loom)))]\nmod tests").next().unwrap();
            files.push((path, code.to_owned()));
        }
    }
    files.retain(|(path, _)| {
        !["machine_tests.rs", "stress.rs", "models.rs", "costs.rs"].iter().any(|end| path.ends_with(end))
    });
    files
}

#[test]
fn library_code_has_no_panicking_macro() {
    let panicking = ["panic!(", "unreachable!(", "todo!(", "unimplemented!(", "assert", ".unwrap()", ".expect("];
    let mut found = Vec::new();
    for (path, code) in library_code(&root().join("resilience-runtime/src")) {
        let lines = code.lines().map(str::trim).filter(|line| !line.starts_with("//"));
        found.extend(
            lines
                .filter(|line| panicking.iter().any(|word| line.contains(word)))
                .map(|line| format!("{}: {line}", path.display())),
        );
    }
    // Allows panics in the test kit, because a failed assertion or a wrong use of the kit must fail the test.
    let kit = ["src/testing.rs", "src/testing/", "src/fault/point.rs", "src/base/scope.rs"];
    found.retain(|line| !kit.iter().any(|file| line.contains(file)));
    // Allows the panic in `never`, because generated code calls `never` only in a branch that never runs.
    found.retain(|line| !line.contains("an expansion names this in dead code only"));
    // Allows the panic in `require`, because the function runs only at compile time, for constants in attributes.
    found.retain(|line| !line.contains("base/require.rs: panic!(\"{}\", message);"));
    // Allows the line with a lint whose name contains `assert`.
    found.retain(|line| !line.contains("#[expect(clippy::manual_assert,"));
    // Allows the `unwrap` in the constant `STEP`, because the compiler evaluates the constant.
    found.retain(|line| !line.contains(": const STEP: NonZeroU64 ="));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn both_crates_forbid_unsafe_code() {
    for krate in ["resilience-runtime", "resilience-macros"] {
        assert!(read(format!("{krate}/src/lib.rs")).contains("\n#![forbid(unsafe_code)]\n"), "{krate}");
    }
}

#[test]
fn crate_page_lists_every_event() {
    let code: Vec<_> = library_code(&root().join("resilience-runtime/src")).into_iter().map(|(_, code)| code).collect();
    let code = code.join("\n").split_whitespace().collect::<Vec<_>>().join(" ");
    let calls = code.split("event!(").skip(1).chain(code.split("transition!(").skip(1));
    let names = calls.filter_map(|call| call.split('"').nth(1));
    let emitted: BTreeSet<_> = names.map(str::to_owned).collect();
    let page = crate_page();
    let (_, table) = page.split_once("| event | level | fields |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let first_cells = rows.map(|row| row.split('|').nth(1).unwrap().to_owned());
    let listed: BTreeSet<_> = first_cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert_eq!(listed, emitted);
}

#[test]
fn library_needs_no_c_compiler() {
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--offline", "--package", "resilience-runtime", "--edges", "normal,build", "--prefix", "none"]);
    let output = tree.current_dir(root()).output().unwrap();
    let crates = String::from_utf8(output.stdout).unwrap();
    assert!(crates.contains("tokio v") && output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for tool in ["cc", "cmake", "pkg-config", "bindgen"] {
        assert!(!crates.lines().any(|line| line.starts_with(&format!("{tool} v"))), "{tool} in {crates}");
    }
}
