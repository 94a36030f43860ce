//! Defines the labels of a sample (one value of a metric).

use std::borrow::Cow;

/// The labels of a sample (one value of a metric), in the order in which the text for Prometheus shows the labels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels(Vec<(&'static str, Cow<'static, str>)>);

impl Labels {
    /// Creates the label `name`, which contains the name of a layer.
    pub(crate) fn of(name: &str) -> Self {
        Self::default().and("name", name.to_owned())
    }

    pub(crate) fn and(mut self, label: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.0.push((label, value.into()));
        self
    }

    pub(crate) fn into_vec(self) -> Vec<(&'static str, Cow<'static, str>)> {
        self.0
    }
}
