use super::*;
use registry::{
    Capability,
    fake::{Answer, Auth, TokenAuth},
};

fn of<'c>(found: &'c [Capability], name: &str) -> &'c Capability {
    found.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("{name} is missing"))
}

fn can(found: &[Capability], name: &str) -> Option<bool> {
    of(found, name).can
}

#[tokio::test]
async fn a_modern_registry_can_all() {
    let fake = fake_with(3, 3).await;
    let found = remote(fake.url()).probe().await.unwrap();
    for name in ["auth", "catalog", "tag-paging", "digest-header", "etag", "referrers", "delete", "delete-tag"] {
        assert_eq!(can(&found, name), Some(true), "{name}: {found:?}");
        assert!(of(&found, name).hint.is_some());
    }
    assert_eq!(found.len(), 8);
}

#[tokio::test]
async fn what_is_missing_names_what_changes_it() {
    let fake = fake_with(3, 3).await;
    fake.knobs(|k| {
        k.tags_unpaged = true;
        k.referrers = false;
        k.delete = false;
        k.digest_header = (false, false);
    });
    let found = remote(fake.url()).probe().await.unwrap();
    for name in ["tag-paging", "referrers", "delete", "delete-tag", "digest-header"] {
        assert_eq!(can(&found, name), Some(false), "{name}: {found:?}");
    }
    assert!(of(&found, "delete").hint.as_ref().unwrap().contains("REGISTRY_STORAGE_DELETE_ENABLED=true"));
    fake.knobs(|k| {
        k.delete = true;
        k.delete_tag = false;
        k.catalog = Some(Answer::error(403, "DENIED"));
    });
    let remote = remote(fake.url());
    let found = remote.probe().await.unwrap();
    assert_eq!((can(&found, "catalog"), can(&found, "delete")), (Some(false), None), "nothing to try deletes on");
    assert!(of(&found, "catalog").hint.as_ref().unwrap().contains("`repositories`"));
    // A repository that was read serves as the sample.
    all_tags(&remote, &registry::fake::content::repository_name(0)).await.unwrap();
    let found = remote.probe().await.unwrap();
    assert_eq!((can(&found, "delete"), can(&found, "delete-tag")), (Some(true), Some(false)));
}

#[tokio::test]
async fn probing_changes_nothing() {
    let fake = fake_with(3, 3).await;
    let before = all_repositories(&remote(fake.url())).await.unwrap();
    remote(fake.url()).probe().await.unwrap();
    let deletes: Vec<_> = fake.log().into_iter().filter(|r| r.method == "DELETE").collect();
    assert_eq!(deletes.len(), 2);
    assert!(deletes.iter().all(|d| d.path.ends_with(&"0".repeat(64)) || d.path.contains("/manifests/supercargo-probe-")));
    assert_eq!(all_repositories(&remote(fake.url())).await.unwrap(), before);
    let read_only = RemoteSettings { read_only: true, ..settings(fake.url()) };
    let found = Remote::new(read_only).unwrap().probe().await.unwrap();
    assert_eq!(can(&found, "delete"), None);
    assert_eq!(fake.count(|r| r.method != "GET" && r.method != "HEAD"), 2, "none were added");
}

#[tokio::test]
async fn how_it_signs_in_is_told() {
    let token = Auth::Token(TokenAuth::default());
    let fake = Fake::start(FakeSettings { auth: token, ..FakeSettings::default() }).await.unwrap();
    let found = remote(fake.url()).probe().await.unwrap();
    assert_eq!(can(&found, "auth"), Some(true));
    assert!(of(&found, "auth").hint.as_ref().unwrap().contains("tokens"));
    assert!(of(&found, "catalog").hint.as_ref().unwrap().contains("empty"));
    let basic = Auth::Basic("ann".to_owned(), "hush".to_owned());
    let fake = Fake::start(FakeSettings { auth: basic, ..FakeSettings::default() }).await.unwrap();
    let found = remote(fake.url()).probe().await.unwrap();
    assert_eq!(can(&found, "auth"), Some(false));
    assert!(of(&found, "auth").hint.as_ref().unwrap().contains("`username`"));
}

#[tokio::test]
async fn a_registry_that_is_gone_is_an_error() {
    let fake = fake_with(1, 1).await;
    fake.stop().await;
    assert!(remote(fake.url()).probe().await.unwrap_err().is_outage());
}
