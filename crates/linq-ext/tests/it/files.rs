//! Uploads and downloads, as a user of the crate sees them, and as the servers do.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use linq_ext::client::bytes::Bytes;
use linq_ext::client::reqwest;
use linq_ext::{Clock, Error, Linq, LinqBuilder, Upload, Uploaded};
use linq_testing::clock::TestClock;
use linq_testing::responses::{self, ID};
use linq_testing::server::{Server, Step};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const MIB: usize = 1024 * 1024;
const LIMIT: u64 = 104_857_600;

fn builder(server: &Server, clock: impl Clock) -> LinqBuilder {
    Linq::builder()
        .api_key("key-4f7d2a")
        .base_url(server.base_url())
        .timeout(Duration::from_secs(5))
        .clock(clock)
}

async fn linq(script: impl IntoIterator<Item = Step>) -> (Linq, Server, TestClock) {
    let (server, clock) = (Server::start(script).await, TestClock::default());
    let linq = builder(&server, clock.clone())
        .build()
        .expect("all is valid");
    (linq, server, clock)
}

/// The methods of all requests, such as `POST PUT PUT`.
fn methods(server: &Server) -> String {
    let requests = server.requests();
    let methods: Vec<_> = requests
        .iter()
        .map(|request| request.method.as_str())
        .collect();
    methods.join(" ")
}

/// A directory that goes away.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let name = format!("linq-ext-{}", uuid::Uuid::new_v4());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a directory can be made");
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("a file can be written");
        path
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("the directory is there");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        };
        entries.map(name).collect()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Fails if anything of an error tells a secret.
fn assert_discreet(error: &Error) {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    for secret in [
        "secret",
        "signature",
        "key-4f7d2a",
        "/put",
        "/files",
        "private",
    ] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// The error of an upload that had reserved something.
fn reserved(result: Result<Uploaded, Error>) -> Error {
    let error = result.expect_err("the upload fails");
    assert_eq!(
        error.attachment_id().map(|id| id.to_string()).as_deref(),
        Some(ID)
    );
    assert!(!error.is_retryable());
    assert_discreet(&error);
    error
}

#[tokio::test]
async fn the_file_goes_where_the_api_says_with_the_headers_it_asks_for_and_no_others() {
    let (linq, server, _) = linq([]).await;
    let upload = linq.upload_bytes("private.png", PNG);
    assert!(!format!("{upload:?}").contains("private"));
    let uploaded = upload.await.expect("success");

    let [reserve, put] = server.requests().try_into().expect("two requests");
    assert_eq!(
        (reserve.method.as_str(), reserve.target.as_str()),
        ("POST", "/api/partner/v3/attachments")
    );
    assert_eq!(
        reserve.json(),
        serde_json::json!({ "filename": "private.png", "content_type": "image/png", "size_bytes": 8 })
    );
    assert_eq!(reserve.header("authorization"), Some("Bearer key-4f7d2a"));

    assert_eq!(
        (put.method.as_str(), put.target.as_str()),
        ("PUT", "/put/secret-path?signature=secret")
    );
    assert_eq!(put.body, PNG);
    assert_eq!(
        put.header_names(),
        [
            "accept",
            "content-length",
            "content-type",
            "host",
            "x-signed-header"
        ]
    );
    assert_eq!(put.header("content-length"), Some("8"));
    assert_eq!(put.header("content-type"), Some("image/png"));
    assert_eq!(put.header("x-signed-header"), Some("secret of the header"));
    assert!(
        !put.headers
            .iter()
            .any(|(_, value)| value.contains("key-4f7d2a"))
    );

    assert_eq!(uploaded.id().to_string(), ID);
    assert_eq!(uploaded.file_name(), "private.png");
    assert_eq!(
        (uploaded.content_type().as_str(), uploaded.size()),
        ("image/png", 8)
    );
    assert!(uploaded.download_url().ends_with("/files/secret-file"));
    let shown = format!("{uploaded:?}");
    assert!(
        shown.contains(ID) && !shown.contains("secret") && !shown.contains("private"),
        "{shown}"
    );
}

#[tokio::test]
async fn sending_the_file_is_repeated_and_the_reservation_is_not() {
    let passing = [
        (Step::ResetUnread, 500),
        (Step::Reset { done: false }, 500),
        (Step::Silence { done: true }, 500),
        (Step::html(), 500),
        (Step::respond(408, ""), 500),
        (Step::respond(429, "").header("retry-after", "7"), 7_000),
        (Step::respond(500, "secret"), 500),
        (Step::respond(503, "").header("retry-after", "2"), 2_000),
    ];
    for (step, pause) in passing {
        let (linq, server, clock) = linq([Step::Success, step.clone()]).await;
        let upload = linq
            .upload_bytes("a.png", PNG)
            .timeout(Duration::from_millis(200));
        upload
            .await
            .unwrap_or_else(|error| panic!("{step:?}: {error}"));
        let requests = server.requests();
        assert_eq!(
            requests
                .iter()
                .filter(|request| request.method == "POST")
                .count(),
            1,
            "{step:?}"
        );
        assert_eq!(server.seen().len(), 3, "{step:?}");
        assert_eq!(clock.millis(), [pause], "{step:?}");
    }
}

#[tokio::test]
async fn every_attempt_sends_the_whole_file() {
    let directory = Directory::new();
    let content: Vec<u8> = (0..MIB + 77).map(|index| (index % 251) as u8).collect();
    let path = directory.file("private.png", &content);
    let script = || {
        [
            Step::Success,
            Step::respond(503, ""),
            Step::respond(500, ""),
            Step::html(),
        ]
    };
    type Send = fn(&Linq, PathBuf, Vec<u8>) -> Upload;
    let sends: [Send; 2] = [
        |linq, path, _| linq.upload_path(path),
        |linq, _, content| linq.upload_bytes("private.png", content),
    ];
    for send in sends {
        let (linq, server, clock) = linq(script()).await;
        let upload = send(&linq, path.clone(), content.clone());
        upload.max_retries(3).await.expect("the fourth try");
        assert_eq!(methods(&server), "POST PUT PUT PUT PUT");
        assert!(server.requests()[1..].iter().all(|put| put.body == content));
        assert_eq!(server.requests()[0].json()["filename"], "private.png");
        assert_eq!(clock.millis(), [500, 1000, 2000]);
    }

    let (linq, server, _) = linq(script()).await;
    let error = reserved(linq.upload_path(&path).await);
    assert_eq!(
        (
            error.attempts(),
            error.status().map(|status| status.as_u16())
        ),
        (3, Some(502))
    );
    assert_eq!(methods(&server), "POST PUT PUT PUT");
    assert_eq!(
        error.to_string(),
        "the upload of the file failed, status 502, 3 attempts"
    );
}

#[tokio::test]
async fn what_does_not_pass_is_not_sent_again() {
    for status in [400, 403, 404, 409, 412, 413, 501] {
        let (linq, server, _) = linq([Step::Success, Step::respond(status, "secret")]).await;
        let error = reserved(linq.upload_bytes("a.png", PNG).await);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(methods(&server), "POST PUT");
    }
    for step in [
        Step::error(500, 3001),
        Step::Silence { done: true },
        Step::error(400, 5004),
    ] {
        let server = Server::start([step.clone()]).await;
        let linq = builder(&server, TestClock::default()).timeout(Duration::from_millis(200));
        let linq = linq.build().expect("all is valid");
        let error = linq
            .upload_bytes("a.png", PNG)
            .await
            .expect_err("no reservation");
        assert_eq!(error.attachment_id(), None);
        assert_eq!(
            error.operation().map(|operation| operation.name()),
            Some("request_upload")
        );
        assert_eq!(methods(&server), "POST", "{step:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_file() {
    let follows = || reqwest::Client::new();
    let careful = || {
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        builder.build().expect("a client")
    };
    for status in [301, 302, 303, 307, 308] {
        for client in [follows(), careful()] {
            let redirect = Step::respond(status, "").header("location", "/elsewhere");
            let server = Server::start([Step::Success, redirect]).await;
            let linq = builder(&server, TestClock::default()).http_client(client);
            let linq = linq.build().expect("all is valid");
            let error = reserved(linq.upload_bytes("a.png", PNG).await);
            assert!(
                error
                    .to_string()
                    .contains("redirects, which is not followed"),
                "{error}"
            );
            let puts = server
                .requests()
                .iter()
                .filter(|request| request.method == "PUT")
                .count();
            assert_eq!(puts, 1, "{status}");
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_to_an_address_that_has_expired() {
    let busy = || Step::respond(503, "").header("retry-after", "60");
    // The clock of the server, if it shows one, and how many attempts there are.
    let table = [
        // A quarter of an hour has 15 pauses of a minute, the last of which is too long.
        (responses::reservation("1994-11-06T09:04:37Z"), None, 15),
        (responses::reservation("1994-11-06T08:50:38Z"), None, 2),
        (responses::reservation("1994-11-06T08:50:37Z"), None, 1),
        (responses::reservation("1994-11-06T00:00:00Z"), None, 1),
        (
            responses::reservation("2026-04-14T09:45:00Z"),
            Some("Tue, 14 Apr 2026 09:30:00 GMT"),
            15,
        ),
    ];
    for (reservation, date, attempts) in table {
        let mut reserve = Step::respond(200, reservation);
        if let Some(date) = date {
            reserve = reserve.header("date", date);
        }
        let script = std::iter::once(reserve).chain(std::iter::repeat_n(busy(), 30));
        let (server, clock) = (Server::start(script).await, TestClock::default());
        let linq = builder(&server, clock).build().expect("all is valid");
        let error = reserved(linq.upload_bytes("a.png", PNG).max_retries(25).await);
        assert_eq!(
            (error.attempts(), server.requests().len()),
            (attempts, attempts as usize + 1)
        );
        assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    }
}

#[tokio::test]
async fn progress_counts_every_byte_and_begins_again_with_each_attempt() {
    let (linq, server, _) = linq([Step::Success, Step::respond(503, "")]).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&seen);
    let upload = linq
        .upload_bytes("a.png", [PNG, &[0; 149_992]].concat())
        .on_progress(move |done, total| {
            assert_eq!(total, 150_000);
            writer.lock().expect("no panic").push(done);
        });
    upload.await.expect("the second try");
    let seen = seen.lock().expect("no panic").clone();
    let once = [0, 65_536, 131_072, 150_000];
    assert_eq!(seen, [once, once].concat());
    assert_eq!(server.requests()[2].body.len(), 150_000);
}

fn items(lengths: &[usize]) -> impl Stream<Item = Result<Bytes, std::io::Error>> + use<> {
    let items: Vec<_> = lengths
        .iter()
        .map(|length| Ok(Bytes::from(vec![7; *length])))
        .collect();
    stream::iter(items)
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_before_anything_is_sent() {
    let (linq, server, _) = linq([]).await;
    let directory = Directory::new();
    let large = directory.file("private.mp4", b"");
    let file = std::fs::File::options()
        .write(true)
        .open(&large)
        .expect("the file is there");
    file.set_len(LIMIT + 1).expect("a file with a hole");
    let empty = directory.file("private.png", b"");
    let table: Vec<(Upload, &str)> = vec![
        (
            linq.upload_bytes("a.png", Bytes::new()),
            "a file is not empty",
        ),
        (linq.upload_path(empty), "a file is not empty"),
        (linq.upload_path(&large), "100 MB when uploaded"),
        (
            linq.upload_stream("a.png", LIMIT + 1, items(&[3])),
            "100 MB when uploaded",
        ),
        (
            linq.upload_stream("a.png", 0, items(&[])),
            "a file is not empty",
        ),
        (linq.upload_bytes("", PNG), "a file name has 1 to 255"),
        (
            linq.upload_bytes(format!("{}.png", "ä".repeat(252)), PNG),
            "a file name has 1 to 255",
        ),
        (
            linq.upload_bytes("private", &b"what is it"[..]),
            "the file type is one",
        ),
        (
            linq.upload_bytes("private.exe", &b"MZ\0\0"[..]),
            "the file type is one",
        ),
        (
            linq.upload_bytes("private.mp3", &b"fLaC\0\0\0\x22"[..]),
            "the file type is one",
        ),
        (
            linq.upload_bytes("a.png", PNG).content_type("audio/flac"),
            "the file type is one",
        ),
    ];
    for (upload, rule) in table {
        let error = upload.await.expect_err("a rule is broken");
        assert!(
            error.is_invalid_message() && error.is_invalid_request(),
            "{error}"
        );
        assert!(error.to_string().contains(rule), "{error}");
        assert_eq!((error.attachment_id(), error.attempts()), (None, 0));
        assert_discreet(&error);
    }
    let missing = directory.0.join("private-too");
    for path in [missing, directory.0.clone()] {
        let error = linq
            .upload_path(&path)
            .content_type("image/png")
            .await
            .expect_err("no file");
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot read the file {}: ", path.display())),
            "{error}"
        );
        assert!(error.source().is_some());
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn the_type_is_what_name_and_content_say_unless_it_is_given() {
    let pdf = || Bytes::from_static(b"%PDF-1.7 and so on");
    let directory = Directory::new();
    let unnamed = directory.file("IMG_0042", PNG);
    type Make = Box<dyn Fn(&Linq) -> Upload>;
    let table: Vec<(Make, &str, &str)> = vec![
        (
            Box::new(move |linq| linq.upload_bytes("a.pdf", pdf())),
            "a.pdf",
            "application/pdf",
        ),
        (
            Box::new(move |linq| linq.upload_bytes("a.png", pdf())),
            "a.png",
            "application/pdf",
        ),
        (
            Box::new(move |linq| linq.upload_bytes("report", pdf())),
            "report",
            "application/pdf",
        ),
        (
            Box::new(move |linq| linq.upload_bytes("a.md", pdf())),
            "a.md",
            "text/markdown",
        ),
        (
            Box::new(move |linq| linq.upload_bytes("a", pdf()).file_name("b.txt")),
            "b.txt",
            "text/plain",
        ),
        (
            Box::new(move |linq| linq.upload_bytes("a.pdf", pdf()).content_type("image/gif")),
            "a.pdf",
            "image/gif",
        ),
        (
            Box::new(move |linq| linq.upload_path(&unnamed)),
            "IMG_0042",
            "image/png",
        ),
        (
            Box::new(|linq| {
                linq.upload_stream(
                    "clip",
                    8,
                    stream::iter([Ok::<_, Error>(&PNG[..3]), Ok(&PNG[3..])]),
                )
            }),
            "clip",
            "image/png",
        ),
        (
            Box::new(|linq| linq.upload_bytes("a.flac", &b"fLaC\0"[..]).unchecked()),
            "a.flac",
            "audio/flac",
        ),
        (
            Box::new(|linq| linq.upload_bytes("", &b"?"[..]).unchecked()),
            "",
            "application/octet-stream",
        ),
    ];
    for (make, name, content_type) in table {
        let (linq, server, _) = linq([]).await;
        let uploaded = make(&linq).await.expect("success");
        let asked = server.requests()[0].json();
        assert_eq!(
            (asked["filename"].as_str(), asked["content_type"].as_str()),
            (Some(name), Some(content_type))
        );
        assert_eq!(uploaded.content_type(), content_type);
        // That is how the API wants it, whatever was asked for.
        assert_eq!(
            server.requests()[1].header("content-type"),
            Some("image/png")
        );
    }
}

#[tokio::test]
async fn a_stream_is_sent_once_and_has_the_size_that_was_announced() {
    let (large, total) = ([600, MIB, 300_000], (600 + MIB + 300_000) as u64);
    let (linq_, server, _) = linq([]).await;
    linq_
        .upload_stream("a.png", total, items(&large))
        .await
        .expect("success");
    assert_eq!(server.requests()[1].body.len() as u64, total);
    assert_eq!(
        server.requests()[1].header("content-length"),
        Some(&*total.to_string())
    );

    // What was read cannot be read again.
    let (linq_, server, _) = linq([Step::Success, Step::respond(503, "")]).await;
    let error = reserved(linq_.upload_stream("a.png", total, items(&large)).await);
    assert_eq!(
        (error.attempts(), methods(&server).as_str()),
        (1, "POST PUT")
    );

    // Bound, but not listening: whoever connects is refused.
    let socket = tokio::net::TcpSocket::new_v4().expect("there are sockets");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("there is a free port");
    let address = socket.local_addr().expect("an address");
    let reservation = responses::reservation("1994-11-06T09:04:37Z")
        .replace("{origin}", &format!("http://{address}"));
    let (linq_, _server, _) = linq([Step::respond(200, reservation)]).await;
    let error = reserved(linq_.upload_stream("a.png", total, items(&large)).await);
    assert!(error.is_connect() && error.attempts() == 1, "{error}");

    for (lengths, text) in [
        (&[600, MIB][..], "it ended after 1049176 of 1349176 bytes"),
        (&[600, MIB, 300_000, 1], "it continued after 1349176 bytes"),
    ] {
        let (linq_, server, _) = linq([]).await;
        let error = reserved(linq_.upload_stream("a.png", total, items(lengths)).await);
        assert_eq!(
            error.to_string(),
            format!("the stream of the file does not have the size given: {text}")
        );
        // The server never had all bytes.
        assert_eq!(methods(&server), "POST");
    }

    let (linq_, server, _) = linq([]).await;
    let broken = items(&[600, MIB]).chain(stream::once(async {
        Err(std::io::Error::other("camera is off"))
    }));
    let error = reserved(linq_.upload_stream("a.png", total, broken).await);
    assert_eq!(error.to_string(), "the stream of the file failed");
    let cause = error.source().expect("a cause");
    assert_eq!(cause.to_string(), "camera is off");
    assert_eq!(methods(&server), "POST");
}

#[tokio::test]
async fn a_file_that_changes_is_not_sent() {
    let directory = Directory::new();
    for length in [0_u64, 2_000_001] {
        let path = directory.file("a.png", &vec![7; 2_000_000]);
        let (linq, server, _) = linq([]).await;
        let changed = path.clone();
        let upload = linq.upload_path(&path).on_progress(move |done, _| {
            if done == 0 {
                let file = std::fs::File::options()
                    .write(true)
                    .open(&changed)
                    .expect("it is there");
                file.set_len(length).expect("it can be changed");
            }
        });
        let error = reserved(upload.await);
        assert!(error.to_string().contains("changed its size"), "{error}");
        assert_eq!(methods(&server), "POST");
    }
    // Between two attempts.
    let path = directory.file("a.png", PNG);
    let (linq, server, _) = linq([Step::Success, Step::respond(503, "")]).await;
    let changed = path.clone();
    let upload = linq.upload_path(&path).on_progress(move |done, total| {
        if done == total {
            std::fs::write(&changed, b"other").expect("it can be changed");
        }
    });
    let error = reserved(upload.await);
    assert!(error.to_string().contains("changed its size"), "{error}");
    assert_eq!(methods(&server), "POST PUT");
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_file_is_no_success() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let hasty = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        stream.read_u8().await.expect("a request");
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await
            .expect("an answer");
        stream
    });
    let reservation = responses::reservation("1994-11-06T09:04:37Z").replace("{origin}", &origin);
    let (linq, _server, _) = linq([Step::respond(200, reservation)]).await;
    let upload = linq.upload_bytes("a.png", vec![7; 40 * MIB]).max_retries(0);
    let error = reserved(upload.await);
    assert!(!error.is_timeout(), "{error}");
    drop(hasty.await.expect("no panic"));
}

#[tokio::test]
async fn waiting_ends_when_the_file_can_be_used() {
    let pending = || Step::respond(200, responses::attachment("pending"));
    let upload = |linq: &Linq| {
        linq.upload_bytes("a.png", PNG)
            .wait_until_ready(Duration::from_secs(10))
    };

    let script = [
        Step::Success,
        Step::Success,
        pending(),
        Step::error(404, 2007),
        Step::html(),
    ];
    let (linq_, server, clock) = linq(script).await;
    upload(&linq_).await.expect("ready");
    assert_eq!(methods(&server), "POST PUT GET GET GET GET");
    assert_eq!(
        server.requests()[5].target,
        format!("/api/partner/v3/attachments/{ID}")
    );
    assert_eq!(clock.millis(), [500, 1000, 2000]);

    // Without the field, which is deprecated, the answer is enough.
    let (linq_, server, _) = linq([Step::Success, Step::Success, Step::respond(200, "{}")]).await;
    upload(&linq_).await.expect("ready");
    assert_eq!(methods(&server), "POST PUT GET");

    for step in [pending(), Step::error(404, 2007), Step::respond(503, "")] {
        let script = [Step::Success, Step::Success]
            .into_iter()
            .chain(std::iter::repeat_n(step, 30));
        let (linq_, server, clock) = linq(script).await;
        let error = reserved(upload(&linq_).await);
        assert!(error.is_timeout(), "{error}");
        assert_eq!(clock.millis(), [500, 1000, 2000, 4000, 2500]);
        assert_eq!(server.requests().len(), 8);
    }
    for step in [
        Step::respond(200, responses::attachment("failed")),
        Step::error(404, 2003),
    ] {
        let (linq_, server, clock) = linq([Step::Success, Step::Success, step]).await;
        let error = reserved(upload(&linq_).await);
        assert!(!error.is_timeout());
        assert_eq!(
            (methods(&server).as_str(), clock.pauses().len()),
            ("POST PUT GET", 0)
        );
    }
}

#[tokio::test]
async fn an_upload_address_without_tls_is_for_local_servers() {
    let reservation = responses::reservation("1994-11-06T09:04:37Z");
    for (address, text) in [
        ("nowhere", "is not a URL"),
        ("ftp://files.example.com/secret", "is not an https one"),
    ] {
        let reservation = reservation.replace("{origin}/put/secret-path?signature=secret", address);
        let (linq, server, _) = linq([Step::respond(200, reservation)]).await;
        let error = reserved(linq.upload_bytes("a.png", PNG).await);
        assert!(error.to_string().ends_with(text), "{error}");
        assert_eq!(methods(&server), "POST");
    }
    let (linq, server, _) = linq([Step::respond(
        200,
        reservation.replace("\"PUT\"", "\"POST\""),
    )])
    .await;
    let error = reserved(linq.upload_bytes("a.png", PNG).await);
    assert!(error.to_string().contains("another method"), "{error}");
    assert_eq!(methods(&server), "POST");
}

/// A file at the server, and a download of it.
async fn download(
    script: impl IntoIterator<Item = Step>,
) -> (linq_ext::Download, Server, TestClock) {
    let (linq, server, clock) = linq(script).await;
    let url = format!("{}/files/secret", server.origin());
    (linq.download(url).allow_host("127.0.0.1"), server, clock)
}

fn file(body: &str) -> Step {
    Step::respond(200, body).header("content-type", "image/png")
}

/// The same without its length.
fn chunked(parts: &[&str]) -> Step {
    let chunk = |part: &&str| format!("{:x}\r\n{part}\r\n", part.len());
    let body: String = parts.iter().map(chunk).collect();
    file(&format!("{body}0\r\n\r\n")).header("transfer-encoding", "chunked")
}

fn refused(error: &Error) -> &Error {
    assert_discreet(error);
    assert_eq!(error.attachment_id(), None);
    error
}

#[tokio::test]
async fn a_download_goes_out_without_the_key() {
    let (download, server, _) = download([file("content")]).await;
    assert!(!format!("{download:?}").contains("secret"));
    let got = download.await.expect("success");
    assert_eq!(
        (&got.bytes()[..], got.content_type()),
        (&b"content"[..], Some("image/png"))
    );
    assert!(!format!("{got:?}").contains("content,"));
    let request = server.requests().remove(0);
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("GET", "/files/secret")
    );
    assert_eq!(request.header_names(), ["accept", "host"]);
    assert_eq!(&got.into_bytes()[..], b"content");
}

#[tokio::test]
async fn only_hosts_that_are_allowed_are_asked() {
    let (linq, server, _) = linq([]).await;
    let url = format!("{}/files/secret", server.origin());
    let own = |path: &str| url.replace("/files/secret", path);
    for address in [
        url.clone(),
        own("/cdn.linqapp.com"),
        url.replace("http://", "http://cdn.linqapp.com@"),
        "https://cdn.linqapp.com.evil.example/secret".to_owned(),
        "https://cdn.linqapp.com@evil.example/secret".to_owned(),
        "http://cdn.linqapp.com/secret".to_owned(),
        "https://cdn.linqapp.com./secret".to_owned(),
        "https://cdn.linqapp.com:8443/secret".to_owned(),
        "secret".to_owned(),
        String::new(),
    ] {
        let error = linq.download(&address).await.expect_err("not allowed");
        assert!(
            error.is_invalid_request() && error.attempts() == 0,
            "{address}: {error}"
        );
        refused(&error);
    }
    let error = linq
        .download(&url)
        .allow_host("https://127.0.0.1")
        .await
        .expect_err("no host");
    assert!(error.is_invalid_request());
    let error = linq
        .download(&url)
        .allow_host("127.0.0.1:1")
        .await
        .expect_err("another port");
    assert!(error.is_invalid_request());
    let mut stream = linq.download(&url).stream();
    assert!(stream.next().await.expect("an error").is_err() && stream.next().await.is_none());
    let directory = Directory::new();
    assert!(
        linq.download(&url)
            .to_path(directory.0.join("a"))
            .await
            .is_err()
    );
    assert!(directory.names().is_empty());
    assert!(server.seen().is_empty());

    linq.download(&url)
        .allow_any_host()
        .await
        .expect("told otherwise");
    let host = server.origin().replace("http://", "");
    linq.download(&url)
        .allow_host(host)
        .await
        .expect("told otherwise");
}

#[tokio::test]
async fn redirects_are_followed_within_the_allowed_hosts() {
    let redirect = |location: &str| Step::respond(302, "").header("location", location);
    let (download_, server, _) =
        download([redirect("/files/b"), redirect("c"), file("content")]).await;
    assert_eq!(download_.await.expect("success").bytes().len(), 7);
    let targets: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    assert_eq!(targets, ["/files/secret", "/files/b", "/files/c"]);

    for location in [
        "https://evil.example/secret",
        "http://localhost:1/secret",
        "//evil.example/secret",
        "file:///etc/passwd",
        "http://user@127.0.0.1/secret",
    ] {
        let (download, server, _) = download([redirect(location)]).await;
        let error = download.await.expect_err("elsewhere");
        assert!(
            refused(&error).to_string().contains("redirected to a host"),
            "{error}"
        );
        assert_eq!((server.seen().len(), error.is_retryable()), (1, false));
    }
    let (download_, server, _) = download(vec![redirect("/again"); 20]).await;
    let error = download_.await.expect_err("a circle");
    assert!(refused(&error).to_string().contains("redirected too often"));
    assert_eq!(server.seen().len(), 6);
    let (download_, _server, _) = download([Step::respond(304, "")]).await;
    assert_eq!(
        download_
            .await
            .expect_err("nowhere")
            .status()
            .map(|status| status.as_u16()),
        Some(304)
    );
}

#[tokio::test]
async fn an_http_client_that_follows_redirects_is_watched() {
    let server = Server::start([]).await;
    let other = Server::start([]).await;
    let elsewhere = format!(
        "http://localhost:{}/secret",
        other.origin().rsplit(':').next().expect("a port")
    );
    let first = Server::start([Step::respond(302, "").header("location", elsewhere)]).await;
    let linq = builder(&server, TestClock::default()).http_client(reqwest::Client::new());
    let linq = linq.build().expect("all is valid");
    let url = format!("{}/files/secret", first.origin());
    let error = linq
        .download(url)
        .allow_host("127.0.0.1")
        .await
        .expect_err("elsewhere");
    assert!(!error.is_retryable());
    refused(&error);
}

#[tokio::test]
async fn a_download_is_bounded() {
    for step in [file("content"), chunked(&["cont", "ent"])] {
        let (download_, _server, _) = download([step.clone()]).await;
        assert_eq!(
            &download_.max_bytes(7).await.expect("it fits").into_bytes()[..],
            b"content"
        );
        let (download_, server, _) = download([step]).await;
        let error = download_.max_bytes(6).await.expect_err("too large");
        assert!(
            refused(&error)
                .to_string()
                .contains("larger than the limit"),
            "{error}"
        );
        assert_eq!(server.seen().len(), 1);
    }
    // What is announced counts, before any of it comes.
    let (linq, ..) = linq([]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!(
        "http://{}/secret",
        listener.local_addr().expect("an address")
    );
    let large = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        stream.read_u8().await.expect("a request");
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", LIMIT + 1);
        stream.write_all(head.as_bytes()).await.expect("an answer");
        stream
    });
    let error = linq
        .download(url)
        .allow_any_host()
        .await
        .expect_err("too large");
    assert!(
        refused(&error)
            .to_string()
            .contains("larger than the limit"),
        "{error}"
    );
    drop(large.await.expect("no panic"));
}

#[tokio::test]
async fn a_download_goes_on_after_faults_that_pass() {
    for step in [
        Step::ResetUnread,
        Step::Reset { done: false },
        Step::Silence { done: false },
        Step::StalledBody,
        Step::CutOff,
        Step::respond(408, ""),
        Step::respond(429, ""),
        Step::html(),
    ] {
        let (download_, _server, clock) = download([step.clone(), file("content")]).await;
        let got = download_.timeout(Duration::from_millis(200)).await;
        assert_eq!(
            got.unwrap_or_else(|error| panic!("{step:?}: {error}"))
                .bytes()
                .len(),
            7
        );
        assert_eq!(clock.millis(), [500], "{step:?}");
    }
    for status in [400, 403, 404, 410] {
        let (download, server, _) = download([Step::respond(status, "secret")]).await;
        let error = download.await.expect_err("gone");
        assert_eq!(
            refused(&error).status().map(|status| status.as_u16()),
            Some(status)
        );
        assert_eq!(
            (server.seen().len(), error.is_not_found()),
            (1, status == 404)
        );
    }
    let (download_, server, _) = download(vec![Step::Silence { done: false }; 9]).await;
    let download_ = download_.timeout(Duration::from_millis(50)).max_retries(1);
    let error = download_.await.expect_err("silence");
    assert!(refused(&error).is_timeout() && error.is_retryable());
    assert_eq!((error.attempts(), server.seen().len()), (2, 2));
    assert_eq!(error.to_string(), "the download timed out, 2 attempts");
}

/// A server that sends a byte now and then, and never ends.
async fn trickle() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read_u8().await;
                let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
                let _ = stream.write_all(head).await;
                while stream.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            });
        }
    });
    origin
}

#[tokio::test]
async fn a_download_that_trickles_ends_at_its_deadline_in_every_form() {
    let url = format!("{}/secret", trickle().await);
    let (linq, ..) = linq([]).await;
    let download = || {
        linq.download(&url)
            .allow_any_host()
            .deadline(Duration::from_millis(200))
    };
    let directory = Directory::new();
    let mut stream = download().stream();
    let in_stream = loop {
        match stream.next().await.expect("it does not end") {
            Ok(bytes) => assert!(!bytes.is_empty()),
            Err(error) => break error,
        }
    };
    assert!(stream.next().await.is_none());
    for error in [
        download().await.expect_err("late"),
        download()
            .to_path(directory.0.join("a.png"))
            .await
            .expect_err("late"),
        in_stream,
    ] {
        assert!(refused(&error).is_timeout(), "{error}");
        assert!(error.to_string().contains("deadline"), "{error}");
    }
    assert_eq!(directory.names(), [""; 0]);

    // Pauses between attempts count too, and no duration is too long.
    let (download_, _server, _) = self::download([file("content")]).await;
    let got = download_.deadline(Duration::MAX).timeout(Duration::MAX);
    assert_eq!(got.await.expect("success").bytes().len(), 7);
}

#[tokio::test]
async fn an_upload_ends_at_its_deadline() {
    let upload = |linq: &Linq| {
        linq.upload_bytes("a.png", PNG)
            .deadline(Duration::from_millis(100))
    };
    let silence = || Step::Silence { done: false };
    let (linq_, _server, _) = linq([Step::Success, silence()]).await;
    let error = reserved(upload(&linq_).await);
    assert!(
        error.is_timeout() && error.to_string().contains("deadline"),
        "{error}"
    );
    let (linq_, _server, _) = linq([silence()]).await;
    let error = upload(&linq_).await.expect_err("no reservation");
    assert!(
        error.is_timeout() && error.attachment_id().is_none(),
        "{error}"
    );
    let (linq_, _server, _) = linq([]).await;
    let upload = linq_.upload_bytes("a.png", PNG).deadline(Duration::MAX);
    upload.timeout(Duration::MAX).await.expect("in time");
}

#[tokio::test]
async fn only_200_is_the_whole_file() {
    for status in [204, 206, 202] {
        let body = if status == 204 { "" } else { "con" };
        let (download, server, _) = download([Step::respond(status, body)]).await;
        let error = download.await.expect_err("not the whole file");
        let status_ = refused(&error).status().map(|status| status.as_u16());
        assert_eq!((status_, server.seen().len()), (Some(status), 1));
        assert!(!error.is_accepted() && !error.is_retryable(), "{error}");
    }
}

#[tokio::test]
async fn a_file_is_complete_or_not_there() {
    let directory = Directory::new();
    let path = directory.file("photo.png", b"before");
    let (download_, _server, _) = download([Step::CutOff, chunked(&["cont", "ent"])]).await;
    assert_eq!(download_.to_path(&path).await.expect("the second try"), 7);
    assert_eq!(std::fs::read(&path).expect("the file"), b"content");
    assert_eq!(directory.names(), ["photo.png"]);

    for (script, limit) in [
        (vec![Step::CutOff; 3], 100),
        (vec![chunked(&["content", "and more"])], 10),
        (vec![Step::respond(404, "")], 100),
    ] {
        let (download_, _server, _) = download(script).await;
        let error = download_
            .max_bytes(limit)
            .to_path(&path)
            .await
            .expect_err("it breaks off");
        refused(&error);
        assert_eq!(std::fs::read(&path).expect("the file"), b"content");
        assert_eq!(directory.names(), ["photo.png"]);
    }

    // Given up in the middle.
    let (download_, server, _) = download([Step::StalledBody]).await;
    let mut saving = download_.to_path(directory.0.join("other.png"));
    let given_up = async {
        while server.seen().is_empty() || directory.names().len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = &mut saving => panic!("it never ends"),
        () = given_up => {}
    }
    drop(saving);
    assert_eq!(directory.names(), ["photo.png"]);

    let (download_, server, _) = download([]).await;
    let nowhere = directory.0.join("nowhere/photo.png");
    let error = download_.to_path(&nowhere).await.expect_err("no directory");
    assert_eq!(
        refused(&error).to_string(),
        format!(
            "cannot write the file {}: entity not found",
            nowhere.display()
        )
    );
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_stream_gives_the_bytes_as_they_come_up_to_the_limit() {
    let collect = |stream: linq_ext::DownloadStream| async move {
        let items: Vec<_> = stream.collect().await;
        let (mut bytes, mut errors) = (Vec::new(), Vec::new());
        for item in items {
            assert!(errors.is_empty(), "it ends after an error");
            match item {
                Ok(chunk) => bytes.extend_from_slice(&chunk),
                Err(error) => errors.push(error),
            }
        }
        (bytes, errors.pop())
    };
    let (download_, server, _) = download([Step::html(), chunked(&["cont", "ent"])]).await;
    let stream = download_.stream();
    tokio::task::yield_now().await;
    assert!(server.seen().is_empty());
    let (bytes, error) = collect(stream).await;
    assert_eq!((&bytes[..], error.is_none()), (&b"content"[..], true));

    let (download_, _server, _) = download([chunked(&["content", "and more"])]).await;
    let (bytes, error) = collect(download_.max_bytes(10).stream()).await;
    assert!(bytes.len() <= 10);
    assert!(
        refused(&error.expect("too large"))
            .to_string()
            .contains("larger than the limit")
    );

    let (download_, server, _) = download([Step::CutOff]).await;
    let (_, error) = collect(download_.stream()).await;
    refused(&error.expect("it breaks off"));
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn uploads_and_downloads_go_between_threads() {
    fn check<T: Send + 'static>(value: T) -> T {
        value
    }
    fn check_stream<T: Stream + Send + Unpin + 'static>(_: T) {}
    let linq = Linq::builder()
        .api_key("key")
        .build()
        .expect("a key is enough");
    drop(check(linq.upload_path("a.png")).into_future());
    drop(check(check(linq.upload_bytes("a.png", PNG)).send()));
    drop(check(
        check(linq.upload_stream("a.png", 1, items(&[1]))).into_future(),
    ));
    drop(check(check(linq.download("https://example.com")).send()));
    drop(check(linq.download("https://example.com").to_path("a")));
    check_stream(linq.download("https://example.com").stream());
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Uploaded>();
    shared::<linq_ext::Downloaded>();
}
