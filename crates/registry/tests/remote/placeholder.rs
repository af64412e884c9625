//! Taking one of two tags of a digest away where only digests are deleted.

use super::*;
use oci::media_type::{DOCKER_MANIFEST, OCI_MANIFEST};
use registry::{
    Error, Family,
    fake::{Answer, Fault, Image, Seen, content},
    placeholder,
};
use std::sync::{Arc, Mutex};

fn deletes(r: &Seen) -> bool {
    r.method == "DELETE" && !r.path.ends_with(&"0".repeat(64))
}

fn puts(r: &Seen) -> bool {
    r.method == "PUT" && r.path.contains("/manifests/")
}

fn heads(r: &Seen) -> bool {
    r.method == "HEAD" && r.path.contains("/manifests/")
}

fn one() -> Tag {
    Tag::parse("1").unwrap()
}

async fn old_registry() -> (Fake, Remote, Digest) {
    let fake = fake().await;
    fake.knobs(|k| k.delete_tag = false);
    let digest = fake.push("a", "1", &Image::new("x"));
    fake.push("a", "2", &Image::new("x"));
    let remote = remote(fake.url());
    (fake, remote, digest)
}

async fn stands(remote: &Remote, digest: &Digest) {
    for t in ["1", "2"] {
        assert_eq!(remote.resolve(&name("a"), &tag(t)).await.unwrap().digest, *digest, "{t}");
    }
}

async fn gone(remote: &Remote, digest: &Digest) {
    assert_eq!(all_tags(remote, "a").await.unwrap(), ["2"]);
    assert_eq!(remote.resolve(&name("a"), &tag("2")).await.unwrap().digest, *digest);
    assert_eq!(remote.manifest(&name("a"), &at(digest)).await.unwrap().bytes, Image::new("x").manifest());
}

#[tokio::test]
async fn the_tag_goes_and_its_sibling_stays() {
    for (family, kind) in [(Family::Oci, OCI_MANIFEST), (Family::Docker, DOCKER_MANIFEST)] {
        let (fake, remote, digest) = old_registry().await;
        remote.untag_by_placeholder(&name("a"), &one(), &digest, family).await.unwrap();
        gone(&remote, &digest).await;
        let put = fake.log().into_iter().find(puts).unwrap();
        assert_eq!((put.header("content-type"), placeholder::of(&put.body)), (Some(kind), Some(digest.clone())));
        let deleted = fake.log().into_iter().find(deletes).unwrap();
        assert!(deleted.path.ends_with(content::sha256(&put.body).as_str()), "it is what was deleted");
    }
}

#[tokio::test]
async fn many_at_once_do_not_share_a_placeholder() {
    let (fake, remote, digest) = old_registry().await;
    for n in 10..30 {
        fake.push("a", &format!("{n}"), &Image::new("x"));
    }
    let repository = name("a");
    let all = (10..30).map(|n| {
        let (remote, repository, digest) = (&remote, &repository, &digest);
        async move { remote.untag_by_placeholder(repository, &Tag::parse(&n.to_string()).unwrap(), digest, Family::Oci).await }
    });
    for done in futures::future::join_all(all).await {
        done.unwrap();
    }
    stands(&remote, &digest).await;
    assert_eq!(all_tags(&remote, "a").await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_tag_that_has_moved_is_left_alone() {
    let (fake, remote, digest) = old_registry().await;
    let other = fake.push("a", "1", &Image::new("y"));
    let error = remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::Oci).await.unwrap_err();
    assert!(matches!(&error, Error::Moved(why) if why.contains(other.as_str()) && why.contains(digest.as_str())), "{error}");
    assert_eq!(fake.count(|r| r.method == "PUT" || r.method == "POST" || deletes(r)), 0);
    let error = remote.untag_by_placeholder(&name("a"), &Tag::parse("9").unwrap(), &digest, Family::Oci).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
}

#[tokio::test]
async fn nothing_is_changed_where_the_placeholder_could_not_be_deleted() {
    let (fake, remote, digest) = old_registry().await;
    fake.knobs(|k| k.delete = false);
    let error = remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::Oci).await.unwrap_err();
    assert!(matches!(&error, Error::Unsupported(why) if why.contains("REGISTRY_STORAGE_DELETE_ENABLED")), "{error}");
    assert_eq!(fake.count(|r| matches!(r.method.as_str(), "PUT" | "POST" | "PATCH")), 0);
    stands(&remote, &digest).await;
}

#[tokio::test]
async fn what_fails_half_way_is_put_back_and_told() {
    let forbidden = || Fault::Answer(Answer::error(403, "DENIED"));
    // The placeholder cannot be deleted after all.
    let (fake, remote, digest) = old_registry().await;
    fake.fault(deletes, forbidden(), 9);
    let error = remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::Oci).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(why) if why.contains("again, as before")), "{error}");
    stands(&remote, &digest).await;
    // It cannot be put.
    let (fake, remote, digest) = old_registry().await;
    fake.fault(puts, forbidden(), 1);
    let error = remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::Oci).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(why) if why.contains("as before")), "{error}");
    stands(&remote, &digest).await;
    // It is said to be deleted and is not.
    let (fake, remote, digest) = old_registry().await;
    fake.fault(deletes, Fault::Answer(Answer::status(202)), 1);
    let error = remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::Oci).await.unwrap_err();
    assert!(matches!(&error, Error::Misbehaved(why) if why.contains("again, as before")), "{error}");
    stands(&remote, &digest).await;
    // Nor can the old one be put back.
    let (fake, remote, digest) = old_registry().await;
    fake.fault(deletes, forbidden(), 9);
    fake.fault(|r| puts(r) && placeholder::of(&r.body).is_none(), forbidden(), 9);
    let error = remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::Oci).await.unwrap_err();
    assert!(error.to_string().contains("could not be put back") && error.to_string().contains(digest.as_str()), "{error}");
    assert_eq!(remote.resolve(&name("a"), &tag("2")).await.unwrap().digest, digest);
    // Asked for again it goes on from there.
    fake.mend();
    remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::Oci).await.unwrap();
    gone(&remote, &digest).await;
}

#[tokio::test]
async fn lost_and_wrong_answers_are_made_up_for() {
    for which in [puts as fn(&Seen) -> bool, deletes] {
        for fault in [Fault::Lose, Fault::edit(|a| *a = Answer::status(500)), Fault::Answer(Answer::status(429))] {
            let (fake, remote, digest) = old_registry().await;
            fake.fault(which, fault.clone(), 1);
            remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::Oci).await.unwrap();
            gone(&remote, &digest).await;
        }
    }
    // Deleted, and every answer after it is wrong.
    let (fake, remote, digest) = old_registry().await;
    fake.fault(deletes, Fault::edit(|a| *a = Answer::error(403, "DENIED")), 3);
    remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::Oci).await.unwrap();
    gone(&remote, &digest).await;
}

#[tokio::test]
async fn what_somebody_else_puts_there_meanwhile_stays() {
    let (fake, remote, digest) = old_registry().await;
    let fake = Arc::new(fake);
    let moved: Arc<Mutex<Option<Digest>>> = Arc::default();
    let (pusher, to) = (Arc::downgrade(&fake), Arc::clone(&moved));
    // Between our putting the placeholder and our looking.
    let push = move |_: &mut Answer| {
        if let Some(fake) = pusher.upgrade() {
            *to.lock().unwrap() = Some(fake.push("a", "1", &Image::new("theirs")));
        }
    };
    fake.fault(puts, Fault::edit(push), 1);
    let error = remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::Oci).await.unwrap_err();
    assert!(matches!(error, Error::Moved(_)), "{error}");
    let theirs = moved.lock().unwrap().clone().unwrap();
    assert_eq!(remote.resolve(&name("a"), &tag("1")).await.unwrap().digest, theirs);
    assert_eq!(fake.count(deletes), 1, "the placeholder is cleared away");
    assert_eq!(fake.count(heads), 2);
}
