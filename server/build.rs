//! Has the server built anew when the front end's files changed: they are embedded in it.

fn main() {
    let site = std::path::Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../target/site");
    // Where nothing was built yet, an empty folder: a missing one would count as changed at every build.
    if let Err(error) = std::fs::create_dir_all(&site) {
        println!("cargo:warning={} cannot be made: {error}", site.display());
    }
    println!("cargo:rerun-if-changed={}", site.display());
    println!("cargo:rerun-if-changed=build.rs");
}
