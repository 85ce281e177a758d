//! A message by its id: [`MessageClient`], with reactions, edits and polls.

use std::fmt;

use linq_client::operations::{
    ADD_POLL_OPTIONS, DELETE_MESSAGE, EDIT_MESSAGE, GET_MESSAGE, GET_POLL, SEND_REACTION,
    UPDATE_APP_CARD, UPDATE_STICKER_PLACEMENT, VOTE_POLL,
};
use linq_types::{
    AddPollOptionsRequest, EditMessageRequest, PollEnvelope, PollOptionText, SendMessageResponse,
    SendReactionRequest, SendReactionRequestOperation, SendReactionResponse, StickerPlacement,
    UpdateAppCardRequest, UpdateStickerPlacementRequest, UpdateStickerPlacementResult,
    VotePollRequest, VotePollRequestOperation,
};
use uuid::Uuid;

use crate::id::{IntoId, checked};
use crate::message::{check_app_card_update, check_text};
use crate::reaction::{Reaction, Sticker, checked_placement};
use crate::{Call, Error, Linq};

/// A client for one message that was sent or received; create it with [`Linq::message`].
///
/// It owns a clone of the client. Creating it sends nothing.
#[derive(Clone)]
pub struct MessageClient {
    linq: Linq,
    /// `None` if the id is not a UUID; calls fail in that case.
    id: Option<Uuid>,
}

impl Linq {
    /// Returns the client for a message, by the id of the message.
    ///
    /// If the id is not a UUID, its calls fail with [`Error::is_invalid_request`], and nothing is sent.
    #[must_use]
    pub fn message(&self, id: impl IntoId) -> MessageClient {
        MessageClient {
            linq: self.clone(),
            id: id.into_id(),
        }
    }
}

impl MessageClient {
    /// Returns the id of the message; `None` if [`Linq::message`] was given something else than a UUID.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        self.id
    }

    pub(crate) fn linq(&self) -> &Linq {
        &self.linq
    }

    /// The id, for a call.
    pub(crate) fn uuid(&self) -> Result<Uuid, Error> {
        checked("message", self.id)
    }

    /// The id and a body, for a call.
    pub(crate) fn uuid_and<B>(&self, body: Result<B, Error>) -> Result<(Uuid, B), Error> {
        Ok((self.uuid()?, body?))
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
    /// The message with its parts, reactions and delivery times.
    ///
    /// `GET /v3/messages/{messageId}`
    pub fn get(&self) -> Call<linq_types::Message> {
        Call::prepared(self.linq(), &GET_MESSAGE, self.uuid(), |client, id| {
            client.get_message().message_id(id).prepare()
        })
    }

    /// Removes the message from Linq's records. It is not unsent: recipients keep it.
    ///
    /// `DELETE /v3/messages/{messageId}`
    pub fn delete(&self) -> Call<()> {
        Call::prepared(self.linq(), &DELETE_MESSAGE, self.uuid(), |client, id| {
            client.delete_message().message_id(id).prepare()
        })
    }

    /// Replaces the text of an iMessage of yours by one of 1 to 10,000 characters, at most five times within 15
    /// minutes of sending; `message.edited` confirms it.
    ///
    /// It changes the first part; see [`edit_part`](Self::edit_part) for another one. The request carries no
    /// key: an unclear failure is not repeated, since it could use up one of the five.
    ///
    /// `PATCH /v3/messages/{messageId}`
    pub fn edit(&self, text: impl Into<String>) -> Call<linq_types::Message> {
        self.edit_text(EditMessageRequest::new(text))
    }

    /// The same for a text part at a position, counted from 0.
    pub fn edit_part(&self, part_index: u16, text: impl Into<String>) -> Call<linq_types::Message> {
        self.edit_text(EditMessageRequest::new(text).with_part_index(part_index))
    }

    fn edit_text(&self, edit: EditMessageRequest) -> Call<linq_types::Message> {
        let checked = check_text(&edit.text).map_err(Error::from);
        let input = self.uuid_and(checked.map(|()| edit));
        Call::prepared(self.linq(), &EDIT_MESSAGE, input, |client, (id, edit)| {
            client.edit_message().message_id(id).body(edit).prepare()
        })
    }

    /// Replaces the app card of a message of yours by a new state of it, which is a message of its own.
    ///
    /// `interactive` is not taken over from the old card. The request carries no key: an unclear failure is not
    /// repeated.
    ///
    /// `POST /v3/messages/{messageId}/update`
    pub fn update_app_card(&self, card: UpdateAppCardRequest) -> Call<SendMessageResponse> {
        let checked = check_app_card_update(&card).map_err(Error::from);
        let checked = checked.and_then(|()| match (&card.url, &card.experience) {
            (Some(_), Some(_)) => Err(Error::invalid_request(
                "an app card goes on with either a URL or an experience",
            )),
            _ => Ok(card),
        });
        let input = self.uuid_and(checked);
        Call::prepared(
            self.linq(),
            &UPDATE_APP_CARD,
            input,
            |client, (id, card)| client.update_app_card().message_id(id).body(card).prepare(),
        )
    }
}

/// Reactions.
impl MessageClient {
    /// Puts a reaction on the message; `reaction.added` confirms it.
    ///
    /// The request carries no key: after an unclear failure look at the reactions of the [message](Self::get).
    ///
    /// `POST /v3/messages/{messageId}/reactions`
    pub fn react(&self, reaction: impl Into<Reaction>) -> Call<SendReactionResponse> {
        self.send_reaction(reaction.into().checked(SendReactionRequestOperation::Add))
    }

    /// Takes a reaction of yours back; `reaction.removed` confirms it. See [`react`](Self::react).
    pub fn unreact(&self, reaction: impl Into<Reaction>) -> Call<SendReactionResponse> {
        let remove = SendReactionRequestOperation::Remove;
        self.send_reaction(reaction.into().checked(remove))
    }

    /// Puts a sticker on the message. It can be [moved](Self::move_sticker), and not be taken back. See
    /// [`react`](Self::react).
    pub fn stick(&self, sticker: Sticker) -> Call<SendReactionResponse> {
        self.send_reaction(sticker.checked())
    }

    fn send_reaction(
        &self,
        reaction: Result<SendReactionRequest, Error>,
    ) -> Call<SendReactionResponse> {
        let input = self.uuid_and(reaction);
        Call::prepared(
            self.linq(),
            &SEND_REACTION,
            input,
            |client, (id, reaction)| {
                client
                    .send_reaction()
                    .message_id(id)
                    .body(reaction)
                    .prepare()
            },
        )
    }

    /// Moves, resizes or turns a sticker of yours; the id is that of the reaction.
    ///
    /// `PATCH /v3/messages/{messageId}/reactions/{reactionId}`
    pub fn move_sticker(
        &self,
        reaction_id: impl IntoId,
        placement: StickerPlacement,
    ) -> Call<UpdateStickerPlacementResult> {
        let reaction = checked("reaction", reaction_id.into_id());
        let move_it = reaction.and_then(|reaction| {
            let placement = checked_placement(placement)?;
            Ok((reaction, UpdateStickerPlacementRequest::new(placement)))
        });
        let input = self.uuid_and(move_it);
        Call::prepared(
            self.linq(),
            &UPDATE_STICKER_PLACEMENT,
            input,
            |client, (id, (reaction, placement))| {
                client
                    .update_sticker_placement()
                    .message_id(id)
                    .reaction_id(reaction)
                    .body(placement)
                    .prepare()
            },
        )
    }
}

/// Polls, by the `message_id` that [`ChatClient::create_poll`](crate::ChatClient::create_poll) gave or
/// `poll.received` brought.
impl MessageClient {
    /// The poll with its options, votes and reactions.
    ///
    /// `GET /v3/messages/{messageId}/poll`
    pub fn poll(&self) -> Call<PollEnvelope> {
        Call::prepared(self.linq(), &GET_POLL, self.uuid(), |client, id| {
            client.get_poll().message_id(id).prepare()
        })
    }

    /// Puts further options behind those of the poll. They stay.
    ///
    /// The request carries no key: after an unclear failure look at the [poll](Self::poll).
    ///
    /// `POST /v3/messages/{messageId}/poll/options`
    pub fn add_poll_options<S: Into<String>>(
        &self,
        options: impl IntoIterator<Item = S>,
    ) -> Call<PollEnvelope> {
        let options: Vec<_> = options.into_iter().map(PollOptionText::new).collect();
        let options = if options.is_empty() {
            Err(Error::invalid_request("there is no option to add"))
        } else {
            Ok(AddPollOptionsRequest::new(options))
        };
        let input = self.uuid_and(options);
        Call::prepared(
            self.linq(),
            &ADD_POLL_OPTIONS,
            input,
            |client, (id, options)| {
                client
                    .add_poll_options()
                    .message_id(id)
                    .body(options)
                    .prepare()
            },
        )
    }

    /// Votes for an option, besides the votes for others.
    ///
    /// `POST /v3/messages/{messageId}/poll/votes`
    pub fn vote(&self, option_id: impl IntoId) -> Call<PollEnvelope> {
        self.send_vote(VotePollRequestOperation::Add, option_id)
    }

    /// Takes a vote of your line back.
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
        let option = checked("option", option_id.into_id());
        let input = self.uuid_and(option.map(|option| VotePollRequest::new(operation, option)));
        Call::prepared(self.linq(), &VOTE_POLL, input, |client, (id, vote)| {
            client.vote_poll().message_id(id).body(vote).prepare()
        })
    }
}
