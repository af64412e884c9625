//! `team/…`: what the teams build themselves.

mod application;
mod edge;
mod legacy;
mod service;
mod web;

use crate::series::Job;

pub(crate) fn jobs() -> Vec<Job> {
    [service::jobs(), web::jobs(), legacy::jobs(), edge::jobs()].into_iter().flatten().collect()
}
