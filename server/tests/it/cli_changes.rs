//! The commands that change a registry.

use crate::program::{Ended, Program};
use oci::media_type;
use registry::fake::{Fake, FakeSettings, Image};
use serde_json::{Value, json};

/// A registry in which `1.0.0` and `stable` name one image.
async fn registry() -> Fake {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    for (tag, image) in [("1.0.0", "one"), ("stable", "one"), ("1.1.0", "two"), ("1.2.0", "three")] {
        fake.push("team/api", tag, &Image::new(image));
    }
    fake.push("web", "latest", &Image::new("four"));
    fake
}

struct Beside<'a> {
    program: &'a Program,
    named: String,
}

impl Beside<'_> {
    async fn run(&self, arguments: &[&str]) -> Ended {
        self.program.run(&[arguments, &["--registry", &self.named]].concat()).await
    }

    /// The tags that the registry has, asked anew.
    async fn tags(&self, repository: &str) -> Vec<String> {
        let listed = self.run(&["tags", repository, "--sort", "name"]).await;
        listed.out.lines().map(|l| l.split('\t').next().unwrap().to_owned()).collect()
    }
}

/// An image of which the registry has every blob.
fn push_whole(fake: &Fake, repository: &str, tag: &str) {
    let (config, layer) = (Image::new(tag).config(), format!("the layer of {tag}").into_bytes());
    let descriptor = |kind: &str, bytes: &[u8]| json!({"mediaType": format!("application/vnd.oci.image.{kind}"), "digest": fake.push_blob(repository, bytes), "size": bytes.len()});
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": descriptor("config.v1+json", &config),
        "layers": [descriptor("layer.v1.tar", &layer)]});
    fake.push_manifest(repository, tag, media_type::OCI_MANIFEST, manifest.to_string().as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_shown_and_nothing_is_done_until_it_is_confirmed() {
    let (program, fake) = (Program::new(), registry().await);
    let beside = Beside { program: &program, named: format!("local={}", fake.url()) };
    let shown = beside.run(&["rm", "team/api:1.0.0"]).await;
    assert_eq!(shown.status, 4, "{shown:?}");
    assert!(shown.out.lines().any(|l| l.starts_with("goes\ttag\tlocal/team/api:1.0.0\tsha256:")), "{}", shown.out);
    assert!(shown.err.contains("Nothing was done: add --yes to carry this plan out."), "{}", shown.err);
    let dry = beside.run(&["rm", "team/api:1.0.0", "--dry-run"]).await;
    assert_eq!((dry.status, &dry.out), (0, &shown.out));
    let json = beside.run(&["rm", "team/api:1.0.0", "--json", "--dry-run"]).await;
    assert_eq!((json.status, json.json()["action"].as_str()), (0, Some("delete")));
    assert_eq!(beside.tags("team/api").await, ["1.0.0", "1.1.0", "1.2.0", "stable"]);
    let both = beside.run(&["rm", "team/api:1.0.0", "--yes", "--dry-run"]).await;
    assert_eq!(both.status, 2, "{both:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_names_goes_and_the_other_stays() {
    let (program, fake) = (Program::new(), registry().await);
    let beside = Beside { program: &program, named: format!("local={}", fake.url()) };
    let done = beside.run(&["rm", "team/api:1.0.0", "--yes"]).await;
    assert_eq!(done.status, 0, "{done:?}");
    assert!(done.err.contains("Done: "), "{}", done.err);
    assert_eq!(beside.tags("team/api").await, ["1.1.0", "1.2.0", "stable"]);
    let job = beside.run(&["rm", "team/api:stable", "team/api:1.1.0", "--yes", "--json"]).await;
    assert_eq!((job.status, job.json()["state"].as_str()), (0, Some("done")), "{job:?}");
    assert_eq!(beside.tags("team/api").await, ["1.2.0"]);
    assert_eq!(beside.tags("web").await, ["latest"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_takes_what_it_finds() {
    let (program, fake) = (Program::new(), registry().await);
    let beside = Beside { program: &program, named: format!("local={}", fake.url()) };
    let done = beside.run(&["rm", "--query", "repo:=team/api tag:1.*", "--yes"]).await;
    assert_eq!(done.status, 0, "{done:?}");
    assert_eq!(beside.tags("team/api").await, ["stable"]);
    assert_eq!(fake.count(|r| r.path.contains("/web/")), 0, "only the repository that the query names was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_up_keeps_what_it_is_told_to() {
    let (program, fake) = (Program::new(), registry().await);
    let beside = Beside { program: &program, named: format!("local={}", fake.url()) };
    let all = beside.run(&["clean-up", "--yes"]).await;
    assert!(all.status == 4 && all.err.contains("would take every tag of local"), "{all:?}");
    let none = beside.run(&["clean-up", "--older-than", "1d", "--clock", "pushed", "--yes"]).await;
    assert!(none.status == 0 && none.err.contains("There is nothing to do."), "{none:?}");
    let done =
        beside.run(&["clean-up", "--match", "-repo:web", "--keep", "1", "--keep-by", "version", "--protect", "tag:stable", "--yes"]).await;
    assert_eq!(done.status, 0, "{done:?}");
    let left = beside.tags("team/api").await;
    assert!(left.contains(&"1.2.0".into()) && left.contains(&"stable".into()) && !left.contains(&"1.1.0".into()), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_kept_and_keeps() {
    let (program, fake) = (Program::new(), registry().await);
    let named = format!("local={}", fake.url());
    let database = format!("sqlite:{}", program.directory.path().join("catalogue.db").display());
    let at = ["--registry", named.as_str(), "--database", database.as_str()];
    let run = async |arguments: &[&str]| program.run(&[arguments, &at].concat()).await;
    let nowhere = program.run(&["lock", "team/api:stable", "--registry", &named]).await;
    assert!(nowhere.status == 2 && nowhere.err.contains("has none"), "what would be forgotten at once is refused: {nowhere:?}");
    let locked = run(&["lock", "team/api:stable", "--note", "it runs", "--json"]).await;
    assert_eq!((locked.status, locked.json()[0]["note"].as_str()), (0, Some("it runs")), "{locked:?}");
    let listed = run(&["lock"]).await;
    assert!(listed.out.contains("local/team/api:stable") && listed.out.contains("it runs"), "{listed:?}");
    let kept = run(&["retag", "team/api:1.2.0", "stable", "--yes"]).await;
    assert!(kept.status == 4 && kept.err.contains("protected (locked by"), "{kept:?}");
    assert_eq!(run(&["unlock", "team/api:stable"]).await.status, 0);
    assert_eq!(run(&["unlock", "team/api:stable"]).await.status, 3);
    assert_eq!(run(&["retag", "team/api:1.2.0", "stable", "--yes"]).await.status, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_moved_and_moved_back() {
    let (program, fake) = (Program::new(), registry().await);
    let named = format!("local={}", fake.url());
    let database = format!("sqlite:{}", program.directory.path().join("catalogue.db").display());
    let at = ["--registry", named.as_str(), "--database", database.as_str()];
    let run = async |arguments: &[&str]| program.run(&[arguments, &at].concat()).await;
    let digest = async |tag: &str| run(&["inspect", "--json", &format!("team/api:{tag}")]).await.json()["digest"].clone();
    let (before, wanted) = (digest("stable").await, digest("1.2.0").await);
    let done = run(&["retag", "team/api:1.2.0", "stable", "--yes", "--json"]).await;
    assert_eq!(done.status, 0, "{done:?}");
    assert_eq!(digest("stable").await, wanted);
    let id = done.json()["id"].as_str().unwrap().to_owned();
    let listed = run(&["jobs"]).await;
    assert!(listed.out.starts_with(&format!("{id}\tdone\t")), "{listed:?}");
    let one = run(&["jobs", &id]).await;
    assert!(one.out.starts_with(&format!("Job\t{id}\n")), "{one:?}");
    let csv = run(&["jobs", &id, "--as", "csv"]).await;
    assert!(csv.out.starts_with("step,reference,state,detail\r\n") && csv.out.lines().count() > 1, "{csv:?}");
    let undone = run(&["undo", &id]).await;
    assert_eq!(undone.status, 0, "{undone:?}");
    assert_eq!(digest("stable").await, before);
    let activity = run(&["activity", "team/api:stable"]).await;
    assert!(activity.out.lines().count() >= 2 && activity.out.contains("command line"), "{activity:?}");
    assert_eq!(run(&["undo", "no-such-job"]).await.status, 3);
    assert_eq!(run(&["jobs", "no-such-job"]).await.status, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_copied_from_registry_to_registry() {
    let (program, from, to) = (Program::new(), Fake::start(FakeSettings::default()).await.unwrap(), registry().await);
    for tag in ["1.0.0", "1.1.0", "2.0.0"] {
        push_whole(&from, "team/api", tag);
    }
    push_whole(&from, "web", "latest");
    let beside = Beside { program: &program, named: format!("hub={},prod={}", from.url(), to.url()) };
    let one = beside.run(&["copy", "hub/web:latest", "prod/site:1", "--yes"]).await;
    assert_eq!(one.status, 0, "{one:?}");
    let many = beside.run(&["copy", "hub/team/*:1.*", "prod/team/*", "--yes"]).await;
    assert_eq!(many.status, 0, "{many:?}");
    assert_eq!(beside.tags("prod/site").await, ["1"]);
    assert_eq!(beside.tags("prod/team/api").await, ["1.0.0", "1.1.0", "1.2.0", "stable"]);
    let digest = async |reference: &str| beside.run(&["inspect", "--json", reference]).await.json()["digest"].clone();
    assert_eq!(digest("prod/team/api:1.0.0").await, digest("hub/team/api:1.0.0").await, "what the tag named was another image");
    assert_eq!(beside.tags("hub/team/api").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_tells_why_nothing_was_done() {
    let (program, fake) = (Program::new(), registry().await);
    let beside = Beside { program: &program, named: format!("local={}", fake.url()) };
    for (arguments, status, told) in [
        (vec!["rm", "team/api:9", "--yes"], 3, "9"),
        (vec!["rm", "none:1", "--yes"], 3, "none"),
        (vec!["rm", "local/BAD", "--yes"], 2, "not a repository name"),
        (vec!["rm"], 2, "<REF>"),
        (vec!["rm", "web:latest", "--query", "web"], 2, "--query"),
        (vec!["rm", "web:latest", "--yes", "--dry-run"], 2, "--dry-run"),
        (vec!["rm", "--query", "size:big", "--yes"], 2, "\nsize:big\n^^^^^^^^"),
        (vec!["retag", "web:latest", "a/b", "--yes"], 2, "not a tag"),
        (vec!["copy", "local/web:latest", "other/web:1", "--yes", "--registry", "other=http://127.0.0.1:1"], 1, "127.0.0.1"),
        (vec!["clean-up", "--registry", "nobody", "--keep", "1"], 3, "nobody"),
        (vec!["clean-up", "--keep", "x"], 2, "--keep"),
        (vec!["clean-up", "--keep-by", "size"], 2, "--keep-by"),
        (vec!["clean-up", "--match", "size:big"], 2, "^^^^^^^^"),
        (vec!["clean-up", "--policy", "absent.json"], 1, "absent.json cannot be read"),
        (vec!["rm", "web:latest", "--yes", "--read-only"], 4, ""),
    ] {
        let ended = beside.run(&arguments).await;
        assert_eq!(ended.status, status, "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(told), "{arguments:?}: {}", ended.err);
        assert!(!ended.err.contains("panicked"));
    }
    fake.knobs(|k| k.delete = false);
    let disabled = beside.run(&["rm", "web:latest", "--yes"]).await;
    assert_eq!(disabled.status, 4, "{disabled:?}");
    assert!(disabled.err.contains("REGISTRY_STORAGE_DELETE_ENABLED"), "{}", disabled.err);
    assert_eq!(beside.tags("web").await, ["latest"]);
}

#[tokio::test]
async fn another_tools_options_become_a_policy() {
    let program = Program::new();
    let imported = program
        .run(&["clean-up", "--import", "registry-cli", "-r http://a -l u:hunter2 --delete --num 5 --tags-like ^snap- --keep-tags stable"])
        .await;
    assert_eq!(imported.status, 0, "{imported:?}");
    let policy: Value = imported.json();
    assert_eq!((policy["keep"].as_u64(), policy["match"].as_str()), (Some(5), Some("tag:~^snap-")));
    assert_eq!(policy["protect"], "tag:=stable");
    assert!(imported.err.ends_with(
        "The same: supercargo clean-up --registry http://a --match 'tag:~^snap-' --protect 'tag:=stable' --keep 5 --keep-by version --keep-of all\n"
    ), "{}", imported.err);
    assert!(!imported.err.contains("hunter2"));
    std::fs::write(program.directory.path().join("policy.json"), &imported.out).unwrap();
    let read = program.run(&["clean-up", "--policy", "policy.json"]).await;
    assert!(read.status == 3 && read.err.contains("no other is named"), "the policy was read: {read:?}");
    let acr = program.run(&["clean-up", "--import", "acr-purge", "--filter 'web:.*' --ago 7d --keep 2"]).await;
    assert_eq!((acr.status, acr.json()["keep_of"].as_str()), (0, Some("old")), "{acr:?}");
    for (tool, options, told) in
        [("registry-cli", "-r http://a", "only list"), ("skopeo", "x", "skopeo"), ("acr-purge", "--ago 7d", "--filter")]
    {
        let refused = program.run(&["clean-up", "--import", tool, options]).await;
        assert_eq!((refused.status, refused.out.as_str()), (2, ""), "{refused:?}");
        assert!(refused.err.contains(told), "{}", refused.err);
    }
}
