//! Pages: read what an address asks, ask the use cases, fill the model, have `app` draw it.

mod activity;
mod changes;
mod clean_up;
mod compare;
mod forms;
mod image;
mod jobs;
mod lists;
mod locks;
mod plans;
mod policies;
mod problem;
mod registry;
mod render;

pub(crate) use activity::activity;
pub(crate) use changes::{copy, copy_form, delete, retag, retag_form};
pub(crate) use clean_up::{clean_up, clean_up_plan};
pub(crate) use compare::compare;
pub(crate) use forms::{collect, refresh, theme};
pub(crate) use jobs::{cancel, job, undo};
pub(crate) use lists::{catalogue, search};
pub(crate) use locks::{lock, unlock};
pub(crate) use plans::{carry_out, plan};
pub(crate) use policies::{keep_policy, remove_policy};
pub(crate) use problem::{fail, refuse};
pub(crate) use registry::{below_registry, registry};
pub(crate) use render::Head;

use crate::query::Query;
use api::Problem;
use app::{Asked, QueryError};

/// Milliseconds since 1970.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// What an address asked of a list. Where the page stands in it is told by the list itself, once it is known.
fn asked(query: &Query) -> Result<Asked, Problem> {
    Ok(Asked {
        q: query.owned("q")?.unwrap_or_default(),
        registry: query.owned("registry")?,
        namespace: query.owned("namespace")?,
        sort: query.owned("sort")?,
        flat: query.switch("flat")?,
        after: query.owned("after")?,
        before: query.count("n")?,
        previous: None,
    })
}

/// Where a query is wrong, if it is the query that is wrong.
fn query_error(q: &str) -> Option<QueryError> {
    let error = catalogue::query::Query::parse(q).err()?;
    Some(QueryError { start: error.start, end: error.end, message: format!("{}.", error.message), hint: error.hint })
}
