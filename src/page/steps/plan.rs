//! The fifth step: what would be done, field by field, and the question before it is.

use super::visit::Visit;
use crate::lang::translated;
use crate::model::counted;
use crate::model::redact::harmless;
use crate::page::exchange::PageReply;
use crate::page::look::{self, PagePlace, PageReload};
use crate::page::work::ShownPlan;
use crate::plan::render::Mark;
use maud::{Markup, html};

/// The number of lines of one page.
const LINES_A_PAGE: usize = 400;

pub(in crate::page) fn show(visit: &mut Visit<'_>) -> PageReply {
    if let Some(reply) = visit.before(PagePlace::Plan) {
        return reply;
    }
    let page = visit.request.query.number("page").unwrap_or_default();
    let body = match &visit.session.plan {
        Some(plan) => body(visit, plan, page),
        None => html! {},
    };
    visit.page(PagePlace::Plan, PageReload::Never, &body)
}

fn body(visit: &Visit<'_>, plan: &ShownPlan, page: usize) -> Markup {
    let last = plan.lines.len().saturating_sub(1) / LINES_A_PAGE;
    let page = page.min(last);
    let total = plan.lines.last().map_or("", |line| line.text.as_str());
    let shown = plan
        .lines
        .iter()
        .skip(page * LINES_A_PAGE)
        .take(LINES_A_PAGE);
    html! {
        p .count { strong { (harmless(total)) } }
        (look::lines(&plan.notes))
        (question(visit, plan))
        @if plan.left > 0 {
            p .told.notice {
                (translated(&format!("{} cannot go.", counted(plan.left as u64, "row")))) " "
                a href={ (visit.base()) "rows" } { (translated("Look at them")) }
            }
        }
        ol .plan {
            @for line in shown {
                li .(class(line.mark)) { (look::planned(line)) }
            }
        }
        (look::pages(visit.base(), (page, last), |page| format!("plan?page={page}")))
    }
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Create => "good",
        Mark::Update => "notice",
        Mark::Delete => "bad",
        Mark::Problem => "problem",
        Mark::Plain => "plain",
    }
}

/// The question that the terminal asks, with its answers.
fn question(visit: &Visit<'_>, plan: &ShownPlan) -> Markup {
    let (action, token) = visit.action("go");
    html! {
        @if let Some(exceeded) = &plan.exceeded {
            p .failure role="alert" { (harmless(exceeded)) }
        } @else if plan.changes() == 0 {
            p .told { (translated("There is nothing to send.")) }
        } @else {
            form .question method="post" action=(action) {
                (token)
                input type="hidden" name="plan" value=(plan.id);
                p { strong { (harmless(&plan.question)) } }
                button { (translated("Yes, send it")) }
                " " a href={ (visit.base()) "rows" } { (translated("No, back to the rows")) }
            }
        }
    }
}
