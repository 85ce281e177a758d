//! The rules for files: their types and sizes.

use linq_types::SupportedContentType;

use super::rules::{InvalidMessage, Place, Report, Rule};

/// Largest size of an uploaded file in bytes: 100 MB (`POST /v3/attachments`, 5005).
pub const MAX_UPLOAD_BYTES: u64 = 104_857_600;
/// Largest size of a file that is given by URL in bytes: 10 MB, in mebibytes like the limit of uploads (5005).
pub const MAX_URL_BYTES: u64 = 10_485_760;
/// Largest number of characters of a file name (`POST /v3/attachments`).
pub const MAX_FILE_NAME_CHARACTERS: usize = 255;

/// Returns the content type of a file with this name, by its extension.
///
/// Returns `None` for a name without an extension, and for types that the API refuses (5004), such as FLAC, OGG and
/// programs. Where the API knows several spellings of a type, this is the current one.
///
/// ```
/// use linq_ext::message::content_type_of;
///
/// assert_eq!(content_type_of("IMG_0042.HEIC").unwrap(), "image/heic");
/// assert!(content_type_of("song.flac").is_none());
/// ```
pub fn content_type_of(file_name: &str) -> Option<SupportedContentType> {
    let (stem, extension) = file_name.rsplit_once('.')?;
    if stem.is_empty() || stem.ends_with(['/', '\\']) {
        return None;
    }
    let content_type = match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" | "jpe" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "tif" | "tiff" => "image/tiff",
        "bmp" => "image/bmp",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "mp4" => "video/mp4",
        "mov" | "qt" => "video/quicktime",
        "mpg" | "mpeg" => "video/mpeg",
        "m2v" => "video/mpeg2",
        "m4v" => "video/x-m4v",
        "avi" => "video/x-msvideo",
        "3gp" | "3gpp" => "video/3gpp",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/x-m4a",
        "caf" => "audio/x-caf",
        "wav" => "audio/x-wav",
        "aif" | "aiff" => "audio/x-aiff",
        "aac" => "audio/aac",
        "mid" | "midi" => "audio/midi",
        "amr" => "audio/amr",
        "pdf" => "application/pdf",
        "pkpass" => "application/vnd.apple.pkpass",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ppt" => "application/vnd.ms-powerpoint",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "pages" => "application/x-iwork-pages-sffpages",
        "numbers" => "application/x-iwork-numbers-sffnumbers",
        "key" => "application/x-iwork-keynote-sffkey",
        "epub" => "application/epub+zip",
        "json" => "application/json",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/x-gzip",
        "txt" | "text" | "log" => "text/plain",
        "md" | "markdown" => "text/markdown",
        "vcf" | "vcard" => "text/vcard",
        "rtf" => "text/rtf",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "ics" => "text/calendar",
        "xml" => "text/xml",
        _ => return None,
    };
    Some(content_type.into())
}

/// Checks a file before it is uploaded (`POST /v3/attachments`): its name, type and size.
///
/// # Errors
///
/// [`Rule::FileName`], [`Rule::FileType`] for a type that this version of the crate does not know (5004), and
/// [`Rule::FileSize`] (5005).
pub fn check_upload(
    file_name: &str,
    content_type: &SupportedContentType,
    size_bytes: u64,
) -> Result<(), InvalidMessage> {
    let mut report = Report::default();
    let mut check = |holds, rule| report.expect(holds, Place::File, rule);
    let is_name =
        !file_name.is_empty() && file_name.chars().nth(MAX_FILE_NAME_CHARACTERS).is_none();
    check(is_name, Rule::FileName);
    check(!content_type.is_unknown(), Rule::FileType);
    check((1..=MAX_UPLOAD_BYTES).contains(&size_bytes), Rule::FileSize);
    report.finish()
}

/// Checks the size of a file that is given by URL, where it is known.
///
/// # Errors
///
/// [`Rule::FileSize`] (5005).
pub fn check_url_file(size_bytes: u64) -> Result<(), InvalidMessage> {
    let is_size = (1..=MAX_URL_BYTES).contains(&size_bytes);
    Report::of(is_size, Place::File, Rule::FileSize).finish()
}

/// Checks the type of a voice memo (`POST /v3/chats/{id}/voicememo`): MP3, M4A, AAC, CAF, WAV, AIFF or AMR.
///
/// # Errors
///
/// [`Rule::FileType`] (5004).
pub fn check_voice_memo(content_type: &SupportedContentType) -> Result<(), InvalidMessage> {
    use SupportedContentType as Type;
    let is_voice = matches!(
        content_type,
        Type::AudioMpeg
            | Type::AudioMp3
            | Type::AudioXM4a
            | Type::AudioM4a
            | Type::AudioMp4
            | Type::AudioAac
            | Type::AudioXAac
            | Type::AudioXCaf
            | Type::AudioXWav
            | Type::AudioWav
            | Type::AudioXAiff
            | Type::AudioAiff
            | Type::AudioAmr
    );
    Report::of(is_voice, Place::File, Rule::FileType).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXTENSIONS: &str = "jpg jpeg jpe png gif heic heif tif tiff bmp svg webp ico mp4 mov qt mpg mpeg m2v \
        m4v avi 3gp 3gpp mp3 m4a caf wav aif aiff aac mid midi amr pdf pkpass doc docx xls xlsx ppt pptx pages \
        numbers key epub json zip gz tgz txt text log md markdown vcf vcard rtf csv html htm ics xml";

    #[test]
    fn every_extension_gives_a_type_of_the_document() {
        for extension in EXTENSIONS.split_whitespace() {
            let found = content_type_of(&format!("a.b.{}", extension.to_uppercase()));
            assert!(
                found.is_some_and(|content_type| !content_type.is_unknown()),
                "{extension}"
            );
        }
    }

    #[test]
    fn every_current_type_of_the_document_has_an_extension() {
        let old = [
            "application/rtf",
            "application/vnd.apple.keynote",
            "application/vnd.apple.numbers",
            "application/vnd.apple.pages",
            "application/x-zip-compressed",
            "audio/aiff",
            "audio/m4a",
            "audio/mp3",
            "audio/mp4",
            "audio/wav",
            "audio/x-aac",
            "image/jpg",
            "image/x-ms-bmp",
            "text/x-vcard",
        ];
        let found: Vec<_> = EXTENSIONS
            .split_whitespace()
            .filter_map(|extension| content_type_of(&format!("a.{extension}")))
            .collect();
        for known in SupportedContentType::KNOWN {
            assert_eq!(
                found.iter().any(|content_type| content_type == known),
                !old.contains(known),
                "{known}"
            );
        }
    }

    #[test]
    fn other_names_give_none() {
        for name in [
            "song.flac",
            "song.ogg",
            "setup.exe",
            "README",
            ".png",
            "a/.png",
            "a.",
        ] {
            assert_eq!(content_type_of(name), None, "{name}");
        }
    }

    #[test]
    fn uploads_have_limits() {
        let png = SupportedContentType::ImagePng;
        assert!(check_upload("a.png", &png, 1).is_ok());
        assert!(check_upload(&"ä".repeat(255), &png, MAX_UPLOAD_BYTES).is_ok());
        let error = check_upload("", &"audio/flac".into(), 0).expect_err("all wrong");
        for rule in [Rule::FileName, Rule::FileType, Rule::FileSize] {
            assert!(error.breaks(rule), "{rule:?}");
        }
        assert!(check_upload(&"a".repeat(256), &png, 1).is_err());
        assert!(check_upload("a.png", &png, MAX_UPLOAD_BYTES + 1).is_err());
        assert!(check_url_file(MAX_URL_BYTES).is_ok());
        assert!(check_url_file(MAX_URL_BYTES + 1).is_err());
    }

    #[test]
    fn voice_memos_are_audio_of_some_kinds() {
        for extension in ["mp3", "m4a", "aac", "caf", "wav", "aiff", "amr"] {
            let content_type = content_type_of(&format!("a.{extension}")).expect("known");
            assert!(check_voice_memo(&content_type).is_ok(), "{extension}");
        }
        assert!(check_voice_memo(&SupportedContentType::AudioMidi).is_err());
        assert!(check_voice_memo(&SupportedContentType::ImagePng).is_err());
    }
}
