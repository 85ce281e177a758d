//! The control interface below `/_sim`: what persons do, the clock, faults, and everything that can be seen.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State as AxumState};
use axum::http::{Response, StatusCode, header};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Json};
use axum::routing::{get, post, put};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::faults::Fault;
use crate::run::{Clock, Engine, Logged, State};
use crate::server::{events, json_body};
use crate::world::chats::display_name;
use crate::world::people::{Content, Fate};
use crate::world::{World, shown};

type Shared = AxumState<Arc<Engine>>;
type Answer = Result<Json<Value>, Failed>;

/// An error of the control interface.
pub(crate) struct Failed(ApiError);

impl From<ApiError> for Failed {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(json!({ "error": self.0.message }))).into_response()
    }
}

/// Returns the routes.
pub(crate) fn router() -> Router<Arc<Engine>> {
    Router::new()
        .route("/openapi.yaml", get(document))
        .route("/phones/{number}", put(person))
        .route("/phones/{number}/messages", post(says))
        .route("/phones/{number}/reactions", post(reacts))
        .route("/phones/{number}/typing", post(types))
        .route("/phones/{number}/read", post(reads))
        .route("/phones/{number}/edits", post(edits))
        .route("/phones/{number}/votes", post(votes))
        .route("/groups", post(group))
        .route("/state", get(state))
        .route("/requests", get(requests))
        .route("/deliveries", get(deliveries))
        .route("/deliveries/{id}/resend", post(resend))
        .route("/clock", get(clock))
        .route("/clock/advance", post(advance))
        .route("/clock/stop", post(stop))
        .route("/clock/start", post(start))
        .route("/faults", get(faults).post(order).delete(clear))
        .route("/reset", post(reset))
        .route("/events", get(listen))
}

async fn document() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/yaml")],
        include_str!("../openapi/control.yaml"),
    )
}

/// Sets what a person's phone can do.
async fn person(engine: Shared, Path(number): Path<String>, body: Bytes) -> Answer {
    let body = json_body(&body)?;
    engine.with(|state| {
        let handle = state.world.handle(&number)?;
        let person = state.world.person_mut(&handle);
        let flag = |name: &str, place: &mut bool| {
            if let Some(value) = body[name].as_bool() {
                *place = value;
            }
        };
        flag("imessage", &mut person.has_imessage);
        flag("rcs", &mut person.has_rcs);
        flag("opted_out", &mut person.is_opted_out);
        flag("reads_at_once", &mut person.reads_at_once);
        if let Some(name) = body.get("name") {
            person.name = name.as_str().map(str::to_owned);
        }
        if let Some(text) = body.get("replies") {
            person.replies = text.as_str().map(str::to_owned);
        }
        if let Some(code) = body.get("fails_with") {
            let code = code.as_u64().and_then(|code| u16::try_from(code).ok());
            person.fate = code.map_or(Fate::Delivered, Fate::Fails);
        }
        Ok(Json(person_json(&state.world, &handle)))
    })
}

async fn says(engine: Shared, Path(number): Path<String>, body: Bytes) -> Answer {
    let body = json_body(&body)?;
    engine.with(|state| {
        let mut content = Content::default();
        if let Some(text) = body["text"].as_str() {
            content.parts.push(json!({ "type": "text", "value": text }));
        }
        if let Some(url) = body["media"].as_str() {
            let part = json!({ "type": "media", "url": url });
            content.parts.push(state.world.received_part(&part));
        } else if body["media"].is_object() {
            let media = &body["media"];
            let data = STANDARD.decode(media["data"].as_str().unwrap_or_default());
            let data = data.map_err(|_| ApiError::new(400, 1005, "`media.data` is base64"))?;
            let name = media["filename"].as_str().unwrap_or("file");
            let kind = media["content_type"]
                .as_str()
                .unwrap_or("application/octet-stream");
            content.parts.push(state.world.file(name, kind, data));
        }
        if content.parts.is_empty() {
            return Err(ApiError::new(400, 1001, "a message has `text` or `media`").into());
        }
        if let Some(message) = body["reply_to"].as_str() {
            content.reply_to = Some((message.to_owned(), 0));
        }
        content.effect = body
            .get("effect")
            .filter(|effect| effect.is_object())
            .cloned();
        let id = state.world.says(&number, text(&body, "to")?, content)?;
        let chat_id = state
            .world
            .messages
            .get(&id)
            .map(|message| message.chat_id.clone());
        Ok(Json(json!({ "message_id": id, "chat_id": chat_id })))
    })
}

async fn reacts(engine: Shared, Path(number): Path<String>, body: Bytes) -> Answer {
    let body = json_body(&body)?;
    engine.with(|state| {
        let part = body["part_index"].as_u64().unwrap_or(0);
        let emoji = body["emoji"].as_str();
        let kind = body["type"]
            .as_str()
            .unwrap_or(if emoji.is_some() { "custom" } else { "like" });
        let is_added = body["remove"] != true;
        state.world.reacts(
            &number,
            text(&body, "message_id")?,
            part,
            kind,
            emoji,
            is_added,
        )?;
        Ok(Json(json!({})))
    })
}

async fn types(engine: Shared, Path(number): Path<String>, body: Bytes) -> Answer {
    let body = json_body(&body)?;
    engine.with(|state| {
        state
            .world
            .types(&number, text(&body, "to")?, body["typing"] != false)?;
        Ok(Json(json!({})))
    })
}

async fn reads(engine: Shared, Path(number): Path<String>, body: Bytes) -> Answer {
    let body = json_body(&body)?;
    engine.with(|state| {
        state.world.reads(&number, text(&body, "to")?)?;
        Ok(Json(json!({})))
    })
}

async fn edits(engine: Shared, Path(number): Path<String>, body: Bytes) -> Answer {
    let body = json_body(&body)?;
    engine.with(|state| {
        state
            .world
            .edits(&number, text(&body, "message_id")?, text(&body, "text")?)?;
        Ok(Json(json!({})))
    })
}

async fn votes(engine: Shared, Path(number): Path<String>, body: Bytes) -> Answer {
    let body = json_body(&body)?;
    engine.with(|state| {
        let is_added = body["remove"] != true;
        state.world.votes(
            &number,
            text(&body, "message_id")?,
            text(&body, "option_id")?,
            is_added,
        )?;
        Ok(Json(json!({})))
    })
}

/// Makes a group of persons and a line.
async fn group(engine: Shared, body: Bytes) -> Answer {
    let body = json_body(&body)?;
    engine.with(|state| {
        let line = text(&body, "line")?;
        state.world.own_line(line)?;
        let mut members = Vec::new();
        for member in body["members"].as_array().into_iter().flatten() {
            members.push(state.world.handle(member.as_str().unwrap_or_default())?);
        }
        if members.len() < 2 {
            return Err(ApiError::new(400, 1005, "a group has two `members` or more").into());
        }
        let id = state.world.new_chat(line, &members);
        if let (Some(name), Some(chat)) = (body["name"].as_str(), state.world.chats.get_mut(&id)) {
            chat.display_name = Some(name.to_owned());
        }
        Ok(Json(json!({ "chat_id": id })))
    })
}

async fn state(engine: Shared) -> Json<Value> {
    let mut state = engine.lock();
    state.catch_up();
    Json(seen(&state))
}

/// Everything that a person and a developer want to see.
pub(crate) fn seen(state: &State) -> Value {
    let world = &state.world;
    let chats: Vec<Value> = world
        .chats
        .values()
        .map(|chat| {
            let messages: Vec<Value> = world
                .messages_of(&chat.id)
                .map(|message| {
                    let mut shown = world.message_json(message);
                    if message.poll.is_some() {
                        shown["poll"] = world.poll_event(message)["poll"].clone();
                    }
                    shown["edits"] = message.edits.into();
                    shown
                })
                .collect();
            let mut shown = world.chat_json(chat);
            shown["name"] = display_name(chat).into();
            shown["line"] = chat.line.clone().into();
            shown["is_typing"] = chat.is_typing.into();
            shown["typing_people"] = chat.typing_people.clone().into();
            shown["background"] = chat.background.clone().unwrap_or_default();
            shown["messages"] = messages.into();
            shown
        })
        .collect();
    let people: Vec<Value> = world
        .people
        .keys()
        .map(|handle| person_json(world, handle))
        .collect();
    let lines: Vec<&str> = world
        .lines
        .iter()
        .map(|line| line.phone_number.as_str())
        .collect();
    let subscriptions: Vec<Value> = world
        .subscriptions
        .iter()
        .map(|known| json!({ "id": known.id, "target_url": known.target_url, "events": known.events, "is_active": known.is_active }))
        .collect();
    json!({
        "clock": clock_json(state), "lines": lines, "people": people, "chats": chats,
        "subscriptions": subscriptions, "faults": state.faults.list(),
    })
}

fn person_json(world: &World, handle: &str) -> Value {
    let person = world.person(handle);
    json!({
        "handle": handle, "name": person.name, "imessage": person.has_imessage, "rcs": person.has_rcs,
        "opted_out": person.is_opted_out, "reads_at_once": person.reads_at_once, "replies": person.replies,
        "fails_with": match person.fate { Fate::Fails(code) => Some(code), _ => None },
    })
}

async fn requests(engine: Shared) -> Json<Value> {
    let state = engine.lock();
    let all: Vec<Value> = state.requests.iter().map(Logged::json).collect();
    Json(json!({ "requests": all }))
}

async fn deliveries(engine: Shared) -> Json<Value> {
    let mut state = engine.lock();
    state.catch_up();
    let all: Vec<Value> = state
        .world
        .deliveries
        .values()
        .map(|delivery| delivery.json())
        .collect();
    Json(json!({ "deliveries": all }))
}

async fn resend(engine: Shared, Path(id): Path<u64>, body: Bytes) -> Answer {
    let body = json_body(&body)?;
    engine.with(
        |state| match state.world.resend(id, body["break_signature"] == true) {
            true => Ok(Json(json!({}))),
            false => Err(ApiError::new(404, 2010, "there is no such delivery").into()),
        },
    )
}

async fn clock(engine: Shared) -> Json<Value> {
    Json(clock_json(&engine.lock()))
}

fn clock_json(state: &State) -> Value {
    json!({ "now": shown(state.clock.now()), "is_stopped": matches!(state.clock, Clock::Stopped(_)) })
}

async fn advance(engine: Shared, body: Bytes) -> Answer {
    let body = json_body(&body)?;
    let seconds = body["seconds"]
        .as_f64()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let seconds =
        seconds.ok_or_else(|| ApiError::new(400, 1001, "`seconds` is a number from 0"))?;
    engine.advance(seconds).await;
    Ok(Json(clock_json(&engine.lock())))
}

async fn stop(engine: Shared) -> Json<Value> {
    Json(engine.with(|state| {
        state.clock = Clock::Stopped(state.clock.now());
        clock_json(state)
    }))
}

async fn start(engine: Shared) -> Json<Value> {
    Json(engine.with(|state| {
        state.clock = Clock::Running(state.clock.now() - chrono::Utc::now());
        clock_json(state)
    }))
}

async fn faults(engine: Shared) -> Json<Value> {
    Json(json!({ "faults": engine.lock().faults.list() }))
}

async fn order(engine: Shared, body: Bytes) -> Answer {
    let fault: Fault = serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(400, 1003, format!("the body is not a fault: {error}")))?;
    engine.with(|state| state.faults.order(fault));
    Ok(Json(json!({})))
}

async fn clear(engine: Shared) -> StatusCode {
    engine.with(|state| state.faults.clear());
    StatusCode::NO_CONTENT
}

/// Begins a new world with the same lines.
async fn reset(engine: Shared) -> StatusCode {
    engine.with(|state| {
        let mut world = World::new(state.world.settings.clone());
        for line in &state.world.lines {
            world.add_line(&line.phone_number);
        }
        state.world = world;
        state.faults.clear();
        state.requests.clear();
        state.catch_up();
    });
    StatusCode::NO_CONTENT
}

async fn listen(engine: Shared) -> impl IntoResponse {
    Sse::new(events(&engine)).keep_alive(KeepAlive::default())
}

fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, Failed> {
    let text = body[name].as_str();
    text.ok_or_else(|| ApiError::new(400, 1001, format!("`{name}` is missing")).into())
}
