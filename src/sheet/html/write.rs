//! A table as a page for people: one file without anything from elsewhere, to be read on a screen or printed.
//!
//! A page streams row by row, and is right without its script, which only searches and filters. Facts that are known
//! only at the end (counts, findings, the rows that come first) are written there, and the style shows them above the
//! rows.
//!
//! Its parts are templates that are checked when they are compiled, and every text in them is escaped.

use crate::disk::ScratchFile;
use crate::lang::{language, translated};
use crate::model::{Language, counted};
use crate::sheet::column::{Column, ExtraSheet, MarkedLine, Tone};
use crate::sheet::surroundings::Surroundings;
use maud::{DOCTYPE, Markup, PreEscaped, Render, html};
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// The style of pages.
pub(crate) const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page's own permissions: to use its own style, and to run its own script, which is known by its hash.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    script-src 'sha256-L+gk1WPu50bnIhh70bJroOe+VdD8W2kjXHltgXdVP1A='; base-uri 'none'; form-action 'none'";

/// A text without spaces that is longer may be broken where its parts meet.
const BREAKS_FROM: usize = 16;
const BREAK: &str = "<wbr>";

/// A cell of a further table with more bytes is one of sentences.
const PROSE_FROM: usize = 40;

/// A table with more columns than this shows those with one text in every row once above the rows, and is printed
/// across the paper.
const NARROW_COLUMNS_MAX: usize = 9;

/// The style of a wide table: its columns as wide as their texts on a screen, and as narrow as the paper needs; the
/// first one has the numbers, which are never broken.
const WIDE: &str = "@page{size:A4 landscape}@media screen{.rows table{width:max-content}}\n\
    @media print{.rows table{font-size:6.5pt}.rows td{overflow-wrap:anywhere;min-width:4ch}\n\
    .rows :is(th,td){padding:.9pt 1.8pt}.rows td:first-child{overflow-wrap:normal}}\n";

/// A table with more columns has headings on paper that are read upwards: beside each other they would leave no room for
/// the cells.
const LEVEL_HEADINGS_MAX: usize = 14;
const UPWARD_HEADINGS: &str = "@media print{.rows th{writing-mode:vertical-rl;writing-mode:sideways-lr;\
    vertical-align:top;white-space:nowrap}}\n";

/// One page that is being written.
pub(crate) struct Page {
    columns: Vec<Column>,
    pub(crate) around: Surroundings,
    begun: bool,
    /// The rows that come first, as the page has them; none where rows are not kept.
    first: Option<ScratchFile>,
    first_rows: u64,
}

impl Page {
    /// A page that is called by its file's name without the ending until it has a title. It keeps rows on disk for a while
    /// if it `may_keep` them.
    pub(crate) fn new(file: &str, columns: Vec<Column>, may_keep: bool) -> Page {
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let sorts = columns.iter().any(|column| column.tone.is_some());
        Page {
            around: Surroundings::new(stem, &columns),
            columns,
            begun: false,
            first: (may_keep && sorts).then(ScratchFile::new),
            first_rows: 0,
        }
    }

    /// Writes the page up to the first row, once.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let title = PageText::whole(&self.around.title);
        let language = match language() {
            Language::English => "en",
            Language::German => "de",
        };
        let begin = html! {
            (DOCTYPE) "\n" (PreEscaped("<html lang=\"")) (language) (PreEscaped("\">\n"))
            head {
                "\n" meta charset="utf-8"; "\n"
                meta http-equiv="Content-Security-Policy" content=(POLICY); "\n"
                meta name="referrer" content="no-referrer"; "\n"
                meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
                title { (title) } "\n"
                style { "\n" (PreEscaped(STYLE)) } "\n"
            }
            "\n" (PreEscaped("<body>\n"))
            header class="about" { h1 { (title) } "\n" (facts(&self.around.facts)) }
            (PreEscaped("\n<section class=\"rows\"><table>\n"))
            (self.head())
            (PreEscaped("<tbody>\n"))
        };
        self.around.facts.clear();
        out.extend_from_slice(begin.into_string().as_bytes());
    }

    fn head(&self) -> Markup {
        head(self.columns.iter().map(|column| column.heading.as_str()))
    }

    /// Writes one row, whose cells are marked by these tones, by column. Lines, where there are any, are its last cell.
    pub(crate) fn row<'c>(
        &mut self,
        cells: impl IntoIterator<Item = &'c str>,
        marks: &[(usize, Tone)],
        lines: &[MarkedLine],
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        self.begin(out);
        let mut cells: Vec<&str> = cells.into_iter().collect();
        let comes_first = self.around.tally.add(&cells) && self.first.is_some();
        if !lines.is_empty() {
            cells.truncate(self.columns.len().saturating_sub(1));
        }
        for line in lines {
            self.around.folding.add(line);
        }
        let row = self.cells(&cells, marks, lines).into_string();
        let opening: &[u8] = match comes_first {
            true => b"<tr class=\"moved\">",
            false => b"<tr>",
        };
        for part in [opening, row.as_bytes(), b"</tr>\n"] {
            out.extend_from_slice(part);
        }
        if comes_first && let Some(first) = &mut self.first {
            self.first_rows += 1;
            for part in [b"<tr>", row.as_bytes(), b"</tr>\n"] {
                first.write_all(part)?;
            }
        }
        Ok(())
    }

    /// The cells of a row.
    fn cells(&self, cells: &[&str], marks: &[(usize, Tone)], lines: &[MarkedLine]) -> Markup {
        let usual = Column::default();
        html! {
            @for (at, cell) in cells.iter().enumerate() {
                @let column = self.columns.get(at).unwrap_or(&usual);
                @let mark = marks.iter().find(|(column, _)| *column == at);
                @let tone = mark.map_or_else(|| column.tone.map_or(Tone::Plain, |tone| tone(cell)), |mark| mark.1);
                td data-word[column.counted] class=[classes(column.prose, tone)] {
                    @match column.spoken {
                        true => (PageText::new(&translated(cell))),
                        false => (PageText::new(cell)),
                    }
                }
            }
            @if !lines.is_empty() {
                td class="lines" {
                    @for line in lines { p class=(LineClasses(line)) { (PageText::new(&line.text)) } }
                }
            }
        }
    }

    /// Ends the page.
    pub(crate) fn end(mut self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut begin = Vec::new();
        self.begin(&mut begin);
        out.write_all(&begin)?;
        let rows = self.around.tally.rows;
        let words = self.around.tally.words();
        let counts = html! {
            (PreEscaped("</tbody>\n</table></section>\n"))
            section class="counts" {
                "\n" (facts(&self.around.facts))
                ul {
                    "\n" li { (translated(&counted(rows, "row"))) } "\n"
                    @for (tone, word, count) in &words {
                        li class=(class(*tone)) { (count) " " (PageText::new(&translated(word))) } "\n"
                    }
                }
            }
            "\n" (self.same_columns()) (find(&words)) (self.extras())
        };
        out.write_all(counts.into_string().as_bytes())?;
        if let Some(first) = self.first.take().filter(|_| self.first_rows > 0) {
            let (done, left) = (self.first_rows, rows - self.first_rows);
            let begin = html! {
                (PreEscaped("<section class=\"first\">"))
                h2 { (translated("To look at first")) ": " (done) }
                (PreEscaped("\n<table>\n")) (self.head()) (PreEscaped("<tbody>\n"))
            };
            out.write_all(begin.into_string().as_bytes())?;
            io::copy(&mut first.into_reader()?, out)?;
            let end = html! {
                (PreEscaped("</tbody>\n</table></section>\n"))
                @if left > 0 { h2 class="then" { (translated("The others")) ": " (left) } "\n" }
            };
            out.write_all(end.into_string().as_bytes())?;
        }
        let end = html! {
            p class="sign" { @for word in ["Date", "Name", "Signature"] { span { (translated(word)) } } }
            "\n" style { "\n" (PreEscaped(self.last_style())) }
            "\n" script { (PreEscaped(SCRIPT)) }
            (PreEscaped("\n</body>\n</html>\n"))
        };
        out.write_all(end.into_string().as_bytes())
    }

    /// Returns, for each column, true if it holds something.
    fn shown(&self) -> Vec<bool> {
        let filled = self.around.tally.filled().iter();
        filled
            .map(|filled| *filled || self.around.tally.rows == 0)
            .collect()
    }

    /// Finds the columns that stand once above the rows, with their text: in a wide table, those with one text in
    /// every row.
    fn same(&self) -> impl Iterator<Item = (usize, &Column, &str)> {
        let shown = self.shown();
        let is_wide = shown.iter().filter(|shown| **shown).count() > NARROW_COLUMNS_MAX;
        let columns = self.columns.iter().zip(self.around.tally.in_every_row());
        let columns = columns.enumerate().filter(move |_| is_wide);
        columns.filter_map(move |(at, (column, only))| {
            let may_be_once = shown.get(at) == Some(&true) && !column.counted;
            Some((at, column, only.filter(|_| may_be_once)?))
        })
    }

    /// The columns that stand once above the rows.
    fn same_columns(&self) -> Markup {
        let mut same = self.same().peekable();
        if same.peek().is_none() {
            return html! {};
        }
        html! {
            section class="same" {
                h2 { (translated("In every row")) }
                "\n" ul {
                    "\n"
                    @for (_, column, text) in same {
                        li {
                            span { (PageText::new(&column.heading)) } " "
                            @match column.spoken {
                                true => (PageText::new(&translated(text))),
                                false => (PageText::new(text)),
                            }
                        }
                        "\n"
                    }
                }
            }
            "\n"
        }
    }

    /// The further tables.
    fn extras(&self) -> Markup {
        let may_fold = !self.around.folded().is_empty();
        html! {
            @for (at, extra) in self.around.filled_extras().enumerate() {
                section class=(if at == 0 { "extra" } else { "later" }) {
                    h2 { (PageText::new(&extra.name)) }
                    "\n" table {
                        "\n" (head(extra.headings.iter().map(String::as_str)))
                        tbody { "\n" (extra_rows(extra)) }
                        "\n"
                    }
                    "\n"
                    @if at == 0 && may_fold {
                        p class="every" {
                            label {
                                input type="checkbox" id="every"; " "
                                (translated("Repeat in each row what is found in most rows"))
                            }
                        }
                        "\n"
                    }
                }
                "\n"
            }
        }
    }

    /// The style that is known only at the end: without the rows that come first among the others, or where all do.
    fn last_style(&self) -> String {
        let mut style = String::new();
        if self.first_rows > 0 {
            style.push_str(".moved{display:none}\n");
            if self.first_rows == self.around.tally.rows {
                style.push_str(".rows{display:none}\n");
            }
        }
        self.hide(&mut style);
        style
    }

    /// Hides empty columns, and columns and lines that are shown above the rows already; turns the paper for a wide table.
    fn hide(&self, html: &mut String) {
        let mut shown = self.shown();
        for (at, _, _) in self.same() {
            shown[at] = false;
        }
        for nth in (1..).zip(&shown).filter(|(_, shown)| !**shown) {
            let _ = writeln!(
                html,
                ":is(.first,.rows) :is(th,td):nth-child({}){{display:none}}",
                nth.0
            );
        }
        let count = shown.iter().filter(|shown| **shown).count();
        if count > NARROW_COLUMNS_MAX {
            html.push_str(WIDE);
        }
        if count > LEVEL_HEADINGS_MAX {
            html.push_str(UPWARD_HEADINGS);
        }
        for group in self.around.folded() {
            let _ = writeln!(
                html,
                "body:not(:has(#every:checked)) .g{group}{{display:none}}"
            );
        }
    }
}

fn head<'h>(headings: impl Iterator<Item = &'h str>) -> Markup {
    html! {
        thead { tr { @for heading in headings { th scope="col" { (PageText::new(heading)) } } } }
        "\n"
    }
}

/// The rows of a further table.
fn extra_rows(extra: &ExtraSheet) -> Markup {
    html! {
        @for row in &extra.rows {
            tr {
                @for (column, cell) in row.cells.iter().enumerate() {
                    @let tone = row.tone(column);
                    @let is_prose = tone == Tone::Plain && cell.len() > PROSE_FROM;
                    td class=[classes(is_prose, tone)] { (PageText::new(cell)) }
                }
            }
            "\n"
        }
    }
}

fn facts(facts: &[(String, String)]) -> Markup {
    html! {
        @if !facts.is_empty() {
            dl {
                "\n"
                @for (name, value) in facts {
                    dt { (PageText::new(name)) } dd { (PageText::new(value)) } "\n"
                }
            }
            "\n"
        }
    }
}

/// The search box and the filters for the script, which fills in its counts; hidden until it runs.
fn find(words: &[(Tone, String, u64)]) -> Markup {
    let search = translated("Search");
    html! {
        form class="find" hidden {
            input type="search" placeholder=(search) aria-label=(search);
            @for (_, word, _) in words.iter().filter(|_| words.len() > 1) {
                @let word = translated(word);
                label {
                    input type="checkbox" checked data-word=(PageText::whole(&word)); " " (PageText::new(&word))
                }
            }
            output data-of=(translated("of")) data-rows=(translated("rows")) {}
        }
        "\n"
    }
}

/// The classes of a cell.
fn classes(is_prose: bool, tone: Tone) -> Option<&'static str> {
    match (is_prose, tone) {
        (false, Tone::Plain) => None,
        (false, tone) => Some(class(tone)),
        (true, Tone::Plain) => Some("prose"),
        (true, Tone::Good) => Some("prose good"),
        (true, Tone::Notice) => Some("prose notice"),
        (true, Tone::Bad) => Some("prose bad"),
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Good => "good",
        Tone::Notice => "notice",
        Tone::Bad => "bad",
    }
}

/// The classes of a line in a cell.
struct LineClasses<'l>(&'l MarkedLine);

impl Render for LineClasses<'_> {
    fn render_to(&self, html: &mut String) {
        html.push_str(class(self.0.tone));
        if let Some(group) = self.0.group {
            let _ = write!(html, " g{group}");
        }
    }
}

/// A text on a page, escaped.
#[derive(Clone, Copy)]
struct PageText<'t> {
    text: &'t str,
    /// True if a long word may be broken where its parts meet.
    may_break: bool,
}

impl<'t> PageText<'t> {
    fn new(text: &'t str) -> PageText<'t> {
        PageText {
            text,
            may_break: text.len() >= BREAKS_FROM,
        }
    }

    /// One that is never broken, for a title or an attribute.
    fn whole(text: &'t str) -> PageText<'t> {
        PageText {
            text,
            may_break: false,
        }
    }
}

impl Render for PageText<'_> {
    /// Control characters, which a page may not have, are shown by their pictures.
    fn render_to(&self, html: &mut String) {
        for c in self.text.chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                '\r' => html.push_str("&#13;"),
                '\t' | '\n' => html.push(c),
                '\0'..='\x1f' => html.extend(char::from_u32(0x2400 + u32::from(c))),
                '\x7f' => html.push('\u{2421}'),
                '\u{80}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                    html.push(char::REPLACEMENT_CHARACTER);
                }
                _ => html.push(c),
            }
            if self.may_break
                && matches!(
                    c,
                    '/' | '\\' | '_' | '.' | ':' | '@' | ',' | ';' | '?' | '&' | '='
                )
            {
                html.push_str(BREAK);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::column::{ExtraRow, ExtraSheet};
    use proptest::prelude::*;

    fn tone(word: &str) -> Tone {
        if word == "created" {
            Tone::Good
        } else {
            Tone::Bad
        }
    }

    fn page(file: &str, heading: &str, rows: &[[&str; 2]]) -> String {
        let result = Column {
            heading: heading.to_owned(),
            tone: Some(tone),
            counted: true,
            ..Column::default()
        };
        let mut out = Vec::new();
        let mut page = Page::new(file, vec![result, Column::default()], true);
        for row in rows {
            page.row(row.iter().copied(), &[], &[], &mut out).unwrap();
        }
        page.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_page_runs_its_own_script_and_no_other() {
        let hex = crate::digest::sha256_hex(SCRIPT.as_bytes());
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        let hash = format!("script-src 'sha256-{}'", crate::digest::base64(&bytes));
        assert!(POLICY.contains(&hash), "the policy needs {hash}");
        let html = page(
            "t.html",
            "result",
            &[["created", "<script>alert(1)</script>"]],
        );
        assert_eq!(html.matches("<script").count(), 1, "{html}");
        for part in ["<link", "src=", "url(", "@import", "http:", "https:"] {
            assert!(!html.contains(part), "{part} leads elsewhere");
        }
    }

    #[test]
    fn rows_that_are_not_done_come_first_and_once_and_empty_columns_are_hidden() {
        let html = page(
            "t.html",
            "result",
            &[["created", ""], ["rejected", ""], ["created", ""]],
        );
        assert!(
            html.contains("<tr class=\"moved\"><td data-word class=\"bad\">rejected</td>"),
            "{html}"
        );
        let first = html.split("<section class=\"first\">").nth(1).unwrap();
        let first = first.split("</section>").next().unwrap();
        assert!(first.contains("<h2>To look at first: 1</h2>"), "{first}");
        assert_eq!(first.matches("rejected").count(), 1);
        assert!(
            !first.contains("created") && html.contains("The others: 2"),
            "{html}"
        );
        let style = html.rsplit("<style>").next().unwrap();
        assert!(style.contains(".moved{display:none}"), "{style}");
        assert!(
            style.contains(":nth-child(2){display:none}") && !style.contains(":nth-child(1)"),
            "{style}"
        );
    }

    fn wide(count: usize, rows: &[&[&str]]) -> String {
        let columns = (0..count).map(|at| Column {
            heading: format!("h{at}"),
            ..Column::default()
        });
        let (mut out, mut page) = (Vec::new(), Page::new("t.html", columns.collect(), true));
        for row in rows {
            page.row(row.iter().copied(), &[], &[], &mut out).unwrap();
        }
        page.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_wide_table_has_what_is_the_same_in_every_row_once_above_them_and_is_printed_across() {
        let most = [
            "", "same", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
        ];
        let numbers: Vec<Vec<String>> = (1..4)
            .map(|row| {
                let cells = most.iter().enumerate();
                let differs = |at: usize| at > 1 && at < 11;
                cells
                    .map(|(at, text)| match differs(at) {
                        true => format!("{text}.{row}"),
                        false => (*text).to_owned(),
                    })
                    .collect()
            })
            .collect();
        let rows: Vec<Vec<&str>> = numbers
            .iter()
            .map(|row| row.iter().map(String::as_str).collect())
            .collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        let hidden = |html: &str| -> Vec<usize> {
            let columns = 1..=12;
            let is_hidden = |nth: &usize| html.contains(&format!(":nth-child({nth}){{display"));
            columns.filter(is_hidden).collect()
        };
        // Nine columns differ, one is empty, two are the same.
        let html = wide(12, &rows);
        let same = html.split("class=\"same\"").nth(1).unwrap();
        let same = same.split("</section>").next().unwrap();
        assert!(
            same.contains("<li><span>h1</span> same</li>\n<li><span>h11</span> 12</li>\n</ul>"),
            "{same}"
        );
        assert_eq!(hidden(&html), [1, 2, 12]);
        assert!(!html.contains("landscape"), "nine columns fit upright");
        assert!(
            !html.contains("writing-mode"),
            "nine headings fit beside each other"
        );
        // Of one row alone nothing can be said to be the same.
        let html = wide(12, &rows[..1]);
        assert_eq!(hidden(&html), [1]);
        assert!(html.contains("@page{size:A4 landscape}"));
        // A narrow table keeps its columns.
        let rows: Vec<&[&str]> = rows.iter().map(|row| &row[..9]).collect();
        let html = wide(9, &rows);
        assert_eq!(hidden(&html), [1]);
        assert!(!html.contains("class=\"same\"") && !html.contains("landscape"));
    }

    #[test]
    fn a_very_wide_table_has_its_headings_upwards_on_paper_so_that_its_cells_have_room() {
        for (columns, is_upwards) in [(14, false), (15, true)] {
            let cells = vec!["x"; columns];
            let html = wide(columns, &[&cells]);
            let style = html.rsplit("<style>").next().unwrap();
            let upwards =
                "@media print{.rows th{writing-mode:vertical-rl;writing-mode:sideways-lr;";
            assert_eq!(style.contains(upwards), is_upwards, "{style}");
        }
    }

    #[test]
    fn a_page_that_was_cut_off_shows_every_row_in_its_order() {
        let column = Column {
            tone: Some(tone),
            counted: true,
            ..Column::default()
        };
        let (mut out, mut page) = (Vec::new(), Page::new("t.html", vec![column], true));
        for word in ["created", "rejected", "created"] {
            page.row([word], &[], &[], &mut out).unwrap();
        }
        let html = String::from_utf8(out).unwrap();
        let order: Vec<&str> = html
            .split("</td>")
            .filter_map(|cell| cell.rsplit('>').next())
            .collect();
        assert_eq!(order[..3], ["created", "rejected", "created"]);
        assert!(!html.contains(".moved"), "{html}");
    }

    #[test]
    fn a_further_table_has_the_colours_of_its_rows_whatever_their_words() {
        let mut page = Page::new("t.html", vec![Column::default()], true);
        page.around.extras.push(ExtraSheet {
            rows: vec![
                ExtraRow {
                    cells: vec!["unsure".into(), "LOST".into()],
                    mark: Some((0, Tone::Notice)),
                    link: None,
                },
                ExtraRow::plain(vec!["error".into(), "warning".into()]),
            ],
            ..ExtraSheet::default()
        });
        let mut html = Vec::new();
        page.end(&mut html).unwrap();
        let html = String::from_utf8(html).unwrap();
        assert!(
            html.contains(
                "<tr><td class=\"notice\">unsure</td><td>LOST</td></tr>\n\
                 <tr><td>error</td><td>warning</td></tr>"
            ),
            "{html}"
        );
    }

    #[test]
    fn what_is_found_in_most_rows_stands_once_above_them() {
        let mut page = Page::new("t.html", vec![Column::default(); 2], true);
        let mut out = Vec::new();
        page.around.extras.push(ExtraSheet {
            name: "Found".into(),
            rows: vec![ExtraRow::plain(vec!["warning".into()])],
            ..ExtraSheet::default()
        });
        let line = |text: &str, tone, group| MarkedLine {
            text: text.into(),
            tone,
            group: Some(group),
        };
        for row in 0..12 {
            let mut lines = vec![
                line("in all", Tone::Notice, 0),
                line("wrong in all", Tone::Bad, 1),
            ];
            lines.extend((row == 0).then(|| line("in one", Tone::Notice, 2)));
            page.row(["1", ""], &[], &lines, &mut out).unwrap();
        }
        page.end(&mut out).unwrap();
        let html = String::from_utf8(out).unwrap();
        let style = html.rsplit("<style>").next().unwrap();
        assert!(style.contains(".g0{display:none}"), "{style}");
        assert!(
            !style.contains(".g1{") && !style.contains(".g2{"),
            "{style}"
        );
        assert!(
            html.contains("id=\"every\""),
            "they can be had again: {html}"
        );
    }

    #[test]
    fn results_are_coloured_worded_and_counted() {
        let rows = [["created", "1"], ["rejected", "2"], ["created", "3"]];
        let html = page("out/monday.html", "result", &rows);
        for part in [
            "<title>monday</title>",
            "<td data-word class=\"good\">created</td><td>1</td>",
            "<td data-word class=\"bad\">rejected</td>",
            "<li>3 rows</li>\n<li class=\"good\">2 created</li>\n<li class=\"bad\">1 rejected</li>\n",
            "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';",
        ] {
            assert!(html.contains(part), "{part} is missing in {html}");
        }
    }

    #[test]
    fn control_characters_are_shown_and_long_words_may_break() {
        let rows = [["\0\u{1b}\u{7f}\u{85}", "a_quite_long_word"]];
        let html = page("t.html", "h", &rows);
        assert!(html.contains("\u{2400}\u{241b}\u{2421}\u{fffd}"), "{html}");
        assert!(html.contains("a_<wbr>quite_<wbr>long_<wbr>word"), "{html}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_text_becomes_markup(text in prop_oneof![any::<String>(), "[<>&\"'/a-c!-]{0,12}"]) {
            let marks = |html: String| {
                let html = html.replace(BREAK, "");
                ['<', '>', '"', '\''].map(|mark| html.matches(mark).count())
            };
            let hostile = page(&format!("{text}.html"), &text, &[[&text, &text]]);
            prop_assert_eq!(marks(hostile), marks(page("x.html", "x", &[["x", "x"]])));

            let mut html = String::new();
            PageText::new(&text).render_to(&mut html);
            let mut shown = html.replace(BREAK, "");
            for (name, c) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#13;", "\r"), ("&amp;", "&")] {
                shown = shown.replace(name, c);
            }
            let legal = |c: char| matches!(c, '\t' | '\r' | '\n') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
            if text.chars().all(legal) {
                prop_assert_eq!(shown, text);
            }
        }
    }
}
