//! The HTTP side: the API, files, the control interface and the page.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State as AxumState};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::{any, get};
use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use serde_json::Value;

use crate::api::{Route, api};
use crate::control;
use crate::error::ApiError;
use crate::faults::FaultKind;
use crate::run::{Engine, Logged, State};
use crate::validate::{self, Request as Checked};
use crate::world::{Call, Reply};

/// The path that the API's own paths follow.
pub(crate) const BASE: &str = "/api/partner";
/// Most bytes of a request: an attachment of 100 MiB.
const BODY_LIMIT: usize = 104_857_600 + 1024;
/// The response header with what a user of the simulator should know.
const WARNING: &str = "linq-sim-warning";
/// The response header of responses that are examples.
const CANNED: &str = "linq-sim-canned";

/// Returns everything that is served.
pub(crate) fn router(engine: Arc<Engine>) -> Router {
    Router::new()
        .route("/", get(|| async { Html(include_str!("page.html")) }))
        .route("/api/partner/{*path}", any(call))
        .route("/_files/{id}", get(download).put(upload))
        .nest("/_sim", control::router())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(engine)
}

/// Handles a request of the API.
async fn call(AxumState(engine): AxumState<Arc<Engine>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let method = parts.method.as_str().to_owned();
    let path = parts
        .uri
        .path()
        .strip_prefix(BASE)
        .unwrap_or_default()
        .to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long").into_response();
    };
    let route = api().route(&method, &path);
    let operation = match &route {
        Route::Found(operation, _) => Some(operation.id.clone()),
        _ => None,
    };
    let fault = engine.with(|state| {
        let State { world, faults, .. } = state;
        faults.take(operation.as_deref().unwrap_or_default(), false, || {
            State::draw(world)
        })
    });
    if let Some(FaultKind::Slow { millis }) = fault {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    let (trace_id, outcome) = engine.with(|state| {
        let trace_id = state.world.trace_id();
        let outcome = match &fault {
            Some(FaultKind::Reset) => Err(ApiError::new(503, 3002, "reset by a fault")),
            Some(FaultKind::ProxyPage { status }) => {
                Err(ApiError::new(*status, 3002, "a proxy's page by a fault"))
            }
            Some(FaultKind::Error {
                status,
                code,
                retry_after,
            }) => Err(ApiError {
                retry_after: *retry_after,
                ..ApiError::new(*status, *code, "ordered by a fault")
            }),
            _ => handle(state, &route, &parts.headers, &query, &body, &trace_id),
        };
        log(
            state,
            &method,
            &path,
            &query,
            operation,
            &body,
            &outcome,
            fault.as_ref(),
        );
        (trace_id, outcome)
    });
    let response = respond(&trace_id, outcome);
    match fault {
        Some(FaultKind::Reset | FaultKind::AcceptThenReset) => broken(StatusCode::OK, Bytes::new()),
        Some(FaultKind::AcceptThenCut) => cut(response).await,
        Some(FaultKind::AcceptThenGarble) => (
            response.status(),
            [("content-type", "application/json")],
            "{\"chat\": <",
        )
            .into_response(),
        Some(FaultKind::ProxyPage { status }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            (
                status,
                Html("<html><body><h1>Bad Gateway</h1></body></html>"),
            )
                .into_response()
        }
        _ => response,
    }
}

/// Authenticates, validates and handles a call.
fn handle(
    state: &mut State,
    route: &Route,
    headers: &HeaderMap,
    query: &str,
    body: &[u8],
    trace_id: &str,
) -> Result<Reply, ApiError> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = token
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::trim);
    if token.is_none_or(|token| token.is_empty() || token == "bad") {
        return Err(ApiError::new(401, 2004, "the API key is missing or wrong"));
    }
    let (operation, path) = match route {
        Route::Found(operation, path) => (*operation, path),
        Route::OtherMethod => return Err(ApiError::new(405, 1005, "the path has other methods")),
        Route::NotFound => return Err(ApiError::new(404, 1005, "the API has no such path")),
    };
    let query = form_pairs(query);
    let request = Checked {
        query,
        headers,
        body,
    };
    let valid = validate::validate(operation, &request)?;
    let call = Call {
        operation,
        path,
        valid: &valid,
        trace_id,
    };
    let mut reply = state.world.call(&call)?;
    for unknown in &valid.unknown {
        reply
            .warnings
            .push(format!("the document does not have {unknown}"));
    }
    Ok(reply)
}

fn form_pairs(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

#[allow(clippy::too_many_arguments, reason = "the parts of a log line")]
fn log(
    state: &mut State,
    method: &str,
    path: &str,
    query: &str,
    operation: Option<String>,
    body: &[u8],
    outcome: &Result<Reply, ApiError>,
    fault: Option<&FaultKind>,
) {
    let mut notes = Vec::new();
    let (status, response) = match outcome {
        Ok(reply) => {
            notes.extend(reply.warnings.iter().cloned());
            if reply.is_canned {
                notes.push("the response is an example of the document".to_owned());
            }
            (reply.status, reply.body.clone().unwrap_or_default())
        }
        Err(error) => (error.status, error.body("")["error"].clone()),
    };
    if fault.is_some() {
        notes.push("a fault was ordered".to_owned());
    }
    let number = state.world.number();
    let path = match query {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    state.requests.push_back(Logged {
        number,
        at: state.world.now(),
        method: method.to_owned(),
        path,
        operation,
        body: serde_json::from_slice(body).unwrap_or_default(),
        status,
        response,
        notes,
    });
    while state.requests.len() > state.world.settings.retention {
        state.requests.pop_front();
    }
}

/// Writes the response of an outcome.
fn respond(trace_id: &str, outcome: Result<Reply, ApiError>) -> Response<Body> {
    let mut response = Response::builder().header("x-trace-id", trace_id);
    let (status, body, media_type) = match outcome {
        Ok(reply) => {
            for warning in &reply.warnings {
                if let Ok(value) = HeaderValue::try_from(warning) {
                    response = response.header(WARNING, value);
                }
            }
            if reply.is_canned {
                response = response.header(CANNED, "true");
            }
            (reply.status, reply.body, "application/json")
        }
        Err(error) => {
            if let Some(seconds) = error.retry_after {
                response = response.header(header::RETRY_AFTER, seconds);
            }
            (error.status, Some(error.body(trace_id)), "application/json")
        }
    };
    let response = response.status(status);
    let response = match body {
        Some(body) => response
            .header(header::CONTENT_TYPE, media_type)
            .body(Body::from(body.to_string())),
        None => response.body(Body::empty()),
    };
    response.unwrap_or_default()
}

/// A response that breaks off after some bytes; none at all close the connection before the head is written.
fn broken(status: StatusCode, bytes: Bytes) -> Response<Body> {
    let rest = stream::once(async {
        // What was written so far has to leave before the connection ends.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    let body = match bytes.is_empty() {
        true => Body::from_stream(stream::once(async {
            Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
        })),
        false => Body::from_stream(stream::once(async { Ok(bytes) }).chain(rest)),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// A response of which only half the body arrives.
async fn cut(response: Response<Body>) -> Response<Body> {
    let (parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, BODY_LIMIT)
        .await
        .unwrap_or_default();
    let mut response = broken(parts.status, whole.slice(..whole.len() / 2));
    *response.headers_mut() = parts.headers;
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, whole.len().into());
    response
}

/// What makes an upload address secret.
#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
}

async fn upload(
    AxumState(engine): AxumState<Arc<Engine>>,
    Path(id): Path<String>,
    Query(token): Query<Token>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    // Storage takes no API key, and a client that sends one gives it away.
    if headers.contains_key(header::AUTHORIZATION) {
        return (StatusCode::BAD_REQUEST, "an upload carries no API key").into_response();
    }
    let uploaded = engine.with(|state| {
        state
            .world
            .upload(&id, &token.token, &content_type, body.to_vec())
    });
    match uploaded {
        Ok(()) => StatusCode::OK.into_response(),
        Err((status, why)) => {
            (StatusCode::from_u16(status).unwrap_or_default(), why).into_response()
        }
    }
}

async fn download(
    AxumState(engine): AxumState<Arc<Engine>>,
    Path(id): Path<String>,
) -> Response<Body> {
    let file = engine.with(|state| {
        state
            .world
            .attachments
            .get(&id)
            .filter(|file| file.is_ready)
            .cloned()
    });
    match file {
        None => (StatusCode::NOT_FOUND, "there is no such file").into_response(),
        Some(file) => ([(header::CONTENT_TYPE, file.content_type)], file.bytes).into_response(),
    }
}

/// A stream of server-sent events: one for each change.
pub(crate) fn events(
    engine: &Arc<Engine>,
) -> impl stream::Stream<Item = Result<axum::response::sse::Event, Infallible>> + use<> {
    let changes = engine.changes.subscribe();
    stream::unfold(changes, |mut changes| async {
        loop {
            match changes.recv().await {
                Ok(what) => {
                    return Some((
                        Ok(axum::response::sse::Event::default().data(what)),
                        changes,
                    ));
                }
                // One event stands for all that were missed.
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return None,
            }
        }
    })
}

/// Reads a JSON body of the control interface.
pub(crate) fn json_body(body: &Bytes) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body)
        .map_err(|error| ApiError::new(400, 1003, format!("the body is not JSON: {error}")))
}
