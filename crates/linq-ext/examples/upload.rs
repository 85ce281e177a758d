//! Uploads a file with a progress bar, and sends it to a chat if there is one.
//!
//! `cargo run -p linq-ext --example upload -- photo.jpg --chat 3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use linq_ext::{Error, Linq};
use uuid::Uuid;

/// Upload a file to Linq, and send it to a chat if there is one.
///
/// Needs an API key in the environment variable LINQ_API_V3_API_KEY.
#[derive(Parser)]
struct Arguments {
    /// The file: 1 byte to 100 MB, of a type that Linq takes.
    file: PathBuf,

    /// The name of the file for those who receive it.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The content type, such as image/png, in place of what name and content say.
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,

    /// The id of a chat that the file is sent to.
    #[arg(long, value_name = "ID")]
    chat: Option<Uuid>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    let linq = Linq::from_env()?;
    let bar = ProgressBar::new(0).with_style(style());

    let mut upload = linq
        .upload_path(&arguments.file)
        .wait_until_ready(Duration::from_secs(60));
    if let Some(name) = arguments.name {
        upload = upload.file_name(name);
    }
    if let Some(content_type) = arguments.content_type {
        upload = upload.content_type(content_type);
    }
    let shown = bar.clone();
    let attachment = upload
        .on_progress(move |done, total| {
            shown.set_length(total);
            shown.set_position(done);
        })
        .await?;
    bar.finish();
    println!(
        "attachment {} ({})",
        attachment.id(),
        attachment.content_type()
    );

    if let Some(chat_id) = arguments.chat {
        let sent = linq.chat(chat_id).message().media(attachment.id()).await?;
        println!("message {}", sent.message.id);
    }
    Ok(())
}

fn style() -> ProgressStyle {
    let template = "{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
