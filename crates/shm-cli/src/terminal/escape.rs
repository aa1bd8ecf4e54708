//! Control characters made visible, for terminals: a message must not move the cursor, change the
//! title or turn the text around.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Appends `bytes` as a terminal may have them: lines and tabs stay, other characters that control
/// a terminal or the order of the text, and what is not UTF-8, become `\x1b`.
pub(crate) fn bytes(bytes: &[u8], shown: &mut Vec<u8>) {
    for chunk in bytes.utf8_chunks() {
        characters(chunk.valid(), shown, |character| {
            hexadecimal(character.encode_utf8(&mut [0; 4]).as_bytes())
        });
        shown.extend(hexadecimal(chunk.invalid()).bytes());
    }
}

/// Appends a line of JSON. Its strings have the first 32 characters escaped already; the others
/// that control a terminal become `\u009b`.
pub(crate) fn json(line: &str, shown: &mut Vec<u8>) {
    characters(line, shown, |character| {
        format!("\\u{:04x}", u32::from(character))
    });
}

/// Appends the harmless characters as they are, and the others as `escape` shows them.
fn characters(text: &str, shown: &mut Vec<u8>, escape: impl Fn(char) -> String) {
    for character in text.chars() {
        if is_harmless(character) {
            shown.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            shown.extend(escape(character).bytes());
        }
    }
}

/// A line for people, with names in it that others have chosen.
pub(crate) fn text(text: &str) -> String {
    let mut shown = Vec::with_capacity(text.len());
    bytes(text.as_bytes(), &mut shown);
    String::from_utf8_lossy(&shown).into_owned()
}

/// A name that others have chosen, as a part of a line, wherever that is shown: what would end the
/// line or change the terminal is escaped as in Rust, and so is a backslash.
pub(crate) fn name(name: &str) -> String {
    let quoted = format!("{name:?}");
    quoted[1..quoted.len() - 1].replace("\\\"", "\"")
}

/// As [`name`], of one that need not be UTF-8.
pub(crate) fn file_name(file_name: &OsStr) -> String {
    let chunks = file_name.as_bytes().utf8_chunks();
    let shown = chunks.map(|chunk| name(chunk.valid()) + &hexadecimal(chunk.invalid()));
    shown.collect()
}

/// A text with all characters escaped that are not ASCII.
pub(crate) fn ascii(text: &str) -> String {
    let shown = text.chars().map(|character| match character.is_ascii() {
        true => character.to_string(),
        false => character.escape_unicode().to_string(),
    });
    shown.collect()
}

/// Whether a terminal shows the character where it stands, and nothing else changes.
pub(crate) fn is_harmless(character: char) -> bool {
    match character {
        '\n' | '\t' => true,
        // The characters that turn the order of what follows (Unicode's `Bidi_Control`), and the
        // two that end a line for some terminals and editors, and for others not.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            false
        }
        _ => !character.is_control(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(input: &[u8]) -> String {
        let mut output = Vec::new();
        bytes(input, &mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn text_stays_as_it_is() {
        for text in ["", "hello\n", "a\tb\n", "grün, 日本, 🦀\n"] {
            assert_eq!(shown(text.as_bytes()), text);
        }
    }

    #[test]
    fn control_characters_and_other_bytes_are_shown_by_their_numbers() {
        assert_eq!(shown(b"\x1b[2J\r\x07\0\x7f"), r"\x1b[2J\x0d\x07\x00\x7f");
        // The one-character form of ESC [, as UTF-8 and as it stands in old encodings.
        assert_eq!(shown("\u{9b}2J".as_bytes()), r"\xc2\x9b2J");
        assert_eq!(shown(b"\x9b2J\xff"), r"\x9b2J\xff");
    }

    #[test]
    fn what_turns_or_ends_a_line_is_shown_by_its_number() {
        assert_eq!(
            shown("a\u{202e}b\u{2028}c".as_bytes()),
            r"a\xe2\x80\xaeb\xe2\x80\xa8c"
        );
        for character in "\u{61c}\u{200e}\u{200f}\u{2029}\u{202a}\u{2066}\u{2069}".chars() {
            assert!(!is_harmless(character), "{character:?}");
            assert!(!name(&character.to_string()).contains(character));
        }
        // The joiners that scripts and emoji need stay.
        assert_eq!(shown("\u{200c}\u{200d}".as_bytes()), "\u{200c}\u{200d}");
    }

    #[test]
    fn a_name_stays_on_its_line_and_is_never_another_s() {
        for plain in ["orders", "it's", "say \"x\"", "grün"] {
            assert_eq!(name(plain), plain);
        }
        assert_eq!(name("a\n\x1b[2J\u{9b}"), r"a\n\u{1b}[2J\u{9b}");
        assert_eq!(name(r"a\n"), r"a\\n");
        assert_eq!(name(r"a\'b"), r"a\\'b");
        assert_eq!(name(r#"a\"b"#), r#"a\\"b"#);
    }

    #[test]
    fn names_that_are_not_text_differ_where_they_differ() {
        let shown = |bytes| file_name(OsStr::from_bytes(bytes));
        assert_eq!(shown(b"a\xff\xfeb\n"), r"a\xff\xfeb\n");
        assert_eq!(shown(br"a\xff"), r"a\\xff");
        assert_eq!(shown("grün".as_bytes()), "grün");
        assert_eq!(ascii("grün…"), r"gr\u{fc}n\u{2026}");
    }

    #[test]
    fn json_is_the_same_json_afterwards() {
        let line = "{\"text\":\"a\u{7f}\u{9b}\\n\"}\n";
        let mut output = Vec::new();
        json(line, &mut output);
        let output = String::from_utf8(output).unwrap();
        assert_eq!(output, "{\"text\":\"a\\u007f\\u009b\\n\"}\n");
        let value = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        assert_eq!(value(line), value(&output));
    }
}
