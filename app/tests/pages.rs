//! Every page drawn from content: what must be there, and what must not.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod content;

use api::{Code, JobState, Problem, Registry, Repository, State};
use app::*;
use content::{
    change::{activity, activity_page, clean_up_page, deletion, job, job_page, refused, shown, wide},
    *,
};
use std::{collections::BTreeMap, path::Path};

fn drawn(page: Page) -> String {
    to_html(&frame(), page)
}

fn main_of(html: &str) -> &str {
    let start = html.find("<main").unwrap();
    &html[start..html.find("</main>").unwrap()]
}

/// The text that people read: tags taken away, spaces made single.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut within = false;
    for character in html.chars() {
        match character {
            '<' => within = true,
            '>' => within = false,
            c if !within => text.push(c),
            _ => {}
        }
        if character == '>' && !text.ends_with(' ') {
            text.push(' ');
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All tags without the quoted values of their attributes.
fn unquoted_tags(html: &str) -> String {
    let mut tags = String::new();
    let (mut within, mut quoted) = (false, false);
    for character in html.chars() {
        match character {
            '<' if !within => within = true,
            '"' if within => quoted = !quoted,
            '>' if within && !quoted => within = false,
            c if within && !quoted => tags.push(c),
            _ => {}
        }
    }
    tags
}

/// The values of an attribute, in order.
fn values<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.match_indices(&start).map(|(at, _)| &html[at + start.len()..]).map(|rest| &rest[..rest.find('"').unwrap()]).collect()
}

#[test]
fn every_page_is_a_whole_and_lawful_document() {
    for (name, page) in pages() {
        let html = drawn(page);
        assert!(html.to_ascii_lowercase().starts_with("<!doctype html>"), "{name}");
        assert!(html.contains("<html lang=\"en\"") && html.contains("name=\"viewport\""), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}: one first heading");
        assert_eq!(html.matches("<main").count(), 1, "{name}");
        assert!(!html.contains(" style=\""), "{name}: the policy forbids styles in elements");
        assert!(!html.contains(" onclick=") && !html.contains("javascript:"), "{name}");
        assert_eq!(html.matches("<script").count(), 2, "{name}: the prefetch rules and the boot, nothing else");
        assert_eq!(html.matches("nonce=\"nonce\"").count(), 2, "{name}: each with the nonce");
        assert!(html.contains("<leptos-island"), "{name}");
        assert_eq!(html.matches("<table").count(), html.matches("</tbody></table>").count(), "{name}: tables have bodies");
    }
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    for (name, page) in pages() {
        let html = drawn(page);
        let mut ids = values(&html, "id");
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}: an id twice");
        for attribute in ["aria-labelledby", "aria-describedby", "aria-controls"] {
            for id in values(&html, attribute) {
                assert!(ids.contains(&id), "{name}: {attribute}={id}");
            }
        }
        for href in values(&html, "href").into_iter().filter_map(|href| href.strip_prefix('#')) {
            assert!(ids.contains(&href), "{name}: #{href}");
        }
    }
}

#[test]
fn titles_tell_pages_apart() {
    let titles: BTreeMap<String, &str> = [
        ("catalogue", Page::Catalogue(catalogue(State::Fresh))),
        ("repository", Page::Repository(repository_page(State::Fresh))),
        ("search", Page::Search(search_page())),
        ("problem", Page::Problem(problem_page(Problem::new(Code::TagNotFound, "no")))),
    ]
    .into_iter()
    .chain(Tab::ALL.map(|tab| (tab.as_str(), Page::Image(Box::new(image_page(tab))))))
    .map(|(name, page)| (page.title(), name))
    .collect();
    assert_eq!(titles.len(), 9, "{titles:?}");
    assert!(drawn(Page::Repository(repository_page(State::Fresh))).contains("<title>local/team/api · Supercargo</title>"));
}

#[test]
fn below_a_path_every_address_carries_it() {
    for (name, page) in pages() {
        let html = to_html(&Frame { base: "/sub".into(), ..frame() }, page);
        for attribute in ["href", "action", "data-js", "data-wasm"] {
            for address in values(&html, attribute).into_iter().filter(|address| address.starts_with('/')) {
                assert!(address.starts_with("/sub/"), "{name}: {attribute}={address}");
            }
        }
    }
}

#[test]
fn forms_that_change_something_carry_their_token() {
    for (name, page) in pages() {
        let html = drawn(page);
        for form in html.split("<form").skip(1).map(|rest| &rest[..rest.find("</form>").unwrap()]) {
            let posts = form.contains("method=\"post\"");
            assert_eq!(posts, form.contains("name=\"csrf_token\" value=\"token\""), "{name}: {form}");
        }
    }
}

#[test]
fn the_catalogue_tells_what_there_is() {
    let html = drawn(Page::Catalogue(catalogue(State::Fresh)));
    let text = text_of(main_of(&html));
    for told in [
        "1,284 repositories",
        "48,211 tags",
        "1.9 TB stored",
        "3.4 TB before sharing",
        "in step, 4 s ago",
        "38 repositories · 41 GB",
        "v2.14.0",
        "184 MB",
        "Helm chart",
        "5 more",
        "2 min",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(html.contains("href=\"/r/local/team/api\""));
    assert!(html.contains("href=\"/?sort=name&amp;after=cursor&amp;n=9\""), "the next page keeps the order and tells its place");
    assert!(html.contains("title=\"184,000,000 bytes\"") && html.contains("title=\"2026-11-23 21:02:11 UTC\""));
}

#[test]
fn what_is_not_known_is_said_and_never_a_zero() {
    let unknown = Repository {
        size: None,
        updated: None,
        newest: None,
        platforms: vec![],
        kinds: vec![],
        aliases: vec![],
        ..repository("local", "a")
    };
    let model = CatalogueModel { list: list(vec![unknown], 1, None, State::Crawling), ..catalogue(State::Crawling) };
    let text = text_of(main_of(&drawn(Page::Catalogue(model))));
    assert!(text.contains("size unknown") && text.contains("not known"), "{text}");
    assert!(!text.contains("0 B") && !text.contains("Unknown kind"), "{text}");
    assert!(text.contains("crawling 120 of 1,284"), "{text}");
}

#[test]
fn trouble_says_what_happened_and_where_to_read_what_mends_it() {
    let text = text_of(main_of(&drawn(Page::Catalogue(catalogue(State::Unreachable)))));
    assert!(
        text.contains("local does not answer. local.example:5000 refuses the connection. What is shown here was last seen 4 s ago."),
        "{text}"
    );
    let silent = Registry { problem: registry("local", State::Unreachable).problem, state: State::Unreachable, ..no_deletes() };
    let model = RegistryModel { now: NOW, registry: silent, notifications: None, collections: None, refreshing: false };
    let text = text_of(main_of(&drawn(Page::Registry(model))));
    assert!(text.contains("What mends it: Is the registry running"), "{text}");
    assert!(text.contains("REGISTRY_STORAGE_DELETE_ENABLED=true"), "{text}");
}

#[test]
fn a_wrong_query_is_shown_where_it_is_wrong() {
    let model = CatalogueModel {
        asked: Asked { q: "payments  size:>5xx".into(), ..Asked::default() },
        error: Some(query_error()),
        list: list(vec![], 0, None, State::Fresh),
        ..catalogue(State::Fresh)
    };
    let page = Page::Catalogue(model);
    assert_eq!(page.status(), 400);
    let html = drawn(page);
    assert!(html.contains("underline-offset-4\">size:&gt;5xx<"));
    assert!(html.contains("aria-invalid=\"true\""));
    // An error that points beyond the query, or into the middle of a letter, breaks nothing.
    for (q, start, end) in [("é", 1, 9), ("", 3, 2), ("abc", 2, 1)] {
        let error = QueryError { start, end, ..query_error() };
        drawn(Page::Search(SearchModel {
            asked: Asked { q: q.into(), ..Asked::default() },
            error: Some(error),
            list: None,
            ..search_page()
        }));
    }
}

#[test]
fn filters_change_one_thing_of_the_address() {
    let asked = Asked { q: "pay kind:helm".into(), sort: Some("name".into()), after: Some("c".into()), before: 100, ..Asked::default() };
    let html = drawn(Page::Catalogue(CatalogueModel { asked, ..catalogue(State::Fresh) }));
    assert!(html.contains("href=\"/?q=pay%20kind:image&amp;sort=name\""), "another kind, the same words and order, from the first page");
    assert!(html.contains("href=\"/?q=pay%20kind:helm%20arch:arm64&amp;sort=name\""));
    assert!(html.contains("Kind: Helm chart"));
    assert!(text_of(&html).contains("101–109 of 1,284 repositories"));
}

#[test]
fn a_repository_gathers_tags_and_says_what_is_odd() {
    let html = drawn(Page::Repository(repository_page(State::Stale)));
    let text = text_of(main_of(&html));
    for told in [
        "v2.14.0 latest 2.14",
        "61 images",
        "38 GB before sharing",
        "github.com/acme/api",
        "signed",
        "SBOM",
        "being read",
        "The registry lists this tag but has no manifest for it.",
        "was not heard of as it should be",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(html.contains(&format!("data-copy=\"{}\"", digest(0))), "the whole digest is copied");
    assert!(html.contains("docker pull local.example:5000/team/api:v2.14.0"));
    assert!(html.contains(&format!("FROM local.example:5000/team/api@{}", digest(0))));
    assert!(html.contains("href=\"/?registry=local&amp;namespace=team\""), "the way back leads through the namespace");
}

#[test]
fn every_tab_of_an_image_shows_its_own() {
    let text = |tab| text_of(main_of(&drawn(Page::Image(Box::new(image_page(tab))))));
    let overview = text(Tab::Overview);
    for told in [
        "184 MB to pull · 512 MB unpacked · 5 layers",
        "/usr/local/bin/api --config /etc/api.toml",
        "not root",
        "every 30 s",
        "looks secret, show",
        "cosign · present",
        "until 2 h ago, for 6 h",
    ] {
        assert!(overview.contains(told), "{told}: {overview}");
    }
    let layers = text(Tab::Layers);
    for told in [
        "166 MB of it is in other images here already",
        "RUN apt-get update",
        "in 34 images",
        "only here",
        "5 steps without a layer: USER, EXPOSE, VOLUME, HEALTHCHECK, ENTRYPOINT",
    ] {
        assert!(layers.contains(told), "{told}: {layers}");
    }
    assert!(!layers.contains("#(nop)") && !layers.contains("buildkit"), "{layers}");
    let attached = text(Tab::Attached);
    assert!(attached.contains("Provenance") && !attached.contains("verified"), "{attached}");
}

#[test]
fn digests_of_manifests_are_links_and_the_same_bytes_can_be_had() {
    let html = drawn(Page::Image(Box::new(image_page(Tab::Manifest))));
    assert!(html.contains(&format!("<a href=\"/r/local/team/api@{}\">", digest(51))));
    assert!(!html.contains(&format!("<a href=\"/r/local/team/api@{}\">", digest(100))), "a layer is no page");
    assert!(html.contains("<a href=\"/r/local/team/api:v2.14.0?tab=configuration\">"));
    assert!(html.contains(&format!("crane manifest local.example:5000/team/api@{}", digest(0))));
    assert!(html.contains(&format!("/api/v1/manifest?ref=local/team/api@{}", digest(0))));
}

#[test]
fn an_image_without_sizes_says_so() {
    let mut model = image_page(Tab::Layers);
    model.image.size = None;
    model.image.unpacked_size = None;
    model.image.layers.iter_mut().for_each(|layer| layer.size = None);
    let text = text_of(main_of(&drawn(Page::Image(Box::new(model)))));
    assert!(text.contains("size unknown · 5 layers") && text.contains("schema 1"), "{text}");
}

#[test]
fn a_chart_is_shown_as_a_chart() {
    let text = text_of(main_of(&drawn(Page::Image(Box::new(chart_page())))));
    assert!(text.contains("Of application 1.11.2") && text.contains("ingress-4.11.2.tgz") && !text.contains("Entrypoint"), "{text}");
    assert!(text.contains("helm pull oci://local.example:5000/charts/ingress --version 4.11.2"), "{text}");
}

#[test]
fn a_plan_says_what_goes_what_stays_and_why() {
    let html = drawn(shown(deletion()));
    let text = text_of(main_of(&html));
    for told in [
        "Delete 3 tags from team/api?",
        "goes tags v2.13.4 , v2.13.3 , v2.13.2",
        "no tag names it any more",
        "stays image",
        "2.13 still names it",
        "frees 41 MB",
        "Cancel Delete 3 tags",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(html.contains("action=\"/plans/01jdbqk3\"") && html.contains("name=\"confirm\" value=\"team/api\""));
}

#[test]
fn a_wide_plan_is_confirmed_by_typing_and_shown_in_part() {
    let html = drawn(shown(wide()));
    let text = text_of(main_of(&html));
    for told in ["Delete 5,000 tags from local/team/api?", "and 592 more", "4,012 further effects", "Type team/api to confirm"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(html.contains("pattern=\"team\\/api\"") && !html.contains("value=\"team/api\""), "nobody types it for people");
    let names = html.matches("<b class=\"tag\">").count();
    assert!(names <= 110, "{names} names are listed");
}

#[test]
fn a_plan_that_can_do_nothing_offers_the_way_back_only() {
    for (name, plan) in [("refused", refused()), ("carried out", api::Plan { job: Some("j".into()), ..deletion() })] {
        let html = drawn(shown(plan));
        assert!(text_of(main_of(&html)).ends_with("Back"), "{name}");
        assert!(!main_of(&html).contains("<form"), "{name}");
    }
    let text = text_of(main_of(&drawn(shown(refused()))));
    assert!(text.contains("Set REGISTRY_STORAGE_DELETE_ENABLED=true in its environment"), "{text}");
}

#[test]
fn what_cannot_be_changed_shows_no_way_to_change_it() {
    let read_only = Registry { read_only: true, ..registry("local", State::Fresh) };
    let repository = Page::Repository(RepositoryModel { registry: read_only.clone(), ..repository_page(State::Fresh) });
    let image = Page::Image(Box::new(ImageModel { registry: read_only, ..image_page(Tab::Overview) }));
    for page in [repository, image] {
        let html = to_html(&Frame { can_change: false, ..frame() }, page);
        for none in ["method=\"post\"", "type=\"checkbox\"", "Delete", "/retag", "/copy", "/clean-up\"", "restore this"] {
            assert!(!main_of(&html).contains(none), "{none}");
        }
        assert!(!html.contains(">Clean-up<"), "the section is not shown either");
    }
    let html = drawn(Page::Repository(RepositoryModel { registry: no_deletes(), ..repository_page(State::Fresh) }));
    let text = text_of(main_of(&html));
    assert!(text.contains("Nothing can be deleted here. Deleting is switched off. Set REGISTRY_STORAGE_DELETE_ENABLED=true"), "{text}");
    assert!(!text.contains("Delete…") && text.contains("Copy to…") && text.contains("Retag…"), "{text}");
}

#[test]
fn a_row_has_its_choice_and_the_list_its_own() {
    let html = drawn(Page::Repository(repository_page(State::Fresh)));
    assert!(html.contains("name=\"ref\" value=\"local/team/api:v2.13.4\" aria-label=\"Select v2.13.4\""));
    assert!(text_of(&html).contains("all 212 tags"));
    assert!(html.contains("href=\"/r/local/team/api:v2.13.4#more\""), "without a script the dots lead to the image's own choices");
    assert!(!html.contains("api:broken#more"), "there is no page to lead to");
    let filtered =
        RepositoryModel { asked: Asked { q: "v2.*".into(), ..Asked::default() }, matching: Some(57), ..repository_page(State::Fresh) };
    let html = drawn(Page::Repository(filtered));
    assert!(text_of(&html).contains("all 57 tags that match") && html.contains("name=\"q\" value=\"v2.*\""));
}

#[test]
fn a_job_tells_how_far_it_is_and_what_can_be_done() {
    let html = drawn(Page::Job(job_page(JobState::Running)));
    let text = text_of(main_of(&html));
    assert!(text.contains("at work") && text.contains("2 of 5 steps") && text.contains("Stop") && !text.contains("Undo"), "{text}");
    assert!(html.contains("<noscript><meta http-equiv=\"refresh\" content=\"2\""), "without a script the page is loaded again");
    assert!(html.contains("data-events=\"/api/v1/jobs/01jdbqm9/events\""));
    assert!(html.contains("aria-valuenow=\"2\"") && html.contains("aria-valuemax=\"5\""));
    let html = drawn(Page::Job(job_page(JobState::Failed)));
    let text = text_of(main_of(&html));
    assert!(text.contains("was moved to another image meanwhile") && text.contains("Make the plan anew"), "{text}");
    assert!(html.contains("action=\"/jobs/01jdbqm9/undo\"") && !html.contains("http-equiv=\"refresh\""));
    let copy = api::Job { unit: "bytes".into(), done: 1_840_000_000, total: 5_000_000_000, ..job(JobState::Running) };
    let text = text_of(main_of(&drawn(Page::Job(JobModel { job: copy, ..job_page(JobState::Running) }))));
    assert!(text.contains("1.8 GB of 5 GB"), "{text}");
}

#[test]
fn activity_can_be_narrowed_exported_and_undone() {
    let html = drawn(Page::Activity(activity_page(ActivityTab::Activity)));
    let text = text_of(main_of(&html));
    for told in [
        "deleted team/api:v2.13.3",
        "failed",
        "The registry answered 500 twice.",
        "through Supercargo",
        "told by the registry",
        "10.0.4.17",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert_eq!(html.matches("formaction=\"/jobs/01jdbqm9/undo\"").count(), 1, "one offer for one job");
    assert!(html.contains("href=\"/activity?actor=ci\""));
    assert!(html.contains("href=\"/activity?after=cursor&amp;n=7\""));
    let asked = ActivityAsked { repository: Some("team/api".into()), action: Some("delete".into()), ..ActivityAsked::default() };
    let html = drawn(Page::Activity(ActivityModel { asked, ..activity_page(ActivityTab::Activity) }));
    assert!(html.contains("href=\"/api/v1/activity/export?as=csv&amp;repository=team/api&amp;action=delete\""));
    assert!(html.contains("href=\"/activity?action=delete\""), "each thing that narrows the list has its way out");
}

#[test]
fn a_policy_stands_in_its_form_and_its_preview_beside_it() {
    let html = drawn(Page::CleanUp(clean_up_page(Some(deletion()))));
    let text = text_of(main_of(&html));
    assert!(text.contains("3 tags and 3 images go; 41 MB freed.") && text.contains("Clean up…"), "{text}");
    for field in ["name=\"match\" value=\"tag:pr-*\"", "name=\"older_than\" value=\"14d\"", "name=\"protect\" value=\"tag:latest,stable\""]
    {
        assert!(html.contains(field), "{field}");
    }
    let text = text_of(main_of(&drawn(Page::CleanUp(CleanUpModel { policy: api::Policy::default(), ..clean_up_page(None) }))));
    assert!(text.contains("A policy that says nothing takes nothing") && !text.contains("Clean up…"), "{text}");
}

#[test]
fn a_fragment_is_the_content_alone() {
    let frame = Frame { fragment: true, ..frame() };
    for (name, page) in pages() {
        let is_job = matches!(page, Page::Job(_));
        let html = fragment(&frame, page);
        for frame in ["<html", "<header", "<main", "<script", "leptos-island", "id=\"change\"", "id=\"notice\""] {
            assert!(!html.contains(frame), "{name}: {frame}");
        }
        assert!(html.starts_with(if is_job { "<section data-fragment=\"job\"" } else { "<section data-fragment=\"dialog\"" }), "{name}");
    }
    let html = fragment(&frame, shown(deletion()));
    assert!(html.contains("id=\"change-title\"") && !html.contains("<h1"), "the page behind has the first heading");
    assert!(html.contains("data-close"), "a dialog is closed, not left");
    let html = fragment(&frame, Page::Job(job_page(JobState::Done)));
    assert!(
        html.contains("data-over") && html.contains("data-told=\"Delete 3 tags from local/team/api: done. It can be undone.\""),
        "{html}"
    );
}

#[test]
fn text_of_a_registry_is_text() {
    let hostile = "<script>alert(1)</script>\" onmouseover=\"x\u{202e}gpj";
    let mut image = image_page(Tab::Overview);
    image.image.labels.insert(hostile.into(), hostile.into());
    image.image.labels.insert("org.opencontainers.image.source".into(), "javascript:alert(1)".into());
    image.image.history[3].created_by = Some(hostile.into());
    image.image.layers[1].created_by = Some(hostile.into());
    image.image.attached[0].artifact_type = Some(hostile.into());
    image.image.config =
        Some(serde_json::json!({"config": {"Entrypoint": [hostile], "Env": [hostile], "User": hostile, "ExposedPorts": {hostile: {}}}}));
    image.manifests[0].text = format!("{{\"x\": {}}}", serde_json::Value::from(hostile));
    let mut repository = repository_page(State::Unreachable);
    repository.repository.description = Some(hostile.into());
    repository.labels.insert("org.opencontainers.image.licenses".into(), hostile.into());
    repository.list.items[0].problem = Some(Problem::new(Code::UpstreamMisbehaved, hostile));
    repository.registry.problem = Some(Problem::new(Code::UpstreamMisbehaved, hostile).hint(hostile));
    let mut search = search_page();
    let list = search.list.as_mut().unwrap();
    list.items[4].matched = hostile.into();
    list.items[4].marks = vec![(0, 7), (3, 5), (90, 99)];
    search.asked.q = hostile.replace('\u{202e}', "");
    let mut plan = deletion();
    plan.effects[0].reference = format!("local/team/api:{hostile}");
    plan.effects[1].why = hostile.into();
    plan.notes[0] = hostile.into();
    plan.problems = vec![api::PlanProblem { code: "x".into(), detail: hostile.into(), hint: Some(hostile.into()) }];
    plan.wide = true;
    plan.confirm = hostile.into();
    let mut job = job_page(JobState::Failed);
    job.job.summary = hostile.into();
    job.job.problems[0].detail = hostile.into();
    job.items[0].reference = hostile.into();
    job.items[1].detail = Some(hostile.into());
    let mut done = activity();
    done[0].actor = Some(hostile.into());
    done[0].tag = Some(hostile.into());
    done[2].detail = Some(hostile.into());
    let activity = ActivityModel {
        shown: ActivityShown::Activity(content::list(done, 7, None, State::Fresh)),
        ..activity_page(ActivityTab::Activity)
    };
    let pages = [
        Page::Repository(repository.clone()),
        shown(plan),
        Page::Job(job),
        Page::Activity(activity),
        Page::Search(search),
        Page::Problem(ProblemModel {
            registry: Some(repository.registry),
            ..problem_page(Problem::new(Code::TagNotFound, hostile).hint(hostile))
        }),
    ];
    let tabs = Tab::ALL.map(|tab| Page::Image(Box::new(ImageModel { tab, ..image.clone() })));
    for page in pages.into_iter().chain(tabs) {
        let title = page.title();
        let html = drawn(page);
        assert!(!html.contains("<script>alert"), "{title}");
        assert!(!unquoted_tags(&html).contains("onmouseover"), "{title}: text became an attribute");
        assert!(!html.contains('\u{202e}'), "{title}: what reorders is written out");
        assert!(!html.contains("href=\"javascript"), "{title}");
    }
}

#[test]
fn links_that_leave_tell_nothing() {
    let html = drawn(Page::Image(Box::new(image_page(Tab::Overview))));
    let leaving: Vec<&str> =
        html.split("<a ").filter(|rest| rest.split('>').next().is_some_and(|tag| tag.contains("href=\"http"))).collect();
    assert!(!leaving.is_empty());
    for link in leaving {
        assert!(link.contains("rel=\"noopener noreferrer nofollow\""), "{}", &link[..80]);
    }
}

#[test]
fn a_page_of_a_hundred_rows_is_small() {
    let rows: Vec<Repository> = repositories().into_iter().cycle().take(100).collect();
    let model = CatalogueModel { list: list(rows, 1284, Some("cursor"), State::Fresh), asked: Asked::default(), ..catalogue(State::Fresh) };
    let html = drawn(Page::Catalogue(model));
    let elements = html.matches('<').count() - html.matches("</").count() - html.matches("<!").count();
    assert!(elements < 4000, "{elements} elements");
    assert!(html.len() < 120_000, "{} bytes", html.len());
}

/// Every class that a page uses has a rule: a misspelt one, or one that Tailwind does not know, fails here.
#[test]
fn every_class_is_in_the_stylesheet() {
    let pkg = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/site/pkg");
    let Some(css) = std::fs::read_dir(pkg).ok().and_then(|entries| {
        entries.filter_map(Result::ok).map(|entry| entry.path()).find(|path| path.extension().is_some_and(|extension| extension == "css"))
    }) else {
        eprintln!("the stylesheet is not built; nothing to compare with");
        return;
    };
    let css = std::fs::read_to_string(css).unwrap();
    let mut missing = Vec::new();
    for (name, page) in pages() {
        let html = drawn(page);
        for class in values(&html, "class").into_iter().flat_map(str::split_whitespace) {
            let class = class.replace("&amp;", "&").replace("&gt;", ">");
            let mut selector = String::from(".");
            for character in class.chars() {
                if !(character.is_ascii_alphanumeric() || matches!(character, '-' | '_')) {
                    selector.push('\\');
                }
                selector.push(character);
            }
            let found = css.match_indices(&selector).any(|(at, _)| {
                let next = css[at + selector.len()..].chars().next().unwrap_or(' ');
                !(next.is_ascii_alphanumeric() || matches!(next, '-' | '_' | '\\'))
            });
            if !found {
                missing.push(format!("{name}: {class}"));
            }
        }
    }
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "{missing:#?}");
}
