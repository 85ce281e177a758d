//! A message by its id: [`MessageClient`], with edits, reactions and polls.

use std::fmt;

use linq_client::Client;
use linq_types::{
    AddPollOptionsRequest, EditMessageRequest, PollEnvelope, PollOptionText, SendMessageResponse,
    SendReactionRequest, SendReactionRequestOperation, SendReactionResponse, StickerPlacement,
    UpdateAppCardRequest, UpdateStickerPlacementRequest, UpdateStickerPlacementResult,
    VotePollRequest, VotePollRequestOperation,
};
use uuid::Uuid;

use crate::id::{self, IntoId};
use crate::message::{check_app_card_update, check_text};
use crate::reaction::{Reaction, Sticker, check_placement};
use crate::{Call, Error, Linq};

/// A client for one message that was sent or received; create it with [`Linq::message`].
///
/// It owns a clone of the client. Creating it sends nothing.
#[derive(Clone)]
pub struct MessageClient {
    linq: Linq,
    id: String,
}

impl Linq {
    /// Returns the client for a message.
    #[must_use]
    pub fn message(&self, id: impl IntoId) -> MessageClient {
        MessageClient {
            linq: self.clone(),
            id: id.into_id(),
        }
    }
}

impl MessageClient {
    /// Returns the id of the message.
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

impl fmt::Debug for MessageClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MessageClient")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The message itself.
impl MessageClient {
    /// Returns the message with its parts, reactions and delivery times.
    ///
    /// `GET /v3/messages/{messageId}`
    pub fn get(&self) -> Call<linq_types::Message> {
        self.linq
            .call(self.api().get_message().message_id(self.id()))
    }

    /// Deletes the message from the records of Linq. It is not unsent: recipients keep it.
    ///
    /// `DELETE /v3/messages/{messageId}`
    pub fn delete(&self) -> Call<()> {
        self.linq
            .call(self.api().delete_message().message_id(self.id()))
    }

    /// Replaces the text of an iMessage that you sent with 1 to 10,000 characters, at most five times within 15
    /// minutes of sending; the event `message.edited` confirms it.
    ///
    /// It changes the first part; see [`edit_part`](Self::edit_part) for another one. The request has no idempotency
    /// key: an unclear failure is not retried, since it could use up one of the five edits.
    ///
    /// `PATCH /v3/messages/{messageId}`
    pub fn edit(&self, text: impl Into<String>) -> Call<linq_types::Message> {
        self.edit_with(EditMessageRequest::new(text))
    }

    /// Replaces the text of one part, counted from 0; see [`edit`](Self::edit).
    pub fn edit_part(&self, part_index: u16, text: impl Into<String>) -> Call<linq_types::Message> {
        self.edit_with(EditMessageRequest::new(text).with_part_index(part_index))
    }

    fn edit_with(&self, edit: EditMessageRequest) -> Call<linq_types::Message> {
        let checked = check_text(&edit.text);
        let call = self.api().edit_message().message_id(self.id());
        self.linq.call(call.body(edit)).checked(checked)
    }

    /// Replaces the app card of a message that you sent with its next state, which is a new message.
    ///
    /// `interactive` is not inherited from the old card. The request has no idempotency key: an unclear failure is not
    /// retried.
    ///
    /// `POST /v3/messages/{messageId}/update`
    pub fn update_app_card(&self, card: UpdateAppCardRequest) -> Call<SendMessageResponse> {
        let checked = match (&card.url, &card.experience) {
            (Some(_), Some(_)) => Err(Error::invalid_request(
                "an app card continues with either a URL or an experience",
            )),
            _ => check_app_card_update(&card).map_err(Error::from),
        };
        let call = self.api().update_app_card().message_id(self.id());
        self.linq.call(call.body(card)).checked(checked)
    }
}

/// Reactions.
impl MessageClient {
    /// Adds a reaction to the message; the event `reaction.added` confirms it.
    ///
    /// The request has no idempotency key: after an unclear failure look at the reactions of the
    /// [message](Self::get).
    ///
    /// `POST /v3/messages/{messageId}/reactions`
    pub fn react(&self, reaction: impl Into<Reaction>) -> Call<SendReactionResponse> {
        let add = SendReactionRequestOperation::Add;
        self.send_reaction(reaction.into().into_request(add))
    }

    /// Removes a reaction of your line; the event `reaction.removed` confirms it. See [`react`](Self::react).
    pub fn unreact(&self, reaction: impl Into<Reaction>) -> Call<SendReactionResponse> {
        let remove = SendReactionRequestOperation::Remove;
        self.send_reaction(reaction.into().into_request(remove))
    }

    /// Puts a sticker on the message. It can be [moved](Self::move_sticker), and not removed. See
    /// [`react`](Self::react).
    pub fn stick(&self, sticker: Sticker) -> Call<SendReactionResponse> {
        self.send_reaction(sticker.into_request())
    }

    fn send_reaction(
        &self,
        (reaction, checked): (SendReactionRequest, Result<(), Error>),
    ) -> Call<SendReactionResponse> {
        let call = self.api().send_reaction().message_id(self.id());
        self.linq.call(call.body(reaction)).checked(checked)
    }

    /// Moves, resizes or rotates a sticker of your line; its id is that of the reaction.
    ///
    /// `PATCH /v3/messages/{messageId}/reactions/{reactionId}`
    pub fn move_sticker(
        &self,
        reaction_id: impl IntoId,
        placement: StickerPlacement,
    ) -> Call<UpdateStickerPlacementResult> {
        let checked = check_placement(&placement);
        let call = self.api().update_sticker_placement().message_id(self.id());
        let call = call.reaction_id(reaction_id.into_id());
        let body = UpdateStickerPlacementRequest::new(placement);
        self.linq.call(call.body(body)).checked(checked)
    }
}

/// Polls, by the `message_id` of the response of [`ChatClient::create_poll`](crate::ChatClient::create_poll), or of
/// the event `poll.received`.
impl MessageClient {
    /// Returns the poll with its options, votes and reactions.
    ///
    /// `GET /v3/messages/{messageId}/poll`
    pub fn poll(&self) -> Call<PollEnvelope> {
        self.linq.call(self.api().get_poll().message_id(self.id()))
    }

    /// Adds options to the poll. They cannot be removed.
    ///
    /// The request has no idempotency key: after an unclear failure look at the [poll](Self::poll).
    ///
    /// `POST /v3/messages/{messageId}/poll/options`
    pub fn add_poll_options<S: Into<String>>(
        &self,
        options: impl IntoIterator<Item = S>,
    ) -> Call<PollEnvelope> {
        let options: Vec<_> = options.into_iter().map(PollOptionText::new).collect();
        let checked = match options.is_empty() {
            true => Err(Error::invalid_request("there is no option to add")),
            false => Ok(()),
        };
        let call = self.api().add_poll_options().message_id(self.id());
        let body = AddPollOptionsRequest::new(options);
        self.linq.call(call.body(body)).checked(checked)
    }

    /// Votes for an option, in addition to votes for others.
    ///
    /// `POST /v3/messages/{messageId}/poll/votes`
    pub fn vote(&self, option_id: impl IntoId) -> Call<PollEnvelope> {
        self.send_vote(VotePollRequestOperation::Add, option_id)
    }

    /// Removes a vote of your line.
    ///
    /// `POST /v3/messages/{messageId}/poll/votes`
    pub fn unvote(&self, option_id: impl IntoId) -> Call<PollEnvelope> {
        self.send_vote(VotePollRequestOperation::Remove, option_id)
    }

    fn send_vote(
        &self,
        operation: VotePollRequestOperation,
        option_id: impl IntoId,
    ) -> Call<PollEnvelope> {
        let (option, checked) = match id::uuid("option", option_id) {
            Ok(option) => (option, Ok(())),
            Err(error) => (Uuid::nil(), Err(error)),
        };
        let call = self.api().vote_poll().message_id(self.id());
        let body = VotePollRequest::new(operation, option);
        self.linq.call(call.body(body)).checked(checked)
    }
}
