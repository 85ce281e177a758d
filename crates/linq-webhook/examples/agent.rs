//! An agent that answers messages with a slow model, and shows that it is typing meanwhile.
//!
//! `cargo run -p linq-webhook --example agent`, with `LINQ_API_V3_API_KEY` and `LINQ_WEBHOOK_SECRET` in the
//! environment. Without an API key it prints its answers and sends nothing. To try it without Linq, deliver a signed
//! message to it from a second terminal:
//!
//! `cargo run -p linq-webhook --example agent -- curl | sh`

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use clap::{Parser, Subcommand};
use linq_ext::Linq;
use linq_types::WebhookEvent;
use linq_webhook::axum::{Received, router, serve};
use linq_webhook::{HandlerError, MemoryDeduper, Signer, Verifier};
use tokio::net::TcpListener;
use uuid::Uuid;

/// Signs the trial where no secret is set. Everybody knows it.
const TRIAL_SECRET: &str = "whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGU=";

/// Answers messages with a slow model, and shows that it is typing meanwhile.
///
/// Reads the API key from LINQ_API_V3_API_KEY, another address of the API from LINQ_API_V3_BASE_URL, and the signing
/// secret of the webhook subscription from LINQ_WEBHOOK_SECRET. Without an API key it prints its answers only.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; deliveries go to the path /webhooks.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// How many seconds the model thinks.
    #[arg(long, default_value_t = 3)]
    seconds: u64,

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
    /// Print a curl command that delivers a message, signed just now.
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
    let result = match &arguments.command {
        None => receive(&arguments).await,
        Some(Command::Subscribe { url }) => subscribe(url).await,
        Some(Command::Curl { text, to }) => curl(text, to),
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
    // Nothing is sent without a key, so then the secret of the trial will do.
    let (linq, verifier) = match std::env::var_os("LINQ_API_V3_API_KEY") {
        Some(_) => (Some(Linq::from_env()?), Verifier::from_env()?),
        None => (None, Verifier::new(secret_or_trial())?),
    };
    let agent = Agent {
        linq,
        thinks_for: Duration::from_secs(arguments.seconds),
    };
    let webhooks = router(verifier, MemoryDeduper::new(), move |received| {
        let agent = agent.clone();
        async move { agent.handle(received).await }
    })
    .dead_letters(|received, error| async move {
        // A program would keep `received.body()` for somebody to look at.
        eprintln!("given up on {}: {error}", received.key());
        Ok(())
    });
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    eprintln!("listening on http://{}/webhooks", listener.local_addr()?);
    serve(listener, webhooks)
        .with_graceful_shutdown(shutdown())
        .await?;
    Ok(())
}

#[derive(Clone)]
struct Agent {
    /// `None` to print answers only.
    linq: Option<Linq>,
    thinks_for: Duration,
}

impl Agent {
    /// Handles one event. After an error that is not permanent, Linq delivers it again.
    async fn handle(&self, received: Received) -> Result<(), HandlerError> {
        if let WebhookEvent::Unknown(event) = received.event() {
            eprintln!("unknown event {}: {}", event.event_type(), event.reason());
        }
        // A message is read also from an unknown event, as far as it can be.
        let Some(message) = received.message() else {
            return Ok(());
        };
        // Not what the agent wrote itself, not what came too late, and nobody who does not want to be written to.
        if !message.may_auto_reply() || message.is_opt_out() || message.text().is_empty() {
            return Ok(());
        }
        // In a group, only if it is addressed.
        if message.is_group() == Some(true) && !message.mentions_me() {
            return Ok(());
        }
        let chat_id = message.chat_id().ok_or("the message has no chat id");
        let chat_id: Uuid = chat_id
            .map_err(HandlerError::permanent)?
            .parse()
            .map_err(HandlerError::permanent)?;
        let Some(linq) = &self.linq else {
            let answer = self.think(&message.text()).await;
            eprintln!("would answer {}: {answer}", received.key());
            return Ok(());
        };
        // The handling of one event sends each message once, however often it runs.
        let chat = linq.for_event(received.key().as_str()).chat(chat_id);
        let typing = chat.typing();
        let answer = self.think(&message.text()).await;
        let sent = chat.message().text(answer).await;
        drop(typing);
        match sent {
            Ok(_) => eprintln!("answered {}", received.key()),
            // The API has the message, whatever its response was.
            Err(error) if error.is_accepted() => eprintln!("answered {}: {error}", received.key()),
            Err(error) if error.is_retryable() => return Err(error.into()),
            // Another attempt would only run the model again.
            Err(error) => return Err(HandlerError::permanent(error)),
        }
        Ok(())
    }

    /// Stands in for a language model.
    async fn think(&self, text: &str) -> String {
        tokio::time::sleep(self.thinks_for).await;
        format!("You said: {text}")
    }
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

fn secret_or_trial() -> String {
    std::env::var("LINQ_WEBHOOK_SECRET").unwrap_or_else(|_| {
        eprintln!("LINQ_WEBHOOK_SECRET is not set: using the secret of the trial");
        TRIAL_SECRET.to_owned()
    })
}

fn curl(text: &str, to: &str) -> anyhow::Result<()> {
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
    let signer = Signer::new(secret_or_trial())?;
    let headers = signer.sign(&event.to_string(), SystemTime::now(), &body)?;
    let mut command =
        "curl --silent --show-error --include --header 'content-type: application/json'".to_owned();
    for (name, value) in &headers {
        command.push_str(&format!(
            " --header {}",
            quoted(&format!("{name}: {}", value.to_str()?))
        ));
    }
    command.push_str(&format!(" --data-binary {} {}", quoted(&body), quoted(to)));
    eprintln!(
        "after some seconds, curl prints `HTTP/1.1 200 OK`, and the agent `would answer message.received:{message}` \
         (with an API key, it gives up with a 404, since Linq does not know the chat; 401 means that the agent has \
         another LINQ_WEBHOOK_SECRET)"
    );
    write_line(&command)
}

/// Quotes a text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn write_line(line: &str) -> anyhow::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "{line}").context("cannot write to stdout")
}

/// Waits for SIGINT or SIGTERM.
async fn shutdown() {
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
