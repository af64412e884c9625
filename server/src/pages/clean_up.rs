//! `/clean-up`: a policy in the address, and what it would do.

use super::{
    changes::plan,
    forms::form,
    now,
    problem::fail,
    render::{Head, render, render_in_parts},
};
use crate::{AppState, query::Query};
use api::{Code, Intent, Plan, Policy, Problem};
use app::{CleanUpModel, Frame, Page};
use axum::{body::Body, extract::State, response::Response};
use http::HeaderMap;
use std::time::Duration;

/// How long a page waits for its preview before it is sent without.
const PATIENCE: Duration = Duration::from_millis(150);

/// `GET /clean-up?match=&protect=&keep=…`: shows, and changes nothing.
pub(crate) async fn clean_up(State(state): State<AppState>, head: Head, query: Query) -> Response {
    let mut model = match model(&state, &head, &query).await {
        Ok(model) => model,
        Err(problem) => return fail(&state, &head, problem).await,
    };
    if model.problem.is_some() || !says_something(&model.policy) {
        return render(&state, &head, Page::CleanUp(model)).await;
    }
    let (service, caller, intent) = (state.service.clone(), head.client.caller(), Intent::CleanUp { policy: model.policy.clone() });
    let mut reckoned = Box::pin(async move { service.preview(&caller, &intent).await });
    tokio::select! {
        plan = &mut reckoned => match show(&mut model, plan) {
            Ok(()) => render(&state, &head, Page::CleanUp(model)).await,
            Err(problem) => fail(&state, &head, problem).await,
        },
        // Over a million tags it takes seconds: the policy is seen and can be changed meanwhile.
        () = tokio::time::sleep(PATIENCE), if !head.fragment => {
            let mut later = model.clone();
            let rest = async move {
                let plan = reckoned.await;
                if let Err(problem) = show(&mut later, plan) {
                    later.problem = Some(problem);
                }
                move |frame: &Frame| app::preview(frame, &later)
            };
            model.pending = true;
            render_in_parts(&state, &head, Page::CleanUp(model), app::PREVIEW, rest).await
        }
    }
}

/// Takes in what a policy would do. The error is none of the policy's.
fn show(model: &mut CleanUpModel, plan: service::Result<Plan>) -> Result<(), Problem> {
    match plan {
        Ok(plan) => model.plan = Some(plan),
        Err(error) if error.code() == Code::BadQuery => model.problem = Some(error.into()),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn model(state: &AppState, head: &Head, query: &Query) -> Result<CleanUpModel, Problem> {
    let caller = head.client.caller();
    let registries = state.service.registries(&caller).await?.into_iter().filter(|r| !r.read_only).map(|r| r.name).collect();
    let kept = state.service.policies(&caller).await?;
    let mut model =
        CleanUpModel { now: now(), registries, policy: Policy::default(), plan: None, pending: false, problem: None, kept, edited: None };
    match (query.text("policy")?, policy(query)) {
        (Some(id), _) => {
            let edited = state.service.policy(&caller, id).await?;
            model.policy = edited.policy.clone();
            model.edited = Some(edited);
        }
        (None, Ok(policy)) => model.policy = policy,
        (None, Err(problem)) => model.problem = Some(problem),
    }
    Ok(model)
}

/// `POST /clean-up`: the same as a plan.
pub(crate) async fn clean_up_plan(State(state): State<AppState>, head: Head, headers: HeaderMap, body: Body) -> Response {
    match form(&head, &headers, body).await.and_then(|fields| policy(&fields)) {
        Ok(policy) => plan(&state, &head, &Intent::CleanUp { policy }).await,
        Err(problem) => fail(&state, &head, problem).await,
    }
}

pub(super) fn policy(query: &Query) -> Result<Policy, Problem> {
    let keep = query.text("keep")?.map(|text| {
        text.parse()
            .map_err(|_| Problem::new(Code::BadQuery, format!("“{text}” is not how many are kept.")).hint("Give a number, such as 10."))
    });
    Ok(Policy {
        registry: query.owned("registry")?,
        r#match: query.owned("match")?.unwrap_or_default(),
        protect: query.owned("protect")?.unwrap_or_default(),
        keep: keep.transpose()?,
        keep_by: query.owned("keep_by")?,
        keep_of: query.owned("keep_of")?,
        older_than: query.owned("older_than")?,
        clock: query.owned("clock")?,
        not_pulled_for: query.owned("not_pulled_for")?,
        untagged: query.switch("untagged")?,
    })
}

/// Whether there is anything to be shown: what protects and how it is counted take nothing by themselves.
fn says_something(policy: &Policy) -> bool {
    !policy.r#match.trim().is_empty()
        || policy.keep.is_some()
        || policy.older_than.is_some()
        || policy.not_pulled_for.is_some()
        || policy.untagged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_from_its_form() {
        let policy = policy(&Query::parse("match=tag:pr-*&protect=&keep=10&keep_by=pushed&older_than=30d&clock=any&untagged=1")).unwrap();
        assert_eq!((policy.r#match.as_str(), policy.keep, policy.untagged), ("tag:pr-*", Some(10), true));
        assert_eq!(
            (policy.keep_by.as_deref(), policy.older_than.as_deref(), policy.not_pulled_for.as_deref()),
            (Some("pushed"), Some("30d"), None)
        );
        assert!(says_something(&policy));
        assert_eq!(super::policy(&Query::parse("keep=ten")).unwrap_err().code, Code::BadQuery);
        let idle = super::policy(&Query::parse("keep_by=version&keep_of=all&clock=any&protect=tag:latest")).unwrap();
        assert!(!says_something(&idle), "a form that was only sent takes nothing");
    }
}
