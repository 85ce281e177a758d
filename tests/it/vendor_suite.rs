//! The tests of the vendor's SDK for Python pass against a mock that is made of our document. Skipped where
//! Python, node or their package registries are not there.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use linq_testing::document::root;
use linq_testing::install::{installed, npm_install, pip, pip_install};

const SDK: &str = "linq-python==0.65.0";
const SDK_WITH_EXTRAS: &str = "linq-python[aiohttp,webhooks]==0.65.0";
const TOOLS: [&str; 3] = ["pytest==9.2.0", "pytest-asyncio==1.5.0", "respx==0.23.1"];
const PRISM: &str = "@stoplight/prism-cli@5.14.2";

/// How the suite ends: 568 tests call the API, with two or three clients each, and two read webhooks five times.
const OUTCOME: &str = "1430 passed";

/// A mock server; it ends when it is dropped.
struct Mock {
    process: Child,
    url: String,
}

impl Mock {
    fn start(prism: &Path) -> Self {
        let mut process = Command::new("node")
            .arg(prism.join("node_modules/@stoplight/prism-cli/dist/index.js"))
            .args(["mock", "--host", "127.0.0.1", "--port", "0"])
            .arg(root().join("openapi/linq-api-v3.yaml"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is there");
        let output = process.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let url = lines
            .by_ref()
            .find_map(|line| Some(line.split_once("listening on ")?.1.trim().to_owned()));
        // What it logs of each request has to go somewhere.
        thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            url: url.expect("it prints where it listens"),
        }
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_suite_of_the_python_sdk_passes_against_a_mock_of_the_document() {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vendor-suite");
    let python = installed(&parent, "python", |folder| {
        let mut packages = vec![SDK_WITH_EXTRAS];
        packages.extend(TOOLS);
        // Only the source distribution has the tests.
        let mut download = pip("download");
        download.args(["--no-deps", "--no-binary", "linq-python", SDK, "--dest"]);
        download.arg(folder);
        let mut unpack = Command::new("python3");
        let archive = folder.join("linq_python-0.65.0.tar.gz");
        unpack
            .args(["-m", "tarfile", "-e"])
            .args([&archive, folder]);
        vec![
            pip_install(&folder.join("packages"), &packages),
            download,
            unpack,
        ]
    });
    let prism = installed(&parent, "prism", |folder| {
        vec![npm_install(folder, &[PRISM])]
    });
    let (Some(python), Some(prism)) = (python, prism) else {
        return;
    };
    let mock = Mock::start(&prism);
    let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("it");
    let path = std::env::join_paths([python.join("packages"), plugin]);
    let output = Command::new("python3")
        .args(["-Bm", "pytest", "-p", "vendor_suite", "tests/api_resources"])
        // Its own settings need more packages, and turn the warnings of packages into errors.
        .args(["-o", "addopts=--tb=short", "-o", "filterwarnings="])
        .current_dir(python.join("linq_python-0.65.0"))
        .env("PYTHONPATH", path.expect("no separator in the folders"))
        .env("TEST_API_BASE_URL", &mock.url)
        .output()
        .expect("python3 is there");
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.trim_end().lines().last().unwrap_or_default();
    assert!(output.status.success() && last.contains(OUTCOME), "{text}");
}
