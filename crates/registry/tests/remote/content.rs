use super::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oci::media_type::{DOCKER_SCHEMA1_SIGNED, OCI_MANIFEST};
use registry::{
    Error,
    fake::{Answer, Fault, Image, Seen, content},
};

fn manifests(r: &Seen) -> bool {
    r.path.contains("/manifests/")
}

fn gets(r: &Seen) -> bool {
    r.method == "GET" && manifests(r)
}

#[tokio::test]
async fn an_image_is_read_and_verified() {
    let fake = fake().await;
    let image = Image::new("x").label("team", "blue");
    let digest = fake.push("team/api", "1", &image);
    let (remote, repository) = (remote(fake.url()), name("team/api"));
    let resolved = remote.resolve(&repository, &tag("1")).await.unwrap();
    assert_eq!((resolved.digest.clone(), resolved.size), (digest.clone(), Some(image.manifest().len() as u64)));
    assert_eq!(resolved.media_type.as_deref(), Some(OCI_MANIFEST));
    assert_eq!(fake.requests(), 1, "one HEAD");
    for target in [tag("1"), at(&digest)] {
        let manifest = remote.manifest(&repository, &target).await.unwrap();
        assert_eq!((manifest.digest, &manifest.bytes[..]), (digest.clone(), &image.manifest()[..]));
    }
    let config = content::sha256(&image.config());
    assert_eq!(remote.blob(&repository, &config, 1 << 20).await.unwrap(), image.config());
    let missing = remote.blob(&repository, &content::sha256(b"nothing"), 1).await.unwrap_err();
    assert!(matches!(missing, Error::NotFound(_)));
    let seen = &fake.log()[0];
    assert_eq!(seen.header("accept-encoding"), Some("identity"));
    assert!(seen.header("user-agent").unwrap().starts_with("supercargo/"));
    assert!(seen.header("cookie").is_none() && seen.header("authorization").is_none());
}

#[tokio::test]
async fn generated_content_is_consistent() {
    let fake = Fake::start(FakeSettings { repositories: 4, tags: 3, index_every: 2, ..FakeSettings::default() }).await.unwrap();
    let remote = remote(fake.url());
    for number in 0..4 {
        let repository = name(&content::repository_name(number));
        let raw = remote.manifest(&repository, &tag("1.0.2")).await.unwrap();
        let manifest = oci::Manifest::parse(&raw.bytes, raw.media_type.as_deref()).unwrap();
        let child = match manifest.default_platform() {
            Some((_, child)) => remote.manifest(&repository, &at(&child.digest)).await.unwrap(),
            None => raw,
        };
        let child = oci::Manifest::parse(&child.bytes, child.media_type.as_deref()).unwrap();
        let oci::Body::Image { config: Some(config), layers } = child.body else { panic!() };
        assert_eq!(layers.len(), 3);
        let bytes = remote.blob(&repository, &config.digest, 1 << 20).await.unwrap();
        assert_eq!(bytes.len() as u64, config.size);
    }
    fake.stop().await;
    fake.start_again().await.unwrap();
    assert_eq!(all_repositories(&remote).await.unwrap().len(), 4);
}

#[tokio::test]
async fn wrong_content_is_told_with_both_digests() {
    let fake = fake().await;
    let digest = fake.push("a", "1", &Image::new("right"));
    let other = Image::new("wrong").manifest();
    let (remote, repository) = (remote(fake.url()), name("a"));
    let body = other.clone();
    fake.fault(manifests, Fault::edit(move |a| a.body = body.clone().into()), 2);
    for target in [tag("1"), at(&digest)] {
        let error = remote.manifest(&repository, &target).await.unwrap_err();
        let text = error.to_string();
        assert!(
            matches!(error, Error::Misbehaved(_)) && text.contains(digest.as_str()) && text.contains(content::sha256(&other).as_str()),
            "{text}"
        );
    }
    let blob = fake.push_blob("a", b"true");
    fake.fault(|r| r.path.contains("/blobs/"), Fault::edit(|a| a.body = "lies".into()), 1);
    assert!(matches!(remote.blob(&repository, &blob, 10).await, Err(Error::Misbehaved(_))));
    fake.fault(manifests, Fault::edit(move |a| *a = a.clone().header("docker-content-digest", &format!("sha256:{}", "0".repeat(64)))), 1);
    assert!(matches!(remote.resolve(&repository, &at(&digest)).await, Err(Error::Misbehaved(_))));
}

#[tokio::test]
async fn sha512_is_verified_and_unknown_algorithms_are_hashed() {
    let fake = fake().await;
    let (remote, repository) = (remote(fake.url()), name("a"));
    let bytes = br#"{"layers":[]}"#;
    let right: Digest =
        "sha512:5b5f2c3e47d2bb1c9ee8e0fd3ef4d8a8d2f4f3e1d4a1b4c3ee3b5b1bbf0a2a2f6c33a3c1f0e6fd9d9d1c1a6bb9a36e7e0ce6f7d3d6f5d8f3b0a1b2c3d4e5f6a7"
            .parse()
            .unwrap();
    fake.push_manifest_as("a", "1", OCI_MANIFEST, bytes, &right);
    let error = remote.manifest(&repository, &at(&right)).await.unwrap_err();
    let is: Digest =
        error.to_string().split_whitespace().find(|w| w.starts_with("sha512:")).unwrap().trim_end_matches(',').parse().unwrap();
    fake.push_manifest_as("a", "2", OCI_MANIFEST, bytes, &is);
    assert_eq!(remote.manifest(&repository, &at(&is)).await.unwrap().digest, is);
    let odd: Digest = "blake3:abcdef".parse().unwrap();
    fake.push_manifest_as("a", "3", OCI_MANIFEST, bytes, &odd);
    assert_eq!(remote.manifest(&repository, &at(&odd)).await.unwrap().digest, content::sha256(bytes));
    assert!(matches!(remote.blob(&repository, &odd, 10).await, Err(Error::Unsupported(_))));
}

#[tokio::test]
async fn schema_1_is_found_by_the_second_accept_and_its_signatures_are_not_hashed() {
    let fake = fake().await;
    let payload = "{\n   \"schemaVersion\": 1,\n   \"fsLayers\": []\n}";
    let open = payload.len() - 2;
    let header = format!("{{\"formatLength\":{open},\"formatTail\":\"{}\"}}", URL_SAFE_NO_PAD.encode("\n}"));
    let signed = format!("{},\n   \"signatures\": [{{\"protected\": \"{}\"}}]\n}}", &payload[..open], URL_SAFE_NO_PAD.encode(header));
    let digest = content::sha256(payload.as_bytes());
    fake.push_manifest_as("a", "old", DOCKER_SCHEMA1_SIGNED, signed.as_bytes(), &digest);
    let (remote, repository) = (remote(fake.url()), name("a"));
    for target in [tag("old"), at(&digest)] {
        let manifest = remote.manifest(&repository, &target).await.unwrap();
        assert_eq!((manifest.digest, manifest.media_type.as_deref()), (digest.clone(), Some(DOCKER_SCHEMA1_SIGNED)));
        assert_eq!(manifest.bytes, signed);
        assert_eq!(remote.resolve(&repository, &target).await.unwrap().digest, digest);
    }
    fake.knobs(|k| k.digest_header = (false, false));
    assert_eq!(remote.resolve(&repository, &tag("old")).await.unwrap().digest, digest);
    let forged = signed.replace("\"fsLayers\": []", "\"fsLayers\": [1]");
    fake.push_manifest_as("a", "old", DOCKER_SCHEMA1_SIGNED, forged.as_bytes(), &digest);
    assert!(matches!(remote.manifest(&repository, &at(&digest)).await, Err(Error::Misbehaved(_))));
}

#[tokio::test]
async fn without_head_or_its_digest_the_manifest_is_read() {
    let fake = fake().await;
    let digest = fake.push("a", "1", &Image::new("x"));
    let repository = name("a");
    for change in [(true, (false, true)), (true, (false, false)), (false, (true, true))] {
        fake.knobs(|k| (k.head, k.digest_header) = change);
        let resolved = remote(fake.url()).resolve(&repository, &tag("1")).await.unwrap();
        assert_eq!(resolved.digest, digest, "{change:?}");
    }
    fake.fault(|r| r.method == "HEAD", Fault::edit(|a| *a = a.clone().header("docker-content-digest", "md5 of it")), 1);
    fake.knobs(|k| (k.head, k.digest_header) = (true, (true, true)));
    assert_eq!(remote(fake.url()).resolve(&repository, &tag("1")).await.unwrap().digest, digest);
    let remote = remote(fake.url());
    remote.resolve(&repository, &tag("1")).await.unwrap();
    let before = fake.requests();
    assert!(matches!(remote.resolve(&repository, &tag("gone")).await, Err(Error::NotFound(_))));
    assert_eq!(fake.requests() - before, 2, "a HEAD that works is believed");
}

#[tokio::test]
async fn answers_that_are_no_manifest_are_told() {
    let fake = fake().await;
    fake.push("a", "1", &Image::new("x"));
    let remote = remote(fake.url());
    for odd in [
        Answer::of("text/html", "<!doctype html><h1>Sign in</h1>"),
        Answer::of(OCI_MANIFEST, ""),
        Answer::of(OCI_MANIFEST, "hello"),
        Answer::status(204),
        Answer::status(302).header("location", "/login?x").header("x", "y").without("location"),
    ] {
        fake.fault(manifests, Fault::Answer(odd.clone()), 2);
        let error = remote.manifest(&name("a"), &tag("1")).await.unwrap_err();
        assert!(matches!(error, Error::Misbehaved(_)), "{odd:?}: {error}");
        assert!(!error.to_string().contains("<h1>"));
        fake.mend();
    }
}

#[tokio::test]
async fn bodies_are_bounded() {
    let fake = fake().await;
    fake.push("a", "1", &Image::new("x"));
    let (remote, repository) = (remote(fake.url()), name("a"));
    let big = Answer::of(OCI_MANIFEST, vec![b' '; oci::limits::MANIFEST + 1]);
    fake.fault(gets, Fault::Answer(big), 1);
    let error = remote.manifest(&repository, &tag("1")).await.unwrap_err();
    assert!(matches!(&error, Error::TooLarge(why) if why.contains("4194305")), "{error}");
    let endless = Answer { endless: true, ..Answer::of(OCI_MANIFEST, vec![b' '; 1 << 16]) };
    fake.fault(gets, Fault::Answer(endless.clone()), 1);
    assert!(matches!(remote.manifest(&repository, &tag("1")).await, Err(Error::TooLarge(_))));
    let blob = fake.push_blob("a", b"0123456789");
    assert!(matches!(remote.blob(&repository, &blob, 9).await, Err(Error::TooLarge(_))));
    assert_eq!(remote.blob(&repository, &blob, 10).await.unwrap().len(), 10);
    fake.fault(gets, Fault::edit(|a| *a = a.clone().header("content-encoding", "gzip")), 1);
    let error = remote.manifest(&repository, &tag("1")).await.unwrap_err();
    assert!(matches!(&error, Error::Misbehaved(why) if why.contains("compressed")), "{error}");
    // An endless error page is only glanced at.
    fake.fault(gets, Fault::Answer(Answer { status: 403, ..endless }), 1);
    assert!(matches!(remote.manifest(&repository, &tag("1")).await, Err(Error::Refused(_))));
}

#[tokio::test]
async fn broken_and_slow_bodies_are_asked_for_again() {
    let fake = fake().await;
    let digest = fake.push("a", "1", &Image::new("x"));
    let (remote, repository) = (remote(fake.url()), name("a"));
    fake.fault(gets, Fault::edit(|a| a.cut = Some(10)), 2);
    assert_eq!(remote.manifest(&repository, &tag("1")).await.unwrap().digest, digest);
    assert_eq!(fake.count(gets), 3);
    fake.fault(gets, Fault::edit(|a| a.trickle = Some((10, Duration::from_secs(5)))), 3);
    let error = remote.manifest(&repository, &tag("1")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
    assert_eq!(fake.count(gets), 6, "three tries, no more");
}

#[tokio::test]
async fn hostile_words_are_cleaned() {
    let fake = fake().await;
    let body = "{\"errors\":[{\"code\":\"\\u001b[31mX\",\"message\":\"a\\u202eb\\n<script>\"}]}";
    fake.push("a", "1", &Image::new("x"));
    fake.fault(manifests, Fault::Answer(Answer { status: 403, ..Answer::of("application/json", body) }), 2);
    let text = remote(fake.url()).manifest(&name("a"), &tag("1")).await.unwrap_err().to_string();
    assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{text:?}");
}
