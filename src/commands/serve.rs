//! `rowcall serve`: a local page to drop the sheet on, until Ctrl-C.

use crate::cli::ServeArgs;
use crate::rim::{Context, Exit, Failure};

/// Opens the page; returns after Ctrl-C, or after an hour without anybody.
///
/// # Errors
/// Exit 2 where the port cannot be listened on, or the page has no folder for what it keeps.
#[cfg(feature = "page")]
pub(super) fn run(args: &ServeArgs, context: &Context) -> Result<Exit, Failure> {
    use crate::page::ServedPage;
    use crate::progress::above;
    use crate::rim::terminal::{can_press_enter, close_on_interrupt, enter_pressed, output, print};
    use std::io::Write;

    let stop = close_on_interrupt()?;
    let page = ServedPage::open(args.port, context, &stop)?;
    let tell = |address: &str| {
        // A run's progress may stand on the last line. The reader may have gone; the page is there all the same.
        let _ = above(|| writeln!(output(), "{address}"));
    };
    tell(&page.address());
    print("the page is open at this address, on this machine alone and once; Ctrl-C closes it");
    if can_press_enter() {
        print("where the browser was closed, press Enter here for another address");
    }
    if !args.no_open {
        page.show()?;
    }
    page.serve(enter_pressed, tell)?;
    Ok(Exit::Done)
}

/// Refuses: this build has no page.
///
/// # Errors
/// Always, exit 2.
#[cfg(not(feature = "page"))]
pub(super) fn run(_: &ServeArgs, _: &Context) -> Result<Exit, Failure> {
    Err(Failure::usage("this rowcall was built without its page").hint(
        "build one that has it: cargo build --release; or use rowcall FILE, which leads through a first import on the terminal",
    ))
}
