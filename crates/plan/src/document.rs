//! A plan, as it is stored, shown and carried out. Its JSON is stable: what is stored by one version is read by the next.

use crate::Text;
use serde::{Deserialize, Serialize};

/// What a change to one registry would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The registry that is changed, by its name in our settings.
    pub registry: Text,
    /// What is done, in the order in which it is done: repository by repository. Empty where nothing can be.
    pub steps: Vec<Step>,
    /// What goes, stays and appears: in the order of the steps, then what stays. Where a problem keeps the whole plan from being carried
    /// out there are effects without steps.
    pub effects: Vec<Effect>,
    /// Bytes of the layers and configurations that nothing in the registry names afterwards.
    pub frees: u64,
    /// `frees` is exact. Else a size or a content is not known, and it is only what is known so far.
    pub frees_certain: bool,
    /// It takes over half of a repository's tags, or the last name of more than one image.
    pub wide: bool,
    /// To be sent back word for word.
    pub confirm: String,
    /// What keeps it, or a part of it, from being done.
    pub problems: Vec<Problem>,
    /// How it is done and what remains to be done, in sentences.
    pub notes: Vec<String>,
}

/// One request to the registry. Each is idempotent: what is there already is done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Takes one tag away and leaves what it names.
    Untag {
        /// Within the registry.
        repository: Text,
        /// The tag that goes.
        tag: Text,
        /// What it must name just before.
        digest: Text,
        /// Of what it names.
        media_type: Text,
        /// How.
        way: Way,
    },
    /// Deletes a manifest by its digest.
    DeleteManifest {
        /// Within the registry.
        repository: Text,
        /// What goes.
        digest: Text,
        /// Of what goes.
        media_type: Text,
        /// The tags that vanish with it, those that are only machinery among them.
        tags: Vec<Text>,
    },
    /// Puts a manifest's bytes under a tag of the repository in which it lies.
    PutTag {
        /// Within the registry.
        repository: Text,
        /// The tag.
        tag: Text,
        /// What it names afterwards.
        digest: Text,
        /// Of that.
        media_type: Text,
        /// What it must name just before; none where the tag must not be there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<Text>,
    },
    /// Puts a manifest back by its digest, as an undo does; no plan made here has this step.
    PutManifest {
        /// Within the registry.
        repository: Text,
        /// What comes back.
        digest: Text,
        /// Of that.
        media_type: Text,
    },
    /// Copies an image with all that belongs to it.
    Copy {
        /// From where.
        from: Place,
        /// To where.
        to: Place,
        /// What is copied. Where only some platforms are, the copy may have another digest.
        digest: Text,
        /// Of that.
        media_type: Text,
        /// Only these platforms; all of them when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        platforms: Vec<Text>,
        /// Bytes, where they are known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        /// What the tag must name just before; none where it must not be there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<Text>,
    },
}

/// How a single tag is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// `DELETE` by tag.
    ByName,
    /// A placeholder is pushed to the tag and deleted by its digest (decision 006).
    Placeholder,
}

/// Where an image lies, or comes to lie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// By its name in our settings.
    pub registry: Text,
    /// Within the registry.
    pub repository: Text,
    /// None: by digest alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Text>,
}

/// One thing that a plan does, or leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// What it is about.
    pub kind: EffectKind,
    /// Within the registry.
    pub repository: Text,
    /// Of a tag, its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Text>,
    /// What the tag names, or the thing's own; none where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Text>,
    /// What becomes of it.
    pub fate: Fate,
    /// Why: the end of a sentence that begins with what becomes of it.
    pub why: Text,
}

/// What stands in the way of a plan or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable, for programs.
    pub code: Code,
    /// What, in a sentence.
    pub detail: String,
    /// What mends it, where something does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

macro_rules! words {
    ($($(#[$m:meta])* pub enum $name:ident { $($(#[$vm:meta])* $variant:ident $text:literal,)* })*) => {$(
        $(#[$m])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vm])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// As it stands in JSON.
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $text),* } }
        }
    )*};
}

words! {
    /// What an effect is about.
    pub enum EffectKind {
        /// A name.
        Tag "tag",
        /// An image, index or artifact.
        Manifest "manifest",
        /// A layer or configuration.
        Blob "blob",
    }

    /// What becomes of something.
    pub enum Fate {
        /// It is no longer there.
        Goes "goes",
        /// It is left, though it might seem otherwise.
        Stays "stays",
        /// It was not there before.
        Appears "appears",
    }

    /// What kind of problem it is.
    pub enum Code {
        /// The registry refuses every delete: nothing is done.
        DeleteDisabled "delete_disabled",
        /// Our settings forbid it: nothing is done.
        ReadOnly "read_only",
        /// The registry cannot delete this tag alone.
        DeleteTag "delete_tag",
        /// A live index lists this digest.
        IndexChild "index_child",
        /// It is protected.
        Protected "protected",
        /// It is not known what the tag names.
        Unreadable "unreadable",
        /// Something in the repository was not read yet that may name or list what would be deleted.
        Unread "unread",
        /// The manifest's own content was not read: it may be an index, and could not be put back.
        UnreadManifest "unread_manifest",
        /// The repository does not have it.
        NotFound "not_found",
        /// A policy that would take everything.
        TakesEverything "takes_everything",
        /// A policy about pulls, where they are not told.
        PullsUnknown "pulls_unknown",
        /// Two different images for one tag.
        Conflict "conflict",
        /// The snapshot refers to what it does not have: a fault of ours.
        Malformed "malformed",
    }
}
