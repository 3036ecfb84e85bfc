//! A PostgreSQL of its own for each test, from Debian's package, in a temporary folder.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Is a server that ends with the test.
pub(crate) struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

// === impl Server ===

impl Server {
    /// Starts a server; nothing, said loudly, where there is no PostgreSQL, and a failure under `REQUIRE_REAL=1`.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(
                std::env::var_os("REQUIRE_REAL").is_none_or(|it| it != "1"),
                "REQUIRE_REAL=1, and no initdb of PostgreSQL in PATH or /usr/lib/postgresql"
            );
            println!("SKIPPED: no PostgreSQL here; install the package postgresql");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        if is_root() {
            // The server refuses to run as root, so it gets the user that its package made.
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let server = Self {
            programs,
            folder,
            port,
        };
        let arguments = ["--no-sync", "--auth=trust", "--username=audit", "--encoding=UTF8"];
        run(server
            .command("initdb")
            .args(arguments)
            .arg("-D")
            .arg(server.data()));
        server.resume();
        Some(server)
    }

    /// Starts it again.
    pub(crate) fn resume(&self) {
        let sockets = self.folder.path().display();
        let options = format!("-p {} -c listen_addresses=127.0.0.1 -k {sockets}", self.port);
        let mut start = self.command("pg_ctl");
        start.args(["start", "--wait", "--silent", "-o", &options, "-D"]);
        run(start
            .arg(self.data())
            .arg("-l")
            .arg(self.folder.path().join("log")));
    }

    /// Stops it at once, as a crash does.
    pub(crate) fn stop(&self) {
        run(&mut self.stopping());
    }

    fn stopping(&self) -> Command {
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "--silent", "-m", "immediate", "-D"])
            .arg(self.data());
        stop
    }

    /// Makes a database and returns its name as a store.
    pub(crate) fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE \"{name}\""));
        self.url(name)
    }

    /// Returns the name of a database as a store, whether it is there or not.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("postgres://audit@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs a statement.
    pub(crate) fn sql(&self, database: &str, statement: &str) {
        let mut psql = self.command("psql");
        psql.args(["--quiet", "--set=ON_ERROR_STOP=1", "--command", statement]);
        run(psql.arg(self.url(database)));
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path()).env("LC_ALL", "C");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that is stopped already says so, which is no failure.
        drop(
            self.stopping()
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status(),
        );
    }
}

/// Finds the folder with the programs of the newest version.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut installed: Vec<PathBuf> = installed.flatten().map(|it| it.path().join("bin")).collect();
    installed.sort();
    let folders = std::env::split_paths(&path).chain(installed.into_iter().rev());
    let complete = |folder: &PathBuf| {
        let programs = ["initdb", "pg_ctl", "postgres", "psql"];
        programs.iter().all(|program| folder.join(program).exists())
    };
    folders.into_iter().find(complete)
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|it| it.uid() == 0)
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
}
