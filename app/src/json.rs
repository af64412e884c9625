//! A document of a registry in colours: indented for reading, in the order it has, parts foldable, digests of
//! manifests as links. Without a script: what folds is a `details`.

use crate::html::Html;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::{collections::BTreeMap, fmt};

/// Longer documents are shown as they are: tens of thousands of elements would help nobody.
const COLOURED: usize = 256 << 10;
/// Of those, so much.
const SHOWN: usize = 64 << 10;
/// Containers with more entries than this begin folded.
const LONG: usize = 64;

/// A JSON value that keeps its order.
enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Writes the document. `links` gives the address for a digest, for those that lead somewhere.
pub(crate) fn document(html: &mut Html, text: &str, links: &BTreeMap<String, String>) {
    if text.len() <= COLOURED
        && let Ok(json) = serde_json::from_str::<Json>(text)
    {
        html.raw("<div class=\"json\" tabindex=\"0\">");
        value(html, None, &json, true, links);
        html.raw("</div>");
        return;
    }
    let mut end = text.len().min(SHOWN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    html.raw("<pre class=\"json whitespace-pre-wrap\" tabindex=\"0\">").text(&text[..end]).raw("</pre>");
    if end < text.len() {
        html.raw("<p class=\"pt-2 text-sm text-ink-2\">The document is long; this is its beginning.</p>");
    }
}

/// The digests of manifests that a document names: those of its descriptors whose type is a manifest's or an index's.
pub(crate) fn manifests_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(json) = serde_json::from_str::<Json>(text) {
        collect(&json, &mut found);
    }
    found
}

fn collect(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::Array(items) => {
            for item in items {
                collect(item, found);
            }
        }
        Json::Object(fields) => {
            let text = |name: &str| {
                fields.iter().find_map(|(key, value)| match value {
                    Json::Text(text) if key == name => Some(text.as_str()),
                    _ => None,
                })
            };
            if let (Some(media_type), Some(digest)) = (text("mediaType"), text("digest"))
                && (media_type.contains(".manifest.") || media_type.contains(".index."))
            {
                found.push(digest.to_owned());
            }
            for (_, value) in fields {
                collect(value, found);
            }
        }
        _ => {}
    }
}

fn value(html: &mut Html, key: Option<&str>, json: &Json, last: bool, links: &BTreeMap<String, String>) {
    let comma = if last { "" } else { "," };
    match json {
        Json::Array(items) if !items.is_empty() => {
            begin(html, key, items.len(), "[", "]", "item", "items", comma);
            for (index, item) in items.iter().enumerate() {
                value(html, None, item, index + 1 == items.len(), links);
            }
            html.raw("</div><p>]").raw(comma).raw("</p></details>");
        }
        Json::Object(fields) if !fields.is_empty() => {
            begin(html, key, fields.len(), "{", "}", "field", "fields", comma);
            for (index, (name, field)) in fields.iter().enumerate() {
                value(html, Some(name), field, index + 1 == fields.len(), links);
            }
            html.raw("</div><p>}").raw(comma).raw("</p></details>");
        }
        scalar => {
            html.raw("<p>");
            name(html, key);
            match scalar {
                Json::Null => html.raw("<span class=\"n\">null</span>"),
                Json::Bool(true) => html.raw("<span class=\"n\">true</span>"),
                Json::Bool(false) => html.raw("<span class=\"n\">false</span>"),
                Json::Number(number) => html.raw("<span class=\"n\">").text(number).raw("</span>"),
                Json::Text(text) => string(html, text, links),
                Json::Array(_) => html.raw("[]"),
                Json::Object(_) => html.raw("{}"),
            };
            html.raw(comma).raw("</p>");
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the two brackets and the two words of one kind of container")]
fn begin(
    html: &mut Html,
    key: Option<&str>,
    len: usize,
    open: &'static str,
    close: &'static str,
    one: &'static str,
    many: &'static str,
    comma: &'static str,
) {
    html.raw(if len > LONG { "<details><summary>" } else { "<details open><summary>" });
    name(html, key);
    html.raw(open).raw("<em> ").number(len as u64).raw(" ").raw(if len == 1 { one } else { many }).raw(" ").raw(close).raw(comma);
    html.raw("</em></summary><div>");
}

fn name(html: &mut Html, key: Option<&str>) {
    if let Some(key) = key {
        html.raw("<span class=\"k\">").text(&quoted(key)).raw("</span>: ");
    }
}

fn string<'a>(html: &'a mut Html, text: &str, links: &BTreeMap<String, String>) -> &'a mut Html {
    match links.get(text) {
        Some(href) => html.raw("<a href=\"").text(href).raw("\">").text(&quoted(text)).raw("</a>"),
        None => html.raw("<span class=\"s\">").text(&quoted(text)).raw("</span>"),
    }
}

/// As JSON writes it, with its quotes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Number(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Number(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(Json::Number(value.to_string()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Json::Array(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Json::Object(fields))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, links: &[(&str, &str)]) -> String {
        let links = links.iter().map(|(digest, href)| ((*digest).to_owned(), (*href).to_owned())).collect();
        let mut html = Html::default();
        document(&mut html, text, &links);
        html.into_string()
    }

    #[test]
    fn order_is_kept_and_text_stays_text() {
        let html = drawn(r#"{"z":1,"a":"<script>\n"}"#, &[]);
        assert!(html.find("&quot;z&quot;").unwrap() < html.find("&quot;a&quot;").unwrap(), "{html}");
        assert!(html.contains("&lt;script&gt;\\n") && !html.contains("<script>"), "{html}");
    }

    #[test]
    fn only_known_digests_are_links() {
        let html = drawn(r#"["sha256:aa","sha256:bb"]"#, &[("sha256:aa", "/r/local/x@sha256:aa")]);
        assert!(html.contains("<a href=\"/r/local/x@sha256:aa\">&quot;sha256:aa&quot;</a>"), "{html}");
        assert_eq!(html.matches("<a ").count(), 1);
    }

    #[test]
    fn manifests_are_told_from_layers_by_their_type() {
        let index = r#"{"manifests":[{"digest":"sha256:aa","mediaType":"application/vnd.oci.image.manifest.v1+json"}],
            "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:bb"}]}"#;
        assert_eq!(manifests_of(index), ["sha256:aa"]);
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        assert!(drawn("<not json>", &[]).contains("&lt;not json&gt;"));
        let deep = "[".repeat(100_000);
        assert!(drawn(&deep, &[]).contains("[[[["));
        assert!(drawn(&"é".repeat(COLOURED), &[]).contains("this is its beginning"));
    }
}
