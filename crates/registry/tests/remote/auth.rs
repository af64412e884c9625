use super::*;
use registry::{
    Error, Secret,
    fake::{Answer, Auth, Fault, Image, Seen, TokenAuth},
};
use serde_json::json;
use std::sync::Arc;

fn token_request(r: &Seen) -> bool {
    r.path == "/token"
}

async fn fake_with_auth(auth: Auth) -> Fake {
    let fake = Fake::start(FakeSettings { repositories: 3, tags: 2, auth, ..FakeSettings::default() }).await.unwrap();
    fake.push("a", "1", &Image::new("x"));
    fake
}

fn somebody(url: &str) -> RemoteSettings {
    RemoteSettings { username: Some("ann".to_owned()), password: Some(Secret::new("hush: é")), ..settings(url) }
}

fn ann() -> (String, String) {
    ("ann".to_owned(), "hush: é".to_owned())
}

#[tokio::test]
async fn basic_is_sent_once_it_was_asked_for() {
    let fake = fake_with_auth(Auth::Basic(ann().0, ann().1)).await;
    let remote = Remote::new(somebody(fake.url())).unwrap();
    for _ in 0..3 {
        remote.resolve(&name("a"), &tag("1")).await.unwrap();
    }
    assert!(fake.log()[0].header("authorization").is_none(), "no password before a challenge");
    assert_eq!(fake.requests(), 4, "the scheme is remembered");
}

#[tokio::test]
async fn wrong_or_missing_passwords_name_the_setting() {
    let fake = fake_with_auth(Auth::Basic(ann().0, ann().1)).await;
    let wrong = RemoteSettings { password: Some(Secret::new("wrong-secret")), ..somebody(fake.url()) };
    for settings in [wrong, settings(fake.url())] {
        let error = Remote::new(settings).unwrap().resolve(&name("a"), &tag("1")).await.unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Refused(_)) && text.contains("`password`") && text.contains("401"), "{text}");
        assert!(!text.contains("wrong-secret"));
    }
    assert!(fake.requests() <= 3, "no guessing on and on");
}

#[tokio::test]
async fn a_token_is_fetched_once_and_used_by_all() {
    let fake = Arc::new(fake_with_auth(Auth::Token(TokenAuth { credentials: Some(ann()), ..TokenAuth::default() })).await);
    fake.fault(token_request, Fault::Delay(Duration::from_millis(100)), 1);
    let remote = Arc::new(Remote::new(somebody(fake.url())).unwrap());
    let asks = (0..20).map(|_| {
        let remote = Arc::clone(&remote);
        tokio::spawn(async move { remote.manifest(&name("a"), &tag("1")).await.map(|m| m.digest) })
    });
    for ask in asks.collect::<Vec<_>>() {
        ask.await.unwrap().unwrap();
    }
    assert_eq!(fake.count(token_request), 1, "single flight");
    let before = fake.requests();
    remote.resolve(&name("a"), &tag("1")).await.unwrap();
    assert_eq!(fake.requests() - before, 1, "the token is carried at once");
    remote.repositories(None).await.unwrap();
    assert_eq!(fake.count(token_request), 2, "another scope, another token");
    let asked = fake.log().into_iter().find(token_request).unwrap();
    assert_eq!(asked.parameter("scope").as_deref(), Some("repository:a:pull"), "word for word");
    assert_eq!(asked.parameter("service").as_deref(), Some("fake"));
}

#[tokio::test]
async fn a_revoked_token_is_replaced_and_an_old_one_renewed() {
    let fake = fake_with_auth(Auth::Token(TokenAuth::default())).await;
    let remote = remote(fake.url());
    remote.resolve(&name("a"), &tag("1")).await.unwrap();
    fake.revoke_tokens();
    remote.resolve(&name("a"), &tag("1")).await.unwrap();
    assert_eq!(fake.count(token_request), 2);
}

#[tokio::test]
async fn odd_lives_and_fields_are_taken() {
    for expires_in in [json!(null), json!("300"), json!(-1), json!(0), json!(1_000_000_000_000_000_000u64), json!("soon"), json!([1])] {
        let auth = TokenAuth { expires_in: expires_in.clone(), field: "access_token".to_owned(), ..TokenAuth::default() };
        let fake = fake_with_auth(Auth::Token(auth)).await;
        let remote = remote(fake.url());
        for _ in 0..2 {
            remote.resolve(&name("a"), &tag("1")).await.unwrap();
        }
        assert_eq!(fake.count(token_request), 1, "{expires_in}");
    }
}

#[tokio::test]
async fn refused_for_ever_ends_after_one_retry() {
    let fake = fake_with_auth(Auth::Token(TokenAuth::default())).await;
    let realm = format!("Bearer realm=\"{}/token\",scope=\"repository:a:pull\",error=\"insufficient_scope\"", fake.url());
    fake.fault(|r| r.path.contains("/manifests/"), Fault::Answer(Answer::error(401, "DENIED").header("www-authenticate", &realm)), 100);
    let error = remote(fake.url()).resolve(&name("a"), &tag("1")).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert!(error.to_string().contains("`username`"), "{error}");
    assert_eq!(fake.requests(), 3);
    // Without any challenge there is nothing to try.
    fake.mend();
    fake.fault(|_| true, Fault::Answer(Answer::status(401)), 100);
    let before = fake.requests();
    assert!(matches!(remote(fake.url()).resolve(&name("a"), &tag("1")).await, Err(Error::Refused(_))));
    assert_eq!(fake.requests() - before, 1);
}

#[tokio::test]
async fn identity_tokens_go_by_post_and_fall_back_to_get() {
    let auth = TokenAuth { identity: Some("refresh-me".to_owned()), ..TokenAuth::default() };
    let fake = fake_with_auth(Auth::Token(auth)).await;
    let settings = RemoteSettings { token: Some(Secret::new("refresh-me")), ..settings(fake.url()) };
    Remote::new(settings.clone()).unwrap().resolve(&name("a"), &tag("1")).await.unwrap();
    let posts = |r: &Seen| token_request(r) && r.method == "POST";
    assert_eq!(fake.count(posts), 1);
    let wrong = RemoteSettings { token: Some(Secret::new("other")), ..settings };
    let error = Remote::new(wrong).unwrap().resolve(&name("a"), &tag("1")).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(why) if why.contains("`token`")), "{error}");
    // A realm that knows no POST gets the token as a password.
    let auth = TokenAuth { credentials: Some(("ann".to_owned(), "refresh-me".to_owned())), ..TokenAuth::default() };
    let fake = fake_with_auth(Auth::Token(auth)).await;
    let settings =
        RemoteSettings { username: Some("ann".to_owned()), token: Some(Secret::new("refresh-me")), ..super::settings(fake.url()) };
    Remote::new(settings).unwrap().resolve(&name("a"), &tag("1")).await.unwrap();
    assert_eq!((fake.count(posts), fake.count(token_request)), (1, 2));
}

#[tokio::test]
async fn harbors_catalogue_wants_basic_where_the_rest_wants_tokens() {
    let fake = fake_with_auth(Auth::Token(TokenAuth { credentials: Some(ann()), catalog_basic: true, ..TokenAuth::default() })).await;
    let remote = Remote::new(somebody(fake.url())).unwrap();
    for _ in 0..2 {
        remote.resolve(&name("a"), &tag("1")).await.unwrap();
        assert_eq!(remote.repositories(None).await.unwrap().items.len(), 4);
    }
    assert_eq!(fake.count(token_request), 1);
}

#[tokio::test]
async fn a_thieving_realm_gets_nothing() {
    let thief = fake_with_auth(Auth::Token(TokenAuth::default())).await;
    let realm = format!("{}/token", thief.url());
    let fake = fake_with_auth(Auth::Token(TokenAuth { realm: Some(realm), ..TokenAuth::default() })).await;
    for settings in [somebody(fake.url()), settings(fake.url())] {
        let error = Remote::new(settings).unwrap().resolve(&name("a"), &tag("1")).await.unwrap_err();
        assert!(matches!(&error, Error::Misbehaved(why) if why.contains("`token_realm") && why.contains(thief.url())), "{error}");
    }
    assert_eq!(thief.requests(), 0, "not even an anonymous knock");
    // Named in the settings, it is asked.
    let settings = RemoteSettings { token_realm: Some(thief.url().to_owned()), ..somebody(fake.url()) };
    let _ = Remote::new(settings).unwrap().resolve(&name("a"), &tag("1")).await;
    assert_eq!(thief.count(|r| token_request(r) && r.header("authorization").is_some()), 1);
}

#[tokio::test]
async fn a_realm_that_redirects_is_not_followed() {
    let thief = fake().await;
    let fake = fake_with_auth(Auth::Token(TokenAuth::default())).await;
    fake.fault(token_request, Fault::Answer(Answer::status(307).header("location", &format!("{}/token", thief.url()))), 10);
    let error = Remote::new(somebody(fake.url())).unwrap().resolve(&name("a"), &tag("1")).await.unwrap_err();
    assert!(matches!(&error, Error::Misbehaved(why) if why.contains("redirect")), "{error}");
    assert_eq!(thief.requests(), 0);
}

#[tokio::test]
async fn odd_token_answers_are_told() {
    for odd in [
        Answer::of("application/json", vec![b' '; 70_000]),
        Answer { endless: true, ..Answer::of("application/json", vec![b' '; 1000]) },
        Answer::of("text/html", "<html>"),
        Answer::of("application/json", "{}"),
        Answer::of("application/json", "{\"token\": 7}"),
        Answer::of("application/json", "{\"token\": \"a\\r\\nx-evil: 1\"}"),
        Answer::of("application/json", "{\"token\": \"t\"}").header("content-encoding", "gzip"),
    ] {
        let fake = fake_with_auth(Auth::Token(TokenAuth::default())).await;
        fake.fault(token_request, Fault::Answer(odd.clone()), 10);
        let error = remote(fake.url()).resolve(&name("a"), &tag("1")).await.unwrap_err();
        assert!(matches!(error, Error::Misbehaved(_)), "{error}");
    }
}

#[tokio::test]
async fn a_trace_is_passed_on_where_it_is_set() {
    let fake = fake_with_auth(Auth::Anonymous).await;
    let remote = remote(fake.url());
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    registry::remote::TRACEPARENT.scope(parent.to_owned(), remote.resolve(&name("a"), &tag("1"))).await.unwrap();
    remote.resolve(&name("a"), &tag("1")).await.unwrap();
    let traces: Vec<_> = fake.log().iter().map(|r| r.header("traceparent").map(str::to_owned)).collect();
    assert_eq!(traces, [Some(parent.to_owned()), None]);
}

#[test]
fn settings_that_cannot_work_name_the_setting() {
    let error = |change: &dyn Fn(&mut RemoteSettings)| {
        let mut settings = settings("https://registry.example");
        change(&mut settings);
        Remote::new(settings).err().expect("an error").to_string()
    };
    assert!(error(&|s| s.url = "https://ann:hush@registry.example".to_owned()).contains("`url`"));
    assert!(!error(&|s| s.url = "https://ann:hush@registry.example".to_owned()).contains("hush"));
    assert!(error(&|s| s.url = "registry.example:5000".to_owned()).contains("`url`"));
    assert!(error(&|s| s.token_realm = Some("http://auth.example".to_owned())).contains("`token_realm`"));
    assert!(error(&|s| s.ca_file = Some("/nonexistent".into())).contains("`ca_file`"));
    assert!(error(&|s| s.client_cert_file = Some("/nonexistent".into())).contains("`client_key_file`"));
    assert!(error(&|s| s.username = Some("ann".to_owned())).contains("`password`"));
    assert!(!format!("{:?}", RemoteSettings { password: Some(Secret::new("hush")), ..RemoteSettings::default() }).contains("hush"));
}
