//! A client that delivers over connections that stay open.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant, SystemTime};

use linq_webhook::Signer;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::deliveries::{Bodies, Deliveries, Delivery, Kind, SECRET};

const OTHER_SECRET: &str = "whsec_YSBzZWNyZXQgb2Ygc29tZWJvZHkgZWxzZSBpbiB0b3du";

/// What was seen.
#[derive(Default)]
pub(crate) struct Report {
    latencies: Vec<Duration>,
    pub(crate) again: usize,
    /// In KiB, where the system tells.
    pub(crate) memory: Option<u64>,
}

impl Report {
    pub(crate) fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.again += other.again;
    }

    pub(crate) fn note_memory(&mut self, kib: Option<u64>) {
        self.memory = self.memory.max(kib);
    }

    pub(crate) fn answers(&self) -> usize {
        self.latencies.len()
    }

    /// In milliseconds.
    pub(crate) fn percentile(&mut self, percent: usize) -> f64 {
        self.latencies.sort_unstable();
        let index = self.latencies.len() * percent / 100;
        let latency = self.latencies.get(index).copied().unwrap_or_default();
        latency.as_secs_f64() * 1000.0
    }
}

pub(crate) struct Client<'a> {
    deliveries: &'a mut Deliveries,
    port: u16,
    connections: usize,
}

/// What the connections share.
struct Shared<'a> {
    deliveries: RefCell<&'a mut Deliveries>,
    report: RefCell<Report>,
    bodies: Bodies,
    signer: Signer,
    forger: Signer,
    port: u16,
    unknown: usize,
    /// After so many answers the server is brought to its end.
    limit: usize,
    is_ended: Cell<bool>,
}

impl<'a> Client<'a> {
    pub(crate) fn new(deliveries: &'a mut Deliveries, port: u16, connections: usize) -> Self {
        Self {
            deliveries,
            port,
            connections,
        }
    }

    /// Delivers until all is over; or until `limit` answers have come, when `end` brings the server to its end,
    /// and what is on its way comes to something.
    pub(crate) fn run(&mut self, limit: usize, end: impl Fn()) -> Report {
        let signer = |secret| Signer::new(secret).expect("the secret is fit");
        let shared = Shared {
            unknown: self.deliveries.unknown(),
            deliveries: RefCell::new(self.deliveries),
            report: RefCell::default(),
            bodies: Bodies::new(),
            signer: signer(SECRET),
            forger: signer(OTHER_SECRET),
            port: self.port,
            limit,
            is_ended: Cell::new(false),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("there can be a runtime");
        let work = (0..self.connections).map(|_| shared.work(&end));
        runtime.block_on(futures_util::future::join_all(work));
        shared.report.into_inner()
    }
}

impl Shared<'_> {
    async fn work(&self, end: &impl Fn()) {
        let mut connection = None;
        while !self.is_ended.get() {
            let next = self.deliveries.borrow_mut().next();
            let Some(delivery) = next else {
                if self.deliveries.borrow().is_over() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            };
            let request = self.request(&delivery);
            let start = Instant::now();
            let status = self.send(&mut connection, &request).await.ok();
            let mut report = self.report.borrow_mut();
            if status.is_some() {
                report.latencies.push(start.elapsed());
            }
            let is_again = self.deliveries.borrow_mut().answered(delivery, status);
            report.again += usize::from(is_again);
            if report.answers() >= self.limit && !self.is_ended.replace(true) {
                end();
            }
        }
    }

    /// Signed anew for each attempt, as Linq does.
    fn request(&self, delivery: &Delivery) -> Vec<u8> {
        let body = self.bodies.of(delivery, self.unknown);
        let signer = match delivery.kind {
            Kind::BadSignature => &self.forger,
            _ => &self.signer,
        };
        let headers = signer.sign(&delivery.event_id(), SystemTime::now(), &body);
        let mut text = format!(
            "POST /webhooks HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in &headers.expect("the id is fit") {
            let value = value.to_str().expect("it is ASCII");
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(&body);
        text.into_bytes()
    }

    async fn send(
        &self,
        connection: &mut Option<BufReader<TcpStream>>,
        request: &[u8],
    ) -> std::io::Result<u16> {
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
                stream.set_nodelay(true)?;
                BufReader::new(stream)
            }
        };
        stream.get_mut().write_all(request).await?;
        let (status, is_open) = read_answer(&mut stream).await?;
        if is_open {
            *connection = Some(stream);
        }
        Ok(status)
    }
}

/// The status, and whether the connection stays open.
async fn read_answer(stream: &mut BufReader<TcpStream>) -> std::io::Result<(u16, bool)> {
    let broken = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let status = line.get(9..12).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(broken)?;
    let (mut length, mut is_open) = (0, true);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(broken());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name {
            "content-length" => length = value.parse().map_err(|_| broken())?,
            "connection" => is_open = value != "close",
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((status, is_open))
}
