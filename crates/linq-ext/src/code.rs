//! Linq's own codes for errors.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)+) => {
        /// Linq's own code for an error, finer than the HTTP status.
        ///
        /// The set is open: a code that this release does not know is [`Unknown`](Self::Unknown). Codes come
        /// in answers of the API, and in the events `message.failed` and `poll.failed`.
        ///
        /// ```
        /// use linq_ext::ErrorCode;
        ///
        /// assert_eq!(ErrorCode::from(2024), ErrorCode::RecipientOptedOut);
        /// assert_eq!(ErrorCode::from(9999).as_i64(), 9999);
        /// assert_eq!(ErrorCode::RateLimited.to_string(), "1007 (RateLimited)");
        /// ```
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)+
            /// A code that this release does not know.
            ///
            /// A known code in here is equal to its name, and hashes the same.
            Unknown(i64),
        }

        impl ErrorCode {
            /// Every code that has a name, in ascending order.
            pub const KNOWN: &'static [Self] = &[$(Self::$name,)+];

            /// The code as the API writes it.
            #[must_use]
            pub const fn as_i64(self) -> i64 {
                match self {
                    $(Self::$name => $code,)+
                    Self::Unknown(code) => code,
                }
            }

            /// The name of the code here, `None` if it has none.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.as_i64() {
                    $($code => Some(stringify!($name)),)+
                    _ => None,
                }
            }
        }

        impl From<i64> for ErrorCode {
            fn from(code: i64) -> Self {
                match code {
                    $($code => Self::$name,)+
                    code => Self::Unknown(code),
                }
            }
        }
    };
}

codes! {
    /// 1001: a required field is missing.
    MissingField = 1001,
    /// 1002: a phone number is not in E.164 form, such as `+12025550100`.
    InvalidPhoneNumber = 1002,
    /// 1003: the request body is malformed.
    MalformedRequest = 1003,
    /// 1004: the content of the message is invalid, such as parts that do not go together.
    InvalidMessageContent = 1004,
    /// 1005: a parameter has a value that is not allowed, such as a link in the first message of a chat.
    InvalidParameter = 1005,
    /// 1006: a direct chat cannot be updated.
    DirectChatNotUpdatable = 1006,
    /// 1007: too many requests; wait as long as `Retry-After` says.
    RateLimited = 1007,
    /// 1008: an iMessage app part is invalid.
    InvalidAppCard = 1008,
    /// 2001: there is no such chat.
    ChatNotFound = 2001,
    /// 2002: there is no such message.
    MessageNotFound = 2002,
    /// 2003: there is no such attachment.
    AttachmentNotFound = 2003,
    /// 2004: the API key is missing, wrong or expired.
    Unauthorized = 2004,
    /// 2005: the resource belongs to another account.
    AccessDenied = 2005,
    /// 2006: the line belongs to another account.
    LineNotOwned = 2006,
    /// 2007: the attachment is still being prepared; it is ready within seconds.
    AttachmentNotReady = 2007,
    /// 2008: the recipient is closed to this line; on a sandbox line they have to write first.
    RecipientNotAllowed = 2008,
    /// 2009: the chat is still being created; it is ready within seconds.
    ChatNotReady = 2009,
    /// 2010: there is no such webhook subscription.
    WebhookSubscriptionNotFound = 2010,
    /// 2011: the feature is off for this account.
    FeatureNotEnabled = 2011,
    /// 2012: there is no contact card.
    ContactCardNotFound = 2012,
    /// 2013: the chat is not available, since you left it.
    ChatUnavailable = 2013,
    /// 2014: there is a contact card already; update it.
    ContactCardExists = 2014,
    /// 2015: the request conflicts with the present state; fetch it before the next try.
    StateConflict = 2015,
    /// 2016: this cannot be done in a group chat.
    NotInGroupChats = 2016,
    /// 2017: this cannot be done on the service of the chat.
    NotOnThisService = 2017,
    /// 2018: an app card needs iMessage.
    AppCardNeedsImessage = 2018,
    /// 2019: there is no line with this id.
    LineNotFound = 2019,
    /// 2021: there is no such payment request.
    PaymentRequestNotFound = 2021,
    /// 2022: the contact card could not be set up; this passes within seconds.
    ContactCardSetupFailed = 2022,
    /// 2023: a mention needs a group chat.
    MentionNeedsGroup = 2023,
    /// 2024: the recipient has opted out of messages.
    RecipientOptedOut = 2024,
    /// 2026: the handle is blocked.
    HandleBlocked = 2026,
    /// 2027: the line cannot send for now; reading still works.
    LineIneligible = 2027,
    /// 2028: an App Clip card needs iMessage.
    AppClipNeedsImessage = 2028,
    /// 3001: something failed on Linq's side; a pause helps.
    ServerError3001 = 3001,
    /// 3002: something failed on Linq's side; a pause helps.
    ServerError3002 = 3002,
    /// 3003: something failed on Linq's side; a pause helps.
    ServerError3003 = 3003,
    /// 3004: something failed on Linq's side; a pause helps.
    ServerError3004 = 3004,
    /// 3005: the network on Linq's side timed out.
    NetworkTimeout = 3005,
    /// 3006: something failed on Linq's side; a pause helps.
    ServerError3006 = 3006,
    /// 3007: every try to deliver has been used up.
    DeliveryAttemptsExhausted = 3007,
    /// 4001: the delivery failed.
    DeliveryFailed = 4001,
    /// 4002: the line is offline.
    LineOffline = 4002,
    /// 4003: a webhook could not be delivered.
    WebhookDeliveryFailed = 4003,
    /// 4004: the service is not available for now.
    ServiceUnavailable = 4004,
    /// 4005: the recipient cannot take this type of message.
    UnsupportedByRecipient = 4005,
    /// 4006: sending timed out.
    SendTimedOut = 4006,
    /// 4007: the message failed; Linq does not document how.
    MessageFailed4007 = 4007,
    /// 4008: the message failed; Linq does not document how.
    MessageFailed4008 = 4008,
    /// 4009: the line has no RCS account, so nothing is known about RCS.
    NoRcsAccount = 4009,
    /// 4010: the RCS check could not be run, so nothing is known about RCS.
    RcsCheckFailed = 4010,
    /// 5001: the upload of a file failed.
    UploadFailed = 5001,
    /// 5002: the download of a file failed.
    DownloadFailed = 5002,
    /// 5003: no address for a file could be made.
    PresignFailed = 5003,
    /// 5004: files of this type are refused.
    UnsupportedFileType = 5004,
    /// 5005: the file is too large.
    FileTooLarge = 5005,
    /// 5006: the file is not of the content type given.
    ContentTypeMismatch = 5006,
    /// 5007: the image could not be fetched from its address.
    ImageNotFetched = 5007,
}

impl ErrorCode {
    /// True if the cause passes by itself, so that the same request can succeed later.
    ///
    /// It does not say that repeating is safe: after some of these a message may have been sent. An unknown
    /// code is not transient; judge those by the HTTP status.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(
            self.as_i64(),
            1007 | 2007 | 2009 | 2022 | 3001..=3006 | 4001 | 4004 | 4010 | 5001..=5003
        )
    }
}

impl PartialEq for ErrorCode {
    fn eq(&self, other: &Self) -> bool {
        self.as_i64() == other.as_i64()
    }
}

impl Eq for ErrorCode {}

impl PartialOrd for ErrorCode {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ErrorCode {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_i64().cmp(&other.as_i64())
    }
}

impl std::hash::Hash for ErrorCode {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_i64().hash(state);
    }
}

impl From<ErrorCode> for i64 {
    fn from(code: ErrorCode) -> Self {
        code.as_i64()
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(formatter, "{} ({name})", self.as_i64()),
            None => write!(formatter, "{}", self.as_i64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn codes_go_there_and_back() {
        for known in ErrorCode::KNOWN {
            let code = ErrorCode::from(known.as_i64());
            assert!(!matches!(code, ErrorCode::Unknown(_)), "{known}");
            assert_eq!(code, *known);
            assert_eq!(ErrorCode::Unknown(known.as_i64()), *known);
            assert_eq!(
                ErrorCode::Unknown(known.as_i64()).to_string(),
                known.to_string()
            );
        }
        assert!(ErrorCode::KNOWN.is_sorted_by(|a, b| a < b));
        for unknown in [0, -1, 2020, 2025, i64::MAX] {
            assert!(matches!(ErrorCode::from(unknown), ErrorCode::Unknown(_)));
            assert_eq!(i64::from(ErrorCode::from(unknown)), unknown);
            assert_eq!(ErrorCode::from(unknown).to_string(), unknown.to_string());
        }
    }

    #[test]
    fn the_passing_ones_are_those_of_the_facts() {
        let transient: Vec<_> = ErrorCode::KNOWN
            .iter()
            .filter(|code| code.is_transient())
            .map(|code| code.as_i64())
            .collect();
        let expected = [
            1007, 2007, 2009, 2022, 3001, 3002, 3003, 3004, 3005, 3006, 4001, 4004, 4010, 5001,
            5002, 5003,
        ];
        assert_eq!(transient, expected);
        assert!(!ErrorCode::Unknown(3999).is_transient());
    }
}
