//! Sends a message from a line to one or more people.
//!
//! `cargo run --example send -- --from +12025550100 --to +12025550101 "It's 🎉 time" --effect confetti`

use std::io::{Write, stdout};
use std::process::ExitCode;

use clap::Parser;
use linq_ext::Linq;
use linq_ext::message::{Effect, Rule};

/// Sends a message from a line to one or more people.
///
/// The API key is read from the environment variable LINQ_API_V3_API_KEY.
#[derive(Parser)]
struct Arguments {
    /// The line to send from, such as +12025550100.
    #[arg(long, value_name = "NUMBER")]
    from: String,

    /// Who gets the message, a phone number or an e-mail address; several make a group.
    #[arg(long, value_name = "HANDLE", required = true)]
    to: Vec<String>,

    /// The text.
    text: String,

    /// An effect for iMessage, such as confetti or slam. The first message of a new chat cannot have one.
    #[arg(long, value_name = "NAME")]
    effect: Option<Effect>,

    /// The https address of a file to send with the text, at most 10 MB.
    #[arg(long, value_name = "URL")]
    media: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let linq = Linq::from_env()?;

    let mut message = linq
        .create_chat(arguments.from, arguments.to)
        .text(arguments.text);
    if let Some(url) = arguments.media {
        message = message.media_url(url);
    }
    if let Some(effect) = arguments.effect {
        // The chat may be there already, and then an effect is fine: the API knows.
        message = message
            .effect(effect)
            .without_rule(Rule::FirstMessageEffect);
    }

    let response = message.send_with_response().await?;
    let chat = &response.value().chat;
    let mut out = stdout().lock();
    writeln!(out, "chat     {}", chat.id)?;
    writeln!(out, "message  {}", chat.message.id)?;
    writeln!(out, "trace    {}", response.trace_id().unwrap_or("none"))?;
    Ok(())
}
