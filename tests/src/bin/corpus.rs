//! Writes the seeds of the fuzz targets into a folder: every event of the document, as a body and as a signed
//! delivery, and the broken deliveries that are small.

use std::path::Path;
use std::{env, fs, io};

use linq_testing::document;
use linq_testing::webhook::broken;

const SMALL: usize = 8_192;

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).ok_or(io::ErrorKind::InvalidInput)?;
    let folder = Path::new(&folder);
    let bodies = document::webhooks().into_iter();
    let bodies = bodies.map(|webhook| (webhook.key, webhook.body.into_bytes()));
    write(&folder.join("from_slice"), bodies)?;
    let broken = broken::all().into_iter().enumerate();
    let broken = broken.map(|(at, broken)| (format!("broken-{at}"), broken.to_text()));
    let small = broken.filter(|(_, text)| text.len() <= SMALL);
    write(
        &folder.join("verify"),
        broken::sound().into_iter().chain(small),
    )
}

fn write(folder: &Path, seeds: impl Iterator<Item = (String, Vec<u8>)>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, seed) in seeds {
        fs::write(folder.join(name), seed)?;
    }
    Ok(())
}
