//! Lists chats, and writes their messages to files if asked to.
//!
//! `cargo run --example export_chats -- --line +12025550100 --limit 50 --export chats`

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use linq_ext::Linq;
use linq_ext::types::Chat;
use tokio::fs::{self, File};
use tokio::io::{AsyncWriteExt, BufWriter};

/// Lists chats, and writes their messages to files if asked to.
///
/// The API key is read from the environment variable LINQ_API_V3_API_KEY.
#[derive(Parser)]
struct Arguments {
    /// Only chats of this line, such as +12025550100.
    #[arg(long)]
    line: Option<String>,

    /// How many chats at most; all if left out.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Go on at the cursor that an earlier run printed.
    #[arg(long)]
    cursor: Option<String>,

    /// Write the messages of each chat to a file of this directory, one in a line, as JSON.
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
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
    if let Some(directory) = &arguments.export {
        fs::create_dir_all(directory)
            .await
            .with_context(|| format!("cannot make the directory {}", directory.display()))?;
    }

    let mut list = linq.list_chats();
    if let Some(line) = arguments.line {
        list = list.from(line);
    }
    if let Some(limit) = arguments.limit {
        list = list.max_items(limit);
    }
    if let Some(cursor) = &arguments.cursor {
        list = list.cursor(cursor);
    }

    let mut pages = list.pages();
    let mut done = arguments.cursor;
    while let Some(page) = pages.next().await {
        let result = match page {
            Ok(page) => write(&linq, &page.items, arguments.export.as_deref()).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = result {
            // The page at this cursor is not through; files that are there already are written again.
            return Err(match done {
                Some(cursor) => error.context(format!("stopped; go on with --cursor {cursor}")),
                None => error,
            });
        }
        done = pages.cursor().map(str::to_owned);
    }
    if let Some(cursor) = done {
        eprintln!("there are more; go on with --cursor {cursor}");
    }
    Ok(())
}

/// Prints the chats of a page, and exports those if there is a directory for it.
async fn write(linq: &Linq, chats: &[Chat], directory: Option<&Path>) -> anyhow::Result<()> {
    for chat in chats {
        let name = chat.display_name.as_deref().unwrap_or_default();
        match directory {
            None => writeln!(stdout(), "{}  {}  {name}", chat.id, chat.updated_at)?,
            Some(directory) => {
                let path = directory.join(format!("{}.jsonl", chat.id));
                let count = export(linq, chat, &path)
                    .await
                    .with_context(|| format!("cannot export the chat {}", chat.id))?;
                writeln!(
                    stdout(),
                    "{}  {}  {count} messages  {name}",
                    chat.id,
                    chat.updated_at
                )?;
            }
        }
    }
    Ok(())
}

/// Writes the messages of a chat to a file, which has its name only once it is complete.
async fn export(linq: &Linq, chat: &Chat, path: &Path) -> anyhow::Result<usize> {
    let part = path.with_extension("part");
    let mut file = BufWriter::new(File::create(&part).await?);
    let mut messages = linq.chat(chat.id).messages().stream();
    let mut count = 0;
    while let Some(message) = messages.next().await {
        let mut line = serde_json::to_vec(&message?)?;
        line.push(b'\n');
        file.write_all(&line).await?;
        count += 1;
    }
    file.flush().await?;
    fs::rename(&part, path).await?;
    Ok(count)
}
