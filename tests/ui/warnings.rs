//! Warnings about a decorated function, and about the same function without attributes.
//!
//! The file `warnings/functions.rs` contains the functions. The test writes attributes in place of each line `// decorate`,
//! and expects the warnings of the file without attributes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::Said;

const MARK: &str = "// decorate";

/// The folder of the functions that are not `async`.
const PLAIN: &str = "plain_warnings";

/// An attribute, or several attributes. Functions with one of the words after the attributes do not get these attributes.
const STACKS: [(&str, &[&str]); 22] = [
    ("#[circuit(name = \"a\")]", &[]),
    ("#[circuit(name = \"a\", failure_if = |_| true, error = io::Error::from)]", &[]),
    ("#[timeout(5)]", &[]),
    ("#[bulkhead(max = 1)]", &[]),
    ("#[bulkhead(max = 1, wait = 1)]", &[]),
    ("#[rate_limit(per_second = 1)]", &[]),
    ("#[circuit(name = \"a\")] #[timeout(5)]", &[]),
    ("#[timeout(9)] #[bulkhead(max = 1, wait = 1)] #[circuit(name = \"a\")] #[circuit(name = \"b\")]", &[]),
    ("#[retry]", &["once"]),
    ("#[retry] #[circuit(name = \"a\")]", &["once"]),
    ("#[retry] #[circuit(name = \"a\")] #[timeout(5)] #[bulkhead(max = 1, wait = 1)]", &["once"]),
    ("#[retry(clone(ARGUMENTS))]", &["unused"]),
    ("#[hedge(after = 1, clone(ARGUMENTS))] #[circuit(name = \"a\")]", &["unused"]),
    ("#[fallback(instead, clone(ARGUMENTS))] #[timeout(5)]", &["unused", "pattern"]),
    ("#[fallback(|error| Err(error))]", &[]),
    ("#[fallback(|error| Err(error), on = \"rejected\")] #[circuit(name = \"a\")] #[timeout(5)]", &[]),
    ("#[fallback(|error| Err(error), clone(ARGUMENTS))] #[circuit(name = \"a\")]", &["unused"]),
    ("#[hedge(after = 1)]", &["once", "unique"]),
    ("#[retry] #[hedge(after = 1)] #[circuit(name = \"a\")]", &["once", "unique"]),
    ("#[fallback(instead)]", &["once", "pattern", "unused"]),
    ("#[fallback(instead, on = \"rejected\")] #[circuit(name = \"a\")]", &["once", "pattern", "unused"]),
    ("#[fallback(instead)] #[retry] #[circuit(name = \"a\")] #[timeout(5)]", &["once", "pattern", "unused"]),
];

/// Further attributes for functions that are not `async`.
const PLAIN_STACKS: [(&str, &[&str]); 5] = [
    ("#[bulkhead(max = 1, wait = 1)] #[circuit(name = \"a\")] #[rate_limit(per_second = 1, wait = 1)]", &[]),
    ("#[circuit(name = \"a\", failure_if_ok = |_| true)]", &[]),
    ("#[retry] #[circuit(name = \"a\")] #[bulkhead(max = 1, wait = 1)]", &["once"]),
    ("#[fallback(|error| Err(error), on = \"rejected\")] #[circuit(name = \"a\")]", &[]),
    ("#[fallback(instead)] #[retry] #[circuit(name = \"a\")]", &["once", "pattern", "unused"]),
];

/// Returns the file with `stack` on each function that may have these attributes.
fn decorated(source: &str, stack: &str, excluded: &[&str]) -> String {
    let mut lines: Vec<_> = source.lines().map(str::to_owned).collect();
    for at in 0..lines.len() {
        let Some(word) = lines[at].trim_start().strip_prefix(MARK) else { continue };
        let word = word.trim_start_matches(" - ");
        let (_, arguments) = lines[at + 1].split_once('(').unwrap();
        let (arguments, _) = arguments.split_once(") ->").unwrap();
        let is_cloned =
            stack.contains("ARGUMENTS") && !arguments.contains(['(', '{', '&']) && !arguments.contains("self");
        let arguments: Vec<_> = arguments.split(", ").collect();
        let names = arguments.iter().map(|argument| argument.split(':').next().unwrap().trim_start_matches("mut "));
        let names: Vec<_> = names.filter(|name| *name != "_").collect();
        let attributes = stack.replace("instead", &format!("instead{}", arguments.len()));
        let is_bare = excluded.contains(&word) || stack.contains("ARGUMENTS") && !is_cloned;
        lines[at] = if is_bare { String::new() } else { attributes.replace("ARGUMENTS", &names.join(", ")) };
    }
    lines.join("\n")
}

#[test]
fn decorated_function_has_the_warnings_of_the_bare_function() {
    check("warnings", str::to_owned, &STACKS);
}

/// Removes each `async` and each `.await` from the functions.
#[test]
fn decorated_plain_function_has_the_warnings_of_the_bare_function() {
    let is_plain = |(stack, _): &&(&str, &[&str])| !stack.contains("timeout") && !stack.contains("hedge");
    let stacks: Vec<_> = STACKS.iter().filter(is_plain).copied().chain(PLAIN_STACKS).collect();
    check(PLAIN, |source| source.replace("async fn", "fn").replace(".await", ""), &stacks);
}

/// Compares the warnings about the functions that `change` returns, with and without each of the `stacks`.
fn check(folder: &str, change: impl Fn(&str) -> String, stacks: &[(&str, &[&str])]) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("warnings/functions.rs");
    let source = change(&fs::read_to_string(source).unwrap());
    let after = "\n#[allow(unused_imports)]\nuse resilience_runtime::{bulkhead, circuit, fallback, hedge, rate_limit, retry, timeout};
        async fn instead1<A, T>(_: A) -> io::Result<T> { todo!() }
        async fn instead2<A, B, T>(_: A, _: B) -> io::Result<T> { todo!() }
        async fn instead3<A, B, C, T>(_: A, _: B, _: C) -> io::Result<T> { todo!() }
        async fn instead6<A, B, C, D, E, F, T>(_: A, _: B, _: C, _: D, _: E, _: F) -> io::Result<T> { todo!() }\n";
    let after = &change(after);
    let bare = decorated(&source, "", &[]) + after;
    let mut cases = BTreeMap::from([(PathBuf::from("bare.rs"), bare)]);
    for (index, (stack, excluded)) in stacks.iter().enumerate() {
        cases.insert(format!("stack{index}.rs").into(), decorated(&source, stack, excluded) + after);
    }
    let mut said = super::compile(folder, &cases);
    let expected = said.remove(Path::new("bare.rs")).unwrap();
    assert!(expected.len() > 30, "the bare functions cause too few warnings: {expected:#?}");
    let mut wrong = 0;
    for (index, (stack, _)) in stacks.iter().enumerate() {
        let told = &said[Path::new(&format!("stack{index}.rs"))];
        // The marked text of a warning about an argument of an async function differs.
        let words = |said: &Said| if folder == PLAIN { said.what.clone() } else { said.message().to_owned() };
        let same = |one: &Said, other: &Said| one.line == other.line && words(one) == words(other);
        let more =
            told.iter().filter(|said| !expected.iter().any(|other| same(said, other))).map(|said| ("more", said));
        let fewer =
            expected.iter().filter(|said| !told.iter().any(|other| same(said, other))).map(|said| ("fewer", said));
        for (which, said) in more.chain(fewer) {
            wrong += 1;
            println!("{stack}: {which}: {}: {}", said.line, said.what);
        }
        assert!(told.len() == expected.len() || wrong > 0, "{stack} repeats a warning");
    }
    assert_eq!(wrong, 0, "warnings that differ from those of the bare function; see above");
}
