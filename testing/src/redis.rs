//! A Redis server of a test's own.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, fs, thread};

/// How long a server may take to come up, or an answer to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A Redis server on a free port of the loopback interface, which keeps nothing, and ends when it is dropped.
pub struct RedisServer {
    program: &'static Program,
    address: SocketAddr,
    child: Child,
}

/// Starts a server: the `redis-server` in the `PATH`, or that of the Debian packages, unpacked under `target`.
///
/// `None`, and a line on stderr that says so, where there is neither.
///
/// # Panics
///
/// If there is a server, and it does not come up.
pub fn start() -> Option<RedisServer> {
    start_with(&[])
}

/// Does the same as [`start`] with further options of `redis-server`.
///
/// # Panics
///
/// If there is a server, and it does not come up.
pub fn start_with(options: &[&str]) -> Option<RedisServer> {
    static PROGRAM: OnceLock<Option<Program>> = OnceLock::new();
    let program = PROGRAM.get_or_init(Program::find).as_ref();
    if program.is_none() {
        // Past the test harness, which keeps what `eprintln` says of a test that passes.
        let line = "skipped: no redis-server in the PATH, and no Debian packages to take it from\n";
        let _ = io::stderr().write_all(line.as_bytes());
    }
    program.map(|program| RedisServer::start(program, options))
}

impl RedisServer {
    fn start(program: &'static Program, options: &[&str]) -> Self {
        // Another process may take the port before the server does.
        let mut attempts = (0..5).filter_map(|_| {
            let address = free_address();
            program.run(address, options).map(|child| (address, child))
        });
        let (address, child) = attempts.next().expect("redis-server comes up");
        Self {
            program,
            address,
            child,
        }
    }

    /// Its address, such as `redis://127.0.0.1:6379/`.
    pub fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }

    /// The port it listens at, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Runs a command of words without spaces, and gives the first line of what the server says.
    ///
    /// # Panics
    ///
    /// If the server says nothing.
    pub fn command(&self, words: &str) -> String {
        ask(self.address, words).expect("the server answers")
    }

    /// Ends the server, with all that it holds, as a crash does.
    ///
    /// # Panics
    ///
    /// If it cannot be ended.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is a child of this process");
        self.child.wait().expect("it is a child of this process");
    }

    /// Starts the server again where it was, empty.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    pub fn restart(&mut self) {
        self.kill();
        let child = self.program.run(self.address, &[]);
        self.child = child.expect("redis-server comes up");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `redis-server`, and where the libraries are that came with it.
struct Program {
    path: PathBuf,
    libraries: Option<OsString>,
}

impl Program {
    fn find() -> Option<Self> {
        let in_path = Self {
            path: "redis-server".into(),
            libraries: None,
        };
        in_path.runs().then_some(in_path).or_else(|| {
            let unpacked = Self::in_folder(&unpacked()?);
            unpacked.runs().then_some(unpacked)
        })
    }

    fn in_folder(folder: &Path) -> Self {
        let folders = ["lib", "usr/lib"].map(|name| folder.join(name));
        let below = folders
            .iter()
            .filter_map(|folder| fs::read_dir(folder).ok());
        let paths = below.flatten().flatten().map(|entry| entry.path());
        Self {
            path: folder.join("usr/bin/redis-server"),
            libraries: env::join_paths(paths.chain(folders.clone())).ok(),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
    }

    fn runs(&self) -> bool {
        succeeds(self.command().arg("--version")).is_some()
    }

    /// A server that answers at an address; `None` if it does not.
    fn run(&self, address: SocketAddr, options: &[&str]) -> Option<Child> {
        let mut child = self
            .command()
            .args(["--bind", &address.ip().to_string()])
            .args(["--port", &address.port().to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let pause = Duration::from_millis(20);
        for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
            if child.try_wait().ok()?.is_some() {
                return None;
            }
            if ask(address, "PING").is_ok_and(|answer| answer == "+PONG") {
                return Some(child);
            }
            thread::sleep(pause);
        }
        let _ = child.kill();
        let _ = child.wait();
        None
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("a listener has an address")
}

fn ask(address: SocketAddr, words: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{words}\r\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream.take(1 << 20)).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// The folder that the Debian packages of `redis-server` are unpacked in, with those that it needs and that are
/// missing; nothing is installed. `None` where apt is missing or has no network.
fn unpacked() -> Option<PathBuf> {
    let folder = temporary_folder();
    let ready = folder.join("redis");
    if ready.is_dir() {
        return Some(ready);
    }
    // Under a name of its own first, since several processes may be at it.
    let part = folder.join(format!("redis-{}", std::process::id()));
    fs::create_dir_all(&part).ok()?;
    let done = unpack(&part).and_then(|()| fs::rename(&part, &ready).ok());
    let _ = fs::remove_dir_all(&part);
    (done.is_some() || ready.is_dir()).then_some(ready)
}

fn unpack(folder: &Path) -> Option<()> {
    let packages = folder.join("packages");
    fs::create_dir_all(packages.join("lists/partial")).ok()?;
    // The lists of the system may be old, and are not this test's to renew.
    let mut lists = OsString::from("Dir::State::Lists=");
    lists.push(packages.join("lists"));
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.current_dir(&packages).arg("-o").arg(&lists);
        apt.args([
            "-o",
            "Acquire::http::Timeout=20",
            "-o",
            "Debug::NoLocking=1",
        ]);
        apt.args([
            "-o",
            "Dir::Cache::pkgcache=",
            "-o",
            "Dir::Cache::srcpkgcache=",
        ]);
        apt
    };
    succeeds(apt().arg("update"))?;
    let missing = succeeds(apt().args([
        "install",
        "--print-uris",
        "--no-install-recommends",
        "--yes",
        "redis-server",
    ]))?;
    // Each line is an address in quotes, the name of the file, and more.
    let missing = String::from_utf8(missing.stdout).ok()?;
    let files = missing.lines().filter(|line| line.starts_with('\''));
    let names: Vec<_> = files
        .filter_map(|line| line.split_whitespace().nth(1)?.split('_').next())
        .collect();
    succeeds(apt().arg("download").args(names))?;
    for entry in fs::read_dir(&packages).ok()?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            succeeds(Command::new("dpkg-deb").arg("-x").arg(path).arg(folder))?;
        }
    }
    fs::remove_dir_all(packages).ok()
}

fn succeeds(command: &mut Command) -> Option<Output> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then_some(output)
}

/// `tmp` in cargo's target folder, which this program stands in.
fn temporary_folder() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    let mut folders = program.ancestors();
    let target = folders.find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.map_or_else(env::temp_dir, |target| target.join("tmp"))
}
