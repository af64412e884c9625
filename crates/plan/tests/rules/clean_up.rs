use super::*;
use plan::{CleanUp, Clock, KeepBy, KeepOf};

/// One repository; each tag has its own image and was pushed and built so many days ago.
fn aged(tags: &[(&str, Option<i64>)]) -> Sketch {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    for &(name, days) in tags {
        let image = s.image(&name.to_uppercase());
        let tag = s.tag(r, name, image);
        s.tag_mut(r, tag).pushed = days.map(|days| NOW - days * DAY);
        s.tag_mut(r, tag).created = days.map(|days| NOW - (days + 100) * DAY);
    }
    s
}

fn clean(s: &Sketch, policy: &CleanUp) -> Plan {
    plan(&s.snapshot, &Intent::CleanUp(policy.clone()), NOW)
}

fn tags(s: &Sketch, plan: &Plan, fate: Fate) -> Vec<String> {
    let these = plan.effects.iter().filter(|e| e.tag.is_some() && e.fate == fate);
    these.map(|e| s.with_names(&format!("{}: {}", e.tag.as_ref().unwrap(), e.why))).collect()
}

fn gone(plan: &Plan) -> Vec<&str> {
    plan.effects.iter().filter(|e| e.fate == Fate::Goes).filter_map(|e| e.tag.as_deref()).collect()
}

#[test]
fn the_newest_by_version_stay_and_what_is_no_version() {
    let s = aged(&[("v1.9", None), ("v1.10", None), ("latest", None), ("v1.8", None), ("v1.10-rc.1", None)]);
    let plan = clean(&s, &CleanUp { keep: Some(2), ..CleanUp::default() });
    assert_eq!(tags(&s, &plan, Fate::Goes), ["v1.9: not among the newest 2 by version", "v1.8: not among the newest 2 by version"]);
    assert_eq!(
        tags(&s, &plan, Fate::Stays),
        [
            "v1.10: one of the newest 2 by version",
            "v1.10-rc.1: one of the newest 2 by version",
            "latest: it is no version, so it cannot be told how new it is"
        ]
    );
}

#[test]
fn two_names_of_one_version_are_not_told_apart() {
    let s = aged(&[("v2.0", None), ("2.0", None), ("1.0", None)]);
    assert_eq!(gone(&clean(&s, &CleanUp { keep: Some(1), ..CleanUp::default() })), ["1.0"]);
}

#[test]
fn the_newest_by_push_stay_with_their_ties_and_what_has_no_date() {
    let s = aged(&[("a", Some(1)), ("b", Some(5)), ("c", Some(5)), ("d", Some(9)), ("e", None)]);
    let plan = clean(&s, &CleanUp { keep: Some(2), keep_by: KeepBy::Pushed, ..CleanUp::default() });
    assert_eq!(tags(&s, &plan, Fate::Goes), ["d: not among the newest 2 by push"]);
    assert!(tags(&s, &plan, Fate::Stays).contains(&"e: it is not known when it was pushed".to_owned()));
}

#[test]
fn newest_of_all_and_newest_of_the_old_are_two_things() {
    let s = aged(&[("a", Some(1)), ("b", Some(2)), ("c", Some(40)), ("d", Some(50)), ("e", Some(60))]);
    let policy = CleanUp { keep: Some(2), keep_by: KeepBy::Pushed, older_than: Some(30 * DAY), ..CleanUp::default() };
    let plan = clean(&s, &policy);
    assert_eq!(
        tags(&s, &plan, Fate::Goes),
        ["c", "d", "e"].map(|t| format!(
            "{t}: pushed {} days ago, not among the newest 2 by push",
            match t {
                "c" => 40,
                "d" => 50,
                _ => 60,
            }
        ))
    );
    let plan = clean(&s, &CleanUp { keep_of: KeepOf::Old, ..policy });
    assert_eq!(gone(&plan), ["e"]);
    assert_eq!(
        tags(&s, &plan, Fate::Stays),
        ["a: pushed 24 hours ago", "b: pushed 2 days ago", "c: one of the newest 2 by push", "d: one of the newest 2 by push"]
    );
}

#[test]
fn old_is_told_by_the_clock_chosen_and_never_without_a_date() {
    let mut s = aged(&[("a", Some(10)), ("b", Some(40)), ("c", None)]);
    let policy = |clock| CleanUp { older_than: Some(30 * DAY), clock, ..CleanUp::default() };
    assert_eq!(gone(&clean(&s, &policy(Clock::Pushed))), ["b"]);
    assert_eq!(gone(&clean(&s, &policy(Clock::Created))), ["a", "b"]);
    assert_eq!(gone(&clean(&s, &policy(Clock::Any))), ["b"]);
    s.tag_mut(0, 2).created = Some(NOW - 31 * DAY);
    assert_eq!(gone(&clean(&s, &policy(Clock::Any))), ["b", "c"]);
    // Just as old is not older.
    s.tag_mut(0, 1).pushed = Some(NOW - 30 * DAY);
    let plan = clean(&s, &policy(Clock::Pushed));
    assert_eq!(gone(&plan), [""; 0]);
    assert_eq!(tags(&s, &plan, Fate::Stays), ["a: pushed 10 days ago", "b: pushed 30 days ago", "c: it is not known when it was pushed"]);
}

#[test]
fn not_pulled_is_only_what_we_would_have_heard_of() {
    let mut s = aged(&[("a", Some(90)), ("b", Some(90)), ("c", Some(10)), ("d", None)]);
    s.tag_mut(0, 1).pulled = Some(NOW - 5 * DAY);
    let policy = CleanUp { not_pulled_for: Some(30 * DAY), ..CleanUp::default() };
    let plan = clean(&s, &policy);
    assert_eq!((gone(&plan).len(), codes(&plan)), (0, vec![Code::PullsUnknown]));
    s.snapshot.pulls_since = Some(NOW - 20 * DAY);
    assert_eq!(gone(&clean(&s, &policy)), [""; 0]);
    s.snapshot.pulls_since = Some(NOW - 60 * DAY);
    let plan = clean(&s, &policy);
    assert_eq!(tags(&s, &plan, Fate::Goes), ["a: not pulled for 30 days"]);
    assert_eq!(tags(&s, &plan, Fate::Stays), ["b: pulled 5 days ago", "c: pushed 10 days ago", "d: it is not known when it was pushed"]);
}

#[test]
fn names_go_from_an_image_that_a_protected_or_newer_name_keeps() {
    let mut s = aged(&[("v3", None), ("v2", None), ("v1", None)]);
    let v1_too = s.tag(0, "release", 2);
    s.tag_mut(0, v1_too).protected = Some("matches release".into());
    s.tag_mut(0, 1).manifest = Some(0);
    let plan = clean(&s, &CleanUp { keep: Some(1), ..CleanUp::default() });
    assert_eq!(steps(&s, &plan), ["untag v2 of V3", "untag v1 of V1"]);
    assert!(effects(&s, &plan).contains(&"= manifest V1: still tagged release".to_owned()));
    assert!(tags(&s, &plan, Fate::Stays).contains(&"release: protected: matches release".to_owned()));
    assert!(plan.problems.is_empty());
}

#[test]
fn a_policy_that_says_nothing_takes_nothing() {
    let mut s = aged(&[("a", Some(90)), ("b", Some(90))]);
    for policy in [CleanUp::default(), CleanUp { matches: true, ..CleanUp::default() }, CleanUp { keep: Some(0), ..CleanUp::default() }] {
        let plan = clean(&s, &policy);
        assert_eq!((plan.steps.len(), codes(&plan)), (0, vec![Code::TakesEverything]), "{policy:?}");
    }
    // What it matches is narrower than everything.
    s.tag_mut(0, 1).candidate = false;
    assert_eq!(gone(&clean(&s, &CleanUp { matches: true, ..CleanUp::default() })), ["a"]);
    assert_eq!(codes(&clean(&s, &CleanUp::default())), [Code::TakesEverything]);
}

#[test]
fn what_no_tag_reaches_is_cleaned_where_the_policy_looks() {
    let mut s = aged(&[("v1", Some(1))]);
    let left = s.image("LEFT");
    s.untagged(0, left);
    let only = CleanUp { untagged: true, ..CleanUp::default() };
    let plan = clean(&s, &only);
    assert_eq!(effects(&s, &plan), ["- manifest LEFT: no tag names it"]);
    s.snapshot.repositories[0].candidate = false;
    assert_eq!(clean(&s, &only).steps.len(), 0);
}

#[test]
fn what_is_no_candidate_is_left_alone() {
    let mut s = aged(&[("v1", Some(90)), ("v2", Some(90))]);
    s.tag_mut(0, 0).candidate = false;
    let plan = clean(&s, &CleanUp { older_than: Some(DAY), ..CleanUp::default() });
    assert_eq!(gone(&plan), ["v2"]);
    assert_eq!(tags(&s, &plan, Fate::Stays), [""; 0]);
}
