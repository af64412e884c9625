use super::*;
use oci::Kind;

/// A repository in which `v1` and `stable` name one image, and `v2` another.
fn two_names() -> Sketch {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    let (a, b) = (s.image("A"), s.image("B"));
    s.tag(r, "v1", a);
    s.tag(r, "stable", a);
    s.tag(r, "v2", b);
    s
}

#[test]
fn a_tag_whose_image_has_another_is_only_untagged() {
    let s = two_names();
    let plan = delete(&s, &[0]);
    assert_eq!(steps(&s, &plan), ["untag v1 of A"]);
    assert_eq!(effects(&s, &plan), ["- tag v1: asked for", "= manifest A: still tagged stable"]);
    assert_eq!((plan.frees, plan.frees_certain, plan.problems.len()), (0, true, 0));
    assert_eq!(plan.confirm, "delete v1");
}

#[test]
fn where_the_registry_cannot_a_placeholder_does_it() {
    let mut s = two_names();
    s.snapshot.ways.delete_tag = Some(false);
    let plan = delete(&s, &[0]);
    assert_eq!(steps(&s, &plan), ["untag v1 of A by a placeholder"]);
    assert!(plan.notes.iter().any(|n| n.contains("placeholder")));
    s.snapshot.ways.delete_tag = None;
    assert_eq!(steps(&s, &delete(&s, &[0])), ["untag v1 of A by a placeholder"]);
    s.snapshot.ways.placeholder = false;
    assert_eq!(steps(&s, &delete(&s, &[0])), ["untag v1 of A"]);
}

#[test]
fn where_neither_is_possible_everything_that_would_go_with_it_is_named() {
    let mut s = two_names();
    (s.snapshot.ways.delete_tag, s.snapshot.ways.placeholder) = (Some(false), false);
    let plan = delete(&s, &[0]);
    assert_eq!(steps(&s, &plan), [""; 0]);
    assert_eq!(codes(&plan), [Code::DeleteTag]);
    assert_eq!(
        details(&s, &plan),
        ["v1 of team/api cannot be deleted alone: this registry deletes by digest only, and with A stable would go too."]
    );
    assert_eq!(plan.problems[0].hint.as_deref(), Some("Ask for v1 and stable together, or allow placeholders."));
    assert_eq!(effects(&s, &plan), ["= tag v1: this registry cannot delete it alone"]);
    assert_eq!(steps(&s, &delete(&s, &[0, 1])), ["delete A with v1, stable"]);
}

#[test]
fn the_last_name_takes_the_image_with_it() {
    let s = two_names();
    let plan = delete(&s, &[1, 0]);
    assert_eq!(steps(&s, &plan), ["delete A with v1, stable"]);
    assert_eq!(effects(&s, &plan), ["- tag v1: asked for", "- tag stable: asked for", "- manifest A: no other tag names it"]);
    assert_eq!(plan.frees, 100);
}

#[test]
fn an_index_takes_what_only_it_lists() {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    let (amd, arm, old) = (s.image("AMD"), s.image("ARM"), s.image("OLD"));
    let one = s.index("ONE", &[amd, old]);
    let two = s.index("TWO", &[arm, old]);
    s.tag(r, "v1", one);
    s.tag(r, "v2", two);
    s.tag(r, "v2-arm", arm);
    let plan = delete(&s, &[0]);
    assert_eq!(steps(&s, &plan), ["delete ONE with v1", "delete AMD"]);
    assert_eq!(
        effects(&s, &plan),
        [
            "- tag v1: asked for",
            "- manifest ONE: no other tag names it",
            "- manifest AMD: only v1 was made of it",
            "= manifest OLD: listed by v2 (TWO)"
        ]
    );
    let plan = delete(&s, &[0, 1]);
    let mut told = steps(&s, &plan);
    told[2..].sort();
    assert_eq!(told, ["delete TWO with v2", "delete ONE with v1", "delete AMD", "delete OLD"]);
    let told = effects(&s, &plan);
    assert!(told.contains(&"- manifest OLD: only v2 and v1 were made of it".to_owned()), "{told:?}");
    assert!(told.contains(&"= manifest ARM: still tagged v2-arm".to_owned()), "{told:?}");
}

#[test]
fn what_a_live_index_lists_loses_its_name_only() {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    let arm = s.image("ARM");
    let inner = s.index("INNER", &[arm]);
    let outer = s.index("OUTER", &[inner]);
    s.tag(r, "v1", outer);
    let tag = s.tag(r, "v1-arm", arm);
    let plan = delete(&s, &[tag]);
    assert_eq!(steps(&s, &plan), ["untag v1-arm of ARM"]);
    assert_eq!(effects(&s, &plan)[1], "= manifest ARM: listed by v1 (OUTER) through INNER");

    let plan = wish(&s, DeleteIn { digests: vec![arm], ..DeleteIn::default() });
    assert_eq!((steps(&s, &plan).len(), codes(&plan)), (0, vec![Code::IndexChild]));
    assert_eq!(details(&s, &plan), ["ARM of team/api stays: it is listed by v1 (OUTER) through INNER, which would break without it."]);
    assert_eq!(effects(&s, &plan), ["= manifest ARM: still tagged v1-arm"]);

    // With the index it goes.
    let plan = wish(&s, DeleteIn { digests: vec![arm], tags: vec![0], ..DeleteIn::default() });
    assert_eq!(steps(&s, &plan), ["delete OUTER with v1", "delete INNER", "delete ARM with v1-arm"]);
}

#[test]
fn what_is_attached_goes_after_its_image_however_it_is_attached() {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    let image = s.image("IMAGE");
    s.tag(r, "v1", image);
    let layer = s.blob(7);
    let [sig, sbom, chart, listed] =
        [("SIG", Kind::Signature), ("SBOM", Kind::Sbom), ("FILES", Kind::Artifact), ("LISTED", Kind::Provenance)]
            .map(|(name, kind)| s.manifest(name, kind, &[], &[layer]));
    s.machinery(r, image, ".sig", sig);
    s.attach(r, image, sbom);
    // A signature of the SBOM.
    s.machinery(r, sbom, ".sig", chart);
    let list = s.index("LIST", &[listed]);
    s.machinery(r, image, "", list);
    let plan = delete(&s, &[0]);
    assert_eq!(
        effects(&s, &plan),
        [
            "- tag v1: asked for",
            "- manifest IMAGE: no other tag names it",
            "- tag sha256-IMAGE: the list of what is attached to v1 (IMAGE)",
            "- manifest LIST: the list of what is attached to v1 (IMAGE)",
            "- tag sha256-IMAGE.sig: signature of v1 (IMAGE)",
            "- manifest SIG: signature of v1 (IMAGE)",
            "- manifest SBOM: SBOM of v1 (IMAGE)",
            "- tag sha256-SBOM.sig: attached to SBOM",
            "- manifest FILES: attached to SBOM",
            "- manifest LISTED: provenance of v1 (IMAGE)",
        ]
    );
    assert_eq!(plan.frees, 107);
    assert!(!plan.wide || plan.confirm == "team/api");
}

#[test]
fn an_attached_image_with_a_name_of_its_own_stays_and_that_is_said() {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    let (image, sbom, other) = (s.image("IMAGE"), s.image("SBOM"), s.image("OTHER"));
    s.tag(r, "v1", image);
    s.tag(r, "v1-sbom", sbom);
    s.tag(r, "v2", other);
    s.attach(r, image, sbom);
    let plan = delete(&s, &[0]);
    assert_eq!(steps(&s, &plan), ["delete IMAGE with v1"]);
    assert_eq!(effects(&s, &plan)[2], "= manifest SBOM: still tagged v1-sbom; what it is attached to, v1 (IMAGE), goes");
    // Its own name alone does not take it from a live image.
    let plan = delete(&s, &[1]);
    assert_eq!(steps(&s, &plan), ["untag v1-sbom of SBOM"]);
    assert_eq!(effects(&s, &plan)[1], "= manifest SBOM: attached to v1 (IMAGE)");
    // By its digest it goes: that is what was asked for.
    let plan = wish(&s, DeleteIn { digests: vec![sbom], ..DeleteIn::default() });
    assert_eq!(steps(&s, &plan), ["delete SBOM with v1-sbom"]);
}

#[test]
fn a_part_that_something_with_a_name_is_attached_to_stays() {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    let (amd, report) = (s.image("AMD"), s.image("REPORT"));
    let index = s.index("INDEX", &[amd]);
    s.tag(r, "v1", index);
    s.tag(r, "report", report);
    s.attach(r, amd, report);
    let plan = delete(&s, &[0]);
    assert_eq!(steps(&s, &plan), ["delete INDEX with v1"]);
    assert_eq!(effects(&s, &plan)[2], "= manifest AMD: report (REPORT) is attached to it and stays");
}

#[test]
fn a_list_that_two_images_share_loses_one_name() {
    // An emptied list of what is attached is the same for every image.
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    let (a, b) = (s.image("A"), s.image("B"));
    let empty = s.index("EMPTY", &[]);
    s.tag(r, "v1", a);
    s.tag(r, "v2", b);
    s.machinery(r, a, "", empty);
    s.machinery(r, b, "", empty);
    let plan = delete(&s, &[0]);
    assert_eq!(steps(&s, &plan), ["untag sha256-A of EMPTY", "delete A with v1"]);
}

#[test]
fn a_fallback_tag_that_names_its_own_image_goes_with_it() {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    let (a, b) = (s.image("A"), s.image("B"));
    s.tag(r, "v1", a);
    s.tag(r, "v2", b);
    s.machinery(r, a, "", a);
    let plan = delete(&s, &[0]);
    assert_eq!(steps(&s, &plan), ["delete A with v1, sha256-A"]);
}

#[test]
fn a_digest_takes_all_its_tags() {
    let s = two_names();
    let plan = wish(&s, DeleteIn { digests: vec![0], ..DeleteIn::default() });
    assert_eq!(
        effects(&s, &plan),
        [
            "- tag v1: what it names is deleted by its digest",
            "- tag stable: what it names is deleted by its digest",
            "- manifest A: asked for by its digest"
        ]
    );
    let mut other = two_names();
    let missing = other.image("MISSING");
    let plan = wish(&other, DeleteIn { digests: vec![missing], ..DeleteIn::default() });
    assert_eq!((codes(&plan), details(&other, &plan)), (vec![Code::NotFound], vec!["team/api does not have MISSING.".to_owned()]));
}

#[test]
fn what_is_protected_stays_and_the_rest_goes_on() {
    let mut s = two_names();
    s.tag_mut(0, 1).protected = Some("locked by mira".into());
    let plan = delete(&s, &[0, 1, 2]);
    assert_eq!(steps(&s, &plan), ["untag v1 of A", "delete B with v2"]);
    assert_eq!(details(&s, &plan), ["stable of team/api stays: it is protected (locked by mira)."]);
    assert_eq!(effects(&s, &plan).last().unwrap(), "= tag stable: protected: locked by mira");
    let plan = wish(&s, DeleteIn { digests: vec![0, 1], ..DeleteIn::default() });
    assert_eq!(steps(&s, &plan), ["delete B with v2"]);
    assert_eq!(details(&s, &plan), ["A of team/api stays: stable, which is protected, names it."]);
}

#[test]
fn everything_is_everything_but_what_is_protected() {
    let mut s = two_names();
    let (left, sig) = (s.image("LEFT"), s.image("SIG"));
    s.untagged(0, left);
    s.machinery(0, left, ".sig", sig);
    let everything = DeleteIn { everything: true, ..DeleteIn::default() };
    let plan = wish(&s, everything.clone());
    assert_eq!(steps(&s, &plan), ["delete B with v2", "delete A with v1, stable", "delete LEFT", "delete SIG with sha256-LEFT.sig"]);
    assert_eq!((plan.frees, plan.wide, &*plan.confirm), (400, true, "team/api"));
    s.tag_mut(0, 0).protected = Some("matches v1".into());
    let plan = wish(&s, everything);
    assert_eq!(steps(&s, &plan), ["untag stable of A", "delete B with v2", "delete LEFT", "delete SIG with sha256-LEFT.sig"]);
    assert_eq!(codes(&plan), [Code::Protected]);
}

#[test]
fn what_no_tag_reaches_goes_when_asked_for() {
    let mut s = two_names();
    let (left, attached, index) = (s.image("LEFT"), s.image("ATTACHED"), s.index("INDEX", &[0]));
    s.untagged(0, left);
    s.untagged(0, attached);
    s.manifest_mut(attached).subject = Some(0);
    s.untagged(0, index);
    let plan = wish(&s, DeleteIn { untagged: true, ..DeleteIn::default() });
    let mut gone = steps(&s, &plan);
    gone.sort();
    assert_eq!(gone, ["delete INDEX", "delete LEFT"]);
    // An index without a tag keeps nothing, but what it loses is said.
    let plan = delete(&s, &[0, 1]);
    assert_eq!(steps(&s, &plan), ["delete A with v1, stable", "delete ATTACHED"]);
    assert_eq!(
        effects(&s, &plan).last().unwrap(),
        "= manifest INDEX: no tag names it, and it was not asked for; it lists v1 (A), which goes"
    );
}

#[test]
fn deletes_that_the_registry_or_we_refuse_are_shown_and_not_done() {
    let mut s = two_names();
    s.snapshot.ways.delete = Some(false);
    let plan = delete(&s, &[0, 1]);
    assert_eq!((steps(&s, &plan).len(), codes(&plan)), (0, vec![Code::DeleteDisabled]));
    assert!(plan.problems[0].hint.as_ref().unwrap().contains("REGISTRY_STORAGE_DELETE_ENABLED=true"));
    assert!(plan.problems[0].hint.as_ref().unwrap().contains("storage.delete.enabled: true"));
    assert_eq!((effects(&s, &plan).len(), plan.frees), (3, 100));
    s.snapshot.ways.read_only = true;
    assert_eq!(codes(&delete(&s, &[0])), [Code::ReadOnly, Code::DeleteDisabled]);
}

#[test]
fn the_json_is_the_same_from_one_version_to_the_next() {
    let s = two_names();
    let text = serde_json::to_string(&delete(&s, &[0, 2])).unwrap();
    let expected = r#"{"registry":"local","steps":[
{"step":"untag","repository":"team/api","tag":"v1","digest":"A","media_type":"application/vnd.oci.image.manifest.v1+json","way":"by_name"},
{"step":"delete_manifest","repository":"team/api","digest":"B","media_type":"application/vnd.oci.image.manifest.v1+json","tags":["v2"]}],
"effects":[
{"kind":"tag","repository":"team/api","tag":"v1","digest":"A","fate":"goes","why":"asked for"},
{"kind":"manifest","repository":"team/api","digest":"A","fate":"stays","why":"still tagged stable"},
{"kind":"tag","repository":"team/api","tag":"v2","digest":"B","fate":"goes","why":"asked for"},
{"kind":"manifest","repository":"team/api","digest":"B","fate":"goes","why":"no other tag names it"}],
"frees":100,"frees_certain":true,"wide":true,"confirm":"team/api","problems":[],"notes":[
"A tag whose image stays is deleted by its name.",
"Images without another name are deleted by their digest, each before what it lists and what is attached to it.",
"The disk space is free once the registry has collected its garbage."]}"#;
    assert_eq!(s.with_names(&text), expected.replace('\n', ""));
}
