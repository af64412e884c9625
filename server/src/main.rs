//! The program `supercargo`; [`server::cli`] is all of it.

/// A page takes and gives back some thousand pieces of memory, which was a quarter of its time with the system's allocator; musl's, in the container
/// image, is slower still.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    server::cli::run()
}
