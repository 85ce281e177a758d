//! `cargo xtask`: the generator of the Linq crates, and the chores of the repository.

use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::ValueExt;
use lexopt::prelude::{Long, Short, Value};
use xtask::command::{self, diff_command, gen_command, update_command};
use xtask::diff::report::Format;

const HELP: &str = "\
Usage: cargo xtask COMMAND

Commands:
  gen    Write the generated crates from the API document
           --spec FILE  read this OpenAPI 3.0 or 3.1 document (YAML or JSON) in place of ours
           --out DIR    write a workspace of the two crates to DIR in place of this one
           --check      write nothing; exit 1 unless the files are up to date
           --quiet      say nothing while all goes well
  diff OLD [NEW]
         Say what changed from one API document to another, ours unless NEW is named, and what it
         means for users of the crates; exit 0 if nothing did, 1 if something did, 2 on bad input
           --format F   text (for a terminal), markdown (a section of a changelog) or json
  update [FILE|URL]
         Report what a new document of the vendor means: what changed since the last one, what ours
         lacks, what no longer compiles, and what to do; fetches the published document (with curl)
         unless a file or an https address is named. Exit 0 if nothing is new, 1 if something is, 2 if
         it failed. Writes only below target/
           --accept     keep the skeleton of this document as the last one that was seen
           --no-compile leave out what no longer compiles, which takes minutes
           --format F   text (for a terminal) or markdown
  ci [STEPS]
         Run everything that has to hold: formatting, generated files, lints and tests with the
         features in all ways that matter, docs and the minimum Rust version; of these only the steps
         whose names contain STEPS, if it is named
";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, String> {
    let usage = |error: lexopt::Error| format!("error: {error}\n\n{HELP}");
    let mut arguments = lexopt::Parser::from_env();
    let command = match arguments.next().map_err(usage)? {
        Some(Value(command)) => command.to_string_lossy().into_owned(),
        None | Some(Long("help") | Short('h')) => {
            eprint!("{HELP}");
            return Ok(true);
        }
        Some(other) => return Err(usage(other.unexpected())),
    };
    match command.as_str() {
        "gen" => {
            let mut options = gen_command::Options::default();
            while let Some(argument) = arguments.next().map_err(usage)? {
                match argument {
                    Long("spec") => options.spec = Some(arguments.value().map_err(usage)?.into()),
                    Long("out") => options.out = Some(arguments.value().map_err(usage)?.into()),
                    Long("check") => options.check = true,
                    Long("quiet") => options.quiet = true,
                    Long("help") | Short('h') => {
                        eprint!("{HELP}");
                        return Ok(true);
                    }
                    other => return Err(usage(other.unexpected())),
                }
            }
            gen_command::run(&command::root(), &options).map_err(|problems| problems.to_string())
        }
        "diff" => diff(&mut arguments),
        "update" => update(&mut arguments),
        "ci" => match arguments.next().map_err(usage)? {
            None => command::ci::run(&command::root(), "").map(|()| true),
            Some(Value(filter)) => {
                command::ci::run(&command::root(), &filter.to_string_lossy()).map(|()| true)
            }
            Some(other) => Err(usage(other.unexpected())),
        },
        other => Err(format!("error: there is no command `{other}`\n\n{HELP}")),
    }
}

fn diff(arguments: &mut lexopt::Parser) -> Result<bool, String> {
    let usage = |error: lexopt::Error| format!("error: {error}\n\n{HELP}");
    let mut documents: Vec<PathBuf> = Vec::new();
    let mut format = Format::default();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("format") => {
                let value = arguments.value().map_err(usage)?;
                format = value.parse().map_err(usage)?;
            }
            Value(document) if documents.len() < 2 => documents.push(document.into()),
            Long("help") | Short('h') => {
                eprint!("{HELP}");
                return Ok(true);
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    let mut documents = documents.into_iter();
    let Some(old) = documents.next() else {
        return Err(format!(
            "error: name the document to compare with\n\n{HELP}"
        ));
    };
    let options = diff_command::Options {
        old,
        new: documents.next(),
        format,
    };
    diff_command::run(&command::root(), &options, &mut std::io::stdout().lock())
}

fn update(arguments: &mut lexopt::Parser) -> Result<bool, String> {
    let usage = |error: lexopt::Error| format!("error: {error}\n\n{HELP}");
    let mut options = update_command::Options::default();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("accept") => options.accept = true,
            Long("no-compile") => options.no_compile = true,
            Long("format") => {
                let value = arguments.value().map_err(usage)?;
                options.format = value.parse().map_err(usage)?;
            }
            Value(source) if options.source.is_none() => {
                options.source = Some(source.to_string_lossy().into_owned());
            }
            Long("help") | Short('h') => {
                eprint!("{HELP}");
                return Ok(true);
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    update_command::run(&command::root(), &options, &mut std::io::stdout().lock())
}
