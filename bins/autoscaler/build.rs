//! How the program is linked where it is built to be small.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|is| is == value);
    // Only the profile `dist` optimizes for size. A loader needs glibc 2.36 for this, which the image has and a developer may not.
    if is("OPT_LEVEL", "s") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        // Two MB of addresses to adjust are read at every start, and stay in memory; packed they are a hundredth of it.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
