use super::*;
use serde_json::{Value, json};

fn descriptor(c: char, size: i64) -> Value {
    json!({"mediaType": "application/octet-stream", "digest": format!("sha256:{}", c.to_string().repeat(64)), "size": size})
}

fn read(value: &Value, header: Option<&str>) -> Result<Document> {
    Document::read(value.to_string().as_bytes(), header)
}

#[test]
fn an_image_names_its_blobs_and_an_index_its_children() {
    let foreign = json!({"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "digest": format!("sha256:{}", "f".repeat(64)), "size": 7});
    let image = read(
        &json!({"schemaVersion": 2, "config": descriptor('a', 1), "layers": [descriptor('b', 2), foreign], "subject": descriptor('c', 3)}),
        None,
    )
    .unwrap();
    assert_eq!(image.media_type, media_type::OCI_MANIFEST);
    assert_eq!(image.blobs.iter().map(|n| n.size).collect::<Vec<_>>(), [2, 1]);
    assert!(image.subject.is_some());
    let index = read(&json!({"schemaVersion": 2, "mediaType": media_type::DOCKER_LIST, "manifests": [descriptor('a', 1)]}), None).unwrap();
    assert_eq!((index.children.len(), index.blobs.len()), (1, 0));
    assert!(read(&json!({"schemaVersion": 2, "manifests": [], "own": {"field": 1}}), None).is_ok());
}

#[test]
fn what_is_wrong_is_said() {
    let (d, image, index) = (descriptor('a', 1), media_type::OCI_MANIFEST, media_type::OCI_INDEX);
    for (value, word) in [
        (json!(null), "well-formed"),
        (json!([]), "well-formed"),
        (json!({}), "schemaVersion"),
        (json!({"schemaVersion": 1, "config": d, "layers": []}), "schema 1"),
        (json!({"schemaVersion": "2", "config": d, "layers": []}), "well-formed"),
        (json!({"schemaVersion": 2, "fsLayers": []}), "schema 1"),
        (json!({"schemaVersion": 2}), "neither"),
        (json!({"schemaVersion": 2, "layers": null, "config": null}), "neither"),
        (json!({"schemaVersion": 2, "config": d, "layers": [], "manifests": []}), "at once"),
        (json!({"schemaVersion": 2, "mediaType": index, "config": d, "layers": []}), "fields"),
        (json!({"schemaVersion": 2, "mediaType": "text/html", "config": d, "layers": []}), "text/html"),
        (json!({"schemaVersion": 2, "mediaType": image.to_uppercase(), "config": d, "layers": []}), "are not taken"),
        (json!({"schemaVersion": 2, "mediaType": format!("{index}; charset=utf-8"), "manifests": []}), "are not taken"),
        (json!({"schemaVersion": 2, "layers": []}), "config"),
        (json!({"schemaVersion": 2, "config": descriptor('a', -1), "layers": []}), "-1"),
        (json!({"schemaVersion": 2, "config": d, "layers": [{"digest": "../../x", "size": 1}]}), "digest"),
        (json!({"schemaVersion": 2, "config": d, "layers": [null]}), "well-formed"),
        (json!({"schemaVersion": 2, "config": d, "layers": vec![d.clone(); limits::DESCRIPTORS + 1]}), "items"),
        (json!({"schemaVersion": 2, "config": d, "Layers": [], "layers": []}), "capitals"),
        (json!({"schemaVersion": 2, "config": {"mediaType": "x/y", "digest": d["digest"], "size": u64::MAX}, "layers": []}), "impossible"),
    ] {
        let error = read(&value, None).unwrap_err();
        assert!(error.message.contains(word), "{value} {error}");
        assert_eq!(error.code, Code::ManifestInvalid);
    }
    assert!(read(&json!({"schemaVersion": 2, "config": d, "layers": []}), Some(index)).unwrap_err().message.contains("sent as"));
    assert!(read(&json!({"schemaVersion": 2, "config": d, "layers": []}), Some(&format!("{image}; charset=utf-8"))).is_ok());
    let twice = format!(r#"{{"schemaVersion":2,"layers":[],"layers":[],"config":{d}}}"#);
    assert!(Document::read(twice.as_bytes(), None).unwrap_err().message.contains("duplicate"));
    // Half of a pair of surrogates, in what is not looked at.
    for other in [r#""\ud800""#, r#"{"\ud800":[]}"#, "[1e999]"] {
        let unreadable = format!(r#"{{"schemaVersion":2,"manifests":[],"other":{other}}}"#);
        assert!(Document::read(unreadable.as_bytes(), None).unwrap_err().message.contains("well-formed"), "{other}");
        assert!(oci::Manifest::parse(unreadable.as_bytes(), None).is_err());
    }
    assert_eq!(depth(br#"{"a":"[[[\"[[","b":[{}]}"#), 3);
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(9999), "]".repeat(9999));
    assert!(Document::read(deep.as_bytes(), None).unwrap_err().message.contains("nested"));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = (Document::read(&bytes, None), stored_type(&bytes), reference(&bytes).is_some());
    }
}

#[test]
fn what_is_stored_is_read_leniently() {
    assert_eq!(stored_type(br#"{"manifests":[]}"#), media_type::OCI_INDEX);
    assert_eq!(stored_type(br#"{"schemaVersion":1}"#), media_type::DOCKER_SCHEMA1_SIGNED);
    assert_eq!(stored_type(br#"{"mediaType":"a/b\r\nx: y"}"#), media_type::OCI_MANIFEST);
    assert_eq!(stored_type(b"junk"), media_type::OCI_MANIFEST);
}

#[test]
fn what_was_put_is_found_again() {
    let mut config = descriptor('a', 1);
    config["mediaType"] = "application/vnd.oci.image.layer.nondistributable.v1.tar".into();
    let image = json!({"schemaVersion": 2, "config": config, "layers": [], "subject": descriptor('c', 3)}).to_string();
    for image in [image.clone(), image.replace("\"subject\"", "\"\\u0073ubject\"")] {
        let put = Document::read(image.as_bytes(), None).unwrap();
        assert_eq!(put.blobs.into_iter().map(|named| named.digest).collect::<Vec<_>>(), stored_names(image.as_bytes()).unwrap().blobs);
        assert_eq!(put.subject, reference(image.as_bytes()).map(|reference| reference.subject), "{image}");
    }
}
