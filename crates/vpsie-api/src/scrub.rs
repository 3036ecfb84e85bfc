//! Takes secrets out of text that comes from VPSie before anybody sees it.

/// Longest text we keep: enough for any known message, too little for a dump.
const LONGEST: usize = 200;

const REDACTED: &str = "[redacted]";

/// Words whose value, written after `:` or `=`, nobody may see.
const SENSITIVE_WORDS: [&str; 5] = ["password", "secret", "token", "vpsie-auth", "authorization"];

/// Words that stand before a credential without `:` or `=`.
const SCHEMES: [&str; 2] = ["bearer", "basic"];

/// Returns the text on one short line, without the given secrets and without anything
/// that looks like one.
pub(crate) fn scrub(text: &str, secrets: &[&str]) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let without_ours = secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .fold(line, |line, secret| line.replace(secret, REDACTED));
    without_named_values(&without_ours)
        .chars()
        .take(LONGEST)
        .collect()
}

/// Replaces what follows a sensitive word.
fn without_named_values(text: &str) -> String {
    // ASCII lower-casing keeps every byte position.
    let lower = text.to_ascii_lowercase();
    let mut kept = String::with_capacity(text.len());
    let mut position = 0;
    while let Some((word_end, is_scheme)) = next_word(&lower, position) {
        match value_after(&lower, word_end, is_scheme) {
            Some((start, end)) => {
                kept.push_str(&text[position..start]);
                kept.push_str(REDACTED);
                position = end;
            }
            None => {
                kept.push_str(&text[position..word_end]);
                position = word_end;
            }
        }
    }
    kept.push_str(&text[position..]);
    kept
}

/// Finds the end of the next sensitive word, and whether it is an authentication scheme.
fn next_word(lower: &str, from: usize) -> Option<(usize, bool)> {
    let words = SENSITIVE_WORDS.iter().map(|word| (*word, false));
    let schemes = SCHEMES.iter().map(|word| (*word, true));
    words
        .chain(schemes)
        .filter_map(|(word, scheme)| Some((lower[from..].find(word)? + from + word.len(), scheme)))
        .min()
}

/// Finds the value that follows a word, if one does.
fn value_after(lower: &str, word_end: usize, is_scheme: bool) -> Option<(usize, usize)> {
    let rest = &lower[word_end..];
    let gap = rest.find(|c: char| !" \t\"'\\:=".contains(c))?;
    let assigned = rest[..gap].contains([':', '=']);
    if gap == 0 || !(assigned || is_scheme) {
        return None;
    }
    let value = &rest[gap..];
    let length = value
        .find(|c: char| c.is_whitespace() || "\"'\\,&<>;}".contains(c))
        .unwrap_or(value.len());
    // `Authorization: Bearer x` names the scheme first; its own turn comes next.
    let names_scheme = SCHEMES.contains(&&value[..length]);
    (length > 0 && !names_scheme).then_some((word_end + gap, word_end + gap + length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(scrub(text, &["s3cr3t"]), expected, "{text:?}");
    }

    #[test]
    fn our_secrets_never_pass() {
        check("bad key s3cr3t, s3cr3t!", "bad key [redacted], [redacted]!");
    }

    #[test]
    fn values_after_sensitive_words_never_pass() {
        check(
            r#"{"initial_password":"hunter2","id":1}"#,
            r#"{"initial_password":"[redacted]","id":1}"#,
        );
        check(
            r#"{\"vmPassword\": \"hunter2\"}"#,
            r#"{\"vmPassword\": \"[redacted]\"}"#,
        );
        check("clientSecret=hunter2&x=1", "clientSecret=[redacted]&x=1");
        check(
            "Authorization: Bearer hunter2 x",
            "Authorization: Bearer [redacted] x",
        );
        check("Vpsie-Auth: hunter2", "Vpsie-Auth: [redacted]");
        check("token: Übermut end", "token: [redacted] end");
    }

    #[test]
    fn plain_words_stay() {
        check("You entered the wrong password", "You entered the wrong password");
        check("token expired, password:", "token expired, password:");
    }

    #[test]
    fn text_becomes_one_short_line() {
        check("a\r\n\tb\u{1b}c", "a b c");
        assert_eq!(scrub(&"ü".repeat(500), &[""]).chars().count(), LONGEST);
    }

    proptest! {
        /// No text around a secret lets it pass, nor makes us stumble.
        #[test]
        fn secrets_never_pass(before in "\\PC{0,40}", word in "(token|secret|Bearer|İ|)[ :='\"\\\\]{0,3}", after in "\\PC{0,40}") {
            let text = scrub(&format!("{before}{word}s3cr3t{after}"), &["s3cr3t"]);
            prop_assert!(!text.contains("s3cr3t"), "{}", text);
        }

        /// A value that follows a sensitive word never passes, whoever's it is.
        #[test]
        fn named_values_never_pass(before in "[a-z {\"]{0,20}", gap in "\"?[:=] ?\"?", after in "[ ,\"}]\\PC{0,20}") {
            let text = scrub(&format!("{before}password{gap}Hunter2{after}"), &[]);
            prop_assert!(!text.contains("Hunter2"), "{}", text);
        }
    }
}
