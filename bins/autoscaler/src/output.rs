//! What goes to the two outputs: results to the first, messages and logs to the second.

use std::io::{self, Write};

/// Prints a result. A reader that went away, as `head` does, is no failure.
pub(crate) fn print(text: &str) {
    drop(writeln!(io::stdout().lock(), "{text}"));
}

/// Prints a message for a person.
pub(crate) fn complain(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}
