//! Handles: phone numbers and e-mail addresses in one form, and lists of them.

use std::collections::HashSet;
use std::fmt;

/// Returns a handle in the form that Linq accepts and that can be compared: a phone number in E.164, or an e-mail
/// address in lower case.
///
/// Removes surrounding white space, invisible formatting characters, and the schemes `tel:`, `sms:` and `mailto:`. Of a
/// phone number it also removes spaces and punctuation, and adds a missing `+` if there are 11 to 15 digits; fewer may
/// be a short code or lack the country code, and are left as they are. Any other text is returned without the
/// characters named first.
///
/// ```
/// use linq_webhook::normalize_handle;
///
/// assert_eq!(normalize_handle("tel:+1 (202) 555-0101"), "+12025550101");
/// assert_eq!(normalize_handle("12025550101"), "+12025550101");
/// assert_eq!(normalize_handle(" Ada@Example.com "), "ada@example.com");
/// assert_eq!(normalize_handle("24273"), "24273");
/// ```
#[must_use]
pub fn normalize_handle(handle: &str) -> String {
    let visible: String = handle.chars().filter(|c| !is_invisible(*c)).collect();
    let mut handle = visible.trim();
    for scheme in ["tel:", "sms:", "mailto:"] {
        if let Some((start, rest)) = handle.split_at_checked(scheme.len())
            && start.eq_ignore_ascii_case(scheme)
        {
            handle = rest.trim_start().trim_start_matches('/');
        }
    }
    if handle.contains('@') {
        return handle.to_lowercase();
    }
    let is_punctuation = |c: char| c.is_whitespace() || "-().\u{2010}\u{2011}\u{2013}/".contains(c);
    let compact: String = handle.chars().filter(|c| !is_punctuation(*c)).collect();
    let digits = compact.strip_prefix('+').unwrap_or(&compact);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return handle.to_owned();
    }
    match digits.len() {
        11..=15 => format!("+{digits}"),
        _ => compact,
    }
}

/// Control and formatting characters, such as direction marks and zero-width spaces.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{feff}'
        )
}

/// The senders that a program serves, for [`Inbound::is_from`](crate::Inbound::is_from). Handles are compared in [normalized](normalize_handle) form.
///
/// ```
/// use linq_webhook::AllowList;
///
/// let allowed: AllowList = ["+1 202 555 0101", "ada@example.com"].into_iter().collect();
/// assert!(allowed.contains("tel:+12025550101"));
/// assert!(!allowed.contains("+12025550102"));
/// ```
#[derive(Clone, Default)]
pub struct AllowList(HashSet<String>);

impl AllowList {
    /// Returns true if the handle is on the list.
    #[must_use]
    pub fn contains(&self, handle: &str) -> bool {
        self.0.contains(&normalize_handle(handle))
    }
}

impl<S: AsRef<str>> FromIterator<S> for AllowList {
    fn from_iter<I: IntoIterator<Item = S>>(handles: I) -> Self {
        let handles = handles.into_iter();
        Self(
            handles
                .map(|handle| normalize_handle(handle.as_ref()))
                .collect(),
        )
    }
}

/// Without the handles.
impl fmt::Debug for AllowList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AllowList({} handles)", self.0.len())
    }
}
