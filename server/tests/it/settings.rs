//! Flag over environment over file; every mistake told with its place.

use crate::support::sources;
use server::settings::{self, Flags, LogFormat, Settings, Sources};
use std::{fs, path::PathBuf, time::Duration};
use tempfile::TempDir;

fn load(variables: &[(&str, &str)]) -> Result<Settings, String> {
    settings::load(&sources(variables)).map_err(|e| e.to_string())
}

/// A settings file of some text, read with nothing else.
fn file(text: &str) -> Result<Settings, String> {
    let (_kept, sources) = of_file(text);
    settings::load(&sources).map_err(|e| e.to_string())
}

fn of_file(text: &str) -> (TempDir, Sources) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("supercargo.toml");
    fs::write(&path, text).unwrap();
    (directory, Sources { default_files: vec![PathBuf::from("/nonexistent/supercargo.toml"), path], ..sources(&[]) })
}

/// The errors of a file, without the path of the directory.
fn faults(text: &str) -> String {
    let (kept, sources) = of_file(text);
    let place = format!("{}/", kept.path().display());
    settings::load(&sources).expect_err(text).to_string().replace(&place, "")
}

#[test]
fn with_nothing_said_it_listens_to_this_machine_only() {
    let s = load(&[]).unwrap();
    assert_eq!(s.listen.to_string(), "127.0.0.1:5080");
    assert_eq!(s.database.expose(), "sqlite:./data/catalogue.db");
    let own = s.embedded.as_ref().unwrap();
    assert_eq!((own.name.as_str(), own.storage.to_string().as_str(), own.delete, own.durable), ("local", "./data/registry", true, true));
    assert_eq!(s.registries.iter().map(|r| (r.name.as_str(), r.pull_host())).collect::<Vec<_>>(), [("local", "localhost:5080".to_owned())]);
    assert!(s.trusted_proxies.is_empty() && !s.read_only && s.public_url.is_none());
    assert_eq!((s.log, s.base()), (LogFormat::Text, ""));
    assert_eq!((s.undo, s.activity), (Duration::from_hours(24), Duration::from_hours(8760)));
}

#[test]
fn our_own_registry_is_there_when_no_other_is_named_or_it_is_asked_for() {
    let own = |s: &Settings| s.embedded.as_ref().map(|own| own.storage.to_string());
    assert_eq!(own(&load(&[("SUPERCARGO_REGISTRY", "http://a")]).unwrap()), None);
    let asked = load(&[("SUPERCARGO_REGISTRY", "http://a"), ("SUPERCARGO_STORAGE", "file:/srv/images")]).unwrap();
    assert_eq!(own(&asked).as_deref(), Some("/srv/images"));
    assert_eq!(asked.registries.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["local", "a"]);
    let bucket = load(&[("SUPERCARGO_STORAGE", "s3://images/registry/")]).unwrap();
    assert_eq!(own(&bucket).as_deref(), Some("s3://images/registry"));
    let public = load(&[("SUPERCARGO_PUBLIC_URL", "https://images.example/sub"), ("SUPERCARGO_EMBEDDED_DELETE", "no")]).unwrap();
    assert_eq!(public.registries[0].pull_host(), "images.example", "clients of a registry know its host only");
    assert!(!public.embedded.unwrap().delete);
    let mut flagged = sources(&[("SUPERCARGO_STORAGE", "file:/srv/images")]);
    flagged.flags.registry = vec!["http://other".into()];
    assert_eq!(own(&settings::load(&flagged).unwrap()), None, "who names a registry means that one");
}

#[test]
fn a_file_with_everything_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret");
    fs::write(&secret, "hunter2\n").unwrap();
    let text = format!(
        r#"
        listen = "0.0.0.0:5080"
        public_url = "https://images.example/sub/"
        data = "/var/lib/supercargo"
        database = "postgres://u:p@db/x"
        read_only = true
        trusted_proxies = ["127.0.0.0/8", "::1"]
        log = "json"
        undo = "2h"
        activity = "30d"

        [[registry]]
        name = "prod"
        url = "https://registry.example:5000/prefix/"
        pull_host = "registry.example:5000"
        username = "robot"
        password_file = "{0}"
        notification_secret_file = "{0}"
        token_realm = "https://auth.example"
        ca_file = "/ca.pem"
        client_cert_file = "/cert.pem"
        client_key_file = "/key.pem"
        insecure_skip_verify = true
        include = ["team/**"]
        exclude = ["team/old/**"]
        repositories = ["team/api"]
        crawl = "1h30m"
        read_only = true
        trash = "7d"

        [[registry]]
        url = "http://localhost:5001"
        token = "identity"
        "#,
        secret.display()
    );
    let s = file(&text).unwrap();
    assert_eq!((s.listen.to_string().as_str(), s.base(), s.read_only, s.log), ("0.0.0.0:5080", "/sub", true, LogFormat::Json));
    assert_eq!(s.database.expose(), "postgres://u:p@db/x");
    assert_eq!(s.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(), ["127.0.0.0/8", "::1/128"]);
    let prod = &s.registries[0];
    assert_eq!((prod.name.as_str(), prod.url.as_str()), ("prod", "https://registry.example:5000/prefix"));
    assert_eq!(prod.password.as_ref().unwrap().expose(), "hunter2", "without the end of its line");
    assert_eq!(prod.notification_secret.as_ref().unwrap().expose(), "hunter2");
    assert_eq!((prod.crawl, prod.read_only, prod.insecure_skip_verify), (Duration::from_mins(90), true, true));
    assert_eq!((s.undo, s.activity, prod.trash), (Duration::from_hours(2), Duration::from_hours(720), Some(Duration::from_hours(168))));
    assert_eq!(
        (prod.include.as_slice(), prod.exclude.as_slice(), prod.repositories.as_slice()),
        (&["team/**".to_owned()][..], &["team/old/**".to_owned()][..], &["team/api".to_owned()][..])
    );
    assert_eq!(prod.token_realm.as_deref(), Some("https://auth.example"));
    let other = &s.registries[1];
    assert_eq!(
        (other.name.as_str(), other.crawl, other.token.as_ref().map(registry::Secret::expose)),
        ("localhost", Duration::from_mins(10), Some("identity"))
    );
}

#[test]
fn a_mistake_is_told_with_its_line_and_what_would_be_right() {
    let registry = "[[registry]]\nurl = \"http://a\"\n";
    for (text, told) in [
        ("lisen = \"x\"", "supercargo.toml line 1: there is no key “lisen”; did you mean “listen”?"),
        ("\n\ndatabse_file = \"x\"", "supercargo.toml line 3: there is no key “databse_file”; did you mean “database_file”?"),
        ("registries = 1", "supercargo.toml line 1: there is no key “registries”; did you mean “registry”?"),
        ("qqq = 1", "supercargo.toml line 1: there is no key “qqq”"),
        ("crawl = \"1m\"", "supercargo.toml line 1: there is no key “crawl”; it belongs in a [[registry]] section"),
        (
            &format!("{registry}usrname = \"x\""),
            "supercargo.toml line 3: there is no key “usrname” in [[registry]]; did you mean “username”?",
        ),
        (
            &format!("{registry}listen = \"x\""),
            "supercargo.toml line 3: there is no key “listen” in [[registry]]; it belongs at the top, before any section",
        ),
        ("listen = 5080", "supercargo.toml line 1: “listen” takes a text in quotes"),
        ("listen = \"localhost\"", "supercargo.toml line 1: “localhost” is not an address and port such as 127.0.0.1:5080 or 0.0.0.0:5080"),
        ("read_only = \"yes\"", "supercargo.toml line 1: “read_only” takes true or false, without quotes"),
        ("trusted_proxies = \"10.0.0.0/8\"", "supercargo.toml line 1: “trusted_proxies” takes a list such as [\"a\", \"b\"]"),
        ("trusted_proxies = [\"10.0.0.0/99\"]", "supercargo.toml line 1: “10.0.0.0/99” is not a network such as 10.0.0.0/8"),
        ("log = \"xml\"", "supercargo.toml line 1: logs are “text” or “json”, not “xml”"),
        ("database = \"mysql://x\"", "supercargo.toml line 1: a database is sqlite:PATH or postgres://…"),
        ("public_url = \"images.example\"", "supercargo.toml line 1: “images.example” is not a URL that begins with http:// or https://"),
        (
            "registry = \"http://a\"",
            "supercargo.toml line 1: registries are sections: write [[registry]], with double brackets, and its keys below",
        ),
        (
            "[registry]\nurl = \"http://a\"",
            "supercargo.toml line 1: registries are sections: write [[registry]], with double brackets, and its keys below",
        ),
        ("[[registry]]\nname = \"a\"", "supercargo.toml line 1: this registry has no url"),
        (
            "[[registry]]\nurl = \"https://u:hunter2@a\"",
            "supercargo.toml line 2: credentials do not belong in a URL; give them as username and password (or password_file)",
        ),
        (
            "[[registry]]\nurl = \"localhost:5000\"",
            "supercargo.toml line 2: “localhost:5000” is not a URL that begins with http:// or https://",
        ),
        (
            &format!("{registry}name = \"a b\""),
            "supercargo.toml line 3: “a b” cannot name a registry: 1 to 64 letters, digits, “.”, “_” and “-”, beginning with a letter or digit",
        ),
        (&format!("{registry}{registry}"), "supercargo.toml line 3: two registries are called “a”; give one another name"),
        (&format!("{registry}crawl = \"999ms\""), "supercargo.toml line 3: “999ms” is too short: crawl is at least 1s"),
        (&format!("{registry}trash = \"400d\""), "supercargo.toml line 3: “400d” is too long: trash is at most 365d"),
        ("undo = \"soon\"", "supercargo.toml line 1: “soon” is not a duration such as 30s, 10m or 2h"),
        ("activity = \"1s\"", "supercargo.toml line 1: “1s” is too short: activity is at least 1h"),
        ("trash = \"7d\"", "supercargo.toml line 1: there is no key “trash”; it belongs in a [[registry]] section"),
        (&format!("{registry}crawl = \"soon\""), "supercargo.toml line 3: “soon” is not a duration such as 30s, 10m or 2h"),
        (&format!("{registry}username = \"u\""), "supercargo.toml line 3: there is a username without password or password_file"),
        (&format!("{registry}password = \"p\""), "supercargo.toml line 3: there is a password without username"),
        (
            &format!("{registry}username = \"u\"\npassword = \"p\"\ntoken = \"t\""),
            "supercargo.toml line 5: there is both a password and a token; keep one",
        ),
        (&format!("{registry}client_key_file = \"k\""), "supercargo.toml line 3: client_cert_file and client_key_file go together"),
        (&format!("{registry}repositories = [\"UP\"]"), "supercargo.toml line 3: “UP” is not a repository name: names are lower-case"),
        (&format!("{registry}token_realm = \"https://a/b\""), "supercargo.toml line 3: “https://a/b” has a path; name the host only"),
        ("tls_cert = \"x\"", "supercargo.toml line 1: tls_cert and tls_key go together"),
        (
            "[embedded]\nname = \"-\"",
            "supercargo.toml line 2: “-” cannot name a registry: 1 to 64 letters, digits, “.”, “_” and “-”, beginning with a letter or digit",
        ),
        (
            "[embedded]\nstorage = \"s3://user:key@bucket\"",
            "supercargo.toml line 2: “s3://user:key@bucket” names no bucket: letters, digits, “.”, “_” and “-” do; credentials go into the environment",
        ),
        ("[embedded]\ndurability = \"some\"", "supercargo.toml line 2: durability is “full” or “relaxed”, not “some”"),
        ("[embedded]\nstorrage = \"x\"", "supercargo.toml line 2: there is no key “storrage” in [embedded]; did you mean “storage”?"),
        ("embedded = true", "supercargo.toml line 1: our own registry is a section: write [embedded], and its keys below"),
        (
            &format!("{registry}name = \"local\"\n[embedded]"),
            "supercargo.toml line 3: two registries are called “local”; give one another name",
        ),
    ] {
        assert_eq!(faults(text), told, "{text}");
    }
    assert!(faults("listen = ").starts_with("supercargo.toml line 1: this is not TOML: "));
    assert!(faults("listen = \"a\"\nlisten = \"b\"").starts_with("supercargo.toml line 2: this is not TOML: "));
}

#[test]
fn all_mistakes_are_told_at_once() {
    let told = faults("lisen = 1\nlog = \"xml\"\n[[registry]]\ncrawl = \"0s\"\n");
    assert_eq!(told.lines().count(), 4, "{told}");
}

#[test]
fn a_secret_is_given_once_and_its_file_must_hold_something() {
    let registry = "[[registry]]\nurl = \"http://a\"\nusername = \"u\"\n";
    assert_eq!(
        faults(&format!("{registry}password = \"p\"\npassword_file = \"f\"")),
        "supercargo.toml line 5: “password” and “password_file” are both given; keep one"
    );
    assert!(
        faults(&format!("{registry}password_file = \"/nonexistent/file\""))
            .starts_with("supercargo.toml line 4: the file of “password”, /nonexistent/file, cannot be read: ")
    );
    let empty = tempfile::NamedTempFile::new().unwrap();
    assert_eq!(faults(&format!("{registry}password_file = \"{}\"", empty.path().display())), "supercargo.toml line 4: “password” is empty");
    assert_eq!(faults(&format!("{registry}password = \"\"")), "supercargo.toml line 4: “password” is empty");
}

#[test]
fn a_flag_counts_more_than_the_environment_and_that_more_than_the_file() {
    let (_kept, mut sources) = of_file("listen = \"127.0.0.1:1\"\ndata = \"/file\"\nlog = \"json\"\n[[registry]]\nurl = \"http://file\"\n");
    let listen = |s: &Sources| settings::load(s).unwrap().listen.port();
    let registries = |s: &Sources| settings::load(s).unwrap().registries.iter().map(|r| r.name.clone()).collect::<Vec<_>>();
    assert_eq!((listen(&sources), registries(&sources)), (1, vec!["file".to_owned()]));
    sources.environment.insert("SUPERCARGO_LISTEN".into(), "127.0.0.1:2".into());
    sources.environment.insert("SUPERCARGO_REGISTRY".into(), "a=http://a, http://b:5000".into());
    assert_eq!((listen(&sources), registries(&sources)), (2, vec!["a".to_owned(), "b".to_owned()]));
    sources.flags = Flags {
        listen: Some("127.0.0.1:3".into()),
        registry: vec!["c=http://c,d=http://d".into(), "e=http://e".into()],
        ..Flags::default()
    };
    assert_eq!((listen(&sources), registries(&sources)), (3, vec!["c".to_owned(), "d".to_owned(), "e".to_owned()]));
    assert_eq!(settings::load(&sources).unwrap().data, PathBuf::from("/file"));
}

#[test]
fn the_file_is_the_one_named_or_the_first_that_is_there() {
    let (kept, mut sources) = of_file("listen = \"127.0.0.1:1\"");
    let other = kept.path().join("other.toml");
    fs::write(&other, "listen = \"127.0.0.1:2\"").unwrap();
    sources.environment.insert("SUPERCARGO_CONFIG".into(), other.display().to_string());
    assert_eq!(settings::load(&sources).unwrap().listen.port(), 2);
    sources.flags.config = Some(kept.path().join("absent.toml"));
    let told = settings::load(&sources).unwrap_err().to_string();
    assert!(told.contains("absent.toml: the settings file cannot be read: "), "{told}");
}

#[test]
fn the_environment_knows_every_key() {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret");
    fs::write(&secret, "hunter2").unwrap();
    let database = directory.path().join("database");
    fs::write(&database, "postgres://u:p@db/x\n").unwrap();
    let (secret, database) = (secret.display().to_string(), database.display().to_string());
    let s = load(&[
        ("SUPERCARGO_LISTEN", "[::]:80"),
        ("SUPERCARGO_PUBLIC_URL", "http://a"),
        ("SUPERCARGO_DATA", "/data"),
        ("SUPERCARGO_DATABASE_FILE", &database),
        ("SUPERCARGO_READ_ONLY", "1"),
        ("SUPERCARGO_TRUSTED_PROXIES", "10.0.0.0/8,192.168.0.1"),
        ("SUPERCARGO_LOG", "json"),
        ("SUPERCARGO_UNDO", "0s"),
        ("SUPERCARGO_ACTIVITY", "7d"),
        ("SUPERCARGO_REGISTRY", "https://r.example"),
        ("SUPERCARGO_REGISTRY_PULL_HOST", "pull.example"),
        ("SUPERCARGO_REGISTRY_USERNAME", "u"),
        ("SUPERCARGO_REGISTRY_PASSWORD_FILE", &secret),
        ("SUPERCARGO_REGISTRY_NOTIFICATION_SECRET", "n"),
        ("SUPERCARGO_REGISTRY_TOKEN_REALM", "https://auth.example:8443"),
        ("SUPERCARGO_REGISTRY_CA_FILE", "/ca"),
        ("SUPERCARGO_REGISTRY_CLIENT_CERT_FILE", "/c"),
        ("SUPERCARGO_REGISTRY_CLIENT_KEY_FILE", "/k"),
        ("SUPERCARGO_REGISTRY_INSECURE_SKIP_VERIFY", "true"),
        ("SUPERCARGO_REGISTRY_INCLUDE", "a/**, b"),
        ("SUPERCARGO_REGISTRY_EXCLUDE", "c"),
        ("SUPERCARGO_REGISTRY_REPOSITORIES", "d,e"),
        ("SUPERCARGO_REGISTRY_CRAWL", "2h"),
        ("SUPERCARGO_REGISTRY_READ_ONLY", "on"),
        ("SUPERCARGO_REGISTRY_TRASH", "2d"),
        // Not ours, not set, and what Kubernetes adds for a service of our name.
        ("PATH", "/bin"),
        ("SUPERCARGO_TLS_KEY", ""),
        ("SUPERCARGO_PORT", "tcp://10.0.0.1:80"),
        ("SUPERCARGO_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("SUPERCARGO_SERVICE_HOST", "10.0.0.1"),
        ("SUPERCARGO_SERVICE_PORT_HTTP", "80"),
        ("SUPERCARGO_WEB_SERVICE_HOST", "10.0.0.1"),
        ("SUPERCARGO_WEB_PORT_80_TCP", "tcp://10.0.0.1:80"),
    ])
    .unwrap();
    assert_eq!((s.listen.to_string().as_str(), s.data.to_str(), s.read_only, s.log), ("[::]:80", Some("/data"), true, LogFormat::Json));
    assert_eq!((s.database.expose(), s.trusted_proxies.len()), ("postgres://u:p@db/x", 2));
    let r = &s.registries[0];
    assert_eq!(
        (r.pull_host.as_deref(), r.username.as_deref(), r.password.as_ref().map(registry::Secret::expose)),
        (Some("pull.example"), Some("u"), Some("hunter2"))
    );
    assert_eq!(
        (r.token_realm.as_deref(), r.notification_secret.as_ref().map(registry::Secret::expose)),
        (Some("https://auth.example:8443"), Some("n"))
    );
    assert_eq!(
        (r.ca_file.is_some(), r.client_cert_file.is_some(), r.client_key_file.is_some(), r.insecure_skip_verify, r.read_only),
        (true, true, true, true, true)
    );
    assert_eq!((r.include.len(), r.exclude.len(), r.repositories.len(), r.crawl), (2, 1, 2, Duration::from_hours(2)));
    assert_eq!((s.undo, s.activity, r.trash), (Duration::ZERO, Duration::from_hours(168), Some(Duration::from_hours(48))));
}

#[test]
fn what_is_said_of_the_registry_is_said_of_the_only_one() {
    let password = [("SUPERCARGO_REGISTRY_USERNAME", "u"), ("SUPERCARGO_REGISTRY_PASSWORD", "hunter2")];
    let with = |more: &[(&'static str, &'static str)]| [&password[..], more].concat();
    let one = load(&with(&[("SUPERCARGO_REGISTRY", "http://a")])).unwrap();
    assert_eq!(one.registries[0].password.as_ref().unwrap().expose(), "hunter2");
    assert_eq!(
        load(&with(&[("SUPERCARGO_REGISTRY", "http://a,http://b")])).unwrap_err(),
        "SUPERCARGO_REGISTRY_PASSWORD: this is about a single registry, but several registries are named\n\
         SUPERCARGO_REGISTRY_USERNAME: this is about a single registry, but several registries are named"
    );
    assert!(load(&password).unwrap_err().contains("but no registry is named"));

    let mut flagged = sources(&with(&[("SUPERCARGO_REGISTRY", "http://a")]));
    flagged.flags.registry = vec!["http://other".into()];
    let other = settings::load(&flagged).unwrap();
    assert!(other.registries[0].password.is_none(), "another registry is not given the credentials of the first");
}

#[test]
fn a_variable_that_does_not_exist_is_told() {
    for (variable, told) in [
        ("SUPERCARGO_LISEN", "SUPERCARGO_LISEN: there is no such setting; did you mean “SUPERCARGO_LISTEN”?"),
        (
            "SUPERCARGO_REGISTRY_PASWORD_FILE",
            "SUPERCARGO_REGISTRY_PASWORD_FILE: there is no such setting; did you mean “SUPERCARGO_REGISTRY_PASSWORD_FILE”?",
        ),
        ("SUPERCARGO_READ_ONLY", "SUPERCARGO_READ_ONLY: “x” is neither true nor false"),
        ("SUPERCARGO_STORAGE", "SUPERCARGO_STORAGE: “x” is not a storage such as file:/var/lib/registry or s3://bucket/prefix"),
    ] {
        assert_eq!(load(&[(variable, "x")]).unwrap_err(), told);
    }
}

#[test]
fn a_flag_that_is_wrong_is_named_as_a_flag() {
    let mut sources = sources(&[]);
    sources.flags = Flags { listen: Some("x".into()), registry: vec!["a".into()], ..Flags::default() };
    let told = settings::load(&sources).unwrap_err().to_string();
    assert!(told.contains("--listen: “x” is not an address") && told.contains("--registry: “a” is not a URL"), "{told}");
}

#[test]
fn what_is_shown_is_toml_that_gives_the_same_and_no_secret() {
    let s = file(
        "public_url = \"https://images.example\"\ndatabase = \"postgres://u:hunter2@db/x\"\n\
         [[registry]]\nname = \"prod\"\nurl = \"https://r.example\"\nusername = \"u\"\npassword = \"hunter2\"\nnotification_secret = \"hunter2\"\ninclude = [\"a \\\"b\\\"\"]\n\
         [[registry]]\nurl = \"http://127.0.0.1:5000\"\ntoken = \"hunter2\"\n",
    )
    .unwrap();
    let shown = s.show();
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!format!("{s:?}").contains("hunter2"));
    assert!(shown.contains("# default") && shown.contains("supercargo.toml line 6"), "{shown}");
    let again = file(&shown.replace("(hidden)", "postgres://(hidden)")).unwrap_or_else(|e| panic!("{e}\n{shown}"));
    assert_eq!((again.listen, again.public_url.clone(), again.registries.len()), (s.listen, s.public_url.clone(), 2));
    assert_eq!(again.registries[0].include, s.registries[0].include);
    assert_eq!(again.registries[1].name, "127.0.0.1");
}
