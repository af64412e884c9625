//! What is asked of `POST plans` and `POST policies`, and policies wherever they are written.

use super::fields::{Fields, clip, quoted, wrong};
use api::{Action, Intent, Policy, Problem, StoredPolicy};
use serde_json::Value;

/// References in one request, at most.
const REFS: usize = 10_000;
/// Platforms in one request, at most: more than anyone builds for.
const PLATFORMS: usize = 100;

/// Reads a body.
pub(super) fn read(body: Value) -> Result<Intent, Problem> {
    let mut fields = Fields::of_body(body)?;
    let action = fields.text("action")?;
    let action = fields.required("action", action)?;
    let intent = match Action::parse(&action) {
        Some(Action::Delete) => {
            let refs = fields.texts("refs", REFS)?.unwrap_or_default();
            let query = fields.text("query")?;
            match &query {
                Some(_) if !refs.is_empty() => return Err(wrong("“refs” and “query” are both given; give one of the two.")),
                Some(text) if text.trim().is_empty() => {
                    return Err(wrong("“query” is empty, and would take every tag there is.").hint("Where that is meant, write tag:*."));
                }
                None if refs.is_empty() => return Err(wrong("What is to be deleted is not said: give “refs” or “query”.")),
                _ => {}
            }
            Intent::Delete { refs, query }
        }
        Some(Action::Retag) => {
            let (reference, tag) = (fields.text("ref")?, fields.text("tag")?);
            Intent::Retag { r#ref: fields.required("ref", reference)?, tag: fields.required("tag", tag)? }
        }
        Some(Action::Copy) => {
            let (from, to) = (fields.text("from")?, fields.text("to")?);
            let platforms = fields.texts("platforms", PLATFORMS)?;
            if platforms.as_ref().is_some_and(Vec::is_empty) {
                return Err(wrong("“platforms” is empty; leave it out to copy all."));
            }
            Intent::Copy { from: fields.required("from", from)?, to: fields.required("to", to)?, platforms }
        }
        Some(Action::CleanUp) => Intent::CleanUp { policy: inner_policy(&mut fields)? },
        // What undoes a job is asked of the job.
        Some(Action::Undo) | None => {
            let known = [Action::Delete, Action::Retag, Action::Copy, Action::CleanUp].map(Action::as_str);
            return Err(wrong(format!("“action” is {}, not “{}”.", quoted(&known), clip(&action))));
        }
    };
    fields.end()?;
    Ok(intent)
}

/// Reads a policy that stands by itself, as in a file.
pub(crate) fn policy_of(text: &str) -> Result<Policy, Problem> {
    let value = serde_json::from_str(text).map_err(|e| wrong(format!("This is not JSON: {e}.")))?;
    policy(Fields::of_body(value)?)
}

/// Reads a policy that is to be kept. What tells of its runs is ours to say: as it came from us it is passed over.
pub(super) fn kept(body: Value) -> Result<StoredPolicy, Problem> {
    let mut fields = Fields::of_body(body)?;
    let name = fields.text("name")?;
    let kept = StoredPolicy {
        id: fields.text("id")?.unwrap_or_default(),
        name: fields.required("name", name)?,
        policy: inner_policy(&mut fields)?,
        schedule: fields.text("schedule")?,
        zone: fields.text("zone")?,
        enabled: fields.flag("enabled")?.unwrap_or_default(),
        ..StoredPolicy::default()
    };
    for told in ["next", "last", "job", "result"] {
        fields.value(told);
    }
    fields.end()?;
    Ok(kept)
}

/// The policy under the key `policy`.
fn inner_policy(fields: &mut Fields) -> Result<Policy, Problem> {
    let given = fields.value("policy");
    policy(Fields::of_key("policy", fields.required("policy", given)?)?)
}

fn policy(mut fields: Fields) -> Result<Policy, Problem> {
    let policy = Policy {
        registry: fields.text("registry")?,
        r#match: fields.text("match")?.unwrap_or_default(),
        protect: fields.text("protect")?.unwrap_or_default(),
        keep: fields.number("keep")?,
        keep_by: fields.text("keep_by")?,
        keep_of: fields.text("keep_of")?,
        older_than: fields.text("older_than")?,
        clock: fields.text("clock")?,
        not_pulled_for: fields.text("not_pulled_for")?,
        untagged: fields.flag("untagged")?.unwrap_or_default(),
    };
    fields.end()?;
    Ok(policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_intent_is_read_as_it_is_written() {
        let policy = Policy {
            registry: Some("prod".into()),
            r#match: "repo:team/*".into(),
            protect: "tag:latest".into(),
            keep: Some(3),
            keep_by: Some("version".into()),
            keep_of: Some("all".into()),
            older_than: Some("30d".into()),
            clock: Some("any".into()),
            not_pulled_for: Some("90d".into()),
            untagged: true,
        };
        for intent in [
            Intent::Delete { refs: vec!["local/a:1".into(), "local/b".into()], query: None },
            Intent::Delete { refs: Vec::new(), query: Some("age:>90d".into()) },
            Intent::Retag { r#ref: "local/a:1".into(), tag: "2".into() },
            Intent::Copy { from: "hub/*:v2.*".into(), to: "prod/*".into(), platforms: Some(vec!["linux/amd64".into()]) },
            Intent::Copy { from: "hub/a".into(), to: "prod/a".into(), platforms: None },
            Intent::CleanUp { policy: policy.clone() },
            Intent::CleanUp { policy: Policy::default() },
        ] {
            assert_eq!(read(serde_json::to_value(&intent).unwrap()).unwrap(), intent);
        }
        assert_eq!(policy_of(&serde_json::to_string(&policy).unwrap()).unwrap(), policy);
        assert_eq!(policy_of("{}").unwrap(), Policy::default());
    }

    #[test]
    fn what_is_wrong_is_told_by_its_key() {
        for (body, told) in [
            (json!([]), "The body is a JSON object, not a list."),
            (json!({}), "“action” is missing."),
            (json!({"action": 1}), "“action” is a text in quotes, not 1."),
            (json!({"action": "burn"}), "“action” is “delete”, “retag”, “copy”, “clean-up”, not “burn”."),
            (json!({"action": "undo"}), "“action” is “delete”, “retag”, “copy”, “clean-up”, not “undo”."),
            (json!({"action": "delete"}), "What is to be deleted is not said: give “refs” or “query”."),
            (json!({"action": "delete", "refs": []}), "What is to be deleted is not said: give “refs” or “query”."),
            (json!({"action": "delete", "refs": ["a/b"], "query": "x"}), "“refs” and “query” are both given; give one of the two."),
            (json!({"action": "delete", "query": " "}), "“query” is empty, and would take every tag there is."),
            (json!({"action": "delete", "refs": "a/b"}), "“refs” is a list of texts, not “a/b”."),
            (json!({"action": "delete", "refs": ["a/b", 7]}), "“refs” is a list of texts, but item 2 is 7."),
            (json!({"action": "delete", "reffs": ["a/b"], "query": "x"}), "There is no key “reffs”; did you mean “refs”?"),
            (json!({"action": "delete", "refs": ["a/b"], "zzz": 1}), "There is no key “zzz”; there are “action”, “refs”, “query”."),
            (json!({"action": "retag", "ref": "a/b:1"}), "“tag” is missing."),
            (json!({"action": "retag", "ref": null, "tag": "x"}), "“ref” is missing."),
            (json!({"action": "copy", "from": "a/b"}), "“to” is missing."),
            (json!({"action": "copy", "from": "a/b", "to": "c/d", "platforms": []}), "“platforms” is empty; leave it out to copy all."),
            (json!({"action": "clean-up"}), "“policy” is missing."),
            (json!({"action": "clean-up", "policy": "x"}), "“policy” is an object, not “x”."),
            (json!({"action": "clean-up", "policy": {"keep": -1}}), "“keep” of “policy” is a whole number from 0 to 4294967295, not -1."),
            (json!({"action": "clean-up", "policy": {"untagged": "yes"}}), "“untagged” of “policy” is true or false, not “yes”."),
            (json!({"action": "clean-up", "policy": {"older": "3d"}}), "There is no key “older” of “policy”; did you mean “older_than”?"),
        ] {
            let problem = read(body.clone()).unwrap_err();
            assert_eq!((problem.code, problem.detail.as_str()), (api::Code::BadRequest, told), "{body}");
        }
        let many = vec!["a/b"; REFS + 1];
        let told = read(json!({"action": "delete", "refs": many})).unwrap_err().detail;
        assert_eq!(told, "“refs” holds at most 10000 items, not 10001.");
        assert!(policy_of("{").unwrap_err().detail.starts_with("This is not JSON: "));
    }
}
