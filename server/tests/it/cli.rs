//! The program itself.

use crate::program::{Ended, Program};
use registry::fake::{Fake, FakeSettings, Image, content};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

async fn registry() -> Fake {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    fake.push("team/api", "1.0.0", &Image::new("one").label("team", "blue"));
    fake.push("team/api", "1.1.0", &Image::new("two"));
    fake.push("web", "latest", &Image::new("three"));
    fake
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_in_no_settings_can_be_read() {
    let (program, fake) = (Program::new(), registry().await);
    let named = format!("local={}", fake.url());
    let at = ["--registry", named.as_str()];
    let run = async |arguments: &[&str]| program.run(&[arguments, &at].concat()).await;

    let ls = run(&["ls"]).await;
    assert_eq!((ls.status, ls.err.as_str()), (0, ""), "{}", ls.err);
    let rows: Vec<Vec<&str>> = ls.out.lines().map(|l| l.split('\t').collect()).collect();
    assert_eq!(rows.iter().map(|r| r[0]).collect::<Vec<_>>(), ["local/team/api", "local/web"], "no header in a pipe: {}", ls.out);
    assert_eq!((rows[0][1], rows[0][2]), ("1.1.0", "2"));
    assert!(rows[0][3].parse::<u64>().is_ok(), "bytes for programs: {:?}", rows[0]);

    let some = run(&["ls", "web"]).await;
    assert_eq!(some.out.lines().count(), 1);
    let json: Value = serde_json::from_str(&run(&["ls", "--json"]).await.out).unwrap();
    assert_eq!((json["total"].as_u64(), json["items"][1]["repository"].as_str()), (Some(2), Some("web")));

    for reference in ["team/api", "local/team/api"] {
        let tags = run(&["tags", reference]).await;
        assert_eq!(
            (tags.status, tags.out.lines().map(|l| l.split('\t').next().unwrap()).collect::<Vec<_>>()),
            (0, vec!["1.1.0", "1.0.0"]),
            "{}",
            tags.err
        );
    }

    let digest = content::Image::new("one").label("team", "blue").digest().to_string();
    let image = run(&["inspect", "team/api:1.0.0"]).await;
    assert!(image.out.contains(&format!("Digest\t{digest}\n")) && image.out.contains("Label\tteam=blue\n"), "{}{}", image.out, image.err);
    let json: Value = serde_json::from_str(&run(&["inspect", "--json", &format!("team/api@{digest}")]).await.out).unwrap();
    assert_eq!(json["labels"]["team"], "blue");

    let found = run(&["search", "label:team=blue"]).await;
    assert!(found.status == 0 && found.out.contains("team/api"), "{}{}", found.out, found.err);
    assert_eq!(fs::read_dir(program.directory.path()).unwrap().count(), 0, "a reading command leaves nothing behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_tells_how_it_ended() {
    let (program, fake) = (Program::new(), registry().await);
    let named = format!("local={}", fake.url());
    let two = format!("{named},other=http://127.0.0.1:1");
    for (arguments, status, told) in [
        (vec!["--registry", &named, "inspect", "local/team/api:9"], 3, "9"),
        (vec!["--registry", &named, "tags", "local/none"], 3, "none"),
        (vec!["--registry", &named, "inspect", "local/BAD"], 2, "not a repository name"),
        (vec!["--registry", &named, "inspect", "web:latest", "--platform", "linux/s390x"], 3, "linux/s390x"),
        (vec!["--registry", &named, "ls", "size:big"], 2, "\nsize:big\n^^^^^^^^"),
        (vec!["--registry", &two, "tags", "team/api"], 2, "does not begin with a registry's name"),
        (vec!["--registry", "http://127.0.0.1:1", "ls"], 1, "127.0.0.1"),
        (vec!["--registry", "nonsense", "ls"], 2, "--registry: “nonsense” is not a URL"),
        (vec!["ls"], 3, "There is no registry in ./data/registry yet, and no other is named. Give --registry URL"),
        (vec!["sing"], 2, "sing"),
        (vec!["tags"], 2, "<REF>"),
        (vec!["search", "x", "--limit", "0"], 2, "0"),
        (vec!["--config", "absent.toml", "ls"], 1, "absent.toml: the settings file cannot be read"),
    ] {
        let ended = program.run(&arguments).await;
        assert_eq!(ended.status, status, "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(told), "{arguments:?}: {}", ended.err);
        assert_eq!(ended.out, "", "{arguments:?}");
        assert!(!ended.err.contains("panicked"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_wants_credentials_refuses() {
    let program = Program::new();
    let fake = Fake::start(FakeSettings { auth: registry::fake::Auth::Basic("user".into(), "password".into()), ..FakeSettings::default() })
        .await
        .unwrap();
    fake.push("team/api", "1.0.0", &Image::new("one"));
    let named = format!("local={}", fake.url());
    let refused = program.run(&["--registry", &named, "inspect", "team/api:1.0.0"]).await;
    assert_eq!(refused.status, 4, "{}", refused.err);
    let secret = program.directory.path().join("secret");
    fs::write(&secret, "password\n").unwrap();
    let mut command = program.command(&["--registry", &named, "inspect", "team/api:1.0.0"]);
    command.env("SUPERCARGO_REGISTRY_USERNAME", "user").env("SUPERCARGO_REGISTRY_PASSWORD_FILE", &secret);
    let done = Ended::of(tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap());
    assert_eq!(done.status, 0, "{}", done.err);
}

#[tokio::test]
async fn help_and_version_are_results() {
    let program = Program::new();
    for arguments in [["--help"], ["--version"]] {
        let ended = program.run(&arguments).await;
        assert!(ended.status == 0 && ended.out.contains("supercargo") && ended.err.is_empty(), "{arguments:?}");
    }
}

#[tokio::test]
async fn the_settings_are_checked_and_shown() {
    let program = Program::new();
    let good = program.run(&["config", "check"]).await;
    assert_eq!((good.status, good.out.as_str()), (0, "The settings are good (no settings file; a registry of its own).\n"));
    fs::write(program.directory.path().join("supercargo.toml"), "lisen = \"x\"\nlog = \"xml\"\n").unwrap();
    let bad = program.run(&["config", "check"]).await;
    assert_eq!(bad.status, 1);
    assert_eq!(
        bad.err,
        "./supercargo.toml line 1: there is no key “lisen”; did you mean “listen”?\n\
         ./supercargo.toml line 2: logs are “text” or “json”, not “xml”\n"
    );
    fs::write(
        program.directory.path().join("supercargo.toml"),
        "[[registry]]\nurl = \"http://a\"\nusername = \"u\"\npassword = \"hunter2\"\n",
    )
    .unwrap();
    let shown = program.run(&["config", "show"]).await;
    assert_eq!(shown.status, 0);
    assert!(shown.out.contains("(hidden)") && !shown.out.contains("hunter2"), "{}", shown.out);
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_failure() {
    let program = Program::new();
    let mut command = program.command(&["config", "show"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap()), (Some(0), String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_serves_is_found_healthy_and_ends_when_told() {
    let (program, fake) = (Program::new(), registry().await);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let sick = program.run(&["--listen", &listen, "healthcheck"]).await;
    assert_eq!(sick.status, 1);
    assert!(sick.err.contains("does not answer"), "{}", sick.err);

    let named = format!("local={}", fake.url());
    let mut command = program.command(&["--listen", &listen, "--registry", &named, "--log", "json"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let serving = log.by_ref().map(|l| l.unwrap()).find(|l| l.contains("\"serving\"")).expect("it serves");
    let line: Value = serde_json::from_str(&serving).expect("a line of JSON");
    assert_eq!((line["message"].as_str(), line["page"].as_str()), (Some("serving"), Some(format!("http://{listen}/").as_str())));

    let healthy = program.run(&["--listen", &listen, "healthcheck"]).await;
    assert_eq!((healthy.status, healthy.err.as_str()), (0, ""));
    let taken = program.run(&["--listen", &listen, "--data", "other"]).await;
    assert_eq!(taken.status, 1);
    assert!(taken.err.contains("cannot be listened on"), "{}", taken.err);

    let pid = child.id().to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(told.success());
    let rest: Vec<String> = log.map(|l| l.unwrap()).collect();
    assert!(rest.iter().any(|l| l.contains("\"ended\"")), "{rest:?}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(program.directory.path().join("data")).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "what is in private registries is for nobody else to read");
}
