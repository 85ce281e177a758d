//! The server, in a process of its own.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use linq_webhook::axum::router;
use linq_webhook::{MemoryDeduper, Verifier};
use tokio::signal::unix::{SignalKind, signal};

use crate::deliveries::SECRET;

/// How the process of the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Term,
    Kill,
}

/// How the server handles what it gets.
pub(crate) struct Settings {
    /// How long the handler takes.
    pub(crate) delay: Duration,
    pub(crate) concurrency: usize,
    /// Every hundredth call of the handler fails.
    pub(crate) failures: bool,
    pub(crate) answers_first: bool,
}

impl Settings {
    fn write(&self) -> [String; 4] {
        [
            self.delay.as_millis().to_string(),
            self.concurrency.to_string(),
            self.failures.to_string(),
            self.answers_first.to_string(),
        ]
    }

    fn read(words: &[&str]) -> Option<Self> {
        let [delay, concurrency, failures, answers_first] = words else {
            return None;
        };
        Some(Self {
            delay: Duration::from_millis(delay.parse().ok()?),
            concurrency: concurrency.parse().ok()?,
            failures: failures.parse().ok()?,
            answers_first: answers_first.parse().ok()?,
        })
    }
}

/// The process, as its parent has it.
pub(crate) struct Child {
    process: std::process::Child,
    port: u16,
}

impl Child {
    pub(crate) fn start(settings: &Settings, log: &Path) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut process = Command::new(program)
            .arg("serve")
            .args(settings.write())
            .arg(log)
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be run");
        let output = process.stdout.take().expect("it is piped");
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        read.expect("the server says where it listens");
        let port = line.trim().parse().expect("it is a port");
        Self { process, port }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn end(&self, end: End) {
        let signal = match end {
            End::Term => "-TERM",
            End::Kill => "-KILL",
        };
        let id = self.process.id().to_string();
        let kill = Command::new("kill").args([signal, &id]).status();
        assert!(kill.expect("there is the program `kill`").success());
    }

    /// The most memory that the process had, in KiB, where the system tells.
    pub(crate) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self, end: End) {
        let status = self.process.wait().expect("it is a child of this process");
        assert_eq!(status.success(), end == End::Term, "{status}");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It has ended, unless a check has failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the child does.
pub(crate) fn serve(words: &[&str]) -> ExitCode {
    let Some((log, Some(settings))) = words
        .split_last()
        .map(|(log, words)| (log, Settings::read(words)))
    else {
        eprintln!("usage: serve DELAY CONCURRENCY FAILURES ANSWERS_FIRST LOG");
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Runtime::new().expect("there can be a runtime");
    runtime.block_on(receive(settings, Path::new(log)));
    ExitCode::SUCCESS
}

async fn receive(settings: Settings, log: &Path) {
    // One write for each event, at the end of the file: who kills the process does not undo it.
    let log = OpenOptions::new().append(true).open(log);
    let log = Arc::new(log.expect("the parent has made it"));
    let calls = Arc::new(AtomicUsize::new(0));
    let verifier = Verifier::new(SECRET).expect("the secret is fit");
    let handler = move |received: linq_webhook::axum::Received| {
        let log = Arc::clone(&log);
        let call = calls.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::time::sleep(settings.delay).await;
            if settings.failures && call % 100 == 99 {
                return Err("every hundredth fails".into());
            }
            let line = format!("{}\n", received.event().event_id());
            (&*log).write_all(line.as_bytes())?;
            Ok(())
        }
    };
    let webhooks =
        router(verifier, MemoryDeduper::new(), handler).concurrency(settings.concurrency);
    let webhooks = match settings.answers_first {
        true => webhooks.respond_first(),
        false => webhooks,
    };
    let tasks = webhooks.tasks();
    let mut term = signal(SignalKind::terminate()).expect("signals can be waited for");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let mut output = std::io::stdout();
    writeln!(output, "{}", address.port()).expect("the parent reads it");
    axum::serve(listener, webhooks.into_router())
        .with_graceful_shutdown(async move {
            term.recv().await;
        })
        .await
        .expect("it serves");
    tasks.drain().await;
}
