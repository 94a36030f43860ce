//! Defines the trait [`Sums`] for totals that can be added up over several layers.

/// Totals of one or several layers, such as the number of admitted calls. No total ever decreases.
pub(crate) trait Sums: Clone + Default + Send {
    /// Adds the totals of another layer.
    fn add(&mut self, other: &Self);

    /// Sets each total to the larger of its own value and the value in `other`.
    fn raise(&mut self, other: &Self);
}

/// The numbers of calls that a bulkhead or a rate limit admitted and rejected.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LimitSums {
    pub(crate) admitted: u64,
    pub(crate) rejected: u64,
}

impl Sums for LimitSums {
    fn add(&mut self, other: &Self) {
        self.admitted += other.admitted;
        self.rejected += other.rejected;
    }

    fn raise(&mut self, other: &Self) {
        self.admitted = self.admitted.max(other.admitted);
        self.rejected = self.rejected.max(other.rejected);
    }
}
