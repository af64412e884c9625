//! One file for each page.

mod activity;
mod catalogue;
pub(crate) mod clean_up;
mod compare;
mod copy;
mod image;
mod job;
pub(crate) mod plan;
mod policies;
mod problem;
mod registry;
mod repository;
mod retag;
mod search;

use crate::model::{Frame, Page};
use leptos::prelude::*;

/// What stands in `main`.
pub(crate) fn draw(frame: &Frame, page: Page) -> AnyView {
    match page {
        Page::Catalogue(model) => catalogue::draw(frame, &model),
        Page::Registry(model) => registry::draw(frame, &model),
        Page::Repository(model) => repository::draw(frame, &model),
        Page::Image(model) => image::draw(frame, &model),
        Page::Compare(model) => compare::draw(frame, &model),
        Page::Search(model) => search::draw(frame, &model),
        Page::Plan(model) => plan::draw(frame, &model),
        Page::Job(model) => job::draw(frame, &model),
        Page::Retag(model) => retag::draw(frame, &model),
        Page::Copy(model) => copy::draw(frame, &model),
        Page::CleanUp(model) => clean_up::draw(frame, &model),
        Page::Activity(model) => activity::draw(frame, &model),
        Page::Problem(model) => problem::draw(frame, &model),
    }
}
