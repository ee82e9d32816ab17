//! Finds libphi.so, in this order: the folder `PHI_LIB_DIR`, pkg-config, a build of the checkout.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=PHI_LIB_DIR");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-lib=dylib=phi");
    let folders = match env::var_os("PHI_LIB_DIR") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => from_pkg_config().unwrap_or_else(from_checkout),
    };
    for folder in folders {
        let folder = folder.display();
        println!("cargo:rustc-link-search=native={folder}");
        // For the tests and examples of this crate; a dependent crate reads DEP_PHI_LIB_DIR.
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
        println!("cargo:lib_dir={folder}");
    }
}

/// What an installed libphi says of itself; empty when it lies where the linker looks anyway.
fn from_pkg_config() -> Option<Vec<PathBuf>> {
    let output = Command::new(env::var_os("PKG_CONFIG").unwrap_or_else(|| "pkg-config".into()))
        .args(["--libs-only-L", "phi"])
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let flags = String::from_utf8(output.stdout).ok()?;
    Some(
        flags
            .split_whitespace()
            .filter_map(|flag| flag.strip_prefix("-L"))
            .map(PathBuf::from)
            .collect(),
    )
}

/// The crate lies in capi/bindings/rust of a checkout: `cmake --preset release` builds beside it.
fn from_checkout() -> Vec<PathBuf> {
    let crate_dir = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let build = Path::new(&crate_dir).join("../../../build/release/capi");
    match build.canonicalize() {
        Ok(folder) if folder.join("libphi.so").exists() => vec![folder],
        _ => Vec::new(), // the linker's own folders, or its message
    }
}
