//! `rowcall columns`: the meaning of the headings of sheets, also where it is not certain yet.

use crate::cli::ColumnsArgs;
use crate::disk::write_new;
use crate::input::InputOptions;
use crate::input::meanings::{map_of, print_tables, understood};
use crate::manifest::Manifest;
use crate::model::shell_word;
use crate::rim::outputs::Files;
use crate::rim::target::facts_named;
use crate::rim::terminal::{print, print_data};
use crate::rim::{Context, Exit, Failure};
use crate::sheet::Readers;
use serde_json::{Value, json};

/// Prints the meaning of each heading, and writes it to the mapping file where one is wanted.
///
/// # Errors
/// Exit 2 where a sheet cannot be read, something has to be asked, or the file cannot be written.
pub(super) fn run(args: &ColumnsArgs, context: &Context) -> Result<Exit, Failure> {
    let manifest = facts_named(&args.vendor, args.input.groups)?;
    let mut files = Files::new(context);
    let (sheets, map) = (args.input.sheets.iter(), args.input.reading.map_file.iter());
    sheets.chain(map).for_each(|file| files.read(file));
    files.written("--output", &args.output);
    files.prepare()?;
    let (sheets, asked) = understood(&args.input.options(), manifest)?;
    if !args.json {
        print_tables(&sheets, manifest)?;
    }
    if let Some(path) = &args.output {
        let text = map_of(&sheets);
        write_new(path, text.as_bytes(), Readers::Anybody).map_err(|error| {
            Failure::not_written(path, &error).hint("name a file that is not there yet")
        })?;
        print(format!(
            "{}: written; use it with --map-file {}",
            path.display(),
            shell_word(&path.to_string_lossy())
        ));
    }
    let exit = exit(&asked);
    if args.json {
        let sheets: Vec<Value> = sheets.iter().map(|sheet| sheet.as_json(manifest)).collect();
        let all = json!({
            "command": "columns",
            "vendor": args.vendor,
            "sheets": sheets,
            "questions": asked,
            "exit_code": exit.code(),
        });
        print_data(|out| writeln!(out, "{all}"))?;
    }
    Ok(exit)
}

/// Prints the meaning of each heading.
///
/// # Errors
/// As [`run`].
pub(super) fn explain(input: &InputOptions, manifest: &Manifest) -> Result<Exit, Failure> {
    let (sheets, asked) = understood(input, manifest)?;
    print_tables(&sheets, manifest)?;
    Ok(exit(&asked))
}

/// Prints the open questions, and returns the exit code.
fn exit(asked: &[String]) -> Exit {
    for question in asked {
        print(question);
    }
    if asked.is_empty() {
        Exit::Done
    } else {
        Exit::Unusable
    }
}
