//! A chat by its id: [`ChatClient`], and everything but sending messages.

use std::fmt;

use linq_client::Client;
use linq_types::{
    AddParticipantRequest, AddParticipantResponse, Chat, ChatLocationResult, CreatePollRequest,
    GetChatLocationResult, LeaveChatResponse, NewPoll, PollEnvelope, PollOptionText,
    RemoveParticipantRequest, RemoveParticipantResponse, SendVoiceMemoToChatRequest,
    SendVoiceMemoToChatResult, SetChatBackgroundRequest, SetChatBackgroundRequestStyle,
    SetChatBackgroundRequestType, StopChatLocationRequest, SupportedContentType, UpdateChatRequest,
    UpdateChatResponse,
};

use crate::id::{self, IntoId};
use crate::message::{
    InvalidMessage, check_file_url, check_handle, check_voice_memo, content_type_of,
    normalize_handle,
};
use crate::{Call, Error, Linq};

/// A client for one chat; create it with [`Linq::chat`].
///
/// It owns a clone of the client. Creating it sends nothing.
#[derive(Clone)]
pub struct ChatClient {
    linq: Linq,
    id: String,
}

impl Linq {
    /// Returns the client for a chat.
    #[must_use]
    pub fn chat(&self, id: impl IntoId) -> ChatClient {
        ChatClient {
            linq: self.clone(),
            id: id.into_id(),
        }
    }
}

impl ChatClient {
    /// Returns the id of the chat.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn linq(&self) -> &Linq {
        &self.linq
    }

    fn api(&self) -> &Client {
        self.linq.api()
    }
}

impl fmt::Debug for ChatClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ChatClient")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The chat itself.
impl ChatClient {
    /// Returns the chat with its participants and its health.
    ///
    /// `GET /v3/chats/{chatId}`
    pub fn get(&self) -> Call<Chat> {
        self.linq.call(self.api().get_chat().chat_id(self.id()))
    }

    /// Changes name and icon of a group. The API refuses a direct chat (1006).
    ///
    /// The change is queued. The events `chat.group_name_updated` and `chat.group_icon_updated`, or those of their
    /// failures, report the result.
    ///
    /// `PUT /v3/chats/{chatId}`
    pub fn update(&self, changes: UpdateChatRequest) -> Call<UpdateChatResponse> {
        let call = self.api().update_chat().chat_id(self.id());
        self.linq.call(call.body(changes))
    }

    /// Changes the name of a group; see [`update`](Self::update).
    pub fn rename(&self, name: impl Into<String>) -> Call<UpdateChatResponse> {
        self.update(UpdateChatRequest::new().with_display_name(name))
    }

    /// Changes the icon of a group to the image at an address; see [`update`](Self::update).
    pub fn set_icon(&self, url: impl Into<String>) -> Call<UpdateChatResponse> {
        self.update(UpdateChatRequest::new().with_group_chat_icon(url))
    }

    /// Sets the background that everybody in the chat sees.
    ///
    /// The change is queued. The event `chat.background_updated` or `chat.background_update_failed` reports the
    /// result.
    ///
    /// `POST /v3/chats/{chatId}/background`
    pub fn set_background(&self, background: Background) -> Call<()> {
        let checked = background
            .0
            .image_url
            .as_deref()
            .map_or(Ok(()), check_file_url);
        let call = self.api().set_chat_background().chat_id(self.id());
        self.linq.call(call.body(background.0)).checked(checked)
    }

    /// Removes the background.
    ///
    /// `DELETE /v3/chats/{chatId}/background`
    pub fn remove_background(&self) -> Call<()> {
        let call = self.api().remove_chat_background();
        self.linq.call(call.chat_id(self.id()))
    }

    /// Removes your line from an iMessage group of four or more. Afterwards the API refuses requests for the chat
    /// (2013).
    ///
    /// `POST /v3/chats/{chatId}/leave`
    pub fn leave(&self) -> Call<LeaveChatResponse> {
        self.linq.call(self.api().leave_chat().chat_id(self.id()))
    }
}

/// Participants.
impl ChatClient {
    /// Invites a handle into a group of three or more; the event `participant.added` confirms it.
    ///
    /// The request has no idempotency key: after an unclear failure look at the handles of the [chat](Self::get).
    ///
    /// `POST /v3/chats/{chatId}/participants`
    pub fn add_participant(&self, handle: impl Into<String>) -> Call<AddParticipantResponse> {
        let (handle, checked) = checked_handle(handle);
        let call = self.api().add_participant().chat_id(self.id());
        let body = AddParticipantRequest::new(handle);
        self.linq.call(call.body(body)).checked(checked)
    }

    /// Removes a handle from a group, of which three or more must be left; the event `participant.removed` confirms
    /// it.
    ///
    /// `DELETE /v3/chats/{chatId}/participants`
    pub fn remove_participant(&self, handle: impl Into<String>) -> Call<RemoveParticipantResponse> {
        let (handle, checked) = checked_handle(handle);
        let call = self.api().remove_participant().chat_id(self.id());
        let body = RemoveParticipantRequest::new(handle);
        self.linq.call(call.body(body)).checked(checked)
    }
}

/// What the other side sees besides messages.
impl ChatClient {
    /// Marks all received messages as read. It has no effect in groups.
    ///
    /// `POST /v3/chats/{chatId}/read`
    pub fn mark_read(&self) -> Call<()> {
        self.linq
            .call(self.api().mark_chat_as_read().chat_id(self.id()))
    }

    /// Shows the typing indicator for about 85 seconds, or until the next message; see [`typing`](Self::typing) for
    /// longer.
    ///
    /// It needs iMessage, and a message from you within about five minutes. Success does not mean that it was shown.
    ///
    /// `POST /v3/chats/{chatId}/typing`
    pub fn start_typing(&self) -> Call<()> {
        self.linq.call(self.api().start_typing().chat_id(self.id()))
    }

    /// Removes the typing indicator, as a message does.
    ///
    /// `DELETE /v3/chats/{chatId}/typing`
    pub fn stop_typing(&self) -> Call<()> {
        self.linq.call(self.api().stop_typing().chat_id(self.id()))
    }

    /// Sends the contact card of your line, at most once in five minutes (1007).
    ///
    /// It needs an earlier message from you in the chat, and a [contact card](Linq::set_up_contact_card) (2012).
    ///
    /// `POST /v3/chats/{chatId}/share_contact_card`
    pub fn share_contact_card(&self) -> Call<()> {
        let call = self.api().share_contact_with_chat();
        self.linq.call(call.chat_id(self.id()))
    }
}

/// What is sent besides messages.
impl ChatClient {
    /// Sends an uploaded recording as a voice memo, which iMessage plays inside the chat.
    ///
    /// The request has no idempotency key, and an unclear failure is not retried: it could send the memo twice.
    ///
    /// `POST /v3/chats/{chatId}/voicememo`
    pub fn send_voice_memo(&self, attachment_id: impl IntoId) -> Call<SendVoiceMemoToChatResult> {
        let (memo, id) = (
            SendVoiceMemoToChatRequest::new(),
            id::uuid("attachment", attachment_id),
        );
        match id {
            Ok(id) => self.send_voice_memo_of(memo.with_attachment_id(id)),
            Err(error) => self.send_voice_memo_of(memo).checked(Err(error)),
        }
    }

    /// Sends the recording at a public `https` address as a voice memo: MP3, M4A, AAC, CAF, WAV, AIFF or AMR, at
    /// most 10 MB. See [`send_voice_memo`](Self::send_voice_memo).
    pub fn send_voice_memo_url(&self, url: impl Into<String>) -> Call<SendVoiceMemoToChatResult> {
        self.send_voice_memo_of(SendVoiceMemoToChatRequest::new().with_voice_memo_url(url))
    }

    /// Sends a voice memo with all its options, such as `override_optout`; see
    /// [`send_voice_memo`](Self::send_voice_memo).
    pub fn send_voice_memo_of(
        &self,
        memo: SendVoiceMemoToChatRequest,
    ) -> Call<SendVoiceMemoToChatResult> {
        let checked = memo
            .voice_memo_url
            .as_deref()
            .map_or(Ok(()), check_voice_memo_url);
        let call = self.api().send_voice_memo_to_chat().chat_id(self.id());
        self.linq.call(call.body(memo)).checked(checked)
    }

    /// Sends a poll of two or more options, by iMessage only (2017).
    ///
    /// A poll has no title: send the question first. Keep the `message_id` of the response for votes and further
    /// options; see [`MessageClient::vote`](crate::MessageClient::vote).
    ///
    /// `POST /v3/chats/{chatId}/polls`
    pub fn create_poll<S: Into<String>>(
        &self,
        options: impl IntoIterator<Item = S>,
    ) -> Call<PollEnvelope> {
        let options: Vec<_> = options.into_iter().map(PollOptionText::new).collect();
        let checked = match options.len() {
            0 | 1 => Err(Error::invalid_request("a poll has two options or more")),
            _ => Ok(()),
        };
        let call = self.api().create_poll().chat_id(self.id());
        let body = CreatePollRequest::new(NewPoll::new(options));
        self.linq.call(call.body(body)).checked(checked)
    }
}

/// Locations.
impl ChatClient {
    /// Returns the locations that are shared with your line, as GeoJSON: longitude first, then latitude.
    ///
    /// `GET /v3/chats/{chatId}/location`
    pub fn location(&self) -> Call<GetChatLocationResult> {
        self.linq
            .call(self.api().get_chat_location().chat_id(self.id()))
    }

    /// Asks the person of a direct iMessage chat (2016, 2017) to share their location; the event
    /// `location.sharing.started` reports that they agreed.
    ///
    /// `POST /v3/chats/{chatId}/location/request`
    pub fn request_location(&self) -> Call<ChatLocationResult> {
        let call = self.api().request_chat_location();
        self.linq.call(call.chat_id(self.id()))
    }

    /// Stops sharing locations between your line and a handle; the event `location.sharing.stopped` confirms it.
    ///
    /// `DELETE /v3/chats/{chatId}/location`
    pub fn stop_location(&self, handle: impl Into<String>) -> Call<ChatLocationResult> {
        let (handle, checked) = checked_handle(handle);
        let call = self.api().stop_chat_location().chat_id(self.id());
        let body = StopChatLocationRequest::new(handle);
        self.linq.call(call.body(body)).checked(checked)
    }
}

/// Returns the handle in the form of the API, and whether it is a phone number or an e-mail address.
pub(crate) fn checked_handle(handle: impl Into<String>) -> (String, Result<(), InvalidMessage>) {
    let handle = normalize_handle(&handle.into());
    let checked = check_handle(&handle);
    (handle, checked)
}

/// Checks that the address is an `https` one, and that its file name is not one of another type.
fn check_voice_memo_url(url: &str) -> Result<(), InvalidMessage> {
    use SupportedContentType::{Video3gpp, VideoMp4};
    check_file_url(url)?;
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let name = path.splitn(4, '/').nth(3).unwrap_or_default();
    match content_type_of(name) {
        // These extensions are also used for sound only.
        None | Some(VideoMp4 | Video3gpp) => Ok(()),
        Some(content_type) => check_voice_memo(&content_type),
    }
}

/// The background of a chat, for [`ChatClient::set_background`].
///
/// The API refuses an unknown color or variant (1005). A [`SetChatBackgroundRequest`] converts into it.
///
/// ```
/// use linq_ext::Background;
///
/// let plain = Background::color("mango");
/// let sky = Background::dynamic("sky", "dusk");
/// # drop((plain, sky));
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "a background does nothing until it is set"]
pub struct Background(SetChatBackgroundRequest);

impl Background {
    /// Creates a plain background: `mango`, `ice`, `plum`, `deep_sea`, `green_apple`, `cherry`, `bubblegum`,
    /// `tangerine`, `magenta`, `lime`, `silver`, `carbon` or `stone`.
    pub fn color(name: impl Into<String>) -> Self {
        let color = SetChatBackgroundRequest::new(SetChatBackgroundRequestType::Color);
        Self(color.with_variant(name))
    }

    /// Creates a gradient between two colors, in hex such as `#FF8A00`.
    pub fn gradient(one: impl Into<String>, other: impl Into<String>) -> Self {
        let Self(gradient) = Self::color("custom");
        Self(gradient.with_shades(vec![one.into(), other.into()]))
    }

    /// Creates an animated background: `dusk`, `haze`, `sunset`, `clear`, `sunrise` or `dawn` of the `sky`, `light` or
    /// `dark` `water`, a `green`, `purple` or `pink` `aurora`.
    pub fn dynamic(
        style: impl Into<SetChatBackgroundRequestStyle>,
        variant: impl Into<String>,
    ) -> Self {
        let dynamic = SetChatBackgroundRequest::new(SetChatBackgroundRequestType::Dynamic);
        Self(dynamic.with_style(style).with_variant(variant))
    }

    /// Creates a background of the image at a public `https` address. The API refuses one that it cannot fetch
    /// (5007), and other files (5006).
    pub fn photo(url: impl Into<String>) -> Self {
        let photo = SetChatBackgroundRequest::new(SetChatBackgroundRequestType::Photo);
        Self(photo.with_image_url(url))
    }
}

impl From<SetChatBackgroundRequest> for Background {
    fn from(request: SetChatBackgroundRequest) -> Self {
        Self(request)
    }
}

// Without the address of a photo.
impl fmt::Debug for Background {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Background")
            .field("type", &self.0.type_)
            .field("style", &self.0.style)
            .field("variant", &self.0.variant)
            .finish_non_exhaustive()
    }
}
