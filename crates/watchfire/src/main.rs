//! The program. Everything is in the library; this only hands over the arguments and the exit code.

fn main() -> std::process::ExitCode {
    watchfire::cli::run()
}
