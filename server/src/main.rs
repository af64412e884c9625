//! The program `supercargo`; [`server::cli`] is all of it.

fn main() -> std::process::ExitCode {
    server::cli::run()
}
