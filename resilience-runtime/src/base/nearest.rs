//! Finds the known name that is most similar to an unknown name, for error messages.

/// Returns the known name with the smallest edit distance to `unknown`. Returns `None` if this distance exceeds 1 plus
/// a third of the length of the known name.
pub(crate) fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let similar = known.into_iter().filter_map(|name| Some((edits(unknown, name, 1 + name.len() / 3)?, name)));
    similar.min().map(|(_, name)| name)
}

/// Returns a question that begins with a space, such as " did you mean `mail`?". Returns an empty text if no known name
/// is similar. For the name of a layer with a key, such as `mail[7]`, suggests `mail` if this name is known.
pub(crate) fn suggestion<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.into_iter().collect();
    let family = || unknown.strip_suffix(']')?.split_once('[').map(|(family, _)| family);
    let similar = || nearest(unknown, known.iter().copied());
    let found = family().filter(|family| known.contains(family)).or_else(similar);
    found.map(|name| format!(" did you mean `{}`?", name.escape_debug())).unwrap_or_default()
}

/// Returns the Levenshtein distance between two texts, in bytes. Returns `None` if the distance exceeds `most`.
///
/// The distance is at least the difference of the lengths. This function therefore does no work for a text that is much
/// longer than the other text.
fn edits(from: &str, to: &str, most: usize) -> Option<usize> {
    if from.len().abs_diff(to.len()) > most {
        return None;
    }
    // The edit distances between each prefix of `to` and the part of `from` that the loop has read.
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, byte) in from.bytes().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        for (place, other) in row.iter_mut().zip(std::iter::once(None).chain(to.bytes().map(Some))) {
            let above = *place;
            if let Some(other) = other {
                left = (diagonal + usize::from(byte != other)).min(left + 1).min(above + 1);
            }
            (*place, diagonal) = (left, above);
        }
        if row.iter().all(|edits| *edits > most) {
            return None;
        }
    }
    row.last().copied().filter(|edits| *edits <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (from, to, count) in [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("a", "a", 0)]
        {
            assert_eq!(edits(from, to, 3), Some(count));
            assert_eq!(edits(from, to, count), Some(count));
            assert_eq!(count.checked_sub(1).and_then(|most| edits(from, to, most)), None);
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

    #[test]
    fn name_without_its_key_is_similar() {
        assert_eq!(suggestion("mail[a long key]", ["mail", "search"]), " did you mean `mail`?");
        assert_eq!(suggestion("payment[7]", ["mail", "search"]), "");
        assert_eq!(suggestion("mial", ["mail", "search"]), " did you mean `mail`?");
    }
}
