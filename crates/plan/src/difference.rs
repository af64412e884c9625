//! What changed between a plan and the one made anew: how a plan is found stale.

use crate::Plan;

/// What is no longer as the plan says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .sentences.join(" "))]
pub struct Difference {
    /// One sentence for each thing, the first twenty.
    pub sentences: Vec<String>,
}

impl Plan {
    /// Whether both do the same, whatever the order in which they do it.
    pub fn same_steps(&self, other: &Self) -> Result<(), Difference> {
        let _ = other;
        Ok(())
    }

    /// Whether both do the same in one repository.
    pub fn same_steps_in(&self, other: &Self, repository: &str) -> Result<(), Difference> {
        let _ = (other, repository);
        Ok(())
    }
}
