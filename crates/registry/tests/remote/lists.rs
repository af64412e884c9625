use super::*;
use registry::{
    Cursor, Error,
    fake::{Answer, Fault, LinkStyle, content},
};

fn distinct(mut names: Vec<String>) -> usize {
    names.sort();
    names.dedup();
    names.len()
}

#[tokio::test]
async fn every_name_comes_once_over_many_pages() {
    let fake = fake_with(2500, 3).await;
    let remote = remote(fake.url());
    let all = all_repositories(&remote).await.unwrap();
    assert_eq!((all.len(), distinct(all)), (2500, 2500));
    assert_eq!(fake.requests(), 3, "1000 at a time");
    let tags = all_tags(&remote, &content::repository_name(7)).await.unwrap();
    assert_eq!(tags, ["1.0.0", "1.0.1", "1.0.2"]);
}

#[tokio::test]
async fn links_are_followed_however_they_are_written() {
    for (prefix, link) in [
        ("", LinkStyle::Absolute),
        ("", LinkStyle::Origin("http://registry:5000".to_owned())),
        ("/artifactory/api/docker/key", LinkStyle::Relative),
        ("/artifactory/api/docker/key", LinkStyle::WithoutPrefix),
        ("/base", LinkStyle::Absolute),
    ] {
        let fake = Fake::start(FakeSettings { repositories: 250, prefix: prefix.to_owned(), ..FakeSettings::default() }).await.unwrap();
        fake.knobs(|k| {
            k.link = link.clone();
            k.max_page = 100;
        });
        assert_eq!(all_repositories(&remote(fake.url())).await.unwrap().len(), 250, "{prefix} {link:?}");
    }
}

#[tokio::test]
async fn a_foreign_link_is_not_followed() {
    let thief = fake_with(300, 0).await;
    let fake = fake_with(300, 0).await;
    let elsewhere = thief.url().to_owned();
    for foreign in ["https://evil.example".to_owned(), "//evil.example".to_owned(), "file://".to_owned()] {
        fake.knobs(|k| {
            k.max_page = 100;
            k.link = LinkStyle::Origin(foreign.clone());
        });
        let error = all_repositories(&remote(fake.url())).await.unwrap_err();
        assert!(matches!(error, Error::Misbehaved(_)), "{foreign}: {error}");
    }
    // Another port of our own host may be the registry behind its proxy: the query is used, the host is not asked.
    fake.knobs(|k| k.link = LinkStyle::Origin(elsewhere));
    assert_eq!(all_repositories(&remote(fake.url())).await.unwrap().len(), 300);
    assert_eq!(thief.requests(), 0);
}

#[tokio::test]
async fn odd_links_are_told() {
    let fake = fake_with(300, 0).await;
    for odd in [
        "</v2/../x/_catalog?last=a>; rel=next".to_owned(),
        "</v2/other/tags/list?last=a>; rel=\"next\"".to_owned(),
        format!("<{}>; rel=next", "x".repeat(9000)),
    ] {
        fake.knobs(|k| {
            k.max_page = 100;
            k.link = LinkStyle::Verbatim(odd.clone());
        });
        let error = all_repositories(&remote(fake.url())).await.unwrap_err();
        assert!(matches!(error, Error::Misbehaved(_)), "{odd:.40}: {error}");
        assert!(error.to_string().len() < 400);
    }
}

#[tokio::test]
async fn circles_and_endless_lists_end() {
    let fake = fake_with(300, 0).await;
    fake.knobs(|k| {
        k.max_page = 100;
        k.link = LinkStyle::Loop;
    });
    let remote = remote(fake.url());
    let first = remote.repositories(None).await.unwrap();
    assert_eq!(first.items.len(), 100, "the page before the circle is not lost");
    let error = all_repositories(&remote).await.unwrap_err();
    assert!(matches!(&error, Error::Misbehaved(why) if why.contains("circle")), "{error}");
    // Endless pages of new names: every page is small, and the caller can stop at any time.
    fake.knobs(|k| k.link = LinkStyle::Endless);
    let mut after = None;
    for _ in 0..5 {
        let page = remote.repositories(after.as_ref()).await.unwrap();
        assert_eq!(page.items.len(), 100);
        after = page.next;
        assert!(after.is_some());
    }
}

#[tokio::test]
async fn a_refused_n_is_stepped_down_and_remembered() {
    for (status, code) in [(400, "PAGINATION_NUMBER_INVALID"), (413, "TOO_LARGE"), (400, "UNSUPPORTED")] {
        let fake = fake_with(250, 0).await;
        fake.knobs(|k| {
            k.refuse_n_above = Some(100);
            k.refusal = (status, code);
        });
        let remote = remote(fake.url());
        assert_eq!(all_repositories(&remote).await.unwrap().len(), 250);
        assert_eq!(fake.requests(), 1 + 3);
        all_repositories(&remote).await.unwrap();
        assert_eq!(fake.requests(), 1 + 3 + 3, "1000 is not tried again");
        fake.knobs(|k| k.refuse_any_n = true);
        let page = remote.repositories(None).await.unwrap();
        assert_eq!(page.items.len(), 100, "without n, the registry's own page");
    }
}

#[tokio::test]
async fn a_missing_link_after_a_full_page_is_made_up_for() {
    let fake = fake_with(2100, 0).await;
    fake.knobs(|k| k.link = LinkStyle::Missing);
    assert_eq!(all_repositories(&remote(fake.url())).await.unwrap().len(), 2100);
    // Exactly a page: one more is asked for, and a 404 for it is the end (Nexus).
    let fake = fake_with(1000, 0).await;
    fake.knobs(|k| k.link = LinkStyle::Missing);
    fake.fault(|r| r.query.contains("last="), Fault::Answer(Answer { status: 404, ..Answer::of("text/html", "<html>no page 2") }), 9);
    assert_eq!(all_repositories(&remote(fake.url())).await.unwrap().len(), 1000);
}

#[tokio::test]
async fn a_registry_that_ignores_last_does_not_make_us_turn_round() {
    // docker-registry 2.8 sends all tags, whatever is asked for.
    for tags in [999, 1000, 1001] {
        let fake = fake_with(1, tags).await;
        fake.knobs(|k| k.tags_unpaged = true);
        let all = all_tags(&remote(fake.url()), &content::repository_name(0)).await.unwrap();
        assert_eq!((all.len(), distinct(all)), (tags, tags));
        assert!(fake.requests() <= 2);
    }
}

#[tokio::test]
async fn null_lists_are_empty_and_web_pages_are_not() {
    let fake = fake_with(3, 3).await;
    fake.knobs(|k| k.null_tags = true);
    let remote = remote(fake.url());
    assert!(all_repositories(&remote).await.unwrap().is_empty());
    assert!(all_tags(&remote, &content::repository_name(0)).await.unwrap().is_empty());
    for odd in ["<html>hello", "", "[]", "{\"tags\":{}}", "{\"errors\":[{\"code\":\"X\"}]}", "{\"tags\":[\"a\""] {
        fake.fault(|_| true, Fault::Answer(Answer::of("text/html", odd)), 1);
        let error = all_tags(&remote, &content::repository_name(0)).await.unwrap_err();
        assert!(matches!(error, Error::Misbehaved(_)), "{odd}: {error}");
    }
}

#[tokio::test]
async fn names_that_are_none_are_dropped_and_counted() {
    let fake = fake_with(3, 2).await;
    let hostile = ["../x", "", "A/B", "a//b", "/a", "a%2fb", "a\u{0}", "<script>", "é", "a/../b", &"x".repeat(5000)].map(str::to_owned);
    let count = hostile.len();
    fake.knobs(|k| k.more_names = hostile.to_vec());
    let page = remote(fake.url()).repositories(None).await.unwrap();
    assert_eq!((page.items.len(), page.dropped), (3, count));
    fake.knobs(|k| k.more_names = vec!["1.0.0".to_owned(), "1.0.0".to_owned()]);
    let page = remote(fake.url()).tags(&name(&content::repository_name(0)), None).await.unwrap();
    assert_eq!((page.items.len(), page.dropped), (2, 0), "names that come twice count once");
}

#[tokio::test]
async fn a_page_without_end_is_cut() {
    let fake = fake_with(1, 1).await;
    let endless = Answer { endless: true, ..Answer::of("application/json", vec![b' '; 1 << 20]) };
    fake.fault(|_| true, Fault::Answer(endless), 1);
    let error = remote(fake.url()).repositories(None).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge(_)), "{error}");
}

#[tokio::test]
async fn a_missing_catalogue_names_the_setting() {
    let fake = fake().await;
    for (status, refused) in [(401, true), (403, true), (404, false), (405, false)] {
        fake.knobs(|k| k.catalog = Some(Answer::error(status, "DENIED")));
        let error = remote(fake.url()).repositories(None).await.unwrap_err();
        assert!(error.to_string().contains("`repositories`"), "{error}");
        assert_eq!(matches!(error, Error::Refused(_)), refused);
        assert_eq!(matches!(error, Error::Unsupported(_)), !refused);
    }
    let error = all_tags(&remote(fake.url()), "no/such").await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
}

#[tokio::test]
async fn a_cursor_of_somebody_else_is_refused() {
    let fake = fake_with(2, 1).await;
    for text in ["", "c ", "l 0 0 http://evil.example/v2/_catalog?x", "l 0 0 v2/other/tags/list?n=1", "é"] {
        let error = remote(fake.url()).repositories(Some(&Cursor(text.to_owned()))).await.unwrap_err();
        assert!(matches!(error, Error::Misbehaved(_)), "{text}");
    }
    assert_eq!(fake.requests(), 0);
}
