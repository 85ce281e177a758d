//! A chat: [`ChatClient`], and what can be done with a chat besides sending messages.

use std::fmt;

use linq_client::operations::{
    ADD_PARTICIPANT, CREATE_POLL, GET_CHAT, GET_CHAT_LOCATION, LEAVE_CHAT, MARK_CHAT_AS_READ,
    REMOVE_CHAT_BACKGROUND, REMOVE_PARTICIPANT, REQUEST_CHAT_LOCATION, SEND_VOICE_MEMO_TO_CHAT,
    SET_CHAT_BACKGROUND, SHARE_CONTACT_WITH_CHAT, START_TYPING, STOP_CHAT_LOCATION, STOP_TYPING,
    UPDATE_CHAT,
};
use linq_types::{
    AddParticipantRequest, AddParticipantResponse, Chat, ChatLocationResult, CreatePollRequest,
    GetChatLocationResult, LeaveChatResponse, NewPoll, PollEnvelope, PollOptionText,
    RemoveParticipantRequest, RemoveParticipantResponse, SendVoiceMemoToChatRequest,
    SendVoiceMemoToChatResult, SetChatBackgroundRequest, SetChatBackgroundRequestStyle,
    SetChatBackgroundRequestType, StopChatLocationRequest, SupportedContentType, UpdateChatRequest,
    UpdateChatResponse,
};
use uuid::Uuid;

use crate::id::{IntoId, checked};
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
    /// `None` if the id is not a UUID; calls fail in that case.
    id: Option<Uuid>,
}

impl Linq {
    /// Returns the client for a chat, by the id of the chat.
    ///
    /// If the id is not a UUID, its calls fail with [`Error::is_invalid_request`], and nothing is sent.
    #[must_use]
    pub fn chat(&self, id: impl IntoId) -> ChatClient {
        ChatClient {
            linq: self.clone(),
            id: id.into_id(),
        }
    }
}

impl ChatClient {
    /// Returns the id of the chat; `None` if [`Linq::chat`] was given something else than a UUID.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        self.id
    }

    pub(crate) fn linq(&self) -> &Linq {
        &self.linq
    }

    /// The id, for a call.
    pub(crate) fn uuid(&self) -> Result<Uuid, Error> {
        checked("chat", self.id)
    }

    /// The id and a body, for a call.
    pub(crate) fn uuid_and<B>(&self, body: Result<B, Error>) -> Result<(Uuid, B), Error> {
        Ok((self.uuid()?, body?))
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
    /// The chat with its participants and its health.
    ///
    /// `GET /v3/chats/{chatId}`
    pub fn get(&self) -> Call<Chat> {
        Call::prepared(self.linq(), &GET_CHAT, self.uuid(), |client, id| {
            client.get_chat().chat_id(id).prepare()
        })
    }

    /// Changes name and icon of a group. A direct chat answers 1006.
    ///
    /// The change is queued; `chat.group_name_updated`, `chat.group_icon_updated` and the events of their
    /// failures tell the outcome.
    ///
    /// `PUT /v3/chats/{chatId}`
    pub fn update(&self, changes: UpdateChatRequest) -> Call<UpdateChatResponse> {
        let input = self.uuid_and(Ok(changes));
        Call::prepared(self.linq(), &UPDATE_CHAT, input, |client, (id, changes)| {
            client.update_chat().chat_id(id).body(changes).prepare()
        })
    }

    /// Changes the name of a group; see [`update`](Self::update).
    pub fn rename(&self, name: impl Into<String>) -> Call<UpdateChatResponse> {
        self.update(UpdateChatRequest::new().with_display_name(name))
    }

    /// Changes the icon of a group to the image at an address; see [`update`](Self::update).
    pub fn set_icon(&self, url: impl Into<String>) -> Call<UpdateChatResponse> {
        self.update(UpdateChatRequest::new().with_group_chat_icon(url))
    }

    /// Shows a colour, a moving picture or a photo behind the chat, for everybody in it.
    ///
    /// The change is queued; `chat.background_updated` or `chat.background_update_failed` tells the outcome.
    ///
    /// `POST /v3/chats/{chatId}/background`
    pub fn set_background(&self, background: Background) -> Call<()> {
        let input = self.uuid_and(background.checked());
        Call::prepared(
            self.linq(),
            &SET_CHAT_BACKGROUND,
            input,
            |client, (id, background)| {
                client
                    .set_chat_background()
                    .chat_id(id)
                    .body(background)
                    .prepare()
            },
        )
    }

    /// Takes the background away.
    ///
    /// `DELETE /v3/chats/{chatId}/background`
    pub fn remove_background(&self) -> Call<()> {
        Call::prepared(
            self.linq(),
            &REMOVE_CHAT_BACKGROUND,
            self.uuid(),
            |client, id| client.remove_chat_background().chat_id(id).prepare(),
        )
    }
}

/// Who is in the chat.
impl ChatClient {
    /// Invites a handle into a group of three or more; `participant.added` confirms it.
    ///
    /// The request carries no key: after an unclear failure look at the handles of the [chat](Self::get).
    ///
    /// `POST /v3/chats/{chatId}/participants`
    pub fn add_participant(&self, handle: impl Into<String>) -> Call<AddParticipantResponse> {
        let input = self.uuid_and(checked_handle(handle).map(AddParticipantRequest::new));
        Call::prepared(
            self.linq(),
            &ADD_PARTICIPANT,
            input,
            |client, (id, handle)| client.add_participant().chat_id(id).body(handle).prepare(),
        )
    }

    /// Takes a handle out of a group, where three or more have to be left; `participant.removed` confirms it.
    ///
    /// `DELETE /v3/chats/{chatId}/participants`
    pub fn remove_participant(&self, handle: impl Into<String>) -> Call<RemoveParticipantResponse> {
        let input = self.uuid_and(checked_handle(handle).map(RemoveParticipantRequest::new));
        Call::prepared(
            self.linq(),
            &REMOVE_PARTICIPANT,
            input,
            |client, (id, handle)| {
                client
                    .remove_participant()
                    .chat_id(id)
                    .body(handle)
                    .prepare()
            },
        )
    }

    /// Takes your line out of an iMessage group of four or more. Afterwards the chat answers 2013.
    ///
    /// `POST /v3/chats/{chatId}/leave`
    pub fn leave(&self) -> Call<LeaveChatResponse> {
        Call::prepared(self.linq(), &LEAVE_CHAT, self.uuid(), |client, id| {
            client.leave_chat().chat_id(id).prepare()
        })
    }
}

/// What the other side sees besides messages.
impl ChatClient {
    /// Marks all that was received as read. In groups it has no effect.
    ///
    /// `POST /v3/chats/{chatId}/read`
    pub fn mark_read(&self) -> Call<()> {
        Call::prepared(
            self.linq(),
            &MARK_CHAT_AS_READ,
            self.uuid(),
            |client, id| client.mark_chat_as_read().chat_id(id).prepare(),
        )
    }

    /// Shows the typing indicator for about 85 seconds, or until the next message.
    ///
    /// It needs iMessage, and a message from you within about five minutes; success does not promise that it
    /// was shown.
    ///
    /// `POST /v3/chats/{chatId}/typing`
    pub fn start_typing(&self) -> Call<()> {
        Call::prepared(self.linq(), &START_TYPING, self.uuid(), |client, id| {
            client.start_typing().chat_id(id).prepare()
        })
    }

    /// Hides the typing indicator, which a message does too.
    ///
    /// `DELETE /v3/chats/{chatId}/typing`
    pub fn stop_typing(&self) -> Call<()> {
        Call::prepared(self.linq(), &STOP_TYPING, self.uuid(), |client, id| {
            client.stop_typing().chat_id(id).prepare()
        })
    }

    /// Sends the contact card of your line, once in five minutes at most (1007).
    ///
    /// You must have written in the chat before, and have [set the card up](crate::Linq::set_up_contact_card)
    /// (2012).
    ///
    /// `POST /v3/chats/{chatId}/share_contact_card`
    pub fn share_contact_card(&self) -> Call<()> {
        Call::prepared(
            self.linq(),
            &SHARE_CONTACT_WITH_CHAT,
            self.uuid(),
            |client, id| client.share_contact_with_chat().chat_id(id).prepare(),
        )
    }
}

/// What is sent besides messages.
impl ChatClient {
    /// Sends a recording that was uploaded beforehand as a voice memo, which iMessage plays inside the chat.
    ///
    /// The request carries no key, and an unclear failure is not repeated: it could send the memo twice. To
    /// send it to somebody who opted out, add [`body_field("override_optout", true)`](Call::body_field).
    ///
    /// `POST /v3/chats/{chatId}/voicememo`
    pub fn send_voice_memo(&self, attachment_id: impl IntoId) -> Call<SendVoiceMemoToChatResult> {
        let id = checked("attachment", attachment_id.into_id());
        self.voice_memo(id.map(|id| SendVoiceMemoToChatRequest::new().with_attachment_id(id)))
    }

    /// The same for a recording at a public `https` address: MP3, M4A, AAC, CAF, WAV, AIFF or AMR, at most
    /// 10 MB.
    pub fn send_voice_memo_url(&self, url: impl Into<String>) -> Call<SendVoiceMemoToChatResult> {
        let url = url.into();
        let checked = check_voice_memo_url(&url).map_err(Error::from);
        self.voice_memo(
            checked.map(|()| SendVoiceMemoToChatRequest::new().with_voice_memo_url(url)),
        )
    }

    fn voice_memo(
        &self,
        memo: Result<SendVoiceMemoToChatRequest, Error>,
    ) -> Call<SendVoiceMemoToChatResult> {
        let input = self.uuid_and(memo);
        Call::prepared(
            self.linq(),
            &SEND_VOICE_MEMO_TO_CHAT,
            input,
            |client, (id, memo)| {
                client
                    .send_voice_memo_to_chat()
                    .chat_id(id)
                    .body(memo)
                    .prepare()
            },
        )
    }

    /// Sends a poll of two or more options, by iMessage alone (2017).
    ///
    /// A poll has no title: send the question first. Keep the `message_id` of the answer; votes and further
    /// options need it, see [`MessageHandle::vote`](crate::MessageHandle::vote).
    ///
    /// `POST /v3/chats/{chatId}/polls`
    pub fn create_poll<S: Into<String>>(
        &self,
        options: impl IntoIterator<Item = S>,
    ) -> Call<PollEnvelope> {
        let options: Vec<_> = options.into_iter().map(PollOptionText::new).collect();
        let poll = if options.len() < 2 {
            Err(Error::invalid_request("a poll has two options or more"))
        } else {
            Ok(CreatePollRequest::new(NewPoll::new(options)))
        };
        let input = self.uuid_and(poll);
        Call::prepared(self.linq(), &CREATE_POLL, input, |client, (id, poll)| {
            client.create_poll().chat_id(id).body(poll).prepare()
        })
    }
}

/// Where people are.
impl ChatClient {
    /// The positions of those who share theirs with your line, as GeoJSON: longitude first, then latitude.
    ///
    /// `GET /v3/chats/{chatId}/location`
    pub fn location(&self) -> Call<GetChatLocationResult> {
        Call::prepared(
            self.linq(),
            &GET_CHAT_LOCATION,
            self.uuid(),
            |client, id| client.get_chat_location().chat_id(id).prepare(),
        )
    }

    /// Asks the person of a direct iMessage chat (2016, 2017) to share their position.
    ///
    /// `location.sharing.started` tells that they agreed.
    ///
    /// `POST /v3/chats/{chatId}/location/request`
    pub fn request_location(&self) -> Call<ChatLocationResult> {
        Call::prepared(
            self.linq(),
            &REQUEST_CHAT_LOCATION,
            self.uuid(),
            |client, id| client.request_chat_location().chat_id(id).prepare(),
        )
    }

    /// Ends the sharing of positions between your line and a handle; `location.sharing.stopped` confirms it.
    ///
    /// `DELETE /v3/chats/{chatId}/location`
    pub fn stop_location(&self, handle: impl Into<String>) -> Call<ChatLocationResult> {
        let input = self.uuid_and(checked_handle(handle).map(StopChatLocationRequest::new));
        Call::prepared(
            self.linq(),
            &STOP_CHAT_LOCATION,
            input,
            |client, (id, handle)| {
                client
                    .stop_chat_location()
                    .chat_id(id)
                    .body(handle)
                    .prepare()
            },
        )
    }
}

/// Returns the handle in the form of the API, if it is a phone number or an e-mail address.
pub(crate) fn checked_handle(handle: impl Into<String>) -> Result<String, Error> {
    let handle = normalize_handle(&handle.into());
    check_handle(&handle)?;
    Ok(handle)
}

/// Refuses what is no `https` address, and files whose name says that they are no recording.
fn check_voice_memo_url(url: &str) -> Result<(), InvalidMessage> {
    use SupportedContentType::{Video3gpp, VideoMp4};
    check_file_url(url)?;
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let name = path.splitn(4, '/').nth(3).unwrap_or_default();
    match content_type_of(name) {
        // The same extensions are used for sound alone.
        None | Some(VideoMp4 | Video3gpp) => Ok(()),
        Some(content_type) => check_voice_memo(&content_type),
    }
}

/// What stands behind a chat, for [`ChatClient::set_background`](crate::ChatClient::set_background).
///
/// An unknown colour or variant answers 1005.
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
    /// One of the ready-made colours: `mango`, `ice`, `plum`, `deep_sea`, `green_apple`, `cherry`, `bubblegum`,
    /// `tangerine`, `magenta`, `lime`, `silver`, `carbon` or `stone`.
    pub fn color(name: impl Into<String>) -> Self {
        Self::of(SetChatBackgroundRequestType::Color, |request| {
            request.with_variant(name)
        })
    }

    /// A gradient between two colours, in hex such as `#FF8A00`.
    pub fn gradient(one: impl Into<String>, other: impl Into<String>) -> Self {
        Self::of(SetChatBackgroundRequestType::Color, |request| {
            request
                .with_variant("custom")
                .with_shades(vec![one.into(), other.into()])
        })
    }

    /// A moving picture: `dusk`, `haze`, `sunset`, `clear`, `sunrise` or `dawn` of the `sky`, `light` or `dark`
    /// `water`, a `green`, `purple` or `pink` `aurora`.
    pub fn dynamic(
        style: impl Into<SetChatBackgroundRequestStyle>,
        variant: impl Into<String>,
    ) -> Self {
        Self::of(SetChatBackgroundRequestType::Dynamic, |request| {
            request.with_style(style).with_variant(variant)
        })
    }

    /// The image at a public `https` address. One that cannot be fetched answers 5007, something else than an
    /// image 5006.
    pub fn photo(url: impl Into<String>) -> Self {
        Self::of(SetChatBackgroundRequestType::Photo, |request| {
            request.with_image_url(url)
        })
    }

    fn of(
        kind: SetChatBackgroundRequestType,
        describe: impl FnOnce(SetChatBackgroundRequest) -> SetChatBackgroundRequest,
    ) -> Self {
        Self(describe(SetChatBackgroundRequest::new(kind)))
    }

    fn checked(self) -> Result<SetChatBackgroundRequest, Error> {
        if let Some(url) = &self.0.image_url {
            check_file_url(url)?;
        }
        Ok(self.0)
    }
}

/// For what this crate has no name for.
impl From<SetChatBackgroundRequest> for Background {
    fn from(request: SetChatBackgroundRequest) -> Self {
        Self(request)
    }
}

/// Without the address of a photo.
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
