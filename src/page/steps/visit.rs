//! One request at the page, with everything that a step needs for its answer.

use crate::page::exchange::{PageReply, PageRequest};
use crate::page::guard::Guard;
use crate::page::look::{self, PageFrame, RoadStep};
use crate::page::session::PageSession;
use crate::rim::Context;
use maud::{Markup, html};

/// The name of the field with the session's generation.
const GENERATION: &str = "generation";

pub(in crate::page) struct Visit<'v> {
    pub(in crate::page) guard: &'v Guard,
    pub(in crate::page) context: &'v Context,
    pub(in crate::page) session: &'v mut PageSession,
    pub(in crate::page) request: &'v PageRequest,
}

impl Visit<'_> {
    pub(super) fn base(&self) -> &str {
        self.guard.base()
    }

    /// The last step that can be gone to.
    fn reached(&self) -> RoadStep {
        let session = &self.session;
        match () {
            () if session.sheet.is_none() => RoadStep::Sheet,
            () if session.target.is_empty() => RoadStep::Target,
            () if !session.headings_seen => RoadStep::Headings,
            () if session.result.is_some() => RoadStep::Result,
            () if session.plan.is_some() => RoadStep::Plan,
            () => RoadStep::Rows,
        }
    }

    /// The last step that can be gone to, where this one cannot.
    pub(super) fn before(&self, step: RoadStep) -> Option<PageReply> {
        let reached = self.reached();
        (reached < step).then(|| self.go(reached.path()))
    }

    /// Sends the browser to where the choices lead by now.
    pub(in crate::page) fn furthest(&self) -> PageReply {
        self.go(self.reached().min(RoadStep::Rows).path())
    }

    /// Returns true if the form was made before the last change.
    pub(in crate::page) fn is_outdated(&self) -> bool {
        self.request.form.get(GENERATION) != self.session.generation()
    }

    /// Sends the browser on.
    pub(in crate::page) fn go(&self, path: &str) -> PageReply {
        PageReply::go(self.base(), path)
    }

    /// The address of a path, and the hidden fields of a form that sends there: its token, and what it is made for.
    pub(super) fn action(&self, path: &str) -> (String, Markup) {
        let token = self.guard.form_token(path);
        let fields = html! {
            input type="hidden" name="token" value=(token);
            input type="hidden" name=(GENERATION) value=(self.session.generation());
        };
        (format!("{}{path}", self.base()), fields)
    }

    /// Frames a step's page.
    pub(super) fn page(&mut self, step: RoadStep, again: Option<u32>, body: &Markup) -> PageReply {
        let told = std::mem::take(&mut self.session.told);
        let frame = PageFrame {
            base: self.guard.base(),
            step,
            reached: self.reached(),
            told: &told,
            again,
        };
        PageReply::page(look::framed(&frame, body))
    }

    /// Says this on the next page.
    pub(in crate::page) fn tell(&mut self, text: impl Into<String>) {
        self.session.told.push(text.into());
    }
}
