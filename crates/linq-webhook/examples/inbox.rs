//! Webhooks for more than one machine: deliveries are written to a Redis stream before they are answered, and
//! worked off from there by any number of processes, of which any may be killed at any time.
//!
//! `cargo run -p linq-webhook --features redis --example inbox`, with `LINQ_WEBHOOK_SECRET` in the environment
//! and a Redis at 127.0.0.1 of version 6.2 or later. It receives and works; `inbox receive` and `inbox work` do one
//! of the two, as often as wanted. What Redis keeps over a crash of its own is a matter of its settings
//! (`appendonly`, `appendfsync`).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use linq_types::WebhookEvent;
use linq_webhook::axum::{Received, router, serve};
use linq_webhook::{Claim, Deduper, EventKey, HandlerError, RedisDeduper, Ticket, Verifier};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::net::TcpListener;

/// The consumer group: each event goes to one of its workers.
const GROUP: &str = "workers";
/// An event that a worker has had for so long without a word is given to another one.
const STALE: Duration = Duration::from_secs(30);
/// How long to wait for events before looking for stale ones.
const WAIT: Duration = Duration::from_secs(2);

/// Receives webhooks into a Redis stream, and works them off.
///
/// The signing secret of the webhook subscription is read from LINQ_WEBHOOK_SECRET.
#[derive(Clone, Parser)]
struct Arguments {
    /// Which of the two to do; both if left out.
    role: Option<Role>,

    /// Where to listen; deliveries go to the path /webhooks.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// The Redis.
    #[arg(long, default_value = "redis://127.0.0.1/")]
    redis: String,

    /// The stream in it.
    #[arg(long, default_value = "linq:inbox")]
    stream: String,

    /// How many seconds an event takes to work off, to try what a kill in the middle does.
    #[arg(long, default_value_t = 0.0)]
    seconds: f64,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Role {
    /// Verify deliveries and write them to the stream.
    Receive,
    /// Work off what is in the stream.
    Work,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.role {
        Some(Role::Receive) => receive(&arguments).await,
        Some(Role::Work) => work(&arguments).await,
        None => tokio::try_join!(receive(&arguments), work(&arguments)).map(|_| ()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn receive(arguments: &Arguments) -> anyhow::Result<()> {
    let redis = connect(arguments).await?;
    let claims = RedisDeduper::new(redis.clone());
    let stream = arguments.stream.clone();
    let webhooks = router(Verifier::from_env()?, claims, move |received| {
        write_down(redis.clone(), stream.clone(), received)
    });
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen at {}", arguments.listen))?;
    eprintln!("listening at http://{}/webhooks", listener.local_addr()?);
    serve(listener, webhooks)
        .with_graceful_shutdown(end())
        .await?;
    Ok(())
}

/// Linq gets its 200 after this, so an event is either in Redis or delivered again.
async fn write_down(
    mut redis: ConnectionManager,
    stream: String,
    received: Received,
) -> Result<(), HandlerError> {
    let mut add = redis::cmd("XADD");
    add.arg(stream).arg("*");
    add.arg("key").arg(received.key().as_str());
    add.arg("body").arg(received.body());
    add.exec_async(&mut redis)
        .await
        .inspect_err(|error| eprintln!("not written down, so it comes again: {error}"))?;
    Ok(())
}

async fn work(arguments: &Arguments) -> anyhow::Result<()> {
    let worker = Worker {
        redis: connect(arguments).await?,
        // In a place of its own: the claims of receiving are done once an event is in the stream.
        claims: RedisDeduper::new(connect(arguments).await?)
            .prefix("linq:worked:")
            // So that the claim of a worker that was killed is over when its event is stale.
            .hold_for(STALE / 2),
        stream: arguments.stream.clone(),
        name: format!("worker-{}", uuid::Uuid::new_v4()),
        pause: Duration::try_from_secs_f64(arguments.seconds)?,
    };
    worker.join().await.context("cannot join the workers")?;
    eprintln!("working as {}", worker.name);
    let mut end = std::pin::pin!(end());
    loop {
        // Only between two rounds, so that what was begun is done.
        let events = tokio::select! {
            () = &mut end => return Ok(()),
            events = worker.next() => events,
        };
        match events {
            Ok(events) => {
                for (id, fields) in events {
                    worker.work_off(&id, &fields).await;
                }
            }
            Err(error) => {
                eprintln!("cannot read the stream: {error}");
                tokio::time::sleep(WAIT).await;
            }
        }
    }
}

type Fields = HashMap<String, Vec<u8>>;
type Entry = (String, Fields);

struct Worker {
    redis: ConnectionManager,
    claims: RedisDeduper,
    stream: String,
    name: String,
    pause: Duration,
}

impl Worker {
    /// Makes the group, which also makes the stream.
    async fn join(&self) -> Result<(), redis::RedisError> {
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATE").arg(&self.stream).arg(GROUP);
        create.arg("0").arg("MKSTREAM");
        match create.exec_async(&mut self.redis.clone()).await {
            // It is there already.
            Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
            other => other,
        }
    }

    /// Events that nobody works on: those of workers that are gone, or else new ones.
    async fn next(&self) -> Result<Vec<Entry>, redis::RedisError> {
        let mut redis = self.redis.clone();
        let mut claim = redis::cmd("XAUTOCLAIM");
        claim.arg(&self.stream).arg(GROUP).arg(&self.name);
        claim.arg(millis(STALE)).arg("0-0").arg("COUNT").arg(1);
        let (_, stale, _): (String, Vec<Entry>, Vec<String>) =
            claim.query_async(&mut redis).await?;
        if !stale.is_empty() {
            return Ok(stale);
        }
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(GROUP).arg(&self.name);
        read.arg("COUNT").arg(1).arg("BLOCK").arg(millis(WAIT));
        read.arg("STREAMS").arg(&self.stream).arg(">");
        let streams: Option<Vec<(String, Vec<Entry>)>> = read.query_async(&mut redis).await?;
        let streams = streams.unwrap_or_default().into_iter();
        Ok(streams.flat_map(|(_, entries)| entries).collect())
    }

    /// Works off one event, and takes it out of the stream if that went well; otherwise it becomes stale.
    async fn work_off(&self, id: &str, fields: &Fields) {
        let body = fields.get("body").map(Vec::as_slice).unwrap_or_default();
        // It was verified and parsed before it was written down.
        let Ok(event) = WebhookEvent::from_slice(body) else {
            return eprintln!("{id} is no event, and stays in the stream");
        };
        // A delivery can be in the stream twice, if its receiver was killed before it could answer.
        let key = EventKey::new(Some(&event), None, body);
        let is_done = match self.claims.claim(&key).await {
            Ok(Claim::New(ticket)) => self.handle_claimed(&ticket, &event).await,
            Ok(Claim::Done) => true,
            Ok(_) => false,
            Err(error) => {
                eprintln!("{id} is put off: {error}");
                false
            }
        };
        if is_done {
            let mut remove = redis::pipe();
            remove.atomic();
            remove.cmd("XACK").arg(&self.stream).arg(GROUP).arg(id);
            remove.cmd("XDEL").arg(&self.stream).arg(id);
            if let Err(error) = remove.exec_async(&mut self.redis.clone()).await {
                eprintln!("{id} is worked off, and stays in the stream for now: {error}");
            }
        }
    }

    async fn handle_claimed(&self, ticket: &Ticket, event: &WebhookEvent) -> bool {
        let mut handling = std::pin::pin!(self.handle(event));
        let renewal = self.claims.lease().unwrap_or(STALE) / 3;
        let result = loop {
            match tokio::time::timeout(renewal, &mut handling).await {
                Ok(result) => break result,
                Err(_) => {
                    let _ = self.claims.renew(ticket).await;
                }
            }
        };
        let settled = match &result {
            Ok(()) => self.claims.complete(ticket).await,
            Err(error) => {
                eprintln!("failed, and is tried again: {error:#}");
                self.claims.release(ticket).await.map(|()| true)
            }
        };
        match settled {
            Ok(true) => {}
            Ok(false) => eprintln!("the claim was lost: another worker works on it too"),
            Err(error) => eprintln!("the claim runs out by itself: {error}"),
        }
        result.is_ok()
    }

    /// What there is to be done; here, little.
    async fn handle(&self, event: &WebhookEvent) -> anyhow::Result<()> {
        tokio::time::sleep(self.pause).await;
        eprintln!("worked off {} {}", event.event_type(), event.event_id());
        Ok(())
    }
}

async fn connect(arguments: &Arguments) -> anyhow::Result<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_connection_timeout(Some(WAIT))
        // Reading waits for events.
        .set_response_timeout(Some(WAIT * 2));
    let client =
        redis::Client::open(arguments.redis.as_str()).context("the address of Redis is unfit")?;
    ConnectionManager::new_with_config(client, config)
        .await
        .context("cannot connect to Redis; start one with `redis-server`, or name it with --redis")
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

/// Waits for SIGINT or SIGTERM.
async fn end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut term) = signal(SignalKind::terminate()) else {
            return;
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = term.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = tokio::signal::ctrl_c().await;
}
