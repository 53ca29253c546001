//! The third step: what each heading means, with the open questions first, and a field to choose instead.

use super::visit::Visit;
use crate::columns::{ColumnReading, Mapped, NamedOwner, Question, Saved, SharedAnswer};
use crate::input::meanings::{UnderstoodSheet, map_of, reason, understood};
use crate::input::{HeaderRow, owner_typed};
use crate::lang::{language, translated};
use crate::manifest::Manifest;
use crate::model::redact::{NOT_SHOWN, harmless, heading_shown};
use crate::model::{Field, heading_key};
use crate::page::exchange::{FormFields, PageReply};
use crate::page::look::{self, PagePlace, PageReload};
use crate::page::session::DroppedSheet;
use crate::rim::Failure;
use crate::rim::terminal::{OverheardLines, overheard};
use crate::sheet::{DELIMITERS, Encoding};
use maud::{Markup, html};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// The number of values of each column that are shown.
const VALUES_SHOWN: usize = 3;

/// The longest value that is shown.
const VALUE_CHARS_MAX: usize = 40;

/// The name of a column's choice in the form, before its heading.
const CHOICE: &str = "map:";

/// The headings as they were understood.
struct Understood {
    manifest: &'static Manifest,
    sheets: Vec<UnderstoodSheet>,
    asked: Vec<String>,
    notes: Vec<String>,
}

impl Understood {
    /// Each heading with the field that it is understood as.
    fn meanings(&self) -> Vec<(String, Option<Field>)> {
        let columns = self.sheets.iter().flat_map(|sheet| &sheet.columns);
        let meaning = |column: &ColumnReading| (column.name.clone(), column.field);
        columns.map(meaning).collect()
    }

    /// Returns true if what names the headings may be shown.
    fn may_show_headings(&self) -> bool {
        self.sheets.iter().all(UnderstoodSheet::may_show_headings)
    }
}

fn understand(visit: &Visit<'_>) -> Result<Understood, Failure> {
    let target = visit.session.facts(visit.context)?;
    let manifest = target.manifest();
    let Some(sheet) = &visit.session.sheet else {
        return Err(Failure::usage("there is no sheet yet"));
    };
    let lines = OverheardLines::default();
    let understood = overheard(&lines, || understood(&sheet.input(), manifest));
    let (sheets, asked) = understood.map_err(|failure| sheet.named(failure))?;
    let notes = lines.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Understood {
        manifest,
        sheets,
        asked,
        notes,
    })
}

pub(in crate::page) fn show(visit: &mut Visit<'_>) -> PageReply {
    if let Some(reply) = visit.before(PagePlace::Headings) {
        return reply;
    }
    let (action, token) = visit.action("headings");
    let understood = understand(visit);
    if let (Err(failure), Some(sheet)) = (&understood, &mut visit.session.sheet)
        && !failure.sheets.is_empty()
    {
        sheet.tables.clone_from(&failure.sheets);
    }
    let inner = match understood {
        Err(failure) => html! {
            (ticks(visit))
            (look::failure(&failure))
            p .acts { button .quiet name="do" value="look" { (translated("Look again with these choices")) } }
            p { (translated("If the headings or the sheet of a workbook were not found, say below where they are.")) }
        },
        Ok(understood) => html! {
            (ticks(visit))
            @if understood.may_show_headings() {
                (look::lines(&understood.notes))
                (questions(visit, &understood))
            } @else if !understood.notes.is_empty() || !understood.asked.is_empty() {
                p .told.notice { (translated("Notes and questions are not shown, for they name headings that look like data.")) }
            }
            @for sheet in &understood.sheets { (table(visit, sheet, understood.manifest)) }
            p .acts {
                button name="do" value="go" { (translated("The headings are right: go on")) }
                " "
                button .quiet name="do" value="look" { (translated("Look again with these choices")) }
            }
        },
    };
    let body = html! {
        form method="post" action=(action) {
            (token)
            (inner)
            (asked_again(visit))
            (reading(visit))
        }
        p { a href=(visit.address_by_now("map.toml")) { (translated("Keep these meanings as a file, for the terminal or the next time")) } }
    };
    visit.page(PagePlace::Headings, PageReload::Never, &body)
}

fn questions(visit: &Visit<'_>, understood: &Understood) -> Markup {
    let sheets = understood.sheets.iter().enumerate();
    let mut asked = sheets.clone().flat_map(|(_, sheet)| &sheet.questions);
    html! {
        @if !understood.asked.is_empty() {
            // The first button is the one that Enter presses, and no answer.
            button .unseen name="do" value="look" tabindex="-1" aria-hidden="true" { (translated("Look again with these choices")) }
            div .failure role="alert" {
                @if asked.all(|question| question.columns.is_empty()) {
                    p { strong { (translated("Something is not certain:")) } }
                } @else {
                    p { strong { (translated("Something is not certain. Answer it in the column “means”:")) } }
                }
                ul {
                    @for (at, sheet) in sheets { (questions_of(visit, at, &sheet.questions)) }
                    @if understood.sheets.iter().all(|sheet| sheet.questions.is_empty()) {
                        @for line in &understood.asked { li { (harmless(&translated(line))) } }
                    }
                }
            }
        }
    }
}

/// The name of the buttons that answer a question about a sheet as a whole.
const ANSWER: &str = "answer";
/// The word of the button that has them asked again.
const ASK_AGAIN: &str = "ask-again";
/// The flag of the answer that says whose headings they are.
const HEADINGS: &str = "--headings";
/// The flag of the answer that fills a field in.
const FILL: &str = "--fill";

/// The questions about a sheet. An answer to several of them stands once, behind them all, with what it answers.
fn questions_of(visit: &Visit<'_>, sheet: usize, questions: &[Question]) -> Markup {
    let shared = SharedAnswer::among(questions);
    let is_own = |answer: &&str| shared.iter().all(|one| one.answer != *answer);
    let own = |question: &'_ Question| {
        let all = question.answers.iter().map(String::as_str);
        all.filter(is_own).map(str::to_owned).collect::<Vec<_>>()
    };
    html! {
        @for question in questions {
            li {
                (harmless(&translated(&question.what)))
                @if question.columns.is_empty() {
                    (answers(visit, sheet, &own(question)))
                }
            }
        }
        @for one in &shared {
            li {
                (harmless(&translated(&format!("To all that is asked about {}:", one.words))))
                (answers(visit, sheet, &[one.answer.to_owned()]))
            }
        }
    }
}

/// The way to be asked again what was answered about sheets as a whole.
fn asked_again(visit: &Visit<'_>) -> Markup {
    let sheet = visit.session.sheet.as_ref();
    html! {
        @if sheet.is_some_and(DroppedSheet::has_answers) {
            p {
                (translated("What was asked about whole sheets is answered.")) " "
                button .small .quiet name="do" value=(ASK_AGAIN) { (translated("Ask me again")) }
            }
        }
    }
}

/// The answers to a question about a sheet as a whole, each as a button, and the words for leaving it out.
fn answers(visit: &Visit<'_>, sheet: usize, answers: &[String]) -> Markup {
    let creates = visit.session.mode.creates();
    let has_ticks = has_ticks(visit);
    html! {
        @for answer in answers {
            " " button .small name=(ANSWER) value={ (sheet) "/" (answer) } { (answer_words(answer, creates)) }
        }
        " " span .soft {
            @if answers.iter().any(|answer| answer.starts_with(HEADINGS)) {
                (translated("or say in the column “means” what each heading means"))
            } @else if has_ticks {
                (translated("or leave this sheet out: untick it above and look again"))
            } @else {
                (translated("or take the rows out that are not meant, in the sheet itself, and drop it again"))
            }
        }
    }
}

/// The words of the button that gives this answer.
fn answer_words(answer: &str, creates: bool) -> Cow<'static, str> {
    if let Some(id) = answer.strip_prefix(HEADINGS) {
        let name = match owner_typed(id.trim()) {
            Ok(NamedOwner::Product(product)) => &product.name,
            Ok(NamedOwner::Vendor(facts)) => &facts.vendor.name,
            Ok(NamedOwner::Nobody) | Err(_) => return translated("They are nobody's own"),
        };
        let words = format!("They are those of {name}");
        return translated(&words).into_owned().into();
    }
    match (answer.starts_with(FILL), creates) {
        (true, true) => translated("Make all of them, switched off"),
        (true, false) => translated("Switch all of them off"),
        (false, _) => translated("Take all of them as they are"),
    }
}

/// Takes the answer that a button gives to a question about a sheet as a whole.
fn answer(sheet: &mut DroppedSheet, form: &FormFields, seen: &Understood) {
    let found = form.get(ANSWER).split_once('/').and_then(|(at, answer)| {
        let asked = seen.sheets.get(at.parse::<usize>().ok()?)?;
        let mut questions = asked.questions.iter();
        let is_asked = questions.any(|one| one.answers.iter().any(|known| known == answer));
        is_asked.then_some((asked, answer))
    });
    let Some((asked, answer)) = found else { return };
    match answer.strip_prefix(HEADINGS) {
        Some(id) => sheet.reading.headings = owner_typed(id.trim()).ok(),
        None if answer.starts_with(FILL) => sheet.answer_off(),
        None => asked.take_all(answer, &mut sheet.reading),
    }
}

fn table(visit: &Visit<'_>, sheet: &UnderstoodSheet, manifest: &Manifest) -> Markup {
    let is_asked = |at: usize| {
        sheet
            .questions
            .iter()
            .any(|question| question.columns.contains(&at))
    };
    let mut rows: Vec<_> = sheet.rows_with_values(VALUES_SHOWN).enumerate().collect();
    // Questions come first.
    rows.sort_by_key(|(at, _)| !is_asked(*at));
    let may_show = sheet.may_show_headings();
    html! {
        @if !may_show {
            p .told.notice { (translated("These headings look like data and are not shown, for one may be a password: say below on which line the headings stand.")) }
        }
        div .wide {
            table .headings {
                (look::table_head(&[
                    translated("heading"),
                    translated("means"),
                    translated("first values"),
                    translated("understood as"),
                ]))
                tbody {
                    @for (at, (letters, column, values)) in &rows {
                        tr .bad[is_asked(*at)] {
                            td {
                                @if may_show { bdi { (harmless(&heading_shown(&column.heading))) } } @else { (translated(NOT_SHOWN)) }
                                " " span .soft { (letters) }
                            }
                            td { @if may_show { (choice(visit, column, manifest)) } }
                            td .soft { (first_values(values)) }
                            td .soft { @if may_show { (told_reason(column, manifest)) } }
                        }
                    }
                }
            }
        }
    }
}

fn first_values(values: &[String]) -> Markup {
    html! {
        @for (at, value) in values.iter().enumerate() {
            @if at > 0 { br; }
            @if value == NOT_SHOWN {
                (translated(NOT_SHOWN))
            } @else {
                bdi { (harmless(&value.chars().take(VALUE_CHARS_MAX).collect::<String>())) }
            }
        }
    }
}

fn told_reason(column: &ColumnReading, manifest: &Manifest) -> String {
    let parts = reason(column, manifest);
    parts.map(|part| translated(&part).into_owned()).concat()
}

/// The meaning that was chosen for a heading, in the words of the form; empty where none was.
fn chosen_for(heading: &str, map: &[(String, Mapped)]) -> String {
    let key = heading_key(heading);
    let found = map.iter().find(|(known, _)| heading_key(known) == key);
    found.map_or(String::new(), |(_, mapped)| mapped.to_string())
}

/// The fields to choose from: as understood, those that were offered in a question, none, then all of the vendor's.
fn choice(visit: &Visit<'_>, column: &ColumnReading, manifest: &Manifest) -> Markup {
    let map = visit.session.sheet.as_ref().map(|sheet| &sheet.reading.map);
    let chosen = chosen_for(&column.name, map.map_or(&[], Vec::as_slice));
    let label = translated(&format!("what {} means", column.name)).into_owned();
    let offered: Vec<Mapped> = match &column.saved {
        Saved::Asked(choices) => choices.clone(),
        _ => vec![],
    };
    let as_understood = match column.field {
        Some(field) => field.label(Some(language())).to_owned(),
        None => translated("nothing: left out").into_owned(),
    };
    let is_other = |value: &str| {
        let is_field = manifest.field.iter().any(|row| row.name.name() == value);
        !value.is_empty() && value != "-" && !is_field
    };
    html! {
        @if !column.name.is_empty() {
            select name={ (CHOICE) (column.name) } aria-label=(harmless(&label)) {
                @if offered.is_empty() {
                    option value="" selected[chosen.is_empty()] { (as_understood) }
                } @else {
                    option value="" selected[chosen.is_empty()] { (translated("choose")) }
                    @for mapped in &offered {
                        option value=(mapped) { (mapped) }
                    }
                }
                option value="-" selected[chosen == "-"] { (translated("leave this column out")) }
                @if is_other(&chosen) {
                    option value=(chosen) selected { (chosen) }
                }
                optgroup label=(translated("fields")) {
                    @for row in manifest.field.iter().filter(|row| manifest.takes(row.name)) {
                        @let name = row.name.name();
                        option value=(name) selected[chosen == name] {
                            (row.name.label(Some(language()))) " (" (name) ")"
                        }
                    }
                    @for mapped in [Mapped::SurnameFirst] {
                        @let name = mapped.to_string();
                        option value=(name) selected[chosen == name] { (translated("the whole name, surname first")) }
                    }
                }
            }
        }
    }
}

/// The sheets of a workbook of which several can be meant, to be ticked.
fn ticks(visit: &Visit<'_>) -> Markup {
    let Some(sheet) = visit
        .session
        .sheet
        .as_ref()
        .filter(|sheet| !sheet.tables.is_empty())
    else {
        return html! {};
    };
    let chosen = &sheet.reading.sheet_names;
    html! {
        fieldset {
            legend { (translated("Which sheets of the workbook are to be read?")) }
            @for name in &sheet.tables {
                label .choice {
                    input type="checkbox" name="names" value=(name) checked[chosen.contains(name)];
                    " " bdi { (harmless(name)) }
                }
            }
        }
    }
}

/// Returns true if the sheets of a workbook stand there to be ticked.
fn has_ticks(visit: &Visit<'_>) -> bool {
    let sheet = visit.session.sheet.as_ref();
    sheet.is_some_and(|sheet| !sheet.tables.is_empty())
}

/// The options for reading the file, for one that is not understood by itself.
fn reading(visit: &Visit<'_>) -> Markup {
    let reading = visit
        .session
        .sheet
        .as_ref()
        .map(|sheet| sheet.reading.clone());
    let reading = reading.unwrap_or_default();
    html! {
        details {
            summary { (translated("How the file is read")) }
            @if !has_ticks(visit) {
                p {
                    label for="names" { (translated("the sheet of a workbook, by its name")) }
                    input #names name="names" value=(reading.sheet_names.join(""));
                }
            }
            p {
                label for="line" { (translated("the line on which the headings stand")) }
                input #line name="line" inputmode="numeric" size="6" value=[reading.header_row()];
            }
            p {
                label for="encoding" { (translated("what a text file is written in, for example windows-1252")) }
                input #encoding name="encoding" value=[reading.encoding.map(Encoding::name)];
            }
            p {
                label .choice {
                    input type="checkbox" name="visible" value="on" checked[reading.visible_only];
                    " " (translated("leave out rows that a workbook hides"))
                }
                label .choice {
                    input type="checkbox" name="quotes" value="on" checked[reading.fix_quotes];
                    " " (translated("put curly quotes right, that a word processor left in a text file"))
                }
                label .choice {
                    input type="checkbox" name="short" value="on" checked[reading.pad_short_rows];
                    " " (translated("read rows that have fewer cells than there are headings"))
                }
            }
            (delimiters(reading.delimiter))
            button .quiet name="do" value="look" { (translated("Read it so")) }
        }
    }
}

/// The delimiters to choose from.
fn delimiters(chosen: Option<char>) -> Markup {
    let words = |delimiter: u8| match delimiter {
        b',' => translated("comma: ,"),
        b';' => translated("semicolon: ;"),
        b'\t' => translated("tabulator"),
        _ => translated("vertical bar: |"),
    };
    html! {
        p {
            label for="delimiter" { (translated("what separates the cells of a text file")) }
            select #delimiter name="delimiter" {
                option value="" selected[chosen.is_none()] { (translated("whatever the file shows")) }
                @for (delimiter, word) in DELIMITERS {
                    option value=(word) selected[chosen == Some(delimiter.into())] { (words(delimiter)) }
                }
            }
        }
    }
}

/// Takes the meanings that were chosen. A heading of several tables is chosen for once: what differs from the choice before
/// is meant.
fn choose(sheet: &mut DroppedSheet, form: &FormFields, refused: &mut Vec<String>) {
    let before = sheet.reading.map.clone();
    let mut new: BTreeMap<String, &str> = BTreeMap::new();
    for (name, value) in &form.0 {
        let Some(heading) = name.strip_prefix(CHOICE) else {
            continue;
        };
        if *value == chosen_for(heading, &before) {
            continue;
        }
        let known = new.insert(heading_key(heading), value);
        if known.is_some_and(|known| known != value) {
            let why = format!("{heading} means the same in every table: choose one meaning for it");
            refused.push(translated(&why).into_owned());
            continue;
        }
        match (value.as_str(), Mapped::parse(value)) {
            ("", _) => sheet.choose(heading, None),
            (_, Ok(mapped)) => sheet.choose(heading, Some(mapped)),
            (_, Err(why)) => refused.push(translated(&why).into_owned()),
        }
    }
}

/// The names of the sheets to read: a ticked one as the workbook has it, a typed one without the spaces around it.
fn names_of_sheets(sheet: &DroppedSheet, form: &FormFields) -> Vec<String> {
    let named = form.0.iter().filter(|(field, _)| field == "names");
    let names = named.map(|(_, name)| match sheet.tables.contains(name) {
        true => name.as_str(),
        false => name.trim(),
    });
    let names = names.filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// Takes how the file is read; returns true if that is otherwise than before.
fn read_otherwise(sheet: &mut DroppedSheet, form: &FormFields, refused: &mut Vec<String>) -> bool {
    let names = names_of_sheets(sheet, form);
    let line = form.number("line").filter(|line| *line > 0);
    let line = line.map(|line| line as u64);
    let word = form.get("encoding").trim();
    let encoding = Encoding::named(word);
    if encoding.is_none() && !word.is_empty() {
        refused.push(translated("no encoding of this name is read").into_owned());
    }
    let is_ticked = |name: &str| !form.get(name).is_empty();
    let visible_only = is_ticked("visible");
    let mut delimiters = DELIMITERS.iter();
    let delimiter = delimiters.find(|(_, word)| *word == form.get("delimiter"));
    let text = (
        delimiter.map(|(delimiter, _)| char::from(*delimiter)),
        is_ticked("quotes"),
        is_ticked("short"),
    );
    let reading = &mut sheet.reading;
    let is_other_table = (&reading.sheet_names, reading.header_row()) != (&names, line);
    let text_before = (
        reading.delimiter,
        reading.fix_quotes,
        reading.pad_short_rows,
    );
    let has_other_rows =
        (reading.encoding, reading.visible_only, text_before) != (encoding, visible_only, text);
    // Another table has other headings and other cells.
    if is_other_table {
        reading.map.clear();
    }
    reading.sheet_names = names;
    // The lines of single sheets are answers.
    reading.header_rows.retain(|row| row.sheet.is_some());
    reading.header_rows.extend(line.map(HeaderRow::of_all));
    (reading.encoding, reading.visible_only) = (encoding, visible_only);
    (
        reading.delimiter,
        reading.fix_quotes,
        reading.pad_short_rows,
    ) = text;
    let is_otherwise = is_other_table || has_other_rows;
    if is_otherwise {
        sheet.forget_answers();
        if sheet.corrected() > 0 {
            let why = "the file is read otherwise now: the corrections were taken back";
            refused.push(translated(why).into_owned());
        }
        if sheet.taken_out() > 0 {
            let why =
                "the file is read otherwise now: the rows that were taken out by hand are back";
            refused.push(translated(why).into_owned());
        }
        sheet.take_back();
        sheet.put_all_back();
    }
    is_otherwise
}

pub(in crate::page) fn take(visit: &mut Visit<'_>) -> PageReply {
    if let Some(reply) = visit.before(PagePlace::Headings) {
        return reply;
    }
    let form = &visit.request.form;
    let mut refused = vec![];
    let is_to_go = form.get("do") == "go";
    let is_answer = !form.get(ANSWER).is_empty();
    let seen = (is_to_go || is_answer).then(|| understand(visit).ok());
    let mut seen = seen.flatten();
    let Some(sheet) = &mut visit.session.sheet else {
        return visit.furthest();
    };
    let before = sheet.reading.map.clone();
    choose(sheet, form, &mut refused);
    let is_otherwise = read_otherwise(sheet, form, &mut refused);
    let asks_again = form.get("do") == ASK_AGAIN;
    if asks_again {
        sheet.forget_answers();
    }
    match seen.as_ref().filter(|_| is_answer) {
        // The answer was about other rows.
        Some(_) if is_otherwise => {
            let why =
                "the file is read otherwise now: what is asked about it has to be answered anew";
            refused.push(translated(why).into_owned());
        }
        Some(seen) => answer(sheet, form, seen),
        None => {}
    }
    let is_other_choice = sheet.reading.map != before;
    visit.session.headings_seen = false;
    visit.session.change();
    let is_as_before = !(is_other_choice || is_otherwise || is_answer || asks_again);
    let as_before = seen.take_if(|_| is_as_before);
    let mut understood = as_before.map_or_else(|| understand(visit), Ok);
    if let (Err(failure), true) = (&understood, is_other_choice) {
        // A choice that cannot be is forgotten, or its field would not be there to choose again.
        let chosen = replace_map(visit, before.clone());
        match understand(visit) {
            Ok(again) => {
                visit.session.tell_failure(failure);
                understood = Ok(again);
                refused.push(translated("this choice was not taken").into_owned());
            }
            Err(_) => {
                replace_map(visit, chosen);
            }
        }
    }
    let mut goes_on = is_to_go && refused.is_empty();
    visit.session.told.extend(refused);
    if let (true, Some(seen), Ok(now)) = (goes_on, seen, &understood) {
        let sheet = visit.session.sheet.as_ref();
        let map = sheet.map_or(&[][..], |it| it.reading.map.as_slice());
        if has_moved_others(&seen.meanings(), &now.meanings(), (&before, map)) {
            goes_on = false;
            visit.tell(translated(
                "what was chosen changes what other columns mean: look at them, and go on",
            ));
        }
    }
    let goes_on = goes_on && understood.is_ok_and(|understood| understood.asked.is_empty());
    match goes_on {
        true => {
            visit.session.headings_seen = true;
            visit.go("rows")
        }
        false => visit.go("headings"),
    }
}

/// Replaces what was chosen for headings, and returns what it was.
fn replace_map(visit: &mut Visit<'_>, map: Vec<(String, Mapped)>) -> Vec<(String, Mapped)> {
    let sheet = visit.session.sheet.as_mut();
    sheet.map_or(vec![], |sheet| {
        std::mem::replace(&mut sheet.reading.map, map)
    })
}

/// The meanings that were chosen for headings.
type ChosenMap = [(String, Mapped)];

/// Returns true if another column than those that were chosen means something else now.
fn has_moved_others(
    before: &[(String, Option<Field>)],
    now: &[(String, Option<Field>)],
    (map_before, map): (&ChosenMap, &ChosenMap),
) -> bool {
    let is_chosen = |heading: &str| chosen_for(heading, map_before) != chosen_for(heading, map);
    let mut columns = before.iter().zip(now);
    columns.any(|((heading, was), (same, is))| heading == same && was != is && !is_chosen(heading))
}

/// The meanings as a file, as `rowcall columns -o` writes it.
pub(in crate::page) fn map(visit: &mut Visit<'_>) -> PageReply {
    if let Some(reply) = visit.before_other_file(PagePlace::Headings) {
        return reply;
    }
    match understand(visit) {
        // A file of meanings names the headings.
        Ok(understood) if !understood.may_show_headings() => visit.go("headings"),
        Ok(understood) => {
            let text = map_of(&understood.sheets);
            PageReply::file("map.toml", "application/toml", text.into_bytes())
        }
        Err(_) => visit.go("headings"),
    }
}
