//! Warns in the docs of a function if the attempts of a single call can open a circuit.

use super::plan::Plan;
use crate::facts::Opens;

impl Plan {
    /// Returns a warning about the outermost circuit that the attempts of one failing call can open.
    pub(crate) fn opened_by_one_call(&self) -> Option<String> {
        (0..self.len()).find_map(|index| {
            let Opens { threshold, by_default } = self.facts(index).opens?;
            // Gives no warning if each attempt of a call may use a different circuit.
            if self.facts(index).per_attempt {
                return None;
            }
            let attempts =
                self.above(index).iter().try_fold(1_u32, |all, above| Some(all.saturating_mul(above.attempts?)))?;
            if attempts < threshold || attempts == 1 {
                return None;
            }
            let name = self
                .facts(index)
                .name
                .as_ref()
                .map(|(name, _)| format!(" `{}`", name.trim_matches('"')))
                .unwrap_or_default();
            let default = if by_default { "default " } else { "" };
            Some(format!(
                "With the {default}threshold of {threshold}, the {attempts} attempts of one failing call can open the \
                 circuit{name}. With `count = \"requests\"`, the circuit counts only the failure of a first attempt."
            ))
        })
    }
}
