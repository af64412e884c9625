//! A digest in a heading: long enough to be told apart, and copied whole.

use crate::{format, html::Html, ui::value};

/// `sha256:3f2a8d71…e6b09c01` with its button.
pub(crate) fn long(html: &mut Html, digest: &str) {
    html.raw("<span class=\"mono\" title=\"").text(digest).raw("\">").text(&format::digest_long(digest)).raw("</span> ");
    value::copy(html, digest, "Copy digest");
}
