//! The simulator as a program.

use std::net::SocketAddr;
use std::process::ExitCode;

use lexopt::ValueExt;
use lexopt::prelude::{Long, Short};
use linq_sim::Sim;

const HELP: &str = "\
A Linq on your own machine: serves the Linq Partner API V3 and a page with a phone.

Usage: linq-sim [OPTIONS]

  --port PORT      listen at this port of the loopback interface (default: 4010)
  --listen ADDRESS listen at this address and port instead; others on the network may then use it
  --line NUMBER    add a phone number of the account, in E.164; repeatable (default: +12025550100)
  --state FILE     read the state from FILE if it is there, and write it on change and at the end
  --seed FILE      begin with the state in FILE, and do not write it
  --retention N    keep so many messages, requests and deliveries (default: 10000)
  --no-rate-limits turn the API's rate limits off
  --quiet          print nothing
";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "what a program prints")]
async fn run() -> Result<(), String> {
    let usage = |error: lexopt::Error| format!("{error}\n\n{HELP}");
    let mut builder = Sim::builder();
    let mut address = SocketAddr::from(([127, 0, 0, 1], 4010));
    let mut is_quiet = false;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("port") => {
                address.set_port(arguments.value().map_err(usage)?.parse().map_err(usage)?)
            }
            Long("listen") => address = arguments.value().map_err(usage)?.parse().map_err(usage)?,
            Long("line") => {
                builder = builder.line(arguments.value().map_err(usage)?.string().map_err(usage)?)
            }
            Long("state") => builder = builder.state_file(arguments.value().map_err(usage)?),
            Long("seed") => builder = builder.seed_file(arguments.value().map_err(usage)?),
            Long("retention") => {
                builder =
                    builder.retention(arguments.value().map_err(usage)?.parse().map_err(usage)?)
            }
            Long("no-rate-limits") => builder = builder.without_rate_limits(),
            Long("quiet") => is_quiet = true,
            Long("help") | Short('h') => {
                print!("{HELP}");
                return Ok(());
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    let sim = builder.address(address).start().await.map_err(|error| {
        format!("cannot start at {address}: {error}; `--port` chooses another port")
    })?;
    if !is_quiet {
        println!("The API:    {}", sim.base_url());
        println!("The phone:  {}", sim.page_url());
        println!();
        println!("Point a program at it with these variables:");
        println!();
        println!("  export LINQ_API_V3_BASE_URL={}", sim.base_url());
        println!("  export LINQ_API_V3_API_KEY={}", sim.api_key());
        println!();
        println!("Stop it with Ctrl-C.");
    }
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| error.to_string())?;
    // Dropping it writes the state.
    drop(sim);
    Ok(())
}
