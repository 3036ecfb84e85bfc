//! How the program is linked where it is built to be small.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=seldom.ld");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|is| is == value);
    // Only the profile `dist` optimizes for size. Its program needs glibc 2.36, which the image has and a developer may not.
    if is("OPT_LEVEL", "s") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        // Nearly two MB of addresses to adjust are read at every start and stay in memory; packed they are 23 kB.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{folder}/seldom.ld");
    }
}
