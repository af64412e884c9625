//! Names, tags, digests, references, platforms and versions: what parses is written back to the same, and bounded.
#![no_main]

use oci::{Digest, Platform, Reference, RepositoryName, Tag, VersionKey};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(name) = RepositoryName::parse(text) {
        assert_eq!(name.as_str(), text);
        assert!(text.len() <= RepositoryName::MAX_LEN);
        assert!(text.split('/').all(|part| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && !part.contains("..")));
        let joined = if name.namespace().is_empty() { name.leaf().to_owned() } else { format!("{}/{}", name.namespace(), name.leaf()) };
        assert_eq!(joined, text);
    }
    if let Ok(tag) = Tag::parse(text) {
        assert_eq!(tag.as_str(), text);
        assert!(text.len() <= Tag::MAX_LEN && !text.starts_with(['.', '-']) && !text.contains('/'));
        if let Some((digest, _)) = tag.machinery() {
            assert!(text.starts_with(&digest.referrers_tag()) && tag.is_machinery());
        }
    }
    if let Ok(digest) = Digest::parse(text) {
        assert_eq!(format!("{}:{}", digest.algorithm(), digest.encoded()), text);
        assert!(text.len() <= Digest::MAX_LEN && digest.short().len() <= text.len() + '…'.len_utf8());
        assert!(Tag::parse(&digest.referrers_tag()).is_ok(), "{digest}");
    }
    if let Ok(reference) = Reference::parse(text) {
        assert!(oci::registry_name(&reference.registry));
        assert_eq!(Reference::parse(&reference.to_string()).as_ref(), Ok(&reference));
        assert!(reference.to_string().len() <= text.len());
    }
    if let Some(platform) = Platform::parse(text) {
        assert_eq!(Platform::parse(&platform.to_string()), Some(platform));
    }
    let mut keys = text.splitn(3, '\n').map(VersionKey::new);
    if let (Some(a), Some(b), Some(c)) = (keys.next(), keys.next(), keys.next()) {
        assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        assert_eq!(a.cmp(&b).is_eq(), a == b);
        assert!(!(a <= b && b <= c) || a <= c);
        assert!(!(a >= b && b >= c) || a >= c);
    }
});
