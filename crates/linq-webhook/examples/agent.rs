//! An agent that answers each text message with the same text, and shows that it is typing meanwhile.
//!
//! `cargo run -p linq-webhook --example agent`, with `LINQ_API_V3_API_KEY` and `LINQ_WEBHOOK_SECRET`
//! in the environment. To try it without Linq, have it sent an event that is signed just now:
//!
//! `cargo run -p linq-webhook --example agent -- curl | sh`

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Context;
use clap::{Parser, Subcommand};
use linq_ext::Linq;
use linq_webhook::axum::{Received, router};
use linq_webhook::{Inbound, MemoryDeduper, Signer, Verifier};
use tokio::net::TcpListener;
use uuid::Uuid;

/// Answers each text message with the same text, and shows that it is typing meanwhile.
///
/// The API key is read from LINQ_API_V3_API_KEY, another address of the API from LINQ_API_V3_BASE_URL, and the
/// signing secret of the webhook subscription from LINQ_WEBHOOK_SECRET.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; deliveries go to the path /webhooks.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Have messages delivered to this agent, and print the secret if the subscription is new.
    Subscribe {
        /// Where Linq reaches this agent, such as https://example.com/webhooks.
        url: String,
    },
    /// Print a curl command that delivers a message, signed with LINQ_WEBHOOK_SECRET just now.
    Curl {
        /// The text of the message.
        #[arg(default_value = "Hello")]
        text: String,

        /// Where to deliver it.
        #[arg(long, default_value = "http://127.0.0.1:8080/webhooks")]
        to: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        None => serve(arguments.listen).await,
        Some(Command::Subscribe { url }) => subscribe(&url).await,
        Some(Command::Curl { text, to }) => curl(&text, &to),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: SocketAddr) -> anyhow::Result<()> {
    let linq = Linq::from_env()?;
    let webhooks = router(
        Verifier::from_env()?,
        MemoryDeduper::new(),
        move |received| answer(linq.clone(), received),
    );
    let tasks = webhooks.tasks();
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen at {address}"))?;
    eprintln!("listening at http://{}/webhooks", listener.local_addr()?);
    axum::serve(listener, webhooks.into_router())
        .with_graceful_shutdown(end())
        .await?;
    tasks.drain().await;
    Ok(())
}

/// Answers a message. `Err` has Linq deliver it again, so that is for what may go well the next time.
async fn answer(linq: Linq, received: Received) -> Result<(), linq_ext::Error> {
    let Some(message) = Inbound::from_event(received.event()) else {
        return Ok(());
    };
    // Not what the agent wrote itself, and not what Linq found late.
    if !message.may_auto_reply() || message.text().is_empty() {
        return Ok(());
    }
    let chat = linq.chat(message.chat_id());
    // The indicator is best effort; the answer is not.
    let typing = chat.typing();
    // One answer for each message, whatever is delivered twice or cut off by a crash.
    let answer = chat
        .message()
        .text(message.text())
        .idempotency_key(format!("echo-{}", message.message_id()));
    let sent = answer.await;
    drop(typing);
    match sent {
        Ok(_) => eprintln!("answered {}", message.message_id()),
        Err(error) if error.is_retryable() => {
            eprintln!("not answered yet: {error}");
            return Err(error);
        }
        Err(error) => eprintln!("not answered: {error}"),
    }
    Ok(())
}

async fn subscribe(url: &str) -> anyhow::Result<()> {
    let linq = Linq::from_env()?;
    let subscription = linq.ensure_subscription(url, ["message.received"]).await?;
    eprintln!(
        "subscription {}: {:?}",
        subscription.id(),
        subscription.change()
    );
    if let Some(secret) = subscription.signing_secret() {
        eprintln!("keep the secret, it is not shown again:");
        write_line(&format!("LINQ_WEBHOOK_SECRET={secret}"))?;
    }
    Ok(())
}

fn curl(text: &str, to: &str) -> anyhow::Result<()> {
    let secret = std::env::var("LINQ_WEBHOOK_SECRET").context(
        "put the secret that the agent was started with into the environment variable LINQ_WEBHOOK_SECRET",
    )?;
    let (event, message, chat) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    let body = serde_json::json!({
        "api_version": "v3",
        "webhook_version": "2026-02-03",
        "event_type": "message.received",
        "event_id": event,
        "created_at": "2026-04-14T18:02:11.482Z",
        "trace_id": "4bd1c70e92a35f68d0417be6a9c2583f",
        "partner_id": "example",
        "data": {
            "id": message,
            "chat": { "id": chat, "is_group": false },
            "direction": "inbound",
            "sender_handle": {
                "id": chat,
                "handle": "+12025550101",
                "service": "iMessage",
                "joined_at": "2026-04-14T18:02:11Z",
            },
            "parts": [{ "type": "text", "value": text }],
            "service": "iMessage",
            "sent_at": "2026-04-14T18:02:11Z",
        },
    })
    .to_string();
    let headers = Signer::new(secret)?.sign(&event.to_string(), SystemTime::now(), &body)?;
    let mut command =
        "curl --silent --show-error --include --header 'content-type: application/json'".to_owned();
    for (name, value) in &headers {
        command.push_str(&format!(
            " --header {}",
            quoted(&format!("{name}: {}", value.to_str()?))
        ));
    }
    command.push_str(&format!(" --data-binary {} {}", quoted(&body), quoted(to)));
    write_line(&command)
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn write_line(line: &str) -> anyhow::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "{line}").context("cannot write to stdout")
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
