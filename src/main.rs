//! Parse, run, exit code.

use rowcall::cli::{Typed, parse};
use rowcall::commands::run;
use std::process::ExitCode;

fn main() -> ExitCode {
    match parse(std::env::args_os()) {
        Typed::Command(cli) => ExitCode::from(run(&cli)),
        Typed::Said(code) => ExitCode::from(code),
    }
}
