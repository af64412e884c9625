//! A request's raw path: what it is about is written back to the same, and no path in the storage that is made of it leaves the storage.
#![no_main]

use embedded::Route;
use oci::Target;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some(id) = embedded::fuzzing::upload_id(text) {
        assert_eq!(id.to_string(), text);
    }
    let route = match Route::parse(text) {
        Ok(route) => route,
        Err(error) => {
            assert!(error.code.status().is_client_error() && !error.message.contains(['\n', '\0']), "{error:?}");
            return;
        }
    };
    let written = match &route {
        Route::Base => "/v2/".to_owned(),
        Route::Catalogue => "/v2/_catalog".to_owned(),
        Route::Tags(name) => format!("/v2/{name}/tags/list"),
        Route::Referrers(name, digest) => format!("/v2/{name}/referrers/{digest}"),
        Route::Manifest(name, Target::Tag(tag)) => format!("/v2/{name}/manifests/{tag}"),
        Route::Manifest(name, Target::Digest(digest)) => format!("/v2/{name}/manifests/{digest}"),
        Route::Blob(name, digest) => format!("/v2/{name}/blobs/{digest}"),
        Route::Uploads(name) => format!("/v2/{name}/blobs/uploads/"),
        Route::Upload(name, id) => format!("/v2/{name}/blobs/uploads/{id}"),
    };
    assert_eq!(Route::parse(&written).as_ref().ok(), Some(&route), "{written}");
    assert!(written.len() <= text.len() + 1, "{written}");
    embedded::fuzzing::paths(&route).iter().for_each(|path| fuzz::is_inside(path));
});
