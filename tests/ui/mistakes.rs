//! Compiles programs with mistakes, and compares the compile errors with the expected errors. The errors have the form
//! that an editor receives.
//!
//! Each file in `cases` is a program with one or more mistakes. Each file in `compiler` tests a message of the compiler
//! itself, which changes with the version of the compiler. The files in `without_stream` are compiled without the
//! feature `stream` of the runtime. The files in `test_util` are compiled with the feature `test-util`. The expected
//! message is below its line:
//!
//! ```text
//! #[circuit(name = "a", threshold = 0)]
//! //~ 0 | `threshold` must be a whole number from 1 to 4294967295
//! ```
//!
//! The text before the message is the text to which the error points. The message of a warning begins with the word
//! `warning`. A note follows its error, and begins with three spaces. The test fails if a program has an unexpected
//! error. Unexpected notes do not fail the test.
//!
//! A file whose name ends with `_2021` is compiled in the edition 2021. All other files are compiled in the edition
//! 2024.
//!
//! The command `RESILIENCE_BLESS=1 cargo test --package resilience-mistakes -- --include-ignored` writes the messages
//! into the files. Read the changes before you commit them.

mod warnings;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

const MARK: &str = "//~";

#[derive(Deserialize)]
struct Line {
    target: Option<Target>,
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Target {
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    message: String,
    spans: Vec<Span>,
    children: Vec<Diagnostic>,
}

#[derive(Deserialize)]
struct Span {
    file_name: PathBuf,
    is_primary: bool,
    line_start: usize,
    text: Vec<Text>,
    expansion: Option<Box<Expansion>>,
}

/// The call of a macro that expanded to a token of the message.
#[derive(Deserialize)]
struct Expansion {
    span: Span,
    macro_decl_name: String,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    highlight_start: usize,
    highlight_end: usize,
}

/// A message of the compiler about one line of a file, with its helps and notes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    line: usize,
    what: String,
    notes: Vec<String>,
}

impl Said {
    /// Returns the message without the text to which it points.
    fn message(&self) -> &str {
        self.what.split_once(" | ").map_or(&self.what, |(_, message)| message)
    }
}

impl Span {
    /// Returns the call of a macro of the library, if the span is in the source of the library.
    fn of_user(&self) -> &Self {
        match &self.expansion {
            Some(expansion) if self.is_of_library() => expansion.span.of_user(),
            _ => self,
        }
    }

    fn is_of_library(&self) -> bool {
        self.file_name.ends_with("resilience-runtime/src/__private.rs")
    }

    /// Returns the name of a macro of the library that expanded to this span. The compiler shows this name to the user.
    fn advice(&self) -> Option<String> {
        let name = &self.expansion.as_ref().filter(|_| self.is_of_library())?.macro_decl_name;
        Some(name.rsplit("::").next()?.to_owned())
    }
}

impl Diagnostic {
    fn said(&self) -> Option<Said> {
        let span = self.spans.iter().find(|span| span.is_primary)?.of_user();
        let text = span.text.first()?;
        let place: String = text.text.chars().take(text.highlight_end - 1).skip(text.highlight_start - 1).collect();
        let level = if self.level == "error" { String::new() } else { format!("{}: ", self.level) };
        let message = self.message.lines().next().unwrap_or_default();
        let what = format!("{level}{place} | {message}").trim().to_owned();
        Some(Said { line: span.line_start, what, notes: self.notes() })
    }

    /// Notes without a place belong to this library, or name the level of a lint. A note may show a line of this
    /// library, with a comment that advises the user. Also returns the name of a macro that advises the user.
    fn notes(&self) -> Vec<String> {
        let notes = self.children.iter().filter(|child| child.spans.is_empty() && child.level == "note");
        let shown = self.children.iter().flat_map(|child| &child.spans);
        let shown = shown.filter(|span| span.file_name.ends_with("resilience-runtime/src/hedge/hedged.rs"));
        let comments = shown.filter_map(|span| Some(span.text.first()?.text.split_once("// ")?.1.to_owned()));
        let helps = self.children.iter().filter(|child| child.level == "help" && child.message.starts_with("consider"));
        notes
            .chain(helps)
            .map(|child| child.message.trim().replace('\n', " "))
            .filter(|note| !note.contains("#["))
            .chain(comments)
            .chain(self.spans.iter().find(|span| span.is_primary).and_then(Span::advice))
            .collect()
    }
}

/// Returns the messages that the file expects, and the file without them.
fn expected(source: &str) -> (Vec<Said>, String) {
    let (mut said, mut bare) = (Vec::<Said>::new(), String::new());
    let mut above = 0;
    for line in source.lines() {
        match line.trim_start().strip_prefix(MARK) {
            Some(note) if note.starts_with("   ") => {
                said.last_mut().expect("a note belongs to an error").notes.push(note.trim().to_owned());
            }
            Some(what) => said.push(Said { line: above, what: what.trim().to_owned(), notes: Vec::new() }),
            None => {
                above += 1;
                writeln!(bare, "{line}").unwrap();
            }
        }
    }
    (said, bare)
}

/// Returns the file with the messages of the compiler.
fn blessed(bare: &str, mut said: Vec<Said>) -> String {
    let mut source = String::new();
    said.sort();
    for (index, line) in bare.lines().enumerate() {
        writeln!(source, "{line}").unwrap();
        let indent = &line[..line.len() - line.trim_start().len()];
        for Said { what, notes, .. } in said.iter().filter(|said| said.line == index + 1) {
            writeln!(source, "{indent}{MARK} {what}").unwrap();
            for note in notes {
                writeln!(source, "{indent}{MARK}    {note}").unwrap();
            }
        }
    }
    source
}

/// Creates a package with a program for each case, without the expected messages, and compiles it.
fn compile(directory: &str, cases: &BTreeMap<PathBuf, String>) -> BTreeMap<PathBuf, Vec<Said>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let package = temporary.join(directory);
    // The sources of an earlier run may be stale; its build artefacts are reused.
    let _ = fs::remove_dir_all(package.join("examples"));
    fs::create_dir_all(package.join("examples")).unwrap();
    fs::create_dir_all(package.join("src")).unwrap();
    fs::write(package.join("src/lib.rs"), "").unwrap();
    for (name, source) in cases {
        fs::write(package.join("examples").join(name), source).unwrap();
    }
    let in_2021 = cases.keys().filter_map(|name| name.file_stem()?.to_str()).filter(|name| name.ends_with("_2021"));
    let in_2021 = in_2021
        .map(|name| format!("[[example]]\nname = \"{name}\"\nedition = \"2021\"\n\n"))
        .collect::<Vec<_>>()
        .concat();
    let features = match directory {
        "without_stream" => "[]",
        "test_util" => "[\"stream\", \"test-util\"]",
        _ => "[\"stream\"]",
    };
    let manifest = format!(
        "[package]\nname = \"{directory}\"\nedition = \"2024\"\n\n[dependencies]\nasync-trait = \"0.1\"\n\
         futures-util = {{ version = \"0.3\", default-features = false }}\n\
         resilience-runtime = {{ path = '{}', features = {features} }}\ntokio = {{ version = \"1\", features = [\"macros\", \"rt\"] }}\n\
         tracing = {{ version = \"0.1\", features = [\"attributes\"] }}\n\n{in_2021}[workspace]\n",
        root.join("resilience-runtime").display()
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();

    let output = Command::new(env!("CARGO"))
        .args(["check", "--examples", "--keep-going", "--quiet", "--message-format=json"])
        .current_dir(&package)
        .env("CARGO_TARGET_DIR", temporary.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let mut said: BTreeMap<_, Vec<_>> = cases.keys().map(|name| (name.clone(), Vec::new())).collect();
    let mut compiled = 0;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        compiled += 1;
        let Ok(Line { target: Some(target), message: Some(message) }) = serde_json::from_str(line) else { continue };
        let case = target.src_path.file_name().map(PathBuf::from);
        if let (Some(said), Some(message)) = (case.and_then(|case| said.get_mut(&case)), message.said()) {
            said.push(message);
        }
    }
    assert!(compiled > 0, "nothing was compiled: {}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn a_mistake_is_told_in_the_users_own_tokens() {
    check("cases");
}

#[test]
fn an_option_needs_a_feature() {
    check("without_stream");
}

#[test]
fn mistake_in_a_test_is_told() {
    check("test_util");
}

#[test]
#[ignore = "holds words of the compiler's own, here of Rust 1.95; `.ci/test` runs it"]
fn what_the_compiler_says_by_itself_points_to_the_users_own_tokens() {
    check("compiler");
}

fn check(directory: &str) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut bare = BTreeMap::new();
    let mut wanted = BTreeMap::new();
    for case in fs::read_dir(&cases).unwrap() {
        let case = case.unwrap();
        let (said, source) = expected(&fs::read_to_string(case.path()).unwrap());
        let name = PathBuf::from(case.file_name());
        bare.insert(name.clone(), source);
        wanted.insert(name, said);
    }
    let mut wrong = 0;
    for (name, mut said) in compile(directory, &bare) {
        if env::var_os("RESILIENCE_BLESS").is_some() {
            fs::write(cases.join(&name), blessed(&bare[&name], said)).unwrap();
            continue;
        }
        said.sort();
        let mut wanted = wanted[&name].clone();
        wanted.sort();
        let same = said.len() == wanted.len()
            && said.iter().zip(&wanted).all(|(said, wanted)| {
                (said.line, &said.what) == (wanted.line, &wanted.what)
                    && wanted.notes.iter().all(|note| said.notes.contains(note))
            });
        if !same || wanted.is_empty() {
            wrong += 1;
            println!("{}: the compiler says\n{}", name.display(), blessed(&bare[&name], said));
        }
    }
    assert_eq!(wrong, 0, "files about which the compiler says something else; see above");
}
