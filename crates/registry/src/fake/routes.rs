//! The fake's server: connections, and the routes of /v2.

use super::{Answer, Auth, Fault, Inner, LOG, LinkStyle, Product, Seen, lock, uploads};
use axum::{body::Body, http};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::{
    io,
    sync::{Arc, atomic::Ordering},
};
use tokio::{net::TcpListener, task::JoinSet};

/// Bytes of a request's body that are read, unless it is an upload's, and that are remembered.
const MOST: usize = 16 << 20;
const KEPT: usize = 64 << 10;

/// What a request brings.
pub(super) enum Sent {
    Whole(Bytes),
    Coming(Body),
}

/// Serves until it is dropped; every connection dies with it.
pub(super) async fn serve(listener: TcpListener, inner: Arc<Inner>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let inner = Arc::clone(&inner);
        connections.spawn(async move {
            let service = hyper::service::service_fn(move |request| handle(Arc::clone(&inner), request));
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

struct Running<'a>(&'a Inner);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn handle(inner: Arc<Inner>, request: http::Request<hyper::body::Incoming>) -> io::Result<http::Response<Body>> {
    inner.requests.fetch_add(1, Ordering::Relaxed);
    let running = inner.running.fetch_add(1, Ordering::Relaxed) + 1;
    inner.busiest.fetch_max(running, Ordering::Relaxed);
    let _running = Running(&inner);
    let (parts, body) = request.into_parts();
    let mut seen = Seen {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned())).collect(),
        body: Bytes::new(),
    };
    // What an upload sends is taken as it comes, not before a fault had its say.
    let sent = if uploads::is_upload(&seen) {
        Sent::Coming(Body::new(body))
    } else {
        let whole = axum::body::to_bytes(Body::new(body), MOST).await.unwrap_or_default();
        seen.body = Bytes::copy_from_slice(&whole[..whole.len().min(KEPT)]);
        Sent::Whole(whole)
    };
    {
        let mut log = lock(&inner.log);
        if log.len() == LOG {
            log.pop_front();
        }
        log.push_back(seen.clone());
    }
    let head = seen.method == "HEAD";
    let delay = lock(&inner.knobs).delay;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let answer = match pick(&inner, &seen) {
        None => inner.answer(&seen, sent).await?,
        Some(Fault::Answer(answer)) => answer,
        Some(Fault::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            inner.answer(&seen, sent).await?
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Close) => return Err(io::Error::other("closed")),
        Some(Fault::Lose) => {
            inner.answer(&seen, sent).await?;
            return Err(io::Error::other("the answer is lost"));
        }
        Some(Fault::Edit(change)) => {
            let mut answer = inner.answer(&seen, sent).await?;
            change(&mut answer);
            answer
        }
    };
    Ok(answer.into_response(head))
}

fn pick(inner: &Inner, seen: &Seen) -> Option<Fault> {
    let mut faults = lock(&inner.faults);
    let rule = faults.iter_mut().find(|r| r.left > 0 && (r.which)(seen))?;
    rule.left -= 1;
    Some(rule.fault.clone())
}

impl Inner {
    /// The right answer. The error closes the connection.
    async fn answer(&self, seen: &Seen, sent: Sent) -> io::Result<Answer> {
        let sent = match sent {
            Sent::Coming(body) => return self.upload(seen, body).await,
            Sent::Whole(bytes) => bytes,
        };
        Ok(self.route(seen, &sent))
    }

    fn route(&self, seen: &Seen, sent: &Bytes) -> Answer {
        let host = seen.header("host").unwrap_or_default().to_owned();
        if matches!(seen.path.as_str(), "/token" | "/service/token" | "/oauth2/token")
            && let Auth::Token(auth) = &self.settings.auth
        {
            return self.auth.token(auth, seen);
        }
        if let Some(answer) = self.product(seen) {
            return answer;
        }
        let Some(path) = self.beneath(seen) else { return unknown_route() };
        if path.is_empty() {
            return self
                .refuse(seen, "")
                .unwrap_or_else(|| Answer::of("application/json", "{}").header("docker-distribution-api-version", "registry/2.0"));
        }
        if path == "_catalog" {
            return self.refuse(seen, "registry:catalog:*").unwrap_or_else(|| self.catalog(seen, &host));
        }
        let Some((name, kind, reference)) = split(path) else { return unknown_route() };
        let action = match seen.method.as_str() {
            "DELETE" => "delete",
            "PUT" => "pull,push",
            _ => "pull",
        };
        if let Some(refusal) = self.refuse(seen, &format!("repository:{name}:{action}")) {
            return refusal;
        }
        if kind == "manifests" && seen.method == "PUT" {
            return self.put(seen, name, reference, sent);
        }
        if !lock(&self.store).has(name) {
            return Answer::error(404, "NAME_UNKNOWN");
        }
        match kind {
            "tags" => self.tags(seen, name, &host),
            "manifests" if seen.method == "DELETE" => self.delete(name, reference),
            "manifests" => self.manifest(seen, name, reference),
            "blobs" => self.blob(seen, name, reference),
            _ => self.referrers(name, reference),
        }
    }

    /// The path beneath /v2/.
    pub(super) fn beneath<'s>(&self, seen: &'s Seen) -> Option<&'s str> {
        seen.path.strip_prefix(&self.settings.prefix)?.strip_prefix("/v2/")
    }

    /// The refusal of who may not do what `scope` says.
    pub(super) fn refuse(&self, seen: &Seen, scope: &str) -> Option<Answer> {
        let host = seen.header("host").unwrap_or_default();
        let (service, path) = match lock(&self.knobs).product {
            None => ("fake", "token"),
            Some(Product::Harbor) => ("harbor-registry", "service/token"),
            Some(Product::Azure) => ("fake", "oauth2/token"),
        };
        self.auth.refuse(&self.settings.auth, seen, scope, service, &format!("http://{host}/{path}"))
    }

    fn blob(&self, seen: &Seen, name: &str, digest: &str) -> Answer {
        let Some(bytes) = lock(&self.store).blob(name, digest) else { return Answer::error(404, "BLOB_UNKNOWN") };
        let whole = bytes.len();
        let from = seen.header("range").and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        let answer = |bytes: Bytes| Answer::of("application/octet-stream", bytes).header("docker-content-digest", digest);
        match from.filter(|_| lock(&self.knobs).ranges) {
            None => answer(bytes),
            Some(from) if from >= whole => Answer::error(416, "RANGE_INVALID").header("content-range", &format!("bytes */{whole}")),
            Some(from) => {
                let part = answer(bytes.slice(from..)).header("content-range", &format!("bytes {from}-{}/{whole}", whole - 1));
                Answer { status: 206, ..part }
            }
        }
    }

    fn catalog(&self, seen: &Seen, host: &str) -> Answer {
        if let Some(answer) = lock(&self.knobs).catalog.clone() {
            return answer;
        }
        self.list(seen, host, "repositories", false, |last, n| lock(&self.store).names(last, n))
    }

    fn tags(&self, seen: &Seen, name: &str, host: &str) -> Answer {
        let all = lock(&self.store).tags(name).unwrap_or_default();
        let unpaged = lock(&self.knobs).tags_unpaged;
        self.list(seen, host, "tags", unpaged, |last, n| {
            let from = all.partition_point(|t| t.as_str() <= last);
            (all[from..].iter().take(n).cloned().collect(), all.len() - from > n)
        })
    }

    fn list(&self, seen: &Seen, host: &str, field: &str, unpaged: bool, page: impl Fn(&str, usize) -> (Vec<String>, bool)) -> Answer {
        let knobs = lock(&self.knobs).clone();
        let answer = |items: Option<&Vec<String>>| Answer::of("application/json", json!({"name": "x", field: items}).to_string());
        if knobs.null_tags {
            return answer(None);
        }
        let n = seen.parameter("n").and_then(|n| n.parse::<usize>().ok());
        if !unpaged && n.is_some_and(|n| knobs.refuse_any_n || knobs.refuse_n_above.is_some_and(|max| n > max)) {
            return Answer::error(knobs.refusal.0, knobs.refusal.1);
        }
        let all = |n: usize| if n == 0 { usize::MAX } else { n };
        let n = if unpaged { usize::MAX } else { n.unwrap_or(all(knobs.default_page)).min(all(knobs.max_page)) };
        let last = if unpaged { String::new() } else { seen.parameter("last").unwrap_or_default() };
        let (mut items, more) = match &knobs.link {
            LinkStyle::Loop => (page("", n).0, true),
            LinkStyle::Endless => {
                let start = last.rsplit('-').next().and_then(|s| s.parse::<usize>().ok()).map_or(0, |l| l + 1);
                ((start..start + n.min(1000)).map(|i| format!("endless-{i}")).collect(), true)
            }
            _ => page(&last, n),
        };
        let end = items.last().cloned().unwrap_or_default();
        items.extend(knobs.more_names.iter().cloned());
        let answer = answer(Some(&items));
        if !more || knobs.link == LinkStyle::Missing {
            return answer;
        }
        let end: String = url::form_urlencoded::byte_serialize(end.as_bytes()).collect();
        let bare = seen.path.strip_prefix(&self.settings.prefix).unwrap_or(&seen.path);
        let query = format!("last={end}&n={n}");
        let target = match &knobs.link {
            LinkStyle::Absolute => format!("http://{host}{}?{query}", seen.path),
            LinkStyle::Origin(origin) => format!("{origin}{}?{query}", seen.path),
            LinkStyle::WithoutPrefix => format!("{bare}?{query}"),
            LinkStyle::Loop => format!("{}?last=loop&n={n}", seen.path),
            LinkStyle::Verbatim(text) => return answer.header("link", text),
            _ => format!("{}?{query}", seen.path),
        };
        answer.header("link", &format!("<{target}>; rel=\"next\""))
    }

    fn manifest(&self, seen: &Seen, name: &str, reference: &str) -> Answer {
        let knobs = lock(&self.knobs).clone();
        let head = seen.method == "HEAD";
        if head && !knobs.head {
            return Answer::status(405);
        }
        let wanted = match reference.strip_prefix("sha256-") {
            Some(hex) if knobs.gitlab_fallback && hex.len() == 64 => format!("sha256:{hex}"),
            _ => reference.to_owned(),
        };
        let Some(found) = lock(&self.store).manifest(name, &wanted) else { return Answer::error(404, "MANIFEST_UNKNOWN") };
        let accept = seen.header("accept").unwrap_or_default();
        if !accept.contains(&found.media_type) && !accept.contains("*/*") {
            return Answer::error(404, "MANIFEST_UNKNOWN");
        }
        let etag = format!("\"{}\"", found.digest);
        let mut answer = Answer::of(&found.media_type, found.bytes).header("etag", &etag);
        if seen.header("if-none-match") == Some(etag.as_str()) {
            answer.status = 304;
            answer.body = Bytes::new();
        }
        if if head { knobs.digest_header.0 } else { knobs.digest_header.1 } {
            answer = answer.header("docker-content-digest", &found.digest);
        }
        answer
    }

    fn referrers(&self, name: &str, digest: &str) -> Answer {
        let knobs = lock(&self.knobs).clone();
        if !knobs.referrers {
            return knobs.referrers_absent.unwrap_or_else(unknown_route);
        }
        let manifests = lock(&self.store).referrers(name, digest);
        let body = json!({"schemaVersion": 2, "mediaType": oci::media_type::OCI_INDEX, "manifests": manifests});
        Answer::of(oci::media_type::OCI_INDEX, body.to_string())
    }
}

/// Takes `name/kind/reference` apart from the right: names may hold the routes' words.
fn split(path: &str) -> Option<(&str, &str, &str)> {
    if let Some(name) = path.strip_suffix("/tags/list") {
        return Some((name, "tags", ""));
    }
    let (rest, reference) = path.rsplit_once('/')?;
    let (name, kind) = rest.rsplit_once('/')?;
    matches!(kind, "manifests" | "blobs" | "referrers").then_some((name, kind, reference))
}

/// What distribution says to a path it does not know.
pub(super) fn unknown_route() -> Answer {
    Answer { status: 404, ..Answer::of("text/plain; charset=utf-8", "404 page not found\n") }
}
