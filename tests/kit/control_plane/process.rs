//! One server process that cannot outlive the test that started it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::ControlPlaneError;

/// How many of its last lines a failed process shows: enough for a usage error or a stack of causes.
const SHOWN_LINES: usize = 40;

/// Becomes the server (`exec`), and leaves a guard behind that holds our end of a pipe: when the test
/// process dies without dropping anything (Ctrl-C, a time limit, SIGKILL), the pipe closes, and the
/// guard kills the server and removes the folder. A line in the pipe sends the guard home instead.
const GUARDED: &str = r#"
folder=$1
shift
exec 3<&0
(if ! read -r _ <&3; then kill -9 $$; rm -rf "$folder"; fi) >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null
"#;

/// Runs one server until it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    program: String,
    log: PathBuf,
}

// === impl Process ===

impl Process {
    /// Starts `program` with its output in a log file in `folder`, which it may use as its own.
    pub(super) fn spawn(
        folder: &Path,
        program: &Path,
        arguments: &[String],
    ) -> Result<Self, ControlPlaneError> {
        let name = program
            .file_name()
            .unwrap_or(OsStr::new("server"))
            .to_string_lossy()
            .into_owned();
        let log = folder.join(format!("{name}.log"));
        let unwritable = |source| ControlPlaneError::Write {
            path: log.clone(),
            source,
        };
        let output = File::create(&log).map_err(unwritable)?;
        let errors = output.try_clone().map_err(unwritable)?;
        let child = Command::new("sh")
            .args(["-c", GUARDED, "sh"])
            .arg(folder)
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            // A group of its own: Ctrl-C in the terminal reaches the test, and the guard does the rest.
            .process_group(0)
            .spawn()
            .map_err(|source| ControlPlaneError::Spawn {
                program: program.to_owned(),
                source,
            })?;
        Ok(Self {
            child,
            program: name,
            log,
        })
    }

    /// Fails when the process has ended.
    pub(super) fn check_running(&mut self) -> Result<(), ControlPlaneError> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(ControlPlaneError::Ended {
                program: self.program.clone(),
                status,
                log: self.log_tail(),
            }),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Returns what the process logged last.
    pub(super) fn log_tail(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Each step is tried whatever became of the one before: the process may have ended by itself.
        if let Some(mut guard) = self.child.stdin.take() {
            let _ = guard.write_all(b"home\n");
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::time::{Duration, Instant};

    use super::*;

    fn sleeping_in(folder: &Path) -> Process {
        Process::spawn(folder, Path::new("sleep"), &["600".to_owned()]).expect("sleep is everywhere")
    }

    #[test]
    fn server_dies_and_its_folder_goes_when_the_test_process_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut process = sleeping_in(folder.path());

        // What the system does for a process that was killed: it closes the pipe.
        drop(process.child.stdin.take());

        let status = process.child.wait().expect("it ends");
        assert_eq!(status.signal(), Some(9));
        let deadline = Instant::now() + Duration::from_secs(10);
        while folder.path().exists() {
            assert!(Instant::now() < deadline, "the guard did not remove the folder");
            std::thread::yield_now();
        }
    }

    #[test]
    fn running_server_is_not_called_ended_and_a_dead_one_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut process = sleeping_in(folder.path());
        process.check_running().expect("running");

        process.child.kill().expect("killed");
        process.child.wait().expect("it ends");

        let error = process.check_running().expect_err("ended");
        assert!(matches!(error, ControlPlaneError::Ended { .. }), "{error:?}");
    }

    #[test]
    fn dropping_a_server_sends_its_guard_home_and_keeps_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");

        drop(sleeping_in(folder.path()));

        assert!(folder.path().join("sleep.log").exists());
    }
}
