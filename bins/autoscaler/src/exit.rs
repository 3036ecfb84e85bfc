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

    /// The program itself is wrong (code 70).
    pub(crate) fn defect(error: impl Into<anyhow::Error>) -> Self {
        Self {
            code: 70,
            error: error.into(),
        }
    }

    /// Prints the message with its causes, and gives the code.
    pub(crate) fn report(&self) -> ExitCode {
        output::complain(&format!("error: {:#}", self.error));
        ExitCode::from(self.code)
    }
}
