//! The frame of every page, and the marks that several steps need.

use crate::lang::{language, translated};
use crate::model::Language;
use crate::model::redact::harmless;
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

/// The steps of the road, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RoadStep {
    Sheet,
    Target,
    Headings,
    Rows,
    Plan,
    Result,
}

impl RoadStep {
    const ALL: [RoadStep; 6] = [
        RoadStep::Sheet,
        RoadStep::Target,
        RoadStep::Headings,
        RoadStep::Rows,
        RoadStep::Plan,
        RoadStep::Result,
    ];

    pub(super) fn path(self) -> &'static str {
        match self {
            RoadStep::Sheet => "",
            RoadStep::Target => "target",
            RoadStep::Headings => "headings",
            RoadStep::Rows => "rows",
            RoadStep::Plan => "plan",
            RoadStep::Result => "result",
        }
    }

    fn name(self) -> String {
        let name = match self {
            RoadStep::Sheet => translated("Sheet"),
            RoadStep::Target => translated("PBX"),
            RoadStep::Headings => translated("Headings"),
            RoadStep::Rows => translated("Rows"),
            RoadStep::Plan => translated("What will be done"),
            RoadStep::Result => translated("Result"),
        };
        name.into_owned()
    }
}

/// A page to be framed.
pub(super) struct PageFrame<'f> {
    pub(super) base: &'f str,
    pub(super) step: RoadStep,
    /// The last step that can be gone to.
    pub(super) reached: RoadStep,
    /// Said above everything else.
    pub(super) told: &'f [String],
    /// Seconds after which the page is loaded again, where there is no script.
    pub(super) again: Option<u32>,
}

fn head(title: &str, base: &str, again: Option<u32>) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            @if let Some(seconds) = again {
                noscript { meta http-equiv="refresh" content=(seconds); }
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

/// Frames a step's page.
pub(super) fn framed(frame: &PageFrame<'_>, body: &Markup) -> Markup {
    let title = match frame.again {
        Some(_) => translated("At work").into_owned(),
        None => frame.step.name(),
    };
    html! {
        (DOCTYPE)
        html lang=(word()) {
            (head(&title, frame.base, frame.again))
            body .page {
                header {
                    p .brand { "rowcall" }
                    nav aria-label=(translated("Steps")) {
                        ol {
                            @for step in RoadStep::ALL {
                                li {
                                    @if step == frame.step {
                                        strong aria-current="step" { (step.name()) }
                                    } @else if step <= frame.reached {
                                        a href={ (frame.base) (step.path()) } { (step.name()) }
                                    } @else {
                                        span { (step.name()) }
                                    }
                                }
                            }
                        }
                    }
                }
                main {
                    h1 { (title) }
                    @for told in frame.told {
                        p .told role="status" { (harmless(told)) }
                    }
                    (body)
                }
            }
        }
    }
}

/// The page behind the address in the terminal: it leads on by itself.
pub(super) fn admitted(base: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(word()) {
            (head("rowcall", base, None))
            body { p { a href=(base) { (translated("To the page")) } } }
        }
    }
}

/// A failure as the terminal tells it.
pub(super) fn failure(failure: &Failure) -> Markup {
    html! {
        div .failure role="alert" {
            @for line in translated(&failure.message).lines() {
                p { (harmless(line)) }
            }
            @if !failure.hint.is_empty() {
                p .soft { (harmless(&translated(&failure.hint))) }
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
                    li { (harmless(line)) }
                }
            }
        }
    }
}
