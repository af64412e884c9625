//! A registry over HTTP.
