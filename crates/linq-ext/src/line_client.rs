//! Lines, the phone numbers of the account: [`LineClient`], capability checks, and contact cards.

use std::fmt;

use linq_client::operations::{
    CHECK_IMESSAGE_CAPABILITY, CHECK_RCS_CAPABILITY, GET_AVAILABLE_NUMBER, GET_CONTACT_CARD,
    GET_REPUTATION_AUDIT, SETUP_CONTACT_CARD, START_REPUTATION_AUDIT, UPDATE_CONTACT_CARD,
    UPDATE_PHONE_NUMBER,
};
use linq_types::{
    AvailableNumberResult, ContactCardItem, HandleCheckRequest, HandleCheckResponse, LineType,
    PhoneNumberInfoV2, ReputationAudit, ReputationAuditStarted, SetContactCardRequest,
    SetContactCardResponse, UpdateContactCardRequest, UpdatePhoneNumberRequest,
    UpdatePhoneNumberResult,
};

use crate::chat_client::checked_handle;
use crate::id::{IntoId, checked};
use crate::message::{check_number, normalize_handle, report_line, report_recipients};
use crate::send::handles;
use crate::{Call, CallFuture, Error, Linq};

/// A client for one line, a phone number of the account; create it with [`Linq::line`].
///
/// It owns a clone of the client. Creating it sends nothing.
#[derive(Clone)]
pub struct LineClient {
    linq: Linq,
    number: String,
}

impl Linq {
    /// Returns the client for a line, by its phone number in E.164, such as `+12025550100`.
    #[must_use]
    pub fn line(&self, number: impl Into<String>) -> LineClient {
        LineClient {
            linq: self.clone(),
            number: normalize_handle(&number.into()),
        }
    }
}

impl LineClient {
    /// Returns the phone number.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    pub(crate) fn linq(&self) -> &Linq {
        &self.linq
    }
}

// Without the number.
impl fmt::Debug for LineClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LineClient").finish_non_exhaustive()
    }
}

/// Lines.
impl Linq {
    /// All lines of the account, with kind, reputation and call forwarding.
    ///
    /// `GET /v3/phone_numbers`
    pub fn lines(&self) -> Call<Vec<PhoneNumberInfoV2>> {
        let call = Call::new(self, |client| client.list_phone_numbers().prepare());
        call.map(|lines| lines.phone_numbers)
    }

    /// Forwards calls to a line to another number, in E.164. The id is that of [`lines`](Self::lines).
    ///
    /// `PUT /v3/phone_numbers/{phoneNumberId}`
    pub fn forward_calls(
        &self,
        line_id: impl IntoId,
        number: impl Into<String>,
    ) -> Call<UpdatePhoneNumberResult> {
        let number = number.into();
        let forwarding = check_number(&number)
            .map_err(Error::from)
            .map(|()| UpdatePhoneNumberRequest::new().with_forwarding_number(number));
        self.update_line(line_id, forwarding)
    }

    /// Ends the forwarding of calls to a line; see [`forward_calls`](Self::forward_calls).
    pub fn stop_forwarding_calls(&self, line_id: impl IntoId) -> Call<UpdatePhoneNumberResult> {
        self.update_line(line_id, Ok(UpdatePhoneNumberRequest::new()))
    }

    fn update_line(
        &self,
        line_id: impl IntoId,
        forwarding: Result<UpdatePhoneNumberRequest, Error>,
    ) -> Call<UpdatePhoneNumberResult> {
        let id = checked("line", line_id.into_id());
        let input = id.and_then(|id| Ok((id, forwarding?)));
        Call::prepared(
            self,
            &UPDATE_PHONE_NUMBER,
            input,
            |client, (id, forwarding)| {
                client
                    .update_phone_number()
                    .phone_number_id(id)
                    .body(forwarding)
                    .prepare()
            },
        )
    }
}

/// Whom can be reached by what.
impl Linq {
    /// Whether a phone number or e-mail address can be reached by iMessage; Linq picks the line that asks.
    ///
    /// One check in 10 seconds is allowed (1007). Results age: remember them for minutes.
    ///
    /// `POST /v3/capability/check_imessage`
    pub fn check_imessage(&self, handle: impl Into<String>) -> Call<HandleCheckResponse> {
        self.check_imessage_from(None, handle)
    }

    /// Whether a phone number can be reached by RCS; Linq picks the line that asks.
    ///
    /// One check in 10 seconds is allowed (1007). The codes 4004, 4009 and 4010 mean that nobody could tell, not
    /// that it cannot be reached.
    ///
    /// `POST /v3/capability/check_rcs`
    pub fn check_rcs(&self, number: impl Into<String>) -> Call<HandleCheckResponse> {
        self.check_rcs_from(None, number)
    }

    fn check_imessage_from(
        &self,
        from: Option<Result<String, Error>>,
        handle: impl Into<String>,
    ) -> Call<HandleCheckResponse> {
        let check = check_request(from, checked_handle(handle));
        Call::prepared(self, &CHECK_IMESSAGE_CAPABILITY, check, |client, check| {
            client.check_imessage_capability().body(check).prepare()
        })
    }

    fn check_rcs_from(
        &self,
        from: Option<Result<String, Error>>,
        number: impl Into<String>,
    ) -> Call<HandleCheckResponse> {
        let number = number.into();
        let checked = check_number(&number).map_err(Error::from);
        let check = check_request(from, checked.map(|()| number));
        Call::prepared(self, &CHECK_RCS_CAPABILITY, check, |client, check| {
            client.check_rcs_capability().body(check).prepare()
        })
    }
}

fn check_request(
    from: Option<Result<String, Error>>,
    handle: Result<String, Error>,
) -> Result<HandleCheckRequest, Error> {
    let from = from.transpose()?;
    let mut check = HandleCheckRequest::new(handle?);
    check.from = from;
    Ok(check)
}

impl LineClient {
    /// Whether this line can reach a phone number or e-mail address by iMessage; see [`Linq::check_imessage`].
    pub fn check_imessage(&self, handle: impl Into<String>) -> Call<HandleCheckResponse> {
        self.linq()
            .check_imessage_from(Some(self.checked()), handle)
    }

    /// Whether this line can reach a phone number by RCS; see [`Linq::check_rcs`].
    pub fn check_rcs(&self, number: impl Into<String>) -> Call<HandleCheckResponse> {
        self.linq().check_rcs_from(Some(self.checked()), number)
    }

    /// Starts to find out what weighs on the reputation of the line.
    ///
    /// One audit runs at a time, and a pause has to pass before the next (429).
    ///
    /// `POST /v3/phone_numbers/{phoneNumber}/reputation_audit`
    pub fn start_reputation_audit(&self) -> Call<ReputationAuditStarted> {
        Call::prepared(
            self.linq(),
            &START_REPUTATION_AUDIT,
            self.checked(),
            |client, line| client.start_reputation_audit().phone_number(line).prepare(),
        )
    }

    /// How far an audit has come, and its report once it is complete; kept for 24 hours.
    ///
    /// `GET /v3/phone_numbers/{phoneNumber}/reputation_audit/{auditId}`
    pub fn get_reputation_audit(&self, audit_id: impl Into<String>) -> Call<ReputationAudit> {
        let audit_id = audit_id.into();
        let input = self.checked().map(|line| (line, audit_id));
        Call::prepared(
            self.linq(),
            &GET_REPUTATION_AUDIT,
            input,
            |client, (line, audit_id)| {
                let call = client.get_reputation_audit().phone_number(line);
                call.audit_id(audit_id).prepare()
            },
        )
    }

    /// The contact cards of the line: none, or the one it has.
    ///
    /// `GET /v3/contact_card`
    pub fn contact_cards(&self) -> Call<Vec<ContactCardItem>> {
        let call = Call::prepared(
            self.linq(),
            &GET_CONTACT_CARD,
            self.checked(),
            |client, line| client.get_contact_card().phone_number(line).prepare(),
        );
        call.map(|cards| cards.contact_cards)
    }

    /// Changes the contact card of the line; what is not set stays. Without a card it answers 2012.
    ///
    /// Setting up and changing are allowed 3 times in 10 minutes, together.
    ///
    /// `PATCH /v3/contact_card`
    pub fn update_contact_card(
        &self,
        changes: UpdateContactCardRequest,
    ) -> Call<SetContactCardResponse> {
        let input = self.checked().map(|line| (line, changes));
        Call::prepared(
            self.linq(),
            &UPDATE_CONTACT_CARD,
            input,
            |client, (line, changes)| {
                client
                    .update_contact_card()
                    .phone_number(line)
                    .body(changes)
                    .prepare()
            },
        )
    }

    /// The number, for a call.
    fn checked(&self) -> Result<String, Error> {
        checked_line(self.number().to_owned())
    }
}

/// Contact cards: name and picture of a line, which recipients can be shown.
impl Linq {
    /// The contact cards of all lines; see [`LineClient::contact_cards`] for those of one.
    ///
    /// `GET /v3/contact_card`
    pub fn contact_cards(&self) -> Call<Vec<ContactCardItem>> {
        let call = Call::new(self, |client| client.get_contact_card().prepare());
        call.map(|cards| cards.contact_cards)
    }

    /// Sets up the contact card of a line. Where it has one, the API answers 2014:
    /// [change](LineClient::update_contact_card) that.
    ///
    /// Look at `is_active` of the answer: only then is the card in use.
    ///
    /// `POST /v3/contact_card`
    pub fn set_up_contact_card(&self, card: SetContactCardRequest) -> Call<SetContactCardResponse> {
        let checked = checked_line(card.phone_number.clone()).map(|_| card);
        Call::prepared(self, &SETUP_CONTACT_CARD, checked, |client, card| {
            client.setup_contact_card().body(card).prepare()
        })
    }
}

fn checked_line(number: String) -> Result<String, Error> {
    report_line(&number).finish()?;
    Ok(number)
}

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
    pub fn to<S: Into<String>>(mut self, to: impl IntoIterator<Item = S>) -> Self {
        self.to.extend(handles(to));
        self
    }

    /// The kind of line; any if not set. Where none is free the API answers 503.
    pub fn line_type(mut self, line_type: impl Into<LineType>) -> Self {
        self.line_type = Some(line_type.into());
        self
    }

    /// Lines that it must not be, besides those named before. Where none is left the API answers 400.
    pub fn exclude_from<S: Into<String>>(mut self, lines: impl IntoIterator<Item = S>) -> Self {
        self.exclude_from.extend(handles(lines));
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
