//! The check-up: everything that a run needs is tried, on this machine and at each PBX; nothing is written to one.

use super::visit::Visit;
use crate::lang::translated;
use crate::model::redact::harmless;
use crate::page::exchange::PageReply;
use crate::page::look::{PagePlace, PageReload};
use maud::html;

pub(in crate::page) fn show(visit: &mut Visit<'_>) -> PageReply {
    let (action, token) = visit.action("doctor");
    let body = html! {
        form method="post" action=(action) {
            (token)
            p { (translated("Everything that a run needs is tried, on this machine and at each PBX of rowcall.toml. Nothing is changed there.")) }
            button { (translated("Try it")) }
        }
        @if let Some(checks) = &visit.session.checks {
            ul .kinds role="status" {
                @for check in checks {
                    li .(if check.ok { "good" } else { "bad" }) {
                        @for line in check.line().lines() { p { (harmless(line)) } }
                    }
                }
            }
        }
    };
    visit.page(PagePlace::Doctor, PageReload::Never, &body)
}
