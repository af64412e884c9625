//! What we know about registries: database, crawler, events, search.
pub mod record;
