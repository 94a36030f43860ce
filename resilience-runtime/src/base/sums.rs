//! Defines the trait [`Sums`], which adds up the totals of several layers.

/// Totals of one or several layers. No total ever decreases.
pub(crate) trait Sums: Clone + Default + Send {
    /// Adds the totals of another layer.
    fn add(&mut self, other: &Self);

    /// Raises each total to the total in `other`, if the total in `other` is larger.
    fn raise(&mut self, other: &Self);
}

/// The calls that a bulkhead or a rate limit admitted and rejected.
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
