//! Lists as files: JSON lines for programs, CSV for spreadsheets. Written page by page, so that a list of any length
//! takes the memory of one page.

use crate::{failure::Failure, query::Query};
use api::{Activity, Code, JobItem, Problem};
use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, header};
use serde::Serialize;

/// What a list is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum As {
    /// An object a line.
    JsonLines,
    /// RFC 4180, with a header.
    Csv,
}

/// What stands on a line.
pub(crate) trait Row: Serialize {
    const COLUMNS: &'static [&'static str];
    fn cells(&self) -> Vec<String>;
}

impl As {
    /// From its word: `jsonl` or `csv`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "jsonl" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The parameter `as`.
    pub(super) fn asked(query: &Query) -> Result<Option<Self>, Problem> {
        let Some(text) = query.text("as")? else { return Ok(None) };
        Self::parse(text).map(Some).ok_or_else(|| Problem::new(Code::BadQuery, "“as” is jsonl or csv."))
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    /// What stands before the first line.
    pub(crate) fn begin<T: Row>(self) -> String {
        match self {
            Self::JsonLines => String::new(),
            Self::Csv => T::COLUMNS.join(",") + "\r\n",
        }
    }

    /// Some lines.
    pub(crate) fn lines<T: Row>(self, rows: &[T]) -> Result<String, serde_json::Error> {
        let mut text = String::new();
        for row in rows {
            match self {
                Self::JsonLines => {
                    text.push_str(&serde_json::to_string(row)?);
                    text.push('\n');
                }
                Self::Csv => {
                    let cells: Vec<_> = row.cells().iter().map(|c| cell(c)).collect();
                    text.push_str(&cells.join(","));
                    text.push_str("\r\n");
                }
            }
        }
        Ok(text)
    }
}

/// A cell. A spreadsheet takes what begins with `= + - @` (or a tab or line break before them) for a formula, and strangers
/// choose tags and names: an apostrophe makes it text (OWASP, CSV injection).
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// A file of all pages. The first is read before anything is answered, so that what is wrong is told as such; what breaks later breaks
/// the transfer off.
pub(super) async fn response<T, P, F>(format: As, name: &str, page: P) -> Result<Response, Failure>
where
    T: Row + Send + 'static,
    P: Fn(Option<String>) -> F + Send + 'static,
    F: Future<Output = service::Result<(Vec<T>, Option<String>)>> + Send + 'static,
{
    let (items, next) = page(None).await?;
    let first = format.lines(&items).map_err(|e| Failure::new(Code::Internal, format!("An answer could not be written: {e}.")))?;
    let first = Bytes::from(format.begin::<T>() + &first);
    let rest = stream::try_unfold((page, next), move |(page, next)| async move {
        let Some(after) = next else { return Ok(None) };
        let (items, next) = page(Some(after)).await?;
        let lines = format.lines(&items)?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Some((Bytes::from(lines), (page, next))))
    });
    let body = futures::StreamExt::chain(stream::iter([Ok(first)]), rest);
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let end = if format == As::Csv { "csv" } else { "jsonl" };
    // A name that no header takes is left to the browser.
    if let Ok(named) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{end}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, named);
    }
    Ok(response)
}

impl Row for JobItem {
    const COLUMNS: &'static [&'static str] = &["step", "reference", "state", "detail"];

    fn cells(&self) -> Vec<String> {
        vec![self.step.clone(), self.reference.clone(), self.state.as_str().to_owned(), self.detail.clone().unwrap_or_default()]
    }
}

impl Row for Activity {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "at",
        "action",
        "actor",
        "address",
        "source",
        "registry",
        "repository",
        "tag",
        "before",
        "after",
        "result",
        "detail",
        "job",
        "undo_until",
    ];

    fn cells(&self) -> Vec<String> {
        let some = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            self.id.to_string(),
            self.at.clone(),
            self.action.clone(),
            some(&self.actor),
            some(&self.address),
            self.source.clone(),
            self.registry.clone(),
            self.repository.clone(),
            some(&self.tag),
            some(&self.before),
            some(&self.after),
            self.result.clone(),
            some(&self.detail),
            some(&self.job),
            some(&self.undo_until),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::ItemState;

    fn item(reference: &str, detail: Option<&str>) -> JobItem {
        JobItem { step: "delete tag".into(), reference: reference.into(), state: ItemState::Done, detail: detail.map(str::to_owned) }
    }

    #[test]
    fn a_spreadsheet_reads_texts_and_never_formulas() {
        for (text, written) in [
            ("plain", "plain"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\t=1", "'\t=1"),
            ("a=1", "a=1"),
            ("a,b", "\"a,b\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("=a,b", "\"'=a,b\""),
            ("a\nb", "\"a\nb\""),
        ] {
            assert_eq!(cell(text), written, "{text:?}");
        }
        let rows = [item("local/a:1", None), item("local/b:2", Some("it said: no, \"never\""))];
        assert_eq!(
            As::Csv.begin::<JobItem>() + &As::Csv.lines(&rows).unwrap(),
            "step,reference,state,detail\r\ndelete tag,local/a:1,done,\r\ndelete tag,local/b:2,done,\"it said: no, \"\"never\"\"\"\r\n"
        );
    }

    #[test]
    fn a_line_is_an_object_that_reads_back() {
        let rows = [item("local/a:1", None), item("local/b:2", Some("two\nlines"))];
        let text = As::JsonLines.begin::<JobItem>() + &As::JsonLines.lines(&rows).unwrap();
        let read: Vec<JobItem> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(read, rows);
    }

    #[test]
    fn a_row_has_a_cell_for_every_field() {
        let row = Activity {
            id: 1,
            at: "t".into(),
            action: "push".into(),
            actor: None,
            address: None,
            source: "us".into(),
            registry: "local".into(),
            repository: "a".into(),
            tag: None,
            before: None,
            after: None,
            result: "done".into(),
            detail: None,
            job: None,
            undo_until: None,
        };
        let fields: Vec<String> = serde_json::to_value(&row).unwrap().as_object().unwrap().keys().cloned().collect();
        let mut columns = Activity::COLUMNS.to_vec();
        columns.sort_unstable();
        assert_eq!(columns, fields);
        assert_eq!(row.cells().len(), columns.len());
    }
}
