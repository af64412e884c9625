use std::fmt;

/// A field of the language: what stands before the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    Registry,
    Repo,
    Tag,
    Digest,
    Label,
    Arch,
    Os,
    Platform,
    Kind,
    Age,
    Pushed,
    Size,
    Signed,
    Layers,
    Base,
}

impl Field {
    pub const ALL: [Self; 15] = [
        Self::Repo,
        Self::Tag,
        Self::Label,
        Self::Kind,
        Self::Platform,
        Self::Arch,
        Self::Os,
        Self::Pushed,
        Self::Age,
        Self::Size,
        Self::Signed,
        Self::Base,
        Self::Layers,
        Self::Digest,
        Self::Registry,
    ];

    /// The word in queries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Repo => "repo",
            Self::Tag => "tag",
            Self::Digest => "digest",
            Self::Label => "label",
            Self::Arch => "arch",
            Self::Os => "os",
            Self::Platform => "platform",
            Self::Kind => "kind",
            Self::Age => "age",
            Self::Pushed => "pushed",
            Self::Size => "size",
            Self::Signed => "signed",
            Self::Layers => "layers",
            Self::Base => "base",
        }
    }

    /// What it compares, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Registry => "the registry's name",
            Self::Repo => "the repository's name",
            Self::Tag => "the tag",
            Self::Digest => "the digest's first digits",
            Self::Label => "a label or annotation",
            Self::Arch => "an architecture it runs on",
            Self::Os => "an operating system it runs on",
            Self::Platform => "a platform it runs on",
            Self::Kind => "what it is",
            Self::Age => "how long ago it was built",
            Self::Pushed => "when it was pushed",
            Self::Size => "its compressed size",
            Self::Signed => "whether it is signed",
            Self::Layers => "how many layers it has",
            Self::Base => "its base image",
        }
    }

    /// A whole term as an example.
    pub fn example(self) -> &'static str {
        match self {
            Self::Registry => "registry:prod",
            Self::Repo => "repo:team/*",
            Self::Tag => "tag:v2.*",
            Self::Digest => "digest:3f2a91",
            Self::Label => "label:team=payments",
            Self::Arch => "arch:arm64",
            Self::Os => "os:linux",
            Self::Platform => "platform:linux/arm64",
            Self::Kind => "kind:helm",
            Self::Age => "age:>30d",
            Self::Pushed => "pushed:<7d",
            Self::Size => "size:>500MB",
            Self::Signed => "signed:no",
            Self::Layers => "layers:>20",
            Self::Base => "base:alpine",
        }
    }

    /// The field of a name, in any case; `repository` and `architecture` may be written out.
    pub fn parse(name: &str) -> Option<Self> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        Self::ALL
            .into_iter()
            .find(|f| is(f.name()))
            .or_else(|| is("repository").then_some(Self::Repo))
            .or_else(|| is("architecture").then_some(Self::Arch))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
