//! `rowcall help`: a command's help, or a page of the manual.

use crate::cli::{HelpArgs, command_help};
use crate::lang::language;
use crate::manual::PAGES;
use crate::rim::terminal::print_data;
use crate::rim::{Exit, Failure};

/// Prints the page or the help on this word; without a word the program's help and the list of pages.
///
/// # Errors
/// Exit 2 where there is neither a command nor a page of that name.
pub(super) fn run(args: &HelpArgs) -> Result<Exit, Failure> {
    let Some(topic) = &args.topic else {
        let pages: Vec<String> = PAGES
            .iter()
            .map(|page| format!("  {:<10} {}", page.name, page.title(language())))
            .collect();
        let help = command_help(None).unwrap_or_default();
        return print_data(|out| {
            writeln!(
                out,
                "{help}\nPages of the manual, by `rowcall help PAGE`:\n{}",
                pages.join("\n")
            )
        });
    };
    let page = PAGES.iter().find(|page| page.name == topic.as_str());
    let texts: Vec<String> = command_help(Some(topic.as_str()))
        .into_iter()
        .chain(page.map(|page| page.text(language()).to_owned()))
        .collect();
    if texts.is_empty() {
        let pages: Vec<&str> = PAGES.iter().map(|page| page.name).collect();
        return Err(
            Failure::usage(format!("there is no help about {topic:?}")).hint(format!(
                "rowcall help lists the commands; pages of the manual: {}",
                pages.join(", ")
            )),
        );
    }
    print_data(|out| write!(out, "{}", texts.join("\n")))
}
