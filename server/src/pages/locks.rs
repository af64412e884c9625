//! `POST /lock`, `POST /unlock`: from an image's page, and back to it.

use super::{forms::form, problem::fail, render::Head};
use crate::{AppState, query::Query};
use api::Problem;
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use oci::Reference;

pub(crate) async fn lock(State(state): State<AppState>, head: Head, headers: HeaderMap, body: Body) -> Response {
    let asked = match form(&head, &headers, body).await.and_then(|fields| Ok((reference(&fields)?, fields.owned("note")?))) {
        Ok(asked) => asked,
        Err(problem) => return fail(&state, &head, problem).await,
    };
    let (reference, note) = asked;
    match state.service.lock(&head.client.caller(), &reference, note.as_deref()).await {
        Ok(_) => back(&state, &reference),
        Err(error) => fail(&state, &head, error.into()).await,
    }
}

pub(crate) async fn unlock(State(state): State<AppState>, head: Head, headers: HeaderMap, body: Body) -> Response {
    let reference = match form(&head, &headers, body).await.and_then(|fields| reference(&fields)) {
        Ok(reference) => reference,
        Err(problem) => return fail(&state, &head, problem).await,
    };
    match state.service.unlock(&head.client.caller(), &reference).await {
        // Somebody else was faster: it is as it should be.
        Ok(()) => back(&state, &reference),
        Err(error) if error.code() == api::Code::NotFound => back(&state, &reference),
        Err(error) => fail(&state, &head, error.into()).await,
    }
}

fn reference(fields: &Query) -> Result<Reference, Problem> {
    Ok(Reference::parse(fields.required("ref")?).map_err(service::Error::from)?)
}

/// A reference that was read holds nothing that an address cannot.
fn back(state: &AppState, reference: &Reference) -> Response {
    Redirect::to(&format!("{}/r/{reference}", state.base())).into_response()
}
