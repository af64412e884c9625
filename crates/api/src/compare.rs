//! Two images side by side.

use super::{Deserialize, Serialize};

shape! {
    /// What differs between two images, seen from the first.
    pub struct Comparison {
        /// The first image.
        pub from: ComparedImage,
        /// The second.
        pub to: ComparedImage,
        /// Both are the same digest.
        pub same: bool,
        /// Every platform of either.
        pub platforms: Vec<ComparedPlatform>,
        /// Bytes of distinct layers that both have.
        pub shared: u64,
        /// Bytes of distinct layers that only the second has: what someone who has the first must fetch.
        pub added: u64,
        /// Bytes of distinct layers that only the first has.
        pub removed: u64,
        /// The layers of both, lowest first; where they part, those of the first come first.
        pub layers: Vec<ComparedLayer>,
        /// What the configurations, labels and annotations say otherwise; what is alike is left out.
        pub differences: Vec<Difference>,
    }

    /// One of the two.
    pub struct ComparedImage {
        /// As asked for.
        pub reference: String,
        /// Of what the reference names.
        pub digest: String,
        /// What it is.
        pub kind: String,
        /// The platform compared; null where it has none.
        pub platform: Option<String>,
        /// Bytes of that platform, as stored.
        pub size: Option<u64>,
        /// When it was built, by its own words.
        pub created: Option<String>,
        /// When it was pushed.
        pub pushed: Option<String>,
        /// How many layers it has.
        pub layers: u64,
    }

    /// A platform of either image.
    pub struct ComparedPlatform {
        /// `os/architecture[/variant]`.
        pub platform: String,
        /// Its manifest in the first; null where that has no such platform.
        pub from: Option<String>,
        /// Its manifest in the second.
        pub to: Option<String>,
    }

    /// A layer of either image.
    pub struct ComparedLayer {
        /// Of the stored (compressed) blob.
        pub digest: String,
        /// Bytes as stored.
        pub size: Option<u64>,
        /// The step that made it, where known.
        pub created_by: Option<String>,
        /// Whose it is.
        pub state: LayerState,
    }

    /// One thing that is said otherwise.
    pub struct Difference {
        /// `run`, `environment`, `label` or `annotation`.
        pub group: String,
        /// The field's, variable's or label's name.
        pub name: String,
        /// In the first; null where it says nothing.
        pub from: Option<String>,
        /// In the second.
        pub to: Option<String>,
    }
}

/// Whose a layer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LayerState {
    /// Both have it.
    Same,
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
}
