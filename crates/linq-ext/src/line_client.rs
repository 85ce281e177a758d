//! Lines, the phone numbers of the account: [`LineClient`], capability checks, and contact cards.

use std::fmt;

use linq_types::{
    ContactCardItem, HandleCheckRequest, HandleCheckResponse, PhoneNumberInfoV2,
    SetContactCardRequest, SetContactCardResponse, UpdateContactCardRequest,
    UpdatePhoneNumberRequest, UpdatePhoneNumberResult,
};

use crate::chat_client::checked_handle;
use crate::id::IntoId;
use crate::message::{InvalidMessage, check_number, normalize_handle, report_line};
use crate::{Call, Linq};

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

    fn checked(&self) -> Result<(), InvalidMessage> {
        report_line(&self.number).finish()
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
    /// Returns all lines of the account, with kind, reputation and call forwarding.
    ///
    /// `GET /v3/phone_numbers`
    pub fn lines(&self) -> Call<Vec<PhoneNumberInfoV2>> {
        let call = self.call(self.api().list_phone_numbers());
        call.map(|lines| lines.phone_numbers)
    }

    /// Forwards calls of a line to another number, in E.164. The id is that of [`lines`](Self::lines).
    ///
    /// `PUT /v3/phone_numbers/{phoneNumberId}`
    pub fn forward_calls(
        &self,
        line_id: impl IntoId,
        number: impl Into<String>,
    ) -> Call<UpdatePhoneNumberResult> {
        let number = normalize_handle(&number.into());
        let checked = check_number(&number);
        let forwarding = UpdatePhoneNumberRequest::new().with_forwarding_number(number);
        self.update_line(line_id, forwarding).checked(checked)
    }

    /// Stops forwarding calls of a line; see [`forward_calls`](Self::forward_calls).
    pub fn stop_forwarding_calls(&self, line_id: impl IntoId) -> Call<UpdatePhoneNumberResult> {
        self.update_line(line_id, UpdatePhoneNumberRequest::new())
    }

    fn update_line(
        &self,
        line_id: impl IntoId,
        forwarding: UpdatePhoneNumberRequest,
    ) -> Call<UpdatePhoneNumberResult> {
        let call = self.api().update_phone_number();
        self.call(call.phone_number_id(line_id.into_id()).body(forwarding))
    }
}

/// Capability checks.
impl Linq {
    /// Checks whether a phone number or e-mail address can be reached by iMessage; Linq selects the line that checks.
    ///
    /// One check in 10 seconds is allowed (1007). Results change: keep them for minutes only.
    ///
    /// `POST /v3/capability/check_imessage`
    pub fn check_imessage(&self, handle: impl Into<String>) -> Call<HandleCheckResponse> {
        let (handle, checked) = checked_handle(handle);
        let body = HandleCheckRequest::new(handle);
        let call = self.api().check_imessage_capability();
        self.call(call.body(body)).checked(checked)
    }

    /// Checks whether a phone number can be reached by RCS; Linq selects the line that checks.
    ///
    /// One check in 10 seconds is allowed (1007). The codes 4004, 4009 and 4010 mean that the result is unknown, not
    /// that the number cannot be reached.
    ///
    /// `POST /v3/capability/check_rcs`
    pub fn check_rcs(&self, number: impl Into<String>) -> Call<HandleCheckResponse> {
        let number = normalize_handle(&number.into());
        let checked = check_number(&number);
        let body = HandleCheckRequest::new(number);
        self.call(self.api().check_rcs_capability().body(body))
            .checked(checked)
    }
}

impl LineClient {
    /// Checks whether this line can reach a phone number or e-mail address by iMessage; see
    /// [`Linq::check_imessage`].
    pub fn check_imessage(&self, handle: impl Into<String>) -> Call<HandleCheckResponse> {
        let (handle, checked) = checked_handle(handle);
        let body = HandleCheckRequest::new(handle).with_from(self.number());
        let call = self.linq.api().check_imessage_capability();
        self.linq
            .call(call.body(body))
            .checked(self.checked())
            .checked(checked)
    }

    /// Checks whether this line can reach a phone number by RCS; see [`Linq::check_rcs`].
    pub fn check_rcs(&self, number: impl Into<String>) -> Call<HandleCheckResponse> {
        let number = normalize_handle(&number.into());
        let checked = check_number(&number);
        let body = HandleCheckRequest::new(number).with_from(self.number());
        let call = self.linq.api().check_rcs_capability();
        self.linq
            .call(call.body(body))
            .checked(self.checked())
            .checked(checked)
    }

    /// Returns the contact cards of the line: none, or the one that it has.
    ///
    /// `GET /v3/contact_card`
    pub fn contact_cards(&self) -> Call<Vec<ContactCardItem>> {
        let call = self
            .linq
            .api()
            .get_contact_card()
            .phone_number(self.number());
        let call = self.linq.call(call).checked(self.checked());
        call.map(|cards| cards.contact_cards)
    }

    /// Changes the contact card of the line; what is not set is kept. The API refuses a line without one (2012).
    ///
    /// Creating and changing are allowed 3 times in 10 minutes, together.
    ///
    /// `PATCH /v3/contact_card`
    pub fn update_contact_card(
        &self,
        changes: UpdateContactCardRequest,
    ) -> Call<SetContactCardResponse> {
        let call = self.linq.api().update_contact_card();
        let call = call.phone_number(self.number()).body(changes);
        self.linq.call(call).checked(self.checked())
    }
}

/// Contact cards: name and picture of a line, for recipients.
impl Linq {
    /// Returns the contact cards of all lines; see [`LineClient::contact_cards`] for one line.
    ///
    /// `GET /v3/contact_card`
    pub fn contact_cards(&self) -> Call<Vec<ContactCardItem>> {
        let call = self.call(self.api().get_contact_card());
        call.map(|cards| cards.contact_cards)
    }

    /// Creates the contact card of a line. The API refuses a line that has one (2014):
    /// [change](LineClient::update_contact_card) it.
    ///
    /// The card is in use only if `is_active` of the response is true.
    ///
    /// `POST /v3/contact_card`
    pub fn set_up_contact_card(&self, card: SetContactCardRequest) -> Call<SetContactCardResponse> {
        let checked = report_line(&card.phone_number).finish();
        self.call(self.api().setup_contact_card().body(card))
            .checked(checked)
    }
}
