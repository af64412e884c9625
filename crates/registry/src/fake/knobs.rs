use super::Answer;

/// How the fake behaves; change it while it runs with [`knobs`](super::Fake::knobs).
#[derive(Debug, Clone)]
pub struct Knobs {
    /// `n` above this is refused; `None` never refuses.
    pub refuse_n_above: Option<usize>,
    /// Status and error code of that refusal.
    pub refusal: (u16, &'static str),
    /// Refuses any `n`, as registries that know no paging may.
    pub refuse_any_n: bool,
    /// Items on a page where `n` is not given; 0: all.
    pub default_page: usize,
    /// Items on a page at most, whatever `n` says; 0: no such bound.
    pub max_page: usize,
    /// Tag lists ignore `n` and `last`, as docker-registry 2.8 does.
    pub tags_unpaged: bool,
    /// What stands in the Link header.
    pub link: LinkStyle,
    /// Tag lists and the catalogue are `null`.
    pub null_tags: bool,
    /// The Docker-Content-Digest header on HEAD and GET.
    pub digest_header: (bool, bool),
    /// HEAD of a manifest is answered at all (else 405).
    pub head: bool,
    /// The referrers API exists.
    pub referrers: bool,
    /// What an absent referrers API answers instead of distribution's 404 text.
    pub referrers_absent: Option<Answer>,
    /// The fallback tag of a digest names the digest itself, as GitLab has it.
    pub gitlab_fallback: bool,
    /// The catalogue answers this instead.
    pub catalog: Option<Answer>,
    /// Deletes are on (else 405).
    pub delete: bool,
    /// DELETE takes a tag (else 400 DIGEST_INVALID, as docker-registry 2.8 has it).
    pub delete_tag: bool,
    /// DELETE of a tag deletes its digest, siblings included.
    pub delete_tag_takes_digest: bool,
    /// Blobs and children that a manifest names must be there when it is put. Those that [`push`](super::Fake::push) and
    /// [`push_manifest`](super::Fake::push_manifest) named count as there.
    pub check_blobs: bool,
    /// The digest that the answer to a put manifest tells; none where empty.
    pub put_digest: Option<String>,
    /// Blobs are mounted (else an upload begins: 202).
    pub mount: bool,
    /// Where an upload goes on.
    pub upload_location: LocationStyle,
    /// The next PATCHes of uploads are broken off, one each, after so many bytes, which are kept.
    pub break_uploads: Vec<usize>,
    /// An upload that was broken off can be gone on with (else 416, as docker-registry has it).
    pub resumable: bool,
    /// A PATCH of more bytes is refused with 413.
    pub max_patch: Option<usize>,
    /// OCI-Chunk-Min-Length of uploads.
    pub chunk_min: Option<usize>,
    /// GET of a blob takes a Range (else it is ignored).
    pub ranges: bool,
    /// It plays this product: its realm, and its API to delete tags.
    pub product: Option<Product>,
    /// Names put into every list as they are.
    pub more_names: Vec<String>,
    /// A delay before every answer.
    pub delay: std::time::Duration,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            refuse_n_above: Some(1000),
            refusal: (400, "PAGINATION_NUMBER_INVALID"),
            refuse_any_n: false,
            default_page: 100,
            max_page: 0,
            tags_unpaged: false,
            link: LinkStyle::Relative,
            null_tags: false,
            digest_header: (true, true),
            head: true,
            referrers: true,
            referrers_absent: None,
            gitlab_fallback: false,
            catalog: None,
            delete: true,
            delete_tag: true,
            delete_tag_takes_digest: false,
            check_blobs: true,
            put_digest: None,
            mount: true,
            upload_location: LocationStyle::Relative,
            break_uploads: Vec::new(),
            resumable: true,
            max_patch: None,
            chunk_min: None,
            ranges: true,
            product: None,
            more_names: Vec::new(),
            delay: std::time::Duration::ZERO,
        }
    }
}

/// What a page's Link header looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkStyle {
    /// `</v2/_catalog?…>; rel="next"`, with the path prefix.
    Relative,
    /// The same, without the path prefix (a proxy added it).
    WithoutPrefix,
    /// With scheme and host as the request's Host header had them.
    Absolute,
    /// With this origin instead.
    Origin(String),
    /// No header though there is more.
    Missing,
    /// Always the same next page, always full of the same names.
    Loop,
    /// Always another next page, always full of new names.
    Endless,
    /// This text, whatever it is.
    Verbatim(String),
}

/// What the Location of an upload looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocationStyle {
    /// With the path only.
    Relative,
    /// With scheme and host as the request's Host header had them.
    Absolute,
    /// With this origin instead.
    Origin(String),
}

/// Registries with an API of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    Harbor,
    /// Azure Container Registry.
    Azure,
}
