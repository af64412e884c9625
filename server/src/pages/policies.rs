//! `/clean-up/policies`: keeps a policy, or lets one go.

use super::{clean_up::policy, forms::form, problem::fail, render::Head};
use crate::{AppState, query::Query};
use api::{Problem, StoredPolicy};
use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;

/// `POST /clean-up/policies`: the fields of the policy, `name`, `schedule`, `zone`, `enabled`, and `id` where one is changed.
pub(crate) async fn keep_policy(State(state): State<AppState>, head: Head, headers: HeaderMap, body: Body) -> Response {
    let kept = match form(&head, &headers, body).await.and_then(|fields| stored(&fields)) {
        Ok(kept) => kept,
        Err(problem) => return fail(&state, &head, problem).await,
    };
    match state.service.keep_policy(&head.client.caller(), &kept).await {
        Ok(kept) => Redirect::to(&format!("{}/clean-up?policy={}", state.base(), kept.id)).into_response(),
        Err(error) => fail(&state, &head, error.into()).await,
    }
}

/// `POST /clean-up/policies/{id}/remove`
pub(crate) async fn remove_policy(
    State(state): State<AppState>,
    head: Head,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Body,
) -> Response {
    if let Err(problem) = form(&head, &headers, body).await {
        return fail(&state, &head, problem).await;
    }
    match state.service.forget_policy(&head.client.caller(), &id).await {
        Ok(()) => Redirect::to(&format!("{}/clean-up", state.base())).into_response(),
        Err(error) => fail(&state, &head, error.into()).await,
    }
}

fn stored(fields: &Query) -> Result<StoredPolicy, Problem> {
    Ok(StoredPolicy {
        id: fields.owned("id")?.unwrap_or_default(),
        name: fields.owned("name")?.unwrap_or_default(),
        policy: policy(fields)?,
        schedule: fields.owned("schedule")?,
        zone: fields.owned("zone")?,
        enabled: fields.switch("enabled")?,
        ..StoredPolicy::default()
    })
}
