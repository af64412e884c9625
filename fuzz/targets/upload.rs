//! Uploads, step by step, through the routes: where one stands is what was acknowledged, what is refused changes nothing, and what was
//! said to be created is read back to the byte. Each byte of the input is a step.
#![no_main]

use axum::{Router, body::Body};
use embedded::{Durability, Local, Settings, router};
use hyper::{Request, Response, StatusCode};
use sha2::Digest as _;
use std::{collections::BTreeMap, path::Path};
use tower::ServiceExt;

fn open(root: &Path) -> Router {
    let settings = Settings { durability: Durability::Relaxed, uploads: 4, ..Settings::new(root) };
    router(Local::open(settings).unwrap())
}

fn digest(bytes: &[u8]) -> String {
    oci::Digest::sha256(&sha2::Sha256::digest(bytes).into()).to_string()
}

async fn ask(routes: &Router, method: &str, path: &str, headers: &[(&str, String)], body: Body) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let answer = routes.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    assert!(!answer.status().is_server_error(), "{method} {path}: {}", answer.status());
    answer
}

fn header<'a>(answer: &'a Response<Body>, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn steps(steps: &[u8]) {
    let root = tempfile::tempdir().unwrap();
    let mut routes = open(root.path());
    let mut open_uploads: Vec<(String, Vec<u8>)> = Vec::new();
    let mut blobs: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (at, step) in steps.iter().take(40).enumerate() {
        let piece = vec![*step; usize::from(step >> 4) * 37 % 251];
        let which = at % open_uploads.len().max(1);
        if step & 15 == 0 {
            let begun = ask(&routes, "POST", "/v2/a/blobs/uploads/", &[], Body::empty()).await;
            match begun.status() {
                StatusCode::ACCEPTED => open_uploads.push((header(&begun, "location").to_owned(), Vec::new())),
                other => assert_eq!(other, StatusCode::TOO_MANY_REQUESTS),
            }
            continue;
        }
        if step & 15 == 1 {
            routes = open(root.path());
            continue;
        }
        let Some((location, bytes)) = open_uploads.get_mut(which) else { continue };
        let range = |from: usize, length: usize| ("content-range", format!("{from}-{}", (from + length).saturating_sub(1)));
        let all = [&bytes[..], &piece[..]].concat();
        match step & 15 {
            // In order, with and without saying so.
            2..=4 => {
                let headers = if step & 1 == 0 && !piece.is_empty() { vec![range(bytes.len(), piece.len())] } else { Vec::new() };
                let answer = ask(&routes, "PATCH", location, &headers, piece.into()).await;
                if answer.status() == StatusCode::ACCEPTED {
                    *bytes = all;
                } else {
                    // After a restart the place of an upload may be another's.
                    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
                }
            }
            // At another place, with another length, with more than was said, with nothing that can be read.
            5..=8 => {
                let header = match step & 15 {
                    5 => range(bytes.len() + 1, piece.len() + 1),
                    6 => range(0, bytes.len()),
                    7 => range(bytes.len(), 1),
                    _ => ("content-range", "9-1".to_owned()),
                };
                let answer = ask(&routes, "PATCH", location, &[header], piece.into()).await;
                let taken = answer.status() == StatusCode::ACCEPTED;
                // “0-0” is of one byte.
                let fits = all.len() == bytes.len() + 1 && (step & 15 == 7 || (step & 15 == 6 && bytes.is_empty()));
                assert!(!taken || fits, "{step}");
                if taken {
                    *bytes = all;
                }
            }
            9 | 10 => {
                let right = digest(&all);
                let answer = ask(&routes, "PUT", &format!("{location}?digest={right}"), &[], piece.into()).await;
                if answer.status() == StatusCode::CREATED {
                    assert_eq!(header(&answer, "docker-content-digest"), right);
                    blobs.insert(right, all);
                    open_uploads.remove(which);
                    continue;
                }
                assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
            }
            11 => {
                let wrong = digest(b"something else");
                let answer = ask(&routes, "PUT", &format!("{location}?digest={wrong}"), &[], piece.into()).await;
                assert!(answer.status().is_client_error());
                if answer.status() != StatusCode::TOO_MANY_REQUESTS {
                    open_uploads.remove(which);
                    continue;
                }
            }
            12 => {
                let answer = ask(&routes, "DELETE", location, &[], Body::empty()).await;
                if answer.status() == StatusCode::NO_CONTENT {
                    let gone = ask(&routes, "GET", location, &[], Body::empty()).await;
                    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
                    open_uploads.remove(which);
                    continue;
                }
                assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
            }
            13 => {
                let algorithm = ask(&routes, "PUT", &format!("{location}?digest=md5:{}", "0".repeat(32)), &[], Body::empty()).await;
                assert!(algorithm.status().is_client_error());
            }
            _ => {}
        }
        let Some((location, bytes)) = open_uploads.get(which) else { continue };
        let stands = ask(&routes, "GET", location, &[], Body::empty()).await;
        assert_eq!(stands.status(), StatusCode::NO_CONTENT, "{step}");
        assert_eq!(header(&stands, "range"), format!("0-{}", bytes.len().saturating_sub(1)), "{step}");
    }
    for (digest, bytes) in blobs {
        let answer = ask(&routes, "GET", &format!("/v2/a/blobs/{digest}"), &[], Body::empty()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap(), bytes);
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run(steps(data)));
