//! `rowcall` alone, or `rowcall FILE`, on a terminal: leads through a first import, step by step.

use super::columns::understood;
use crate::cli::{Cli, LeadArgs, ParsedLine, parse};
use crate::columns::{AllowedActions, Binding, ColumnReading, Mapped, Saved, write_map};
use crate::disk::write_whole;
use crate::input::{InputOptions, ReadingOptions, bound};
use crate::manifest::{Access, Manifest};
use crate::model::{Field, heading_key, shell_word};
use crate::rim::config::names_of;
use crate::rim::terminal::{ask, confirm, end_on_interrupt, print};
use crate::rim::{Context, Exit, Failure};
use crate::sheet::{Readers, Sheet};
use crate::vendors::{VENDORS, Vendor, vendor_typed};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Leads the user step by step: the PBX, the meaning of the headings, check, rehearsal, import. Each step shows its
/// command, so that the next time needs no leading. `carry_out` carries out a command line.
///
/// # Errors
/// Exit 2 where there is no terminal to ask on, or the answers cannot be kept.
pub(super) fn run(
    args: &LeadArgs,
    context: &Context,
    carry_out: fn(&Cli) -> u8,
) -> Result<Exit, Failure> {
    let step = |words: &[String]| step(words, context, carry_out);
    print(
        "A sheet of extensions goes onto a PBX in five steps; Ctrl-C ends this, and nothing is sent before you say so.",
    );
    let file = match &args.file {
        Some(file) => file.display().to_string(),
        None => ask_file()?,
    };
    let vendor = ask_vendor()?;
    let manifest = (vendor.manifest)();
    print("\n2. What each heading means, with its first values:");
    let Some(mut options) = meanings(&file, manifest)? else {
        return Ok(Exit::Unusable);
    };
    options.extend(made_up(&file, &options, manifest)?);
    let words = |first: &[&str], options: &[String]| -> Vec<String> {
        let first = first.iter().map(|word| (*word).to_owned());
        first.chain(options.iter().cloned()).collect()
    };
    go_on()?;
    print("\n3. Is every row right?");
    match step(&words(&["check", &file, "--for", vendor.id], &options)) {
        0 => print("every row can go"),
        1 => print(format!(
            "Correct the sheet where it says error, then begin again; rows without errors can go all the same.\nrowcall fix {} -o FIXED --for {} repairs a copy where that is certain.",
            shell_word(&file),
            vendor.id
        )),
        _ => return Ok(Exit::Unusable),
    }
    go_on()?;
    print("\n4. A rehearsal, on a PBX that exists only here:");
    let sim = format!("sim:{}", vendor.id);
    let rehearsal = ["import", &file, "--to", &sim, "--rate", "50/s"];
    step(&words(&rehearsal, &options));
    print("\n5. Go. Nothing was sent to a PBX of yours so far.");
    let mut targets = names_of(vendor.id, context.config());
    if targets.is_empty()
        && confirm("no PBX of this kind is set up: give its address and account now?")
    {
        step(&words(&["init"], &[]));
        targets = names_of(vendor.id, context.config());
    }
    let report = beside(&file, "report.html");
    let import = |target: &str| {
        let import = ["import", &file, "--to", target, "--report", &report];
        words(&import, &options)
    };
    if let Some(target) = ask_target(&targets)? {
        let sent = step(&import(&target));
        if [Exit::Done, Exit::NotDone].map(Exit::code).contains(&sent) {
            print("rowcall runs lists what was done; rowcall undo takes it back");
        }
        return Ok(Exit::done_if(sent == Exit::Done.code()));
    }
    print("When you are ready; import asks before it sends:");
    let target = targets.first().map_or("hq", String::as_str);
    if targets.is_empty() {
        print("  rowcall init                       (once: address and account)");
    }
    print(format!(
        "  rowcall {}",
        typed(&words(&["plan", &file, "--to", target], &options))
    ));
    print(format!("  rowcall {}", typed(&import(target))));
    print("  rowcall undo                       (takes it back)");
    Ok(Exit::Done)
}

/// The failure of a lead whose answers ended.
fn ended() -> Failure {
    Failure::usage("a first import is led through on a terminal, by questions")
        .hint("rowcall check SHEET --for VENDOR begins it without any")
}

/// Asks for the sheet until there is one.
fn ask_file() -> Result<String, Failure> {
    loop {
        let answer = ask("the sheet (CSV, Excel, OpenDocument, JSON)", "").ok_or_else(ended)?;
        match Path::new(&answer).is_file() {
            true => return Ok(answer),
            false => print(format!(
                "there is no file {answer:?}; rowcall template --for VENDOR -o FILE writes one to fill in"
            )),
        }
    }
}

/// Asks for the vendor until there is one.
fn ask_vendor() -> Result<&'static Vendor, Failure> {
    let names: Vec<String> = VENDORS
        .iter()
        .map(|vendor| format!("  {:<10} {}", vendor.id, (vendor.manifest)().vendor.name))
        .collect();
    print(format!("\n1. Which PBX is it for?\n{}", names.join("\n")));
    loop {
        let answer = ask("vendor", "openvox").ok_or_else(ended)?;
        match vendor_typed(&answer) {
            Ok(vendor) => return Ok(vendor),
            Err(why) => print(why),
        }
    }
}

/// Asks which of these targets the sheet is to be sent to now; `None` where to none.
fn ask_target(targets: &[String]) -> Result<Option<String>, Failure> {
    if targets.is_empty() {
        return Ok(None);
    }
    let question = format!("import it now to ({}; Enter: not now)", targets.join(", "));
    loop {
        let answer = ask(&question, "").ok_or_else(ended)?;
        if answer.is_empty() {
            return Ok(None);
        }
        if targets.contains(&answer) {
            return Ok(Some(answer));
        }
        print(format!("there is no target {answer:?}"));
    }
}

/// Shows what each heading means, asks about those that are not certain, and keeps the answers in a mapping file beside
/// the sheet; returns the options that use it, `None` where questions remain that no mapping answers.
///
/// # Errors
/// Exit 2 where the sheet cannot be read, the answers ended, or the file cannot be written.
fn meanings(file: &str, manifest: &Manifest) -> Result<Option<Vec<String>>, Failure> {
    let path = beside(file, "map.toml");
    let kept = Path::new(&path).is_file();
    let options = match kept {
        true => map_options(&path),
        false => vec![],
    };
    let mut words = ["columns", file, "--for", &manifest.vendor.id]
        .map(str::to_owned)
        .to_vec();
    words.extend(options.iter().cloned());
    print(format!("$ rowcall {}", typed(&words)));
    let mut input = InputOptions {
        sheets: vec![PathBuf::from(file)],
        reading: ReadingOptions {
            map_file: kept.then(|| PathBuf::from(&path)),
            ..ReadingOptions::default()
        },
    };
    let (sheets, mut open) = understood(&input, manifest)?;
    let columns: Vec<&ColumnReading> = sheets.iter().flat_map(|(_, columns)| columns).collect();
    input.reading.map = loop {
        open.iter().for_each(print);
        let answers = answers(&columns)?;
        if answers.is_empty() && !open.is_empty() {
            print("answer that with the flag it names: rowcall check SHEET --for VENDOR FLAG");
            return Ok(None);
        }
        if answers.is_empty() {
            return Ok(Some(options));
        }
        input.reading.map.clone_from(&answers);
        open = bound(&input, manifest, AllowedActions::default())?
            .iter()
            .filter_map(|(sheet, binding)| {
                let error = binding.as_ref().err()?;
                Some(format!("{}: {error}", sheet.file))
            })
            .collect();
        if open.is_empty() {
            break answers;
        }
    };
    let mut text = String::new();
    for (sheet, binding) in bound(&input, manifest, AllowedActions::default())? {
        let binding = binding.map_err(Failure::usage)?;
        text.push_str(&write_map(&sheet.file, &binding.columns));
    }
    write_whole(Path::new(&path), text.as_bytes(), Readers::Anybody)
        .map_err(|error| Failure::usage(format!("{path}: cannot be written: {error}")))?;
    print(format!(
        "{path}: keeps these meanings; the next steps use it with --map-file"
    ));
    Ok(Some(map_options(&path)))
}

fn map_options(path: &str) -> Vec<String> {
    vec!["--map-file".to_owned(), path.to_owned()]
}

/// Asks for the meaning of every column that is not certain, and once for all that are not understood; returns what was
/// answered.
fn answers(columns: &[&ColumnReading]) -> Result<Vec<(String, Mapped)>, Failure> {
    let mut answers: Vec<(String, Mapped)> = vec![];
    let is_new = |answers: &[(String, Mapped)], heading: &str| {
        let key = heading_key(heading);
        answers.iter().all(|(known, _)| heading_key(known) != key)
    };
    for column in columns {
        let heading = column.heading.trim();
        let Saved::Asked(choices) = &column.saved else {
            continue;
        };
        if !is_new(&answers, heading) {
            continue;
        }
        let fields = choices.iter().filter_map(|choice| choice.field());
        let names: Vec<&str> = fields.map(Field::name).collect();
        let question = format!(
            "“{heading}” means ({}, or another field; - leaves it out)",
            names.join(", ")
        );
        let mapped = loop {
            let answer = ask(&question, "").ok_or_else(ended)?;
            match Mapped::parse(&answer) {
                Ok(mapped) => break mapped,
                Err(error) => print(error),
            }
        };
        answers.push((heading.to_owned(), mapped));
    }
    let mut strange: Vec<(String, Mapped)> = vec![];
    for column in columns {
        let heading = column.heading.trim();
        if column.saved == Saved::NotUnderstood && is_new(&strange, heading) {
            strange.push((heading.to_owned(), Mapped::LeftOut));
        }
    }
    if strange.is_empty() {
        return Ok(answers);
    }
    let headings: Vec<String> = strange
        .iter()
        .map(|(heading, _)| format!("“{heading}”"))
        .collect();
    print(format!(
        "{}: not understood, and left out unless you give a meaning",
        headings.join(", ")
    ));
    loop {
        let answer = ask("HEADING=FIELD, or Enter", "").ok_or_else(ended)?;
        if answer.is_empty() {
            break;
        }
        let given = answer
            .rsplit_once('=')
            .ok_or("write HEADING=FIELD".to_owned());
        let given = given.and_then(|(heading, name)| Ok((heading, Mapped::parse(name)?)));
        match given {
            Ok((heading, mapped)) => {
                let key = heading_key(heading);
                let known = strange
                    .iter_mut()
                    .find(|(known, _)| heading_key(known) == key);
                match known {
                    Some((_, meaning)) => *meaning = mapped,
                    None => print(format!("{heading:?} is none of these headings")),
                }
            }
            Err(error) => print(error),
        }
    }
    answers.extend(strange);
    Ok(answers)
}

/// Offers to have the passwords made up that rows lack and no extension is created without; returns the options for
/// those that are wanted.
///
/// # Errors
/// Exit 2 where the sheet cannot be read.
fn made_up(file: &str, options: &[String], manifest: &Manifest) -> Result<Vec<String>, Failure> {
    let map_file = options.last().map(PathBuf::from);
    let input = InputOptions {
        sheets: vec![PathBuf::from(file)],
        reading: ReadingOptions {
            map_file,
            ..ReadingOptions::default()
        },
    };
    let sheets = bound(&input, manifest, AllowedActions::default())?;
    let mut wanted = vec![];
    let secrets = manifest
        .field
        .iter()
        .filter(|row| row.required && row.name.is_secret() && row.access != Access::ReadOnly);
    for field in secrets.map(|row| row.name) {
        let mut lacks = false;
        for (sheet, binding) in &sheets {
            if let Ok(binding) = binding {
                lacks |= some_row_lacks(sheet, binding, field, manifest)?;
            }
        }
        let question = format!(
            "some rows have no {}, and an extension cannot be made without it: have one made up for each?",
            field.name()
        );
        if lacks && confirm(&question) {
            wanted.extend(["--fill".to_owned(), format!("{}=<generate>", field.name())]);
        }
    }
    Ok(wanted)
}

fn some_row_lacks(
    sheet: &Sheet,
    binding: &Binding,
    field: Field,
    manifest: &Manifest,
) -> Result<bool, Failure> {
    let mut lacks = false;
    for batch in sheet.batches() {
        let read = batch.and_then(|batch| {
            batch.rows(|row| {
                let extension = || binding.extension(&row.cells, manifest);
                lacks = lacks || (row.trouble.is_none() && extension().get(field).is_none());
            })
        });
        read.map_err(Failure::usage)?;
        if lacks {
            break;
        }
    }
    Ok(lacks)
}

/// The name of a file beside the sheet: `staff.csv` and `map.toml` make `staff.map.toml`.
fn beside(file: &str, ending: &str) -> String {
    let path = Path::new(file).with_extension(ending);
    path.display().to_string()
}

/// Words as they are typed in a shell.
fn typed(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| shell_word(word)).collect();
    words.join(" ")
}

/// Waits for Enter.
fn go_on() -> Result<(), Failure> {
    ask("Enter goes on", "").map(drop).ok_or_else(ended)
}

/// Shows a command and carries it out; its exit code.
fn step(words: &[String], context: &Context, carry_out: fn(&Cli) -> u8) -> u8 {
    print(format!("$ rowcall {}", typed(words)));
    let mut typed: Vec<OsString> = vec!["rowcall".into()];
    typed.extend(words.iter().map(OsString::from));
    for (flag, path) in [
        ("--config", &context.config_file),
        ("--state", &context.state_folder),
        ("--key", &context.key_file),
    ] {
        if let Some(path) = path {
            typed.extend([OsString::from(flag), path.clone().into_os_string()]);
        }
    }
    let code = match parse(typed.into_iter()) {
        ParsedLine::Command(cli) => carry_out(&cli),
        ParsedLine::Exit(code) => code,
    };
    end_on_interrupt();
    code
}
