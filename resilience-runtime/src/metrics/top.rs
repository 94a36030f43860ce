//! Selects the keys with the largest weights, such as the keys with the most failures.

/// The keys of one layer that have the largest weights. Each key has a value of the type `T`.
pub(crate) struct Top<T> {
    most: usize,
    keys: Vec<(u64, String, T)>,
}

impl<T> Top<T> {
    /// Creates a selection of at most `most` keys.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, keys: Vec::new() }
    }

    /// Adds a key with the given weight. The function `make` returns the key and its value.
    pub(crate) fn add(&mut self, weight: u64, make: impl FnOnce() -> (String, T)) {
        if self.most == 0 {
            return;
        }
        let (key, value) = make();
        self.keys.push((weight, key, value));
        // Limits the memory of the list. Does not shorten the list at each addition, because `shorten` sorts the list.
        if self.keys.len() >= self.most.saturating_mul(2).max(256) {
            self.shorten();
        }
    }

    /// Returns the selected keys and their values, in the alphabetical order of the keys.
    pub(crate) fn into_sorted(mut self) -> impl Iterator<Item = (String, T)> {
        self.shorten();
        self.keys.sort_unstable_by(|one, other| one.1.cmp(&other.1));
        self.keys.into_iter().map(|(_, key, value)| (key, value))
    }

    fn shorten(&mut self) {
        self.keys.sort_unstable_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        self.keys.truncate(self.most);
    }
}

/// Returns the key of a layer. `layer` is the whole name of this layer, such as `price[acme]`. `name` is the part
/// before the bracket, such as `price`.
pub(crate) fn key_of(layer: &str, name: &str) -> String {
    let key = layer.get(name.len()..).unwrap_or_default();
    key.strip_prefix('[').and_then(|key| key.strip_suffix(']')).unwrap_or(key).to_owned()
}
