//! Parse, run, exit code.

use rowcall::cli::{ParsedLine, parse};
use rowcall::commands::run;
use std::process::ExitCode;

fn main() -> ExitCode {
    match parse(std::env::args_os()) {
        ParsedLine::Command(cli) => ExitCode::from(run(&cli)),
        ParsedLine::Exit(code) => ExitCode::from(code),
    }
}
