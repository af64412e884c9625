//! Links in the storage, whoever wrote them: what is read is what stands there.
#![no_main]

use oci::RepositoryName;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(digest) = embedded::fuzzing::link(data) else { return };
    let text = std::str::from_utf8(data).unwrap();
    assert_eq!(text.trim(), digest.as_str());
    assert_eq!(embedded::fuzzing::link(digest.as_str().as_bytes()).as_ref(), Some(&digest));
    let name = RepositoryName::parse("a").unwrap();
    embedded::fuzzing::paths(&embedded::Route::Blob(name, digest)).iter().for_each(|path| fuzz::is_inside(path));
});
