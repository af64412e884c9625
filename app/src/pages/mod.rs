//! One file for each page.

mod catalogue;
mod image;
mod problem;
mod registry;
mod repository;
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
        Page::Search(model) => search::draw(frame, &model),
        Page::Problem(model) => problem::draw(frame, &model),
    }
}
