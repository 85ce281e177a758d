//! Writing a difference down: for a terminal, as a section of a changelog, as JSON.

pub mod json;
pub mod lines;
pub mod markdown;
pub mod text;

use std::str::FromStr;

pub use lines::Report;

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    #[default]
    Text,
    /// A section of a changelog.
    Markdown,
    /// For programs.
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "text" => Ok(Self::Text),
            "markdown" => Ok(Self::Markdown),
            "json" => Ok(Self::Json),
            _ => Err(format!(
                "there is no format `{name}`: text, markdown or json"
            )),
        }
    }
}

impl Report {
    /// The report in a form.
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Text => text::write(self),
            Format::Markdown => markdown::write(self),
            Format::Json => json::write(self),
        }
    }

    /// The changes alone, without counts and version.
    pub fn changes(&self, format: Format) -> String {
        match format {
            Format::Text => text::changes(self),
            Format::Markdown => markdown::changes(self),
            Format::Json => json::write(self),
        }
    }
}
