//! Deliveries signed by the official Standard Webhooks libraries for Python and JavaScript are accepted, and
//! theirs accept ours. Skipped where the language or its package registry is not there.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use linq_testing::document;
use linq_testing::install::{installed, npm_install, pip_install};
use linq_webhook::{Signer, Verifier, VerifyError};
use serde_json::{Value, json};

const SECRETS: [&str; 4] = [
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw7Jxx2Oll+OE=",
    "whsec_dGhlIHNlY29uZCBvZiB0d28gc2VjcmV0cw==",
    "dGhpcnR5LXR3byBieXRlcyBmb3IgdGVzdHMgb25seSE=",
    // Longer than a block of SHA-256.
    "whsec_bG9uZ2VyIHRoYW4gYSBibG9jayBvZiBTSEEtMjU2LCB3aGljaCBpcyBzaXh0eS1mb3VyIGJ5dGVzIGxvbmcsIGFuZCBoYXNoZWQgZmlyc3Q=",
];
const IDS: [&str; 4] = [
    "msg_1",
    "2915e81c-5068-4796-ace2-21d2c94ad298",
    "a.dotted.id",
    "~ id with spaces!",
];

/// A library, installed, and the command that runs it.
struct Library {
    folder: PathBuf,
    program: &'static str,
    script: &'static str,
    path_variable: &'static str,
    modules: &'static str,
}

impl Library {
    fn python() -> Option<Self> {
        let folder = installed(&parent(), "python", |folder| {
            vec![pip_install(folder, &["standardwebhooks==1.1.0"])]
        })?;
        Some(Self {
            folder,
            program: "python3",
            script: "standard_webhooks.py",
            path_variable: "PYTHONPATH",
            modules: "",
        })
    }

    fn javascript() -> Option<Self> {
        let folder = installed(&parent(), "javascript", |folder| {
            vec![npm_install(folder, &["standardwebhooks@1.1.1"])]
        })?;
        Some(Self {
            folder,
            program: "node",
            script: "standard_webhooks.cjs",
            path_variable: "NODE_PATH",
            modules: "node_modules",
        })
    }

    /// What the library answers to each task.
    fn answers(&self, tasks: &[Value]) -> Vec<String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/it")
            .join(self.script);
        let mut child = Command::new(self.program)
            .arg(script)
            .env(self.path_variable, self.folder.join(self.modules))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the language is there");
        let mut input = child.stdin.take().expect("it is piped");
        let tasks = Value::from(tasks.to_vec()).to_string();
        let writer = thread::spawn(move || input.write_all(tasks.as_bytes()));
        let output = child.wait_with_output().expect("it ends");
        writer
            .join()
            .expect("no panic")
            .expect("it reads its tasks");
        assert!(output.status.success(), "{} failed", self.script);
        serde_json::from_slice(&output.stdout).expect("a list of answers")
    }
}

/// Where the libraries are installed.
fn parent() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("standard-webhooks")
}

struct Sent {
    secret: &'static str,
    id: &'static str,
    timestamp: u64,
    body: String,
}

impl Sent {
    fn at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.timestamp)
    }

    fn task(&self, what: &str, secret: &str, signature: &str) -> Value {
        json!({
            "do": what,
            "secret": secret,
            "id": self.id,
            "timestamp": self.timestamp,
            "body": self.body,
            "signature": signature,
        })
    }

    /// Our headers, with that signature.
    fn headers(&self, signature: &str) -> HeaderMap {
        let mut headers = self.signed_by(self.secret);
        let signature = signature.parse().expect("a header value");
        headers.insert("webhook-signature", signature);
        headers
    }

    fn signed_by(&self, secret: &str) -> HeaderMap {
        let signer = Signer::new(secret).expect("the secret is sound");
        signer
            .sign(self.id, self.at(), &self.body)
            .expect("the id is sound")
    }

    fn signature_by(&self, secret: &str) -> String {
        let headers = self.signed_by(secret);
        headers["webhook-signature"]
            .to_str()
            .expect("visible ASCII")
            .to_owned()
    }

    fn verify_by(&self, secret: &str, signature: &str) -> Result<(), VerifyError> {
        let now = self.at();
        let verifier = Verifier::new(secret)
            .expect("the secret is sound")
            .clock(move || now);
        verifier
            .verify(&self.headers(signature), &self.body)
            .map(drop)
    }
}

/// Deliveries of now, since the libraries know no other time.
fn deliveries() -> Vec<Sent> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let timestamp = now.expect("it is after 1970").as_secs();
    let mut bodies: Vec<String> = document::webhooks()
        .into_iter()
        .map(|webhook| webhook.body)
        .collect();
    bodies.extend([
        "{}".to_owned(),
        "{\"text\":\"caf\u{e9} \u{1f389} \u{2028}\u{0000}\u{feff}\"}".replace('\0', "\\u0000"),
        " { \"spaced\" :\r\n\t1.0e2 } \n".to_owned(),
        format!("{{\"text\":\"{}\"}}", "t\u{e9}".repeat(350_000)),
    ]);
    let bodies = bodies.into_iter().enumerate();
    bodies
        .map(|(at, body)| Sent {
            secret: SECRETS[at % SECRETS.len()],
            id: IDS[at / SECRETS.len() % IDS.len()],
            timestamp,
            body,
        })
        .collect()
}

fn other_secret(secret: &str) -> &'static str {
    if secret == SECRETS[0] {
        SECRETS[1]
    } else {
        SECRETS[0]
    }
}

fn theirs_are_accepted(library: &Library) {
    let sent = deliveries();
    let tasks: Vec<_> = sent
        .iter()
        .map(|sent| sent.task("sign", sent.secret, ""))
        .collect();
    for (sent, signature) in sent.iter().zip(library.answers(&tasks)) {
        assert_eq!(
            signature,
            sent.signature_by(sent.secret),
            "both write the same"
        );
        assert_eq!(sent.verify_by(sent.secret, &signature), Ok(()));
        let other = other_secret(sent.secret);
        let rotating = format!("{} {signature}", sent.signature_by(other));
        assert_eq!(sent.verify_by(sent.secret, &rotating), Ok(()));
        assert_eq!(
            sent.verify_by(other, &signature),
            Err(VerifyError::WrongSignature)
        );
    }
}

fn ours_are_accepted(library: &Library) {
    let sent = deliveries();
    let mut tasks = Vec::new();
    for sent in &sent {
        let right = sent.signature_by(sent.secret);
        let other = other_secret(sent.secret);
        let rotating = format!("{} {right}", sent.signature_by(other));
        tasks.push(sent.task("verify", sent.secret, &right));
        tasks.push(sent.task("verify", sent.secret, &rotating));
        tasks.push(sent.task("verify", other, &right));
    }
    let answers = library.answers(&tasks);
    assert_eq!(answers.len(), tasks.len());
    for (at, answer) in answers.iter().enumerate() {
        let expected = if at % 3 == 2 {
            "No matching signature found"
        } else {
            "accepted"
        };
        assert_eq!(answer, expected, "task {at}");
    }
}

#[test]
fn python_and_we_accept_each_other() {
    if let Some(library) = Library::python() {
        theirs_are_accepted(&library);
        ours_are_accepted(&library);
    }
}

#[test]
fn javascript_and_we_accept_each_other() {
    if let Some(library) = Library::javascript() {
        theirs_are_accepted(&library);
        ours_are_accepted(&library);
    }
}
