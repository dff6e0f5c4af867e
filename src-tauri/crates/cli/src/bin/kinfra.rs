//! What is typed.

fn main() -> std::process::ExitCode {
    kinfra_cli::quick::main()
}
