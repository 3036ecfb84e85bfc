//! The program, as a person runs it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs the program with these arguments and this standard input.
pub(crate) fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built for this test");
    let mut pipe = child.stdin.take().expect("it is piped");
    // A program that ends without reading closes its input, which is no failure of the test.
    drop(pipe.write_all(input.as_bytes()));
    drop(pipe);
    child.wait_with_output().expect("the program ends")
}

/// Returns what was printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the program prints UTF-8")
}
