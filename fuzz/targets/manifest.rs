//! A manifest that is put: what is taken in strictly is read from the storage, and by the catalogue, as the same. The input's first line
//! is the Content-Type.
#![no_main]

use embedded::fuzzing::{manifest, stored};
use oci::{Body, Digest, Manifest, limits, media_type};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (header, bytes) = fuzz::first_line(data);
    let stored = stored(bytes);
    assert!(!stored.media_type.is_empty() && stored.media_type.len() <= 255);
    assert!(stored.media_type.bytes().all(|b| b.is_ascii_graphic()), "it is sent as a header: {:?}", stored.media_type);
    let read = Manifest::parse(bytes, None);
    let taken = match manifest(bytes, Some(header)) {
        Ok(taken) => taken,
        Err(error) => {
            assert!(error.code.status().is_client_error());
            return;
        }
    };
    assert!(media_type::is_manifest(&taken.media_type));
    assert_eq!(taken.media_type, stored.media_type, "as it was put, and as it is served after a restart");
    assert!(taken.blobs.len() <= limits::DESCRIPTORS + 1 && taken.children.len() <= limits::DESCRIPTORS);
    assert!(taken.blobs.iter().chain(&taken.children).all(|(_, size)| i64::try_from(*size).is_ok()));
    let digests = |named: &[(Digest, u64)]| named.iter().map(|(digest, _)| digest.clone()).collect::<Vec<_>>();
    assert!(fuzz::same(&digests(&taken.blobs), &stored.blobs), "{:?} {:?}", taken.blobs, stored.blobs);
    assert!(fuzz::same(&digests(&taken.children), &stored.children));
    assert_eq!(taken.subject, stored.subject, "pushed with a subject, and listed as its referrer");

    let read = read.expect("what our registry takes, our catalogue reads");
    assert_eq!(read.media_type, taken.media_type);
    assert_eq!(read.subject.map(|subject| subject.digest), taken.subject);
    match read.body {
        Body::Index { manifests } => {
            assert!(fuzz::same(&manifests.into_iter().map(|d| (d.digest, d.size)).collect::<Vec<_>>(), &taken.children))
        }
        Body::Image { config, layers } => {
            let seen: Vec<_> = config.into_iter().chain(layers).map(|d| (d.digest, d.size)).collect();
            // Those that are kept elsewhere are seen, and not asked for.
            assert!(taken.blobs.iter().all(|blob| seen.contains(blob)), "{:?} {seen:?}", taken.blobs);
        }
        Body::Schema1 { .. } => panic!("schema 1 is not taken"),
    }
});
