//! Suggests an option of this crate in place of an unknown option.

/// The names that other libraries give to one option of this crate.
pub(crate) struct Synonyms {
    /// The suggestion: the name of an option of this crate, such as `max`, or an attribute, such as `#[timeout(5)]`.
    pub(crate) ours: &'static str,
    /// The text after `ours` in the error message. The text is empty, or states how `ours` differs from the option of
    /// other libraries.
    pub(crate) difference: &'static str,
    /// The names in other libraries, in snake case and without the prefix `with_`.
    pub(crate) theirs: &'static [&'static str],
}

/// Returns a question such as "did you mean `max`?", or `None` if no option resembles the option `unknown`. `known`
/// contains the options of the attribute. `table` contains the names that other libraries give to these options.
///
/// A name in `table` takes precedence over a similar name in `known`. For example, the function suggests `cooldown` for
/// `reset_timeout`, although `reset_timeout` is more similar to `trial_timeout`.
pub(crate) fn suggest(unknown: &str, known: &[&str], table: &[Synonyms]) -> Option<String> {
    let name = snake_case(unknown);
    let short = name.strip_prefix("with_").unwrap_or(&name);
    for name in [&name, short] {
        if known.contains(&name) {
            return Some(format!("did you mean `{name}`?"));
        }
        if let Some(row) = table.iter().find(|row| row.theirs.contains(&name)) {
            return Some(format!("did you mean `{}`{}?", row.ours, row.difference));
        }
    }
    nearest(unknown, known).map(|name| format!("did you mean `{name}`?"))
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Returns the known name with the smallest edit distance to `key`. Returns `None` if this distance exceeds 1 plus a
/// third of the length of the known name.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|name| (edits(key, name), *name)).min()?;
    (near.0 <= 1 + near.1.len() / 3).then_some(near.1)
}

/// Returns the Levenshtein distance of two texts, measured in bytes.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}
