//! The frame of every page, and the marks that several steps need.

use super::remedies::in_words_of_page;
use crate::lang::{language, translated};
use crate::model::Language;
use crate::model::redact::harmless;
use crate::plan::render::{Mark, PlanLine};
use crate::report::with_labels;
use crate::rim::Failure;
use crate::sheet::PAGE_STYLE;
use maud::{DOCTYPE, Markup, html};
use std::borrow::Cow;

const STYLE: &str = include_str!("page.css");

/// The page's sign.
pub(super) const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1c2024"/><path d="M4 5h8M4 8h8M4 11h5" stroke="#fff" stroke-width="1.6"/></svg>"##;

/// The page's only script.
pub(super) const SCRIPT: &str = include_str!("page.js");

/// The style: that of reports, and what only the page has.
pub(super) fn style() -> String {
    format!("{PAGE_STYLE}{STYLE}")
}

/// The head of a table with these headings.
pub(super) fn table_head(headings: &[Cow<'_, str>]) -> Markup {
    html! {
        thead {
            tr {
                @for heading in headings { th scope="col" { (heading) } }
            }
        }
    }
}

/// The links to the pages around one of several, counted from 0. `path` leads to a page, below the page's own folder.
pub(super) fn pages(
    base: &str,
    (page, last): (usize, usize),
    path: impl Fn(usize) -> String,
) -> Markup {
    html! {
        @if last > 0 {
            nav .pages aria-label=(translated("Pages")) {
                @if page > 0 {
                    a href={ (base) (path(page - 1)) } rel="prev" { (translated("Rows before")) } " "
                }
                (page + 1) " / " (last + 1)
                @if page < last {
                    " " a href={ (base) (path(page + 1)) } rel="next" { (translated("Further rows")) }
                }
            }
        }
    }
}

/// The places of the page: the steps of the road, in their order, then what lies beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PagePlace {
    Sheet,
    Target,
    Headings,
    Rows,
    Plan,
    Result,
    Runs,
    Archive,
    Doctor,
}

impl PagePlace {
    pub(super) const ROAD: [PagePlace; 6] = [
        PagePlace::Sheet,
        PagePlace::Target,
        PagePlace::Headings,
        PagePlace::Rows,
        PagePlace::Plan,
        PagePlace::Result,
    ];

    const BESIDE: [PagePlace; 3] = [PagePlace::Runs, PagePlace::Archive, PagePlace::Doctor];

    pub(super) fn path(self) -> &'static str {
        match self {
            PagePlace::Sheet => "",
            PagePlace::Target => "target",
            PagePlace::Headings => "headings",
            PagePlace::Rows => "rows",
            PagePlace::Plan => "plan",
            PagePlace::Result => "result",
            PagePlace::Runs => "runs",
            PagePlace::Archive => "archive",
            PagePlace::Doctor => "doctor",
        }
    }

    fn name(self) -> String {
        let name = match self {
            PagePlace::Sheet => translated("Sheet"),
            PagePlace::Target => translated("PBX"),
            PagePlace::Headings => translated("Headings"),
            PagePlace::Rows => translated("Rows"),
            PagePlace::Plan => translated("What will be done"),
            PagePlace::Result => translated("Result"),
            PagePlace::Runs => translated("Runs"),
            PagePlace::Archive => translated("Nightly archive"),
            PagePlace::Doctor => translated("Check-up"),
        };
        name.into_owned()
    }
}

/// The reason for which a page is loaded again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageReload {
    Never,
    /// Work goes on, which the script watches; without it the page is loaded again.
    AtWork,
    /// More rows are being checked.
    MoreRows,
}

/// A page to be framed.
pub(super) struct PageFrame<'f> {
    pub(super) base: &'f str,
    pub(super) step: PagePlace,
    /// The steps that can be gone to.
    pub(super) open: &'f [PagePlace],
    /// Said above everything else.
    pub(super) told: &'f [String],
    pub(super) reload: PageReload,
}

fn head(title: &str, base: &str, reload: PageReload) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            @match reload {
                PageReload::Never => {}
                PageReload::AtWork => noscript { meta http-equiv="refresh" content="2"; },
                PageReload::MoreRows => meta http-equiv="refresh" content="1";,
            }
            title { (title) " · rowcall" }
            link rel="icon" href={ (base) "icon.svg" };
            link rel="stylesheet" href={ (base) "page.css" };
            script src={ (base) "page.js" } defer {}
        }
    }
}

fn word() -> &'static str {
    match language() {
        Language::English => "en",
        Language::German => "de",
    }
}

/// The way to a place, in the list of them.
fn link_to(frame: &PageFrame<'_>, place: PagePlace) -> Markup {
    let name = place.name();
    let is_open = frame.open.contains(&place) || PagePlace::BESIDE.contains(&place);
    html! {
        li {
            @if place == frame.step {
                strong aria-current="page" { (name) }
            } @else if is_open {
                a href={ (frame.base) (place.path()) } { (name) }
            } @else {
                span { (name) }
            }
        }
    }
}

/// Frames a step's page.
pub(super) fn framed(frame: &PageFrame<'_>, body: &Markup) -> Markup {
    let title = match frame.reload {
        PageReload::AtWork => translated("At work").into_owned(),
        _ => frame.step.name(),
    };
    html! {
        (DOCTYPE)
        html lang=(word()) {
            (head(&title, frame.base, frame.reload))
            body .page {
                a .skip href="#main" { (translated("To the content")) }
                header {
                    p .brand { "rowcall" }
                    nav aria-label=(translated("Steps")) {
                        ol { @for place in PagePlace::ROAD { (link_to(frame, place)) } }
                    }
                    nav .beside aria-label=(translated("Other pages")) {
                        ul { @for place in PagePlace::BESIDE { (link_to(frame, place)) } }
                    }
                }
                main #main tabindex="-1" {
                    h1 { (title) }
                    @for told in frame.told {
                        p .told role="status" { (said(told)) }
                    }
                    (body)
                }
            }
        }
    }
}

/// The page behind the address in the terminal: it leads on by itself.
pub(super) fn admitted(base: &str) -> Markup {
    let way = translated("To the page");
    beside(base, &way, &html! { p { a href=(base) { (way) } } })
}

/// The page where there is none: it leads to those that are there.
pub(super) fn nothing(base: &str) -> Markup {
    let title = translated("nothing is here");
    beside(
        base,
        &title,
        &html! { h1 { (title) } p { a href=(base) { (translated("To the page")) } } },
    )
}

/// A page without the steps.
fn beside(base: &str, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(word()) {
            (head(title, base, PageReload::Never))
            body .page { main { (body) } }
        }
    }
}

/// A message in the words of the page: its fields in the place of flags, labels in the place of the names of fields.
pub(super) fn said(message: &str) -> String {
    harmless(&with_labels(&in_words_of_page(message))).into_owned()
}

/// A line of a plan: its values are shown as they are, and only what is wrong has advice.
pub(super) fn planned(line: &PlanLine) -> String {
    match line.mark {
        Mark::Problem => said(&line.text),
        _ => harmless(&with_labels(&line.text)).into_owned(),
    }
}

/// A failure as the terminal tells it, in the words of the page.
pub(super) fn failure(failure: &Failure) -> Markup {
    html! {
        div .failure role="alert" {
            @for line in translated(&failure.message).lines() {
                p { (said(line)) }
            }
            @if !failure.hint.is_empty() {
                p .soft { (said(&translated(&failure.hint))) }
            }
        }
    }
}

/// Lines as the terminal shows them.
pub(super) fn lines(lines: &[String]) -> Markup {
    html! {
        @if !lines.is_empty() {
            ul .lines {
                @for line in lines {
                    li { (said(line)) }
                }
            }
        }
    }
}
