//! Requests whose body is a stream: sent once, and timed by how they go on rather than in all.

use super::{Ask, Client, Failure, attempt::challenges};
use crate::{
    Error, Result,
    remote::{
        auth::Reply,
        explain::{self, Answer},
    },
};
use futures::future::{self, Either};
use reqwest::{
    StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE},
};
use std::{pin::pin, time::Duration};
use tokio::time::Instant;

/// Why what feeds a request's body ended early.
pub(in crate::remote) enum Fed<E> {
    /// The registry took nothing for so long.
    Stalled(Duration),
    /// The registry takes no more.
    Closed,
    /// It broke itself.
    Broke(E),
}

impl Client {
    /// Sends a request whose body is a stream of `length` bytes, once, and reads its answer. `range` is its Content-Range. Time is
    /// kept by whoever feeds the stream: `feed` ends with an error when nothing was taken for too long, or when what feeds it
    /// broke, which is not the registry's fault and then the error of this.
    pub(in crate::remote) async fn send_stream<E>(
        &self,
        ask: &Ask<'_>,
        length: u64,
        range: Option<&str>,
        body: reqwest::Body,
        feed: impl Future<Output = Result<(), Fed<E>>>,
    ) -> Result<Result<Answer>, E> {
        if let Err(error) = self.may_send(ask) {
            return Ok(Err(error));
        }
        // Never closed.
        let _stream = self.streams.acquire().await;
        // What feeds it may have to be asked for at this registry, too: it holds no place meanwhile.
        let leave = match self.admit().await {
            Ok((_place, leave)) => leave,
            Err(busy) => return Ok(Err(busy)),
        };
        let started = Instant::now();
        let outcome = match self.attempt_stream(ask, length, range, body, feed).await {
            Ok(outcome) => outcome,
            Err(broke) => return Err(broke),
        };
        let (outcome, _) = self.judge(ask, outcome);
        self.note(ask, &outcome, started.elapsed());
        self.settle(leave, &outcome);
        Ok(outcome.map_err(|failure| failure.error))
    }

    /// One try with a body that can be sent once. A 401 is an answer; it has us signed in for the next try, though.
    async fn attempt_stream<E>(
        &self,
        ask: &Ask<'_>,
        length: u64,
        range: Option<&str>,
        body: reqwest::Body,
        feed: impl Future<Output = Result<(), Fed<E>>>,
    ) -> Result<Result<Answer, Failure>, E> {
        let url = self.address_of(ask);
        let carried = match self.credentials_for(ask).await {
            Ok(carried) => carried,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut request = self
            .request(ask, &url, true, carried.as_ref())
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, length)
            .body(body);
        if let Some(range) = range {
            request = request.header(CONTENT_RANGE, range);
        }
        let failed =
            |why: &str| Failure::unreachable(Error::Unreachable(format!("{} could not be asked for {}: {why}", self.address(), ask.what)));
        let mut answering = pin!(request.send());
        // It may answer before it took everything: a refusal.
        let response = match future::select(&mut answering, pin!(feed)).await {
            Either::Left((response, _)) => response,
            Either::Right((Err(Fed::Broke(error)), _)) => return Err(error),
            Either::Right((Err(Fed::Stalled(time)), _)) => {
                return Ok(Err(failed(&format!("it took nothing more for {} s", time.as_secs_f32()))));
            }
            // It no longer listens: perhaps it has said why.
            Either::Right((Ok(()) | Err(Fed::Closed), _)) => match tokio::time::timeout(self.timeouts.list, answering).await {
                Err(_) => return Ok(Err(failed(&format!("no answer within {} s", self.timeouts.list.as_secs_f32())))),
                Ok(response) => response,
            },
        };
        let response = match response {
            Err(e) => return Ok(Err(failed(&explain::cause(&e)))),
            Ok(response) => response,
        };
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(self.finish(ask, response, None, false).await);
        }
        let challenges = challenges(&response);
        let note = match self.sign_in(ask, &challenges, carried.as_ref()).await {
            Err(failure) => return Ok(Err(failure)),
            Ok(Reply::Cannot(why)) => why,
            Ok(Reply::Carry(_)) => self.why_token_refused(&challenges),
        };
        Ok(self.finish(ask, response, Some(note), !challenges.is_empty()).await)
    }
}
