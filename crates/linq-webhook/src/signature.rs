//! Signatures as headers carry them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::secret::Signature;

/// The one version there is for shared secrets.
const VERSION: &[u8] = b"v1";

/// How many entries of a signature header are looked at.
const MOST_ENTRIES: usize = 64;

/// The signatures in `webhook-signature`: other versions, and entries that are malformed, are skipped.
pub(super) fn all(header: &[u8]) -> impl Iterator<Item = [u8; 32]> + Clone {
    entries(header).filter_map(read)
}

/// Whether there are entries, and all of them have the shape of a signature of another version.
pub(super) fn are_of_other_versions(header: &[u8]) -> bool {
    entries(header).next().is_some() && entries(header).all(is_of_other_version)
}

fn is_of_other_version(entry: &[u8]) -> bool {
    let Some(comma) = entry.iter().position(|byte| *byte == b',') else {
        return false;
    };
    let version = entry.get(..comma).unwrap_or_default();
    !version.is_empty() && version.iter().all(u8::is_ascii_alphanumeric) && version != VERSION
}

fn entries(header: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let entries = header.split(|byte| *byte == b' ');
    entries.filter(|entry| !entry.is_empty()).take(MOST_ENTRIES)
}

/// Reads an entry: `v1,` and 32 bytes in base64, of which there is one spelling.
fn read(entry: &[u8]) -> Option<[u8; 32]> {
    let encoded = entry.strip_prefix(VERSION)?.strip_prefix(b",")?;
    // The decoder wants room for whole groups of four characters.
    let mut bytes = [0; 33];
    let length = STANDARD.decode_slice(encoded, &mut bytes).ok()?;
    bytes.get(..length)?.try_into().ok()
}

/// Whether a signature is the right one, found out in constant time.
pub(super) fn is_right(signature: [u8; 32], right: &Signature) -> bool {
    *right == Signature::new(signature.into())
}

/// Writes an entry.
pub(super) fn write(signature: &Signature) -> String {
    let encoded = STANDARD.encode(signature.as_bytes());
    format!("v1,{encoded}")
}

/// Reads a signature of the legacy scheme: 64 hexadecimal digits in lower case, `sha256=` before them or not.
pub(super) fn read_legacy(header: &[u8]) -> Option<[u8; 32]> {
    let digits = header.strip_prefix(b"sha256=").unwrap_or(header);
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let pairs: &[[u8; 2]; 32] = pairs.try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// Writes a signature of the legacy scheme.
pub(super) fn write_legacy(signature: &Signature) -> String {
    let bytes = signature.as_bytes().iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}
