//! Handles: phone numbers and e-mail addresses.

use super::rules::{InvalidMessage, Place, Report, Rule};

/// Largest number of recipients of a new chat (`POST /v3/chats`).
pub const MAX_RECIPIENTS: usize = 31;

/// Returns a handle in the form of the API: a phone number in E.164, or an e-mail address in lower case.
///
/// Removes surrounding white space and the schemes `tel:`, `sms:` and `mailto:`. From a phone number it also removes
/// spaces and punctuation, and it adds a missing `+` to 11 to 15 digits; fewer digits can be a short code, or lack
/// the country code, and stay as they are, like any other text. All methods that take handles apply it.
///
/// ```
/// use linq_ext::message::normalize_handle;
///
/// assert_eq!(normalize_handle("+1 (202) 555-0101"), "+12025550101");
/// assert_eq!(normalize_handle("12025550101"), "+12025550101");
/// assert_eq!(normalize_handle(" Ann@Example.com "), "ann@example.com");
/// ```
pub fn normalize_handle(handle: &str) -> String {
    let mut handle = handle.trim();
    for scheme in ["tel:", "sms:", "mailto:"] {
        if let Some((start, rest)) = handle.split_at_checked(scheme.len())
            && start.eq_ignore_ascii_case(scheme)
        {
            handle = rest.trim();
        }
    }
    if handle.contains('@') {
        return handle.to_lowercase();
    }
    let is_punctuation = |c: char| c.is_whitespace() || "-().\u{2010}\u{2011}\u{2013}/".contains(c);
    let compact: String = handle.chars().filter(|c| !is_punctuation(*c)).collect();
    let digits = compact.strip_prefix('+').unwrap_or(&compact);
    match digits.len() {
        7..=15 if !digits.bytes().all(|byte| byte.is_ascii_digit()) => handle.to_owned(),
        11..=15 => format!("+{digits}"),
        7..=10 => compact,
        _ => handle.to_owned(),
    }
}

/// Checks a handle: a phone number in E.164 or an e-mail address.
///
/// # Errors
///
/// [`Rule::Handle`].
///
/// ```
/// use linq_ext::message::check_handle;
///
/// assert!(check_handle("+12025550100").is_ok());
/// assert!(check_handle("someone@example.com").is_ok());
/// assert!(check_handle("(202) 555-0100").is_err());
/// ```
pub fn check_handle(handle: &str) -> Result<(), InvalidMessage> {
    check(is_handle(handle))
}

/// Checks a phone number in E.164: `+`, a digit from 1 to 9, and 1 to 14 more.
///
/// Lines, forwarding numbers and RCS capability checks accept nothing else.
///
/// # Errors
///
/// [`Rule::Handle`].
pub fn check_number(number: &str) -> Result<(), InvalidMessage> {
    check(is_number(number))
}

/// Checks a handle to block (`POST /v3/blocked_handles`): a handle, a short code of 3 to 8 digits, or the name
/// of an alphanumeric sender.
///
/// # Errors
///
/// [`Rule::Handle`].
pub fn check_blockable(handle: &str) -> Result<(), InvalidMessage> {
    check(is_handle(handle) || is_short_code(handle) || is_sender_name(handle))
}

/// Checks the recipients of `POST /v3/chats`: 1 to 31 handles.
///
/// # Errors
///
/// [`Rule::RecipientCount`], and [`Rule::Handle`] for each recipient that is not a handle.
pub fn check_recipients<S: AsRef<str>>(
    recipients: impl IntoIterator<Item = S>,
) -> Result<(), InvalidMessage> {
    report_recipients(recipients, MAX_RECIPIENTS).finish()
}

/// Checks the recipients of `POST /v3/messages`: handles, at least one. No upper limit is documented.
///
/// # Errors
///
/// [`Rule::RecipientCount`], and [`Rule::Handle`] for each recipient that is not a handle.
pub fn check_handles<S: AsRef<str>>(
    handles: impl IntoIterator<Item = S>,
) -> Result<(), InvalidMessage> {
    report_recipients(handles, usize::MAX).finish()
}

/// Checks recipients, of which there may be at most `limit`.
pub(crate) fn report_recipients<S: AsRef<str>>(
    handles: impl IntoIterator<Item = S>,
    limit: usize,
) -> Report {
    let mut report = Report::default();
    let mut count = 0_usize;
    for handle in handles {
        let is_handle = is_handle(handle.as_ref());
        report.expect(is_handle, Place::Recipient(count), Rule::Handle);
        count += 1;
    }
    let is_allowed = (1..=limit).contains(&count);
    report.expect(is_allowed, Place::Message, Rule::RecipientCount);
    report
}

/// Checks the number of a line.
pub(crate) fn report_line(number: &str) -> Report {
    Report::of(is_number(number), Place::Line, Rule::Handle)
}

fn check(holds: bool) -> Result<(), InvalidMessage> {
    Report::of(holds, Place::Handle, Rule::Handle).finish()
}

pub(crate) fn is_handle(handle: &str) -> bool {
    is_number(handle) || is_email(handle)
}

fn is_number(handle: &str) -> bool {
    let Some(digits) = handle.strip_prefix('+') else {
        return false;
    };
    (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Checks the form only; the server decides which addresses are valid.
fn is_email(handle: &str) -> bool {
    let Some((mailbox, domain)) = handle.rsplit_once('@') else {
        return false;
    };
    let is_label = |label: &str| {
        let mut characters = label.chars();
        !label.is_empty() && characters.all(|c| c.is_alphanumeric() || c == '-')
    };
    !mailbox.is_empty()
        && handle.len() <= 254
        && !handle.chars().any(|c| c.is_whitespace() || c.is_control())
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

fn is_short_code(handle: &str) -> bool {
    (3..=8).contains(&handle.len()) && handle.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_sender_name(handle: &str) -> bool {
    handle.chars().any(char::is_alphabetic)
        && handle
            .chars()
            .all(|character| !character.is_control() && character != '@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_e164() {
        for good in ["+12025550100", "+12", "+123456789012345"] {
            assert!(check_number(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "+",
            "+1",
            "12025550100",
            "+0123456789",
            "+1234567890123456",
            "+1 202 555 0100",
            "+1202555010a",
            "+١٢٣٤",
            "a@example.com",
        ] {
            assert!(check_number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn handles_may_be_addresses() {
        for good in ["a@example.com", "a.b+c@mail.example.co", "ö@müller.de"] {
            assert!(check_handle(good).is_ok(), "{good}");
        }
        for bad in [
            "@example.com",
            "a@",
            "a@example",
            "a@.com",
            "a@example..com",
            "a b@example.com",
            "a@exa mple.com",
            "a@example.com\n",
            "24567",
            "Example",
        ] {
            assert!(check_handle(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn more_can_be_blocked_than_written_to() {
        for good in [
            "+12025550100",
            "a@example.com",
            "245",
            "24567890",
            "Example",
        ] {
            assert!(check_blockable(good).is_ok(), "{good}");
        }
        for bad in ["", "24", "245678901", "+1 (202)", "a@", "Exa\nmple"] {
            assert!(check_blockable(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn recipients_are_counted_and_named_by_place() {
        let error = check_recipients(["+12025550100", "Ann", "+12025550102"]).expect_err("bad");
        assert_eq!(error.violations().len(), 1);
        assert_eq!(error.violations()[0].place(), Place::Recipient(1));
        assert!(!error.to_string().contains("Ann"));
        assert!(check_recipients(vec!["+12025550100"; 31]).is_ok());
        let error = check_recipients(vec!["+12025550100"; 32]).expect_err("too many");
        assert!(error.breaks(Rule::RecipientCount));
        assert!(check_recipients::<&str>([]).is_err());
        assert!(check_handles(vec!["+12025550100"; 32]).is_ok());
        assert!(check_handles::<&str>([]).is_err());
    }
}
