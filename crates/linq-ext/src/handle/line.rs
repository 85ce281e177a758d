//! What can be done with lines, which are the phone numbers of one's own.

use linq_client::operations::{
    CHECK_IMESSAGE_CAPABILITY, CHECK_RCS_CAPABILITY, GET_CONTACT_CARD, GET_REPUTATION_AUDIT,
    SETUP_CONTACT_CARD, START_REPUTATION_AUDIT, UPDATE_CONTACT_CARD, UPDATE_PHONE_NUMBER,
};
use linq_types::{
    ContactCardItem, HandleCheckRequest, HandleCheckResponse, PhoneNumberInfoV2, ReputationAudit,
    ReputationAuditStarted, SetContactCardRequest, SetContactCardResponse,
    UpdateContactCardRequest, UpdatePhoneNumberRequest, UpdatePhoneNumberResult,
};
use uuid::Uuid;

use super::LineHandle;
use super::chat::checked_handle;
use crate::message::{check_number, report_line};
use crate::{Call, Error, Linq};

/// Lines.
impl Linq {
    /// All lines of the account, with kind, reputation and call forwarding.
    ///
    /// `GET /v3/phone_numbers`
    pub fn list_lines(&self) -> Call<Vec<PhoneNumberInfoV2>> {
        let call = Call::new(self, |client| client.list_phone_numbers().prepare());
        call.map(|lines| lines.phone_numbers)
    }

    /// Forwards calls to a line to another number, in E.164. The id is that of [`list_lines`](Self::list_lines).
    ///
    /// `PUT /v3/phone_numbers/{phoneNumberId}`
    pub fn forward_calls(
        &self,
        line_id: impl TryInto<Uuid>,
        number: impl Into<String>,
    ) -> Call<UpdatePhoneNumberResult> {
        let number = number.into();
        let forwarding = check_number(&number)
            .map_err(Error::from)
            .map(|()| UpdatePhoneNumberRequest::new().with_forwarding_number(number));
        self.update_line(line_id, forwarding)
    }

    /// Ends the forwarding of calls to a line; see [`forward_calls`](Self::forward_calls).
    pub fn stop_forwarding_calls(
        &self,
        line_id: impl TryInto<Uuid>,
    ) -> Call<UpdatePhoneNumberResult> {
        self.update_line(line_id, Ok(UpdatePhoneNumberRequest::new()))
    }

    fn update_line(
        &self,
        line_id: impl TryInto<Uuid>,
        forwarding: Result<UpdatePhoneNumberRequest, Error>,
    ) -> Call<UpdatePhoneNumberResult> {
        let id = super::uuid("line", line_id.try_into().ok());
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

impl LineHandle {
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
    /// The contact cards of all lines; see [`LineHandle::contact_cards`] for those of one.
    ///
    /// `GET /v3/contact_card`
    pub fn list_contact_cards(&self) -> Call<Vec<ContactCardItem>> {
        let call = Call::new(self, |client| client.get_contact_card().prepare());
        call.map(|cards| cards.contact_cards)
    }

    /// Sets up the contact card of a line. Where it has one, the API answers 2014:
    /// [change](LineHandle::update_contact_card) that.
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
