//! `rowcall template`: a sheet to fill in.

use crate::cli::TemplateArgs;
use crate::lang::{language, translated};
use crate::report::template::Template;
use crate::rim::outputs::Files;
use crate::rim::target::facts_named;
use crate::rim::terminal::{print, strict_output};
use crate::rim::{Context, Exit, Failure};
use crate::sheet::{Format, Writer};

/// Writes the headings of a vendor. A workbook has plain headings and folds the unusual ones away; it also explains each
/// column, offers the words of those that take words, and has a sheet of help.
///
/// # Errors
/// Exit 2 where the file cannot be written.
pub(super) fn run(args: &TemplateArgs, context: &Context) -> Result<Exit, Failure> {
    let manifest = facts_named(&args.vendor, args.groups)?;
    let format = args.output.as_ref();
    let format = format.and_then(|path| Format::to_write(&path.to_string_lossy()));
    let is_workbook = format.is_some_and(Format::is_workbook);
    let language = context.language.or_else(|| is_workbook.then(language));
    let template = Template::new(manifest, language);
    let columns = &template.columns;
    let writer = match &args.output {
        // A template that was filled in is never lost.
        Some(path) if path.exists() => {
            return Err(
                Failure::usage(format!("{} is there already", path.display()))
                    .hint("name another file, or remove that one"),
            );
        }
        Some(path) => {
            let mut files = Files::new(context);
            files.written("--output", [path]);
            files.prepare()?;
            let table = if args.groups { "Groups" } else { "Extensions" };
            let help = template.help(&translated(table));
            let writer = Writer::create_new(path, columns, Some(help));
            writer.and_then(|mut writer| {
                if is_workbook || format == Some(Format::Csv) {
                    writer.row(template.example())?;
                }
                Ok(writer)
            })
        }
        None => {
            let writer = Writer::stream(strict_output(), "standard output", Format::Csv, columns);
            writer.and_then(|mut writer| {
                writer.row(template.example())?;
                Ok(writer)
            })
        }
    };
    writer.and_then(Writer::finish)?;
    for row in manifest.conditional() {
        let (name, needs) = (row.name.name(), row.needed_settings());
        print(format!(
            "{name} is not in it: only with {needs} for the target"
        ));
    }
    Ok(Exit::Done)
}
