//! Finds the known name that is most similar to an unknown name, for error messages.

/// Returns the known name with the smallest edit distance to `unknown`. Returns `None` if this distance exceeds 1 plus
/// a third of the length of the known name.
pub(crate) fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (edits, name) = known.into_iter().map(|name| (edits(unknown, name), name)).min()?;
    (edits <= 1 + name.len() / 3).then_some(name)
}

/// Returns a question that begins with a space, such as " did you mean `mail`?". Returns an empty text if no known name
/// is similar.
pub(crate) fn suggestion<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(unknown, known).map(|name| format!(" did you mean `{}`?", name.escape_debug())).unwrap_or_default()
}

/// Returns the Levenshtein distance between two texts, in bytes.
fn edits(from: &str, to: &str) -> usize {
    // The edit distances between each prefix of `to` and the part of `from` that the loop has read.
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, byte) in from.bytes().enumerate() {
        let mut left = index + 1;
        let mut next = vec![left];
        for (other, above) in to.bytes().zip(row.windows(2)) {
            let [diagonal, above] = above else { continue };
            left = (diagonal + usize::from(byte != other)).min(left + 1).min(above + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (from, to, count) in [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("a", "a", 0)]
        {
            assert_eq!(edits(from, to), count);
        }
    }

    #[test]
    fn nearest_name_is_similar() {
        let names = ["exa_api", "mail", "search"];
        assert_eq!(nearest("exa_apii", names), Some("exa_api"));
        assert_eq!(nearest("mial", names), Some("mail"));
        assert_eq!(nearest("payment", names), None);
        assert_eq!(nearest("x", []), None);
    }
}
