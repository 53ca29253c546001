//! A table as a page for people: one file without scripts and without anything from elsewhere, to be read on a screen
//! or printed.
//!
//! Written with a handful of fixed texts and one escape rather than with a template engine: a page streams row by row,
//! and the escape is all there is to get right.

use crate::sheet::column::Column;
use crate::sheet::column::Tone;
use std::collections::BTreeMap;

/// What a page may do: show itself, in its own style.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = "\
body{margin:0;padding:1.2rem;display:flex;flex-direction:column;align-items:flex-start;\
font:14px/1.4 system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif;color:#1c2024;background:#fff}
h1{order:1;font-size:1.3rem;margin:0 0 .4rem}
ul{order:2;margin:0 0 1rem;padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:.4rem}
li{padding:.15rem .6rem;border-radius:.3rem;background:#eef0f3}
table{order:3;width:max-content;border-collapse:separate;border-spacing:0;font-variant-numeric:tabular-nums}
th{position:sticky;top:0;z-index:1;background:#e7e9ec;text-align:left;vertical-align:bottom;border-bottom:2px solid #8b95a1}
th,td{padding:.3rem .6rem;max-width:26ch;overflow-wrap:break-word}
td{vertical-align:top;border-bottom:1px solid #dde1e6;white-space:pre-wrap;unicode-bidi:isolate}
tbody tr:nth-child(even){background:#f7f8fa}
.good{background:#d7f2df;color:#0a4d22}
.notice{background:#ffedc2;color:#5f3b00}
.bad{background:#ffdcdc;color:#84000a}
td.good,td.notice,td.bad{font-weight:600}
td.prose{min-width:24ch;max-width:48ch;font-weight:400;background:none}
@page{size:A4 landscape;margin:10mm}
@media print{body{padding:0;font-size:7pt}\
table{width:100%}thead{display:table-header-group}tr{break-inside:avoid}th{position:static}\
th,td{padding:2px 3px}td.prose{min-width:14ch}\
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
";

/// A text without spaces that is longer may be broken where its parts meet.
const BREAKS_FROM: usize = 16;
const BREAK: &str = "<wbr>";

/// One page that is being written.
pub(crate) struct Page {
    columns: Vec<Column>,
    rows: u64,
    /// Of each column, how often each of its words occurs; empty where they are not counted.
    counts: Vec<BTreeMap<(Tone, String), u64>>,
    /// The row that is being written.
    html: String,
}

impl Page {
    /// Begins a page, whose title is the file's name without its ending.
    pub(crate) fn new(file: &str, columns: Vec<Column>, out: &mut Vec<u8>) -> Page {
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let mut title = String::new();
        escape(stem, &mut title);
        let title = title.replace(BREAK, "");
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
             <table>\n<thead><tr>"
        );
        for column in &columns {
            html.push_str("<th scope=\"col\">");
            escape(&column.heading, &mut html);
            html.push_str("</th>");
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        out.extend_from_slice(html.as_bytes());
        Page {
            counts: vec![BTreeMap::new(); columns.len()],
            columns,
            rows: 0,
            html,
        }
    }

    /// Writes one row.
    pub(crate) fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>, out: &mut Vec<u8>) {
        self.rows += 1;
        self.html.clear();
        self.html.push_str("<tr>");
        for (at, cell) in cells.into_iter().enumerate() {
            let column = self.columns.get(at);
            let tone = column
                .and_then(|column| column.tone)
                .map_or(Tone::Plain, |tone| tone(cell));
            let counts = self.counts.get_mut(at);
            if let Some(counts) = counts.filter(|_| column.is_some_and(|column| column.counted)) {
                *counts.entry((tone, cell.to_owned())).or_default() += 1;
            }
            let shape = if column.is_some_and(|column| column.prose) {
                "prose "
            } else {
                ""
            };
            match (shape, tone) {
                ("", Tone::Plain) => self.html.push_str("<td>"),
                _ => {
                    let class = ["<td class=\"", shape, class(tone), "\">"];
                    self.html.extend(class);
                }
            }
            escape(cell, &mut self.html);
            self.html.push_str("</td>");
        }
        self.html.push_str("</tr>\n");
        out.extend_from_slice(self.html.as_bytes());
    }

    /// Ends the page with its counts, which its style shows above the table: they are known only now.
    pub(crate) fn end(self, out: &mut Vec<u8>) {
        let mut html = format!("</tbody>\n</table>\n<ul>\n<li>{} rows</li>\n", self.rows);
        for ((tone, word), count) in self.counts.iter().flatten() {
            html.extend(["<li class=\"", class(*tone), "\">"]);
            html.push_str(&count.to_string());
            html.push(' ');
            escape(word, &mut html);
            html.push_str("</li>\n");
        }
        html.push_str("</ul>\n</body>\n</html>\n");
        out.extend_from_slice(html.as_bytes());
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

/// A text as a page shows it. Control characters, which a page may not hold, are shown by their pictures; long words may
/// be broken where their parts meet.
fn escape(text: &str, html: &mut String) {
    let long = text.len() >= BREAKS_FROM;
    for c in text.chars() {
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
        if long
            && matches!(
                c,
                '/' | '\\' | '_' | '.' | ':' | '@' | ',' | ';' | '?' | '&' | '='
            )
        {
            html.push_str(BREAK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let mut page = Page::new(file, vec![result, Column::default()], &mut out);
        for row in rows {
            page.row(row.iter().copied(), &mut out);
        }
        page.end(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn results_are_coloured_worded_and_counted() {
        let rows = [["created", "1"], ["rejected", "2"], ["created", "3"]];
        let html = page("out/monday.html", "result", &rows);
        for part in [
            "<title>monday</title>",
            "<td class=\"good\">created</td><td>1</td>",
            "<td class=\"bad\">rejected</td>",
            "<li>3 rows</li>\n<li class=\"good\">2 created</li>\n<li class=\"bad\">1 rejected</li>\n",
            "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';",
        ] {
            assert!(html.contains(part), "{part} is missing in {html}");
        }
        for part in ["<script", "<link", "src=", "url("] {
            assert!(!html.contains(part), "{html}");
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
            escape(&text, &mut html);
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
