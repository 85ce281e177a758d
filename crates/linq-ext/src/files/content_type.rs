//! The content type of a file, from its name and its first bytes.

use linq_types::SupportedContentType;

use crate::message::content_type_of;

/// How many bytes of a file are looked at.
pub(super) const HEAD_BYTES: usize = 512;

/// The content type of a file, `None` if neither its name nor its first bytes tell.
///
/// The name is believed where the content can be what it says: every `.docx` is a ZIP archive, and anything can
/// be plain text. Elsewhere the content is, since the API refuses a file that is not of its type (5006).
pub(super) fn detect(file_name: &str, head: &[u8]) -> Option<SupportedContentType> {
    let named = content_type_of(file_name);
    let Some(found) = Found::of(head) else {
        return named;
    };
    match named {
        Some(named) if found.can_be(named.as_str()) => Some(named),
        Some(named) if is_textual(named.as_str()) && is_text(head) => Some(named),
        _ => Some(found.usual.into()),
    }
}

/// What the first bytes of a file say.
struct Found {
    /// The type to take if the name says nothing.
    usual: &'static str,
    /// The others that begin in the same way.
    others: &'static [&'static str],
}

const ISO_MEDIA: &[&str] = &[
    "video/quicktime",
    "video/x-m4v",
    "video/3gpp",
    "audio/x-m4a",
    "audio/m4a",
    "audio/mp4",
];

const ZIPPED: &[&str] = &[
    "application/x-zip-compressed",
    "application/vnd.apple.pkpass",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/x-iwork-pages-sffpages",
    "application/x-iwork-numbers-sffnumbers",
    "application/x-iwork-keynote-sffkey",
    "application/vnd.apple.pages",
    "application/vnd.apple.numbers",
    "application/vnd.apple.keynote",
    "application/epub+zip",
];

impl Found {
    fn of(head: &[u8]) -> Option<Self> {
        let at = |position: usize| head.get(position..).unwrap_or_default();
        let (usual, others): (_, &[_]) = match head {
            _ if at(4).starts_with(b"ftyp") => return Self::of_brand(at(8).get(..4)?),
            [0xff, 0xd8, 0xff, ..] => ("image/jpeg", &["image/jpg"]),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => ("image/png", &[]),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => ("image/gif", &[]),
            [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => ("image/tiff", &[]),
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => ("image/bmp", &["image/x-ms-bmp"]),
            [0, 0, 1, 0, ..] => ("image/x-icon", &[]),
            [0, 0, 1, 0xba, ..] => ("video/mpeg", &["video/mpeg2"]),
            [0, 0, 1, 0xb3, ..] => ("video/mpeg", &["video/mpeg2"]),
            [b'R', b'I', b'F', b'F', ..] => match at(8).get(..4)? {
                b"WEBP" => ("image/webp", &[]),
                b"WAVE" => ("audio/x-wav", &["audio/wav"]),
                b"AVI " => ("video/x-msvideo", &[]),
                _ => return None,
            },
            [b'F', b'O', b'R', b'M', ..] => match at(8).get(..4)? {
                b"AIFF" | b"AIFC" => ("audio/x-aiff", &["audio/aiff"]),
                _ => return None,
            },
            // AAC can begin with the same tag.
            [b'I', b'D', b'3', ..] => ("audio/mpeg", &["audio/mp3", "audio/aac", "audio/x-aac"]),
            [0xff, 0xfb | 0xfa | 0xf3 | 0xf2, ..] => ("audio/mpeg", &["audio/mp3"]),
            [0xff, 0xf1 | 0xf9, ..] => ("audio/aac", &["audio/x-aac"]),
            [b'c', b'a', b'f', b'f', 0, ..] => ("audio/x-caf", &[]),
            [b'M', b'T', b'h', b'd', 0, ..] => ("audio/midi", &[]),
            [b'#', b'!', b'A', b'M', b'R', ..] => ("audio/amr", &[]),
            [b'%', b'P', b'D', b'F', b'-', ..] => ("application/pdf", &[]),
            [b'P', b'K', 3, 4, ..] if at(30).starts_with(b"mimetypeapplication/epub+zip") => {
                ("application/epub+zip", &["application/zip"])
            }
            [b'P', b'K', 3, 4, ..] => ("application/zip", ZIPPED),
            [0x1f, 0x8b, 8, ..] => ("application/x-gzip", &[]),
            [b'{', b'\\', b'r', b't', b'f', ..] => ("text/rtf", &["application/rtf"]),
            _ if head.starts_with(b"BEGIN:VCARD") => ("text/vcard", &["text/x-vcard"]),
            _ if head.starts_with(b"BEGIN:VCALENDAR") => ("text/calendar", &[]),
            // The API refuses these (5004).
            [b'f', b'L', b'a', b'C', ..] => ("audio/flac", &[]),
            [b'O', b'g', b'g', b'S', 0, ..] => ("audio/ogg", &[]),
            [0x7f, b'E', b'L', b'F', ..] => ("application/x-executable", &[]),
            _ => return None,
        };
        Some(Self { usual, others })
    }

    /// The formats that begin with a box of their brand: MP4 and what came of it.
    fn of_brand(brand: &[u8]) -> Option<Self> {
        let (usual, others): (_, &[_]) = match brand {
            b"heic" | b"heix" | b"heim" | b"heis" => ("image/heic", &["image/heif"]),
            b"mif1" | b"msf1" => ("image/heif", &["image/heic"]),
            b"qt  " => ("video/quicktime", &[]),
            b"M4A " | b"M4B " => ("audio/x-m4a", &["audio/m4a", "audio/mp4"]),
            b"M4V " | b"M4VH" | b"M4VP" => ("video/x-m4v", &["video/mp4"]),
            b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1"
            | b"MSNV" | b"dash" => ("video/mp4", ISO_MEDIA),
            [b'3', b'g', ..] => ("video/3gpp", &["video/mp4", "audio/x-m4a"]),
            _ => return None,
        };
        Some(Self { usual, others })
    }

    fn can_be(&self, content_type: &str) -> bool {
        self.usual == content_type || self.others.contains(&content_type)
    }
}

/// True for types whose files are text, whatever it begins with.
fn is_textual(content_type: &str) -> bool {
    let others = ["application/json", "application/rtf", "image/svg+xml"];
    content_type.starts_with("text/") || others.contains(&content_type)
}

/// True if these first bytes can be the beginning of a text.
fn is_text(head: &[u8]) -> bool {
    let is_cut_character = |error: std::str::Utf8Error| error.error_len().is_none();
    !head.contains(&0) && std::str::from_utf8(head).map_or_else(is_cut_character, |_| true)
}

#[cfg(test)]
mod tests {
    use super::detect;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF";
    const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0";

    fn found(name: &str, head: &[u8]) -> Option<String> {
        detect(name, head).map(|content_type| content_type.as_str().to_owned())
    }

    #[test]
    fn name_and_content_agree_or_the_content_wins() {
        let table: &[(&str, &[u8], Option<&str>)] = &[
            ("a.png", PNG, Some("image/png")),
            ("a.png", JPEG, Some("image/jpeg")),
            ("a", JPEG, Some("image/jpeg")),
            ("a.bin", PNG, Some("image/png")),
            ("a.PNG", b"who knows", Some("image/png")),
            ("a.bin", b"who knows", None),
            ("a", b"", None),
            (
                "a.docx",
                ZIP,
                Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            ),
            ("a.pkpass", ZIP, Some("application/vnd.apple.pkpass")),
            ("a.png", ZIP, Some("application/zip")),
            ("a.zip", ZIP, Some("application/zip")),
            ("a", b"\0\0\0\x18ftypheic\0\0\0\0", Some("image/heic")),
            ("a.heif", b"\0\0\0\x18ftypheic\0\0\0\0", Some("image/heif")),
            // A box of 256 bytes is no icon.
            ("a", b"\0\0\x01\0ftypqt  \0\0\0\0", Some("video/quicktime")),
            ("a.mp4", b"\0\0\0\x14ftypqt  ", Some("video/quicktime")),
            ("a.m4a", b"\0\0\0\x1cftypisom", Some("audio/x-m4a")),
            ("a", b"\0\0\0\x1cftypisom", Some("video/mp4")),
            ("a.mov", b"\0\0\0\x1cftypwhat", Some("video/quicktime")),
            ("a", b"RIFF\x24\0\0\0WAVEfmt ", Some("audio/x-wav")),
            ("a", b"RIFF\x24\0\0\0WEBPVP8 ", Some("image/webp")),
            ("a", b"RIFF", None),
            ("a.aac", b"ID3\x04", Some("audio/aac")),
            ("a", b"ID3\x04", Some("audio/mpeg")),
            ("a", b"%PDF-1.7", Some("application/pdf")),
            ("a.mp3", b"fLaC\0\0\0\x22", Some("audio/flac")),
            ("a", b"OggS\0\x02", Some("audio/ogg")),
        ];
        for (name, head, expected) in table {
            assert_eq!(found(name, head).as_deref(), *expected, "{name} {head:?}");
        }
    }

    #[test]
    fn a_text_may_begin_with_anything() {
        assert_eq!(
            found("a.txt", b"%PDF- is how they begin").as_deref(),
            Some("text/plain")
        );
        assert_eq!(
            found("a.md", b"fLaC, or how to hear").as_deref(),
            Some("text/markdown")
        );
        assert_eq!(
            found(
                "a.txt",
                "BEGIN:VCARD ä".as_bytes().split_last().expect("bytes").1
            )
            .as_deref(),
            Some("text/plain")
        );
        assert_eq!(found("a.txt", PNG).as_deref(), Some("image/png"));
        assert_eq!(found("a.json", JPEG).as_deref(), Some("image/jpeg"));
    }

    #[test]
    fn every_type_that_is_found_is_taken_or_known_to_be_refused() {
        for (head, is_taken) in [
            (PNG, true),
            (JPEG, true),
            (ZIP, true),
            (b"fLaC", false),
            (b"\x7fELF", false),
        ] {
            let found = detect("a", head).expect("it is known");
            assert_eq!(!found.is_unknown(), is_taken, "{found}");
        }
    }
}
