//! How the process ends: one message that says what to do, and one code per kind of cause.

use crate::output;
use std::process::ExitCode;

/// Why the process ends without success.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    error: anyhow::Error,
}

// === impl Failure ===

impl Failure {
    /// An invariant was broken, or the work ended by itself (code 1).
    pub(crate) fn broken(error: impl Into<anyhow::Error>) -> Self {
        Self {
            code: 1,
            error: error.into(),
        }
    }

    /// The arguments or an input file cannot be used (code 2, as for wrong arguments).
    pub(crate) fn input(error: impl Into<anyhow::Error>) -> Self {
        Self {
            code: 2,
            error: error.into(),
        }
    }

    /// Credentials are missing or not accepted (code 3).
    pub(crate) fn credentials(error: impl Into<anyhow::Error>) -> Self {
        Self {
            code: 3,
            error: error.into(),
        }
    }

    /// VPSie cannot be reached or does not answer as VPSie does (code 4).
    pub(crate) fn vpsie(error: impl Into<anyhow::Error>) -> Self {
        Self {
            code: 4,
            error: error.into(),
        }
    }

    /// Kubernetes cannot be reached, or lacks the resource definitions or rights (code 5).
    pub(crate) fn kubernetes(error: impl Into<anyhow::Error>) -> Self {
        Self {
            code: 5,
            error: error.into(),
        }
    }

    /// The store of the audit log cannot be read (code 6).
    pub(crate) fn audit_store(error: impl Into<anyhow::Error>) -> Self {
        Self {
            code: 6,
            error: error.into(),
        }
    }

    /// The program itself is wrong (code 70).
    pub(crate) fn defect(error: impl Into<anyhow::Error>) -> Self {
        Self {
            code: 70,
            error: error.into(),
        }
    }

    /// Prints the message with its causes, and gives the code.
    pub(crate) fn report(&self) -> ExitCode {
        output::complain(&format!("error: {}", message(&self.error)));
        ExitCode::from(self.code)
    }
}

/// Joins an error and its causes; a cause that stands in the text before it, as some libraries have it, is not said
/// again.
fn message(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if message.is_empty() {
            message = cause;
        } else if !message.contains(&cause) {
            message.push_str(": ");
            message.push_str(&cause);
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn cause_that_was_said_is_not_repeated() {
        let error = anyhow::anyhow!("no such file")
            .context("reading `a`: no such file")
            .context("no cluster");
        assert_eq!(message(&error), "no cluster: reading `a`: no such file");
        let error = anyhow::anyhow!("no such file").context("reading `a`");
        assert_eq!(message(&error), "reading `a`: no such file");
    }
}
