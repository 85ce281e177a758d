//! Looking for a line, for somebody who is about to write.

use std::fmt;

use linq_client::operations::GET_AVAILABLE_NUMBER;
use linq_types::{AvailableNumberResult, LineType};

use super::strings;
use crate::message::{report_line, report_recipients};
use crate::{Call, CallFuture, Error, Linq};

impl Linq {
    /// Starts to look for a line for somebody who is about to write to you.
    ///
    /// `GET /v3/available_number`
    pub fn get_available_number(&self) -> AvailableNumber {
        AvailableNumber {
            linq: self.clone(),
            to: Vec::new(),
            line_type: None,
            exclude_from: Vec::new(),
        }
    }
}

/// A search for a line, for somebody who is about to write to you; start with [`Linq::get_available_number`].
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// let found = linq.get_available_number().to(["+12025550101"]).await?;
/// println!("write to {}, or add {}", found.phone_number, found.vcf_url);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until it is awaited"]
pub struct AvailableNumber {
    linq: Linq,
    to: Vec<String>,
    line_type: Option<LineType>,
    exclude_from: Vec<String>,
}

impl AvailableNumber {
    /// The handles that the line is for, besides those named before: the line that writes to them already is
    /// kept.
    pub fn to<S: Into<String>>(mut self, handles: impl IntoIterator<Item = S>) -> Self {
        self.to.extend(strings(handles));
        self
    }

    /// The kind of line; any if not set. Where none is free the API answers 503.
    pub fn line_type(mut self, line_type: impl Into<LineType>) -> Self {
        self.line_type = Some(line_type.into());
        self
    }

    /// Lines that it must not be, besides those named before. Where none is left the API answers 400.
    pub fn exclude_from<S: Into<String>>(mut self, lines: impl IntoIterator<Item = S>) -> Self {
        self.exclude_from.extend(strings(lines));
        self
    }

    /// The call, which takes options.
    pub fn call(self) -> Call<AvailableNumberResult> {
        let linq = self.linq.clone();
        Call::prepared(
            &linq,
            &GET_AVAILABLE_NUMBER,
            self.checked(),
            |client, search| {
                let mut call = client
                    .get_available_number()
                    .to(search.to)
                    .exclude_from(search.exclude_from);
                if let Some(line_type) = search.line_type {
                    call = call.type_(line_type);
                }
                call.prepare()
            },
        )
    }

    /// Makes the call.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send(self) -> Result<AvailableNumberResult, Error> {
        self.call().send().await
    }

    fn checked(self) -> Result<Self, Error> {
        if !self.to.is_empty() {
            report_recipients(&self.to, usize::MAX).finish()?;
        }
        for line in &self.exclude_from {
            report_line(line).finish()?;
        }
        Ok(self)
    }
}

impl IntoFuture for AvailableNumber {
    type Output = Result<AvailableNumberResult, Error>;
    type IntoFuture = CallFuture<AvailableNumberResult>;

    fn into_future(self) -> Self::IntoFuture {
        self.call().into_future()
    }
}

/// Without the numbers.
impl fmt::Debug for AvailableNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AvailableNumber")
            .field("to", &self.to.len())
            .field("line_type", &self.line_type)
            .field("exclude_from", &self.exclude_from.len())
            .finish_non_exhaustive()
    }
}
